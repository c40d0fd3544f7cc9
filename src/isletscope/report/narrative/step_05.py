"""Step 5, liver: number, spread and burden of metastases, how they behave, what else is there."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.assessment import ANATOMICAL, liver_findings
from isletscope.model import Compartment, ExamKind, Lesion, Role, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known, name_key
from isletscope.report.narrative.lesion_words import (
    fdg_level,
    how_many,
    krenning,
    longest,
    pattern,
    place,
    size,
    uptake,
)
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import (
    NOTHING,
    Phrase,
    as_sentence,
    counted,
    joined,
    listed,
    number_word,
    phrase,
    tell,
)
from isletscope.report.narrative.vocabulary import vocabulary

_RIGHT, _LEFT = ("5", "6", "7", "8"), ("2", "3", "4")
_SSTR_POSITIVE = 2
_NAMES = 5


def step_05(known: Known) -> Iterator[Ranked]:
    """The sentences of the step."""
    lesions = known.of(Compartment.LIVER)
    shown = known.showing("liver")
    if lesions:
        yield from _metastases(known, lesions)
    elif shown:
        yield Ranked(tell("liver.none", exams=known.exams(shown)), 0)
    else:
        behind = [f"exam/{one.key}" for one in known.view.exams]
        yield Ranked(tell("liver.not_examined", *behind, reasons=_why_not_shown(known)), 0)
    yield from _others(known)
    yield from _background(known)


def _why_not_shown(known: Known) -> Phrase:
    """What each CT or MR that was read lacks, so that the next exam can be asked for."""
    keys = {exam.key for exam in known.view.exams}
    reasons = [
        phrase(
            "liver.one_series" if len(reading.series_keys) == 1 else "liver.not_found",
            exam=known.exams([reading.kind]),
        )
        for reading in known.view.case.image_readings
        if reading.exam_key in keys
    ]
    return phrase("liver.reasons", reasons=joined(reasons, "; ")) if reasons else NOTHING


def _metastases(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    if len(lesions) == 1:
        yield Ranked(_one(known, lesions[0]), 0)
    else:
        yield Ranked(_several(known, lesions), 0)
        largest = lesions[0]
        found = size(known, largest)
        if found:
            yield Ranked(tell("liver.largest", lesion=largest.id, place=place(largest), size=found), 1)
    yield from _discordant(known, lesions)
    yield from _uptake(known, lesions)
    yield from _share(known, lesions)
    yield from _by_exam(known, lesions)
    yield from _looks(known)


def _one(known: Known, lesion: Lesion) -> Sentence:
    found = joined([size(known, lesion), *(uptake(known, lesion, kind) for kind in ExamKind)])
    behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
    findings = found or "size not measured"
    return tell("liver.one", *behind, lesion=lesion.id, place=place(lesion), findings=findings)


def _several(known: Known, lesions: list[Lesion]) -> Sentence:
    count = how_many(known, lesions, "metastasis", "metastases")
    spread, burden = joined([_segments(lesions), _sides(lesions)], ""), burden_words(known)
    behind = [f"lesion/{one.id}" for one in lesions]
    return tell("liver.several", *behind, count=count, spread=spread, burden=burden)


def segments(lesions: list[Lesion]) -> list[str]:
    """Segments that hold lesions, in order."""
    return sorted({one.place.region for one in lesions if one.place.region.isdigit()})


def _segments(lesions: list[Lesion]) -> Phrase:
    found = segments(lesions)
    if not found:
        return NOTHING
    low, high = int(found[0]), int(found[-1])
    if len(found) > 2 and len(found) == high - low + 1:
        return phrase("liver.segments", segments=f"{low} to {high}")
    words = phrase("liver.segments", segments=listed(found))
    return words if len(found) > 1 else Phrase(words.text.replace("segments", "segment"), words.rests_on, words.items)


def side(lesion: Lesion) -> str:
    """Right, left or caudate; empty when it is not known."""
    if lesion.place.side:
        return lesion.place.side
    region = lesion.place.region
    return "right" if region in _RIGHT else "left" if region in _LEFT else "caudate" if region == "1" else ""


def _sides(lesions: list[Lesion]) -> Phrase:
    sides = [side(one) for one in lesions]
    if not all(one in ("right", "left") for one in sides):
        return NOTHING
    right, left = sides.count("right"), sides.count("left")
    if max(right, left) >= fmt.COUNT_EXACT_BELOW and right and left:
        return Phrase(", both hemilivers")
    if not right or not left:
        together = "both" if len(lesions) == 2 else "all"
        return Phrase(f", {together} in the {'right' if right else 'left'} hemiliver")
    write = number_word if max(right, left) <= 10 else str
    return phrase("liver.sides", right=write(right), left=write(left))


def burden_words(known: Known) -> Phrase:
    """Tumour and whole liver in mL with the share: ", 249 mL of 1889 mL (13.2 %)"."""
    burden = known.conclusion("liver_burden")
    if burden is None:
        return NOTHING
    volumes = {one.text: one.value for one in burden.evidence}
    tumour, whole = volumes.get("tumour volume in the liver"), volumes.get("liver volume, tumour included")
    if not tumour or not whole:
        return NOTHING
    percent = fmt.percent(100 * tumour / whole, table=True)
    return phrase(
        "liver.burden",
        "conclusion/liver_burden",
        tumour=fmt.volume(tumour),
        liver=fmt.volume(whole),
        percent=percent,
    )


def _share(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    """The fuller hemiliver by volume, where the liver was measured."""
    for one in liver_findings(known.view):
        shares = {name: one.number(f"{name}_tumour_share") for name in ("right", "left")}
        found = [(value, name) for name, value in shares.items() if value is not None]
        if found and len(lesions) > 1:
            value, name = max(found)
            behind = f"liver/{one.exam_key}/{name}_tumour_share"
            percent = fmt.percent(value, thresholds=(75.0, 50.0))
            yield Ranked(tell("liver.share", behind, side=name, percent=percent), 2)
            return


def _mismatched(known: Known, lesions: list[Lesion]) -> list[Lesion]:
    return [one for one in lesions if pattern(known, one) == "fdg_only"]


def _discordant(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    found = _mismatched(known, lesions)
    if found:
        behind = [f"conclusion/concordance/{one.id}" for one in found]
        yield Ranked(
            tell("liver.discordant", *behind, lesions=_names(found), are=_are(found), highest=_highest(known, found)), 0
        )


def _highest(known: Known, lesions: list[Lesion]) -> Phrase:
    """The highest FDG SUVmax: " (FDG SUVmax up to 14.2)"."""
    found = [one for lesion in lesions if (one := known.view.find(lesion, "suv_max", (ExamKind.FDG_PET,))) is not None]
    if not found:
        return NOTHING
    top = max(found, key=lambda one: one.value)
    return Phrase(f" (FDG SUVmax {'up to ' if len(lesions) > 1 else ''}{fmt.suv(top.value)})", (top.reference,))


def _uptake(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    if len(lesions) < 2:
        return
    scores = {one.id: krenning(known, one) for one in lesions}
    if known.view.done(ExamKind.SSTR_PET) and None not in scores.values():
        positive = [one for one in lesions if (scores[one.id] or 0) >= _SSTR_POSITIVE]
        yield Ranked(_sstr(known, lesions, positive), 1)
    yield from _fdg(known, lesions)


def _sstr(known: Known, lesions: list[Lesion], positive: list[Lesion]) -> Sentence:
    """How many metastases are SSTR-positive, and the range of their uptake."""
    found = [
        one for lesion in positive if (one := known.view.find(lesion, "suv_max", (ExamKind.SSTR_PET,))) is not None
    ]
    numbers = sorted(one.value for one in found)
    shown = fmt.span(fmt.suv(numbers[0]), fmt.suv(numbers[-1])) if numbers else ""
    inside = Phrase(f" (SSTR SUVmax {shown})" if shown else "", tuple(one.reference for one in found))
    behind = [f"conclusion/krenning/{one.id}" for one in lesions]
    if len(positive) == len(lesions):
        together = "Both" if len(lesions) == 2 else "All"
        return tell("liver.sstr_all", *behind, together=together, uptake=inside)
    if not positive:
        return tell("liver.sstr_none", *behind)
    negative = len(lesions) - len(positive)
    return tell(
        "liver.sstr_some",
        *behind,
        positive=number_word(len(positive)),
        verb="are" if len(positive) > 1 else "is",
        count=number_word(len(lesions)),
        uptake=inside,
        negative=number_word(negative),
        are="is" if negative == 1 else "are",
    )


def _fdg(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    if not known.view.done(ExamKind.FDG_PET):
        return
    levels = {one.id: fdg_level(known, one) for one in lesions}
    positive = [one for one in lesions if (levels[one.id] or 0) > 0]
    behind = [f"conclusion/fdg_uptake/{one.id}" for one in lesions]
    if not positive and all(level == 0 for level in levels.values()):
        yield Ranked(tell("liver.fdg_none", *behind), 1)
        return
    if positive and positive != _mismatched(known, lesions):
        words = _highest(known, positive)
        yield Ranked(tell("liver.fdg", *behind, lesions=_names(positive), are=_are(positive), highest=words), 1)


def _by_exam(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    """How many metastases CT and MRI show where they differ, and what one of them misses."""
    counts: dict[ExamKind, int] = {}
    for kind in known.showing("liver", *ANATOMICAL):
        looked = [one for lesion in lesions if (one := known.view.looked(lesion, kind)) is not None]
        if len(looked) == len(lesions):
            counts[kind] = sum(one.visibility is Visibility.SEEN for one in looked)
    if len(set(counts.values())) < 2 and set(counts.values()) <= {len(lesions)}:
        return
    behind = [f"lesion/{one.id}" for one in lesions]
    if len(counts) > 1:
        shown = listed(f"{vocabulary().exams[kind]} {number_word(count)}" for kind, count in counts.items())
        yield Ranked(tell("liver.seen_by", *behind, counts=shown, total=number_word(len(lesions))), 2)
    for kind, count in counts.items():
        missed = [one for one in lesions if _not_seen(known, one, kind)]
        if missed and count and len(missed) <= _NAMES:
            names = listed(one.id for one in sorted(missed, key=lambda one: name_key(one.id)))
            exams = known.exams([kind])
            yield Ranked(tell("liver.not_on", *behind, lesions=names, are=_are(missed), exams=exams), 3)


def _not_seen(known: Known, lesion: Lesion, kind: ExamKind) -> bool:
    one = known.view.looked(lesion, kind)
    return one is not None and one.visibility is Visibility.NOT_SEEN


def _looks(known: Known) -> Iterator[Ranked]:
    enhancement = known.told("LIV.pattern", "enhancement")
    t2, dwi, late = (known.told("LIV.pattern", part) for part in ("t2", "dwi", "hepatobiliary"))
    parts: list[Phrase] = []
    if enhancement and isinstance(enhancement.value, list):
        words = [vocabulary().answer("LIV.enhancement", str(one)) for one in enhancement.value]
        phase = " in the arterial phase" if str(enhancement.value[-1]) in ("hyper", "iso", "hypo") else ""
        parts.append(enhancement.phrase(f"{listed(words, 'or')}{phase}"))
    parts += [one.words(f"LIV.{name}") for name, one in (("t2", t2), ("dwi", dwi), ("hepatobiliary", late)) if one]
    if parts:
        yield Ranked(tell("liver.looks", description=joined(parts)), 3)


def _others(known: Known) -> Iterator[Ranked]:
    for lesion in known.unsure(Compartment.LIVER):
        found = joined([longest(known, lesion), *(uptake(known, lesion, kind) for kind in ExamKind)])
        behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
        findings = found or "size not measured"
        yield Ranked(tell("liver.unsure", *behind, lesion=lesion.id, place=place(lesion), findings=findings), 1)
    explained = known.explained(Compartment.LIVER)
    if explained:
        yield Ranked(as_sentence(_explained(known, explained)), 2)
        return
    told = known.told("LIV.benign", "value")
    if told and isinstance(told.value, list) and told.value != ["none"]:
        where = known.told("LIV.benign", "where")
        words = [vocabulary().answer("LIV.benign", str(one)) for one in told.value]
        text = f"{listed(words)}{told.mark}" + (f", {where.value}" if where else "")
        yield Ranked(tell("liver.explained", findings=Phrase(text, told.rests_on, (told.item,))), 2)


def _explained(known: Known, lesions: list[Lesion]) -> Phrase:
    """Benign findings: "One cyst, segment 4, 6 mm." """
    groups: dict[str, list[Lesion]] = {}
    for lesion in lesions:
        word = vocabulary().explained.get(lesion.explained_by, lesion.explained_by.replace("_", " ") or "benign lesion")
        groups.setdefault(word, []).append(lesion)
    parts: list[Phrase] = []
    for word, group in groups.items():
        found = longest(known, group[0])
        where = ", ".join(dict.fromkeys(place(one) for one in group if one.place.region))
        behind = [f"lesion/{one.id}/{seen.reference}" for one in group for seen in known.view.seen(one)]
        text = ", ".join(filter(None, [counted(len(group), word), where, found.text if len(group) == 1 else ""]))
        parts.append(Phrase(text, (*behind, *found.rests_on), ("LIV.benign",)))
    return phrase("liver.explained", findings=joined(parts, "; "))


def _background(known: Known) -> Iterator[Ranked]:
    told = known.told("SUR.liver_background")
    if told and isinstance(told.value, list):
        words = [vocabulary().answer("LIV.background", str(one)) for one in told.value]
        yield Ranked(
            tell("liver.background", words=Phrase(f"{listed(words)}{told.mark}", told.rests_on, (told.item,))), 3
        )
    if known.view.done(ExamKind.MRI):
        roles = {series.role for exam in known.view.exams for series in exam.series if series.usable}
        if Role.MR_HEPATOBILIARY not in roles:
            behind = [f"exam/{key}" for key in known.view.kinds[ExamKind.MRI]]
            yield Ranked(tell("liver.no_hepatobiliary", *behind), 4)


def _names(lesions: list[Lesion]) -> str:
    if len(lesions) > 2 * _NAMES:
        return counted(len(lesions), "metastasis", "metastases")
    return str(listed(one.id for one in sorted(lesions, key=lambda one: name_key(one.id))))


def _are(lesions: list[Lesion]) -> str:
    return "is" if len(lesions) == 1 else "are"
