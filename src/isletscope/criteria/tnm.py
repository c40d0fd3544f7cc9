"""TNM and stage: AJCC 8 and Version 9, UICC 8, ENETS; the exocrine tables for NEC and mixed neoplasms."""

from __future__ import annotations

from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.criteria.tnm_book import BOOK, EDITIONS, Side, System
from isletscope.criteria.tnm_input import NodeFinding, TnmInput
from isletscope.criteria.tnm_stage import (
    Staged,
    distant_nodes,
    m_category,
    multiplicity,
    n_categories,
    regional_nodes,
    stage_by,
    t_category,
)
from isletscope.model import Conclusion

SIDES: tuple[Side, ...] = ("head", "body_tail")
_UNCLEAR_PLACES = ("mesenteric_unspecified", "hepatic_unspecified")
# A liver full of unsure foci would fill the page with names; the table of lesions has them all.
_MOST_NAMED = 6


def tnm(given: TnmInput) -> Conclusion:
    """TNM and stage; where the part of the pancreas or a node's station is unknown and matters, all results remain."""
    if given.nothing_known:
        return Reasoning(BOOK).not_assessable("primary tumour", "regional nodes", "distant sites")
    sides = SIDES if given.site is None else (_side_of(given.site),)
    results = [_conclude(placed, side) for side in sides for placed in _placements(given)]
    first = results[0]
    for result in results:
        if result.value is None:
            return result
    if all((one.value, one.alternatives) == (first.value, first.alternatives) for one in results):
        return first
    steps = Reasoning(BOOK)
    if given.site is None:
        steps.flag("site_open")
    if given.unplaced_nodes:
        steps.flag("station_open", nodes=_listed(list(given.unplaced_nodes)))
    possible = list(dict.fromkeys(str(result.value) for result in results))
    if len(possible) == 1:
        return first.model_copy(update={"flags": [*first.flags, *steps.flags]})
    if given.site is None:
        steps.lack("part of the pancreas that holds the primary")
    steps.lack(*(f"station of {name}" for name in given.unplaced_nodes))
    agreed = {name: value for name, value in first.parts.items() if all(one.parts[name] == value for one in results)}
    return steps.not_assessable(possible=possible, parts=agreed)


def _side_of(site: str) -> Side:
    return "head" if site in ("head", "neck", "uncinate") else "body_tail"


def _placements(given: TnmInput) -> list[TnmInput]:
    """The findings with nodes of unknown station read as regional, and as distant."""
    if not given.unplaced_nodes:
        return [given]
    count = len(given.unplaced_nodes)
    return [
        given.model_copy(update={"nodes": (*(given.nodes or ()), NodeFinding(station=station, count=count))})
        for station in ("peripancreatic", "other_distant")
    ]


def _default_system(given: TnmInput) -> System:
    if given.histology in ("nec", "minen"):
        return "exocrine"
    return _ajcc_by_date(given) if given.edition == "auto" else given.edition


def _ajcc_by_date(given: TnmInput) -> System:
    return "ajcc9" if given.diagnosed is not None and given.diagnosed >= BOOK.version_9_from else "ajcc8"


def _conclude(given: TnmInput, side: Side) -> Conclusion:
    steps = Reasoning(BOOK)
    system = _default_system(given)
    _note(given, steps)
    _explain_t(given, system, steps)
    _explain_n(given, side, system, steps)
    _explain_m(given, side, system, steps)
    if given.histology == "unknown":
        steps.lack("histology")
        steps.flag("net_presumed")
    staged = stage_by(given, side, system)
    _other_editions(given, side, system, steps)
    if len({one.stage for one in staged}) > 1:
        steps.lack("number of involved nodes")
        return steps.not_assessable(possible=[one.printed(given) for one in staged])
    if len(staged) > 1:
        steps.flag("INSENSITIVE_TO_MISSING", missing="number of involved nodes")
    result = Staged(staged[0].t, " or ".join(one.n for one in staged), staged[0].m, staged[0].stage)
    _explain_stage(result, staged[0], system, steps)
    parts = {
        "T": f"{result.t}{multiplicity(given)}",
        "N": result.n,
        "M": result.m,
        "stage": result.stage,
        "edition": EDITIONS[system],
    }
    return steps.conclude(result.printed(given), parts=parts, provisional=bool(steps.lacking))


