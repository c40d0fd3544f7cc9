"""One tumour on all images: the same place in a row of small pictures, with its outline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from isletscope.model import Lesion, Phenotype, Shown
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.content.phenotype_words import PictureColumn, phenotype_words
from isletscope.report.figures.planes import Plane, sample
from isletscope.report.figures.raster import coloured, data_address, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import display
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.report.images import ImageSource

_BETWEEN = 1.0
_HEAD_MM = 3.2
_WIDEST_MM = 40.0
_PIXELS = 200
_WHITE, _BLACK, _EMPTY, _GREY = "#FFFFFF", "#000000", "#EEF0F2", "#535C64"


def columns_of(rows: Iterable[Phenotype]) -> list[PictureColumn]:
    """The columns that show a lesion of these rows, in print order."""
    shown = {one.column for row in rows for one in row.shown}
    return [one for one in phenotype_words().pictures if one.column in shown]


def lesion_strip(
    lesion: Lesion, row: Phenotype, columns: Sequence[PictureColumn], title: str, images: ImageSource, width_mm: float
) -> Figure | None:
    """The row of pictures of a lesion at a time point; None where not one of its series can be shown."""
    places = {one.column: one for one in row.shown}
    edge = phenotype_words().field.edge_mm(row.number("long_axis"))
    tile = min((width_mm - (len(columns) - 1) * _BETWEEN) / max(len(columns), 1), _WIDEST_MM)
    canvas = Canvas(len(columns) * (tile + _BETWEEN) - _BETWEEN, tile + _HEAD_MM)
    drawn: list[str] = []
    for number, column in enumerate(columns):
        left = number * (tile + _BETWEEN)
        canvas.text(left, 2.3, column.head, size=2.1, fill=_GREY, weight=600)
        place = places.get(column.column)
        picture = None if place is None else _picture(place, column, edge, images)
        if place is None or picture is None:
            _empty(canvas, left, tile, place)
            continue
        canvas.image(left, _HEAD_MM, tile, tile, data_address(picture))
        _outline(canvas, left, tile, place, edge)
        if not drawn:
            draw_scale_bar(canvas, left + 1.2, _HEAD_MM + tile - 1.4, edge, tile / edge, _WHITE, 1.7, halo=_BLACK)
        drawn.append(column.head)
    if not drawn:
        return None
    return Figure(
        name=f"phenotype-{lesion.id}-{row.time_point}",
        svg=canvas.markup(),
        width_mm=canvas.width_mm,
        height_mm=canvas.height_mm,
        alt=f"{lesion.id} in axial planes on {', '.join(drawn)}, with its outline.",
        title=title,
    )


def _picture(place: Shown, column: PictureColumn, edge_mm: float, images: ImageSource) -> npt.NDArray[np.uint8] | None:
    """The axial plane through the place, windowed; None when the series is not in the case folder."""
    volume = images.volume(place.series_key)
    if volume is None:
        return None
    values = sample(volume, Plane("axial", place.centre_lps_mm, edge_mm, _PIXELS), outside=np.nan)
    if column.tracer is not None:
        tracer = display().tracers[column.tracer]
        return coloured(windowed(values, 0.0, tracer.slice), tracer.map)
    if column.percentiles is None:
        return grey(windowed(values, column.level - column.width / 2, column.level + column.width / 2))
    known = values[np.isfinite(values)]
    if known.size == 0:
        return None
    low, high = (float(v) for v in np.percentile(known, column.percentiles))
    return grey(windowed(values, low, max(high, low + 1e-6)))


def _outline(canvas: Canvas, left: float, tile: float, place: Shown, edge_mm: float) -> None:
    """The lesion's lines, solid where its own, dashed where carried over; what lies outside the field is left out."""
    x0, y0 = place.centre_lps_mm[0] - edge_mm / 2, place.centre_lps_mm[1] - edge_mm / 2
    for line in place.outlines_mm:
        points = [((x - x0) / edge_mm, (y - y0) / edge_mm) for x, y in line]
        if any(not (0 <= x <= 1 and 0 <= y <= 1) for x, y in points):
            points = [(min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in points]
        data = polyline([(left + x * tile, _HEAD_MM + y * tile) for x, y in points], closed=line[0] == line[-1])
        canvas.path(data, stroke=_BLACK, width=0.42)
        canvas.path(data, stroke=_WHITE, width=0.2, dash="0.7 0.5" if place.carried else "")


def _empty(canvas: Canvas, left: float, tile: float, place: Shown | None) -> None:
    told = phenotype_words()
    canvas.add("rect", x=left, y=_HEAD_MM, width=tile, height=tile, fill=_EMPTY)
    words = told.not_shown if place is None else told.no_series
    canvas.text(left + tile / 2, _HEAD_MM + tile / 2, words, size=2.0, fill=_GREY, anchor="middle")


def windows_text(columns: Sequence[PictureColumn]) -> str:
    """The windows of the pictures in words."""
    found = []
    for column in columns:
        if column.tracer is not None:
            found.append(f"{column.head} 0 to {fmt.significant(display().tracers[column.tracer].slice)} g/mL")
        elif column.percentiles is None:
            found.append(f"{column.head} {fmt.hounsfield(column.level)}/{fmt.hounsfield(column.width)} HU")
    if any(column.percentiles is not None for column in columns):
        found.append("MR by the range of each picture")
    return "; ".join(found)
