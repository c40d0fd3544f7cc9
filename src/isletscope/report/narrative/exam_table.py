"""The exams of the header: what was done when, how, and with which limits."""

from __future__ import annotations

from isletscope.model import Exam, ExamKind, Role, Series, Severity
from isletscope.report import format as fmt
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.words import words

_COLUMNS = ("exam", "date", "technique", "quality and limits")
_EXPECTED = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
_UNTOLD = (Role.LOCALIZER, Role.DERIVED, Role.OTHER, Role.PET_UNCORRECTED)


def exam_table(known: Known) -> NarrativeTable:
    """One row for each exam by date, prior time points named, expected PETs that were not done last."""
    rows = [_row(known, exam) for exam in sorted(known.view.exams, key=lambda one: one.date or "")]
    if known.earlier is not None:
        rows.append(_prior(known.earlier))
    rows += [_not_done(kind) for kind in _EXPECTED if not known.view.done(kind)]
    return NarrativeTable("exams", "Exams", _COLUMNS, tuple(rows))


def _row(known: Known, exam: Exam) -> Row:
    behind = (f"exam/{exam.key}",)
    cells = (
        Cell(exam.title, "", behind),
        Cell(fmt.day(exam.date), "", behind),
        Cell(_technique(exam) or "not in the headers", "", behind),
        Cell(_quality(known, exam), "", behind),
    )
    return Row(exam.key, cells)


def _technique(exam: Exam) -> str:
    parts = [_pet(one) for one in exam.series if one.role is Role.PET]
    roles = dict.fromkeys(
        one.role for one in exam.series if one.role is not Role.PET and one.role not in _UNTOLD and one.usable
    )
    named = [_role(role) for role in roles]
    return "; ".join(filter(None, [*dict.fromkeys(parts), ", ".join(dict.fromkeys(named))]))


def _role(role: Role) -> str:
    """A series without its modality, which the exam's title gives."""
    if role is Role.CT_LOW_DOSE:
        return "low-dose CT"
    return words().roles[role].removeprefix("CT, ").removeprefix("MRI, ").removeprefix("MRI ")


def _pet(series: Series) -> str:
    found = series.quantification
    if found is None:
        return ""
    parts = [
        f"{fmt.number(found.injected_activity_mbq, 0)}{fmt.NO_BREAK}MBq" if found.injected_activity_mbq else "",
        f"uptake {fmt.number(found.uptake_minutes, 0)}{fmt.NO_BREAK}min" if found.uptake_minutes else "",
    ]
    return ", ".join(filter(None, parts))


def _quality(known: Known, exam: Exam) -> str:
    """Limits of this exam, those of its SUV included; without any, what the item says of all exams together."""
    problems = list(dict.fromkeys(problem for series in exam.series for problem in _problems(series)))
    if problems:
        more = f"; {len(problems) - 1} more" if len(problems) > 1 else ""
        return f"limits: {problems[0]}{more}"
    told = known.told("CTX.quality")
    if told is None:
        return "not judged"
    if told.value == "diagnostic":
        return f"diagnostic{told.mark}"
    return "no limit found"


def _problems(series: Series) -> list[str]:
    suv = series.quantification.findings if series.quantification and series.role is Role.PET else []
    return [one.problem.rstrip(".") for one in (*series.findings, *suv) if one.severity is not Severity.INFO]


def _prior(earlier: Known) -> Row:
    exams = earlier.exams(earlier.kinds)
    cells = (
        Cell(f"Prior: {exams.text}", "", exams.rests_on),
        Cell(fmt.day(earlier.view.point.date), "", exams.rests_on),
        Cell("see its own report"),
        Cell("see its own report"),
    )
    return Row(earlier.view.point.name, cells)


def _not_done(kind: ExamKind) -> Row:
    name = vocabulary().exams[kind]
    return Row(name, (Cell(name), Cell("not done"), Cell("not applicable"), Cell("not applicable")))
