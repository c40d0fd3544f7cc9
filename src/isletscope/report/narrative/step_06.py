"""Step 6, peritoneum, bone and other organs: lesions by compartment, then what was looked for and not seen."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.model import Compartment, ExamKind, Lesion
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known, Told
from isletscope.report.narrative.lesion_words import fdg_level, how_many, judged, place, size, uptake
from isletscope.report.narrative.phrases import Phrase, Words, joined, listed, tell
from isletscope.report.narrative.step_02 import judged_groups
from isletscope.report.narrative.vessel_words import organs_of, reference
from isletscope.report.narrative.vocabulary import vocabulary

_COMPARTMENTS = (
    Compartment.BONE,
    Compartment.PERITONEUM,
    Compartment.LUNG,
    Compartment.BRAIN,
    Compartment.HEART,
    Compartment.OTHER,
)
# What was looked for: words, the region that must be shown, the item and the words that mean "none".
_LOOKED_FOR = (
    (Compartment.PERITONEUM, "peritoneal", "peritoneum"),
    (Compartment.BONE, "bone", "bone"),
    (Compartment.LUNG, "lung", "chest"),
)
_ORGANS = ("duodenum", "stomach", "spleen", "colon", "adrenal_gland", "kidney")
_SHOWN = 3


def step_06(known: Known) -> Iterator[Ranked]:
    """The sentences of the step; never none, because an empty step would read as nothing found."""
    found = list(_findings(known))
    behind = [f"exam/{exam.key}" for exam in known.view.exams]
    yield from found or [Ranked(tell("other.not_assessable", *behind), 0)]


def _findings(known: Known) -> Iterator[Ranked]:
    for compartment in _COMPARTMENTS:
        yield from _lesions(known, compartment)
    yield from _ascites(known)
    yield from _not_seen(known)
    yield from _organs(known)
    yield from _others(known)
    yield from _not_examined(known)


def _lesions(known: Known, compartment: Compartment) -> Iterator[Ranked]:
    lesions = known.of(compartment)
    if not lesions:
        return
    if len(lesions) > _SHOWN and size(known, lesions[0]):
        words = vocabulary().compartments[compartment]
        count = how_many(known, lesions, words.one, words.many)
        largest = lesions[0]
        behind = [f"lesion/{one.id}" for one in lesions]
        found = findings(known, largest)
        yield Ranked(
            tell("other.several", *behind, count=count, lesion=largest.id, place=place(largest), findings=found), 0
        )
        yield from judged_groups(known, lesions, "other.judged")
        return
    for lesion in lesions:
        found, judgement = findings(known, lesion), judged(known, lesion)
        yield Ranked(
            tell("other.lesion", lesion=lesion.id, place=place(lesion), findings=found, judgement=judgement), 0
        )


def findings(known: Known, lesion: Lesion) -> Phrase:
    """Size, texture of bone, uptake on both tracers."""
    texture = next(
        (one.features["bone_texture"] for one in known.view.seen(lesion) if "bone_texture" in one.features), ""
    )
    parts: list[Words] = [size(known, lesion), texture, uptake(known, lesion, ExamKind.SSTR_PET)]
    fdg = uptake(known, lesion, ExamKind.FDG_PET)
    if fdg_level(known, lesion) == 0:
        fdg = Phrase("FDG-negative", (f"conclusion/fdg_uptake/{lesion.id}",))
    behind = tuple(f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion))
    words = joined([*parts, fdg])
    return Phrase(words.text or "size not measured", (*words.rests_on, *behind), words.items)


def _ascites(known: Known) -> Iterator[Ranked]:
    told = known.told("PER.nod", "ascites")
    if told and told.value != "none":
        yield Ranked(tell("other.ascites", amount=told.words("ascites")), 0)


def _not_seen(known: Known) -> Iterator[Ranked]:
    """Regions without a lesion, grouped by the exams that show them."""
    groups: dict[tuple[ExamKind, ...], list[str]] = {}
    for compartment, word, region in _LOOKED_FOR:
        shown = tuple(known.showing(region))
        if shown and not known.of(compartment) and not known.unsure(compartment):
            groups.setdefault(shown, []).append(word)
    for shown, found in groups.items():
        yield Ranked(tell("other.none", lesions=Phrase(f"{listed(found)} lesions"), exams=known.exams(shown)), 1)


def _not_examined(known: Known) -> Iterator[Ranked]:
    coverage = known.view.point.coverage
    outside = [name for name in ("chest", "pelvis", "brain") if name in coverage and not known.showing(name)]
    words = {"chest": "chest", "pelvis": "pelvis", "brain": "brain"}
    if outside:
        behind = [f"exam/{exam.key}" for exam in known.view.exams]
        regions = Phrase(f"the {listed([words[name] for name in outside], 'and')}")
        yield Ranked(
            tell("other.not_examined", *behind, regions=regions, was="was" if len(outside) == 1 else "were"), 2
        )


def _organs(known: Known) -> Iterator[Ranked]:
    """Neighbours of the primary: those reached one by one, the free ones together."""
    free: list[str] = []
    behind: list[str] = []
    for lesion in known.of(Compartment.PANCREAS):
        beside = organs_of(known, lesion)
        for name in _ORGANS:
            relation = beside[name].features.get("relation") if name in beside else None
            if relation in ("abut", "invade"):
                words = Phrase(
                    f"{vocabulary().answer('ADJ', relation)} by {lesion.id}", (reference(beside[name], "relation"),)
                )
                yield Ranked(tell("other.organ", organ=vocabulary().organs[name], relation=words), 0)
            elif relation == "none":
                free.append(vocabulary().organs[name])
                behind.append(reference(beside[name], "relation"))
    if free and len(known.of(Compartment.PANCREAS)) == 1:
        yield Ranked(tell("other.organs_free", *behind, organs=joined(free)), 3)


def _others(known: Known) -> Iterator[Ranked]:
    for lesion in [*known.unsure(*_COMPARTMENTS), *known.explained(*_COMPARTMENTS, Compartment.NODE)]:
        behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
        unsure = lesion in known.unsure(*_COMPARTMENTS)
        where = joined([place(lesion), size(known, lesion)])
        yield Ranked(
            tell("other.explained", *behind, lesion=lesion.id, place=where, judgement=judged(known, lesion)),
            1 if unsure else 4,
        )
    yield from _answered(known)


def _answered(known: Known) -> Iterator[Ranked]:
    kidneys, gallbladder = known.told("KID"), known.told("GB")
    kinds = _listed(kidneys)
    if kidneys and kinds:
        words = listed(vocabulary().answer("KID", kind) for kind in kinds)
        yield Ranked(tell("other.kidneys", words=kidneys.phrase(str(words))), 1)
    if gallbladder and gallbladder.value in ("stones", "removed"):
        yield Ranked(tell("other.gallbladder", words=gallbladder.words()), 4)
    found, text = known.said("INC", "True", part="found"), known.told("INC", "list")
    if found and text:
        yield Ranked(tell("other.incidental", *found.rests_on, mark=text.mark, words=str(text.value)), 1)


def _listed(told: Told | None) -> list[str]:
    if told is None or not isinstance(told.value, list):
        return []
    return [str(one) for one in told.value if one != "none"]
