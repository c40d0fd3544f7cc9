"""Step 4, nodes: regional and distant ones by the stations of the TNM rules, and their uptake."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.anatomy import station_of
from isletscope.assessment.counting import certain_count
from isletscope.assessment.outside_liver import reach_of
from isletscope.assessment.proposals.known import (
    Known,
    Proposer,
    exam_words,
    exams_of,
    plural,
    propose,
    unassessable,
)
from isletscope.assessment.proposals.rules import rules
from isletscope.assessment.view import ANATOMICAL
from isletscope.criteria import TNM_BOOK
from isletscope.model import Answer, Compartment, ExamKind, Lesion, Visibility

BY = "nodes by station"
_REGION = "abdominal_nodes"
_TRACERS = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
_FDG_LEVELS = {"0": "negative", "1": "up_to_liver", "2": "up_to_liver", "3": "above_liver", "4": "above_liver"}


def regional(known: Known, node: Lesion) -> bool | None:
    """Whether a node is regional for the primary; None where its station or the part of the pancreas is open."""
    return {"regional": True, "distant": False}.get(reach_of(known.view, node))


def station_words(node: Lesion) -> str:
    """Printed name of the station of a node, else its site in words."""
    name = station_of(node)
    return TNM_BOOK.stations[name].words if name is not None else node.site


def _nodes(known: Known) -> list[Lesion]:
    return known.view.of(Compartment.NODE)


def _regional(known: Known) -> Answer | None:
    """Regional nodes, each station with its largest; a node that may be regional keeps the question open."""
    every = (*_nodes(known), *known.doubtful(Compartment.NODE))
    nodes = [node for node in _nodes(known) if regional(known, node)]
    listed = nodes or [node for node in every if regional(known, node)]
    if not listed:
        if any(regional(known, node) is None for node in every):
            return None
        shown = known.covered(_REGION)
        if shown:
            because = f"no suspicious node is seen on {exam_words(shown)}"
            return propose({"state": "none"}, BY, because, exams_of(shown))
        why = "the nodes of the upper abdomen lie outside the images"
        return unassessable(why, BY) if known.outside(_REGION) else None
    rows, references = [], []
    for words in dict.fromkeys(station_words(node) for node in listed):
        group = [node for node in listed if station_words(node) == words]
        row, found = _row(known, words, group)
        rows.append(row)
        references += found
    state = "suspicious" if nodes else "equivocal"
    because = f"{plural(len(listed), 'node')}: {', '.join(node.id for node in listed)}"
    return propose({"state": state, "nodes": rows}, BY, because, references)


def _row(known: Known, words: str, group: list[Lesion]) -> tuple[dict[str, Any], list[str]]:
    row: dict[str, Any] = {"station": words, "count": certain_count(known.view, group)[0]}
    references = [f"lesion/{node.id}" for node in group]
    axes = [found for node in group if (found := known.view.find(node, "short_axis", (*ANATOMICAL, *_TRACERS)))]
    if axes:
        largest = max(axes, key=lambda found: found.value)
        row["short_axis_mm"] = round(largest.value, 1)
        references.append(largest.reference)
    elif not any(known.shown(node, ANATOMICAL) for node in group):
        row["seen_on"] = "pet"
    for part, name in (("shape", "shape"), ("necrosis", "necrosis")):
        told = known.feature(group[0], name, ANATOMICAL) if len(group) == 1 else None
        if told is not None:
            row[part] = told.word == "yes" if part == "necrosis" else told.word
            references.append(told.reference)
    return row, references


def _uptake(known: Known) -> Answer | None:
    """Every node with uptake on a PET that shows it, with its grades; a doubtful node is never counted as none."""
    rows, taken, references = [], set(), []
    for node in _nodes(known):
        row, kinds, found = _uptake_of(known, node)
        if kinds:
            rows.append(row)
            taken |= kinds
            references += found
    done = [kind for kind in _TRACERS if known.view.done(kind)]
    if not done:
        return None
    if not rows:
        if known.doubtful(Compartment.NODE):
            return None
        shown = known.covered(_REGION, done)
        if shown:
            because = f"no node takes up tracer on {exam_words(shown)}"
            return propose({"state": "none"}, BY, because, exams_of(shown))
        return unassessable("the nodes lie outside the PET", BY) if known.outside(_REGION, done) else None
    state = "both" if len(taken) == 2 else taken.pop()
    because = f"uptake in {', '.join(str(row['station']) for row in rows)}"
    return propose({"state": state, "nodes": rows}, "krenning", because, references)


def _uptake_of(known: Known, node: Lesion) -> tuple[dict[str, Any], set[str], list[str]]:
    row: dict[str, Any] = {"station": f"{node.id}, {station_words(node)}"}
    kinds: set[str] = set()
    references, highest = [], []
    for kind, name, criterion in zip(_TRACERS, ("sstr", "fdg"), ("krenning", "fdg_uptake"), strict=True):
        one = known.view.looked(node, kind)
        graded = known.of_lesion(criterion, node)
        if one is None or one.visibility is not Visibility.SEEN or graded is None:
            continue
        if graded.value != "0":
            kinds.add(name)
            suv = known.view.find(node, "suv_max", (kind,))
            if suv is not None:
                highest.append(suv.value)
                references.append(suv.reference)
        if name == "sstr":
            row["sstr_score"] = int(str(graded.value))
        else:
            row["fdg"] = _FDG_LEVELS[str(graded.value)]
        references.append(f"conclusion/{criterion}")
    if highest:
        row["suv_max"] = round(max(highest), 3)
    return row, kinds, references


def _distant(known: Known) -> Answer | None:
    nodes = [node for node in _nodes(known) if regional(known, node) is False]
    if nodes:
        names = [rules().distant_nodes.get(station_of(node) or "", "other") for node in nodes]
        value: dict[str, Any] = {"sites": list(dict.fromkeys(names))}
        references = [f"lesion/{node.id}" for node in nodes]
        axes = [found for node in nodes if (found := known.view.find(node, "short_axis", (*ANATOMICAL, *_TRACERS)))]
        if axes:
            largest = max(axes, key=lambda found: found.value)
            value["largest_mm"] = round(largest.value, 1)
            references.append(largest.reference)
        because = f"{', '.join(f'{node.id} ({station_words(node)})' for node in nodes)}: not regional for the primary"
        return propose(value, BY, because, references)
    every = (*_nodes(known), *known.doubtful(Compartment.NODE))
    shown = known.covered(_REGION)
    if shown and all(regional(known, node) for node in every):
        because = f"no node outside the region is seen on {exam_words(shown)}, as far as they reach"
        return propose({"sites": ["none"]}, BY, because, exams_of(shown))
    return None


def _caveat(known: Known) -> Answer | None:
    return propose({"stated": True}, "report", "the report always prints this sentence")


PROPOSERS: dict[str, Proposer] = {
    "LN.regional": _regional,
    "LN.uptake": _uptake,
    "LN.distant": _distant,
    "LN.caveat": _caveat,
}
