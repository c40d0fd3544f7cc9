"""Header and summary: one page for the tumour board."""

from __future__ import annotations

from collections import Counter

from isletscope.model import Case, EntrySubject, Measurement, Role, State, TracerClass, Verdict
from isletscope.report import format as fmt
from isletscope.report import keys
from isletscope.report.content.document import Fact, Given, Header, Summary, TracerFacts
from isletscope.report.content.lesion_tables import pet_volume, rule_range
from isletscope.report.content.overview import NamedFocus, PetView, highest
from isletscope.report.words import state_words, words

_MAXIMUM_LINES = 12


def header(case: Case) -> Header:
    """Patient, exams, state, date and version."""
    return Header(
        patient_id=Given(case.patient.id),
        person=_person(case),
        exams=tuple(f"{exam.title}, {fmt.day(exam.date)}" for exam in sorted(case.exams, key=lambda e: e.date or "")),
        state=state_words(case),
        report_date=fmt.day(case.software.created),
        version=f"{case.software.name} {case.software.version}",
        research_use=words().research_use,
    )


def _person(case: Case) -> tuple[str, ...]:
    patient = case.patient
    entered = {entry.subject for entry in case.entries}
    parts: list[str] = []
    if patient.name and patient.name != patient.id:
        parts.append(Given(_person_name(patient.name)))
    if patient.sex:
        mark = "‡" if EntrySubject.SEX in entered else ""
        parts.append(words().sexes.get(patient.sex.upper(), f"sex {patient.sex}") + mark)
    if patient.age_years is not None:
        parts.append(f"{int(patient.age_years)} y")
    elif patient.birth_date:
        parts.append(f"born {fmt.day(patient.birth_date)}")
    if patient.weight_kg is not None:
        parts.append(f"{fmt.number(patient.weight_kg, 0)} kg{'‡' if EntrySubject.WEIGHT_KG in entered else ''}")
    if patient.size_m is not None:
        parts.append(f"{fmt.number(patient.size_m * 100, 0)} cm{'‡' if EntrySubject.SIZE_M in entered else ''}")
    if patient.other_ids:
        parts.append(Given(f"also {', '.join(patient.other_ids)}"))
    return tuple(parts)


def _person_name(name: str) -> str:
    """A DICOM person name as "family, given"."""
    family, *rest = (part.strip() for part in name.split("^"))
    given = " ".join(part for part in rest if part)
    return f"{family}, {given}" if given else family


def summary(case: Case, views: list[PetView]) -> Summary:
    """Headline figures per PET, and at most twelve numbered lines: what is unsure, missing, refused and open."""
    lines = [
        *_finding_lines(views),
        *_missing_lines(case, views),
        *_input_lines(case),
    ]
    if views:
        lines.append(words().nodal_caveat)
    return Summary(
        tuple(tracer_facts(view) for view in views), tuple(line[:1].upper() + line[1:] for line in _shortened(lines))
    )


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= _MAXIMUM_LINES:
        return lines
    kept = lines[: _MAXIMUM_LINES - 1]
    return [*kept, f"{len(lines) - len(kept)} further lines: see the parts below."]


def tracer_facts(view: PetView) -> TracerFacts:
    """Headline figures of one PET: lesions, the largest, the highest uptake, volume and uptake of all."""
    tumours, unsure = view.of(Verdict.TUMOUR), view.of(Verdict.UNSURE)
    tracer = view.tracer
    lesions = Fact("Suspicious for tumour", _count_value(len(tumours)), _lesion_note(tumours, len(unsure)))
    return TracerFacts(
        view.reading.tracer_class,
        view.title,
        (lesions, _largest(tumours, tracer.name), _hottest(view, tumours), _totals(view, tumours)),
    )


def _count_value(tumours: int) -> str:
    if tumours < fmt.COUNT_EXACT_BELOW:
        return f"{tumours} {'lesion' if tumours == 1 else 'lesions'}"
    return "> 20 lesions"


def _lesion_note(tumours: list[NamedFocus], unsure: int) -> str:
    parts = [_by_site(tumours) or "not seen within the field of view"]
    if len(tumours) >= fmt.COUNT_EXACT_BELOW:
        parts.append(f"automatic count {len(tumours)}")
    if unsure:
        parts.append(f"and {unsure} indeterminate")
    return "; ".join(parts)


