"""Scale bars and colour bars."""

from __future__ import annotations

from isletscope.report.figures.svg import Canvas

_LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def bar_length_mm(shown_mm: float) -> int:
    """The longest round length that takes at most two fifths of the width shown."""
    fitting = [length for length in _LENGTHS_MM if length <= 0.4 * shown_mm]
    return fitting[-1] if fitting else _LENGTHS_MM[0]


def draw_scale_bar(
    canvas: Canvas, x: float, y: float, shown_mm: float, scale: float, ink: str, size: float, halo: str = ""
) -> None:
    """A bar with its length in words; ``scale`` is print mm per patient mm, ``y`` the height of the bar."""
    length = bar_length_mm(shown_mm)
    width = length * scale
    for stroke, thickness in ((halo, 0.75), (ink, 0.35)):
        if not stroke:
            continue
        canvas.line(x, y, x + width, y, stroke=stroke, width=thickness)
        for end in (x, x + width):
            canvas.line(end, y - 0.6, end, y + 0.6, stroke=stroke, width=thickness)
    canvas.text(x, y - 1.0, f"{length} mm", size=size, fill=ink, halo=halo)
