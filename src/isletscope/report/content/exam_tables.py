"""Exams with their series and quality, how values became SUV, and the reference regions."""

from __future__ import annotations

from isletscope.model import (
    Case,
    EntrySubject,
    Exam,
    PetQuantification,
    QualityFinding,
    ReferenceRegion,
    Series,
    Severity,
    State,
)
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, ExamPart, Given, Table
from isletscope.report.content.notes import Notes
from isletscope.report.content.overview import PetView
from isletscope.report.words import words

_COLUMNS_OF_PETS = 3


def exam_parts(case: Case) -> tuple[ExamPart, ...]:
    """One part per exam, by date."""
    ordered = sorted(case.exams, key=lambda exam: (exam.date or "", exam.key))
    return tuple(_exam_part(exam) for exam in ordered)


def _exam_part(exam: Exam) -> ExamPart:
    notes = Notes()
    rows = tuple(_series_row(series, notes) for series in exam.series)
    columns = (
        Column("Series", 38),
        Column("Used as, because", 48),
        Column("Images", 35),
        Column("Quality: found, expected, remedy"),
    )
    table = Table(f"Series of {exam.title}, {fmt.day(exam.date)}", columns, rows, notes.lines(), caption_shown=False)
    scanner = next((s for s in exam.series if s.manufacturer or s.model), None)
    made = f"{scanner.manufacturer} {scanner.model}".strip() if scanner else "scanner not named in the headers"
    return ExamPart(f"{exam.title}, {fmt.day(exam.date)}", Given(made), table)


def _series_row(series: Series, notes: Notes) -> tuple[Cell, ...]:
    number = f", number {series.number}" if series.number is not None else ""
    role = words().roles[series.role] + (notes.enter() if series.role_entered else "")
    tracer = f"{series.tracer.name}: {series.tracer.because}" if series.tracer else ""
    findings = [*series.findings, *(series.quantification.findings if series.quantification else [])]
    unique = list({(f.code, f.problem, f.found): f for f in findings}.values())
    return (
        Cell(f"{series.key}{number}", more=tuple(filter(None, (Given(series.description), series.part or "")))),
        Cell(role, more=tuple(filter(None, (series.role_because, tracer)))),
        _images_cell(series),
        _quality_cell(unique),
    )


def _images_cell(series: Series) -> Cell:
    images = fmt.counted_exactly(series.instance_count, "image")
    if series.grid is None:
        return Cell(images, more=("forms no volume",))
    k, j, i = series.grid.spacing_kji_mm
    shape = f"{series.grid.shape_kji[2]} × {series.grid.shape_kji[1]} × {series.grid.shape_kji[0]}"
    spacing = f"{' × '.join(fmt.significant(value, 3) for value in (i, j, k))} mm"
    return Cell(images, more=(shape, spacing))


def _quality_cell(findings: list[QualityFinding]) -> Cell:
    if not findings:
        return Cell("no finding")
    order = list(Severity)[::-1]
    ordered = sorted(findings, key=lambda finding: order.index(finding.severity))
    worst = ordered[0].severity
    tone = {"error": "blocked", "warning": "open"}.get(worst, "")
    return Cell(words().severities[worst], more=tuple(finding_text(f, under=worst) for f in ordered), tone=tone)


def supplements_table(case: Case) -> Table | None:
    """Segmentations, contours and reports that came with the images; None when there are none."""
    if not case.supplements:
        return None
    rows = tuple(
        (
            Cell(item.kind),
            Cell(Given(item.path_name), more=(Given(item.label),) if item.label else ()),
            Cell(Given(", ".join(item.regions)) if item.regions else "no region named"),
            Cell(_referenced(case, item.referenced_series_uid)),
        )
        for item in case.supplements
    )
    columns = (Column("Kind", 22), Column("File", 56), Column("Regions"), Column("Made on", 40))
    return Table("Segmentations, contours and reports that came with the images", columns, rows)


def _referenced(case: Case, series_uid: str | None) -> str:
    if series_uid is None:
        return "series not named in the file"
    found = [s.key for exam in case.exams for s in exam.series if s.series_uid == series_uid]
    return ", ".join(found) or "a series that is not in the input"


def finding_text(finding: QualityFinding, *, under: Severity | None = None) -> str:
    """A quality finding as one line: severity unless it stands above (``under``), problem, found, expected, remedy."""
    severity = "" if finding.severity is under else f"{words().severities[finding.severity]}: "
    text = f"{severity}{finding.problem.rstrip('.')}"
    if finding.found:
        text += f"; found {finding.found.rstrip('.')}"
    if finding.expected:
        text += f"; expected {finding.expected.rstrip('.')}"
    return f"{text}. {finding.remedy}".strip()


def quantification_tables(case: Case) -> tuple[Table, ...]:
    """How stored values became SUV: one column per PET series, at most three to a table."""
    described = [
        (series, series.quantification)
        for exam in case.exams
        for series in exam.series
        if series.quantification is not None
    ]
    entered = {entry.subject for entry in case.entries}
    chunks = [described[start : start + _COLUMNS_OF_PETS] for start in range(0, len(described), _COLUMNS_OF_PETS)]
    return tuple(_quantification_table(chunk, entered) for chunk in chunks)


