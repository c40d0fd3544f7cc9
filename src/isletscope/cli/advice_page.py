"""The imaging plan as text for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from isletscope.criteria import ImagingPlan, Recommendation, Statement
from isletscope.model import Support

FOOTER = "Research use; not a medical device. The plan supports and never replaces the decision of the physicians."
ROLES = {
    "first": "First line",
    "add": "Add",
    "problem_solver": "Problem solver",
    "avoid": "Avoid",
}
_MARKS = {
    Support.VERIFIED: "",
    Support.VERIFIED_SECOND_HAND: " (second hand)",
    Support.RECALL: " (from memory)",
    Support.CONVENTION: " (software convention)",
    Support.COMPUTED: " (computed)",
}


@dataclass(frozen=True)
class Block:
    """A heading of some level with its lines."""

    level: int
    heading: str
    lines: tuple[str, ...] = ()


def plan_text(plan: ImagingPlan, *, full: bool = False) -> str:
    """For the terminal: the order of exams with reasons and cautions; with ``full`` everything."""
    parts = [plan_title(plan)]
    for block in plan_blocks(plan, full=full):
        indent = "  " * (block.level - 2)
        parts.append(f"\n{indent}{block.heading}" if block.level < 4 else f"{indent}{block.heading}")
        parts += [f"{indent}  - {line}" for line in block.lines]
    return "\n".join([*parts, "", FOOTER, ""])


def plan_markdown(plan: ImagingPlan, *, full: bool = False) -> str:
    """As Markdown, always complete; ``full`` changes nothing."""
    parts = [f"# {plan_title(plan)}"]
    for block in plan_blocks(plan, full=True):
        parts += ["", f"{'#' * block.level} {_plain(block.heading)}", ""]
        parts += [f"- {_plain(line)}" for line in block.lines]
    return "\n".join([*parts, "", f"*{FOOTER}*", ""])


def plan_blocks(plan: ImagingPlan, *, full: bool) -> list[Block]:
    """The plan in order: patient, exams by role, exams done, schedule, notes, what is missing, sources."""
    blocks = [Block(2, "Patient and question", _opening(plan))]
    for role, heading in ROLES.items():
        chosen = [item for item in plan.recommendations if item.role == role and item.available]
        if chosen:
            blocks.append(Block(2, heading))
            for item in chosen:
                blocks += _exam_blocks(item, full=full)
    absent = [item for item in plan.recommendations if not item.available and item.role != "avoid"]
    if absent:
        lines = tuple(f"{item.name}: {ROLES[item.role].lower()}. {_joined(item.reasons)}" for item in absent)
        blocks.append(Block(2, "Would help, not available here", lines))
    if plan.done:
        lines = tuple(
            f"{item.name}: {item.finding}{f' on {item.done_on}' if item.done_on else ''}. {_line(item.next_step)}"
            for item in plan.done
        )
        blocks.append(Block(2, "Already done", lines))
    for heading, statements in (("Schedule", plan.schedule), ("Notes", plan.notes)):
        if statements:
            blocks.append(Block(2, heading, _lines(statements)))
    if plan.missing:
        blocks.append(Block(2, "Not given; would make the plan firmer", tuple(plan.missing)))
    return [*blocks, Block(2, "Sources", tuple(plan.citations))] if full else blocks


def plan_title(plan: ImagingPlan) -> str:
    """Title of the plan with the pathways it follows."""
    return f"{plan.title}: {'; '.join(item.title for item in plan.pathways)}"


def _opening(plan: ImagingPlan) -> tuple[str, ...]:
    ways = [f"{item.title}: {item.because}" for item in plan.pathways]
    return (plan.patient, f"Question: {plan.question}", *ways, *_lines(plan.about), f"Plan of {plan.today}")


def _exam_blocks(item: Recommendation, *, full: bool) -> list[Block]:
    number = f"{item.rank}. " if item.rank else ""
    condition = f" ({item.condition})" if item.condition else ""
    blocks = [Block(3, f"{number}{item.name}{condition}", _lines([*item.reasons, *item.yields]))]
    outcomes = tuple(f"If {outcome.finding}: {_line(outcome.next_step)}" for outcome in item.outcomes)
    parts = [("Cautions", _lines(item.cautions))]
    if full:
        parts = [
            ("Protocol", _lines(item.protocol)),
            ("Preparation", _lines(item.preparation)),
            *parts,
            ("What to look for", _lines(item.look_for)),
            ("Next step", outcomes),
        ]
    elif item.rank == 1:
        parts.append(("Next step", outcomes))
    return blocks + [Block(4, heading, lines) for heading, lines in parts if lines]


def _lines(statements: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(_line(statement) for statement in statements)


def _line(statement: Statement) -> str:
    sources = f" [{', '.join(statement.sources)}]" if statement.sources else ""
    mark = "" if statement.unverified else _MARKS[statement.support]
    return f"{statement.printed()}{mark}{sources}"


def _joined(statements: Sequence[Statement]) -> str:
    return " ".join(_line(statement) for statement in statements)


def _plain(text: str) -> str:
    """Text whose signs Markdown would take for its own."""
    for sign in ("\\", "*", "_", "<", "`"):
        text = text.replace(sign, f"\\{sign}")
    return text
