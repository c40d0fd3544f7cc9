"""Operations listed for a primary that is to be resected, in order, and the gate for enucleation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import (
    Inputs,
    Known,
    Table,
    Test,
    Value,
    Way,
    note_inputs,
    settle,
    sides,
    yes_or_no,
)
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("operations", Book)
Length = Annotated[float | None, Field(ge=0, le=400)]
Angle = Annotated[float | None, Field(ge=0, le=360)]
GATES = ("ok", "caution", "no")
_RARE = ("gastrinoma", "glucagonoma", "VIPoma")


class OperationsInput(CriterionInput):
    """One primary and what surrounds it. Distances are smallest 3-D distances in mm, contacts in degrees.

    ``zone3``: lower head or uncinate. ``splenic_vessels_narrowed``: artery or vein narrowed or occluded, or pressure
    raised on the left side. ``spleen_unsafe_without_vessels``: enlarged spleen, varices or earlier gastric surgery.
    ``unlikely_curative``: class P1 or P2 of the local table.
    """

    site: Literal["head_uncinate", "neck", "body", "tail"] | None = None
    proximal_body: bool | None = None
    size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    function: Literal["none", "insulinoma", "gastrinoma", "glucagonoma", "VIPoma", "other"] | None = None
    duct_distance_mm: Length = None
    duct_dilated: bool | None = None
    peripheral: bool | None = None
    zone3: bool | None = None
    suspicious_nodes: bool | None = None
    vessel_involved: bool | None = None
    portal_vein_touched: bool | None = None
    grade: Literal["G1", "G2", "G3"] | None = None
    ki67_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    splenic_artery_deg: Angle = None
    splenic_vein_deg: Angle = None
    splenic_vessels_narrowed: bool | None = None
    hilum_distance_mm: Length = None
    short_gastric_veins_patent: bool | None = None
    spleen_unsafe_without_vessels: bool | None = None
    distal_remnant_mm: Length = None
    right_cut_clearance_mm: Length = None
    unlikely_curative: bool | None = None
    head_and_tail_without_sparing: bool = False


_LABELS = {
    "site": "site",
    "proximal_body": "in the half of the body next to the neck",
    "size_mm": "largest diameter",
    "function": "function",
    "duct_distance_mm": "distance to the main duct",
    "duct_dilated": "main duct dilated",
    "peripheral": "at the surface of the gland",
    "zone3": "in the lower head or uncinate",
    "suspicious_nodes": "suspicious nodes",
    "vessel_involved": "artery or portal trunk touched",
    "portal_vein_touched": "portal trunk touched",
    "grade": "grade",
    "ki67_percent": "Ki-67",
    "splenic_artery_deg": "contact of the splenic artery",
    "splenic_vein_deg": "contact of the splenic vein",
    "splenic_vessels_narrowed": "splenic vessels narrowed",
    "hilum_distance_mm": "distance to the splenic hilum",
    "short_gastric_veins_patent": "short gastric veins open",
    "spleen_unsafe_without_vessels": "spleen at risk without its vessels",
    "distal_remnant_mm": "length of pancreas left of the tumour",
    "right_cut_clearance_mm": "clearance of the right cut",
    "unlikely_curative": "local class unlikely to be curative",
}
_UNITS = {
    name: "%" if name.endswith("_percent") else "deg" if name.endswith("_deg") else "mm"
    for name in _LABELS
    if name.endswith(("_percent", "_deg", "_mm"))
}
_CHOICES: dict[str, tuple[Value, ...]] = {
    "site": ("head_uncinate", "neck", "body", "tail"),
    "size_mm": sides(20, 30, 50),
    "duct_distance_mm": sides(BOOK.limit("duct_no"), BOOK.limit("duct_ok")),
    "grade": ("G1", "G2", "G3"),
    "ki67_percent": sides(BOOK.limit("ki67_caution"), BOOK.limit("ki67_no")),
    "splenic_artery_deg": sides(BOOK.limit("splenic_kimura"), BOOK.limit("splenic_warshaw")),
    "splenic_vein_deg": sides(BOOK.limit("splenic_kimura"), BOOK.limit("splenic_warshaw")),
    "hilum_distance_mm": sides(BOOK.limit("hilum")),
    "distal_remnant_mm": sides(BOOK.limit("central_remnant")),
    "right_cut_clearance_mm": sides(BOOK.limit("central_margin")),
}


def assess(given: OperationsInput) -> Conclusion:
    """The certain operations in order; those that missing inputs still allow stand in ``parts`` as possible."""
    reasoning = Reasoning(BOOK)
    known: dict[str, Value | None] = {name: getattr(given, name) for name in OperationsInput.model_fields}
    known["function"] = given.function or "none"
    _note(reasoning, given)
    parts: dict[str, str] = {}
    listed: list[str] = []
    needed: dict[str, None] = {}
    for name, test in _OPERATIONS.items():
        outcome = settle(yes_or_no(test, name), known, _CHOICES)
        parts[name] = outcome.values[0] if outcome.settled else "possible"
        needed |= dict.fromkeys(outcome.needed)
        if parts[name] == "yes":
            listed.append(name)
    gate = settle(lambda i: Way(GATES[_gate(i)], "gate"), known, _CHOICES)
    parts["enucleation_gate"] = " or ".join(gate.values)
    _flag(reasoning, given, parts)
    lacking = [_LABELS[name] for name in needed]
    if not listed:
        maybe = [name for name in _OPERATIONS if parts[name] == "possible"]
        if not maybe:
            reasoning.fire("listed", operations="none")
            return reasoning.conclude("none", parts=parts)
        return reasoning.not_assessable(*lacking, possible=maybe if len(maybe) > 1 else (), parts=parts)
    shown = ", ".join(name.replace("_", " ") for name in listed)
    if parts["enucleation_gate"] in GATES:
        reasoning.fire("enucleation", gate=parts["enucleation_gate"], reasons=_reasons(given, known, gate.values[0]))
    reasoning.fire("listed", operations=shown)
    reasoning.lack(*lacking)
    return reasoning.conclude(", ".join(listed), parts=parts, provisional=bool(lacking))


def _note(reasoning: Reasoning, given: OperationsInput) -> None:
    known: dict[str, Value | None] = {name: getattr(given, name) for name in _LABELS}
    if given.site is not None:
        known["site"] = given.site.replace("_", " or ")
    note_inputs(reasoning, known, _LABELS, _UNITS)


def _reasons(given: OperationsInput, known: Known, gate: str) -> str:
    """Size and distance, and unless the gate is open the tests that hold it."""
    distance = f"{given.duct_distance_mm:g} mm" if given.duct_distance_mm is not None else "not known"
    size = f"{given.size_mm:g} mm" if given.size_mm is not None else "not known"
    shown = f"size {size}, distance to the main duct {distance}"
    held = [
        text
        for text, test in _GATE_TESTS.items()
        if settle(_graded(test), known, _CHOICES).values == (gate,) and gate != GATES[0]
    ]
    return f"{shown}; decided by {', '.join(held)}" if held else shown


def _graded(test: Callable[[Inputs], int]) -> Table:
    return lambda inputs: Way(GATES[test(inputs)], "gate")


def _flag(reasoning: Reasoning, given: OperationsInput, parts: dict[str, str]) -> None:
    sparing = ("enucleation", "central_pancreatectomy")
    large = given.size_mm is not None and above(given.size_mm, BOOK.limit("size_nonfunctioning"))
    if large and given.function != "insulinoma" and any(parts[name] == "yes" for name in sparing):
        reasoning.flag("NODE_SAMPLING")
    if given.duct_distance_mm is not None:
        for limit in ("duct_no", "duct_ok"):
            error = BOOK.limit("duct_error")
            reasoning.near("Distance to the main duct", given.duct_distance_mm, BOOK.limit(limit), error, "mm")
    if given.size_mm is not None and given.function != "insulinoma":
        limit_mm, error = BOOK.limit("size_nonfunctioning"), BOOK.limit("size_error")
        reasoning.near("Largest diameter", given.size_mm, limit_mm, error, "mm")
    if given.portal_vein_touched:
        reasoning.flag("VEIN_READY")
    if given.zone3:
        reasoning.flag("ZONE3")
    if any(parts[name] != "no" for name in ("distal_with_splenectomy_and_nodes", "warshaw")):
        reasoning.flag("VACCINATE")


def _gate(i: Inputs) -> int:
    """0 ok, 1 caution, 2 no: the worst of size, duct, risk and zone."""
    return max(test(i) for test in _GATE_TESTS.values())


def _gate_size(i: Inputs) -> int:
    size, function = i.number("size_mm"), i.word("function")
    if function in _RARE:
        small = not at_least(size, BOOK.limit("rare_size"))
        return 1 if small and i.flag("peripheral") else 2
    if above(size, BOOK.limit("size_any")):
        return 2
    return int(function != "insulinoma" and above(size, BOOK.limit("size_nonfunctioning")))


def _gate_duct(i: Inputs) -> int:
    distance = i.number("duct_distance_mm")
    if above(distance, BOOK.limit("duct_ok")):
        return 0
    return 1 if above(distance, BOOK.limit("duct_no")) else 2


def _gate_risk(i: Inputs) -> int:
    if any(i.flag(name) for name in ("suspicious_nodes", "vessel_involved", "duct_dilated")):
        return 2
    ki67 = i.number("ki67_percent")
    if not at_least(ki67, BOOK.limit("ki67_caution")):
        return 0
    low = not at_least(ki67, BOOK.limit("ki67_no")) and not above(
        i.number("size_mm"), BOOK.limit("size_nonfunctioning")
    )
    return 1 if low else 2


_GATE_TESTS: dict[str, Callable[[Inputs], int]] = {
    "size": _gate_size,
    "distance to the main duct": _gate_duct,
    "risk signs (nodes, vessels, dilated duct, Ki-67)": _gate_risk,
    "lower head or uncinate": lambda i: int(i.flag("zone3")),
}


def _left(i: Inputs) -> bool:
    return i.word("site") in ("body", "tail")


def _large(i: Inputs) -> bool:
    """A tumour that is not an insulinoma and above the limit for watching."""
    return i.word("function") != "insulinoma" and above(i.number("size_mm"), BOOK.limit("size_nonfunctioning"))


def _contact(i: Inputs, limit: str) -> bool:
    """Whether a splenic vessel is touched by more than the limit."""
    return any(above(i.number(name), BOOK.limit(limit)) for name in ("splenic_artery_deg", "splenic_vein_deg"))


def _splenectomy(i: Inputs) -> bool:
    return _left(i) and (
        i.word("function") in _RARE
        or _large(i)
        or i.flag("suspicious_nodes")
        or i.word("grade") in ("G2", "G3")
        or above(i.number("splenic_vein_deg"), BOOK.limit("splenic_warshaw"))
        or i.flag("splenic_vessels_narrowed")
        or not at_least(i.number("hilum_distance_mm"), BOOK.limit("hilum"))
    )


def _low_risk(i: Inputs) -> bool:
    return _left(i) and i.word("function") not in _RARE and not _large(i) and not i.flag("suspicious_nodes")


def _kimura(i: Inputs) -> bool:
    return (
        _low_risk(i)
        and not _contact(i, "splenic_kimura")
        and not i.flag("splenic_vessels_narrowed")
        and at_least(i.number("hilum_distance_mm"), BOOK.limit("hilum"))
    )


def _warshaw(i: Inputs) -> bool:
    return (
        _low_risk(i)
        and _contact(i, "splenic_kimura")
        and not _contact(i, "splenic_warshaw")
        and at_least(i.number("hilum_distance_mm"), BOOK.limit("hilum"))
        and i.flag("short_gastric_veins_patent")
        and not i.flag("spleen_unsafe_without_vessels")
    )


def _central(i: Inputs) -> bool:
    site = i.word("site")
    placed = site == "neck" or (site == "body" and i.flag("proximal_body"))
    return (
        placed
        and _gate(i) > 0
        and not above(i.number("size_mm"), BOOK.limit("central_size"))
        and i.word("grade") != "G3"
        and not i.flag("suspicious_nodes")
        and at_least(i.number("distal_remnant_mm"), BOOK.limit("central_remnant"))
        and at_least(i.number("right_cut_clearance_mm"), BOOK.limit("central_margin"))
    )


def _pancreatoduodenectomy(i: Inputs) -> bool:
    site = i.word("site")
    placed = site == "neck" or (site == "head_uncinate" and _gate(i) > 0)
    return placed and not i.flag("unlikely_curative")


def _distal(i: Inputs) -> bool:
    """The fallback of body and tail; an insulinoma that keeps its spleen does without."""
    if not _left(i) or _splenectomy(i):
        return False
    return i.word("function") != "insulinoma" or not (_kimura(i) or _warshaw(i))


_OPERATIONS: dict[str, Test] = {
    "enucleation": lambda i: _gate(i) < len(GATES) - 1,
    "central_pancreatectomy": _central,
    "kimura": _kimura,
    "warshaw": _warshaw,
    "extended_distal": lambda i: i.word("site") == "neck",
    "distal_with_splenectomy_and_nodes": _splenectomy,
    "distal": _distal,
    "pancreatoduodenectomy": _pancreatoduodenectomy,
    "total_pancreatectomy": lambda i: i.flag("head_and_tail_without_sparing"),
}

CRITERION = Criterion(BOOK, OperationsInput, assess)
