"""A tumour and the vessels about it as surfaces: from the front and from the patient's left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.report.content.document import Figure
from isletscope.report.figures.raster import Bytes, data_address
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.svg import Canvas
from isletscope.surgery import SCENE_STEP_MM, ContactScene

_INK, _GREY = "#16191C", "#535C64"
_COLOURS = {"artery": "#C23B33", "vein": "#4470AE", "tumour": "#F0A24A"}
_TALLEST_MM, _WIDEST_MM, _BETWEEN, _FOOT = 64.0, 178.0, 6.0, 6.0
_FINER = 3
_LEVEL = 0.5
_AMBIENT, _VEIL = 0.35, 0.62

Unit = npt.NDArray[np.float32]


def contact_scene_figure(scene: ContactScene, *, title: str, name: str) -> Figure:
    """Two views of the scene at one scale. ``name``: of the figure, unique in a report."""
    depth, height, width = scene.tumour.shape[1], scene.tumour.shape[0], scene.tumour.shape[2]
    scale = min(_TALLEST_MM / height, (_WIDEST_MM - _BETWEEN) / (width + depth)) / SCENE_STEP_MM
    tall = height * SCENE_STEP_MM * scale
    widths = [steps * SCENE_STEP_MM * scale for steps in (width, depth)]
    canvas = Canvas(sum(widths) + _BETWEEN, tall + _FOOT)
    x = 0.0
    for view, wide, letters in (("front", widths[0], "RL"), ("left", widths[1], "AP")):
        canvas.image(x, 0, wide, tall, data_address(_drawn(scene, view)))
        canvas.add("rect", x=x, y=0, width=wide, height=tall, fill="none", stroke="#C9CED3", stroke_width=0.15)
        for letter, at, anchor in ((letters[0], x + 1.0, "start"), (letters[1], x + wide - 1.0, "end")):
            canvas.text(at, tall / 2, letter, size=2.4, fill=_GREY, anchor=anchor, weight=600, halo="#FFFFFF")
        canvas.text(x + wide / 2, 3.0, "H", size=2.4, fill=_GREY, anchor="middle", weight=600, halo="#FFFFFF")
        x += wide + _BETWEEN
    draw_scale_bar(canvas, 2.0, tall - 2.0, width * SCENE_STEP_MM, scale, _INK, 2.2, "#FFFFFF")
    x = 0.0
    for word, colour in _COLOURS.items():
        canvas.add("rect", x=x, y=tall + 2.2, width=2.8, height=2.0, fill=colour)
        canvas.text(x + 3.6, tall + 4.0, word, size=2.2, fill=_GREY)
        x += 16.0
    return Figure(
        name=name,
        svg=canvas.markup(),
        width_mm=canvas.width_mm,
        height_mm=canvas.height_mm,
        alt=f"{title}: tumour, arteries and veins as surfaces, from the front and from the patient's left.",
        title=title,
        caption=(
            "From the front and from the patient's left, the tumour translucent. For orientation: "
            "nothing is measured on it.",
        ),
    )


def _drawn(scene: ContactScene, view: str) -> Bytes:
    """The picture [row, column, 3] of one view: rows from head to feet."""
    picture = np.full((*_seen(scene.tumour, view).shape[1:], 3), 255.0, dtype=np.float32)
    nearest = np.full(picture.shape[:2], np.inf, dtype=np.float32)
    for word, shares in (("artery", scene.arteries), ("vein", scene.veins)):
        depth, lit = _surface(_seen(shares, view))
        before = depth < nearest
        picture[before] = _shaded(lit, _COLOURS[word])[before]
        nearest = np.minimum(nearest, depth)
    depth, lit = _surface(_seen(scene.tumour, view))
    hit = np.isfinite(depth)
    # What lies before the tumour stays clear; what lies in it or behind it is seen through it.
    veil = np.where(hit & (depth < nearest), _VEIL, 0.0)[..., None]
    mixed = picture * (1 - veil) + _shaded(lit, _COLOURS["tumour"]) * veil
    return np.asarray(np.clip(mixed, 0, 255) + 0.5, dtype=np.uint8)


def _seen(shares: npt.NDArray[np.uint8], view: str) -> Unit:
    """Shares as a viewer meets them [depth, row, column], rows and columns finer than kept."""
    turned = shares.transpose(1, 0, 2) if view == "front" else shares.transpose(2, 0, 1)[::-1]
    upright = turned[:, ::-1].astype(np.float32) / 255
    zoomed = scipy.ndimage.zoom(upright, (1, _FINER, _FINER), order=1, mode="nearest", grid_mode=True)
    return np.asarray(zoomed, dtype=np.float32)


def _surface(seen: Unit) -> tuple[Unit, Unit]:
    """Depth of the first place above one half (infinite where there is none), and how much it faces the viewer."""
    inside = seen >= _LEVEL
    first, hit = inside.argmax(axis=0), inside.any(axis=0)
    rows, columns = np.indices(first.shape)
    here, before = (seen[np.maximum(first - back, 0), rows, columns] for back in (0, 1))
    part = np.clip((here - _LEVEL) / np.maximum(here - before, 1e-3), 0, 1)
    depth = np.where(hit, first - part, np.inf).astype(np.float32)
    slopes = []
    for axis, reach in enumerate((1, _FINER, _FINER)):  # one step of the kept grid to either side
        ends = []
        for way in (-reach, reach):
            index = [first, rows, columns]
            index[axis] = np.clip(index[axis] + way, 0, seen.shape[axis] - 1)
            ends.append(seen[tuple(index)])
        slopes.append(ends[1] - ends[0])
    length = np.sqrt(sum(one**2 for one in slopes)) + 1e-6
    return depth, np.where(hit, np.clip(slopes[0] / length, 0, 1), 0.0).astype(np.float32)


def _shaded(lit: Unit, colour: str) -> Unit:
    rgb = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)], dtype=np.float32)
    shade = _AMBIENT + (1 - _AMBIENT) * lit
    return np.asarray(rgb * shade[..., None] + 40 * (lit[..., None] ** 12), dtype=np.float32)