def _quantification_table(chunk: list[tuple[Series, PetQuantification]], entered: set[EntrySubject]) -> Table:
    notes = Notes()
    columns = (Column("", 34), *(Column(f"{series.key}, {_tracer_name(series)}") for series, _ in chunk))
    labelled = [_quantification_cells(quantification, entered, notes) for _, quantification in chunk]
    rows = tuple((Cell(label), *(cells[label] for cells in labelled)) for label in labelled[0])
    return Table("How stored values became SUV", columns, rows, notes.lines(), caption_shown=False)


def _tracer_name(series: Series) -> str:
    return series.tracer.name if series.tracer else "tracer not named"


def _quantification_cells(values: PetQuantification, entered: set[EntrySubject], notes: Notes) -> dict[str, Cell]:
    lacking = "missing in the header and not entered by a reader"
    if values.unit_in.upper() == "GML":
        lacking = "not recorded; the stored values are SUV already"

    def known(value: float | None, decimals: int, unit: str, subject: EntrySubject | None = None) -> Cell:
        if value is None:
            return Cell(notes.absent(lacking))
        mark = notes.enter() if subject in entered else ""
        return Cell(f"{fmt.number(value, decimals)}{fmt.NO_BREAK}{unit}{mark}")

    def time(value: str | None, subject: EntrySubject | None = None) -> Cell:
        if value is None:
            return Cell(notes.absent(lacking))
        return Cell(fmt.moment(value, seconds=True) + (notes.enter() if subject in entered else ""))

    warnings = tuple(finding_text(finding, under=Severity.ERROR) for finding in values.findings)
    outcome = "SUV by body weight, g/mL" if values.quantified else "no SUV"
    return {
        "Result": Cell(
            outcome, more=() if values.quantified else warnings, tone="" if values.quantified else "blocked"
        ),
        "Units stored": Cell(values.unit_in or "not given"),
        "Branch": Cell(values.branch or "not given"),
        "Factor to SUV": _factor_cell(values, notes),
        "Decay corrected to": time(values.reference_time),
        "Injected": time(values.injection_time, EntrySubject.INJECTION_TIME),
        "Uptake time": known(values.uptake_minutes, 0, "min"),
        "Activity": known(values.injected_activity_mbq, 0, "MBq", EntrySubject.INJECTED_ACTIVITY_MBQ),
        "Half-life": known(values.half_life_s, 0, "s", EntrySubject.HALF_LIFE_S),
        "Body weight": known(values.weight_kg, 1, "kg", EntrySubject.WEIGHT_KG),
        "Evidence": Cell("; ".join(item.text for item in values.evidence) or "none recorded", tone="small"),
    }


def _factor_cell(values: PetQuantification, notes: Notes) -> Cell:
    if values.factor_range is not None:
        low, high = (fmt.significant(value) for value in values.factor_range)
        return Cell(f"{fmt.span(low, high)}, per slice" if low != high else low)
    if values.factor is None:
        return Cell(notes.absent("no SUV was made"))
    return Cell(fmt.significant(values.factor))


def reference_table(view: PetView) -> Table | None:
    """Reference regions of one PET, missing ones with their reason; None when the document names none."""
    if not view.reading.references:
        return None
    notes = Notes()
    rows = tuple(_reference_row(region, notes) for region in view.reading.references)
    group = f"{view.tracer.name} SUV, g/mL"
    columns = (
        Column("Region", 22),
        Column("Placed as", 38),
        Column("mean", 13, "right", group),
        Column("SD", 13, "right", group),
        Column("max", 13, "right", group),
        Column("Volume, mL", 16, "right"),
        Column("Source and checks"),
    )
    return Table(f"Reference regions on {view.title}", columns, rows, notes.lines(), view.reading.tracer_class)


def _reference_row(region: ReferenceRegion, notes: Notes) -> tuple[Cell, ...]:
    name = words().region(region.name)
    if region.state is State.MISSING:
        absent = notes.absent(f"{name}: missing because {region.missing_because or 'no reason was recorded'}")
        return Cell(name, strong=True), Cell(absent), *(Cell(absent) for _ in range(4)), Cell("not placed", tone="open")

    def known(value: float | None, decimals: int = 1) -> Cell:
        return Cell(fmt.number(value, decimals)) if value is not None else Cell(notes.absent("not recorded"))

    source = region.source or "source not recorded"
    confidence = f"confidence {region.confidence}" if region.confidence else ""
    checks = tuple(f"check not passed: {check}" for check in region.checks) or ("all checks passed",)
    return (
        Cell(name, strong=True),
        Cell(region.geometry or "shape not recorded"),
        known(region.mean),
        known(region.standard_deviation, 2),
        known(region.maximum),
        Cell(fmt.volume(region.volume_ml)) if region.volume_ml is not None else Cell(notes.absent("not recorded")),
        Cell(source, more=tuple(filter(None, (confidence, *checks))), tone="open" if region.checks else ""),
    )
