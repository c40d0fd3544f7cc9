"""Key images side by side: each lesion in one row, its place at every time point at equal scale and window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.assessment import KIND_OF_TRACER, View
from isletscope.lesions import DIAMETER, ChangeRow
from isletscope.model import ExamKind, Lesion
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import GREY, INK, OPEN, PALE, SIZE, SMALL
from isletscope.report.figures.course_places import Spot, best_kind, spots
from isletscope.report.figures.planes import Plane, outline, sample
from isletscope.report.figures.raster import coloured, data_address, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import display
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.report.images import ImageSource
from isletscope.spatial import Box, Transform, Volume, cropped_geometry

_LEFT, _GAP, _BELOW, _HEAD = 24.0, 1.6, 4.2, 5.0
_MOST_COLUMNS, _WIDEST = 6, 34.0
_PIXELS = 220
_WHITE, _BLACK = "#FFFFFF", "#000000"
_NAMES = {ExamKind.CT: "CT", ExamKind.MRI: "MRI", ExamKind.SSTR_PET: "SSTR PET", ExamKind.FDG_PET: "FDG PET"}
_MR_SHARES = (1.0, 99.5)


@dataclass(frozen=True)
class _Row:
    """One lesion: the kind of images, its spots by time point, the edge of the field, printed values."""

    lesion: Lesion
    kind: ExamKind
    spots: Sequence[Spot]
    edge_mm: float
    values: Sequence[str]


def key_images(
    views: Sequence[View],
    lesions: Sequence[Lesion],
    rows: Sequence[ChangeRow],
    images: ImageSource,
    width_mm: float,
) -> tuple[Figure, ...]:
    """One figure for each lesion that has a picture at two time points or more, in the order given.

    Time points beyond six are left out between the first and the last five.
    """
    transforms = images.transforms()
    last = len(views) - 1
    shown = [0, *range(max(1, last + 2 - _MOST_COLUMNS), last + 1)]
    found = []
    for lesion in lesions:
        row = _row([views[at] for at in shown], lesion, rows, transforms, images)
        if row is not None and sum(one.point_lps_mm is not None for one in row.spots) > 1:
            found.append(_figure([views[at] for at in shown], row, images, width_mm))
    return tuple(found)


def _row(
    views: Sequence[View],
    lesion: Lesion,
    rows: Sequence[ChangeRow],
    transforms: Mapping[str, Transform],
    images: ImageSource,
) -> _Row | None:
    kind = best_kind(views, lesion)
    if kind is None:
        return None
    found = spots(views, lesion, kind, transforms, images)
    sizes = [one.focus.measurements.get("long_axis") for one in found if one.focus is not None]
    largest = max((one.value for one in sizes if one is not None and one.value is not None), default=None)
    edge = display().field_of_view.edge_mm(largest)
    return _Row(lesion, kind, found, edge, _values(views, lesion, kind, rows))


def _values(views: Sequence[View], lesion: Lesion, kind: ExamKind, rows: Sequence[ChangeRow]) -> list[str]:
    """Size on CT and MR, SUVmax on PET, as printed under the pictures."""
    pet = kind in KIND_OF_TRACER.values()
    name = "suv_max" if pet else DIAMETER
    own = next((r for r in rows if r.lesion == lesion.id and (r.measure.kind, r.measure.value) == (kind, name)), None)
    known = {one.time_point: one for one in own.values} if own is not None else {}
    texts = []
    for view in views:
        one = known.get(view.point.name)
        number = one.value if one is not None and one.seen else None
        texts.append("" if number is None else f"SUVmax {fmt.suv(number)}" if pet else f"{fmt.number(number, 0)} mm")
    return texts


def _figure(views: Sequence[View], row: _Row, images: ImageSource, width_mm: float) -> Figure:
    tile = min((width_mm - _LEFT - (len(views) - 1) * _GAP) / len(views), _WIDEST)
    canvas = Canvas(width_mm, _HEAD + tile + _BELOW)
    canvas.text(0, _HEAD + 2.6, row.lesion.id, size=3.0, fill=INK, weight=600)
    for line, text in enumerate(_broken(row.lesion.site)):
        canvas.text(0, _HEAD + 6.2 + 2.8 * line, text, size=SMALL, fill=GREY)
    canvas.text(0, _HEAD + tile - 0.6, _NAMES[row.kind], size=SMALL, fill=GREY)
    words = _words(row)
    for place, (view, spot) in enumerate(zip(views, row.spots, strict=True)):
        left = _LEFT + place * (tile + _GAP)
        canvas.text(left, _HEAD - 1.4, fmt.day(view.point.date), size=SIZE, fill=GREY)
        _draw_tile(canvas, left, tile, spot, row, images, bar=place == 0)
        marked = words[place].startswith(("new", "not seen"))
        ink = OPEN if marked else INK if spot.focus is not None else GREY
        canvas.text(left, _HEAD + tile + 3.0, words[place], size=SIZE, fill=ink, weight=600 if marked else 400)
    dates = ", ".join(f"{fmt.day(view.point.date)}: {word}" for view, word in zip(views, words, strict=True))
    alt = f"{row.lesion.id}, {row.lesion.site}, on {_NAMES[row.kind]} at the same place over time. {dates}."
    return Figure(f"course-{row.lesion.id.replace('.', '-')}", canvas.markup(), width_mm, canvas.height_mm, alt)


def _words(row: _Row) -> list[str]:
    """What stands under each picture: the value, new where earlier images of that place do not show it, or why none."""
    found: list[str] = []
    for spot, value in zip(row.spots, row.values, strict=True):
        if spot.focus is None:
            found.append(spot.word)
            continue
        new = bool(found) and all(word == "not seen" for word in found) and not row.lesion.split_from
        found.append(f"new, {value}" if new and value else "new" if new else value or "seen")
    return found


def _draw_tile(
    canvas: Canvas, left: float, tile: float, spot: Spot, row: _Row, images: ImageSource, *, bar: bool
) -> None:
    volume = images.volume(spot.series_key) if spot.point_lps_mm is not None else None
    if volume is None or spot.point_lps_mm is None:
        canvas.add(
            "rect",
            x=left,
            y=_HEAD,
            width=tile,
            height=tile,
            fill="#F4F5F6",
            stroke=PALE,
            stroke_width=0.15,
            stroke_dasharray="1 0.8",
        )
        return
    plane = Plane("axial", spot.point_lps_mm, row.edge_mm, _PIXELS)
    canvas.image(left, _HEAD, tile, tile, data_address(_picture(volume, plane, row, spot, images)))
    for line in _outlines(spot, plane, images):
        data = polyline([(left + x * tile, _HEAD + y * tile) for x, y in line], closed=line[0] == line[-1])
        canvas.path(data, stroke=_BLACK, width=0.4)
        canvas.path(data, stroke=_WHITE, width=0.2)
    if spot.focus is None:
        radius = tile * 0.09
        for stroke, width in ((_BLACK, 0.5), (_WHITE, 0.25)):
            canvas.add(
                "circle",
                cx=left + tile / 2,
                cy=_HEAD + tile / 2,
                r=radius,
                fill="none",
                stroke=stroke,
                stroke_width=width,
                stroke_dasharray="1 0.8",
            )
    if bar:
        draw_scale_bar(
            canvas, left + 1.2, _HEAD + tile - 1.6, row.edge_mm, tile / row.edge_mm, _WHITE, 1.9, halo=_BLACK
        )


def _picture(volume: Volume, plane: Plane, row: _Row, spot: Spot, images: ImageSource) -> npt.NDArray[np.uint8]:
    """The plane in the window of its kind: fixed for CT and PET, by the series' own grey values for MR."""
    settings = display()
    values = sample(volume, plane, outside=-1024.0 if row.kind is ExamKind.CT else 0.0)
    if row.kind is ExamKind.CT:
        window = settings.ct_window(row.lesion.compartment.value)
        return grey(windowed(values, window.level - window.width / 2, window.level + window.width / 2))
    tracer = next((name for name, kind in KIND_OF_TRACER.items() if kind is row.kind), None)
    if tracer is not None:
        shown = settings.tracers[tracer]
        return coloured(windowed(values, 0.0, shown.slice), shown.map)
    low, high = np.percentile(values, _MR_SHARES)
    return grey(windowed(values, float(low), float(max(high, low + 1.0))))


def _outlines(spot: Spot, plane: Plane, images: ImageSource) -> list[list[tuple[float, float]]]:
    """The outline of the lesion's own focus in the plane."""
    if spot.focus is None:
        return []
    labels, grid = images.foci_labels(spot.grid_key), images.volume(spot.grid_key)
    if labels is None or grid is None or labels.shape != grid.geometry.shape:
        return []
    geometry = grid.geometry
    middle = geometry.to_index(spot.focus.centroid_lps_mm)
    half = plane.edge_mm / 2 / np.asarray(geometry.spacing_mm) + 2
    low = np.maximum(np.floor(middle - half).astype(int), 0)
    high = np.minimum(np.ceil(middle + half).astype(int) + 1, labels.shape)
    if np.any(high <= low):
        return []
    box = Box((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))
    mask = labels[box.slices] == spot.focus.label
    coarse = Plane(plane.view, plane.centre_lps_mm, plane.edge_mm, plane.pixels // 2)
    return outline(mask, cropped_geometry(geometry, box), coarse)


def _broken(site: str) -> list[str]:
    """A site in lines that fit beside the pictures, at most four."""
    lines = [""]
    for word in site.split():
        if len(lines[-1]) + len(word) > 17 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:4]
