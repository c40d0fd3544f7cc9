"""Pictures of both tracers in one lesion: SSTR, FDG, the four classes; and the place of the proposed sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isletscope.lesions import CLASSES, TracerClasses
from isletscope.model import TracerClass, TracerMap
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.planes import EDGE_LETTERS, Plane, outline, sample
from isletscope.report.figures.raster import coloured, data_address, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import display
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.spatial import ARBITRARY, Geometry, Volume

COLOURS = {"receptor_only": "#1F8F80", "both": "#FFFFFF", "fdg_only": "#F5A742", "neither": "#6F7780"}
"""Colours of the classes: apart in lightness too, so that they stay apart in grey print and for the colour-blind."""
WORDS = {"receptor_only": "SSTR alone", "both": "both", "fdg_only": "FDG alone", "neither": "neither"}
_WHITE, _BLACK, _INK, _GREY = "#FFFFFF", "#000000", "#16191C", "#535C64"
_BETWEEN = 1.4
_PIXELS = 220
_SOFT_LOW, _SOFT_HIGH, _AIR_HU = -160.0, 240.0, -1024.0
_OPACITY = 0.92


@dataclass(frozen=True)
class MapImages:
    """Pixels of one lesion's pictures. ``ct``: of the SSTR exam, in its frame; None where there is none."""

    sstr: Volume
    fdg: Volume
    ct: Volume | None
    classes: TracerClasses


@dataclass(frozen=True)
class Target:
    """The proposed point in the frame of the SSTR PET and of the FDG PET, LPS mm; None where it cannot be carried."""

    sstr_lps_mm: tuple[float, float, float] | None
    fdg_lps_mm: tuple[float, float, float] | None
    radius_mm: float | None


def map_figure(shown: TracerMap, images: MapImages, width_mm: float, target: Target | None) -> Figure:
    """SSTR, FDG and classes in one axial plane, and the volumes of the classes as bars with their intervals."""
    assert shown.centre_sstr_lps_mm is not None
    assert shown.centre_fdg_lps_mm is not None
    tile = (width_mm - 3 * _BETWEEN) / 4
    edge = _edge_mm(images.classes)
    canvas = Canvas(width_mm, tile)
    here = Plane("axial", shown.centre_sstr_lps_mm, edge, _PIXELS)
    there = Plane("axial", shown.centre_fdg_lps_mm, edge, _PIXELS)
    pictures = (
        ("SSTR PET", _uptake(images.sstr, here, TracerClass.SSTR)),
        ("FDG PET", _uptake(images.fdg, there, TracerClass.FDG)),
        ("both tracers", _class_picture(images, here)),
    )
    lines = _outlines(images.classes, here)
    for number, (title, picture) in enumerate(pictures):
        left = number * (tile + _BETWEEN)
        canvas.image(left, 0, tile, tile, data_address(picture))
        if number != 1:
            _draw_lines(canvas, left, tile, lines)
        _title(canvas, left, tile, title)
        if number == 0:
            draw_scale_bar(canvas, left + 1.4, tile - 1.8, edge, tile / edge, _WHITE, 1.9, halo=_BLACK)
    point = target.sstr_lps_mm if target is not None else None
    if point is not None and abs(point[2] - here.centre_lps_mm[2]) <= images.sstr.geometry.spacing_mm[0]:
        _cross(canvas, 2 * (tile + _BETWEEN), tile, here, point)
    _bars(canvas, 3 * (tile + _BETWEEN) + 2, tile, tile - 2, shown)
    z = fmt.number(here.centre_lps_mm[2], 0)
    unsure = shown.uncertainty_mm or 0.0
    return Figure(
        name=f"tracer-map-{shown.lesion}",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=tile,
        alt=f"{shown.lesion}: SSTR PET, FDG PET and four classes of its voxels in one axial plane; {_volumes(shown)}.",
        title=f"{shown.lesion}: where each tracer is taken up",
        caption=(
            f"Axial, z {z} mm of the SSTR PET, field {fmt.length(edge)} mm; SSTR 0 to "
            f"{fmt.significant(display().tracers[TracerClass.SSTR].slice)}, FDG 0 to "
            f"{fmt.significant(display().tracers[TracerClass.FDG].slice)} g/mL. Classes {shown.method}; lines: "
            f"least and most volume when the FDG PET is shifted by {fmt.number(unsure, 1)} mm, the uncertainty of the "
            "alignment.",
        ),
    )


