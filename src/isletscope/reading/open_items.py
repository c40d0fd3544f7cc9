"""What a reader must still answer before the draft can be signed, as sentences."""

from __future__ import annotations

from isletscope.model import Case, Focus, ReadingOfPet, Role, Series, Severity, State, TracerClass, Verdict

_NAMED_AT_MOST = 8


def open_items(case: Case) -> list[str]:
    """The open items of a case: refused series, unknown tracers, missing references, unsure foci."""
    items: list[str] = []
    for exam in case.exams:
        for series in exam.series:
            items += _series_items(series)
    items += _pet_items({series.role for exam in case.exams for series in exam.series})
    lesion_of = {focus_id: lesion.id for lesion in case.lesions for focus_id in lesion.focus_ids}
    for reading in case.readings:
        series = case.series(reading.series_key)
        name = series.tracer.name if series.tracer else series.description
        items += [
            f"{name} PET: {region.name.replace('_', ' ')} reference is missing because {region.missing_because}."
            for region in reading.references
            if region.state is State.MISSING
        ]
        items += [f"{name} PET: {line}" for line in _verdicts_wanted(reading, lesion_of)]
    return items


def matching_items(case: Case) -> list[str]:
    """What the matching leaves for a reader to decide, as sentences."""
    items = [f"{one.focus_id}: {one.because}." for one in case.unmatched if "reader must decide" in one.because]
    for lesion in case.lesions:
        asked = [f"{step.time_point}: {step.because}" for step in lesion.course if "reader must decide" in step.because]
        items += [f"{lesion.id}: {'; '.join(asked)}."] if asked else []
    shown = {focus_id.rpartition("/")[0] for lesion in case.lesions for focus_id in lesion.focus_ids}
    for alignment in case.alignments:
        keys = {alignment.series_key, *alignment.series_keys} & shown
        if keys and not alignment.usable:
            items.append(
                f"{alignment.exam_key}: its images could not be aligned ({alignment.because}); lesions seen on "
                f"{listed(sorted(keys))} stand apart and may be the same as others in the list."
            )
    return items


def _verdicts_wanted(reading: ReadingOfPet, lesion_of: dict[str, str]) -> list[str]:
    """The foci that a reader must judge, those with the same reason together."""
    by_reason: dict[str, list[Focus]] = {}
    for focus in reading.foci:
        if focus.verdict is Verdict.UNSURE:
            by_reason.setdefault(focus.assessment.because, []).append(focus)
    lines = []
    for reason, foci in by_reason.items():
        named = [f"{lesion_of.get(focus.id, focus.id)} ({focus.site})" for focus in foci[:_NAMED_AT_MOST]]
        more = f" and {len(foci) - len(named)} more" if len(foci) > len(named) else ""
        verb = "needs" if len(foci) == 1 else "need"
        lines.append(f"{', '.join(named)}{more} {verb} a reader's verdict. {reason}")
    return lines


def _pet_items(roles: set[Role]) -> list[str]:
    if Role.PET in roles:
        return []
    if Role.PET_UNCORRECTED in roles:
        return ["PET: only images that are not attenuation corrected were given; no SUV, so uptake is not known."]
    return ["PET: not done, or not among the images given; uptake is not known."]


def _series_items(series: Series) -> list[str]:
    items = []
    if series.role is Role.PET and series.quantification and not series.quantification.quantified:
        items += [
            f"{series.key}: SUV blocked, {finding.problem} (found {finding.found or 'nothing'}). {finding.remedy}"
            for finding in series.quantification.findings
            if finding.severity is Severity.ERROR
        ]
    if series.tracer and series.tracer.tracer_class is TracerClass.UNKNOWN and series.role is Role.PET:
        items.append(f"{series.key}: tracer unknown, {series.tracer.because}. Enter tracer_class with --entries.")
    if series.role is Role.CT_PHASE_UNKNOWN:
        items.append(f"{series.key}: contrast phase unknown, {series.role_because}. Enter series_role with --entries.")
    return items


def listed(names: list[str]) -> str:
    """Names as a sentence has them: ``L1, L2 and L3``."""
    return ", ".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}"
