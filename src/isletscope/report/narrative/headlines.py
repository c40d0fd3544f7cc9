"""The one-line statements that summary and impression share: each made once, from the same stored values."""

from __future__ import annotations

from dataclasses import replace

from isletscope.assessment import ANATOMICAL
from isletscope.model import Compartment, ExamKind, Lesion, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.narrative import step_07, step_08, step_09
from isletscope.report.narrative.fitting import shortened
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.lesion_words import certainty, how_many, judged, longest, named, place, size, uptake
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import NOTHING, Phrase, counted, joined, listed, number_word, phrase, tell
from isletscope.report.narrative.step_05 import burden_words, segments, side
from isletscope.report.narrative.vessel_words import (
    angle,
    distance,
    duct_distance_mm,
    free,
    touched,
    vessels_of,
    weight,
)
from isletscope.report.narrative.vocabulary import vocabulary

_ELSEWHERE = (
    Compartment.BONE,
    Compartment.LUNG,
    Compartment.PERITONEUM,
    Compartment.BRAIN,
    Compartment.HEART,
    Compartment.OTHER,
)
_REGIONS = {
    Compartment.LIVER: "liver",
    Compartment.BONE: "bone",
    Compartment.LUNG: "chest",
    Compartment.PERITONEUM: "peritoneum",
}
_NAMED = 3
_DETAILED, _LISTED = 2, 8
_SCORES = (("netpet", "NETPET"), ("karfis", "Karfis"), ("zidan", "Zidan"), ("sstr_rads", "SSTR-RADS"))


def within(sentence: Sentence | None, words: int) -> Sentence | None:
    """The sentence cut at a clause so that it has at most so many words."""
    if sentence is None:
        return None
    text = shortened(sentence.text, words)
    return replace(sentence, text=text if text.endswith(".") else f"{text}.")


def primary(known: Known) -> Sentence | None:
    """The primary tumours in one line."""
    lesions = known.of(Compartment.PANCREAS)
    if not lesions:
        shown = known.showing("pancreas")
        if known.said("PRI.seen", "resected"):
            return tell("headline.primary_removed", *(f"exam/{one.key}" for one in known.view.exams))
        if shown and known.unsure(Compartment.PANCREAS):
            behind = [f"lesion/{one.id}" for one in known.unsure(Compartment.PANCREAS)]
            return tell("headline.primary_open", *behind, exams=known.exams(shown))
        if shown:
            return tell("headline.primary_not_seen", exams=known.exams(shown))
        return tell("headline.primary_unknown", *(f"exam/{one.key}" for one in known.view.exams))
    first = lesions[0]
    if len(lesions) == 1:
        found = size(known, first) or Phrase("size not measured")
        return tell("headline.primary", lesion=first.id, place=place(first), size=found, judgement=judged(known, first))
    behind = [f"lesion/{one.id}" for one in lesions]
    count = how_many(known, lesions, "pancreatic tumour")
    return tell(
        "headline.primaries",
        *behind,
        count=count,
        which=_which(known, lesions),
        judgement=_together(known, lesions),
    )


def nodes(known: Known) -> Sentence | None:
    """The nodes in one line, with what imaging does not exclude."""
    found = known.of(Compartment.NODE)
    if not found:
        if not known.showing("abdominal_nodes"):
            return tell("headline.nodes_unknown", *(f"exam/{one.key}" for one in known.view.exams))
        unsure = [one.id for one in known.unsure(Compartment.NODE)]
        beside = f", {number_word(len(unsure))} indeterminate" if unsure else ""
        behind = [*(f"exam/{one.key}" for one in known.view.exams), *(f"lesion/{one}" for one in unsure)]
        return tell("headline.no_node", *behind, unsure=beside)
    behind = [f"lesion/{one.id}" for one in found]
    count = how_many(known, found, "node")
    return tell("headline.nodes", *behind, count=count, which=_which(known, found), judgement=_together(known, found))