def _note(given: TnmInput, steps: Reasoning) -> None:
    if given.size_mm is not None:
        taken = f" ({given.size_from})" if given.size_from else ""
        steps.note(f"largest dimension of the largest tumour{taken}", given.size_mm, "mm")
        if not at_least(given.size_mm, BOOK.limit("smallest_plausible_mm")):
            steps.flag("size_unit_doubted", size=given.size_mm)
    if given.tumours != 1:
        number = given.tumours if isinstance(given.tumours, int) else None
        steps.note("number of primary tumours" + ("" if number else ": several"), number)
    if given.unmatched:
        steps.flag("number_open", lesions=_listed(list(given.unmatched)), least=given.tumours)
    for name in given.invades or ():
        steps.note(f"growth into {BOOK.invasion[name].words}")
    for nodes in given.nodes or ():
        steps.note(f"nodes {BOOK.stations[nodes.place].words}", nodes.count)
    for site in given.metastases or ():
        steps.note(f"distant spread: {site.replace('_', ' ')}")
    if given.unsure:
        steps.flag("unsure_not_counted", lesions=_listed(list(given.unsure)))
        steps.lack("whether the lesions left unsure are tumour")


def _explain_t(given: TnmInput, system: System, steps: Reasoning) -> None:
    t = t_category(given, system)
    deciding = [name for name in given.invades or () if BOOK.invasion[name].effect(system) == t]
    invades = [BOOK.invasion[name] for name in deciding]
    words = _listed([structure.words for structure in invades])
    examples = [structure.words for structure in invades if structure.example]
    if t == "T0":
        steps.fire("t_none")
    elif t == "Tis":
        steps.fire("t_in_situ")
    elif invades and set(deciding) <= set(given.encased):
        steps.fire("t_encasement", structures=words.replace("the wall of ", ""), t=t)
    elif invades and system == "exocrine":
        steps.fire("t_invasion_exocrine", structures=words)
    elif invades and len(examples) == len(invades):
        steps.fire("t_invasion_example", structures=words, t=t)
        steps.flag("t4_list_read_as_examples", structures=_listed(examples))
    elif invades:
        steps.fire("t_invasion", structures=words, t=t)
    elif given.size_mm is None:
        steps.fire("t_unknown")
        steps.lack("size of the primary")
    else:
        _explain_size(given, t, system, given.size_mm, steps)
    if given.invades is None and t != "T0":
        steps.lack("growth into neighbouring organs and vessels")
    _flag_registry_structures(given, system, steps)


def _explain_size(given: TnmInput, t: str, system: System, size_mm: float, steps: Reasoning) -> None:
    if system == "exocrine":
        steps.fire("t_size_exocrine", size=size_mm, t=t)
        table = "exocrine"
    else:
        extent = _extent(given)
        steps.fire("t_size", size=size_mm, extent=extent, t=t)
        table = "net"
    for row in BOOK.sizes[table]:
        if row.upto_mm is not None and row.t in ("T1", "T1c", "T2"):
            steps.near("Size", size_mm, row.upto_mm, BOOK.limit("size_error_mm"), "mm")
    if system == "exocrine" and BOOK.t_of_size(size_mm, "exocrine_registry") != t:
        reading = "T1c is taken, the registry codes T1b; the stage is the same"
        steps.flag("boundary", name="A size of exactly 10 mm", reading=reading)


def _extent(given: TnmInput) -> str:
    """How far the tumour grows, in words, where T follows size; fat around the pancreas does not count."""
    if given.invades is None:
        return "growth beyond the pancreas not stated"
    beyond = [BOOK.invasion[name].words for name in given.invades if name != "peripancreatic_fat"]
    return f"growth into {_listed(beyond)} does not change T here" if beyond else "limited to the pancreas"


