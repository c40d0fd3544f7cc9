"""A vessel beside a tumour: the wall laid flat, the angle of contact along it, and the section that decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.report.content.document import Figure
from isletscope.report.figures.planes import outline_of_values
from isletscope.report.figures.raster import Bytes, data_address, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.spatial import Mask, Volume
from isletscope.surgery import TOLERANCES_MM, VesselContact, gaps_of

_INK, _GREY, _PALE, _FAINT = "#16191C", "#535C64", "#A9B1B8", "#E3E6E9"
# From touching to free: one hue that fades, so that it can be read in grey as well.
_BANDS = ("#7A1F1A", "#B5483A", "#DB8A73", "#F1C9BA")
_FREE, _OPEN, _CONTACT = "#F3F5F6", "#C9D0D6", "#D6261B"
_TUMOUR = "#F5A742"
_HEIGHT, _MAP_TOP, _MAP_HEIGHT, _PROFILE_TOP, _PROFILE_HEIGHT = 62.0, 5.0, 28.0, 38.0, 14.0
_LEFT, _SECTION_MM, _BETWEEN = 9.0, 46.0, 6.0
_PIXELS = 300
_MARGIN_MM = 10.0
_SHOWN_BEYOND_MM = 12.0
_FLAT = 0.3

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Section:
    """Unit LPS vectors of a section's columns (to the right) and rows (downwards), its centre and its edge in mm."""

    right: FloatArray
    down: FloatArray
    centre: FloatArray
    edge_mm: float

    def at(self, points: FloatArray) -> FloatArray:
        """Points [n, 3] as fractions of the edge [n, 2]."""
        offset = points - self.centre
        return np.stack([offset @ self.right, offset @ self.down], axis=-1) / self.edge_mm + 0.5

    def sampled(self, array: npt.NDArray[np.float32], volume: Volume | Mask, outside: float) -> npt.NDArray[np.float32]:
        """Values at the pixel centres [row, column], linear between voxels."""
        steps = ((np.arange(_PIXELS) + 0.5) / _PIXELS - 0.5) * self.edge_mm
        points = self.centre + steps[:, None, None] * self.down + steps[None, :, None] * self.right
        index = np.moveaxis(volume.geometry.to_index(points), -1, 0)
        return np.asarray(scipy.ndimage.map_coordinates(array, index, order=1, cval=outside), dtype=np.float32)


def vessel_contact_figure(
    found: VesselContact,
    tumour: Mask,
    *,
    title: str,
    width_mm: float,
    image: Volume | None = None,
    window: tuple[float, float] = (-60.0, 240.0),
) -> Figure:
    """Left: the wall laid flat with bands of distance to the tumour, below it the angle. Right: the worst section.

    ``image``: CT or MR behind the section, shown in ``window``.
    """
    canvas = Canvas(width_mm, _HEIGHT)
    gaps = gaps_of(found.beside)
    rings = _shown(found)
    plane = _plane(found)
    scale = (width_mm - _LEFT - _BETWEEN - _SECTION_MM) / max(_length(found, rings), 1.0)
    _draw_map(canvas, found, gaps, rings, scale, plane)
    _draw_profile(canvas, found, rings, scale)
    _draw_section(canvas, found, gaps, tumour, plane, width_mm - _SECTION_MM, image, window)
    _draw_key(canvas, _LEFT)
    return Figure(
        name=f"vessel-contact-{found.vessel}",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=_HEIGHT,
        alt=f"{title}: {_words(found)}.",
        title=title,
        caption=(
            "Left: the wall laid flat, seen from the tumour; below, the angle of contact at 1.0 mm. Right: the section "
            "perpendicular to the vessel with the largest angle; red: wall in contact.",
        ),
    )


def _words(found: VesselContact) -> str:
    low, high = found.spread.degrees
    return (
        f"{found.category}, {found.contact.degrees_max:.0f} degrees ({low:.0f} to {high:.0f}) at 1.0 mm, "
        f"over {found.contact.length_mm['any']:.0f} mm"
    )


def _shown(found: VesselContact) -> slice:
    """Rings with contact and some millimetres more on either side."""
    arc = found.beside.wall.arc_mm
    touched = np.flatnonzero(found.by_tolerance[max(TOLERANCES_MM)].degrees > 0)
    ends = (touched[0], touched[-1]) if len(touched) else (found.contact.worst_ring,) * 2
    first = int(np.searchsorted(arc, arc[ends[0]] - _SHOWN_BEYOND_MM))
    return slice(first, int(np.searchsorted(arc, arc[ends[1]] + _SHOWN_BEYOND_MM)))


