"""What a reader entered on nodes, distant spread and the uptake of the primary, as the rules ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from isletscope.assessment.anatomy import station_named
from isletscope.assessment.view import View

_UPTAKE_ITEMS = {"sstr": "PRI.SSTR", "fdg": "PRI.FDG"}
_NO_UPTAKE = ("none", "negative")
_SSTR_SCORES = {"none": 0, "above_liver": 3, "above_spleen": 4}
"""Level of the item -> Krenning score; at most liver is 1 or 2 and is left to the numbers."""


@dataclass
class EnteredSpread:
    """Distant sites with disease and regions that were looked at, each with the answer that says so."""

    sites: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)

    def add(self, item: str, region: str, site: str, diseased: bool | None) -> None:
        """One answer: disease, no disease, or looked at and left open."""
        self.regions[region] = f"answer/{item}"
        if diseased:
            self.sites[site] = f"answer/{item}"


@dataclass(frozen=True)
class EnteredNodes:
    """Suspicious regional nodes by station; ``unplaced`` are rows whose station is not one of the TNM rules."""

    placed: dict[str, int]
    unplaced: tuple[str, ...]


def entered_spread(view: View) -> EnteredSpread:
    """Distant sites a reader entered. Lung nodules say that the chest was looked at, not what they are."""
    found = EnteredSpread()
    group = view.answer("LIV.count", "group")
    if group is not None:
        found.add("LIV.count", "liver", "liver", group != "0")
    kinds = view.answer("BON.les", "kinds")
    if isinstance(kinds, list) and kinds:
        found.add("BON.les", "bone", "bone", "none" not in kinds)
    certainty = view.answer("PER.nod", "certainty")
    if certainty is not None:
        found.add("PER.nod", "peritoneum", "peritoneum", certainty == "definite")
    if view.answer("LNG.nod", "count") is not None:
        found.add("LNG.nod", "chest", "lung", None)
    brain = view.answer("BRN")
    if isinstance(brain, list) and "metastasis" in brain:
        found.add("BRN", "brain", "brain", True)
    distant = view.answer("LN.distant", "sites")
    if isinstance(distant, list) and distant:
        found.add("LN.distant", "distant_nodes", "distant_node", "none" not in distant)
    return found


def entered_nodes(view: View) -> EnteredNodes | None:
    """Regional nodes a reader entered; None when nothing was entered, or only that they are equivocal."""
    state = view.answer("LN.regional", "state")
    if state == "none":
        return EnteredNodes({}, ())
    rows = view.answer("LN.regional", "nodes")
    if state != "suspicious":
        return None
    placed: dict[str, int] = {}
    unplaced: list[str] = []
    for row in rows if isinstance(rows, list) else []:
        _place(row, placed, unplaced)
    return EnteredNodes(placed, tuple(unplaced)) if placed or unplaced else EnteredNodes({}, ("a regional node",))


def _place(row: JsonValue, placed: dict[str, int], unplaced: list[str]) -> None:
    if not isinstance(row, dict):
        return
    words, count = str(row.get("station", "")), row.get("count")
    number = count if isinstance(count, int) else 1
    station = station_named(words)
    if station is None:
        unplaced += [f"node ({words or 'no station'})"] * number
    else:
        placed[station] = placed.get(station, 0) + number


def entered_uptake(view: View, tracer: str) -> tuple[dict[str, Any], str] | None:
    """Uptake of the primary as a reader entered it, and the answer it stands in; None when nothing was entered."""
    item = _UPTAKE_ITEMS[tracer]
    level, suv_max = view.answer(item, "level"), view.answer(item, "suv_max")
    if not isinstance(level, str):
        return None
    found: dict[str, Any] = {}
    if isinstance(suv_max, int | float) and level not in _NO_UPTAKE:
        found["suv_max_g_ml"] = float(suv_max)
    if tracer == "sstr" and level in _SSTR_SCORES:
        found["reader_score"] = _SSTR_SCORES[level]
    else:
        found["discernible"] = level not in _NO_UPTAKE
    return found, f"answer/{item}"
