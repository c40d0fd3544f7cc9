"""The imaging plan as text for the terminal, as Markdown, and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

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
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1d2733; background: #fff; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; border-bottom: 1px solid #c9d2dc; margin-top: 2rem; }
h3 { font-size: 1.05rem; margin-bottom: .2rem; } h4 { font-size: .95rem; margin: .6rem 0 0; color: #43536a; }
ul { margin: .2rem 0; padding-left: 1.2rem; } footer { margin-top: 2rem; color: #43536a; font-size: .9rem; }
@media print { body { margin: 0; max-width: none; } h3 { break-after: avoid; } }
"""


@dataclass(frozen=True)
class Block:
    """A heading of some level with its lines."""

    level: int
    heading: str
    lines: tuple[str, ...] = ()


def plan_text(plan: ImagingPlan, *, full: bool = False) -> str:
    """For the terminal: the order of exams with reasons and cautions; with ``full`` everything."""
    parts = [_title(plan)]
    for block in plan_blocks(plan, full=full):
        indent = "  " * (block.level - 2)
        parts.append(f"\n{indent}{block.heading}" if block.level < 4 else f"{indent}{block.heading}")
        parts += [f"{indent}  - {line}" for line in block.lines]
    return "\n".join([*parts, "", FOOTER, ""])


def plan_markdown(plan: ImagingPlan, *, full: bool = False) -> str:
    """As Markdown, always complete; ``full`` changes nothing."""
    parts = [f"# {_title(plan)}"]
    for block in plan_blocks(plan, full=True):
        parts += ["", f"{'#' * block.level} {_plain(block.heading)}", ""]
        parts += [f"- {_plain(line)}" for line in block.lines]
    return "\n".join([*parts, "", f"*{FOOTER}*", ""])


def plan_html(plan: ImagingPlan, *, full: bool = False) -> str:
    """As one HTML page, always complete; all text is escaped."""
    parts = [Markup("<h1>{}</h1>").format(_title(plan))]
    for block in plan_blocks(plan, full=True):
        parts.append(Markup("<h{0}>{1}</h{0}>").format(block.level, block.heading))
        if block.lines:
            items = Markup("").join(Markup("<li>{}</li>").format(line) for line in block.lines)
            parts.append(Markup("<ul>{}</ul>").format(items))
    body = Markup("\n").join(parts)
    head = Markup('<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{}</title>').format(_title(plan))
    view = Markup('<meta name="viewport" content="width=device-width, initial-scale=1">')
    style = Markup("<style>") + Markup(_STYLE) + Markup("</style></head>\n<body><main>\n")
    return str(
        head + view + style + body + Markup("\n</main><footer>{}</footer></body></html>\n").format(escape(FOOTER))
    )


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


def _title(plan: ImagingPlan) -> str:
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
