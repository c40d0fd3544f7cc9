"""Step 1, exams and quality: what was done and when, what is lacking, what limits the reading."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.criteria import DUAL_TRACER_BOOK
from isletscope.model import Compartment, Exam, ExamKind, ReadingOfPet, State
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import ENTERED, Known
from isletscope.report.narrative.lesion_words import unmatched
from isletscope.report.narrative.phrases import Phrase, counted, listed, phrase, tell
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.words import words

_EXPECTED = (ExamKind.SSTR_PET, ExamKind.FDG_PET)


def step_01(known: Known) -> Iterator[Ranked]:
    """The sentences of the step, most important first."""
    yield _exams(known)
    yield from _quality(known)
    yield from _not_done(known)
    yield from _timing(known)
    yield from _limits(known)
    yield from _prior(known)


def _exams(known: Known) -> Ranked:
    exams = sorted(known.view.exams, key=lambda one: one.date or "")
    behind = [f"exam/{exam.key}" for exam in exams]
    diagnostic = known.said("CTX.quality", "diagnostic")
    if len(exams) == 1:
        quality = phrase("exams.diagnostic") if diagnostic else ""
        return Ranked(
            tell("exams.one", *behind, exam=_title(exams[0]), date=fmt.day(exams[0].date), quality=quality), 0
        )
    quality = phrase("exams.both_diagnostic" if len(exams) == 2 else "exams.all_diagnostic") if diagnostic else ""
    count = counted(len(exams), "exam")
    days = fmt.days_between(exams[0].date, exams[-1].date)
    if not days:
        return Ranked(tell("exams.same_day", *behind, count=count, date=fmt.day(exams[0].date), quality=quality), 0)
    shown = fmt.counted_exactly(days, "day")
    template = "exams.two" if len(exams) == 2 else "exams.several"
    return Ranked(tell(template, *behind, count=count, days=shown, quality=quality), 0)


def _title(exam: Exam) -> str:
    return exam.title.replace("PT", "PET")


def _quality(known: Known) -> Iterator[Ranked]:
    for value, template in (("limited", "exams.limited"), ("non_diagnostic", "exams.not_diagnostic")):
        told = known.said("CTX.quality", value)
        if told:
            reason = known.told("CTX.quality", "reason")
            if reason and reason.mark:
                shown = [f"“{reason.value}”"]
            else:
                # One sentence to a finding: several exams with several findings each are no sentence to read.
                shown = list(dict.fromkeys(str(reason.value).split("; "))) if reason else ["reason not given"]
            told_first, *others = shown
            yield Ranked(tell(template, *told.rests_on, mark=told.mark, reason=told_first), 0)
            for other in others:
                yield Ranked(tell("exams.limited_too", *told.rests_on, reason=other), 1)


def _not_done(known: Known) -> Iterator[Ranked]:
    missing: list[str] = [vocabulary().exams[kind] for kind in _EXPECTED if not known.view.done(kind)]
    if not known.view.done(ExamKind.CT) and not known.view.done(ExamKind.MRI):
        missing += ["diagnostic CT", "MRI"]
    if missing:
        behind = [f"exam/{exam.key}" for exam in known.view.exams]
        yield Ranked(
            tell("exams.not_done", *behind, exams=listed(missing), was="was" if len(missing) == 1 else "were"), 1
        )


def _timing(known: Known) -> Iterator[Ranked]:
    dates = {kind: _date(known, kind) for kind in _EXPECTED}
    days = fmt.days_between(*dates.values()) if all(dates.values()) else None
    if days is not None:
        behind = [f"exam/{known.view.kinds[kind][-1]}" for kind in _EXPECTED]
        limit = fmt.number(DUAL_TRACER_BOOK.limit("longest_interval_days"), 0)
        same = days == 0
        yield Ranked(
            tell("exams.same_day_pets", *behind)
            if same
            else tell("exams.interval", *behind, days=fmt.counted_exactly(abs(days), "day"), limit=limit),
            2,
        )
    given = known.said("PET.timing", "before", part="ssa")
    if given:
        on = known.told("PET.timing", "ssa_date")
        date = f" (last dose {fmt.day(str(on.value))})" if on else ""
        mark = given.mark or (ENTERED if any(one.startswith("clinical/") for one in given.rests_on) else "")
        yield Ranked(tell("exams.analogue", *given.rests_on, mark=mark, date=date), 2)


def _date(known: Known, kind: ExamKind) -> str | None:
    keys = known.view.kinds.get(kind, [])
    return known.case.exam(keys[-1]).date if keys else None


def _limits(known: Known) -> Iterator[Ranked]:
    keys = {series.key for exam in known.view.exams for series in exam.series}
    unusable = [s for exam in known.view.exams for s in exam.series if s.findings and not s.usable]
    if unusable:
        behind = sorted({f"exam/{exam.key}" for exam in known.view.exams for one in exam.series if one in unusable})
        yield Ranked(tell("exams.not_measured", *behind, count=counted(len(unusable), "series", "series")), 2)
    if any(unmatched(known, known.of(compartment)) for compartment in Compartment):
        yield Ranked(tell("exams.unmatched", *(f"lesion/{one.id}" for one in known.tumours)), 0)
    for reading in known.case.readings:
        if reading.series_key in keys:
            yield from _references(reading)


def _references(reading: ReadingOfPet) -> Iterator[Ranked]:
    by_reason: dict[str, list[str]] = {}
    for region in reading.references:
        if region.state is State.MISSING:
            reason = (region.missing_because or "it was not found").rstrip(".")
            by_reason.setdefault(reason, []).append(region.name)
    tracer = words().tracer(reading.tracer_class).name
    for reason, names in by_reason.items():
        behind = [f"reference/{reading.series_key}/{name}" for name in names]
        regions = listed(f"{words().region(name)}" for name in names)
        what = Phrase(f"{regions} reference{'s' if len(names) > 1 else ''}")
        yield Ranked(tell("exams.reference_missing", *behind, regions=what, tracer=tracer, reason=reason), 3)


def _prior(known: Known) -> Iterator[Ranked]:
    if known.earlier is not None:
        point = known.earlier.view.point
        exams = known.earlier.exams(known.earlier.kinds)
        shown = Phrase(f"{exams} of {fmt.day(point.date)}", exams.rests_on)
        yield Ranked(tell("exams.prior", exams=shown), 2)
        return
    outside = known.said("CTX.prior", "True", part="available")
    if outside:
        date = known.told("CTX.prior", "date")
        shown_date = fmt.day(str(date.value)) if date else "unknown date"
        yield Ranked(tell("exams.prior_outside", *outside.rests_on, mark=outside.mark, date=shown_date), 2)
        return
    yield Ranked(tell("exams.no_prior", *(f"exam/{exam.key}" for exam in known.view.exams)), 3)
