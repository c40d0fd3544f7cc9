"""The course of a case on the terminal and as JSON: lesions by time points, classes of change, response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from isletscope.assessment import views
from isletscope.cli.console import Console
from isletscope.lesions import (
    RESPONSE_CRITERIA,
    Change,
    ChangeRow,
    ResponsePoint,
    Since,
    change_rows,
    followed,
    response_points,
    treatment_spans,
)
from isletscope.model import Case, Conclusion, Lesion
from isletscope.report import PRINTED_MEASURES, course_words, printed_change, printed_value
from isletscope.report import format as fmt

_MARKS = {"within_noise": "", "likely_real": " *", "definite": " **", "": " ·"}
_SIZES = ("ct_size", "mri_size", "sstr_volume", "fdg_volume")
_ALWAYS = ("sstr_suv_max", "fdg_suv_max", "adc")


def show_course(console: Console, case: Case) -> None:
    """One table for each measure (size and uptake; with --verbose all), then response at each time point."""
    points = views(case)
    rows = change_rows(points)
    responses = response_points(points)
    dates = [fmt.day(view.point.date) for view in points]
    shown = PRINTED_MEASURES if console.verbose else _usual(rows)
    for name in shown:
        own = [row for row in rows if row.measure.name == name]
        if any(row.changes for row in own):
            console.show(_table(own, dates, followed(points), responses[-1].targets))
            console.say("")
    if not any(row.changes for row in rows):
        console.say(course_words().no_common)
    else:
        console.say(
            "* likely real, ** definite, · not classed; no mark: within noise. With -v all measures and reasons."
        )
    console.say("")
    console.show(response_table(responses))
    if console.verbose:
        for line in _reasons(rows):
            console.say(line)


def _usual(rows: Sequence[ChangeRow]) -> list[str]:
    """The first measure of size that some lesion has twice, and uptake."""
    changed = {row.measure.name for row in rows if row.changes}
    size = next((name for name in _SIZES if name in changed), None)
    return [*([size] if size else []), *(name for name in _ALWAYS if name in changed)]


def _table(rows: Sequence[ChangeRow], dates: Sequence[str], lesions: Sequence[Lesion], targets: Sequence[str]) -> Table:
    measure = rows[0].measure
    unit = fmt.unit(measure.unit)
    title = f"{measure.title}{f', {unit}' if unit else ''}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("Lesion")
    table.add_column("Site", overflow="fold")
    for date in dates:
        table.add_column(date, justify="right")
        table.add_column("", justify="left")
    table.add_column("since baseline", justify="right")
    site = {lesion.id: lesion.site for lesion in lesions}
    for row in rows:
        name = f"{row.lesion}{' (target)' if row.lesion in targets else ''}"
        last = row.change(row.values[-1].time_point, Since.BASELINE)
        table.add_row(name, site[row.lesion], *_values(row), _marked(last, row))
    return table


def _values(row: ChangeRow) -> list[str]:
    """Value and change against the one before, by time point."""
    cells = []
    for value in row.values:
        text, _ = printed_value(row.measure, value)
        change = row.change(value.time_point, Since.PREVIOUS)
        cells += [text, _marked(change, row) if change is not None else ""]
    return cells


def _marked(change: Change | None, row: ChangeRow) -> str:
    if change is None:
        return "–"
    text = printed_change(change)
    if text == "new" and row.part_of:
        return f"part of {row.part_of}"
    return text if change.percent is None else f"{text}{_MARKS[change.change_class]}"


def response_table(points: Sequence[ResponsePoint]) -> Table:
    """What every criterion says at each time point, with its baseline and the sum of the targets."""
    table = Table(title="Response", title_justify="left", box=None, pad_edge=False)
    table.add_column("Criterion")
    for point in points:
        table.add_column(fmt.day(point.date), overflow="fold")
    table.add_row("measured against", *(point.baseline or "first time point" for point in points))
    table.add_row("sum of targets", *(_sum(point) for point in points))
    for name in RESPONSE_CRITERIA:
        found = [point.conclusion(name) for point in points]
        title = next((one.title for one in found if one is not None), "")
        if title:
            table.add_row(title, *(_answer(one) for one in found))
    return table


def _sum(point: ResponsePoint) -> str:
    if point.sum is None:
        return "–"
    before, least = ("–" if one is None else fmt.number(one, 0) for one in (point.sum.baseline_mm, point.sum.nadir_mm))
    return f"{fmt.number(point.sum.sum_mm, 0)} mm (baseline {before}, smallest {least})"


def _answer(found: Conclusion | None) -> str:
    if found is None:
        return "–"
    if found.value is None:
        return " or ".join(found.possible) if found.possible else f"missing, because {', '.join(found.missing)}"
    value = found.value.replace("_", " ")
    if "rate_percent_per_month" in found.parts:
        rate = float(found.parts["rate_percent_per_month"])
        value = f"{fmt.number(rate, 1, signed=True)} % of volume per month"
    return f"{value}{' (provisional)' if found.provisional else ''}"


def _reasons(rows: Sequence[ChangeRow]) -> list[str]:
    """Limits, differences of technique and other limits, each said once with its lesions."""
    told: dict[str, list[str]] = {}
    for row in rows:
        for value in row.values:
            if value.because:
                told.setdefault(f"{row.measure.short}, {value.time_point}: {value.because}", []).append(row.lesion)
        for one in row.changes:
            for text in (
                one.because,
                *one.caveats,
                *(f"{name}: {value.replace('_', ' ')}" for name, value in one.other_classes),
            ):
                told.setdefault(f"{row.measure.short}, {one.time_point}: {text}", []).append(row.lesion)
    return [f"Why      {text} ({', '.join(dict.fromkeys(lesions))})" for text, lesions in told.items()]


def course_document(case: Case) -> dict[str, Any]:
    """The whole course as JSON-ready values."""
    points = views(case)
    return {
        "patient": case.patient.id,
        "time_points": [
            {"name": one.point.name, "date": one.point.date, "exams": one.point.exam_keys} for one in points
        ],
        "treatments": [asdict(one) for one in treatment_spans(points)],
        "response": [_response_document(one) for one in response_points(points)],
        "lesions": [
            {
                "id": one.id,
                "site": one.site,
                "verdict": one.verdict.value,
                "split_from": one.split_from,
                "merged_into": one.merged_into,
                "course": [step.model_dump(mode="json") for step in one.course],
            }
            for one in followed(points)
        ],
        "changes": [_row_document(row) for row in change_rows(points)],
    }


def _response_document(point: ResponsePoint) -> dict[str, Any]:
    return {
        "time_point": point.name,
        "date": point.date,
        "baseline": point.baseline,
        "because": point.because,
        "targets": list(point.targets),
        "sum": asdict(point.sum) if point.sum is not None else None,
        "conclusions": [one.model_dump(mode="json", exclude_none=True) for one in point.conclusions],
    }


def _row_document(row: ChangeRow) -> dict[str, Any]:
    measure = {
        "name": row.measure.name,
        "title": row.measure.title,
        "kind": row.measure.kind.value,
        "unit": row.measure.unit,
    }
    changes = [asdict(one) | {"other_classes": dict(one.other_classes)} for one in row.changes]
    return {
        "lesion": row.lesion,
        "part_of": row.part_of,
        "measure": measure,
        "values": [asdict(one) for one in row.values],
        "changes": changes,
    }
