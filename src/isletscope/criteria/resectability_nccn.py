"""Local class by the NCCN scheme for adenocarcinoma: the usual yardstick, descriptive for pNET."""

from __future__ import annotations

from isletscope.criteria.book import load_book
from isletscope.criteria.open_inputs import (
    Inputs,
    Outcome,
    RowsHit,
    TableBook,
    Test,
    decide,
    first_hit,
    rows_hit,
    settle,
)
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above
from isletscope.criteria.vessel_findings import (
    LABELS,
    VesselFindings,
    VesselState,
    choices,
    contact,
    flag_near_contacts,
    note_vessels,
    per_site,
    touched,
    vein_involved,
)
from isletscope.model import Conclusion

BOOK = load_book("resectability_nccn", TableBook)
SEVERITY = ("R", "BR", "LA")
_HALF = BOOK.limit("half_turn")
_CHOICES = choices((0.0, _HALF / 2, (_HALF + 360) / 2))
_JUDGED = ("sma", "celiac", "smv", "portal")


class NccnInput(VesselFindings):
    """Vessel findings with the two parameters of older wordings.

    ``variant_artery_only_supply``: the variant artery alone feeds its part of the liver.
    """

    appleby_as_borderline: bool = False
    jejunal_clause: bool = False
    variant_artery_only_supply: bool | None = None


def assess(findings: NccnInput) -> Conclusion:
    """R, BR or LA with every row that holds; missing contacts are tried on both sides of each limit."""
    reasoning = Reasoning(BOOK)
    note_vessels(reasoning, findings)
    tests = _tests(findings)
    outcomes = [settle(first_hit(BOOK, tests), known, _CHOICES) for known in per_site(findings)]
    outcome = outcomes[0] if len(outcomes) == 1 else _worse(outcomes)
    hits = _joined([rows_hit(BOOK, tests, known, _CHOICES) for known in per_site(findings)])
    _flag(reasoning, findings, hits.certain)
    return decide(reasoning, outcome, LABELS, hits)


def _joined(hits: list[RowsHit]) -> RowsHit:
    """Rows of both sites of a tumour that spans two."""
    certain = dict.fromkeys(row for found in hits for row in found.certain)
    return RowsHit(
        certain=tuple(certain),
        open=tuple(dict.fromkeys(row for found in hits for row in found.open if row not in certain)),
        needed=tuple(dict.fromkeys(name for found in hits for name in found.needed)),
    )


def _tests(findings: NccnInput) -> dict[str, Test]:
    """One test per row of the table; the last row has none."""
    return {
        "LA1": lambda i: above(contact(i, "sma"), _HALF),
        "LA2": lambda i: above(contact(i, "celiac"), _HALF) and not _appleby(i, findings.appleby_as_borderline),
        "LA3": lambda i: not _head(i) and touched(i, "celiac") and touched(i, "aorta"),
        "LA4": lambda i: vein_involved(i, _HALF) and not i.flag("vein_reconstructible"),
        "LA5": lambda i: touched(i, "common_hepatic") and _extends(i),
        "LA5b": lambda i: touched(i, "common_hepatic") and not i.flag("common_hepatic_reconstructible"),
        "LA6": lambda i: (
            findings.jejunal_clause and (touched(i, "first_jejunal_artery") or touched(i, "first_jejunal_vein"))
        ),
        "G4": lambda i: touched(i, "aorta") and not touched(i, "celiac"),
        "BR1": lambda i: _head(i) and touched(i, "common_hepatic"),
        "BR2": lambda i: _head(i) and _up_to_half(i, "sma"),
        "BR3": lambda i: _head(i) and touched(i, "variant_artery"),
        "BR4": lambda i: not _head(i) and _up_to_half(i, "celiac"),
        "BR5": lambda i: vein_involved(i, _HALF) and i.flag("vein_reconstructible"),
        "BR6": lambda i: touched(i, "ivc"),
        "G1": lambda i: _head(i) and _up_to_half(i, "celiac"),
        "G2": lambda i: not _head(i) and _up_to_half(i, "sma"),
        "G3": lambda i: not _head(i) and touched(i, "common_hepatic"),
        "G7": lambda i: not _head(i) and touched(i, "variant_artery"),
        "A1": lambda i: above(contact(i, "celiac"), _HALF) and _appleby(i, findings.appleby_as_borderline),
    }


def _head(inputs: Inputs) -> bool:
    return inputs.word("site") == "head_uncinate"


def _up_to_half(inputs: Inputs, vessel: str) -> bool:
    return touched(inputs, vessel) and not above(contact(inputs, vessel), _HALF)


def _extends(inputs: Inputs) -> bool:
    return inputs.flag("hepatic_contact_reaches_celiac") or inputs.flag("hepatic_contact_reaches_bifurcation")


def _appleby(inputs: Inputs, allowed: bool) -> bool:
    return allowed and not _head(inputs) and not touched(inputs, "aorta") and not touched(inputs, "gastroduodenal")


def _worse(outcomes: list[Outcome]) -> Outcome:
    """The worse of the classes of two sites, for every pair of ways they can go."""
    first, second = outcomes
    ways = dict.fromkeys(
        max(one, other, key=lambda way: SEVERITY.index(way.value)) for one in first.ways for other in second.ways
    )
    needed = tuple(dict.fromkeys([*first.needed, *second.needed]))
    settled = len({way.value for way in ways}) == 1
    asked = tuple(dict.fromkeys([*first.insensitive, *second.insensitive, *needed]))
    return Outcome(tuple(ways), () if settled else needed, asked if settled else ())


def _flag(reasoning: Reasoning, findings: NccnInput, certain: tuple[str, ...]) -> None:
    reasoning.flag("DESCRIPTIVE")
    if findings.second_site is not None:
        reasoning.flag("MULTI_SITE")
    if any(row.startswith("G") for row in certain):
        reasoning.flag("TABLE_SILENT")
    jejunal = (findings.first_jejunal_artery, findings.first_jejunal_vein)
    if any(state.contact_deg is not None and above(state.contact_deg, 0) for state in jejunal):
        reasoning.flag("FIRST_JEJUNAL_CONTACT")
    if findings.variant_artery_only_supply and _held(findings.variant_artery):
        reasoning.flag("NEEDS_ARTERIAL_RECONSTRUCTION_OR_EMBOLISATION")
    flag_near_contacts(reasoning, findings, _JUDGED, (0.0, _HALF))


def _held(state: VesselState) -> bool:
    encased = state.contact_deg is not None and above(state.contact_deg, _HALF)
    return encased or (state.narrowing_percent is not None and above(state.narrowing_percent, 0))


CRITERION = Criterion(BOOK, NccnInput, assess)
