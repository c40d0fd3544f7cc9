"""The liver by segment: three axial planes and a coronal one with segments and tumours, and their volumes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from isletscope.report.figures.planes import EDGE_LETTERS, Plane, outline
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.surgery import SEGMENT_NAMES, LiverMap

_FILLS = ("#D9D9D9", "#F4CFA3", "#F7E3A1", "#CFE3B4", "#B5DDD1", "#B3D4EC", "#BFC4E6", "#DEC3E0")
_EDGE, _TUMOUR, _INK = "#5B6670", "#9C2A2A", "#16191C"
_TILE_MM, _GAP_MM, _TABLE_MM, _ROW_MM = 42.0, 3.0, 58.0, 4.2
_AXIAL_SHARES = (0.75, 0.5, 0.25)
_LEAST_NAMED = 0.006
_PIXELS = 220
MAP_SIZE_MM = (2 * (_TILE_MM + _GAP_MM) + _TABLE_MM, 2 * (_TILE_MM + _GAP_MM))
"""Width and height of the picture."""


def liver_segment_figure(liver: LiverMap) -> str:
    """SVG of the map: planes at 75, 50 and 25 % of the liver's height, its middle coronal plane, and the table."""
    points = liver.liver.geometry.to_lps(np.argwhere(liver.liver.array))
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    edge = float((high - low).max()) * 1.2
    heights = [low[2] + share * (high[2] - low[2]) for share in _AXIAL_SHARES]
    planes = [Plane("axial", (middle[0], middle[1], float(height)), edge, _PIXELS) for height in heights]
    planes.append(Plane("coronal", (middle[0], float(np.median(points[:, 1])), middle[2]), edge, _PIXELS))
    canvas = Canvas(*MAP_SIZE_MM)
    for n, plane in enumerate(planes):
        _draw_plane(canvas, liver, plane, (n % 2) * (_TILE_MM + _GAP_MM), (n // 2) * (_TILE_MM + _GAP_MM))
    _draw_table(canvas, liver, 2 * (_TILE_MM + _GAP_MM))
    return canvas.markup()


def _draw_plane(canvas: Canvas, liver: LiverMap, plane: Plane, x: float, y: float) -> None:
    geometry = liver.liver.geometry
    canvas.add("rect", x=x, y=y, width=_TILE_MM, height=_TILE_MM, fill="#FFFFFF", stroke="#D5DADE", stroke_width=0.15)
    names: list[tuple[float, float, str]] = []
    for segment in range(1, 9):
        for line in outline(liver.segments == segment, geometry, plane):
            at = [(x + _TILE_MM * a, y + _TILE_MM * b) for a, b in line]
            canvas.path(polyline(at, closed=True), stroke=_EDGE, width=0.2, fill=_FILLS[segment - 1])
            corners = np.asarray(line)
            if _area(corners) > _LEAST_NAMED:
                across, down = corners.mean(axis=0)
                names.append((x + _TILE_MM * across, y + _TILE_MM * down, SEGMENT_NAMES[segment - 1]))
    for line in outline(liver.tumour, geometry, plane):
        at = [(x + _TILE_MM * a, y + _TILE_MM * b) for a, b in line]
        canvas.path(polyline(at, closed=True), stroke=_TUMOUR, width=0.3, fill="#C9605A")
    for across, down, name in names:
        canvas.text(across, down + 0.9, name, size=2.6, anchor="middle", weight=600, halo="#FFFFFF")
    left, top = EDGE_LETTERS[plane.view]
    canvas.text(x + 0.8, y + _TILE_MM / 2, left, size=2.2, fill=_EDGE)
    canvas.text(x + _TILE_MM / 2, y + 2.6, top, size=2.2, fill=_EDGE, anchor="middle")
    level = plane.centre_lps_mm[2 if plane.view == "axial" else 1]
    letter = "z" if plane.view == "axial" else "y"
    label = f"{plane.view}, {letter} {level:.0f} mm".replace("-", "\N{MINUS SIGN}")
    canvas.text(x + 0.8, y + _TILE_MM - 1.0, label, size=2.0, fill=_EDGE)


def _area(corners: npt.NDArray[np.float64]) -> float:
    """Area inside a closed line as a share of the plane."""
    across, down = corners[:, 0], corners[:, 1]
    return float(abs(across @ np.roll(down, 1) - down @ np.roll(across, 1)) / 2)


def _draw_table(canvas: Canvas, liver: LiverMap, x: float) -> None:
    columns = (x + 24, x + 38, x + 55)
    every, tumour = liver.by_segment_ml(), liver.by_segment_ml(liver.tumour)
    y = 4.0
    canvas.text(x + 1, y, "Segment", size=2.4, weight=600)
    for column, title in zip(columns, ("mL", "% of liver", "lesions mL"), strict=True):
        canvas.text(column, y, title, size=2.4, weight=600, anchor="end")
    total = liver.volume_ml()
    rows = [(SEGMENT_NAMES[n - 1], every[n], tumour[n], _FILLS[n - 1]) for n in range(1, 9)]
    for name, volume, in_it, fill in [*rows, ("Liver", total, liver.tumour_ml, "")]:
        y += _ROW_MM
        if fill:
            canvas.add("rect", x=x + 1, y=y - 2.3, width=3, height=2.8, fill=fill, stroke=_EDGE, stroke_width=0.15)
        else:
            canvas.line(x + 1, y - 3, x + 55, y - 3, stroke=_EDGE, width=0.2)
        canvas.text(x + (5.5 if fill else 1), y, name, size=2.4, weight=400 if fill else 600)
        values = (f"{volume:.0f}", f"{100 * volume / total:.0f}", f"{in_it:.1f}")
        for column, text in zip(columns, values, strict=True):
            canvas.text(column, y, text, size=2.4, anchor="end", weight=400 if fill else 600)
    notes = [f"Segments from: {liver.source.value}", f"Liver without lesions {liver.functional_ml:.0f} mL"]
    for note in (*notes, *liver.flags, "Volume is not function."):
        y += _ROW_MM
        canvas.text(x + 1, y, note, size=2.2, fill=_INK)