def _which(known: Known, found: list[Lesion]) -> Phrase:
    """One lesion by name, several by the largest, those without a size by name: "(largest N1, station 9, 17 mm)"."""
    size_words = longest(known, found[0])
    if not size_words and len(found) > 1:
        names = [one.id for one in found[:_NAMED]]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        return Phrase(f"({listed(names) if not more else ', '.join(names)}{more})")
    first = f"largest {found[0].id}" if len(found) > 1 else found[0].id
    inside = joined([first, place(found[0], short=True), size_words])
    return Phrase(f"({inside})", inside.rests_on, inside.items)


def _together(known: Known, lesions: list[Lesion]) -> Phrase:
    """The certainty that all share, else how many have which: "two typical of metastasis and one proven (NET G2)"."""
    words = [_short_judgement(known, one) for one in lesions]
    behind = tuple(reference for one in lesions for reference in judged(known, one).rests_on)
    counts: dict[str, int] = {}
    for one in words:
        counts[one] = counts.get(one, 0) + 1
    if len(counts) == 1:
        return Phrase(words[0], behind)
    shown = listed(f"{number_word(number)} {judgement}" for judgement, number in counts.items())
    return Phrase(shown.text, behind)


def _short_judgement(known: Known, lesion: Lesion) -> str:
    if certainty(known, lesion) == "proven":
        return f"proven ({known.value('who_grade')})"
    return judged(known, lesion).text


def liver(known: Known) -> Sentence | None:
    """Liver metastases in one line; None when there are none (see :func:`no_metastasis`)."""
    found = known.of(Compartment.LIVER)
    if not found:
        return None
    sides = {side(one) for one in found}
    spread = "both hemilivers" if {"right", "left"} <= sides else _one_side(found, sides)
    behind = [f"lesion/{one.id}" for one in found]
    first = found[0]
    return tell(
        "headline.liver",
        *behind,
        count=how_many(known, found, "liver metastasis", "liver metastases"),
        spread=f", {spread}" if spread else "",
        burden=burden_words(known),
        largest=_largest(known, first, len(found)),
    )


def _one_side(found: list[Lesion], sides: set[str]) -> str:
    if len(found) == 1:
        return place(found[0]) if found[0].place.region else ""
    if sides == {"right"} or sides == {"left"}:
        return f"{next(iter(sides))} hemiliver"
    held = segments(found)
    return f"segments {listed(held)}" if len(held) > 1 else ""


def _largest(known: Known, lesion: Lesion, count: int) -> Phrase:
    found = longest(known, lesion)
    if not found:
        return NOTHING
    if count == 1:
        return Phrase(f" ({lesion.id}, {found})", found.rests_on, found.items)
    return Phrase(f"; largest {lesion.id}, {place(lesion)}, {found}", found.rests_on, found.items)


def elsewhere(known: Known) -> Sentence | None:
    """Bone and other sites in one line; None when there is no lesion."""
    parts = []
    for compartment in _ELSEWHERE:
        found = known.of(compartment)
        if not found:
            continue
        words = vocabulary().compartments[compartment]
        which, judgement = _which(known, found), _together(known, found)
        text = f"{how_many(known, found, words.one, words.many)} {which}, {judgement}"
        behind = (*which.rests_on, *judgement.rests_on, *(f"lesion/{one.id}" for one in found))
        parts.append(Phrase(text, behind))
    return tell("headline.elsewhere", lesions=joined(parts, "; ")) if parts else None


def indeterminate(known: Known) -> Sentence | None:
    """Findings that are left open, by name where they are few."""
    found = known.unsure(*Compartment)
    if not found:
        return None
    behind = [f"lesion/{one.id}" for one in found]
    count = counted(len(found), "finding")
    are = "is" if len(found) == 1 else "are"
    if len(found) <= _DETAILED:
        shown = joined(named(known, one) for one in found)
    else:
        names = [one.id for one in found[:_LISTED]]
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        shown = Phrase(f"{', '.join(names)}{more}" if more else str(listed(names)))
    return tell("headline.indeterminate", *behind, count=count, are=are, lesions=shown)


