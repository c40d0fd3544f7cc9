"""The choice between tumour cleared and liver kept: the plans that no other one betters in both, and the limits."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.model import FrontPoint, LiverPlan
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import ACCENT, FAINT, GREY, INK, OPEN, SIZE, SMALL
from isletscope.report.figures.svg import Canvas, polyline

_WIDTH, _HEIGHT = 178.0, 66.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 14.0, 3.0, 5.0, 10.0
_GOALS = (70.0, 90.0)
_TICKS = (0, 20, 40, 60, 80, 100)


def plan_front_figure(plan: LiverPlan) -> Figure | None:
    """Percent of the tumour cleared (across) against percent of the liver kept (up); None without two plans."""
    if len(plan.front) < 2:
        return None
    canvas = Canvas(_WIDTH, _HEIGHT)
    _draw_axes(canvas)
    least = 100 * plan.least.least_ml / plan.functional_ml
    _draw_least(canvas, least, plan)
    for goal in _GOALS:
        canvas.line(_x(goal), _TOP, _x(goal), _HEIGHT - _BOTTOM, stroke=GREY, width=0.2, dash="1 0.8")
        canvas.text(_x(goal), _TOP - 1.2, f"{goal:.0f}", size=SMALL, fill=GREY, anchor="middle")
    _draw_steps(canvas, plan.front)
    _draw_best(canvas, plan)
    said = "; ".join(
        f"{fmt.number(one.cleared_percent, 0)} % cleared, {fmt.number(one.remnant_percent, 0)} % kept"
        for one in plan.front[:12]
    )
    alt = f"Tumour cleared against liver kept, {len(plan.front)} plans: {said}."
    return Figure("plan-front", canvas.markup(), _WIDTH, _HEIGHT, alt)


def _x(percent: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * percent / 100


def _y(percent: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * percent / 100


def _draw_axes(canvas: Canvas) -> None:
    for tick in _TICKS:
        canvas.line(_x(0), _y(tick), _x(100), _y(tick), stroke=FAINT, width=0.2)
        canvas.text(_LEFT - 1.2, _y(tick) + 0.8, str(tick), size=SIZE, fill=GREY, anchor="end")
        canvas.text(_x(tick), _HEIGHT - _BOTTOM + 3.4, str(tick), size=SIZE, fill=GREY, anchor="middle")
    canvas.line(_x(0), _y(0), _x(100), _y(0), stroke=GREY, width=0.25)
    canvas.text(_x(50), _HEIGHT - 1.4, "tumour cleared, %", size=SIZE, fill=INK, anchor="middle")
    canvas.text(0, 2.6, "liver without tumour kept, %", size=SIZE, fill=INK)


def _draw_least(canvas: Canvas, least: float, plan: LiverPlan) -> None:
    """The liver that has to stay, as a band that no plan may enter."""
    shown = min(least, 100.0)
    canvas.add("rect", x=_x(0), y=_y(shown), width=_x(100) - _x(0), height=_y(0) - _y(shown), fill="#F6E9E0")
    canvas.line(_x(0), _y(shown), _x(100), _y(shown), stroke=OPEN, width=0.3)
    words = f"at least {fmt.number(plan.least.least_ml, 0)} mL has to stay"
    canvas.text(_x(1), _y(shown) + 3.0, words, size=SMALL, fill=OPEN)


def _draw_steps(canvas: Canvas, points: Sequence[FrontPoint]) -> None:
    """A staircase: for a little more tumour the next plan has to be paid in full."""
    line: list[tuple[float, float]] = []
    for one, following in zip(points, [*points[1:], points[-1]], strict=True):
        line += [(_x(one.cleared_percent), _y(one.remnant_percent))]
        line += [(_x(one.cleared_percent), _y(following.remnant_percent))]
    canvas.path(polyline(line, closed=False), stroke=ACCENT, width=0.3)
    for one in points:
        canvas.add("circle", cx=_x(one.cleared_percent), cy=_y(one.remnant_percent), r=0.75, fill=ACCENT)


def _draw_best(canvas: Canvas, plan: LiverPlan) -> None:
    best = plan.best
    kept = 100 * best.remnant_ml / plan.functional_ml
    x, y = _x(best.cleared_percent), _y(kept)
    canvas.add("circle", cx=x, cy=y, r=1.7, fill="none", stroke=INK, stroke_width=0.4)
    to_left = best.cleared_percent > 55
    words = f"plan: {fmt.number(best.cleared_percent, 1)} % cleared, {fmt.number(kept, 1)} % kept"
    canvas.text(
        x - 2.4 if to_left else x + 2.4, y - 2.2, words, size=SIZE, fill=INK, weight=600, halo="#FFFFFF",
        anchor="end" if to_left else "start",
    )  # fmt: skip
