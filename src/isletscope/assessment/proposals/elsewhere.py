"""Step 6, disease outside pancreas, nodes and liver, and what syndrome or hormone tells to look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isletscope.assessment.counting import certain_count
from isletscope.assessment.proposals.known import (
    ANY,
    Known,
    Proposer,
    exam_words,
    exams_of,
    plural,
    propose,
    unassessable,
)
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer, Compartment, ExamKind, Lesion, Visibility

BY = "lesions by compartment"
_CHEST = (ExamKind.CT, ExamKind.SSTR_PET, ExamKind.FDG_PET)
_SITES = {
    Compartment.NODE: "lymph nodes",
    Compartment.PERITONEUM: "peritoneum",
    Compartment.BONE: "bone",
    Compartment.LUNG: "lung",
    Compartment.BRAIN: "brain",
    Compartment.HEART: "heart",
    Compartment.OTHER: "other",
}
_NEEDED = ("abdominal_nodes", "peritoneum")
_WANTED = {"chest": "chest", "bone": "bone", "brain": "brain"}


def _references(known: Known, lesions: Sequence[Lesion]) -> list[str]:
    return [f"lesion/{lesion.id}/{one.reference}" for lesion in lesions for one in known.view.seen(lesion)]


def _names(lesions: Sequence[Lesion]) -> str:
    return ", ".join(lesion.id for lesion in lesions)


def _sites(lesions: Sequence[Lesion]) -> str:
    return ", ".join(dict.fromkeys(lesion.place.region.replace("_", " ") or lesion.site for lesion in lesions))


def _largest(known: Known, lesions: Sequence[Lesion]) -> tuple[float, str] | None:
    sizes = [found for lesion in lesions if (found := known.longest(lesion)) is not None]
    best = max(sizes, key=lambda found: found.value, default=None)
    return (round(best.value, 1), best.reference) if best is not None else None


def _peritoneum(known: Known) -> Answer | None:
    """Definite where a tumour lies there, suspected where a lesion is left unsure; ascites only as told."""
    found, doubtful = known.view.of(Compartment.PERITONEUM), known.doubtful(Compartment.PERITONEUM)
    shown = known.covered("peritoneum")
    ascites = known.structure_word("ascites", "extent")
    present = known.structure_word("ascites", "present")
    if not found and not doubtful and not shown:
        return unassessable("the peritoneum lies outside the images", BY) if known.outside("peritoneum") else None
    value: dict[str, Any] = {"certainty": "definite" if found else "suspected" if doubtful else "none"}
    references = _references(known, [*found, *doubtful]) or exams_of(shown)
    if found or doubtful:
        value["sites"] = _sites(found or doubtful)
        size = _largest(known, found or doubtful)
        if size is not None:
            value["largest_mm"] = size[0]
            references.append(size[1])
    if ascites is not None:
        value["ascites"] = ascites.word
        references.append(ascites.reference)
    elif present is not None and present.word == "no":
        value["ascites"] = "none"
        references.append(present.reference)
    because = (
        f"{_names(found or doubtful)} in the peritoneum"
        if found or doubtful
        else f"nothing is seen on {exam_words(shown)}"
    )
    return propose(value, BY, because, references)


def _bone(known: Known) -> Answer | None:
    """Kinds by the look on CT; a lesion that CT shows the place of and not the lesion counts as not visible on CT."""
    found = known.view.of(Compartment.BONE)
    if not found and known.doubtful(Compartment.BONE):
        return None
    if not found:
        shown = known.covered("bone")
        if shown:
            because = f"no bone metastasis is seen on {exam_words(shown)}, as far as they reach"
            return propose({"kinds": ["none"]}, BY, because, exams_of(shown))
        return unassessable("the skeleton was not judged on any exam", BY) if known.outside("bone") else None
    kinds, references = [], _references(known, found)
    for lesion in found:
        texture = known.feature(lesion, "bone_texture", ANATOMICAL)
        on_ct = known.view.looked(lesion, ExamKind.CT)
        if texture is not None:
            kinds.append(texture.word)
            references.append(texture.reference)
        elif on_ct is not None and on_ct.visibility is Visibility.NOT_SEEN:
            kinds.append("unseen_on_ct")
        elif not known.shown(lesion, ANATOMICAL):
            kinds.append("not_judged")
    number, exact = certain_count(known.view, found)
    value: dict[str, Any] = {"sites": _sites(found), **({"count": number} if exact else {})}
    if kinds:
        value["kinds"] = list(dict.fromkeys(kinds))
    risks = [told for lesion in found if (told := known.feature(lesion, "fracture_risk", ANY)) is not None]
    if any(told.word == "yes" for told in risks) or len(risks) == len(found):
        value["fracture_risk"] = any(told.word == "yes" for told in risks)
        references += [told.reference for told in risks]
    return propose(value, BY, f"{plural(len(found), 'bone lesion')}: {_names(found)}", references)


def _bone_look(known: Known) -> Answer | None:
    """Benign bone lesions as explained; no sign of them only where every bone focus is held to be tumour."""
    explained = [one for one in known.benign(Compartment.BONE) if known.looks(one, (ExamKind.SSTR_PET,))]
    if explained:
        words = explained[0].explained_by
        value = "haemangioma" if "haemangioma" in words else "dysplasia" if "dysplasia" in words else "other"
        because = f"{explained[0].id}: {words.replace('_', ' ')}"
        return propose({"value": value}, BY, because, _references(known, explained))
    found = known.view.of(Compartment.BONE)
    if found and not known.doubtful(Compartment.BONE):
        because = f"none of {plural(len(found), 'bone lesion')} is explained by a benign one"
        return propose({"value": "no_sign"}, BY, because, _references(known, found))
    return None


def _lung(known: Known) -> Answer | None:
    found = [*known.view.of(Compartment.LUNG), *known.doubtful(Compartment.LUNG)]
    shown = known.covered("chest", _CHEST)
    if found:
        if not certain_count(known.view, found)[1]:
            return None
        value: dict[str, Any] = {"count": len(found)}
        references = _references(known, found)
        size = _largest(known, found)
        if size is not None:
            value["largest_mm"] = size[0]
            references.append(size[1])
        return propose(value, BY, f"{plural(len(found), 'lung nodule')}: {_names(found)}", references)
    if shown:
        because = f"no lung nodule is seen on {exam_words(shown)}, as far as they reach"
        return propose({"count": 0}, BY, because, exams_of(shown))
    return unassessable("the chest lies outside the images", BY) if known.outside("chest", _CHEST) else None


def _gland(structure: str, region: str) -> Proposer:
    """A proposer for a gland: nodule and uptake as told; outside where the region is known to lie outside."""

    def proposer(known: Known) -> Answer | None:
        nodule, uptake = known.structure_word(structure, "nodule"), known.structure_word(structure, "uptake_visible")
        told = [one for one in (nodule, uptake) if one is not None]
        said = structure.replace("_", " ")
        if told:
            has = (nodule is not None and nodule.word == "yes", uptake is not None and uptake.word == "yes")
            value = {(True, True): "both", (True, False): "nodule", (False, True): "uptake"}.get(has, "none")
            return propose({"value": value}, BY, f"{said}: {value}", [one.reference for one in told])
        if known.outside(region):
            return propose({"value": "outside"}, BY, f"no exam reaches the {said}", [])
        shown = known.covered(region)
        if shown and not _lesions_named(known, structure) and not known.doubtful(Compartment.OTHER):
            because = f"nothing is seen of a lesion in the {said} on {exam_words(shown)}"
            return propose({"value": "none"}, BY, because, exams_of(shown))
        return None

    return proposer


def _lesions_named(known: Known, word: str) -> list[Lesion]:
    """Lesions of this time point, of whatever verdict, whose site names the word."""
    named = [lesion for lesion in known.view.case.lesions if word.rstrip("s") in lesion.site.lower()]
    return [lesion for lesion in named if any(known.view.seen(lesion))]


def _word(structure: str, key: str, *, several: bool) -> Proposer:
    """A proposer for an item that one coded word of an organ answers."""

    def proposer(known: Known) -> Answer | None:
        told = known.structure_word(structure, key)
        if told is None:
            return None
        because = f"{structure.replace('_', ' ')}: {told.word.replace('_', ' ')}"
        return propose(
            {"value": [told.word] if several else told.word}, "findings of organs", because, [told.reference]
        )

    return proposer


def _nervous(known: Known) -> Answer | None:
    found = known.view.of(Compartment.BRAIN)
    if found:
        return propose({"value": "seen"}, BY, f"{_names(found)} in the brain", _references(known, found))
    shown = known.covered("brain", (ExamKind.MRI,))
    if shown and not known.doubtful(Compartment.BRAIN):
        return propose(
            {"value": "none"}, BY, "no tumour of the brain is seen on MRI, as far as it reaches", exams_of(shown)
        )
    if known.outside("brain"):
        return propose({"value": "outside"}, BY, "no exam reaches brain and spine", [])
    return None


def _brain(known: Known) -> Answer | None:
    """Metastases and meningiomas that are seen; outside where the brain is known to lie outside the images."""
    found = known.view.of(Compartment.BRAIN)
    benign = [one for one in known.benign(Compartment.BRAIN) if "meningioma" in one.explained_by]
    if found or benign:
        value = [*(["metastasis"] if found else []), *(["meningioma"] if benign else [])]
        return propose(
            {"value": value}, BY, f"{_names([*found, *benign])} in the brain", _references(known, [*found, *benign])
        )
    shown = known.covered("brain")
    if shown and not known.doubtful(Compartment.BRAIN):
        because = f"nothing is seen in the brain on {exam_words(shown)}, as far as they reach"
        return propose({"value": ["none"]}, BY, because, exams_of(shown))
    if known.outside("brain"):
        return propose({"value": ["outside"]}, BY, "no exam reaches the brain", [])
    return None


def _incidental(known: Known) -> Answer | None:
    """Only as a reader or a full reading told; the program does not look for other disease."""
    told = known.structure_word("incidental", "present")
    if told is None:
        return None
    because = f"other findings: {told.word}"
    return propose({"found": told.word == "yes"}, "findings of organs", because, [told.reference])


def _extrahepatic(known: Known) -> Answer | None:
    """Every compartment outside pancreas and liver that holds disease; none only where nodes and peritoneum show."""
    elsewhere = [one for one in known.view.lesions if one.compartment in _SITES]
    doubtful = [one for one in known.view.unsure if one.compartment in _SITES]
    listed = elsewhere or doubtful
    if listed:
        groups = {name: [one for one in listed if one.compartment is kind] for kind, name in _SITES.items()}
        counts = {name: certain_count(known.view, group)[0] for name, group in groups.items() if group}
        rows = [{"site": name, "count": count} for name, count in counts.items()]
        value = {"state": "definite" if elsewhere else "suspected", "sites": rows}
        because = ", ".join(f"{row['site']} {row['count']}" for row in rows)
        return propose(value, "extrahepatic", because, [*_references(known, listed), *_asked(known)])
    shown = [entry for region in _NEEDED for entry in known.covered(region)]
    if all(known.covered(region) for region in _NEEDED):
        unseen = [words for region, words in _WANTED.items() if not known.covered(region)]
        because = f"nothing is seen on {exam_words(shown)}"
        if unseen:
            because += f"; not shown: {', '.join(unseen)}"
        return propose({"state": "none"}, "extrahepatic", because, [*exams_of(shown), *_asked(known)])
    if any(known.outside(region) for region in _NEEDED):
        return unassessable("nodes or peritoneum lie outside the images", BY)
    return None


def _asked(known: Known) -> list[str]:
    return ["conclusion/extrahepatic"] if known.gathered.get("extrahepatic") is not None else []


PROPOSERS: dict[str, Proposer] = {
    "PER.nod": _peritoneum,
    "BON.les": _bone,
    "BON.typ": _bone_look,
    "LNG.nod": _lung,
    "ADR.hyper": _word("adrenal_glands", "enlarged", several=False),
    "THY": _gland("thyroid", "neck"),
    "PIT": _gland("pituitary", "brain"),
    "PTH": _gland("parathyroids", "neck"),
    "KID": _word("kidneys", "kidney_tumour", several=True),
    "CNS": _nervous,
    "BOW": _word("stomach_and_bowel", "bowel", several=True),
    "GB": _word("gallbladder", "gallstones", several=False),
    "BRN": _brain,
    "INC": _incidental,
    "SUR.extrahepatic": _extrahepatic,
}
