"""The liver by segments: parenchyma, lesions, tumour and their sum, with the remnant below where a plan has one."""

from __future__ import annotations

from isletscope.assessment import liver_findings
from isletscope.model import Compartment, Measurement
from isletscope.report import format as fmt
from isletscope.report.narrative.cells import Reasons
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row, Sentence
from isletscope.report.narrative.phrases import tell

_COLUMNS = ("segment", "parenchyma mL", "lesions", "tumour mL", "segment total mL")


def liver_table(known: Known) -> NarrativeTable | None:
    """The table of the exam that the rules read by segments; None when there is none."""
    found = next((one for one in liver_findings(known.view) if one.segments), None)
    if found is None:
        return None
    reasons = Reasons()
    rows = []
    sums = [0.0, 0.0]
    whole = True
    counts = [lesion.place.region for lesion in known.view.of(Compartment.LIVER)]
    for one in sorted(found.segments, key=lambda segment: segment.segment):
        behind = tuple(f"liver/{found.exam_key}/segment/{one.segment}/{name}" for name in ("parenchyma", "tumour"))
        values = [one.parenchyma.value, one.tumour.value]
        if None in values:
            whole = False
        sums = [total + (value or 0.0) for total, value in zip(sums, values, strict=True)]
        rows.append(
            Row(
                one.segment,
                (
                    Cell(one.segment),
                    _cell(reasons, one.parenchyma, behind[0]),
                    Cell(str(counts.count(one.segment)), "", tuple(_behind(known, one.segment))),
                    _cell(reasons, one.tumour, behind[1]),
                    _total(reasons, values, behind),
                ),
            )
        )
    if whole:
        rows.append(_sum(found.exam_key, sums, counts))
    notes = [*reasons.notes(), tell("tables.rounded", f"liver/{found.exam_key}"), *_remnant(known)]
    return NarrativeTable("liver", "Liver segments and FLR", _COLUMNS, tuple(rows), tuple(notes))


def _behind(known: Known, segment: str) -> list[str]:
    return [f"lesion/{one.id}" for one in known.view.of(Compartment.LIVER) if one.place.region == segment]


def _cell(reasons: Reasons, found: Measurement, behind: str) -> Cell:
    if found.value is None:
        return reasons.missing(f"not assessable because {found.missing_because}", behind)
    return Cell(_volume(found.value), "~" if found.limitation else "", (behind,))


def _volume(value_ml: float) -> str:
    return "0" if value_ml == 0 else fmt.volume(value_ml)


def _total(reasons: Reasons, values: list[float | None], behind: tuple[str, ...]) -> Cell:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return reasons.missing("a part of the sum is missing", *behind)
    return Cell(_volume(sum(known)), "", behind)


def _sum(exam_key: str, sums: list[float], counts: list[str]) -> Row:
    behind = (f"liver/{exam_key}",)
    placed = str(sum(region.isdigit() for region in counts))
    cells = (
        Cell("all"),
        Cell(_volume(sums[0]), "", behind),
        Cell(placed, "", behind),
        Cell(_volume(sums[1]), "", behind),
        Cell(_volume(sum(sums)), "", behind),
    )
    return Row("all", cells)


def _remnant(known: Known) -> list[Sentence]:
    found = known.asked("remnant")
    if found is None or (found.value is None and any(one.startswith("a plan") for one in found.missing)):
        return [tell("tables.no_plan", f"time_point/{known.view.point.name}")]
    if found.value is None:
        needed = ", ".join(found.missing[:3])
        return [tell("tables.remnant_missing", "conclusion/remnant", needed=needed)]
    return [tell("tables.remnant", "conclusion/remnant", because=found.because.rstrip("."))]
