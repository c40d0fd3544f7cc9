"""A vessel beside a tumour: the wall laid flat, the angle of contact along it, and the section that decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.report.content.document import Figure
from isletscope.report.figures.planes import outline_of_values
from isletscope.report.figures.raster import Bytes, data_address, enlarged, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.surgery import TOLERANCES_MM, ContactView, letter_of

_INK, _GREY, _PALE, _FAINT = "#16191C", "#535C64", "#A9B1B8", "#E3E6E9"
# From touching to free: one hue that fades, so that it can be read in grey as well.
_BANDS = ("#7A1F1A", "#B5483A", "#DB8A73", "#F1C9BA")
_FREE, _OPEN, _CONTACT = "#F3F5F6", "#C9D0D6", "#D6261B"
_TUMOUR = "#F5A742"
_HEIGHT, _MAP_TOP, _MAP_HEIGHT, _PROFILE_TOP, _PROFILE_HEIGHT = 60.0, 7.0, 27.0, 38.0, 13.0
_LEFT, _SECTION_MM, _BETWEEN = 9.0, 46.0, 6.0
_ENDS = {"R": "right", "L": "left", "A": "front", "P": "back", "F": "feet", "H": "head"}

FloatArray = npt.NDArray[np.float64]


def vessel_contact_figure(view: ContactView, *, title: str, width_mm: float, name: str = "") -> Figure:
    """Left: the wall laid flat with bands of distance to the tumour, below it the angle. Right: the worst section.

    ``name``: of the figure, unique in a report; else that of the vessel.
    """
    canvas = Canvas(width_mm, _HEIGHT)
    scale = (width_mm - _LEFT - _BETWEEN - _SECTION_MM) / max(_length(view), 1.0)
    _draw_map(canvas, view, scale)
    _draw_profile(canvas, view, scale)
    _draw_section(canvas, view, width_mm - _SECTION_MM)
    _draw_key(canvas, _LEFT)
    behind = f" on {view.shown_on}" if view.shown_on else ""
    return Figure(
        name=f"vessel-contact-{name or view.vessel}",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=_HEIGHT,
        alt=f"{title}: {_words(view)}.",
        title=title,
        caption=(f"Section{behind}.",) if behind else (),
    )


def _words(view: ContactView) -> str:
    return (
        f"{view.category}, {view.degrees_max:.0f} degrees ({view.degrees_low:.0f} to {view.degrees_high:.0f}) at "
        f"{view.tolerance_mm:.1f} mm, over {view.length_mm:.0f} mm"
    )


def _length(view: ContactView) -> float:
    return float(view.arc_mm[-1] - view.arc_mm[0])


def _turned(view: ContactView) -> tuple[int, int]:
    """The ray that points up in the section, and the step (1 or -1) that goes clockwise there."""
    up = int(np.argmax(-(view.rays @ view.down)))
    quarter = view.rays[(up + len(view.rays) // 4) % len(view.rays)]
    return up, 1 if quarter @ view.right > 0 else -1


def _middle(view: ContactView, up: int, step: int) -> int:
    """The row of the side of the tumour, so that no contact is cut in two where it need not be."""
    count = len(view.rays)
    touching = np.flatnonzero(view.gaps_mm[view.worst] <= view.tolerance_mm)
    angles = 2 * np.pi * ((touching - up) * step % count) / count
    if not len(angles):
        return 0
    return int(np.round(np.arctan2(np.sin(angles).sum(), np.cos(angles).sum()) / (2 * np.pi) * count))


def _draw_map(canvas: Canvas, view: ContactView, scale: float) -> None:
    count = len(view.rays)
    up, step = _turned(view)
    middle = _middle(view, up, step)
    rows = np.arange(count) - count // 2 + middle
    order = (up + step * rows) % count
    finer = scipy.ndimage.zoom(view.gaps_mm[:, order].T, (3, 8), order=1, mode="nearest", grid_mode=True)
    mouths = scipy.ndimage.zoom(view.open_[:, order].T, (3, 8), order=0, mode="nearest", grid_mode=True)
    length = _length(view) * scale
    canvas.image(_LEFT, _MAP_TOP, length, _MAP_HEIGHT, data_address(_bands(finer, mouths)))
    canvas.add(
        "rect", x=_LEFT, y=_MAP_TOP, width=length, height=_MAP_HEIGHT, fill="none", stroke=_PALE, stroke_width=0.15
    )
    names = _letters(view)
    for quarter in range(4):
        row = (quarter * count // 4 - middle + count // 2) % count
        y = _MAP_TOP + _MAP_HEIGHT * row / count
        canvas.line(_LEFT - 1.0, y, _LEFT, y, stroke=_PALE, width=0.25)
        canvas.text(_LEFT - 1.6, y + 0.8, names[quarter], size=2.2, fill=_GREY, anchor="end")
    x = _LEFT + (view.arc_mm[view.worst] - view.arc_mm[0]) * scale
    canvas.line(x, _MAP_TOP, x, _PROFILE_TOP + _PROFILE_HEIGHT, stroke=_INK, width=0.25, dash="0.8 0.6")


def _bands(gaps: FloatArray, open_: npt.NDArray[np.bool_]) -> Bytes:
    """Colours [angle, ring, 3] of the bands of distance; grey where a mouth leaves no wall."""
    picture = np.empty((*gaps.shape, 3), dtype=np.uint8)
    picture[:] = _rgb(_FREE)
    for tolerance, colour in reversed(list(zip(TOLERANCES_MM, _BANDS, strict=True))):
        picture[gaps <= tolerance] = _rgb(colour)
    picture[open_] = _rgb(_OPEN)
    return picture


def _letters(view: ContactView) -> tuple[str, str, str, str]:
    """What lies above, to the right, below and to the left in the section."""
    up, right, down, left = (letter_of(one) for one in (-view.down, view.right, view.down, -view.right))
    return up, right, down, left


def _draw_profile(canvas: Canvas, view: ContactView, scale: float) -> None:
    arc, bottom = view.arc_mm, _PROFILE_TOP + _PROFILE_HEIGHT
    right = _LEFT + _length(view) * scale
    for level in (0, 90, 180, 270, 360):
        y = bottom - _PROFILE_HEIGHT * level / 360
        ink, dash = (_GREY, "1 0.8") if level == 180 else (_FAINT, "")
        canvas.line(_LEFT, y, right, y, stroke=ink, width=0.2, dash=dash)
        if level in (0, 180, 360):
            canvas.text(_LEFT - 1.0, y + 0.8, f"{level}°", size=2.1, fill=_GREY, anchor="end")
    points = [
        (_LEFT + (at - arc[0]) * scale, bottom - _PROFILE_HEIGHT * value / 360)
        for at, value in zip(arc, view.degrees, strict=True)
    ]
    canvas.path(polyline(points, closed=False), stroke=_BANDS[0], width=0.45)
    for at in np.arange(0.0, _length(view) + 0.1, 10.0):
        canvas.text(_LEFT + at * scale, bottom + 3.0, f"{at:.0f}", size=2.1, fill=_GREY, anchor="middle")
    words = f"mm along the vessel, towards the {_ENDS[view.towards]}"
    canvas.text(right, bottom + 6.2, words, size=2.1, fill=_GREY, anchor="end")


def _draw_section(canvas: Canvas, view: ContactView, x: float) -> None:
    top = _MAP_TOP
    pictured = view.image.size > 0
    if pictured:
        shown = windowed(view.image, view.low, view.high)
        canvas.image(x, top, _SECTION_MM, _SECTION_MM, data_address(enlarged(grey(shown), 2 * 220, 2 * 220)))
    else:
        canvas.add("rect", x=x, y=top, width=_SECTION_MM, height=_SECTION_MM, fill=_FREE)
    for line in outline_of_values(scipy.ndimage.gaussian_filter(view.tumour.astype(np.float32) / 255, 1.2)):
        _draw_line(canvas, line, x, top, _TUMOUR, 0.5)
    places = [(float(a), float(b)) for a, b in view.places]
    _draw_line(canvas, [*places, places[0]], x, top, "#FFFFFF" if pictured else _GREY, 0.4)
    for run in _runs(view.gaps_mm[view.worst] <= view.tolerance_mm):
        _draw_line(canvas, [places[int(ray)] for ray in run], x, top, _CONTACT, 1.0)
    ink, halo = ("#FFFFFF", "#16191C") if pictured else (_GREY, "")
    up, right, _, left = _letters(view)
    canvas.text(x + _SECTION_MM / 2, top + 3.0, up, size=2.4, fill=ink, anchor="middle", halo=halo)
    canvas.text(x + 1.0, top + _SECTION_MM / 2 + 0.8, left, size=2.4, fill=ink, halo=halo)
    canvas.text(x + _SECTION_MM - 1.0, top + _SECTION_MM / 2 + 0.8, right, size=2.4, fill=ink, anchor="end", halo=halo)
    draw_scale_bar(canvas, x + 2, top + _SECTION_MM - 2, view.edge_mm, _SECTION_MM / view.edge_mm, ink, 2.2, halo)
    _draw_figures(canvas, view, x, top)


def _draw_figures(canvas: Canvas, view: ContactView, x: float, top: float) -> None:
    """Above and below the section: the angle with its interval, the category, the key."""
    angle = f"{view.degrees_max:.0f}° at {view.tolerance_mm:.1f} mm"
    canvas.text(x, top - 1.6, angle, size=2.6, fill=_INK, weight=600)
    interval = f"95 %: {view.degrees_low:.0f} to {view.degrees_high:.0f}°"
    canvas.text(x + _SECTION_MM, top - 1.6, interval, size=2.2, fill=_GREY, anchor="end")
    below = top + _SECTION_MM
    canvas.text(x, below + 3.4, view.category.capitalize(), size=2.3, fill=_INK, weight=600)
    canvas.text(x, below + 6.4, view.neighbouring, size=2.1, fill=_GREY)
    canvas.line(x + 33, below + 2.7, x + 36, below + 2.7, stroke=_TUMOUR, width=0.6)
    canvas.text(x + 37, below + 3.4, "tumour", size=2.1, fill=_GREY)


def _draw_line(canvas: Canvas, line: Sequence[tuple[float, float]], x: float, y: float, ink: str, width: float) -> None:
    """A line of fractions of the section, as far as it lies in it."""
    inside = [(x + a * _SECTION_MM, y + b * _SECTION_MM) for a, b in line if 0 <= a <= 1 and 0 <= b <= 1]
    if len(inside) > 1:
        canvas.path(polyline(inside, closed=False), stroke=ink, width=width)


def _runs(flags: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.intp]]:
    """Rays of every unbroken arc of a closed ring, in order."""
    count = len(flags)
    if flags.all():
        return [np.append(np.arange(count), 0)]
    start = int(np.argmin(flags))
    order = (start + np.arange(count)) % count
    labels, number = scipy.ndimage.label(flags[order])
    return [order[labels == n + 1] for n in range(number)]


def _draw_key(canvas: Canvas, x: float) -> None:
    """What the bands mean, above the map."""
    names = ("touching", "≤ 0.5", "≤ 1.0", "≤ 1.5 mm", "farther", "mouth of a vessel")
    for name, colour in zip(names, (*_BANDS, _FREE, _OPEN), strict=True):
        canvas.add("rect", x=x, y=1.4, width=2.4, height=2.0, fill=colour, stroke=_PALE, stroke_width=0.15)
        canvas.text(x + 3.0, 3.2, name, size=2.0, fill=_GREY)
        x += 5.0 + 1.15 * len(name)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
