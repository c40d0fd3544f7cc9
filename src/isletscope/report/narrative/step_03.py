"""Step 3, ducts and vessels: what the tumour touches, then distances, calibres and variants."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.assessment import ANATOMICAL
from isletscope.criteria import find_criterion
from isletscope.model import Compartment, Lesion, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known, Told, name_key
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import NOTHING, Phrase, joined, listed, phrase, tell
from isletscope.report.narrative.vessel_words import (
    angle,
    contact,
    detail,
    distance,
    duct_distance_mm,
    free,
    organs_of,
    reference,
    touched,
    vessels_of,
    weight,
)
from isletscope.report.narrative.vocabulary import vocabulary

_DUCT_LIMIT_MM = 3.0
_FAR_MM = 30.0
_VERBS = {"abut": "touches", "invade": "invades"}
_NAMED = 5
_CONTACTS = 2
_ABUTMENT_DEG = find_criterion("vessel_signs").book.limit("half_turn")


def step_03(known: Known) -> Iterator[Ranked]:
    """The sentences of the step."""
    if not any(known.view.done(kind) for kind in ANATOMICAL):
        yield Ranked(_not_assessable(known), 0)
        return
    primaries = known.of(Compartment.PANCREAS)
    yield from _vessels(known, primaries)
    yield from _duct_distances(known, primaries)
    yield from _main_duct(known)
    yield from _bile_duct(known)
    yield from _arteries(known)
    yield from _not_judged(known, primaries)


def _not_judged(known: Known, primaries: list[Lesion]) -> Iterator[Ranked]:
    """What of this step was not looked at although CT or MRI was done."""
    behind = [f"exam/{key}" for kind in ANATOMICAL for key in known.view.kinds.get(kind, [])]
    if primaries and not any(vessels_of(known, lesion) for lesion in primaries):
        yield Ranked(tell("vessels.not_judged", *behind), 0)
    if not known.told("MPD.cal", "upstream_mm") and not known.told("MPD.cal", "downstream_mm"):
        yield Ranked(tell("ducts.not_measured", *behind), 2)


def _not_assessable(known: Known) -> Sentence:
    return tell(
        "ducts.not_assessable",
        *(f"exam/{exam.key}" for exam in known.view.exams),
        reason="neither CT nor MRI was done",
    )


def _vessels(known: Known, primaries: list[Lesion]) -> Iterator[Ranked]:
    found = [(lesion, one) for lesion in primaries for one in vessels_of(known, lesion)]
    touching = [(lesion, one) for lesion, one in found if touched(one)]
    ordered = sorted(touching, key=lambda pair: (weight(pair[1]), pair[0].id))
    for place, (lesion, one) in enumerate(ordered):
        yield Ranked(_touching(lesion, one), 0 if place < _CONTACTS else 5)
    yield from _free(found)
    yield from _unmeasured(found)
    yield from _collaterals(known)


def _touching(lesion: Lesion, one: VesselFinding) -> Sentence:
    thrombus = one.features.get("thrombus")
    if thrombus in ("tumour", "bland"):
        kind = Phrase(f"a {thrombus} thrombus", (reference(one, "thrombus"),))
        return tell("vessels.thrombus", vessel=_bare(one), kind=kind, extent=_beside(one))
    if one.features.get("occlusion") == "yes":
        length = one.number("contact_length")
        behind = (reference(one, "contact_length"),)
        over = Phrase(f" over {fmt.number(length, 0)}{fmt.NO_BREAK}mm", behind) if length else NOTHING
        return tell("vessels.occluded", reference(one, "occlusion"), vessel=_bare(one), lesion=lesion.id, length=over)
    template = "vessels.encased" if (contact(one) or 0.0) > _ABUTMENT_DEG else "vessels.contact"
    return tell(template, lesion=lesion.id, vessel=_bare(one), angle=angle(one), detail=detail(one))


def _bare(one: VesselFinding) -> str:
    return vocabulary().vessel(one.vessel)


def _beside(one: VesselFinding) -> Phrase:
    words = angle(one)
    return Phrase(f" (contact {words})", words.rests_on) if words else NOTHING


def _free(found: list[tuple[Lesion, VesselFinding]]) -> Iterator[Ranked]:
    """Vessels that no primary touches by measurement; those that decide about resection by name."""
    held = {one.vessel for _, one in found if not free(one)}
    names = [name for name in dict.fromkeys(one.vessel for _, one in found) if name not in held]
    behind = [reference(one) for _, one in found if one.vessel in names]
    if not names:
        return
    if not held:
        yield Ranked(_none(found), 0)
        return
    if len(names) > len(vocabulary().decisive_vessels):
        names = [name for name in vocabulary().decisive_vessels if name in names][:_NAMED] or names[:_NAMED]
    shown = (
        listed(vocabulary().vessel(name) for name in names)
        if len(names) > 1
        else f"the {vocabulary().vessel(names[0])}"
    )
    yield Ranked(tell("vessels.free", *behind, vessels=shown, are="is" if len(names) == 1 else "are"), 1)


def _none(found: list[tuple[Lesion, VesselFinding]]) -> Sentence:
    behind = [reference(one) for _, one in found]
    measured = [(value, one) for _, one in found if (value := one.number("distance")) is not None]
    if not measured:
        return tell("vessels.none_plain", *behind)
    nearest = min(measured, key=lambda pair: pair[0])[1]
    return tell("vessels.none", *behind, vessel=_bare(nearest), distance=distance(nearest))


def _unmeasured(found: list[tuple[Lesion, VesselFinding]]) -> Iterator[Ranked]:
    """Vessels that were looked at without a contact angle: never called free."""
    missing = [one for _, one in found if contact(one) is None and not touched(one)]
    if missing:
        names = listed(dict.fromkeys(_bare(one) for one in missing))
        yield Ranked(tell("vessels.unmeasured", *(reference(one) for one in missing), vessels=names), 1)


def _collaterals(known: Known) -> Iterator[Ranked]:
    told = known.told("VES.collaterals")
    if told is None or not isinstance(told.value, list):
        return
    kinds = [vocabulary().answer("VES.collaterals", str(one)) for one in told.value if one != "none"]
    if kinds:
        words = Phrase(f"{listed(kinds)}{told.mark}", told.rests_on, (told.item,))
        yield Ranked(tell("vessels.collaterals", kinds=words), 0)


def _duct_distances(known: Known, primaries: list[Lesion]) -> Iterator[Ranked]:
    if len(primaries) > 1:
        yield from _all_distances(known, primaries)
        return
    for lesion in primaries:
        parts = []
        for name in ("pancreatic_duct", "common_bile_duct"):
            found = duct_distance_mm(known, lesion, name)
            beside = organs_of(known, lesion).get(name)
            relation = beside.features.get("relation", "none") if beside is not None else "none"
            if relation in _VERBS or (found is not None and found[0] == 0):
                behind = (reference(beside, "relation"),) if beside is not None and relation in _VERBS else ()
                verb = Phrase(_VERBS.get(relation, _VERBS["abut"]), behind + (found[1].rests_on if found else ()))
                duct = vocabulary().organs[name]
                yield Ranked(tell("ducts.reached", relation=verb, lesion=lesion.id, duct=duct), 0)
            elif found is not None and (name == "pancreatic_duct" or found[0] <= _FAR_MM):
                parts.append(phrase("ducts.distance_to", distance=found[1], duct=vocabulary().organs[name]))
        if parts:
            yield Ranked(tell("ducts.distance", lesion=lesion.id, distances=listed(parts)), 1)


def _all_distances(known: Known, primaries: list[Lesion]) -> Iterator[Ranked]:
    """Distances of several primaries to the main duct, the nearest first."""
    found = [(one, lesion) for lesion in primaries if (one := duct_distance_mm(known, lesion, "pancreatic_duct"))]
    ordered = sorted(found, key=lambda pair: (pair[0][0], name_key(pair[1].id)))
    words = [Phrase(f"{lesion.id} {one[1]}", one[1].rests_on) for one, lesion in ordered]
    if words:
        yield Ranked(tell("ducts.distances", distances=joined(words[:6])), 1)


def _main_duct(known: Known) -> Iterator[Ranked]:
    up, down = known.told("MPD.cal", "upstream_mm"), known.told("MPD.cal", "downstream_mm")
    transition = _transition(known)
    if up and down and up.number is not None and down.number is not None:
        if not transition and (up.number < _DUCT_LIMIT_MM or up.number <= down.number):
            transition = phrase("ducts.not_dilated")
        yield Ranked(
            tell("ducts.main_both", upstream=_mm(up), downstream=_mm(down), transition=transition),
            0 if known.said("MPD.transition", "at_tumour", part="place") else 2,
        )
    elif (up or down) and (one := up or down) is not None:
        yield Ranked(tell("ducts.main_one", calibre=_mm(one), transition=transition), 2)
    told = known.told("PAR.atrophy")
    if told and told.value == "none":
        yield Ranked(tell("ducts.no_atrophy", *told.rests_on), 3)
    elif told:
        yield Ranked(tell("ducts.atrophy", finding=told.words()), 1)
    told = known.said("PAR.pancreatitis", "acute", "chronic")
    if told:
        yield Ranked(tell("ducts.pancreatitis", finding=told.words()), 1)


def _transition(known: Known) -> Phrase:
    where = known.told("MPD.transition", "place")
    if where is None or where.value == "none":
        return NOTHING
    shape = known.told("MPD.transition", "shape")
    words = shape.words("MPD.transition") if shape else Phrase("a change of calibre", where.rests_on)
    return phrase("ducts.at_tumour" if where.value == "at_tumour" else "ducts.remote", shape=words)


def _mm(told: Told) -> Phrase:
    return told.phrase(fmt.distance(told.number or 0.0))


def _bile_duct(known: Known) -> Iterator[Ranked]:
    width = known.told("CBD.cal", "width_mm")
    if width is None:
        return
    dilated = known.said("CBD.cal", "True", part="dilated")
    stent = known.said("CBD.cal", "True", part="stent")
    state = joined([phrase("ducts.dilated") if dilated else "", phrase("ducts.stented") if stent else ""], "")
    yield Ranked(tell("ducts.bile", width=_mm(width), state=state), 1 if dilated or stent else 3)
    inside = known.said("CBD.intra", "True", part="dilated")
    if inside:
        yield Ranked(tell("ducts.intrahepatic", *inside.rests_on), 1)


def _arteries(known: Known) -> Iterator[Ranked]:
    michels = known.told("VES.variant", "michels")
    if michels and michels.value not in (None, "unclassified"):
        yield Ranked(tell("vessels.michels", type=michels.phrase(str(michels.value))), 3)
    degrees = [
        (name, told)
        for name, item in (
            ("celiac_artery", "SUR.coeliac_stenosis"),
            ("superior_mesenteric_artery", "SUR.SMA_stenosis"),
        )
        if (told := known.told(item, "degree")) is not None
    ]
    if len(degrees) == 2 and all(told.value == "none" for _, told in degrees):
        yield Ranked(tell("vessels.no_stenosis", *(one for _, told in degrees for one in told.rests_on)), 4)
        return
    for name, told in degrees:
        if told.value != "none":
            yield Ranked(tell("vessels.stenosis", vessel=vocabulary().vessel(name), degree=told.words("stenosis")), 1)
