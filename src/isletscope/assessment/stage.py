"""TNM and stage: the primary with its size, what it grows into, nodes by station, distant spread by compartment."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from isletscope.assessment.anatomy import growth_of, station_of
from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import samples_of
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
    asking.put("tumours", len(lesions), *(f"lesion/{lesion.id}" for lesion in lesions))
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
    """Looked for and not found, unless it was resected, a focus is unsure, or the pancreas was not shown."""
    unsure = any(lesion.compartment is Compartment.PANCREAS for lesion in view.unsure)
    shown = view.covered("pancreas")
    if shown and not unsure and view.clinical.tumour.resected_on is None:
        asking.put("primary_found", False, *(f"exam/{entry.split('/')[0]}" for entry in shown))


def _put_nodes(asking: Asking, view: View) -> None:
    nodes = view.of(Compartment.NODE)
    placed = Counter(station for lesion in nodes if (station := station_of(lesion)) is not None)
    shown = view.covered("abdominal_nodes")
    if nodes or shown:
        asking.put(
            "nodes",
            [{"station": station, "count": count} for station, count in sorted(placed.items())],
            *(f"lesion/{lesion.id}" for lesion in nodes),
            *(f"exam/{entry.split('/')[0]}" for entry in shown),
        )
    unplaced = [lesion.id for lesion in nodes if station_of(lesion) is None]
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
    shown = {region: view.covered(region) for region in DISTANT_REGIONS}
    if sites or any(shown.values()):
        references = [reference for found in sites.values() for reference in found]
        exams = sorted({f"exam/{entry.split('/')[0]}" for found in shown.values() for entry in found})
        asking.put("metastases", sorted(sites), *references, *exams)
        hidden = [DISTANT_REGIONS[region] for region, found in shown.items() if not found]
        asking.put("not_examined", [name for name in hidden if name not in sites] or None)
    asking.put("metastasis_proven", _proven(view, sites) or None, *(one.reference for one in samples_of(view)))


def _proven(view: View, sites: dict[str, Any]) -> bool:
    """Whether tissue was taken from a distant site."""
    compartments = {sample.compartment for sample in samples_of(view)}
    return any(_SPREAD.get(one) in sites for one in compartments if one is not None)
