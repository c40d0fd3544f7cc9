"""TNM and stage: the primary with its size, what it grows into, nodes by station, distant spread by compartment."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from isletscope.assessment.anatomy import growth_of, station_of
from isletscope.assessment.asking import Asking
from isletscope.assessment.counting import certain_count
from isletscope.assessment.entered import entered_nodes, entered_spread
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import samples_of
from isletscope.assessment.outside_liver import reach_of
from isletscope.assessment.primary import primaries, primary_site, size_of_largest
from isletscope.assessment.view import View
from isletscope.model import Compartment, Lesion

_HISTOLOGY = {"NET G1": "net", "NET G2": "net", "NET G3": "net", "NEC": "nec", "MiNEN": "minen"}
_SPREAD = {
    Compartment.LIVER: "liver",
    Compartment.BONE: "bone",
    Compartment.LUNG: "lung",
    Compartment.PERITONEUM: "peritoneum",
    Compartment.BRAIN: "brain",
    Compartment.HEART: "other",
}
DISTANT_REGIONS = {"liver": "liver", "peritoneum": "peritoneum", "chest": "lung", "bone": "bone"}
"""Regions whose examination M asks for, and how what was not examined is printed."""


def assess_stage(view: View, gathered: Gathered) -> None:
    """Ask for TNM and stage by imaging."""
    asking = Asking("tnm")
    _put_histology(asking, view, gathered)
    _put_primary(asking, view)
    _put_nodes(asking, view)
    _put_spread(asking, view)
    unsure = [lesion.id for lesion in view.unsure]
    asking.put("unsure", unsure or None, *(f"lesion/{name}" for name in unsure))
    nodes = [lesion.id for lesion in view.unsure if lesion.compartment is Compartment.NODE]
    asking.put("unsure_nodes", nodes or None)
    distant = [lesion.id for lesion in view.unsure if spread_name(lesion) is not None]
    asking.put("unsure_distant", distant or None)
    gathered.add(asking.conclude())


def diagnosed_on(view: View) -> tuple[date, str] | None:
    """The earliest date that a sample or an operation gives for the diagnosis; it decides on the edition."""
    dates = [
        (sample.given["sampled"], f"{sample.reference}/sampled_on")
        for sample in samples_of(view)
        if isinstance(sample.given.get("sampled"), date)
    ]
    if view.clinical.tumour.resected_on is not None:
        dates.append((view.clinical.tumour.resected_on, "clinical/tumour/resected_on"))
    return min(dates, default=None)


def _put_histology(asking: Asking, view: View, gathered: Gathered) -> None:
    grade = gathered.value("who_grade") or ""
    asking.put("histology", _HISTOLOGY.get(grade), "conclusion/who_grade")
    if grade.startswith("NET G"):
        asking.put("grade", grade.removeprefix("NET ")[:2], "conclusion/who_grade")
    found = diagnosed_on(view)
    if found is not None:
        asking.put("diagnosed", *found)


def _put_primary(asking: Asking, view: View) -> None:
    lesions = primaries(view)
    if not lesions:
        _put_no_primary(asking, view)
        return
    counted = view.answer("PRI.number", "count")
    if isinstance(counted, int):
        asking.put("tumours", counted, "answer/PRI.number")
    else:
        count, exact = certain_count(view, lesions)
        asking.put("tumours", count, *(f"lesion/{lesion.id}" for lesion in lesions))
        asking.put("unmatched", None if exact else [lesion.id for lesion in lesions])
    site = primary_site(view)
    if site is not None:
        asking.put("site", site.region, site.reference)
    size = size_of_largest(view)
    if size is not None:
        asking.put("size_mm", size.value_mm, size.reference)
        asking.put("size_from", size.taken_from)
    growth = growth_of(view, lesions)
    if growth.complete or growth.invaded:
        asking.put("invades", growth.invaded, *growth.references)
    asking.put("encased", growth.encased or None)
    asking.put("touches", growth.touched or None, *growth.references)


def _put_no_primary(asking: Asking, view: View) -> None:
    """What a reader entered; else looked for and not found, unless it was resected, unsure, or not shown."""
    entered = view.answer("PRI.seen")
    if entered == "seen":
        _put_entered_primary(asking, view)
        return
    if entered in ("equivocal", "resected") or view.clinical.tumour.resected_on is not None:
        return
    unsure = any(lesion.compartment is Compartment.PANCREAS for lesion in view.unsure)
    shown = view.covered("pancreas")
    if entered == "not_seen":
        asking.put("primary_found", False, "answer/PRI.seen")
    elif shown and not unsure:
        asking.put("primary_found", False, *(f"exam/{entry.split('/')[0]}" for entry in shown))


def _put_entered_primary(asking: Asking, view: View) -> None:
    """A primary known from a reader's answers alone."""
    count = view.answer("PRI.number", "count")
    asking.put("tumours", count if isinstance(count, int) else None, "answer/PRI.number")
    site, size = primary_site(view), size_of_largest(view)
    if site is not None:
        asking.put("site", site.region, site.reference)
    if size is not None:
        asking.put("size_mm", size.value_mm, size.reference)
        asking.put("size_from", size.taken_from)
    growth = growth_of(view, [])
    if growth.invaded:
        asking.put("invades", growth.invaded, *growth.references)


