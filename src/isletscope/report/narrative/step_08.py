"""Step 8, change since the prior exam: sizes, new and vanished lesions, response criteria, growth rate, SSTR volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isletscope.criteria import REPEATABILITY_BOOK
from isletscope.model import Conclusion, Lesion, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known, name_key
from isletscope.report.narrative.lesion_words import named, size_of
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import NOTHING, Phrase, counted, joined, listed, phrase, tell
from isletscope.report.narrative.vocabulary import vocabulary

_SHOWN = 4
_NOISE = REPEATABILITY_BOOK.limits["diameter"][0]


@dataclass(frozen=True)
class Change:
    """One lesion at two time points: longest axes on the same kind of images, mm, and the difference that is noise."""

    lesion: Lesion
    before_mm: float
    now_mm: float
    references: tuple[str, ...]
    error_mm: float

    @property
    def word(self) -> str:
        """The allowed word for the change."""
        if self.now_mm == self.before_mm:
            return "unchanged"
        if abs(self.now_mm - self.before_mm) <= self.error_mm:
            return "within measurement error"
        return "larger" if self.now_mm > self.before_mm else "smaller"


def step_08(known: Known) -> Iterator[Ranked]:
    """The sentences of the step."""
    if known.earlier is None:
        outside = known.said("CTX.prior", "True", part="available")
        behind = outside.rests_on if outside else tuple(f"exam/{exam.key}" for exam in known.view.exams)
        yield Ranked(tell("change.not_compared" if outside else "change.none", *behind), 0)
        return
    yield from recist(known)
    yield from new_and_gone(known)
    yield from split_and_merged(known)
    yield from _sizes(known)
    yield from sstr(known)
    yield from rate(known)


def changes(known: Known) -> list[Change]:
    """Lesions measured on the same kind of images at both time points, by name.

    Extents on PET are left out: they follow the uptake and the threshold, and no error of theirs is known.
    """
    if known.earlier is None:
        return []
    found = []
    for lesion in sorted(known.tumours, key=lambda one: name_key(one.id)):
        before, now = size_of(known.earlier, lesion), size_of(known, lesion)
        if before is None or now is None or before.kind is not now.kind or now.on_pet:
            continue
        error = max(_NOISE.least or 0.0, _NOISE.rise / 100 * before.axes_mm[0])
        references = (*before.references[:1], *now.references[:1])
        found.append(Change(lesion, before.axes_mm[0], now.axes_mm[0], references, error))
    return found


def _sizes(known: Known) -> Iterator[Ranked]:
    """Lesions by how they changed, the largest changes by name."""
    assert known.earlier is not None
    groups: dict[str, list[Change]] = {}
    for one in sorted(changes(known), key=lambda one: -abs(one.now_mm - one.before_mm)):
        groups.setdefault(one.word, []).append(one)
    prefix = f"Compared with {fmt.day(known.earlier.view.point.date)} ({days_words(known)}): "
    for word in ("larger", "smaller", "within measurement error", "unchanged"):
        if word not in groups:
            continue
        yield Ranked(_group(groups[word], word, prefix), 1 if word in ("larger", "smaller") else 2)
        prefix = ""


def _group(found: list[Change], word: str, prefix: str) -> Sentence:
    behind = [reference for one in found for reference in one.references]
    if word == "unchanged":
        names = listed(one.lesion.id for one in found) if len(found) <= 2 * _SHOWN else counted(len(found), "lesion")
        are = "is" if len(found) == 1 else "are"
        return tell("change.unchanged", *behind, prefix=prefix, lesions=names, are=are)
    kept = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
    shown = listed(_change(one) for one in kept)
    more = f"; {len(found) - len(kept)} more in the change table" if len(kept) < len(found) else ""
    each = "each " if len(found) > 1 else ""
    return tell("change.against", prefix=prefix, changes=shown, word=f"{each}{word}", more=more)


def _change(one: Change) -> Phrase:
    limits = vocabulary().limits_mm(one.lesion.compartment)
    before, now = (fmt.length(value, limits) for value in (one.before_mm, one.now_mm))
    return Phrase(f"{one.lesion.id} {before} to {now}{fmt.NO_BREAK}mm", one.references)


def days_words(known: Known) -> str:
    """Days between the two time points."""
    assert known.earlier is not None
    days = fmt.days_between(known.earlier.view.point.date, known.view.point.date)
    return "interval not known" if days is None else fmt.counted_exactly(days, "day")


def recist(known: Known) -> Iterator[Ranked]:
    """RECIST 1.1 with its sums, or the results that remain possible."""
    found = known.asked("recist")
    if found is None:
        return
    if found.value is None:
        if found.possible:
            yield Ranked(_possible(found), 1)
        return
    said = found.branches[-1].text if found.branches else ""
    result = said.removeprefix("RECIST 1.1: ").rstrip(".") or found.value
    yield Ranked(tell("change.recist", "conclusion/recist", result=result, sums=_sums(found)), 0)


def _sums(found: Conclusion) -> Phrase:
    values = {one.text: one.value for one in found.evidence}
    baseline, now = values.get("baseline sum"), values.get("sum")
    if baseline is None or now is None:
        return Phrase("not complete")
    text = f"{fmt.number(baseline, 0)} to {fmt.number(now, 0)}{fmt.NO_BREAK}mm"
    change, rise = values.get("change from baseline"), values.get("change from the smallest sum")
    parts = [f"{_signed(change)} from baseline" if change is not None else ""]
    nadir = values.get("smallest sum so far")
    if rise is not None and nadir is not None and nadir != baseline:
        parts.append(f"{_signed(rise)} from the smallest sum")
    shown = ", ".join(filter(None, parts))
    return Phrase(f"{text} ({shown})" if shown else text, ("conclusion/recist",))


def _signed(percent: float) -> str:
    return f"{fmt.number(percent, 1, signed=True)}{fmt.NO_BREAK}%"


def _possible(found: Conclusion) -> Sentence:
    values = vocabulary().remaining(found.name, found.possible)
    return tell(
        "synthesis.possible",
        f"conclusion/{found.name}",
        title=vocabulary().title(found.name),
        values=values,
        needed=vocabulary().needed(found.missing, 3),
    )


def new_lesions(known: Known) -> tuple[list[Lesion], list[Lesion]]:
    """Lesions not seen before: new ones, of which a prior exam covered the place; and those first seen now."""
    if known.earlier is None:
        return [], []
    before = {one.id for one in known.earlier.view.lesions}
    fresh = [one for one in known.tumours if one.id not in before and not one.split_from]
    new = [one for one in fresh if _was_looked_for(known.earlier, one)]
    return new, [one for one in fresh if one not in new]


def _was_looked_for(earlier: Known, lesion: Lesion) -> bool:
    kinds = {one.kind for one in lesion.observations if one.exam_key in earlier.view.point.exam_keys}
    return any(
        (one := earlier.view.looked(lesion, kind)) is not None and one.visibility.value == "not seen" for kind in kinds
    )


def gone_lesions(known: Known) -> list[Lesion]:
    """Tumours of the time point before that exams of this one looked for and do not show."""
    if known.earlier is None:
        return []
    now = {one.id for one in known.view.lesions}
    parts = {one.split_from for one in known.tumours}
    return [
        one
        for one in known.earlier.tumours
        if one.id not in now and one.id not in parts and not one.merged_into and _was_looked_for(known, one)
    ]


def split_and_merged(known: Known) -> Iterator[Ranked]:
    """Lesions that fell into parts, and lesions that are now part of another."""
    if known.earlier is None:
        return
    before = {one.id for one in known.earlier.view.lesions}
    for name in sorted({one.split_from for one in known.tumours if one.split_from in before}, key=name_key):
        parts = [one.id for one in known.tumours if one.split_from == name and one.id not in before]
        if parts:
            behind = [f"lesion/{one}" for one in (name, *parts)]
            yield Ranked(tell("change.split", *behind, lesion=name, parts=listed(parts)), 1)
    now = {one.id for one in known.view.lesions}
    for lesion in known.earlier.tumours:
        if lesion.merged_into and lesion.id not in now:
            behind = [f"lesion/{lesion.id}", f"lesion/{lesion.merged_into}"]
            yield Ranked(tell("change.merged", *behind, lesion=lesion.id, whole=lesion.merged_into), 1)


def new_and_gone(known: Known) -> Iterator[Ranked]:
    """New lesions, lesions first seen, and lesions not seen any more."""
    new, first = new_lesions(known)
    if new:
        parts = [_new(known, one) for one in new[:_SHOWN]]
        rest = [f"{len(new) - _SHOWN} more in the lesion table"] if len(new) > _SHOWN else []
        yield Ranked(tell("change.new", lesions=joined([*parts, *rest], "; ")), 0)
    if first:
        behind = [f"lesion/{one.id}" for one in first]
        reason = _why_not_comparable(known, first)
        yield Ranked(tell("change.first_seen", *behind, lesions=listed(one.id for one in first), reason=reason), 0)
    if not new and not first:
        yield Ranked(_nothing_new(known), 1)
    gone = gone_lesions(known)
    if gone:
        behind = [f"lesion/{one.id}" for one in gone]
        yield Ranked(tell("change.vanished", *behind, lesions=listed(one.id for one in gone)), 0)


def _why_not_comparable(known: Known, lesions: list[Lesion]) -> str:
    """Why the prior exams say nothing of the place of lesions that are seen for the first time."""
    earlier = known.earlier.view.point.exam_keys if known.earlier is not None else []
    told = [one for lesion in lesions for one in lesion.observations if one.exam_key in earlier]
    if any(one.visibility is Visibility.NOT_ASSESSABLE for one in told):
        return "its place could not be judged on them"
    return "its exams did not show that place"


def _nothing_new(known: Known) -> Sentence:
    """No new tumour; indeterminate findings that no prior time point shows are named."""
    behind = [f"exam/{exam.key}" for exam in known.view.exams]
    before = {one.id for one in known.earlier.view.unsure} if known.earlier is not None else set()
    before |= {one.id for one in known.earlier.view.lesions} if known.earlier is not None else set()
    unsure = sorted((one for one in known.view.unsure if one.id not in before), key=lambda one: name_key(one.id))
    if not unsure:
        return tell("change.no_new", *behind)
    behind += [f"lesion/{one.id}" for one in unsure]
    return tell("change.no_new_tumour", *behind, lesions=listed(one.id for one in unsure))


def _new(known: Known, lesion: Lesion) -> Phrase:
    found = named(known, lesion)
    behind = tuple(f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion))
    return Phrase(found.text, (*found.rests_on, *behind), found.items)


def sstr(known: Known) -> Iterator[Ranked]:
    """Change of the SSTR volume, descriptive, with what FDG PET says beside it."""
    found = known.conclusion("sstr_change")
    if found is None:
        return
    values = {one.text: one.value for one in found.evidence}
    before, now = values.get("SSTR tumour volume before"), values.get("SSTR tumour volume now")
    if before is None or now is None:
        return
    percent = f"{fmt.number(100 * (now - before) / before, 0, signed=True)}{fmt.NO_BREAK}%" if before else "from none"
    fdg = phrase("change.fdg_now", result=_fdg(known)) if known.value("fdg_uptake") else phrase("change.fdg_not_done")
    yield Ranked(
        tell(
            "change.sstr",
            "conclusion/sstr_change",
            name="SSTR-TV",
            before=fmt.volume(before, pet=True),
            after=fmt.volume(now, pet=True),
            percent=percent,
            fdg=fdg,
        ),
        1,
    )


def _fdg(known: Known) -> Phrase:
    found = known.conclusion("fdg_uptake")
    positive = found.parts.get("positive lesions", "") if found else ""
    words = "no lesion is FDG-positive" if positive == "0" else f"FDG-positive lesions: {positive}"
    return Phrase(words, ("conclusion/fdg_uptake",))


def rate(known: Known) -> Iterator[Ranked]:
    """Tumour growth rate with the smallest that can be detected."""
    found = known.conclusion("growth_rate")
    if found is None:
        return
    values = {one.text: one.value for one in found.evidence}
    monthly, smallest = values.get("growth rate"), values.get("smallest detectable growth rate")
    if monthly is None:
        return
    shown = phrase("change.detectable", value=fmt.number(smallest, 1)) if smallest is not None else NOTHING
    yield Ranked(tell("change.rate", "conclusion/growth_rate", rate=fmt.number(monthly, 1), detectable=shown), 1)
