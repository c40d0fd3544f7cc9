"""Where the disease is: anterior and lateral projections of each PET, lesions named outside the body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from isletscope.model import Verdict
from isletscope.report import format as fmt
from isletscope.report import keys
from isletscope.report.content.document import Figure
from isletscope.report.content.overview import NamedFocus, PetView
from isletscope.report.figures.labels import Mark, sides, spread
from isletscope.report.figures.raster import data_address, enlarged, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import display
from isletscope.report.figures.svg import Canvas
from isletscope.spatial import Projection, Volume, maximum_projection

_GUTTER = 6.8
_BETWEEN = 1.6
_FOOT = 4.9
_LABEL_SIZE = 2.25
_LABEL_GAP = 2.7
_EASY_ON_ONE_SIDE = 14
_PIXELS_PER_MM = 10
_BODY_ABOVE = 0.15
_AROUND_BODY_MM = 15.0
_INK = "#16191C"
_GREY = "#535C64"
_TALLEST = 112.0
_LARGEST_SCALE = 0.22
MOST_MARKS = 40


@dataclass(frozen=True)
class _View:
    """One projection, cut to the body: columns ``first`` to ``last`` of the image."""

    name: str
    projection: Projection
    first: int
    last: int

    @property
    def width_mm(self) -> float:
        return (self.last - self.first) * self.projection.column_spacing_mm

    @property
    def height_mm(self) -> float:
        return self.projection.height_mm


def projection_figures(pets: list[tuple[PetView, Volume]], width_mm: float) -> tuple[Figure, ...]:
    """One figure per PET with both views, all at one scale, so that two neighbours fill ``width_mm``."""
    views = [(pet, volume, _views(pet, volume)) for pet, volume in pets]
    if not views:
        return ()
    per_row = min(len(views), 2)
    own_width = (width_mm - (per_row - 1) * 3.0) / per_row
    scale = min(_LARGEST_SCALE, *(_fitting_scale(pair, own_width) for _, _, pair in views))
    return tuple(_figure(pet, pair, scale) for pet, _, pair in views)


def _fitting_scale(pair: tuple[_View, _View], width_mm: float) -> float:
    free = width_mm - 3 * _GUTTER - _BETWEEN
    return min(free / sum(view.width_mm for view in pair), _TALLEST / max(view.height_mm for view in pair))


def _views(pet: PetView, volume: Volume) -> tuple[_View, _View]:
    anterior = _view("anterior", maximum_projection(volume, "anterior"), pet.shown)
    return anterior, _view("lateral", maximum_projection(volume, "lateral"), pet.shown)


def _view(name: str, projection: Projection, foci: list[NamedFocus]) -> _View:
    body = np.flatnonzero(np.nanmax(np.nan_to_num(projection.image), axis=0) > _BODY_ABOVE)
    columns = projection.image.shape[1]
    marked = [projection.place(item.focus.maximum_lps_mm)[1] for item in foci]
    inside = [*body.tolist(), *marked] or [0, columns - 1]
    around = _AROUND_BODY_MM / projection.column_spacing_mm
    first = max(0, int(min(inside) - around))
    return _View(name, projection, first, min(columns, int(max(inside) + around) + 1))


def _figure(pet: PetView, pair: tuple[_View, _View], scale: float) -> Figure:
    height = max(view.height_mm for view in pair) * scale
    foci = _marked_foci(pet, min(MOST_MARKS, int(height / _LABEL_GAP)))
    widths = [view.width_mm * scale for view in pair]
    canvas = Canvas(sum(widths) + 3 * _GUTTER + _BETWEEN, height + _FOOT)
    settings = display().tracers[pet.reading.tracer_class]
    left = _GUTTER
    for view, width in zip(pair, widths, strict=True):
        _draw_view(canvas, view, left, width, scale, settings.projection)
        _draw_marks(canvas, view, foci, left, scale, settings.ink)
        left += width + _GUTTER + _BETWEEN
    _draw_window_bar(canvas, widths[0] + 2 * _GUTTER + _BETWEEN, height + 1.3, settings.projection)
    draw_scale_bar(canvas, _GUTTER, height + 3.4, pair[0].width_mm, scale, _GREY, 2.0)
    return Figure(
        name=f"projection-{pet.series.key}",
        svg=canvas.markup(),
        width_mm=canvas.width_mm,
        height_mm=canvas.height_mm,
        alt=_alternative_text(pet, foci),
        caption=_caption(pet, len(foci)),
        title=pet.title,
        tracer=pet.reading.tracer_class,
    )


def _marked_foci(pet: PetView, most: int) -> list[NamedFocus]:
    """Foci to be named: as many as there is room for, suspicious before indeterminate, then by total uptake."""

    def rank(item: NamedFocus) -> tuple[bool, float]:
        return item.focus.verdict is Verdict.UNSURE, -(keys.number_of(item.focus, keys.TOTAL_UPTAKE) or 0.0)

    kept = {item.focus.id for item in sorted(pet.shown, key=rank)[:most]}
    return [item for item in pet.shown if item.focus.id in kept]


def _draw_view(canvas: Canvas, view: _View, left: float, width: float, scale: float, window: float) -> None:
    height = view.height_mm * scale
    image = view.projection.image[:, view.first : view.last]
    picture = grey(windowed(image, 0.0, window), inverted=True)
    size = max(1, round(width * _PIXELS_PER_MM)), max(1, round(height * _PIXELS_PER_MM))
    canvas.image(left, 0, width, height, data_address(enlarged(picture, *size)))
    canvas.add("rect", x=left, y=0, width=width, height=height, fill="none", stroke="#C9CED3", stroke_width=0.15)
    first, last = ("R", "L") if view.name == "anterior" else ("A", "P")
    canvas.text(left + 1.0, 3.0, first, size=2.4, fill=_GREY, weight=600)
    canvas.text(left + width - 1.0, 3.0, last, size=2.4, fill=_GREY, weight=600, anchor="end")


def _draw_marks(canvas: Canvas, view: _View, foci: list[NamedFocus], left: float, scale: float, ink: str) -> None:
    width, height = view.width_mm * scale, view.height_mm * scale
    marks = [_mark(view, item, left, scale) for item in foci]
    capacity = min(int(height / _LABEL_GAP), max(_EASY_ON_ONE_SIDE, -(-len(marks) // 2)))
    on_left, on_right = sides(marks, left + width / 2, capacity, both=view.name == "anterior")
    for group, edge, anchor in ((on_left, left - 0.8, "end"), (on_right, left + width + 0.8, "start")):
        heights = spread([mark.y for mark in group], 1.6, max(1.6, height - 1.2), _LABEL_GAP)
        gap = min((below - above for above, below in pairwise(heights)), default=_LABEL_GAP)
        size = min(_LABEL_SIZE, max(1.2, gap * 0.85))
        for mark, y in zip(group, heights, strict=True):
            _draw_mark(canvas, mark, edge, y, anchor, ink, size)


def _mark(view: _View, item: NamedFocus, left: float, scale: float) -> Mark:
    row, column = view.projection.place(item.focus.centroid_lps_mm)
    x = left + (column + 0.5 - view.first) * view.projection.column_spacing_mm * scale
    y = (row + 0.5) * view.projection.row_spacing_mm * scale
    half = 0.5 * (keys.number_of(item.focus, keys.LONG_AXIS) or 0.0) * scale
    return Mark(item.name, x, y, min(max(half + 0.5, 1.0), 4.5), item.focus.verdict is Verdict.UNSURE)


def _draw_mark(canvas: Canvas, mark: Mark, edge: float, y: float, anchor: str, ink: str, size: float) -> None:
    towards = -1.0 if anchor == "end" else 1.0
    start = mark.x + towards * mark.radius
    dash = "0.7 0.5" if mark.unsure else ""
    for stroke, width, opacity in (("#FFFFFF", 0.5, 0.75), (ink, 0.16, 1.0)):
        canvas.line(
            start,
            mark.y,
            edge - towards * 0.4,
            y,
            stroke=stroke,
            width=width,
            dash="" if opacity < 1 else dash,
            opacity=opacity,
        )
    for stroke, width in (("#FFFFFF", 0.65), (ink, 0.3)):
        shown = "" if width > 0.5 else dash
        if mark.unsure:
            r = mark.radius
            diamond = f"M {mark.x:.3f} {mark.y - r:.3f} l {r:.3f} {r:.3f} l {-r:.3f} {r:.3f} l {-r:.3f} {-r:.3f} Z"
            canvas.path(diamond, stroke=stroke, width=width, dash=shown)
        else:
            canvas.add("circle", cx=mark.x, cy=mark.y, r=mark.radius, fill="none", stroke=stroke, stroke_width=width)
    canvas.text(
        edge,
        y + size * 0.36,
        f"{mark.name}{' ?' if mark.unsure else ''}",
        size=size,
        fill=_INK,
        anchor=anchor,
        weight=600,
    )


def _draw_window_bar(canvas: Canvas, left: float, top: float, window: float) -> None:
    width, steps = 16.0, 16
    for step in range(steps):
        level = 255 - round(255 * (step + 0.5) / steps)
        canvas.add(
            "rect",
            x=left + width * step / steps,
            y=top,
            width=width / steps + 0.02,
            height=1.1,
            fill=f"#{level:02x}{level:02x}{level:02x}",
        )
    canvas.add("rect", x=left, y=top, width=width, height=1.1, fill="none", stroke="#8E979F", stroke_width=0.12)
    canvas.text(left, top + 3.0, "0", size=2.0, fill=_GREY)
    canvas.text(left + width, top + 3.0, f"{fmt.significant(window)} g/mL", size=2.0, fill=_GREY, anchor="end")


def _caption(pet: PetView, marked: int) -> tuple[str, ...]:
    window = display().tracers[pet.reading.tracer_class].projection
    text = f"Anterior and left lateral maximum projection, inverted grey, 0 to {fmt.significant(window)} g/mL."
    if marked < len(pet.shown):
        text += (
            f" {marked} of {len(pet.shown)} foci named, suspicious ones first, then by total uptake; "
            "all stand in the table."
        )
    return (text,)


def _alternative_text(pet: PetView, foci: list[NamedFocus]) -> str:
    if not foci:
        return f"{pet.title}: anterior and left lateral maximum intensity projection; no lesion is marked."
    named = ", ".join(f"{item.name} {item.focus.site}" for item in foci[:20])
    more = f" and {len(foci) - 20} more" if len(foci) > 20 else ""
    return f"{pet.title}: anterior and left lateral maximum intensity projection with marks for {named}{more}."
