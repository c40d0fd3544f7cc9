"""Step 5, the liver: number, place, burden, size, look and uptake of metastases, benign lesions, background."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.counting import certain_count
from isletscope.assessment.proposals.known import (
    ANY,
    Known,
    Proposer,
    exam_words,
    exams_of,
    listed,
    plural,
    propose,
    unassessable,
)
from isletscope.assessment.proposals.rules import group_of_count, has_words, rules
from isletscope.assessment.view import ANATOMICAL
from isletscope.criteria import find_criterion
from isletscope.model import Answer, Compartment, ExamKind, Lesion, State

BY = "lesions of the liver"
SEGMENTS = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V", "6": "VI", "7": "VII", "8": "VIII"}
_BRIGHT = ("higher", "equal")
_ENHANCEMENT = {"higher": "hyper", "equal": "iso", "lower": "hypo"}


def metastases(known: Known) -> list[Lesion]:
    """Tumours of the liver."""
    return known.view.of(Compartment.LIVER)


def _references(lesions: list[Lesion]) -> list[str]:
    return [f"lesion/{lesion.id}" for lesion in lesions]


def _count(known: Known) -> Answer | None:
    """The group, and the number where it is exact: foci that nobody matched between exams may be one."""
    found = metastases(known)
    if found:
        least, exact = certain_count(known.view, found)
        group = group_of_count(least, rules().counts)
        if group != group_of_count(len(found), rules().counts):
            return None
        kinds = [one.kind for lesion in found for one in known.view.seen(lesion)]
        because = f"{plural(least, 'lesion')}{'' if exact else ' or more'} of the liver on {exam_words(kinds)}"
        return propose({"group": group, **({"count": least} if exact else {})}, BY, because, _references(found))
    if known.doubtful(Compartment.LIVER):
        return None
    shown = known.covered("liver")
    if shown:
        because = f"no metastasis of the liver is seen on {exam_words(shown)}"
        return propose({"group": "0", "count": 0}, BY, because, exams_of(shown))
    return unassessable("the liver lies outside the images", BY) if known.outside("liver") else None


def _lobes(known: Known) -> Answer | None:
    """Segments of every metastasis; both lobes by the criterion, else by the sides told."""
    found = metastases(known)
    if not found:
        return None
    segments = [SEGMENTS[lesion.place.region] for lesion in found if lesion.place.region in SEGMENTS]
    value: dict[str, Any] = {}
    if segments:
        value["segments"] = [name for name in SEGMENTS.values() if name in segments]
    pattern = known.gathered.get("liver_pattern")
    told = pattern.parts.get("bilobar") if pattern is not None else None
    sides = {lesion.place.side for lesion in found}
    if told in ("yes", "no"):
        value["bilobar"] = told == "yes"
    elif "" not in sides and sides:
        value["bilobar"] = {"right", "left"} <= sides
    if not value:
        return None
    placed = [lesion for lesion in found if lesion.place.region in SEGMENTS]
    because = f"segments of {plural(len(placed), 'lesion')} of {len(found)}"
    return propose(value, BY, because, _references(found))


def _burden(known: Known) -> Answer | None:
    burden = known.conclusion("liver_burden")
    if not metastases(known):
        return None
    if burden is None or "percent" not in burden.parts:
        return _no_images(known, "liver_burden")
    value: dict[str, Any] = {"percent": float(burden.parts["percent"]), "group": rules().bands[str(burden.value)]}
    references = ["conclusion/liver_burden", *burden.rests_on]
    volumes = [one.value for one in burden.evidence if one.text == "tumour volume in the liver"]
    if volumes and volumes[0] is not None:
        value["volume_ml"] = round(volumes[0], 2)
    because = f"{burden.parts['percent']} % of the liver, band {burden.value}"
    return propose(value, "liver_burden", because, references)


def _size(known: Known) -> Answer | None:
    found = [(known.longest(lesion), lesion) for lesion in metastases(known)]
    measured = [(size, lesion) for size, lesion in found if size is not None]
    if not measured:
        return _no_images(known, BY)
    size, lesion = max(measured, key=lambda pair: pair[0].value)
    value: dict[str, Any] = {"largest_mm": round(size.value, 1)}
    names, named_by = _targets(known)
    sizes = {one.id: held for held, one in measured}
    rows = [{"lesion": name, "longest_mm": round(sizes[name].value, 1)} for name in names if name in sizes]
    if rows:
        value["targets"] = rows
    references = [size.reference, *([f"conclusion/{named_by}"] if rows else [])]
    because = f"{lesion.id} is the largest of {plural(len(measured), 'measured lesion')}"
    return propose(value, BY, because, references)


def _targets(known: Known) -> tuple[list[str], str]:
    """Names of the targets, as chosen at baseline or as followed since, and the criterion that names them."""
    chosen = known.conclusion("recist_targets")
    if chosen is not None:
        return [name.strip() for name in chosen.parts.get("targets", "").split(",")], "recist_targets"
    followed = known.gathered.get("recist")
    texts = [one.text for one in followed.evidence] if followed is not None else []
    return [text.removesuffix(": now") for text in texts if text.endswith(": now")], "recist"


def _no_images(known: Known, by: str) -> Answer | None:
    """Sizes and volumes of the liver are taken from CT or MRI; without either they cannot be known."""
    if not metastases(known) or any(known.view.done(kind) for kind in ANATOMICAL):
        return None
    return unassessable("no CT or MRI was done to measure the liver and its metastases", by)


def _look(known: Known) -> Answer | None:
    """Every look that a metastasis has on CT or MRI; T2 and the like only where all that were told agree."""
    found = metastases(known)
    looks: dict[str, list[str]] = {}
    references: list[str] = []
    for lesion in found:
        told = known.feature(lesion, "enhancement_arterial", ANATOMICAL)
        rim = known.feature(lesion, "enhancement_pattern", ANATOMICAL)
        nature = known.feature(lesion, "nature", ANATOMICAL)
        if rim is not None and rim.word == "rim":
            looks.setdefault("rim", []).append(lesion.id)
            references.append(rim.reference)
        elif nature is not None and nature.word == "cystic":
            looks.setdefault("cystic", []).append(lesion.id)
            references.append(nature.reference)
        elif told is not None:
            looks.setdefault(_ENHANCEMENT[told.word], []).append(lesion.id)
            references.append(told.reference)
    if not looks:
        return None
    order = ("hyper", "iso", "hypo", "rim", "cystic")
    value: dict[str, Any] = {"enhancement": [name for name in order if name in looks]}
    parts = (
        ("t2", "t2", {"higher": "high", "lower": "low"}),
        ("dwi", "dwi", {"higher": "restricted", "equal": "free", "lower": "free"}),
        ("hepatobiliary", "hepatobiliary", {"lower": "dark", "higher": "uptake"}),
    )
    for part, name, words in parts:
        told_all = [one for lesion in found if (one := known.feature(lesion, name, (ExamKind.MRI,))) is not None]
        same = {words.get(one.word) for one in told_all}
        if len(same) == 1 and None not in same:
            value[part] = same.pop()
            references += [one.reference for one in told_all]
    because = "; ".join(f"{name}: {', '.join(looks[name])}" for name in order if name in looks)
    return propose(value, BY, because, references)


def _counted(known: Known, criterion: str, positive_from: int) -> tuple[list[Lesion], list[Lesion]] | None:
    """Metastases with and without uptake; None while one of them has no grade."""
    with_uptake: list[Lesion] = []
    without: list[Lesion] = []
    for lesion in metastases(known):
        graded = known.of_lesion(criterion, lesion)
        if graded is None:
            return None
        (with_uptake if int(str(graded.value)) >= positive_from else without).append(lesion)
    return with_uptake, without


def _limit(name: str) -> int:
    return int(find_criterion("concordance").book.limit(name))


def _sstr(known: Known) -> Answer | None:
    found = _counted(known, "krenning", _limit("sstr_positive"))
    if found is None or not metastases(known):
        return None
    positive, negative = found
    value: dict[str, Any] = {"positive": len(positive), "negative": len(negative)}
    means = [one for lesion in positive if (one := known.view.find(lesion, "suv_mean", (ExamKind.SSTR_PET,)))]
    references = ["conclusion/krenning"]
    if means:
        lowest = min(means, key=lambda one: one.value)
        value["lowest_suv_mean"] = round(lowest.value, 3)
        references.append(lowest.reference)
    whole = len(positive) + len(negative)
    because = f"{len(positive)} of {whole} metastases with a score of {_limit('sstr_positive')} or more"
    return propose(value, "krenning", because, references)


def _fdg(known: Known) -> Answer | None:
    found = _counted(known, "fdg_uptake", _limit("fdg_positive"))
    if found is None or not metastases(known):
        return None
    positive, negative = found
    value: dict[str, Any] = {"positive": len(positive), "negative": len(negative)}
    highest = [one for lesion in positive if (one := known.view.find(lesion, "suv_max", (ExamKind.FDG_PET,)))]
    references = ["conclusion/fdg_uptake"]
    if highest:
        top = max(highest, key=lambda one: one.value)
        value["highest_suv_max"] = round(top.value, 3)
        references.append(top.reference)
    because = f"{len(positive)} of {len(positive) + len(negative)} metastases take up FDG"
    return propose(value, "fdg_uptake", because, references)


def _mismatched(known: Known) -> Answer | None:
    """Metastases labelled as mismatched; one that could be and is not known keeps the question open."""
    whole = known.gathered.get("concordance")
    found = metastases(known)
    if whole is None or not found:
        return None
    labels = {one.subject: one for one in whole.lesions}
    names = []
    for lesion in found:
        label = labels.get(lesion.id)
        if label is None or label.state is State.MISSING:
            return None
        if "mismatch" in (label.value or ""):
            names.append(lesion.id)
    value: dict[str, Any] = {"any": bool(names), **({"lesions": ", ".join(names)} if names else {})}
    because = f"{listed(names)} mismatched" if names else f"none of {plural(len(found), 'lesion')} is mismatched"
    return propose(value, "concordance", because, ["conclusion/concordance"])


def _benign(known: Known) -> Answer | None:
    """Lesions of the liver that are explained; none where CT or MRI shows the liver and holds no such lesion."""
    found = known.benign(Compartment.LIVER)
    if found:
        kinds = {lesion.id: _mimic(lesion) for lesion in found}
        places = [f"{lesion.id} {_mimic(lesion)}, {lesion.site}" for lesion in found]
        value = {"value": list(dict.fromkeys(kinds.values())), "where": "; ".join(places)}
        return propose(value, BY, f"explained: {listed(list(kinds))}", _references(found))
    shown = known.covered("liver", ANATOMICAL)
    if shown:
        because = f"no benign lesion of the liver is seen on {exam_words(shown)}"
        return propose({"value": ["none"]}, BY, because, exams_of(shown))
    return unassessable("the liver lies outside the images", BY) if known.outside("liver", ANY) else None


def _mimic(lesion: Lesion) -> str:
    words = lesion.explained_by.replace(" ", "_").lower()
    return next((value for name, value in rules().mimics.items() if name in words), "other")


def _missed(known: Known) -> Answer | None:
    return propose({"stated": True}, "report", "the report prints this sentence when the liver was judged by CT alone")


def _well(known: Known) -> Answer | None:
    """From the look of arterial and portal venous phase on one kind of images, CT where it was done; a hint only."""
    kinds = (ExamKind.CT,) if known.view.done(ExamKind.CT) else (ExamKind.MRI,)
    looks = set()
    references = []
    for lesion in metastases(known):
        names = ("enhancement_pattern", "nature", "enhancement_arterial", "enhancement_portal_venous")
        told = {name: one for name in names if (one := known.feature(lesion, name, kinds)) is not None}
        words = {name: one.word for name, one in told.items()}
        if words.get("enhancement_pattern") == "rim" or words.get("nature") == "necrotic":
            looks.add("rim_necrotic")
        elif words.get("enhancement_arterial") == "higher" and words.get("enhancement_portal_venous") in _BRIGHT:
            looks.add("persistent")
        references += [one.reference for one in told.values()]
    if not looks:
        return None
    value = "mixed" if len(looks) == 2 else looks.pop()
    because = f"look of the metastases in arterial and portal venous phase: {value.replace('_', ' ')}"
    return propose({"value": value}, BY, because, references)


def _type(known: Known) -> Answer | None:
    pattern = known.conclusion("liver_pattern")
    if pattern is None or pattern.value in (None, "none"):
        return None
    value = str(pattern.value).replace("-", "_")
    return propose({"value": value}, "liver_pattern", pattern.because, ["conclusion/liver_pattern", *pattern.rests_on])


def _background(known: Known) -> Answer | None:
    """Normal only where both fat and cirrhosis were looked for and neither is there."""
    words = {"steatosis": "steatosis", "cirrhosis": "fibrosis", "splenomegaly": "splenomegaly"}
    told = {name: one for name in words if (one := known.liver_word(name)) is not None}
    if not {"steatosis", "cirrhosis"} <= set(told):
        return None
    value = [words[name] for name, one in told.items() if one.word == "yes"]
    references = [one.reference for one in told.values()]
    if any(has_words(text, rules().liver_treatments) for text in known.view.clinical.treatment):
        value.append("treated")
        references.append("clinical/treatment")
    because = ", ".join(f"{name} {one.word}" for name, one in told.items())
    return propose({"value": value or ["normal"]}, "findings of the liver", because, references)


PROPOSERS: dict[str, Proposer] = {
    "LIV.count": _count,
    "LIV.lobes": _lobes,
    "LIV.burden": _burden,
    "LIV.size": _size,
    "LIV.pattern": _look,
    "LIV.well": _well,
    "LIV.SSTR": _sstr,
    "LIV.FDG": _fdg,
    "LIV.discord": _mismatched,
    "LIV.benign": _benign,
    "LIV.missed": _missed,
    "SUR.liver_type": _type,
    "SUR.liver_background": _background,
}