def no_metastasis(known: Known) -> Sentence | None:
    """Compartments that exams show and where nothing suspicious is seen."""
    free = [
        vocabulary().compartments[one].place
        for one, region in _REGIONS.items()
        if known.showing(region) and not known.of(one) and not known.unsure(one)
    ]
    if not free:
        return None
    words = [{"peritoneum": "peritoneal"}.get(one, one) for one in free]
    behind = [f"exam/{exam.key}" for exam in known.view.exams]
    return tell("headline.no_metastasis", *behind, places=listed(words, "or"))


def tracers(known: Known) -> Sentence | None:
    """The scores of both tracers in one line."""
    parts = []
    for name, title in _SCORES:
        value = known.value(name)
        if value is None or value == "unclassifiable":
            continue
        without = _suspicious_without_uptake(known) if name == "sstr_rads" and value != "3D" else ""
        parts.append(Phrase(f"{title} {value}{without}", (f"conclusion/{name}",)))
    shown = step_07.krenning_words(known)
    if shown:
        parts.append(Phrase(f"Krenning {shown}", ("conclusion/krenning",)))
    return tell("headline.scores", scores=joined(parts, "; ")) if parts else None


def _suspicious_without_uptake(known: Known) -> str:
    """Lesions of SSTR-RADS 3D, which the highest category hides: " (3D: L5 and L6)"."""
    found = [one.id for one in known.tumours if known.value("sstr_rads", one.id) == "3D"]
    return f" (3D: {step_09.name_list(found)})" if found else ""


def exendin(known: Known) -> Sentence | None:
    """Exendin or FDOPA uptake of the primary, where done."""
    for kind in (ExamKind.EXENDIN_PET, ExamKind.FDOPA_PET):
        for lesion in known.of(Compartment.PANCREAS)[:1]:
            found = uptake(known, lesion, kind)
            if found:
                late = known.view.find(lesion, "late_suv_max", (kind,))
                shown = Phrase(f" (late {fmt.suv(late.value)})", (late.reference,)) if late else NOTHING
                return tell("headline.tracer", uptake=found, late=shown, lesion=lesion.id)
    return None


def stage(known: Known) -> Sentence | None:
    """TNM and stage."""
    return step_09.stage(known)


def local(known: Known) -> Sentence | None:
    """What the primary touches, or the nearest vessel, and the distance to the main duct."""
    lesions = known.of(Compartment.PANCREAS)
    if not lesions or not any(known.view.done(kind) for kind in ANATOMICAL):
        return None
    found = [(lesion, one) for lesion in lesions for one in vessels_of(known, lesion)]
    if not found:
        return None
    several = len(lesions) > 1
    touching = sorted(
        ((lesion, one) for lesion, one in found if touched(one)), key=lambda pair: (weight(pair[1]), pair[0].id)
    )
    if touching:
        parts = []
        for lesion, one in touching[:2]:
            name = vocabulary().vessel(one.vessel)
            words = _state(one) or angle(one)
            prefix = f"{lesion.id} with " if several else ""
            parts.append(Phrase(f"{prefix}{name} {words}", words.rests_on))
        more = len(touching) - len(parts)
        rest = [f"{more} further in the vessel table"] if more else []
        shown = joined([*parts, *rest])
        return tell("headline.contact", contacts=shown, duct=_duct(known, lesions))
    measured = [(value, one) for _, one in found if (value := one.number("distance")) is not None]
    if not all(free(one) for _, one in found):
        return None
    nearest = NOTHING
    if measured:
        one = min(measured, key=lambda pair: pair[0])[1]
        words = distance(one)
        nearest = Phrase(f" (nearest: {vocabulary().vessel(one.vessel)}, {words})", words.rests_on)
    behind = [f"vessel/{one.lesion}/{one.vessel}/{one.exam_key}" for _, one in found]
    return tell("headline.no_contact", *behind, nearest=nearest, duct=_duct(known, lesions))


def _state(one: VesselFinding) -> Phrase:
    thrombus = one.features.get("thrombus")
    behind = (f"vessel/{one.lesion}/{one.vessel}/{one.exam_key}",)
    if thrombus in ("tumour", "bland"):
        return Phrase(f"with {thrombus} thrombus", behind)
    return Phrase("occluded", behind) if one.features.get("occlusion") == "yes" else NOTHING


