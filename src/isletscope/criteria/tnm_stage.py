"""T, N, M and stage by one edition, without words."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.criteria.result import at_least
from isletscope.criteria.tnm_book import BOOK, Side, System
from isletscope.criteria.tnm_input import NodeFinding, TnmInput

UNKNOWN_STAGE = "unknown"


@dataclass(frozen=True)
class Staged:
    """T, N, M and stage by one edition. ``n`` may be "N1 or N2" where the number of nodes is not given."""

    t: str
    n: str
    m: str
    stage: str

    def printed(self, given: TnmInput) -> str:
        """As printed, e.g. cT2(4) cN0 cM0, stage II."""
        prefix = "c" if given.basis == "clinical" else "p"
        prefix_m = "p" if given.metastasis_proven and self.m != "M0" else "c"
        n = " or ".join(f"{prefix}{part}" for part in self.n.split(" or "))
        return f"{prefix}{self.t}{multiplicity(given)} {n} {prefix_m}{self.m}, stage {self.stage}"


def stage_by(given: TnmInput, side: Side, system: System) -> list[Staged]:
    """T, N, M and stage by one edition; two results where the number of nodes is open."""
    t = t_category(given, system)
    m = m_category(given, side, system)
    found = []
    for n in n_categories(given, side, system):
        group = BOOK.stage_row(t, n, m, system)
        found.append(Staged(t, n, m, group.stage if group else UNKNOWN_STAGE))
    return found


def multiplicity(given: TnmInput) -> str:
    """The suffix of T for more than one tumour, e.g. (4) or (m)."""
    return "" if given.tumours == 1 else f"({given.tumours})"


def t_category(given: TnmInput, system: System) -> str:
    """T by growth into structures, else by size; TX without a size."""
    exocrine = system in ("exocrine", "exocrine_registry")
    if given.primary_found is False:
        return "T0"
    if given.in_situ and exocrine:
        return "Tis"
    coded = given.touches if system == "registry" else ()  # the registry codes contact as growth
    effects = {BOOK.invasion[name].effect(system) for name in (*(given.invades or ()), *coded)}
    if "T4" in effects:
        return "T4"
    if "T3" in effects:
        return "T3"
    return "TX" if given.size_mm is None else BOOK.t_of_size(given.size_mm, system)


def regional_nodes(given: TnmInput, side: Side, system: System) -> list[NodeFinding]:
    """Involved nodes in regional stations."""
    return [nodes for nodes in given.nodes or () if BOOK.stations[nodes.place].regional(side, system)]


def distant_nodes(given: TnmInput, side: Side, system: System) -> list[NodeFinding]:
    """Involved nodes outside the regional stations."""
    return [nodes for nodes in given.nodes or () if not BOOK.stations[nodes.place].regional(side, system)]


def n_categories(given: TnmInput, side: Side, system: System) -> list[str]:
    """N; both N1 and N2 where the table counts nodes and their number is not given."""
    if given.nodes is None:
        return ["NX"]
    regional = regional_nodes(given, side, system)
    if not regional:
        return ["N0"]
    if system not in ("exocrine", "exocrine_registry"):
        return ["N1"]
    counted = sum(nodes.count or 1 for nodes in regional)
    if at_least(counted, BOOK.limit("n2_nodes")):
        return ["N2"]
    return ["N1", "N2"] if any(nodes.count is None for nodes in regional) else ["N1"]


def m_category(given: TnmInput, side: Side, system: System) -> str:
    """M with its letter; without a letter in tables that have none, or where an unnamed site leaves it open."""
    sites = set(given.metastases or ())
    if distant_nodes(given, side, system):
        sites.add("distant_node")
    if not sites:
        return "M0"
    if system in ("exocrine", "exocrine_registry", "enets"):
        return "M1"
    if "unnamed" in sites and not ("liver" in sites and sites - {"liver", "unnamed"}):
        return "M1"
    if "liver" not in sites:
        return "M1b"
    return "M1a" if sites == {"liver"} else "M1c"