def _by_site(foci: list[NamedFocus]) -> str:
    counts = Counter(item.focus.site_code for item in foci)
    return ", ".join(f"{words().site(code)} {number}" for code, number in counts.items())


def _largest(tumours: list[NamedFocus], tracer: str) -> Fact:
    label = f"Largest on {tracer} PET"
    largest = highest(tumours, keys.LONG_AXIS)
    if largest is None:
        return Fact(label, "n/a", _no_value(tumours, "no lesion has an axis"))
    long, short = (keys.number_of(largest.focus, key) for key in (keys.LONG_AXIS, keys.SHORT_AXIS))
    size = fmt.axes([value for value in (long, short) if value is not None])
    return Fact(label, f"{size}{fmt.NO_BREAK}mm", f"{largest.name}, {largest.focus.site}")


def _hottest(view: PetView, tumours: list[NamedFocus]) -> Fact:
    label = f"Highest {view.tracer.name} SUVmax"
    hottest = highest(tumours, keys.SUV_MAX)
    value = keys.number_of(hottest.focus, keys.SUV_MAX) if hottest else None
    if hottest is None or value is None:
        return Fact(label, "n/a", _no_value(tumours, "no lesion has an SUVmax"))
    parts = [hottest.name]
    for region in keys.REGIONS:
        ratio = keys.number_of(hottest.focus, keys.ratio_key(region))
        if ratio is not None:
            parts.append(f"{fmt.ratio(ratio)} × {words().region(region)}")
    if len(parts) == 1:
        parts.append("no reference region to compare with")
    return Fact(label, fmt.suv(value), ", ".join(parts[:3]))


def _totals(view: PetView, tumours: list[NamedFocus]) -> Fact:
    tracer = view.tracer
    label = f"{tracer.volume}; {tracer.uptake}"
    if not tumours:
        unsure = len(view.of(Verdict.UNSURE))
        shown = f"{'≥ ' if unsure else ''}0{fmt.NO_BREAK}mL"
        return Fact(label, shown, _none_suspicious(unsure, keys.total_volume(view.reading, with_unsure=True)))
    volume, uptake = keys.total_volume(view.reading), keys.total_uptake(view.reading)
    if volume is None or volume.value is None:
        return Fact(label, "n/a", (volume.missing_because if volume else None) or "no total in the case document")
    printed = f"{pet_volume(volume.value)}{fmt.NO_BREAK}mL"
    if uptake is not None and uptake.value is not None:
        printed += f"; {fmt.total_uptake(uptake.value)}"
    if volume.limitation:
        printed = f"~{printed}"
    limits = rule_range(view)
    note = f"{fmt.span(*(pet_volume(v) for v in limits))} mL by other rules" if limits else "no other rule to compare"
    return Fact(label, printed, note)


def _none_suspicious(unsure: int, with_them: Measurement | None) -> str:
    """That no lesion is suspicious is no all-clear while some are undecided: how many, and what they would add."""
    if not unsure:
        return "no lesion suspicious for tumour"
    text = f"none suspicious for tumour, {unsure} indeterminate"
    if with_them is None or with_them.value is None:
        return text
    return f"{text}: up to {pet_volume(with_them.value)}{fmt.NO_BREAK}mL with them"


def _no_value(tumours: list[NamedFocus], reason: str) -> str:
    return reason if tumours else "no lesion suspicious for tumour"


def _finding_lines(views: list[PetView]) -> list[str]:
    lines = []
    for view in views:
        tumours, unsure = view.of(Verdict.TUMOUR), view.of(Verdict.UNSURE)
        lines += _site_lines(view, tumours)
        if not tumours:
            lines.append(f"{view.title}: no focus suspicious for tumour is seen within the field of view.")
        if unsure:
            count = fmt.counted(len(unsure), "focus", "foci")
            lines.append(f"{view.title}: {count} indeterminate: {_named(unsure)}.")
    return lines


