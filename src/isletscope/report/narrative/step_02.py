"""Step 2, primary tumour: where, how large, what it looks like on each exam, what it is and what it is not."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.assessment import ANATOMICAL
from isletscope.model import Compartment, ExamKind, Lesion, Observation, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import SENTENCE_WORDS, Ranked, word_count
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.lesion_words import (
    certainty,
    how_many,
    judged,
    krenning,
    longest,
    near,
    observed,
    place,
    size,
    size_of,
    uptake,
    volume,
)
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import NOTHING, Phrase, as_sentence, counted, joined, listed, phrase, tell
from isletscope.report.narrative.vocabulary import vocabulary

_PHASES = (("late_arterial", "arterial"), ("portal_venous", "portal"), ("delayed", "delayed"))
_SHOWN_ONE_BY_ONE = 6
_WITH_ALL_AXES = 3


def step_02(known: Known) -> Iterator[Ranked]:
    """The sentences of the step."""
    primaries = known.of(Compartment.PANCREAS)
    if not primaries:
        yield from _without(known)
    elif len(primaries) == 1:
        yield from _single(known, primaries[0])
    else:
        yield from _several(known, primaries)
    yield from _others(known)


def _without(known: Known) -> Iterator[Ranked]:
    removed = known.said("PRI.seen", "resected")
    shown = known.showing("pancreas")
    if removed:
        yield Ranked(tell("primary.removed", *removed.rests_on, mark=removed.mark), 0)
    elif shown and known.unsure(Compartment.PANCREAS):
        yield Ranked(tell("primary.open", exams=known.exams(shown)), 0)
    elif shown:
        yield Ranked(tell("primary.not_seen", exams=known.exams(shown)), 0)
    else:
        yield Ranked(tell("primary.not_examined", *(f"exam/{one.key}" for one in known.view.exams)), 0)


def _single(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    proven = certainty(known, lesion) == "proven"
    if proven:
        yield Ranked(tell("primary.proven", lesion=lesion.id, grade=judged(known, lesion)), 0)
    template = "primary.it_lies" if proven else "primary.lies"
    description = joined([_size(known, lesion), _before(known, lesion), *_look(known)])
    behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
    yield Ranked(tell(template, *behind, lesion=lesion.id, place=place(lesion), description=description), 0)
    yield from _not_seen_on(known, lesion)
    yield from _on_ct(known, lesion)
    yield from _on_mri(known, lesion)
    yield from _on_pet(known, lesion)
    if not proven:
        yield Ranked(tell("primary.judged", lesion=lesion.id, judgement=judged(known, lesion)), 0)


def _size(known: Known, lesion: Lesion) -> Phrase:
    found = size(known, lesion)
    if not found:
        return phrase("primary.size_missing")
    outlined = volume(known, lesion)
    if not outlined:
        return found
    return Phrase(f"{found} ({outlined})", (*found.rests_on, *outlined.rests_on), found.items)


def _before(known: Known, lesion: Lesion) -> Phrase:
    """The longest axis at the time point before, on the same kind of images."""
    if known.earlier is None:
        return NOTHING
    before, now = size_of(known.earlier, lesion), size_of(known, lesion)
    if before is None or now is None or before.kind is not now.kind:
        return NOTHING
    found = longest(known.earlier, lesion)
    return Phrase(f"{found} on {fmt.day(known.earlier.view.point.date)}", found.rests_on, found.items)


def _look(known: Known) -> list[Phrase]:
    """Margin, composition and calcification as answered."""
    told = [known.told(item) for item in ("PRI.margin", "PRI.composition", "PRI.calc")]
    return [one.words() for one in told if one is not None]


def _not_seen_on(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    """CT or MRI that cover the place and do not show the lesion."""
    blind = [
        kind
        for kind in ANATOMICAL
        if (one := known.view.looked(lesion, kind)) is not None and one.visibility is Visibility.NOT_SEEN
    ]
    if blind:
        yield Ranked(tell("primary.not_on", lesion=lesion.id, exams=known.exams(blind)), 1)


def _on_ct(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    one = observed(known, lesion, ExamKind.CT)
    if one is None:
        return
    numbers = [_unenhanced(lesion, one), *(_attenuation(lesion, one, *phase) for phase in _PHASES)]
    parts = [_level(known) if any(numbers) else NOTHING, *numbers]
    if not any(numbers):
        parts = [_in_phase(known, "PRI.enh_art", "arterial"), _in_phase(known, "PRI.enh_port", "portal venous")]
    if any(parts):
        yield Ranked(tell("primary.ct", description=joined(parts)), 2)


def _level(known: Known) -> Phrase:
    """Arterial enhancement in a word; a bright rim is told as such, since the mean of the lesion does not show it."""
    level, pattern = known.told("PRI.enh_art", "level"), known.told("PRI.enh_art", "pattern")
    if pattern is not None and pattern.value == "rim":
        return pattern.phrase("rim enhancement")
    return level.words() if level is not None else NOTHING


def _unenhanced(lesion: Lesion, one: Observation) -> Phrase:
    value = one.number("hu_unenhanced")
    if value is None:
        return NOTHING
    return phrase(
        "primary.unenhanced", f"lesion/{lesion.id}/{one.reference}/hu_unenhanced", tumour=fmt.hounsfield(value)
    )


def _attenuation(lesion: Lesion, one: Observation, name: str, words: str) -> Phrase:
    tumour, organ = one.number(f"hu_{name}"), one.number(f"organ_hu_{name}")
    if tumour is None or organ is None or organ == 0:
        return NOTHING
    behind = [f"lesion/{lesion.id}/{one.reference}/{key}_{name}" for key in ("hu", "organ_hu")]
    return phrase(
        "primary.phase",
        *behind,
        phase=words,
        tumour=fmt.hounsfield(tumour),
        organ=fmt.hounsfield(organ),
        ratio=fmt.number(tumour / organ, 2),
    )


def _in_phase(known: Known, item: str, phase: str) -> Phrase:
    told = known.told(item, "level")
    return phrase("primary.phase_words", level=told.words(), phase=phase) if told else NOTHING


def _on_mri(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    one = observed(known, lesion, ExamKind.MRI)
    if one is None:
        return
    t1, t2 = known.told("PRI.T1T2", "t1"), known.told("PRI.T1T2", "t2")
    dwi = known.told("PRI.DWI", "level")
    parts = [
        t1.words("t1") if t1 else NOTHING,
        t2.words("t2") if t2 else NOTHING,
        dwi.words("dwi") if dwi else NOTHING,
        adc(lesion, one),
    ]
    if any(parts):
        yield Ranked(tell("primary.mri", description=joined(parts)), 2)


def adc(lesion: Lesion, one: Observation) -> Phrase:
    """ADC in 10⁻³ mm²/s against the organ around the lesion, with the ratio."""
    tumour, organ = one.number("adc_mean"), one.number("organ_adc")
    if tumour is None:
        return NOTHING
    behind = [f"lesion/{lesion.id}/{one.reference}/adc_mean"]
    against: Phrase | str = ""
    if organ:
        behind.append(f"lesion/{lesion.id}/{one.reference}/organ_adc")
        against = phrase("primary.adc_against", organ=fmt.diffusion(organ), ratio=fmt.number(tumour / organ, 2))
    return phrase("primary.adc", *behind, tumour=fmt.diffusion(tumour), against=against)


def _on_pet(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    yield from _on_sstr(known, lesion)
    yield from _on_fdg(known, lesion)
    for kind in (ExamKind.EXENDIN_PET, ExamKind.FDOPA_PET):
        yield from _on_other(known, lesion, kind)


def _on_sstr(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    shown = uptake(known, lesion, ExamKind.SSTR_PET)
    score = krenning(known, lesion)
    behind = [f"conclusion/krenning/{lesion.id}"] if score is not None else []
    if score == 0 or _invisible(known, lesion, ExamKind.SSTR_PET):
        yield Ranked(tell("primary.sstr_none", *behind, *_looked(known, lesion, ExamKind.SSTR_PET)), 1)
        return
    if not shown:
        return
    found = [ratio_to_liver(known, lesion)]
    inside = f" ({joined(found)})" if any(found) else ""
    size_mm = size_of(known, lesion)
    small = size_mm is not None and not size_mm.on_pet and size_mm.axes_mm[0] < 12 and (score or 0) in (1, 2, 3)
    words = [phrase("primary.krenning", score=str(score)), phrase("primary.small") if small else NOTHING]
    score_words = f", {joined(words)}" if score is not None else ""
    ratio = Phrase(inside, joined(found).rests_on)
    yield Ranked(tell("primary.sstr", *behind, uptake=shown, ratio=ratio, score=score_words), 1)


def ratio_to_liver(known: Known, lesion: Lesion) -> Phrase:
    """Tumour to liver on SSTR PET, as measured or from the two means."""
    found = known.view.find(lesion, "to_liver", (ExamKind.SSTR_PET,))
    if found is None:
        return NOTHING
    return phrase("primary.to_liver", found.reference, ratio=f"{near(found)}{fmt.ratio(found.value)}")


def _invisible(known: Known, lesion: Lesion, kind: ExamKind) -> bool:
    one = known.view.looked(lesion, kind)
    return one is not None and (one.visibility is Visibility.NOT_SEEN or one.features.get("uptake_visible") == "no")


def _looked(known: Known, lesion: Lesion, kind: ExamKind) -> list[str]:
    one = known.view.looked(lesion, kind)
    return [f"lesion/{lesion.id}/{one.reference}"] if one is not None else []


def _on_fdg(known: Known, lesion: Lesion) -> Iterator[Ranked]:
    level = known.value("fdg_uptake", lesion.id)
    behind = [f"conclusion/fdg_uptake/{lesion.id}"] if level is not None else []
    if level == "0" or _invisible(known, lesion, ExamKind.FDG_PET):
        yield Ranked(tell("primary.fdg_none", *behind, *_looked(known, lesion, ExamKind.FDG_PET)), 1)
        return
    shown = uptake(known, lesion, ExamKind.FDG_PET)
    if not shown:
        return
    found = known.view.find(lesion, "to_liver", (ExamKind.FDG_PET,))
    ratio = Phrase(f" (tumour/liver {fmt.ratio(found.value)})", (found.reference,)) if found else NOTHING
    yield Ranked(tell("primary.fdg", *behind, uptake=shown, ratio=ratio), 1)


def _on_other(known: Known, lesion: Lesion, kind: ExamKind) -> Iterator[Ranked]:
    tracer = vocabulary().tracers[kind]
    if _invisible(known, lesion, kind):
        behind = _looked(known, lesion, kind)
        yield Ranked(tell("primary.other_tracer_none", *behind, tracer=tracer, lesion=lesion.id), 1)
        return
    shown = uptake(known, lesion, kind)
    if not shown:
        return
    late = known.view.find(lesion, "late_suv_max", (kind,))
    words = phrase("primary.late", late.reference, value=fmt.suv(late.value)) if late else NOTHING
    yield Ranked(tell("primary.other_tracer", uptake=shown, late=words), 0)


def _several(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    """Several primaries: all with place and size, then what they share."""
    write = size if len(lesions) <= _WITH_ALL_AXES else longest
    shown = [
        _merge(lesion.id, place(lesion, short=True), write(known, lesion)) for lesion in lesions[:_SHOWN_ONE_BY_ONE]
    ]
    count = how_many(known, lesions, "pancreatic tumour")
    told = _named(count, shown, len(lesions))
    while len(shown) > 1 and word_count(told.text) > SENTENCE_WORDS:
        shown = shown[:-1]
        told = _named(count, shown, len(lesions))
    yield Ranked(told, 0)
    look = _look(known)
    if look:
        largest = lesions[0]
        yield Ranked(as_sentence(_largest_looks(largest, look)), 2)
    yield from _range(known, lesions)
    yield from judged_groups(known, lesions, "primary.judged_together")


def _named(count: str, shown: list[Phrase], number: int) -> Sentence:
    """The sentence that names lesions one by one, and how many more there are."""
    more = number - len(shown)
    rest = [f"{more} more in the lesion table"] if more else []
    return tell("primary.several", count=count, lesions=joined([*shown, *rest], "; "))


def _largest_looks(lesion: Lesion, look: list[Phrase]) -> Phrase:
    words = joined(look)
    return Phrase(f"{lesion.id}, the largest, is {words}.", words.rests_on, words.items)


def _merge(name: str, where: str, found: Phrase) -> Phrase:
    return Phrase(", ".join(filter(None, [name, where, found.text])), found.rests_on, found.items)


def _range(known: Known, lesions: list[Lesion]) -> Iterator[Ranked]:
    """Lowest and highest uptake on each tracer."""
    for kind in (ExamKind.SSTR_PET, ExamKind.EXENDIN_PET):
        found = [one for lesion in lesions if (one := known.view.find(lesion, "suv_max", (kind,))) is not None]
        if not found:
            continue
        values = sorted(one.value for one in found)
        shown = fmt.span(fmt.suv(values[0]), fmt.suv(values[-1]))
        if len(found) == 1:
            shown = f"{shown} ({found[0].reference.split('/')[1]})"
        tracer = vocabulary().tracers[kind]
        behind = [one.reference for one in found]
        yield Ranked(tell("primary.range", *behind, tracer=tracer[:1].upper() + tracer[1:], range=shown), 1)


def judged_groups(known: Known, lesions: list[Lesion], template: str, rank: int = 0) -> Iterator[Ranked]:
    """One sentence for all lesions of the same certainty: "P1 and P2 are typical of NET"."""
    groups: dict[str, list[Lesion]] = {}
    for lesion in lesions:
        groups.setdefault(judged(known, lesion).text, []).append(lesion)
    for words, group in groups.items():
        behind = [one for lesion in group for one in judged(known, lesion).rests_on]
        names = name_list(group, len(lesions))
        are = "is" if len(group) == 1 else "are"
        yield Ranked(tell(template, *behind, lesions=names, are=are, judgement=words), rank)


def name_list(group: list[Lesion], total: int) -> str:
    """Names of lesions: "all", "both", or up to eight of them by name."""
    names = [lesion.id for lesion in group]
    if len(group) == total and total > 1:
        return "both" if total == 2 else "all"
    if len(names) > 8:
        return str(counted(len(names), "lesion"))
    return str(listed(names))


def _others(known: Known) -> Iterator[Ranked]:
    """Foci of the pancreas that are left open or have a benign explanation."""
    for lesion in [*known.unsure(Compartment.PANCREAS), *known.explained(Compartment.PANCREAS)]:
        found = next((one for kind in ExamKind if (one := uptake(known, lesion, kind))), NOTHING)
        inside = joined([place(lesion), size(known, lesion), found])
        behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
        finding = Phrase(f"{lesion.id} ({inside})", (*behind, *inside.rests_on))
        rank = 1 if lesion in known.unsure(Compartment.PANCREAS) else 3
        yield Ranked(tell("primary.explained", finding=finding, judgement=judged(known, lesion)), rank)
