"""Disease outside liver and primary, compartment by compartment, for the extrahepatic axis."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from isletscope.assessment.anatomy import station_of
from isletscope.assessment.asking import Asking
from isletscope.assessment.counting import certain_count
from isletscope.assessment.entered import entered_spread
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.primary import primary_site
from isletscope.assessment.view import View
from isletscope.criteria import TNM_BOOK, Side
from isletscope.model import Compartment, Lesion

_REGIONS = {
    "mesentery": "peritoneum",
    "peritoneum": "peritoneum",
    "ovary": "pelvis",
    "bone": "bone",
    "lung": "chest",
    "brain": "brain",
    "heart": "chest",
    "other": "",
}
"""Compartment of the axis -> region of the body that must be shown before 'none' is said."""
_INSIDE = (Compartment.PANCREAS, Compartment.LIVER)
Reach = Literal["regional", "distant", "unclear"]


def assess_outside_liver(view: View, gathered: Gathered) -> None:
    """Ask for the axis of disease outside the liver."""
    asking = Asking("extrahepatic")
    reaches = {lesion.id: reach_of(view, lesion) for lesion in view.of(Compartment.NODE)}
    counts = {name: _count(asking, view, name) for name in _REGIONS}
    counts["distant_node"] = _nodes(asking, view, reaches, "distant")
    asking.put("compartments", [{"compartment": name, **asdict(count)} for name, count in sorted(counts.items())])
    asking.put("regional_nodes", _nodes(asking, view, reaches, "regional").lesions)
    unsure = [lesion.id for lesion in view.unsure if lesion.compartment not in _INSIDE]
    asking.put("unsure", unsure or None, *(f"lesion/{name}" for name in unsure))
    gathered.add(asking.conclude())


def reach_of(view: View, lesion: Lesion) -> Reach:
    """Whether a node is regional or distant for the primary; unclear where station or part of the pancreas is open."""
    station = station_of(lesion)
    if station is None:
        return "unclear"
    sides: list[Side] = ["head", "body_tail"]
    site = primary_site(view)
    if site is not None:
        sides = ["head" if site.region in ("head", "neck", "uncinate") else "body_tail"]
    regional = {TNM_BOOK.stations[station].regional(side, "ajcc8") for side in sides}
    if len(regional) > 1:
        return "unclear"
    return "regional" if regional.pop() else "distant"


def has_distant_spread(view: View) -> bool:
    """Whether a lesion is distant spread for certain; a node of unclear reach is not."""
    for lesion in view.lesions:
        if lesion.compartment is Compartment.NODE:
            if reach_of(view, lesion) == "distant":
                return True
        elif lesion.compartment is not Compartment.PANCREAS:
            return True
    return False


def compartment_of(lesion: Lesion) -> str | None:
    """The compartment of the axis; None for pancreas, liver and nodes."""
    if lesion.compartment in (Compartment.PANCREAS, Compartment.LIVER, Compartment.NODE):
        return None
    if lesion.compartment is not Compartment.OTHER:
        return lesion.compartment.value
    words = f"{lesion.place.region} {lesion.site}".lower()
    return "ovary" if "ovar" in words else "mesentery" if "mesenter" in words else "other"


def _count(asking: Asking, view: View, name: str) -> Count:
    """Lesions of a compartment, else what a reader entered; without a number where nobody looked."""
    lesions = [lesion for lesion in view.lesions if compartment_of(lesion) == name]
    asking.rest_on(*(f"lesion/{lesion.id}" for lesion in lesions))
    if lesions:
        return Count.of(view, lesions)
    entered = entered_spread(view)
    if name in entered.sites:
        asking.rest_on(entered.sites[name])
        counted = view.answer("BON.les", "count") if name == "bone" else None
        return Count(counted, False) if isinstance(counted, int) and counted else Count(1, True)
    if _REGIONS[name] in entered.regions:
        asking.rest_on(entered.regions[_REGIONS[name]])
        return Count(0, False)
    shown = view.covered(_REGIONS[name]) if _REGIONS[name] else []
    asking.rest_on(*(f"exam/{entry.split('/')[0]}" for entry in shown))
    return Count(0 if shown else None, False)


@dataclass(frozen=True)
class Count:
    """A number of lesions; ``at_least``: there may be more. None: nobody looked."""

    lesions: int | None
    at_least: bool

    @classmethod
    def of(cls, view: View, lesions: list[Lesion]) -> Count:
        """The lesions that are certain; foci that nobody matched between exams may be one."""
        number, exact = certain_count(view, lesions)
        return cls(number, not exact)


def _nodes(asking: Asking, view: View, reaches: dict[str, Reach], wanted: Reach) -> Count:
    """Nodes regional or distant; without a number where none is certain and a node is unclear, or nobody looked."""
    found = [lesion for lesion in view.of(Compartment.NODE) if reaches[lesion.id] == wanted]
    asking.rest_on(*(f"lesion/{lesion.id}" for lesion in found))
    if found:
        return Count.of(view, found)
    unclear = "unclear" in reaches.values()
    return Count(0 if view.covered("abdominal_nodes") and not unclear else None, False)