def _put_nodes(asking: Asking, view: View) -> None:
    """Nodes by station; regional ones that a reader entered stand in place of those found."""
    found = view.of(Compartment.NODE)
    entered = entered_nodes(view)
    shown = view.covered("abdominal_nodes")
    if entered is not None:
        found = [lesion for lesion in found if reach_of(view, lesion) == "distant"]
        asking.rest_on("answer/LN.regional")
    exact = certain_count(view, found)[1]
    placed = Counter(station for lesion in found if (station := station_of(lesion)) is not None)
    placed.update(entered.placed if entered is not None else {})
    if found or shown or entered is not None:
        asking.put(
            "nodes",
            [{"station": station, "count": count if exact else None} for station, count in sorted(placed.items())],
            *(f"lesion/{lesion.id}" for lesion in found),
            *(f"exam/{entry.split('/')[0]}" for entry in shown),
        )
    unplaced = [lesion.id for lesion in found if station_of(lesion) is None]
    unplaced += entered.unplaced if entered is not None else ()
    asking.put("unplaced_nodes", unplaced or None)


def spread_name(lesion: Lesion) -> str | None:
    """The distant site of a lesion as TNM names it; None for the primary and for nodes."""
    if lesion.compartment in (Compartment.PANCREAS, Compartment.NODE):
        return None
    if lesion.compartment in _SPREAD:
        return _SPREAD[lesion.compartment]
    words = f"{lesion.place.region} {lesion.site}".lower()
    if "ovar" in words:
        return "ovary"
    return "other" if lesion.place.region else "unnamed"


def _put_spread(asking: Asking, view: View) -> None:
    sites: dict[str, list[str]] = {}
    for lesion in view.lesions:
        name = spread_name(lesion)
        if name is not None:
            sites.setdefault(name, []).append(f"lesion/{lesion.id}")
    entered = entered_spread(view)
    for name, reference in entered.sites.items():
        sites.setdefault(name, []).append(reference)
    shown = {region: [entry.split("/")[0] for entry in view.covered(region)] for region in DISTANT_REGIONS}
    if sites or entered.regions or any(shown.values()):
        references = [reference for found in sites.values() for reference in found]
        exams = sorted({f"exam/{key}" for found in shown.values() for key in found})
        asking.put("metastases", sorted(sites), *references, *exams, *entered.regions.values())
        hidden = [
            name for region, name in DISTANT_REGIONS.items() if not shown[region] and region not in entered.regions
        ]
        asking.put("not_examined", [name for name in hidden if name not in sites] or None)
    asking.put("metastasis_proven", _proven(view, sites) or None, *(one.reference for one in samples_of(view)))


def _proven(view: View, sites: dict[str, Any]) -> bool:
    """Whether tissue was taken from a distant site."""
    compartments = {sample.compartment for sample in samples_of(view)}
    return any(_SPREAD.get(one) in sites for one in compartments if one is not None)
