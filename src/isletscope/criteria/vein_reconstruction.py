"""Whether superior mesenteric and portal vein can be reconstructed: stumps, first-order branches, collaterals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import (
    Inputs,
    TableBook,
    Test,
    Value,
    decide,
    first_hit,
    note_inputs,
    settle,
    sides,
)
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("vein_reconstruction", TableBook)
BranchState = Literal["clean", "involved", "occluded"]
Length = Annotated[float | None, Field(ge=0, le=300)]
_CLEAN, _SHORT, _CALIBRE = (BOOK.limit(name) for name in ("clean_stump", "short_stump", "branch_calibre"))
_STATES = ("clean", "involved")


class VeinReconstructionInput(CriterionInput):
    """Clean vein below and above the contact, and what can replace it. Lengths and calibres in mm; None is not known.

    ``mesenteric_stump_mm``: clean trunk caudal to the contact, 0 when the confluence of its branches is involved.
    ``portal_stump_mm``: clean portal vein up to its bifurcation.
    """

    mesenteric_stump_mm: Length = None
    portal_stump_mm: Length = None
    ileal_branch: BranchState | None = None
    ileal_branch_mm: Length = None
    jejunal_branch: BranchState | None = None
    jejunal_branch_mm: Length = None
    portal_bifurcation_involved: bool | None = None
    cavernous_transformation: bool | None = None
    inflow_vessel_mm: Length = None
    involved_length_mm: Length = None
    tumour_thrombus_extraction: bool = False


_LABELS = {
    "mesenteric_stump_mm": "clean superior mesenteric vein below the contact",
    "portal_stump_mm": "clean portal vein above the contact",
    "ileal_branch": "state of the ileal branch",
    "ileal_branch_mm": "calibre of the ileal branch",
    "jejunal_branch": "state of the jejunal branch",
    "jejunal_branch_mm": "calibre of the jejunal branch",
    "portal_bifurcation_involved": "whether the portal vein bifurcation is involved on both sides",
    "cavernous_transformation": "cavernous transformation",
    "inflow_vessel_mm": "calibre of a named inflow vessel",
}
_CHOICES: dict[str, tuple[Value, ...]] = {
    "mesenteric_stump_mm": (0.0, *sides(_SHORT, _CLEAN)),
    "portal_stump_mm": (0.0, *sides(_SHORT, _CLEAN)),
    "ileal_branch": _STATES,
    "jejunal_branch": _STATES,
    "ileal_branch_mm": sides(_CALIBRE),
    "jejunal_branch_mm": sides(_CALIBRE),
    "inflow_vessel_mm": sides(_CALIBRE),
}


def assess(given: VeinReconstructionInput) -> Conclusion:
    """``yes``, ``no`` or ``expert`` (a short stump); not assessable as long as a missing input can change it."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    note_inputs(reasoning, known, _LABELS, "mm")
    outcome = settle(first_hit(BOOK, _tests(given.tumour_thrombus_extraction)), known, _CHOICES)
    _flag(reasoning, given, {way.rule for way in outcome.ways} if outcome.settled else set())
    return decide(reasoning, outcome, _LABELS)


def _tests(portal_waived: bool) -> dict[str, Test]:
    def stumps(inputs: Inputs) -> list[float]:
        """The stumps that count; the portal one is waived for extraction of a thrombus below a free bifurcation."""
        mesenteric = [inputs.number("mesenteric_stump_mm")]
        return mesenteric if portal_waived else [*mesenteric, inputs.number("portal_stump_mm")]

    return {
        "V1": lambda i: i.word("ileal_branch") != "clean" and i.word("jejunal_branch") != "clean",
        "V2": lambda i: i.flag("portal_bifurcation_involved"),
        "V3": lambda i: i.flag("cavernous_transformation") and not at_least(i.number("inflow_vessel_mm"), _CALIBRE),
        "V4": lambda i: all(at_least(stump, _CLEAN) for stump in stumps(i)),
        "V5": lambda i: (
            not above(i.number("mesenteric_stump_mm"), 0)
            and (portal_waived or at_least(i.number("portal_stump_mm"), _CLEAN))
            and _branch_carries(i)
        ),
        "V6": lambda i: any(not at_least(stump, _SHORT) for stump in stumps(i)),
    }


def _branch_carries(inputs: Inputs) -> bool:
    return any(
        inputs.word(f"{branch}_branch") == "clean" and at_least(inputs.number(f"{branch}_branch_mm"), _CALIBRE)
        for branch in ("ileal", "jejunal")
    )


def _flag(reasoning: Reasoning, given: VeinReconstructionInput, rules: set[str]) -> None:
    if "V5" in rules:
        reasoning.flag("FIRST_ORDER_SACRIFICE")
    if "V7" in rules:
        reasoning.flag("EXPERT_STUMP")
    if given.involved_length_mm is not None and above(given.involved_length_mm, BOOK.limit("graft_length")):
        reasoning.flag("GRAFT_LIKELY", length=given.involved_length_mm)
    if given.tumour_thrombus_extraction:
        reasoning.flag("STUMP_RULE_WAIVED")
    for name in ("mesenteric_stump_mm", "portal_stump_mm"):
        value = getattr(given, name)
        if value is not None and above(value, 0):
            for limit in (_SHORT, _CLEAN):
                reasoning.near(_LABELS[name], value, limit, BOOK.limit("stump_error"), "mm")


CRITERION = Criterion(BOOK, VeinReconstructionInput, assess)
