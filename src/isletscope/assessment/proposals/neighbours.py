"""Step 2, organs beside the primary tumour: contact as it was told, the closest of all primary tumours."""

from __future__ import annotations

from isletscope.assessment.proposals.known import Known, Proposer, propose, unassessable
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer

BY = "distance to the organ"
_WORDS = {"none": "has no contact with", "abut": "touches", "invade": "invades"}
_ORDER = tuple(_WORDS)


def contact_with(known: Known, *names: str) -> tuple[str, str, list[str]] | None:
    """The closest relation of any primary tumour to one of these structures: word, sentence, references."""
    found = []
    for lesion in known.primaries:
        for name in names:
            one = known.beside(lesion, name)
            word = one.features.get("relation") if one is not None else None
            if one is not None and word is not None:
                reference = f"vessel/{lesion.id}/{name}/{one.exam_key}/relation"
                found.append((word, f"{lesion.id} {_WORDS[word]} the {name.replace('_', ' ')}", [reference]))
    return max(found, key=lambda one: _ORDER.index(one[0]), default=None)


def beside(words: str, *names: str) -> Proposer:
    """A proposer for the contact with an organ or duct, known under any of the names."""

    def proposer(known: Known) -> Answer | None:
        found = contact_with(known, *names)
        if found is not None:
            return propose({"value": found[0]}, BY, found[1], found[2])
        primary = known.primary
        why = known.hidden(primary, ANATOMICAL) if primary is not None else ""
        return unassessable(f"{why}; {words} could not be judged", BY) if why else None

    return proposer


PROPOSERS: dict[str, Proposer] = {
    "ADJ.duodenum": beside("contact with the duodenum", "duodenum"),
    "ADJ.stomach": beside("contact with the stomach", "stomach"),
    "ADJ.spleen": beside("contact with the spleen", "spleen"),
    "ADJ.colon": beside("contact with the colon", "colon"),
    "ADJ.adrenal": beside(
        "contact with the adrenal gland", "adrenal_gland", "left_adrenal_gland", "right_adrenal_gland"
    ),
    "ADJ.kidney": beside("contact with the kidney", "kidney", "left_kidney", "right_kidney"),
}