def _length(found: VesselContact, rings: slice) -> float:
    arc = found.beside.wall.arc_mm[rings]
    return float(arc[-1] - arc[0])


def _plane(found: VesselContact) -> _Section:
    """The section of the worst ring as a reader looks at it: the patient's right on the left, the front above."""
    wall, ring = found.beside.wall, found.contact.worst_ring
    tangent = wall.tangents[ring]
    left, back, head = np.eye(3)
    right = left - (left @ tangent) * tangent
    if np.linalg.norm(right) < _FLAT:
        right = back - (back @ tangent) * tangent
    right = right / np.linalg.norm(right)
    down = np.cross(tangent, right)
    towards = back if abs(down @ back) >= _FLAT else -head
    down = down * (1.0 if down @ towards >= 0 else -1.0)
    edge = 2 * (float(np.nanmax(wall.radius_mm[ring])) + _MARGIN_MM)
    return _Section(right, down, wall.centres[ring], edge)


def _turned(found: VesselContact, plane: _Section) -> tuple[int, int]:
    """The ray that points up in the section, and the step (1 or -1) that goes clockwise there."""
    rays = found.beside.wall.directions[found.contact.worst_ring]
    up = int(np.argmax(-(rays @ plane.down)))
    quarter = rays[(up + len(rays) // 4) % len(rays)]
    return up, 1 if quarter @ plane.right > 0 else -1


def _draw_map(
    canvas: Canvas, found: VesselContact, gaps: FloatArray, rings: slice, scale: float, plane: _Section
) -> None:
    count = gaps.shape[1]
    up, step = _turned(found, plane)
    # The middle of the map is the side of the tumour, so that no contact is cut in two where it need not be.
    touching = np.flatnonzero(gaps[found.contact.worst_ring] <= found.contact.tolerance_mm)
    angles = 2 * np.pi * ((touching - up) * step % count) / count
    middle = (
        int(np.round(np.arctan2(np.sin(angles).sum(), np.cos(angles).sum()) / (2 * np.pi) * count))
        if len(angles)
        else 0
    )
    rows = np.arange(count) - count // 2 + middle
    order = (up + step * rows) % count
    finer = scipy.ndimage.zoom(gaps[rings][:, order].T, (3, 8), order=1, mode="nearest", grid_mode=True)
    mouths = scipy.ndimage.zoom(found.beside.open_[rings][:, order].T, (3, 8), order=0, mode="nearest", grid_mode=True)
    length = _length(found, rings)
    canvas.image(_LEFT, _MAP_TOP, length * scale, _MAP_HEIGHT, data_address(_bands(finer, mouths)))
    names = _letters(plane)
    for quarter in range(4):
        row = (quarter * count // 4 - middle + count // 2) % count
        y = _MAP_TOP + _MAP_HEIGHT * row / count
        canvas.line(_LEFT - 1.0, y, _LEFT, y, stroke=_PALE, width=0.25)
        canvas.text(_LEFT - 1.6, y + 0.8, names[quarter], size=2.2, fill=_GREY, anchor="end")
    x = _LEFT + (found.beside.wall.arc_mm[found.contact.worst_ring] - found.beside.wall.arc_mm[rings][0]) * scale
    canvas.line(x, _MAP_TOP, x, _PROFILE_TOP + _PROFILE_HEIGHT, stroke=_INK, width=0.25, dash="0.8 0.6")


def _bands(gaps: FloatArray, open_: npt.NDArray[np.bool_]) -> Bytes:
    """Colours [angle, ring, 3] of the bands of distance; grey where a mouth leaves no wall."""
    picture = np.empty((*gaps.shape, 3), dtype=np.uint8)
    picture[:] = _rgb(_FREE)
    for tolerance, colour in reversed(list(zip(TOLERANCES_MM, _BANDS, strict=True))):
        picture[gaps <= tolerance] = _rgb(colour)
    picture[open_] = _rgb(_OPEN)
    return picture


def _letters(plane: _Section) -> tuple[str, str, str, str]:
    """What lies above, to the right, below and to the left in the section."""
    return tuple(_letter(one) for one in (-plane.down, plane.right, plane.down, -plane.right))  # type: ignore[return-value]


def _letter(direction: FloatArray) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return ("RL", "AP", "FH")[axis][int(direction[axis] > 0)]


def _draw_profile(canvas: Canvas, found: VesselContact, rings: slice, scale: float) -> None:
    arc = found.beside.wall.arc_mm[rings]
    degrees = found.contact.degrees[rings]
    bottom = _PROFILE_TOP + _PROFILE_HEIGHT
    right = _LEFT + (arc[-1] - arc[0]) * scale
    for level in (0, 90, 180, 270, 360):
        y = bottom - _PROFILE_HEIGHT * level / 360
        ink, dash = (_GREY, "1 0.8") if level == 180 else (_FAINT, "")
        canvas.line(_LEFT, y, right, y, stroke=ink, width=0.2, dash=dash)
        if level in (0, 180, 360):
            canvas.text(_LEFT - 1.0, y + 0.8, f"{level}°", size=2.1, fill=_GREY, anchor="end")
    points = [
        (_LEFT + (at - arc[0]) * scale, bottom - _PROFILE_HEIGHT * value / 360)
        for at, value in zip(arc, degrees, strict=True)
    ]
    canvas.path(polyline(points, closed=False), stroke=_BANDS[0], width=0.45)
    for at in np.arange(0.0, arc[-1] - arc[0] + 0.1, 10.0):
        canvas.text(_LEFT + at * scale, bottom + 3.0, f"{at:.0f}", size=2.1, fill=_GREY, anchor="middle")
    canvas.text(
        right, bottom + 6.0, f"mm along the vessel, towards {_ends(found, rings)}", size=2.1, fill=_GREY, anchor="end"
    )


def _ends(found: VesselContact, rings: slice) -> str:
    """Where the vessel goes from left to right of the map."""
    centres = found.beside.wall.centres[rings]
    along = _letter(centres[-1] - centres[0])
    return {"R": "the right", "L": "the left", "A": "the front", "P": "the back", "F": "the feet", "H": "the head"}[
        along
    ]


def _draw_section(
    canvas: Canvas,
    found: VesselContact,
    gaps: FloatArray,
    tumour: Mask,
    plane: _Section,
    x: float,
    image: Volume | None,
    window: tuple[float, float],
) -> None:
    top = _MAP_TOP
    if image is None:
        canvas.add("rect", x=x, y=top, width=_SECTION_MM, height=_SECTION_MM, fill=_FREE)
    else:
        shown = plane.sampled(image.array.astype(np.float32), image, window[0])
        canvas.image(x, top, _SECTION_MM, _SECTION_MM, data_address(grey(windowed(shown, *window))))
    values = plane.sampled(tumour.array.astype(np.float32), tumour, 0.0)
    for line in outline_of_values(scipy.ndimage.gaussian_filter(values, 2.0)):
        _draw_line(canvas, line, x, top, _TUMOUR, 0.5)
    ring = found.contact.worst_ring
    places = plane.at(found.beside.wall.points[ring])
    _draw_line(
        canvas, [(float(a), float(b)) for a, b in (*places, places[0])], x, top, "#FFFFFF" if image else _GREY, 0.4
    )
    for run in _runs(gaps[ring] <= found.contact.tolerance_mm):
        _draw_line(canvas, [(float(a), float(b)) for a, b in places[run]], x, top, _CONTACT, 1.0)
    ink, halo = ("#FFFFFF", "#16191C") if image is not None else (_GREY, "")
    up, _, _, left = _letters(plane)
    canvas.text(x + _SECTION_MM / 2, top + 3.0, up, size=2.4, fill=ink, anchor="middle", halo=halo)
    canvas.text(x + 1.0, top + _SECTION_MM / 2 + 0.8, left, size=2.4, fill=ink, halo=halo)
    draw_scale_bar(canvas, x + 2, top + _SECTION_MM - 2, plane.edge_mm, _SECTION_MM / plane.edge_mm, ink, 2.2, halo)
    canvas.text(x, top - 1.4, f"{found.contact.degrees_max:.0f}° at 1.0 mm", size=2.4, fill=_INK, weight=600)
    low, high = found.spread.degrees
    canvas.text(x + _SECTION_MM, top - 1.4, f"95 %: {low:.0f}–{high:.0f}°", size=2.2, fill=_GREY, anchor="end")
    canvas.text(x, top + _SECTION_MM + 3.4, found.category.capitalize(), size=2.3, fill=_INK, weight=600)
    canvas.text(x, top + _SECTION_MM + 6.4, found.neighbouring_words, size=2.1, fill=_GREY)
    canvas.add(
        "line",
        x1=x + 33,
        y1=top + _SECTION_MM + 2.7,
        x2=x + 36,
        y2=top + _SECTION_MM + 2.7,
        stroke=_TUMOUR,
        stroke_width=0.6,
    )
    canvas.text(x + 37, top + _SECTION_MM + 3.4, "tumour", size=2.1, fill=_GREY)


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