def _named(foci: list[NamedFocus]) -> str:
    """Names with sites where there are one or two, else names alone, at most eight."""
    if len(foci) <= 2:
        return ", ".join(f"{item.name} ({item.focus.site})" for item in foci)
    more = f" and {len(foci) - 8} more" if len(foci) > 8 else ""
    return ", ".join(item.name for item in foci[:8]) + more


def _site_lines(view: PetView, tumours: list[NamedFocus]) -> list[str]:
    """One line per compartment: number, largest, volume together."""
    groups: dict[str, list[NamedFocus]] = {}
    for item in tumours:
        groups.setdefault(item.focus.site_code, []).append(item)
    return [_site_line(view, code, group) for code, group in groups.items()]


def _site_line(view: PetView, code: str, group: list[NamedFocus]) -> str:
    largest = highest(group, keys.LONG_AXIS) or group[0]
    long, short = (keys.number_of(largest.focus, key) for key in (keys.LONG_AXIS, keys.SHORT_AXIS))
    size = fmt.axes([value for value in (long, short) if value is not None])
    described = f"{largest.name} ({largest.focus.site})" + (f", {size}{fmt.NO_BREAK}mm" if size else "")
    maximum = keys.number_of(largest.focus, keys.SUV_MAX)
    if maximum is not None:
        described += f", {view.tracer.name} SUVmax {fmt.suv(maximum)}"
    place = words().site(code)
    heading = f"{place[:1].upper()}{place[1:]}, {view.tracer.name} PET"
    if len(group) == 1:
        return f"{heading}: {described}, suspicious for tumour."
    volumes = [keys.number_of(item.focus, keys.VOLUME) for item in group]
    known = [value for value in volumes if value is not None]
    together = f"; {pet_volume(sum(known))}{fmt.NO_BREAK}mL together" if len(known) == len(group) else ""
    return f"{heading}: {fmt.counted(len(group), 'lesion')} suspicious for tumour, largest {described}{together}."


def _missing_lines(case: Case, views: list[PetView]) -> list[str]:
    lines = []
    done = {view.reading.tracer_class for view in views}
    present = {series.tracer.tracer_class for exam in case.exams for series in exam.series if series.tracer is not None}
    unknown = _pets_of_unknown_tracer(case)
    for tracer_class in (TracerClass.SSTR, TracerClass.FDG):
        name = words().tracer(tracer_class).name
        if tracer_class in done:
            continue
        if tracer_class in present:
            lines.append(
                f"{name} PET: not assessable because no series of it could be measured; see Exams and quality."
            )
        elif unknown:
            lines.append(f"{name} PET: not assessable because the tracer of {', '.join(unknown)} is not known.")
        else:
            lines.append(f"{name} PET: not done (no such series in the input).")
    if not {TracerClass.SSTR, TracerClass.FDG} <= done:
        lines.append("SSTR/FDG concordance: not assessable because both tracers are needed.")
    lacking: dict[str, list[str]] = {}
    for view in views:
        for region in view.reading.references:
            if region.state is State.MISSING:
                lacking.setdefault(words().region(region.name), []).append(view.tracer.name)
    if lacking:
        listed = ", ".join(f"{region} ({', '.join(dict.fromkeys(names))} PET)" for region, names in lacking.items())
        lines.append(f"Reference regions missing: {listed}; reasons under Reference regions.")
    return lines


def _pets_of_unknown_tracer(case: Case) -> list[str]:
    return [
        series.key
        for exam in case.exams
        for series in exam.series
        if series.role is Role.PET and (series.tracer is None or series.tracer.tracer_class is TracerClass.UNKNOWN)
    ]


def _input_lines(case: Case) -> list[str]:
    lines = []
    unusable = [s.key for exam in case.exams for s in exam.series if s.findings and not s.usable]
    if unusable:
        lines.append(f"Series not measured: {', '.join(unusable[:6])}; reasons under Exams and quality.")
    if case.refused:
        lines.append(f"{fmt.counted_exactly(len(case.refused), 'input')} refused; see Refused inputs.")
    if case.open_items:
        lines.append(f"{fmt.counted_exactly(len(case.open_items), 'open item')} for the reader; see Open items.")
    return lines
