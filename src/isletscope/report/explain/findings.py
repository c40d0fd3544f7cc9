"""The lower end of the chain: values with method and mask, the clinical file, series and their way to SUV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from isletscope.model import (
    Case,
    Exam,
    Focus,
    LiverFinding,
    Measurement,
    Observation,
    PetQuantification,
    Series,
    State,
    StructureFinding,
    VesselFinding,
)
from isletscope.report import format as fmt
from isletscope.report.explain.parts import Entered, UsedFinding, UsedSeries, UsedValue
from isletscope.report.references import Named, known_measurements
from isletscope.report.words import words

_STATES = {State.MEASURED: "measured", State.DERIVED: "derived", State.ENTERED: "entered", State.MISSING: "missing"}


def findings_of(case: Case, met: Iterable[Named], asked: Sequence[str]) -> list[UsedFinding]:
    """One entry for each finding or reference region that was met, with the values that were used.

    A finding that was ``asked`` for as a whole shows all its values.
    """
    groups: dict[str, list[Named]] = {}
    for named in met:
        if named.finding is not None or named.region is not None:
            groups.setdefault(_stem(named), []).append(named)
    return [_found(case, group, stem in asked) for stem, group in groups.items()]


def _stem(named: Named) -> str:
    parts = named.reference.split("/")
    size = {"lesion": 4, "vessel": 4, "structure": 3, "liver": 2, "reference": 3}.get(named.kind, len(parts))
    return "/".join(parts[:size])


def _found(case: Case, group: Sequence[Named], whole: bool) -> UsedFinding:
    first = group[0]
    exam = f"{first.exam.title}, {fmt.day(first.exam.date)}, {first.exam.key}" if first.exam else ""
    if first.region is not None:
        return _region(first, exam)
    finding = first.finding
    assert finding is not None
    values = [_value(named.reference, named.measurement, named.word) for named in group if _is_value(named)]
    if whole:
        values = [_value(f"{first.reference}/{name}", one, "") for name, one in known_measurements(finding).items()]
        values += [
            UsedValue(f"{first.reference}/{name}", name.replace("_", " "), word.replace("_", " "), "feature")
            for name, word in finding.features.items()
        ]
    focus = _focus(case, first, finding)
    observed = isinstance(finding, Observation)
    visibility = f": {finding.visibility.value}" if isinstance(finding, Observation) else ""
    because = f" because {finding.because}" if isinstance(finding, Observation) and finding.because else ""
    return UsedFinding(
        title=f"{_title(first)}{visibility}{because}",
        exam=exam,
        series=finding.series_key if isinstance(finding, Observation) else "",
        mask=finding.mask if isinstance(finding, Observation) else "",
        outlined=focus.delineation if focus else "",
        held_to_be=_verdict(focus) if focus and observed else "",
        values=tuple(values),
    )


def _is_value(named: Named) -> bool:
    return named.measurement is not None or (bool(named.word) and named.reference.count("/") > 3)


def _title(named: Named) -> str:
    finding = named.finding
    parts = named.reference.split("/")
    if isinstance(finding, VesselFinding):
        return f"{finding.lesion} beside the {finding.vessel.replace('_', ' ')}"
    if isinstance(finding, StructureFinding):
        return finding.structure.replace("_", " ")
    if isinstance(finding, LiverFinding):
        return "liver"
    return f"{parts[1]} on {parts[3].replace('_', ' ')}" if len(parts) > 3 else parts[1]


def _focus(case: Case, named: Named, finding: object) -> Focus | None:
    """The PET focus behind an observation: it holds the outline's rule and why it is held to be tumour."""
    if not isinstance(finding, Observation) or not finding.series_key:
        return None
    lesion_id = named.reference.split("/")[1]
    owned = next((one.focus_ids for one in case.lesions if one.id == lesion_id), [])
    for reading in case.readings:
        if reading.series_key == finding.series_key:
            return next((focus for focus in reading.foci if focus.id in owned), None)
    return None


def _verdict(focus: Focus) -> str:
    rule = f" [{focus.assessment.rule}]" if focus.assessment.rule else ""
    return f"{words().verdicts[focus.verdict]}: {focus.assessment.because.rstrip('.')}{rule}"


def _value(reference: str, measurement: Measurement | None, word: str) -> UsedValue:
    name = reference.rpartition("/")[2].replace("_", " ")
    if measurement is None:
        return UsedValue(reference, name, word.replace("_", " "), "feature")
    if "contact_deg" in reference:
        name = f"contact at {name} mm"
    elif measurement.name:
        name = measurement.name
    return UsedValue(
        reference=reference,
        name=name,
        printed=printed_value(measurement),
        state=_STATES[measurement.state],
        value=measurement.value,
        unit=measurement.unit,
        method=measurement.method,
        limitation=measurement.limitation or "",
    )