def target_figure(lesion: str, images: MapImages, target: Target, width_mm: float) -> Figure | None:
    """FDG PET in three planes through the proposed point, and CT or SSTR PET at the same place."""
    if target.fdg_lps_mm is None:
        return None
    tile = (width_mm - 3 * _BETWEEN) / 4
    edge = _edge_mm(images.classes)
    canvas = Canvas(width_mm, tile)
    planes = [Plane(view, target.fdg_lps_mm, edge, _PIXELS) for view in ("axial", "coronal", "sagittal")]
    for number, plane in enumerate(planes):
        left = number * (tile + _BETWEEN)
        canvas.image(left, 0, tile, tile, data_address(_uptake(images.fdg, plane, TracerClass.FDG)))
        _title(canvas, left, tile, f"FDG {plane.view}", plane.view)
        _cross(canvas, left, tile, plane, target.fdg_lps_mm)
    draw_scale_bar(canvas, 1.4, tile - 1.8, edge, tile / edge, _WHITE, 1.9, halo=_BLACK)
    if target.sstr_lps_mm is not None:
        left = 3 * (tile + _BETWEEN)
        plane = Plane("axial", target.sstr_lps_mm, edge, _PIXELS)
        on_ct = images.ct is not None
        picture = _anatomy(images, plane) if on_ct else _uptake(images.sstr, plane, TracerClass.SSTR)
        canvas.image(left, 0, tile, tile, data_address(picture))
        _draw_lines(canvas, left, tile, _outlines(images.classes, plane))
        _title(canvas, left, tile, "CT axial" if on_ct else "SSTR axial")
        _cross(canvas, left, tile, plane, target.sstr_lps_mm)
    return Figure(
        name=f"biopsy-{lesion}",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=tile,
        alt=f"{lesion}: FDG PET in three planes through the proposed place of a sample, marked with a ring.",
        title=f"{lesion}: proposed place of a sample",
        caption=(f"Ring: the proposed place; field {fmt.length(edge)} mm. A path of the needle is not judged.",),
    )


def _edge_mm(classes: TracerClasses) -> float:
    """Field that shows the lesion with some of what lies around it."""
    assert classes.labels is not None
    assert classes.geometry is not None
    ends = np.argwhere(classes.labels > 0)
    span = (ends.max(axis=0) - ends.min(axis=0) + 1) * np.asarray(classes.geometry.spacing_mm)
    return float(max(70.0, 10.0 * np.ceil(0.22 * float(span.max()))))


def _uptake(volume: Volume, plane: Plane, tracer: TracerClass) -> npt.NDArray[np.uint8]:
    shown = display().tracers[tracer]
    return coloured(windowed(sample(volume, plane, outside=0.0), 0.0, shown.slice), shown.map)


def _anatomy(images: MapImages, plane: Plane) -> npt.NDArray[np.uint8]:
    """CT in a soft-tissue window; the SSTR PET in grey where there is no CT."""
    if images.ct is None:
        upper = display().tracers[TracerClass.SSTR].slice
        unit = windowed(sample(images.sstr, plane, outside=0.0), 0.0, upper)
    else:
        unit = windowed(sample(images.ct, plane, outside=_AIR_HU), _SOFT_LOW, _SOFT_HIGH)
    return np.repeat(grey(unit)[..., None], 3, axis=2)


def _class_picture(images: MapImages, plane: Plane) -> npt.NDArray[np.uint8]:
    """The classes in colour over grey anatomy, each interpolated and the strongest shown."""
    under = _anatomy(images, plane).astype(np.float32) * 0.8
    shares = np.stack([_share(images.classes, plane, index + 1) for index in range(len(CLASSES))])
    inside = shares.sum(axis=0) >= 0.5
    chosen = shares.argmax(axis=0)
    table = np.array([[int(COLOURS[name][i : i + 2], 16) for i in (1, 3, 5)] for name in CLASSES], dtype=np.float32)
    mixed = np.where(inside[..., None], _OPACITY * table[chosen] + (1 - _OPACITY) * under, under)
    return (mixed + 0.5).astype(np.uint8)


