"""Tables for the terminal: exams and series, lesions, totals."""

from __future__ import annotations

from rich.table import Table

from isletscope.model import Case, Exam, Focus, Measurement, PetQuantification, ReadingOfPet, Series, Severity, Verdict

_MOST_UNSURE = 12


def exam_table(exam: Exam) -> Table:
    """Series of an exam with role, why, and quality."""
    table = Table(
        "Series",
        "Role",
        "Because",
        "Images",
        "Grid, mm",
        "Quality",
        title=f"{exam.title}, {exam.date or 'no date'}",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for series in exam.series:
        table.add_row(
            series.key,
            series.role.value.replace("_", " ") + (f", {series.part}" if series.part else ""),
            series.role_because,
            str(series.instance_count),
            _grid(series),
            _quality(series),
        )
    return table


def lesion_table(case: Case, reading: ReadingOfPet) -> Table:
    """Lesions of one PET: name, site, size, volume, uptake, verdict."""
    series = case.series(reading.series_key)
    exam = case.exam_of(reading.series_key)
    tracer = series.tracer.name if series.tracer else "unknown tracer"
    table = Table(
        title=f"{tracer} PET, {exam.date or 'no date'}",
        title_justify="left",
        box=None,
        pad_edge=False,
        show_lines=False,
    )
    table.add_column("Lesion")
    table.add_column("Site", overflow="fold")
    for heading in ("Axes, mm", "Volume, mL", "SUVmax", "SUVpeak", "x liver"):
        table.add_column(heading, justify="right")
    table.add_column("Verdict")
    foci = {focus.id: focus for focus in reading.foci}
    rows = [(lesion, foci[name]) for lesion in case.lesions for name in lesion.focus_ids if name in foci]
    unsure = sum(lesion.verdict is Verdict.UNSURE for lesion, _ in rows)
    shown = 0
    for lesion, focus in rows:
        shown += lesion.verdict is Verdict.UNSURE
        if lesion.verdict is not Verdict.UNSURE or shown <= _MOST_UNSURE:
            table.add_row(lesion.id, lesion.site, *_numbers(focus), lesion.verdict.value)
    physiologic = sum(focus.verdict is Verdict.PHYSIOLOGIC for focus in reading.foci)
    more = f"{unsure - _MOST_UNSURE} more unsure foci and " if unsure > _MOST_UNSURE else ""
    table.caption = f"{more}{physiologic} foci held to be physiologic are listed in the report"
    table.caption_justify = "left"
    return table


def totals_lines(reading: ReadingOfPet) -> list[str]:
    """Totals of one PET as lines; a missing total says why, and a zero with unsure foci is no all-clear."""
    undecided = _count(reading, "count_tumour") == 0 and _count(reading, "count_unsure") > 0
    counts = [f"  {one.name}: {_plain(one, 0)}" for key, one in reading.totals.items() if key.startswith("count_")]
    sums = [
        f"  {one.name}: {'at least ' if undecided and one.value == 0.0 else ''}{_value(one)}"
        for key, one in reading.totals.items()
        if not key.startswith("count_")
    ]
    return counts + sums


def _count(reading: ReadingOfPet, key: str) -> float:
    total = reading.totals.get(key)
    return 0.0 if total is None or total.value is None else total.value


def quantification_line(quantification: PetQuantification) -> str:
    """How SUV is computed for a series, or why it is not."""
    if quantification.quantified:
        return f"SUV: {quantification.branch}; uptake {_minutes(quantification.uptake_minutes)}"
    reasons = [item.problem for item in quantification.findings if item.severity is Severity.ERROR]
    return "no SUV: " + "; ".join(reasons)


def _numbers(focus: Focus) -> list[str]:
    known = focus.measurements
    long_axis, short_axis = _plain(known.get("long_axis"), 0), _plain(known.get("short_axis"), 0)
    return [
        f"{long_axis} × {short_axis}",
        _plain(known.get("volume"), 1),
        _plain(known.get("suv_max"), 1),
        _plain(known.get("suv_peak_global"), 1),
        _plain(known.get("to_liver"), 1),
    ]


def _plain(measurement: Measurement | None, decimals: int) -> str:
    if measurement is None or measurement.value is None:
        return "n/a"
    mark = "~" if measurement.limitation else ""
    return f"{mark}{measurement.value:.{decimals}f}"


def _value(measurement: Measurement) -> str:
    if measurement.value is None:
        return f"missing, because {measurement.missing_because}"
    unit = "" if measurement.unit == "1" else f" {measurement.unit}"
    return f"{measurement.value:.1f}{unit}"


def _minutes(value: float | None) -> str:
    return "time unknown" if value is None else f"{value:.0f} min"


def _grid(series: Series) -> str:
    if series.grid is None:
        return "none"
    shape, spacing = series.grid.shape_kji, series.grid.spacing_kji_mm
    return f"{shape[2]}×{shape[1]}×{shape[0]}, {spacing[2]:.2f}×{spacing[1]:.2f}×{spacing[0]:.2f}"


def _quality(series: Series) -> str:
    lines = [f"{finding.severity.value}: {finding.problem}" for finding in series.findings]
    if series.quantification:
        lines.append(quantification_line(series.quantification))
        lines += [
            f"{finding.severity.value}: {finding.problem}"
            for finding in series.quantification.findings
            if finding.severity is not Severity.ERROR
        ]
    return "\n".join(lines) or "no finding"