def _flag_registry_structures(given: TnmInput, system: System, steps: Reasoning) -> None:
    if given.encased:
        steps.flag("t4_by_encasement", structures=_listed([BOOK.invasion[name].words for name in given.encased]))
    if system in ("exocrine", "exocrine_registry"):
        return
    grown = [BOOK.invasion[name] for name in given.invades or ()]
    touched = [BOOK.invasion[name] for name in given.touches]
    coded = [one for one in grown if one.net == "size" and one.registry == "T4"]
    coded += [one for one in touched if one.registry == "T4" and one not in coded]
    if coded:
        steps.flag("t4_by_registry_coding", structures=_listed([one.words for one in coded]))
    if "serosa" in (given.invades or ()):
        steps.flag("serosa")


def _explain_n(given: TnmInput, side: Side, system: System, steps: Reasoning) -> None:
    if given.nodes is None:
        steps.fire("n_unknown")
        steps.lack("regional nodes")
        return
    regional = regional_nodes(given, side, system)
    values = n_categories(given, side, system)
    stations = _stations(regional)
    if not regional and given.unsure_nodes:
        steps.fire("n_unsure", nodes=_listed(list(given.unsure_nodes)))
    elif not regional:
        steps.fire("n_none" if given.basis == "clinical" else "n_none_specimen")
    elif len(values) > 1:
        steps.fire("n_count_open", stations=stations)
    else:
        known = sum(nodes.count or 0 for nodes in regional)
        open_count = any(nodes.count is None for nodes in regional)
        count = "Nodes" if open_count else f"{known} node{'s' if known != 1 else ''}"
        steps.fire("n_positive", count=count, stations=stations, n=values[0])
        if at_least(known, BOOK.limit("many_nodes")) and system != "exocrine":
            steps.flag("many_nodes", count=known)
    if given.basis == "clinical":
        steps.flag("nodes_by_imaging")
    _flag_stations(given, side, steps)


def _conflicting(given: TnmInput, side: Side) -> list[NodeFinding]:
    """Nodes that one list calls regional and the other distant."""
    return [
        one
        for one in given.nodes or ()
        if BOOK.stations[one.place].regional(side, "ajcc8") != BOOK.stations[one.place].regional(side, "registry")
    ]


def _flag_stations(given: TnmInput, side: Side, steps: Reasoning) -> None:
    nodes = given.nodes or ()
    conflicts = _conflicting(given, side)
    if conflicts:
        steps.flag("node_region_conflict", stations=_stations(conflicts))
    unclear = [one for one in nodes if one.place in _UNCLEAR_PLACES]
    if unclear:
        steps.flag("node_place_unclear", stations=_stations(unclear))
    if side == "body_tail" and any(one.place == "para_aortic" for one in nodes):
        steps.flag("para_aortic_level")


def _explain_m0(given: TnmInput, steps: Reasoning) -> None:
    if not given.unsure_distant:
        steps.fire("m_none")
        return
    named, more = given.unsure_distant[:_MOST_NAMED], len(given.unsure_distant) - _MOST_NAMED
    steps.fire("m_unsure", lesions=f"{', '.join(named)} and {more} more" if more > 0 else _listed(list(named)))


def _explain_m(given: TnmInput, side: Side, system: System, steps: Reasoning) -> None:
    m = m_category(given, side, system)
    sites = sorted(set(given.metastases or ()) - {"unnamed"})
    distant = distant_nodes(given, side, system)
    regions = _listed(list(given.not_examined))
    if m == "M0":
        if given.metastases is None:
            steps.fire("m_unknown")
            steps.lack("distant sites")
            steps.flag("m0_not_fully_assessed", regions="distant sites were not assessed")
        else:
            _explain_m0(given, steps)
            if given.not_examined:
                steps.lack(*given.not_examined)
                steps.flag("m0_not_fully_assessed", regions=f"{regions} not examined")
        return
    if sites:
        steps.fire("m_sites", sites=_listed([site.replace("_", " ") for site in sites]), m=m)
    if distant:
        steps.fire("m_node", stations=_stations(distant), m=m)
    if not sites and not distant:
        steps.fire("m_unnamed")
    if given.not_examined and m in ("M1a", "M1b"):
        steps.flag("m_letter_open", regions=regions)