def _share(classes: TracerClasses, plane: Plane, label: int) -> npt.NDArray[np.float32]:
    assert classes.labels is not None
    assert classes.geometry is not None
    part = Volume((classes.labels == label).astype(np.float32), classes.geometry, ARBITRARY)
    return sample(part, plane, outside=0.0)


def _outlines(classes: TracerClasses, plane: Plane) -> list[list[tuple[float, float]]]:
    assert classes.labels is not None
    assert classes.geometry is not None
    geometry: Geometry = classes.geometry
    return outline(classes.labels > 0, geometry, replace(plane, pixels=plane.pixels // 2))


def _draw_lines(canvas: Canvas, left: float, tile: float, lines: Sequence[list[tuple[float, float]]]) -> None:
    for line in lines:
        data = polyline([(left + x * tile, y * tile) for x, y in line], closed=line[0] == line[-1])
        canvas.path(data, stroke=_BLACK, width=0.4)
        canvas.path(data, stroke=_WHITE, width=0.2)


def _title(canvas: Canvas, left: float, tile: float, title: str, view: str = "axial") -> None:
    side, top = EDGE_LETTERS[view]
    canvas.text(left + 1.0, tile / 2 + 0.7, side, size=1.9, fill=_WHITE, halo=_BLACK)
    canvas.text(left + tile / 2 + 4, 2.4, top, size=1.9, fill=_WHITE, anchor="middle", halo=_BLACK)
    canvas.text(left + 1.0, 2.4, title, size=1.9, fill=_WHITE, weight=600, halo=_BLACK)


def _cross(canvas: Canvas, left: float, tile: float, plane: Plane, point: tuple[float, float, float]) -> None:
    """A ring at the point, in the plane's picture."""
    away = np.asarray(point) - np.asarray(plane.centre_lps_mm)
    right, down = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[plane.view]
    sign = 1.0 if plane.view == "axial" else -1.0
    x = left + tile * (0.5 + float(away[right]) / plane.edge_mm)
    y = tile * (0.5 + sign * float(away[down]) / plane.edge_mm)
    for stroke, width in ((_BLACK, 0.75), (_WHITE, 0.35)):
        canvas.add("circle", cx=x, cy=y, r=2.0, fill="none", stroke=stroke, stroke_width=width)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            canvas.line(x + 2.0 * dx, y + 2.0 * dy, x + 3.4 * dx, y + 3.4 * dy, stroke=stroke, width=width)


def _bars(canvas: Canvas, left: float, height: float, width: float, shown: TracerMap) -> None:
    """Volumes of the classes in mL as bars from 0, each with its interval as a line."""
    most = max((one.high_ml for one in shown.classes.values()), default=0.0) or 1.0
    step = height / len(CLASSES)
    for row, name in enumerate(CLASSES):
        one, y = shown.classes[name], row * step
        canvas.text(left, y + 3.0, WORDS[name], size=2.3, fill=_INK, weight=600)
        told = f"{fmt.volume(one.volume_ml, pet=True)} mL ({fmt.span(*_ends(one.low_ml, one.high_ml))})"
        canvas.text(left + width, y + 3.0, told, size=2.3, fill=_INK, anchor="end")
        canvas.add(
            "rect",
            x=left,
            y=y + 4.0,
            width=max(width * one.volume_ml / most, 0.3),
            height=2.6,
            fill=COLOURS[name],
            stroke=_GREY,
            stroke_width=0.15,
        )
        low, high = left + width * one.low_ml / most, left + width * one.high_ml / most
        canvas.line(low, y + 5.3, high, y + 5.3, stroke=_INK, width=0.3)
        for end in (low, high):
            canvas.line(end, y + 4.5, end, y + 6.1, stroke=_INK, width=0.3)


def _ends(low_ml: float, high_ml: float) -> tuple[str, str]:
    return fmt.volume(low_ml, pet=True), fmt.volume(high_ml, pet=True)


def _volumes(shown: TracerMap) -> str:
    parts = [f"{WORDS[name]} {fmt.volume(one.volume_ml, pet=True)} mL" for name, one in shown.classes.items()]
    return ", ".join(parts)
