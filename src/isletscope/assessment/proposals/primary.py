"""Step 2, the primary tumour on CT and MRI: where, how large, what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isletscope.assessment.counting import certain_count
from isletscope.assessment.proposals.known import (
    Known,
    Proposer,
    exam_words,
    exams_of,
    plural,
    propose,
    unassessable,
)
from isletscope.assessment.proposals.phases import not_acquired
from isletscope.assessment.proposals.rules import rules
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer, Compartment, ExamKind, Lesion, Role

BY = "findings of the primary tumour"
_LEVELS = {"higher": "hyper", "equal": "iso", "lower": "hypo"}
_SIGNALS = {"higher": "high", "equal": "iso", "lower": "low"}
_COMPOSITIONS = {"solid": "solid", "cystic": "cystic_rim", "mixed": "mixed", "necrotic": "necrotic"}
_CALCIFICATIONS = {"none": "none", "punctate": "punctate", "coarse": "coarse"}
_REGIONS = {"head", "uncinate", "neck", "body", "tail"}
_PHASE_OF_CT = {
    Role.CT_PORTAL_VENOUS: "CT portal venous",
    Role.CT_ARTERIAL: "CT arterial",
    Role.CT_DELAYED: "CT delayed",
    Role.CT_UNENHANCED: "CT unenhanced",
}


def seen_or_hidden(known: Known, kinds: tuple[ExamKind, ...]) -> tuple[Lesion | None, Answer | None]:
    """The primary tumour, and why no exam of these kinds can describe it."""
    primary = known.primary
    if primary is None:
        return None, None
    why = known.hidden(primary, kinds)
    return primary, unassessable(why, BY, _looked_at(known, primary, kinds)) if why else None


def _looked_at(known: Known, lesion: Lesion, kinds: tuple[ExamKind, ...]) -> list[str]:
    return [f"lesion/{lesion.id}/{one.reference}" for one in known.looks(lesion, kinds)]


def _seen(known: Known) -> Answer | None:
    """Seen, equivocal, removed before, or not seen by exams that show the pancreas."""
    if known.primary is not None:
        names = ", ".join(lesion.id for lesion in known.primaries)
        shown = [one for lesion in known.primaries for one in known.view.seen(lesion)]
        because = f"{names} in the pancreas, seen on {exam_words(one.kind for one in shown)}"
        return propose({"value": "seen"}, BY, because, _references(known, known.primaries))
    unsure = [lesion for lesion in known.view.unsure if lesion.compartment is Compartment.PANCREAS]
    if unsure:
        names = ", ".join(lesion.id for lesion in unsure)
        return propose({"value": "equivocal"}, BY, f"{names} is left unsure", _references(known, unsure))
    tumour = known.view.clinical.tumour
    if tumour.resected_on is not None and tumour.resection_complete is not False:
        because = f"removed on {tumour.resected_on.isoformat()}"
        return propose({"value": "resected"}, "clinical file", because, ["clinical/tumour/resected_on"])
    shown_by = known.covered("pancreas")
    if shown_by:
        because = f"no tumour of the pancreas is seen on {exam_words(shown_by)}"
        return propose({"value": "not_seen"}, BY, because, exams_of(shown_by))
    if known.outside("pancreas"):
        return unassessable("the pancreas lies outside the images", BY)
    return None


def _references(known: Known, lesions: list[Lesion]) -> list[str]:
    return [f"lesion/{lesion.id}/{one.reference}" for lesion in lesions for one in known.view.seen(lesion)]


def _number(known: Known) -> Answer | None:
    """How many, unless foci of two exams that nobody matched may be one tumour."""
    if not known.primaries:
        return None
    if not certain_count(known.view, known.primaries)[1]:
        return None
    names = ", ".join(lesion.id for lesion in known.primaries)
    because = f"{plural(len(known.primaries), 'tumour')} of the pancreas: {names}"
    return propose({"count": len(known.primaries)}, BY, because, _references(known, known.primaries))


def _site(known: Known) -> Answer | None:
    """The part of the pancreas that holds the largest tumour."""
    primary = known.primary
    if primary is None or primary.place.region not in _REGIONS:
        return None
    value: dict[str, Any] = {"region": primary.place.region}
    if primary.place.second_region:
        value["segment"] = f"reaches into the {primary.place.second_region}"
    because = f"{primary.id} lies in the {primary.place.region}"
    if primary.place.known_by:
        because += f", told by {primary.place.known_by}"
    if len(known.primaries) > 1:
        because += f"; the largest of {len(known.primaries)}"
    return propose(value, BY, because, _references(known, [primary]))


def _size(known: Known) -> Answer | None:
    """Three axes of the largest tumour on the exam that shows it best, CT first."""
    primary, hidden = seen_or_hidden(known, ANATOMICAL)
    if primary is None or hidden is not None:
        return hidden
    for kind in ANATOMICAL:
        one = known.view.looked(primary, kind)
        if one is None or (one.number("long_axis") is None and one.number("largest_diameter") is None):
            continue
        names = ("largest_diameter", "long_axis", "short_axis", "craniocaudal")
        sizes = {name: one.number(name) for name in names}
        value: dict[str, Any] = {"phase": _phase(known, one.exam_key, one.series_key, kind)}
        three = [size for name in names[1:] if (size := sizes[name]) is not None]
        longest = sizes["largest_diameter"] or max(three)
        for part, size in zip(("longest_mm", "second_mm", "third_mm"), _axes(longest, three), strict=False):
            value[part] = round(size, 1)
        volume = one.number("volume")
        if volume is not None:
            value["volume_ml"] = round(volume, 3)
        measured = [name for name, size in {**sizes, "volume": volume}.items() if size is not None]
        references = [f"lesion/{primary.id}/{one.reference}/{name}" for name in measured]
        return propose(value, BY, f"axes of {primary.id} on {exam_words([kind])}", references)
    return None


def _axes(longest: float, three: list[float]) -> list[float]:
    """The longest diameter first, then the axes across it, falling: never more than three, none made up."""
    falling = sorted(three, reverse=True)
    return [longest, *falling[1:]] if len(falling) > 1 else [longest]


def _phase(known: Known, exam_key: str, series_key: str, kind: ExamKind) -> str:
    exam = known.view.case.exam(exam_key)
    series = [one for one in exam.series if one.key == series_key] or list(exam.series)
    if kind is ExamKind.CT:
        return next((name for role, name in _PHASE_OF_CT.items() if any(one.role is role for one in series)), "CT")
    named = [one for one in series if one.key == series_key]
    return f"MRI {named[0].role.value.removeprefix('mr_').replace('_', ' ')}" if named else "MRI"


def of_feature(name: str, kinds: tuple[ExamKind, ...], words: Mapping[str, str]) -> Proposer:
    """A proposer for an item that one feature of the primary tumour answers; a word without a value is left open."""

    def proposer(known: Known) -> Answer | None:
        primary, hidden = seen_or_hidden(known, kinds)
        if primary is None or hidden is not None:
            return hidden
        told = known.feature(primary, name, kinds)
        if told is None or told.word not in words:
            return None
        because = f"{primary.id}: {name.replace('_', ' ')} {told.word.replace('_', ' ')}"
        return propose({"value": words[told.word]}, BY, because, [told.reference])

    return proposer


def _level(known: Known, lesion: Lesion, phase: str, hu: str) -> tuple[str, str, list[str]] | None:
    """Brightness against the pancreas: on CT in words as read or by the ratio of attenuations, else on MRI."""
    on_ct = known.feature(lesion, f"enhancement_{phase}", (ExamKind.CT,))
    by_ratio = None if on_ct is not None else _level_by_ratio(known, lesion, hu)
    if by_ratio is not None:
        return by_ratio
    told = on_ct or known.feature(lesion, f"enhancement_{phase}", (ExamKind.MRI,))
    if told is None:
        return None
    return _LEVELS[told.word], f"{lesion.id} against the pancreas: {told.word}", [told.reference]


def _level_by_ratio(known: Known, lesion: Lesion, hu: str) -> tuple[str, str, list[str]] | None:
    tumour = known.view.find(lesion, f"hu_{hu}", (ExamKind.CT,))
    organ = known.view.find(lesion, f"organ_hu_{hu}", (ExamKind.CT,))
    if tumour is None or organ is None or organ.value <= 0:
        return None
    ratio, limits = tumour.value / organ.value, rules().enhancement
    level = "hyper" if ratio >= limits.higher else "hypo" if ratio <= limits.lower else "iso"
    because = f"{lesion.id} {tumour.value:.0f} HU, pancreas {organ.value:.0f} HU, ratio {ratio:.2f}"
    return level, because, [tumour.reference, organ.reference]


def _lacks(known: Known, phase: str, kinds: tuple[ExamKind, ...]) -> Answer | None:
    """Not assessable where the phase was not acquired; else nothing was told, and the reader answers."""
    if not not_acquired(known, phase, kinds):
        return None
    name = "diffusion images were" if phase == "diffusion" else f"{phase} phase was"
    return unassessable(f"no {name} acquired", BY)


def _arterial(known: Known) -> Answer | None:
    primary, hidden = seen_or_hidden(known, ANATOMICAL)
    if primary is None or hidden is not None:
        return hidden
    found = _level(known, primary, "arterial", "late_arterial")
    if found is None:
        return _lacks(known, "arterial", ANATOMICAL)
    level, because, references = found
    value: dict[str, Any] = {"level": level}
    pattern = known.feature(primary, "enhancement_pattern", ANATOMICAL)
    if pattern is not None:
        value["pattern"] = pattern.word
        references = [*references, pattern.reference]
    return propose(value, BY, because, references)


def _portal(known: Known) -> Answer | None:
    primary, hidden = seen_or_hidden(known, ANATOMICAL)
    if primary is None or hidden is not None:
        return hidden
    found = _level(known, primary, "portal_venous", "portal_venous")
    if found is None:
        return _lacks(known, "portal venous", ANATOMICAL)
    level, because, references = found
    value: dict[str, Any] = {"level": level}
    tumour = known.view.find(primary, "hu_portal_venous", (ExamKind.CT,))
    organ = known.view.find(primary, "organ_hu_portal_venous", (ExamKind.CT,))
    if tumour is not None and organ is not None and organ.value > 0 and tumour.value >= 0:
        value["ratio"] = round(tumour.value / organ.value, 3)
        references = [*references, tumour.reference, organ.reference]
    return propose(value, BY, because, references)


def _delayed(known: Known) -> Answer | None:
    """From the words of the arterial and the delayed phase: bright then not, bright and stays, or becomes bright."""
    primary, hidden = seen_or_hidden(known, ANATOMICAL)
    if primary is None or hidden is not None:
        return hidden
    early = _level(known, primary, "arterial", "late_arterial")
    late = _level(known, primary, "delayed", "delayed")
    if early is None or late is None:
        return _lacks(known, "delayed", ANATOMICAL)
    course = {(True, False): "washout", (True, True): "persistent", (False, True): "progressive"}
    value = course.get((early[0] == "hyper", late[0] == "hyper"))
    if value is None:
        return None
    because = f"arterial: {early[1]}; delayed: {late[1]}"
    return propose({"value": value}, BY, because, [*early[2], *late[2]])


def _attenuation(known: Known) -> Answer | None:
    primary, hidden = seen_or_hidden(known, (ExamKind.CT,))
    if primary is None or hidden is not None:
        return hidden
    value: dict[str, Any] = {}
    references = []
    for part, phase in (("arterial", "late_arterial"), ("portal", "portal_venous"), ("unenhanced", "unenhanced")):
        for what, name in (("tumour", f"hu_{phase}"), ("pancreas", f"organ_hu_{phase}")):
            found = known.view.find(primary, name, (ExamKind.CT,))
            if found is not None:
                value[f"{what}_{part}_hu"] = round(found.value, 1)
                references.append(found.reference)
    if not value:
        return None
    phases = {"arterial": "arterial", "portal": "portal venous"}
    lacking = [part for part, phase in phases.items() if not_acquired(known, phase, (ExamKind.CT,))]
    if lacking:
        value["not_acquired"] = lacking
    return propose(value, BY, f"mean attenuation inside {primary.id} and the pancreas around it", references)


def _signal(known: Known) -> Answer | None:
    primary, hidden = seen_or_hidden(known, (ExamKind.MRI,))
    if primary is None or hidden is not None:
        return hidden
    value: dict[str, Any] = {}
    references, words = [], []
    for name in ("t1", "t2"):
        told = known.feature(primary, name, (ExamKind.MRI,))
        if told is not None:
            value[name] = _SIGNALS[told.word]
            references.append(told.reference)
            words.append(f"{name.upper()} {told.word}")
    spleen = known.feature(primary, "like_spleen", (ExamKind.MRI,))
    if spleen is not None:
        value["like_spleen"] = spleen.word == "yes"
        references.append(spleen.reference)
    if not value:
        return None
    return propose(value, BY, f"{primary.id} against the pancreas: {', '.join(words) or 'signal'}", references)


def _diffusion(known: Known) -> Answer | None:
    """Brightness on the images of the highest b-value, and ADC of tumour, pancreas and spleen."""
    primary, hidden = seen_or_hidden(known, (ExamKind.MRI,))
    if primary is None or hidden is not None:
        return hidden
    value: dict[str, Any] = {}
    references = []
    told = known.feature(primary, "dwi", (ExamKind.MRI,))
    if told is not None:
        value["level"] = {"higher": "brighter", "equal": "equal", "lower": "lower"}[told.word]
        references.append(told.reference)
    highest = _highest_b_value(known, primary)
    if highest is not None:
        value["b_value"] = highest
    parts = {
        "adc_mean": "adc_mean",
        "adc_min": "adc_lowest_tenth",
        "adc_pancreas": "organ_adc",
        "adc_spleen": "spleen_adc",
    }
    for part, name in parts.items():
        found = known.view.find(primary, name, (ExamKind.MRI,))
        if found is not None:
            value[part] = round(found.value, 1)
            references.append(found.reference)
    if not references:
        return _lacks(known, "diffusion", (ExamKind.MRI,))
    return propose(value, BY, f"diffusion images and ADC of {primary.id}", references)


def _highest_b_value(known: Known, lesion: Lesion) -> float | None:
    found = known.view.find(lesion, "highest_b_value", (ExamKind.MRI,))
    if found is not None:
        return found.value
    series = [one for exam in known.view.exams for one in exam.series if one.role is Role.MR_DWI]
    values = [one.b_value_s_mm2 for one in series if one.b_value_s_mm2]
    return max(values, default=None)


def _exophytic(known: Known) -> Answer | None:
    primary, hidden = seen_or_hidden(known, ANATOMICAL)
    if primary is None or hidden is not None:
        return hidden
    found = known.view.find(primary, "exophytic_share", ANATOMICAL)
    if found is None:
        return None
    because = f"share of the surface of {primary.id} outside the pancreas"
    return propose({"fraction": round(found.value, 3)}, BY, because, [found.reference])


PROPOSERS: dict[str, Proposer] = {
    "PRI.seen": _seen,
    "PRI.number": _number,
    "PRI.site": _site,
    "PRI.size": _size,
    "PRI.margin": of_feature(
        "margin", ANATOMICAL, {word: word for word in ("well_defined", "lobulated", "ill_defined")}
    ),
    "PRI.composition": of_feature("nature", ANATOMICAL, _COMPOSITIONS),
    "PRI.calc": of_feature("calcification", (ExamKind.CT,), _CALCIFICATIONS),
    "PRI.enh_art": _arterial,
    "PRI.enh_port": _portal,
    "PRI.enh_del": _delayed,
    "PRI.HU": _attenuation,
    "PRI.T1T2": _signal,
    "PRI.DWI": _diffusion,
    "SUR.exophytic": _exophytic,
}
