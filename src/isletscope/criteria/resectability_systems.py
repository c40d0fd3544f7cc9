"""The same vessel findings read by the other resectability systems, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import model_validator

from isletscope.criteria.book import Book, Entry, load_book
from isletscope.criteria.open_inputs import Inputs, Outcome, Test, Way, settle
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
    vein_blocked,
)
from isletscope.model import Conclusion


class System(Entry):
    """One system: its printed title and the result of each row, in order of evaluation."""

    title: str
    results: dict[str, str]


class SystemsBook(Book):
    """The tables of all systems; a rule is named ``system.row``."""

    systems: dict[str, System]

    @model_validator(mode="after")
    def _rows_have_sentences(self) -> SystemsBook:
        rows = {f"{name}.{row}" for name, system in self.systems.items() for row in system.results}
        if rows != set(self.rules):
            raise ValueError(f"rows and sentences differ: {', '.join(sorted(rows ^ set(self.rules)))}")
        return self


BOOK = load_book("resectability_systems", SystemsBook)
MAIN = "alliance"
_HALF = BOOK.limit("half_turn")
_ARTERIES = ("sma", "celiac", "common_hepatic")
_JUDGED = ("sma", "celiac", "common_hepatic", *VEINS)
_CHOICES = choices((0.0, 45.0, 135.0, 225.0, 315.0))


def assess(findings: VesselFindings) -> Conclusion:
    """The class by every system in ``parts``; the value is that of the Alliance, the others are alternatives.

    A system that lacks inputs shows its possible classes in ``parts``, and the result is then provisional.
    """
    reasoning = Reasoning(BOOK)
    note_vessels(reasoning, findings)
    reasoning.flag("DESCRIPTIVE")
    known = findings.known()
    outcomes = {name: settle(_table(name), known, _CHOICES) for name in BOOK.systems}
    flag_near_contacts(reasoning, findings, _JUDGED, (BOOK.limit("dpcg_vein_resectable"), _HALF))
    flag_near_contacts(reasoning, findings, VEINS, (BOOK.limit("dpcg_vein_limit"),))
    for name, outcome in outcomes.items():
        if name != MAIN and outcome.settled:
            way = outcome.ways[0]
            reasoning.other(BOOK.systems[name].title, way.value, way.rule)
    parts = {name: " or ".join(outcome.values) for name, outcome in outcomes.items()}
    if len({value for value in parts.values() if " or " not in value}) > 1:
        shown = ", ".join(f"{BOOK.systems[name].title} {value}" for name, value in parts.items())
        reasoning.flag("SYSTEMS_DIFFER", classes=shown)
    return _conclude(reasoning, outcomes, parts)


def _conclude(reasoning: Reasoning, outcomes: Mapping[str, Outcome], parts: dict[str, str]) -> Conclusion:
    main = outcomes[MAIN]
    needed = [name for outcome in outcomes.values() for name in outcome.needed]
    lacking = [LABELS[name] for name in dict.fromkeys(needed)]
    if not main.settled:
        return reasoning.not_assessable(*lacking, possible=main.values, parts=parts)
    for way in main.ways:
        reasoning.fire(way.rule)
    if main.insensitive:
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(LABELS[name] for name in main.insensitive))
    reasoning.lack(*lacking)
    return reasoning.conclude(main.values[0], parts=parts, provisional=bool(lacking))


def _table(name: str) -> Callable[[Inputs], Way]:
    tests = _TESTS[name]

    def table(inputs: Inputs) -> Way:
        for row, value in BOOK.systems[name].results.items():
            if row not in tests or tests[row](inputs):
                return Way(value, f"{name}.{row}")
        raise AssertionError(f"{name}: the last row has a test")

    return table


def _head(inputs: Inputs) -> bool:
    return inputs.word("site") == "head_uncinate"


def _at_half(inputs: Inputs, vessel: str) -> bool:
    return at_least(contact(inputs, vessel), _HALF)


def _beyond_half(inputs: Inputs, vessel: str) -> bool:
    return above(contact(inputs, vessel), _HALF)


def _veins_blocked(inputs: Inputs) -> bool:
    return any(vein_blocked(inputs, vein) for vein in VEINS)


def _veins_half_or_blocked(inputs: Inputs) -> bool:
    return any(_at_half(inputs, vein) for vein in VEINS) or _veins_blocked(inputs)


def _hepatic_lost(inputs: Inputs) -> bool:
    return touched(inputs, "common_hepatic") and not inputs.flag("common_hepatic_reconstructible")


def _lost_vein(involved: Test) -> Test:
    return lambda i: involved(i) and not i.flag("vein_reconstructible")


def _narrowed(inputs: Inputs, vessel: str) -> bool:
    return touched(inputs, vessel) and (
        above(inputs.number(f"{vessel}.narrowing_percent"), 0) or inputs.flag(f"{vessel}.contour_irregular")
    )


def _jps_vein(inputs: Inputs) -> bool:
    return _veins_half_or_blocked(inputs) or (
        any(touched(inputs, vein) for vein in VEINS) and inputs.flag("vein_narrowed_on_both_sides")
    )


def _jps_hepatic_reach(inputs: Inputs) -> bool:
    return touched(inputs, "common_hepatic") and (
        inputs.flag("hepatic_contact_reaches_celiac") or touched(inputs, "proper_hepatic") or touched(inputs, "celiac")
    )


def _vein_above(limit: str) -> Test:
    return lambda i: any(above(contact(i, vein), BOOK.limit(limit)) for vein in VEINS)


_ALLIANCE: dict[str, Test] = {
    "LA1": lambda i: _at_half(i, "sma") or _at_half(i, "celiac"),
    "LA2": _lost_vein(_veins_half_or_blocked),
    "LA3": _hepatic_lost,
    "BR1": _veins_half_or_blocked,
    "BR2": lambda i: touched(i, "sma") or touched(i, "celiac"),
    "BR3": lambda i: touched(i, "common_hepatic"),
}
_MDACC: dict[str, Test] = {
    "LA1": lambda i: _beyond_half(i, "sma"),
    "LA2": lambda i: _beyond_half(i, "celiac") or (touched(i, "celiac") and _head(i)),
    "LA3": _lost_vein(lambda i: _veins_blocked(i) or any(_beyond_half(i, vein) for vein in VEINS)),
    "LA4": _hepatic_lost,
    "BR1": _veins_blocked,
    "BR2": lambda i: touched(i, "sma"),
    "BR3": lambda i: touched(i, "celiac"),
    "BR4": lambda i: touched(i, "common_hepatic"),
}
_AHPBA: dict[str, Test] = {
    "LA1": lambda i: _at_half(i, "sma"),
    "LA2": lambda i: touched(i, "celiac"),
    "LA3": _lost_vein(lambda i: any(touched(i, vein) for vein in VEINS) or _veins_blocked(i)),
    "LA4": _hepatic_lost,
    "BR1": lambda i: any(touched(i, vein) for vein in VEINS) or _veins_blocked(i),
    "BR2": lambda i: touched(i, "sma"),
    "BR3": lambda i: touched(i, "common_hepatic"),
}
_IAP_JPS: dict[str, Test] = {
    "UR1": lambda i: _jps_vein(i) and i.flag("vein_contact_below_duodenum"),
    "UR2": lambda i: any(_at_half(i, artery) or _narrowed(i, artery) for artery in ("sma", "celiac")),
    "UR3": lambda i: touched(i, "celiac") and touched(i, "aorta"),
    "UR4": _jps_hepatic_reach,
    "BR1": _jps_vein,
    "BR2": lambda i: touched(i, "sma") or touched(i, "celiac"),
    "BR3": lambda i: touched(i, "common_hepatic"),
}
_DPCG: dict[str, Test] = {
    "I1": lambda i: _vein_above("dpcg_vein_limit")(i) or _veins_blocked(i),
    "I2": lambda i: any(above(contact(i, artery), BOOK.limit("dpcg_artery_limit")) for artery in _ARTERIES),
    "BR1": _vein_above("dpcg_vein_resectable"),
    "BR2": lambda i: any(touched(i, artery) for artery in _ARTERIES),
}
_TESTS = {"alliance": _ALLIANCE, "mdacc": _MDACC, "ahpba": _AHPBA, "iap_jps": _IAP_JPS, "dpcg": _DPCG}

CRITERION = Criterion(BOOK, VesselFindings, assess)
