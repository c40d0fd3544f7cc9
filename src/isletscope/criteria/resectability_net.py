"""Local feasibility of resection for pNET: permissive for veins and thrombus, restrictive for arteries."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import load_book
from isletscope.criteria.open_inputs import Inputs, TableBook, Test, Value, Way, decide, first_hit, rows_hit, settle
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.criteria.vessel_findings import (
    LABELS,
    VEINS,
    VesselFindings,
    choices,
    contact,
    flag_near_contacts,
    note_vessels,
    touched,
    vein_involved,
)
from isletscope.model import Conclusion

BOOK = load_book("resectability_net", TableBook)
_HALF, _AORTA, _NARROW = (BOOK.limit(name) for name in ("half_turn", "aorta_limit", "narrowing"))
_ARTERIES = ("sma", "celiac", "common_hepatic")
_PORTAL_SYSTEM = (*VEINS, "splenic_vein")
_CHOICES = choices((0.0, 45.0, 135.0, 270.0))
_ROW_FLAGS = {
    "P1": "REASSESS_AFTER_SYSTEMIC",
    "P3": "NEOADJUVANT_PRRT",
    "P4": "CHECK_GDA_COLLATERAL",
    "P5": "PERIADVENTITIAL_PLANE",
    "P6": "REPORT_THROMBUS_ENDS",
}


class NetResectabilityInput(VesselFindings):
    """Vessel findings with what marks the biology: Ki-67 (percent), largest diameter (mm), suspicious nodes."""

    ki67_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    size_mm: Annotated[float | None, Field(gt=0, le=400)] = None
    suspicious_nodes: bool | None = None


def assess(findings: NetResectabilityInput) -> Conclusion:
    """Class of the first row P1 to P9 that holds, with every row that holds in ``parts``."""
    reasoning = Reasoning(BOOK)
    note_vessels(reasoning, findings)
    known = findings.known()
    outcome = settle(first_hit(BOOK, _TESTS), known, _CHOICES)
    hits = rows_hit(BOOK, _TESTS, known, _CHOICES)
    reasoning.flag("DESCRIPTIVE")
    for row in hits.certain:
        if row in _ROW_FLAGS:
            reasoning.flag(_ROW_FLAGS[row])
    _flag_biology(reasoning, findings)
    flag_near_contacts(reasoning, findings, ("sma", "celiac", *VEINS), (_HALF,))
    flag_near_contacts(reasoning, findings, ("aorta",), (_AORTA,))
    return decide(reasoning, outcome, LABELS, hits)


def _flag_biology(reasoning: Reasoning, findings: NetResectabilityInput) -> None:
    known: dict[str, Value | None] = {
        **findings.known(),
        "ki67_percent": findings.ki67_percent,
        "size_mm": findings.size_mm,
        "suspicious_nodes": findings.suspicious_nodes,
    }
    limits = {"ki67_percent": BOOK.limit("biology_ki67"), "size_mm": BOOK.limit("biology_size")}
    for name, unit in (("ki67_percent", "%"), ("size_mm", "mm")):
        value = getattr(findings, name)
        if value is not None:
            reasoning.note("Ki-67" if unit == "%" else "largest diameter", value, unit)

    def table(inputs: Inputs) -> Way:
        thrombus = any(inputs.word(f"{vein}.thrombus") == "tumour" for vein in _PORTAL_SYSTEM)
        risk = thrombus or (
            all(at_least(inputs.number(name), limit) for name, limit in limits.items())
            and inputs.flag("suspicious_nodes")
        )
        return Way("yes" if risk else "no", "BIO")

    outcome = settle(table, known, {**_CHOICES, **dict.fromkeys(limits, (0.0, 100.0))})
    if outcome.values == ("yes",):
        reasoning.flag("BIO_BORDERLINE")
    elif not outcome.settled:
        names = {"ki67_percent": "Ki-67", "size_mm": "largest diameter", "suspicious_nodes": "suspicious nodes"}
        lacking = ", ".join({**LABELS, **names}[name] for name in outcome.needed)
        reasoning.flag("BIO_BORDERLINE_OPEN", missing=lacking)


def _held(inputs: Inputs, vessel: str) -> bool:
    return above(contact(inputs, vessel), _HALF)


def _narrow(inputs: Inputs, vessel: str) -> bool:
    return at_least(inputs.number(f"{vessel}.narrowing_percent"), _NARROW)


def _involved_vein(inputs: Inputs) -> bool:
    return vein_involved(inputs, _HALF)


def _celiac_expert(inputs: Inputs) -> bool:
    """Coeliac axis held in a way that leaves no collateral: head tumour, or a vessel of the collateral touched."""
    return _held(inputs, "celiac") and (
        inputs.word("site") == "head_uncinate"
        or any(touched(inputs, vessel) for vessel in ("gastroduodenal", "proper_hepatic", "aorta"))
    )


def _bland_occlusion_with_collaterals(inputs: Inputs) -> bool:
    return any(
        inputs.flag(f"{vein}.occluded") and inputs.word(f"{vein}.thrombus") != "tumour" for vein in VEINS
    ) and inputs.flag("cavernous_transformation")


def _expert(inputs: Inputs) -> bool:
    return (
        _held(inputs, "sma")
        or any(touched(inputs, artery) and _narrow(inputs, artery) for artery in _ARTERIES)
        or _celiac_expert(inputs)
        or (touched(inputs, "common_hepatic") and not inputs.flag("common_hepatic_reconstructible"))
        or touched(inputs, "aorta")
        or _bland_occlusion_with_collaterals(inputs)
    )


def _touched_artery(inputs: Inputs) -> bool:
    return any(touched(inputs, artery) for artery in (*_ARTERIES, "variant_artery"))


def _thrombus(inputs: Inputs) -> bool:
    trunk = any(inputs.word(f"{vein}.thrombus") == "tumour" for vein in VEINS)
    if trunk:
        return inputs.flag("vein_reconstructible")
    return inputs.word("splenic_vein.thrombus") == "tumour"


_TESTS: dict[str, Test] = {
    "P1": lambda i: (_held(i, "sma") and _narrow(i, "sma")) or above(contact(i, "aorta"), _AORTA),
    "P2": lambda i: _involved_vein(i) and not i.flag("vein_reconstructible"),
    "P3": _expert,
    "P4": lambda i: _held(i, "celiac"),
    "P5": _touched_artery,
    "P6": _thrombus,
    "P7": _involved_vein,
    "P8": lambda i: any(touched(i, vein) for vein in _PORTAL_SYSTEM),
}

CRITERION = Criterion(BOOK, NetResectabilityInput, assess)
