"""Organ masks from elsewhere: what is known of each, and the checks that refuse an implausible one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isletscope.anatomy.shapes import Bool3D, right_and_left
from isletscope.anatomy.thresholds import load_thresholds
from isletscope.spatial import Geometry, Mask, resample_mask

GROUPS: dict[str, tuple[str, ...]] = {
    "lungs": ("lung_right", "lung_left"),
    "kidneys": ("kidney_right", "kidney_left"),
}
# LPS x grows towards the patient's left.
_SIDES = {"liver": -1, "kidney_right": -1, "lung_right": -1, "spleen": 1, "kidney_left": 1, "lung_left": 1}
_FLIPPED = "the mask was flipped"
_RULES = load_thresholds("isletscope.anatomy", "given.yaml")


@dataclass(frozen=True)
class GivenOrgan:
    """A mask of one organ, or of a pair in :data:`GROUPS`, with its file and region in words.

    ``file``: what came together; when one organ of it is flipped, so are the others.
    """

    mask: Mask
    source: str
    confidence: str = "high"
    file: str = ""


@dataclass(frozen=True)
class Admitted:
    """One organ on the grid of the reading, ready to be laid over what was found."""

    region: Bool3D
    source: str
    confidence: str


def admit(
    given: Mapping[str, GivenOrgan], grid: Geometry, body: Bool3D | None
) -> tuple[dict[str, Admitted], dict[str, str]]:
    """The given organs that are plausible on ``grid``, pairs cut in two; and for each other one why it is refused.

    ``body``: inside of the patient [k, j, i], None where it is not known: side and place are then not checked.
    Refused is what is empty there, has a volume that no such organ has (where the field does not cut it), lies mostly
    outside the body, or on the wrong side of it: a mask that was flipped on its way, or a wrong name. With an organ on
    the wrong side all others of its file are refused: a flip moves those too that have no side.
    """
    found: dict[str, Admitted] = {}
    refused: dict[str, str] = {}
    file_of: dict[str, str] = {}
    for name, organ in given.items():
        region = resample_mask(organ.mask, grid).array
        parts = GROUPS.get(name, (name,))
        halves = right_and_left(region, grid) if name in GROUPS else (region,)
        for part, half in zip(parts, halves, strict=True):
            file_of[part] = organ.file
            because = _implausible(part, half, grid, body)
            if because:
                refused[part] = f"{organ.source}: {because}"
            else:
                found[part] = Admitted(half, organ.source, organ.confidence)
    flipped = {file_of[part] for part, because in refused.items() if _FLIPPED in because} - {""}
    for part in [part for part in found if file_of[part] in flipped]:
        refused[part] = f"{found.pop(part).source}: another organ of its file lies on the wrong side"
    return found, refused


def refusal_sentences(refused: Mapping[str, str]) -> tuple[str, ...]:
    """What is told of masks that were refused."""
    return tuple(
        f"A given mask of {name.replace('_', ' ')} was refused, and the program's own means were used. {because}."
        for name, because in refused.items()
    )


def _implausible(name: str, region: Bool3D, grid: Geometry, body: Bool3D | None) -> str:
    """Why no such organ looks like this, or an empty text."""
    if not region.any():
        return "it is empty on the grid of these images"
    because = _size(name, region, grid)
    if because or body is None or not body.any() or name == "body":
        return because
    inside = float(np.count_nonzero(region & body) / np.count_nonzero(region))
    if inside < _RULES.number("place.least_inside_body"):
        return f"{100 * (1 - inside):.0f} % of it lies outside the body"
    return _side(name, region, grid, body)


def _size(name: str, region: Bool3D, grid: Geometry) -> str:
    if name not in _RULES.root["volume_ml"]:
        return ""
    low, high = _RULES.bounds(f"volume_ml.{name}")
    volume = float(np.count_nonzero(region)) * grid.voxel_volume_ml
    least = 0.0 if _cut_by_edge(region) else low
    if least <= volume <= high:
        return ""
    return f"it has {volume:.0f} mL; expected {least:.0f} to {high:.0f} mL"


def _cut_by_edge(region: Bool3D) -> bool:
    faces = (np.take(region, end, axis=axis) for axis in range(3) for end in (0, -1))
    return any(bool(face.any()) for face in faces)


def _side(name: str, region: Bool3D, grid: Geometry, body: Bool3D) -> str:
    side = _SIDES.get(name)
    if side is None:
        return ""
    beside_mm = side * (_centre_x_mm(region, grid) - _centre_x_mm(body, grid))
    if beside_mm > -_RULES.number("place.beside_middle_mm"):
        return ""
    found, expected = ("right", "left") if side > 0 else ("left", "right")
    return (
        f"it lies on the patient's {found}, expected on the {expected}: {_FLIPPED}, has the wrong name, "
        "or the organs lie mirrored"
    )


def _centre_x_mm(region: Bool3D, grid: Geometry) -> float:
    return float(grid.to_lps(np.argwhere(region).mean(axis=0))[0])
