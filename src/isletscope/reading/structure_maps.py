"""Vessels, ducts and segments of the liver beside the organs of one reading: given masks, else found vessels.

They lie in a label map of their own on the grid of the organs. A given mask goes before a found one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import GIVEN_SOURCE, VESSEL_NAMES, GivenOrgan, Organs, find_named_vessels
from isletscope.model import ExamKind, OrganFinding, Role, State
from isletscope.reading.anatomy_files import GivenOrgans
from isletscope.reading.anatomy_names import right_of
from isletscope.spatial import Geometry, Mask, Volume

Labels = npt.NDArray[np.uint8]
Region = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Structures:
    """Structures of one reading: label map [k, j, i] on the grid of its organs, a row each, and sentences."""

    labels: Labels
    findings: list[OrganFinding]
    limits: list[str]


def structures_of(given: GivenOrgans, organs: Organs, series: Mapping[Role, Volume], kind: ExamKind) -> Structures:
    """Given structures that are plausible, and on CT the vessels that are found where none was given.

    ``series``: the phases of the reading by role; ``given`` lies on the grid of ``organs``. Where two masks overlap the
    one with fewer voxels keeps the voxel: it is a branch.
    """
    rows: list[OrganFinding] = []
    regions: dict[str, Region] = {}
    admitted, limits = _admitted(given, organs)
    for name, one in admitted.items():
        regions[name] = one.mask.array
        rows.append(_row(name, State.ENTERED, f"{GIVEN_SOURCE} {one.source}", one.confidence, one.mask))
    if kind is ExamKind.CT:
        wanted = [name for name in VESSEL_NAMES if name not in regions and name not in given.organs]
        for name, found in find_named_vessels(series, organs, wanted=wanted, onto=organs.geometry).items():
            if found.mask is None or not found.mask.any():
                because = found.because or "it lies outside these images"
                rows.append(OrganFinding(name=name, state=State.MISSING, missing_because=because))
                continue
            regions[name] = found.mask
            mask = Mask(found.mask, organs.geometry)
            rows.append(_row(name, State.DERIVED, found.source, found.confidence, mask))
    labels, numbered = _laid(regions, organs.geometry)
    return Structures(labels, [one.model_copy(update={"label": numbered.get(one.name)}) for one in rows], limits)


def _row(name: str, state: State, source: str, confidence: str, mask: Mask) -> OrganFinding:
    volume_ml = round(mask.volume_ml, 3)
    return OrganFinding(name=name, state=state, source=source, confidence=confidence, volume_ml=volume_ml)


def _laid(regions: Mapping[str, Region], grid: Geometry) -> tuple[Labels, dict[str, int]]:
    """The label map, and the label of each structure; the smaller lie over the larger."""
    labels = np.zeros(grid.shape, dtype=np.uint8)
    numbers = {name: number for number, name in enumerate(sorted(regions), start=1)}
    for name in sorted(regions, key=lambda one: -int(np.count_nonzero(regions[one]))):
        labels[regions[name]] = numbers[name]
    return labels, numbers


def _admitted(given: GivenOrgans, organs: Organs) -> tuple[dict[str, GivenOrgan], list[str]]:
    """Structures that can be where they are said to be, and one sentence for those that can not."""
    empty = [name for name, one in given.structures.items() if not one.mask.array.any()]
    inside = {name: one for name, one in given.structures.items() if name not in empty}
    doubtful = _files_refused(given, organs)
    moved = [name for name, one in inside.items() if one.file in doubtful]
    mirrored = [] if not _mirrored(inside) else [name for name in inside if name not in moved]
    why = {
        **dict.fromkeys(empty, "it is empty on the grid of these images"),
        **dict.fromkeys(moved, "an organ of its file was refused"),
        **dict.fromkeys(mirrored, "right and left of what was given are reversed: the masks were mirrored"),
    }
    limits = [
        f"A given mask of {name.replace('_', ' ')} was not used. {given.structures[name].source}: {because}."
        for name, because in why.items()
    ]
    return {name: one for name, one in given.structures.items() if name not in why}, limits


def _files_refused(given: GivenOrgans, organs: Organs) -> set[str]:
    """The files of given organs that are not what was taken for these organs."""
    taken = {finding.source for finding in organs.findings if finding.state is State.ENTERED}
    return {one.file for one in given.organs.values() if f"{GIVEN_SOURCE} {one.source}" not in taken}


def _mirrored(structures: Mapping[str, GivenOrgan]) -> bool:
    """Whether every right one of a pair lies left of its left one."""
    reversed_ = [
        _across_mm(structures[right].mask) > _across_mm(structures[left].mask)
        for right, left in right_of().items()
        if right in structures and left in structures
    ]
    return bool(reversed_) and all(reversed_)


def _across_mm(mask: Mask) -> float:
    """Mean position of a mask from the patient's right to left (LPS x, mm)."""
    return float(mask.geometry.to_lps(np.argwhere(mask.array).mean(axis=0))[0])