def _duct(known: Known, lesions: list[Lesion]) -> Phrase:
    """The distance to the main pancreatic duct of a single primary."""
    if len(lesions) != 1:
        return NOTHING
    found = duct_distance_mm(known, lesions[0], "pancreatic_duct")
    if found is None:
        return NOTHING
    value_mm, words = found
    if value_mm == 0:
        return phrase("headline.duct_touched", *words.rests_on)
    return phrase("headline.duct", distance=words)


def surgery(known: Known) -> Sentence | None:
    """The rule on surgery or surveillance with the operations it lists."""
    rule = known.conclusion("surveillance")
    if rule is None or rule.value is None:
        return None
    outcome = Phrase(vocabulary().outcome("surveillance", rule.value), ("conclusion/surveillance",))
    listed_operations = known.conclusion("operations")
    more = NOTHING
    if listed_operations is not None and rule.value != "surveillance":
        gate = listed_operations.parts.get("enucleation_gate", "")
        if gate:
            more = Phrase(f"; enucleation gate: {vocabulary().outcome('gates', gate)}", ("conclusion/operations",))
    return tell("headline.surgery", outcome=outcome, gate=more, near=step_09.near_words(rule))


def classes(known: Known) -> Sentence | None:
    """The local class of all systems."""
    return step_09.local_class(known)


def prrt(known: Known) -> Sentence | None:
    """What uptake says for a discussion of PRRT; the question does not arise in localised disease."""
    return None if step_09.localised(known) else step_09.prrt(known)


def cytoreduction(known: Known) -> Sentence | None:
    """Whether criteria for discussing cytoreduction are met."""
    return step_09.cytoreduction(known)


def response(known: Known) -> Sentence | None:
    """RECIST with sums, at follow-up."""
    if known.earlier is None:
        return None
    return next((one.sentence for one in step_08.recist(known)), None)


def new_and_gone(known: Known) -> Sentence | None:
    """New and vanished lesions, at follow-up."""
    if known.earlier is None:
        return None
    found = [one.sentence for one in step_08.new_and_gone(known)]
    text = " ".join(one.text for one in found)
    items = tuple(dict.fromkeys(item for one in found for item in one.items))
    behind = tuple(dict.fromkeys(reference for one in found for reference in one.rests_on))
    return Sentence(text, items, behind) if found else None


def growth(known: Known) -> Sentence | None:
    """Growth rate or change of SSTR volume, at follow-up."""
    if known.earlier is None:
        return None
    found = [one.sentence for one in (*step_08.sstr(known), *step_08.rate(known))]
    if not found:
        return None
    text = " ".join(one.text for one in found)
    behind = tuple(dict.fromkeys(reference for one in found for reference in one.rests_on))
    return Sentence(text, tuple(dict.fromkeys(i for one in found for i in one.items)), behind)


def sampling(known: Known) -> Sentence | None:
    """The most informative site if sampling is discussed."""
    site = step_07.sampling_site(known)
    return tell("phenotype.site", site=site) if site else None


def missing_tracers(known: Known) -> Sentence | None:
    """Which of the two PETs was not done, and what that leaves open."""
    absent = [kind for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET) if not known.view.done(kind)]
    if not absent:
        return None
    exams = listed(vocabulary().exams[kind] for kind in absent)
    behind = [f"exam/{exam.key}" for exam in known.view.exams]
    return tell("headline.missing_tracers", *behind, exams=exams, was="was" if len(absent) == 1 else "were")


def open_items(known: Known) -> Sentence | None:
    """How many items block signing, with the first of them."""
    found = known.assessed.completeness
    if found is None or not found.blocking:
        return None
    count = fmt.counted_exactly(len(found.blocking), "item")
    steps = sorted({one.step for one in found.blocking})
    where = f"step {steps[0]}" if len(steps) == 1 else f"steps {listed(str(one) for one in steps)}"
    sentence = tell("headline.open", f"time_point/{known.view.point.name}", count=count, steps=where)
    return replace(sentence, items=tuple(one.id for one in found.blocking))