def _explain_stage(result: Staged, looked_up: Staged, system: System, steps: Reasoning) -> None:
    words = {"t": result.t, "n": result.n, "m": result.m, "edition": EDITIONS[system]}
    group = BOOK.stage_row(looked_up.t, looked_up.n, looked_up.m, system)
    if group is None:
        steps.fire("stage_unknown", **words)
    else:
        rule = "stage_recalled" if group.support.value == "recall" else "stage"
        steps.fire(rule, stage=result.stage, **words)


def _other_editions(given: TnmInput, side: Side, system: System, steps: Reasoning) -> None:
    """Print every edition that differs from the default; the ENETS groups always, as they have finer stages."""
    default = stage_by(given, side, system)
    if given.encased:
        _by_size_alone(given, side, system, default, steps)
    if system == "exocrine":
        _registry(given, side, "exocrine_registry", default, steps)
        return
    by_date = _ajcc_by_date(given)
    if system in ("ajcc8", "ajcc9"):
        other: System = "ajcc9" if system == "ajcc8" else "ajcc8"
        _alternative(given, side, other, "version_9" if other == "ajcc9" else "version_8", default, steps)
    else:
        _alternative(given, side, by_date, "ajcc", default, steps)
    if system != "uicc8":
        _alternative(given, side, "uicc8", "uicc", default, steps)
    if system != "enets":
        recalled = stage_by(given, side, "enets")[0].stage == "IIIA"
        _alternative(given, side, "enets", "enets_recalled" if recalled else "enets", default, steps)
    if given.grade == "G3":
        steps.flag("uicc8_scope_g1_g2")
    if given.size_mm is not None and abs(given.size_mm - (BOOK.sizes["uicc"][1].upto_mm or 0)) < 1e-9:
        steps.flag("boundary_gap")
    _registry(given, side, "registry", default, steps)


def _by_size_alone(given: TnmInput, side: Side, system: System, default: list[Staged], steps: Reasoning) -> None:
    """The result if the walls of encased arteries were not involved."""
    grown = tuple(name for name in given.invades or () if name not in given.encased)
    free = stage_by(given.model_copy(update={"invades": grown}), side, system)
    if free != default:
        steps.other("by size alone", " or ".join(one.printed(given) for one in free), "size_alone")


def _alternative(
    given: TnmInput, side: Side, system: System, rule: str, default: list[Staged], steps: Reasoning
) -> None:
    staged = stage_by(given, side, system)
    if staged != default:
        steps.other(EDITIONS[system], staged[0].printed(given), rule)


def _registry(given: TnmInput, side: Side, registry: System, default: list[Staged], steps: Reasoning) -> None:
    staged = stage_by(given, side, registry)
    same = staged == default or (registry == "registry" and staged == stage_by(given, side, "ajcc8"))
    if same and not _conflicting(given, side):
        return
    reasons = []
    if staged[0].t != default[0].t:
        reasons.append(f"{staged[0].t} by its list of structures or sizes")
    if (staged[0].n, staged[0].m) != (default[0].n, default[0].m):
        reasons.append("another list of regional nodes")
    if not reasons:
        reasons.append("the same result by another list of regional nodes")
    value = " or ".join(one.printed(given) for one in staged)
    steps.other(EDITIONS[registry], value, "registry", reasons=" and ".join(reasons))


def _stations(nodes: list[NodeFinding]) -> str:
    words = [BOOK.stations[one.place] for one in nodes]
    return _listed([f"{one.words} ({one.jps})" if one.jps else one.words for one in words])


def _listed(words: list[str]) -> str:
    unique = sorted(set(words))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} and {unique[-1]}" if unique else ""


CRITERION = Criterion(book=BOOK, input_model=TnmInput, run=tnm)
