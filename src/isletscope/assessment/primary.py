"""The primary tumours: how many, where the largest lies, and how large it is on which exam."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.assessment.view import ANATOMICAL, Found, View
from isletscope.criteria import Site
from isletscope.model import Compartment, ExamKind, Lesion

PARTS = ("head", "uncinate", "neck", "body", "tail")
_AXES = (
    ("largest_diameter", "largest diameter in space"),
    ("long_axis", "long axis in the axial plane"),
    ("craniocaudal", "craniocaudal axis"),
)
_PRINTED = {ExamKind.CT: "CT", ExamKind.MRI: "MRI"}


@dataclass(frozen=True)
class Size:
    """Largest dimension of a primary (mm), with the exam and axis it was taken from."""

    lesion: str
    value_mm: float
    taken_from: str
    reference: str


@dataclass(frozen=True)
class PartOfPancreas:
    """Part of the pancreas that holds the largest primary."""

    region: str
    reference: str


def primaries(view: View) -> list[Lesion]:
    """Tumours of the pancreas at this time point."""
    return view.of(Compartment.PANCREAS)


def gep_primary(view: View) -> tuple[bool | None, str]:
    """Whether the primary is gastroenteropancreatic, and where that is seen or stated; None when it is not known."""
    found = primaries(view)
    if found:
        return True, f"lesion/{found[0].id}"
    stated = {Site.PANCREAS, Site.DUODENUM} & set(view.clinical.tumour.sites or ())
    return (True, "clinical/tumour/sites") if stated else (None, "")


def largest_dimension(view: View, lesion: Lesion, kinds: Sequence[ExamKind] = ANATOMICAL) -> Size | None:
    """Largest dimension on the first exam of ``kinds`` that gives one; None when only PET shows the tumour.

    The largest measured axis counts: TNM asks for the largest dimension, not for the axial one. CT goes before MRI, so
    that all time points are measured alike; PET extents are no diameters.
    """
    for kind in kinds:
        found = [(one, words) for name, words in _AXES if (one := view.find(lesion, name, (kind,))) is not None]
        if found:
            largest, words = max(found, key=lambda pair: pair[0].value)
            return Size(lesion.id, largest.value, f"{_PRINTED[kind]}, {words}", largest.reference)
    return None


def size_of_largest(view: View) -> Size | None:
    """Size of the largest primary; a reader's entry outranks the measurement."""
    entered = view.answer("PRI.size", "longest_mm")
    sizes = [size for lesion in primaries(view) if (size := largest_dimension(view, lesion)) is not None]
    largest = max(sizes, key=lambda size: (size.value_mm, size.lesion), default=None)
    if isinstance(entered, int | float):
        name = largest.lesion if largest is not None else ""
        return Size(name, float(entered), "entered by the reader", "answer/PRI.size")
    if len(sizes) < len(primaries(view)):
        return None if largest is None else _unless_hidden(view, largest)
    return largest


def _unless_hidden(view: View, largest: Size) -> Size | None:
    """The largest known size stands unless a primary of unknown size may exceed it, by its extent on PET."""
    for lesion in primaries(view):
        if largest_dimension(view, lesion) is not None:
            continue
        volume = view.find(lesion, "volume", (ExamKind.SSTR_PET, ExamKind.FDG_PET, ExamKind.EXENDIN_PET))
        if volume is None or _sphere_mm(volume) >= largest.value_mm:
            return None
    return largest


def _sphere_mm(volume: Found) -> float:
    """Diameter of a sphere of that volume (mL)."""
    return float(10 * (6 * volume.value / math.pi) ** (1 / 3))


def largest_primary(view: View) -> Lesion | None:
    """The largest primary, or the only one; None where sizes do not tell."""
    found = primaries(view)
    if len(found) == 1:
        return found[0]
    size = size_of_largest(view)
    return next((lesion for lesion in found if size is not None and lesion.id == size.lesion), None)


def primary_site(view: View) -> PartOfPancreas | None:
    """Where the largest primary lies; a reader's entry outranks the computed place."""
    entered = view.answer("PRI.site", "region")
    if entered in PARTS:
        return PartOfPancreas(str(entered), "answer/PRI.site")
    largest = largest_primary(view)
    candidates = [largest] if largest is not None else primaries(view)
    regions = {lesion.place.region for lesion in candidates}
    region = regions.pop() if len(regions) == 1 else ""
    return PartOfPancreas(region, f"lesion/{candidates[0].id}") if region in PARTS else None
