"""A plan of cytoreduction on the terminal: in words, what stays, the choice between tumour cleared and liver kept."""

from __future__ import annotations

from rich.table import Table

from isletscope.cli.console import Console
from isletscope.model import LiverPlan, PlanOption

_WEIGHTS = {"volume": "of the tumour volume", "sstr": "of the SSTR volume", "fdg": "of the FDG volume"}


def show_plan(console: Console, plan: LiverPlan) -> None:
    """The best plan, the remnant, the goals, the front, lesions left, and all that was assumed."""
    best = plan.best
    console.say(_headline(plan))
    console.say("")
    console.show(_procedures(best))
    console.show(_remnant(plan))
    told: dict[tuple[str, ...], list[str]] = {}
    for goal in plan.goals:
        if not goal.reached:
            told.setdefault(tuple(goal.forbids), []).append(f"{goal.goal_percent:g} %")
    for forbids, goals in told.items():
        console.say(f"{' and '.join(goals)} out of reach: {'; '.join(forbids)}.")
    console.say("")
    console.show(_front(plan))
    if best.left:
        console.show(_left(best))
    for one in plan.what_if:
        console.say(f"What if: {one.words}")
    for missing in plan.lacking:
        console.say(f"Missing: {missing}.")
    console.say(" ".join(plan.assumptions))
    console.say("Decision support for a tumour board, not an order.")


def _headline(plan: LiverPlan) -> str:
    best = plan.best
    count = len(best.cleared) + len(best.left)
    proof = "no better plan exists under these rules" if best.proven else f"not proven, gap {100 * best.gap:.1f} %"
    reached = any(one.reached and one.goal_percent == plan.goal_percent for one in plan.goals)
    start, which = ("Best plan for", "it") if reached else ("No plan reaches", "the one that clears most")
    return (
        f"{start} {plan.goal_percent:g} % {_WEIGHTS[plan.weight]}; {which} clears {best.cleared_percent:.1f} % "
        f"({len(best.cleared)} of {count} lesions), takes {best.liver_taken_ml:.0f} mL and "
        f"leaves {best.remnant_ml:.0f} mL of liver; {proof}."
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        numeric = column.endswith(("mL", "%")) or column == "procedures"
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    return table


def _procedures(best: PlanOption) -> Table:
    table = _table("Procedures", "kind", "name", "segments", "clears", "liver mL")
    for one in best.procedures:
        table.add_row(one.kind, one.name, ", ".join(one.segments), ", ".join(one.lesions), f"{one.parenchyma_ml:.0f}")
    if not best.procedures:
        table.add_row("none", "", "", "", "0")
    return table


def _remnant(plan: LiverPlan) -> Table:
    least, best = plan.least, plan.best
    table = _table("Liver that stays", "measure", "plan %", "least %", "least mL")
    rows = (
        ("rFLR, of the measured liver without tumour", best.rflr_percent, least.rflr_percent, least.rflr_ml),
        (f"sFLR, of the expected liver ({plan.formula})", best.sflr_percent, least.sflr_percent, least.sflr_ml),
    )
    for name, value, minimum, volume in rows:
        table.add_row(name, *(_shown(one, digits) for one, digits in ((value, 1), (minimum, 0), (volume, 0))))
    return table


def _shown(value: float | None, digits: int) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"


def _front(plan: LiverPlan) -> Table:
    table = _table("Tumour cleared against liver kept", "cleared %", "liver kept %", "procedures", "what")
    for point in plan.front:
        table.add_row(f"{point.cleared_percent:.1f}", f"{point.remnant_percent:.1f}", f"{point.count}", point.words)
    return table


def _left(best: PlanOption) -> Table:
    table = _table("Lesions left", "lesion", "volume mL", "why no procedure of its own", "else reached by")
    for one in best.left:
        because = "; ".join(one.because) or "not needed for this goal, or no room in the limits"
        table.add_row(one.lesion, f"{one.volume_ml:.1f}", because, "; ".join(one.reached_by) or "not known")
    return table
