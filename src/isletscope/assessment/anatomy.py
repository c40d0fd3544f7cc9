"""What CT and MRI show of a tumour beside its size: growth into organs and vessels, contact, the node's station."""

from __future__ import annotations

import re
from dataclasses import dataclass

from isletscope.assessment.view import View
from isletscope.criteria import TNM_BOOK
from isletscope.model import Lesion, VesselFinding

ENCASEMENT_DEG = 180.0
"""Contact above which an artery counts as encased, and its wall as involved (software convention)."""
TOLERANCE_MM = "1.0"
ARTERIES = ("celiac_artery", "superior_mesenteric_artery", "common_hepatic_artery")
_ORGANS = {"common_bile_duct": "bile_duct", "adrenal_gland": "adrenal", "jejunum": "small_bowel"}
_ASKED = {
    "duodenum": "ADJ.duodenum",
    "stomach": "ADJ.stomach",
    "spleen": "ADJ.spleen",
    "colon": "ADJ.colon",
    "adrenal": "ADJ.adrenal",
    "kidney": "ADJ.kidney",
}
_NEEDED = ("duodenum", "stomach", "spleen", "colon", "adrenal", "celiac_artery", "superior_mesenteric_artery")
_STATION_WORDS = {
    "coeliac": "celiac",
    "suprapyloric": "pyloric",
    "common_hepatic": "common_hepatic_artery",
    "superior_mesenteric": "superior_mesenteric_artery",
    "paraaortic": "para_aortic",
    "mesenteric": "mesenteric_unspecified",
    "retrocrural": "other_distant",
    "supraclavicular_left": "supraclavicular",
    "left_supraclavicular": "supraclavicular",
}


@dataclass(frozen=True)
class Growth:
    """Structures that primaries grow into or touch. ``complete``: every one that decides T was looked at."""

    invaded: tuple[str, ...]
    encased: tuple[str, ...]
    touched: tuple[str, ...]
    complete: bool
    references: tuple[str, ...]


def growth_of(view: View, lesions: list[Lesion]) -> Growth:
    """What the findings beside these lesions and a reader's entries say; a reader's entry outranks a finding."""
    names = {lesion.id for lesion in lesions}
    relations: dict[str, str] = {}
    references: list[str] = []
    encased = set()
    for finding in view.point.vessels:
        structure = _ORGANS.get(finding.vessel, finding.vessel)
        if finding.lesion not in names or structure not in TNM_BOOK.invasion:
            continue
        relation = relation_of(finding, structure)
        if relation is None:
            continue
        if relation == "encased":
            encased.add(structure)
        relations[structure] = _stronger(relations.get(structure), relation)
        references.append(f"vessel/{finding.lesion}/{finding.vessel}/{finding.exam_key}")
    for structure, item in _ASKED.items():
        entered = view.answer(item)
        if entered in ("none", "abut", "invade"):
            relations[structure] = str(entered)
            references.append(f"answer/{item}")
    return Growth(
        invaded=tuple(name for name, one in sorted(relations.items()) if one in ("invade", "encased")),
        encased=tuple(sorted(name for name in encased if relations[name] == "encased")),
        touched=tuple(name for name, one in sorted(relations.items()) if one == "abut"),
        complete=all(name in relations for name in _NEEDED),
        references=tuple(dict.fromkeys(references)),
    )


def relation_of(finding: VesselFinding, structure: str) -> str | None:
    """none, abut, encased (an artery over 180 degrees) or invade; None when nothing was said.

    An artery touched over more than 180 degrees counts as grown into, as its wall cannot be judged on images.
    """
    stated = finding.features.get("relation")
    if stated is not None:
        return stated
    if finding.features.get("wall") == "invaded" or finding.features.get("thrombus") == "tumour":
        return "invade"
    contact = finding.contact_deg.get(TOLERANCE_MM)
    if contact is None or contact.value is None:
        return None
    if contact.value > ENCASEMENT_DEG and structure in ARTERIES:
        return "encased"
    return "abut" if contact.value > 0 else "none"


def _stronger(one: str | None, other: str) -> str:
    order = ("none", "abut", "encased", "invade")
    return other if one is None else max(one, other, key=order.index)


def station_of(lesion: Lesion) -> str | None:
    """Name of a node's station as the TNM rules have it; None when it is not known."""
    return station_named(lesion.place.region)


def station_named(words: str) -> str | None:
    """Name of a station as the TNM rules have it, by name or Japanese number; None when it is not one of them."""
    text = words.strip().lower().removeprefix("node_").removeprefix("station ").replace(" ", "_")
    if text in TNM_BOOK.stations:
        return text
    if text in _STATION_WORDS:
        return _STATION_WORDS[text]
    number = re.fullmatch(r"(\d{1,2})[a-z]?", text)
    return TNM_BOOK.station_of_jps(int(number[1])) if number else None