def printed_value(measurement: Measurement) -> str:
    """A value with its unit at five digits, more than the report prints; n/a and the reason where it is missing."""
    if measurement.value is None:
        return f"n/a, {measurement.missing_because}"
    if measurement.unit == "10-6.mm2/s":
        return f"{fmt.diffusion(measurement.value)} {fmt.unit(measurement.unit)}"
    unit = fmt.unit(measurement.unit)
    gap = "" if unit in ("", "°") else fmt.NO_BREAK
    return f"{fmt.significant(measurement.value, 5)}{gap}{unit}"


def _region(named: Named, exam: str) -> UsedFinding:
    region = named.region
    assert region is not None
    values = [
        UsedValue(
            named.reference, name, f"{fmt.number(value, 2)}{fmt.NO_BREAK}{region.unit}", "measured", value, region.unit
        )
        for name, value in (("mean", region.mean), ("maximum", region.maximum))
        if value is not None
    ]
    return UsedFinding(
        title=f"reference region {words().region(region.name)}",
        exam=exam,
        series=named.series_key,
        outlined=", ".join(filter(None, [region.geometry, region.source])),
        values=tuple(values),
    )


def entries_of(met: Iterable[Named]) -> Iterator[Entered]:
    """Entries of the clinical file that were met."""
    for named in met:
        if named.kind == "clinical" and named.entry not in (None, [], {}, ""):
            yield Entered(named.reference, json.dumps(named.entry, ensure_ascii=False).strip('"'))


def series_of(case: Case, met: Sequence[Named]) -> list[UsedSeries]:
    """The series on which the findings were measured; an exam whose series is not named stands for itself."""
    keys = dict.fromkeys(named.series_key for named in met if named.series_key)
    found = []
    for key in keys:
        exam = next((one for one in case.exams if any(series.key == key for series in one.series)), None)
        if exam is not None:
            found.append(_used(case.series(key), exam))
    covered = {one.study_uid for one in found}
    exams = {named.exam.key: named.exam for named in met if named.exam is not None and not named.series_key}
    return found + [_used_exam(exam) for exam in exams.values() if exam.study_uid not in covered]


def _used(series: Series, exam: Exam) -> UsedSeries:
    return UsedSeries(
        key=series.key,
        exam=exam.title,
        date=fmt.day(series.acquired or exam.date),
        description=_description(series),
        series_uid=series.series_uid,
        study_uid=exam.study_uid,
        images=series.instance_count,
        suv=tuple(_suv(series.quantification)) if series.quantification else (),
    )


def _used_exam(exam: Exam) -> UsedSeries:
    usable = [series for series in exam.series if series.usable]
    if len(usable) == 1:
        return _used(usable[0], exam)
    return UsedSeries(
        key=exam.key,
        exam=exam.title,
        date=fmt.day(exam.date),
        description=f"series not named; the exam holds {', '.join(series.key for series in usable) or 'none'}",
        series_uid="",
        study_uid=exam.study_uid,
        images=sum(series.instance_count for series in usable),
    )


def _description(series: Series) -> str:
    role = words().roles[series.role]
    return f"{series.description or 'no description'}; used as {role} because {series.role_because}"


def _suv(values: PetQuantification) -> Iterator[str]:
    """How stored values became SUV: branch, factor, and each number in it."""
    if not values.quantified:
        yield f"no SUV: {'; '.join(finding.problem for finding in values.findings) or values.branch}"
        return
    factor = values.factor_range or ((values.factor, values.factor) if values.factor is not None else None)
    if factor is not None:
        low, high = (fmt.significant(value) for value in factor)
        yield f"factor to SUV by body weight: {fmt.span(low, high)}, from {values.unit_in} ({values.branch})"
    parts = [
        ("injected activity", values.injected_activity_mbq, "MBq"),
        ("body weight", values.weight_kg, "kg"),
        ("half-life", values.half_life_s, "s"),
        ("uptake time", values.uptake_minutes, "min"),
    ]
    known = [f"{name} {fmt.significant(value, 5)} {unit}" for name, value, unit in parts if value is not None]
    times = [
        f"{name} {fmt.moment(value, seconds=True)}"
        for name, value in (("injected", values.injection_time), ("decay corrected to", values.reference_time))
        if value
    ]
    if known or times:
        yield "; ".join([*known, *times])
    for item in values.evidence:
        yield item.text
