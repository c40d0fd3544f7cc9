"""One focus as an outline: where outlining starts, what is connected with it, and how the result is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.lesions.delineation_rules import DelineationRules, delineation_rules
from isletscope.lesions.quantify import RegionStatistics, measure_region
from isletscope.lesions.shell import Scene, ShellStatistics
from isletscope.model import Support
from isletscope.spatial import (
    PEAK_RADIUS_MM,
    Box,
    Mask,
    Volume,
    bounding_box,
    cropped_geometry,
    cropped_volume,
    label_components,
)

_FIRST_MARGIN_MM = 25.0
_SHELL_MARGIN_MM = 1.0


@dataclass(frozen=True)
class Seed:
    """Where outlining starts: the voxel of the maximum, the block around the seed region, and its label (0: none).

    ``whole``: the maximum is that of the whole focus; not known when the seed is only a point inside it.
    """

    maximum_index: tuple[int, int, int]
    box: Box
    label: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Delineation:
    """One focus outlined by one rule.

    ``mask`` lies on the block of the PET grid that begins at ``start_kji``; None, with ``why_not``, when the rule is
    not valid here. ``threshold`` is in the unit of the image. ``method`` is the rule with its numbers, as printed.
    ``shell`` are the surroundings of the final outline where the rule looked at them.
    """

    rule: str
    method: str
    support: Support
    sources: tuple[str, ...]
    threshold: float | None = None
    mask: Mask | None = None
    start_kji: tuple[int, int, int] = (0, 0, 0)
    shell: ShellStatistics | None = None
    why_not: str | None = None

    @property
    def valid(self) -> bool:
        """Whether there is an outline."""
        return self.mask is not None

    @property
    def box(self) -> Box:
        """The block of the PET grid that the mask fills."""
        shape = (0, 0, 0) if self.mask is None else self.mask.array.shape
        k, j, i = (a + n for a, n in zip(self.start_kji, shape, strict=True))
        return Box(self.start_kji, (k, j, i))

    @property
    def volume_ml(self) -> float | None:
        """Voxels times voxel volume, in mL."""
        return None if self.mask is None else self.mask.volume_ml

    def measure(self, pet: Volume) -> RegionStatistics:
        """Statistics of the outlined focus on the volume it was outlined on. GeometryError when there is no outline."""
        if self.mask is None:
            raise GeometryError("there is no outline to measure", subject=self.rule, found=self.why_not or "")
        return measure_block(pet, self.mask, self.start_kji)

    def paint(self, labels: npt.NDArray[np.unsignedinteger[Any]], value: int) -> None:
        """Write ``value`` into a label map on the PET grid wherever the focus is."""
        if self.mask is not None:
            labels[self.box.slices][self.mask.array] = value

    def on(self, pet: Volume) -> Mask:
        """The outline as a mask on the whole PET grid."""
        array = np.zeros(pet.array.shape, np.bool_)
        if self.mask is not None:
            array[self.box.slices] = self.mask.array
        return Mask(array, pet.geometry, pet.frame_of_reference_uid)


def measure_block(pet: Volume, mask: Mask, start_kji: tuple[int, int, int]) -> RegionStatistics:
    """Statistics of a mask that lies on the block of the PET grid beginning at ``start_kji``."""
    k, j, i = (a + n for a, n in zip(start_kji, mask.array.shape, strict=True))
    inner = Box(start_kji, (k, j, i))
    outer = inner.grown(PEAK_RADIUS_MM, pet.geometry)
    return measure_region(cropped_volume(pet, outer), on_block(mask.array, start_kji, outer, pet))


def seed_from_label(pet: Volume, labels: npt.NDArray[np.unsignedinteger[Any]], label: int, box: Box) -> Seed:
    """The seed of one label of a label map on the PET grid; ``box`` is a block that holds it.

    Raises GeometryError when the label is not there.
    """
    return _seed(pet, labels[box.slices] == label, box, label)


def seed_from_mask(pet: Volume, mask: npt.NDArray[np.bool_]) -> Seed:
    """The seed of a region [k, j, i] on the PET grid. Raises GeometryError when it is empty."""
    k, j, i = mask.shape
    box = bounding_box(mask) or Box((0, 0, 0), (k, j, i))
    return _seed(pet, mask[box.slices], box, 0)


def seed_from_point(pet: Volume, point_lps_mm: npt.ArrayLike, within_mm: float = 10.0) -> Seed:
    """The seed at the highest voxel within a distance of a point (LPS mm). GeometryError when it is off the image."""
    point = np.asarray(point_lps_mm, dtype=np.float64)
    if not pet.geometry.contains(point):
        raise GeometryError("the point lies outside the image", subject="seed", found=f"{np.round(point, 1)} mm")
    nearest = np.clip(np.rint(pet.geometry.to_index(point)).astype(int), 0, np.asarray(pet.geometry.shape) - 1)
    k, j, i = (int(v) for v in nearest)
    box = Box((k, j, i), (k + 1, j + 1, i + 1)).grown(within_mm, pet.geometry)
    index = np.stack(
        np.meshgrid(*[np.arange(a, b) for a, b in zip(box.start, box.stop, strict=True)], indexing="ij"), -1
    )
    near = np.linalg.norm(pet.geometry.to_lps(index) - point, axis=-1) <= within_mm
    near[tuple(nearest - box.start)] = True
    return replace(_seed(pet, near, box, 0), whole=False)


def _seed(pet: Volume, inside: npt.NDArray[np.bool_], box: Box, label: int) -> Seed:
    tight = bounding_box(inside)
    if tight is None:
        raise GeometryError("a focus to outline has voxels", subject=f"focus {label}" if label else "seed region")
    values = np.where(inside, pet.array[box.slices], -np.inf)
    k, j, i = (int(v) + a for v, a in zip(np.unravel_index(int(values.argmax()), values.shape), box.start, strict=True))
    return Seed((k, j, i), Box(shifted(tight.start, box.start), shifted(tight.stop, box.start)), label)


def shifted(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int, int]:
    """Sum of two index triples."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


@dataclass(frozen=True)
class Outline:
    """The connected part at or above a threshold, on a block that reaches beyond the shell."""

    mask: Mask
    start_kji: tuple[int, int, int]


def outline(scene: Scene, seed: Seed, threshold: float, rules: DelineationRules | None = None) -> Outline:
    """What is connected by faces with the maximum of the seed at or above a threshold, inside what is allowed.

    The block it lies on reaches beyond the shell, or to the image edge. The maximum itself is always part of it.
    """
    rules = rules or delineation_rules()
    geometry = scene.pet.geometry
    margin = _FIRST_MARGIN_MM
    while True:
        window = seed.box.grown(margin, geometry)
        inside = _connected(scene, seed, threshold, window)
        tight = bounding_box(inside)
        assert tight is not None
        if not _cut_off(tight, window, geometry.shape):
            break
        margin *= 2
    found = Box(shifted(tight.start, window.start), shifted(tight.stop, window.start))
    block = found.grown(rules.shell.outer_mm.value + _SHELL_MARGIN_MM, geometry)
    return Outline(on_block(inside[tight.slices], found.start, block, scene.pet), block.start)


def on_block(inside: npt.NDArray[np.bool_], start_kji: tuple[int, int, int], block: Box, pet: Volume) -> Mask:
    """The region ``inside``, which begins at ``start_kji`` of the PET grid, as a mask on a block that holds it."""
    array = np.zeros([b - a for a, b in zip(block.start, block.stop, strict=True)], np.bool_)
    offset = [a - b for a, b in zip(start_kji, block.start, strict=True)]
    array[tuple(slice(o, o + n) for o, n in zip(offset, inside.shape, strict=True))] = inside
    return Mask(array, cropped_geometry(pet.geometry, block), pet.frame_of_reference_uid)


def _connected(scene: Scene, seed: Seed, threshold: float, window: Box) -> npt.NDArray[np.bool_]:
    above = np.asarray(scene.pet.array[window.slices] >= threshold)
    if scene.allowed is not None:
        above &= scene.allowed[window.slices]
    if scene.foci is not None:
        labels = scene.foci[window.slices]
        above &= (labels == 0) | (labels == seed.label)
    k, j, i = (m - a for m, a in zip(seed.maximum_index, window.start, strict=True))
    above[k, j, i] = True
    parts, _ = label_components(above, 6)
    return np.asarray(parts == parts[k, j, i])


def _cut_off(tight: Box, window: Box, shape: tuple[int, int, int]) -> bool:
    """Whether the region touches a face of the window that is not a face of the image."""
    for a, b, first, last, size in zip(tight.start, tight.stop, window.start, window.stop, shape, strict=True):
        if (a == 0 and first > 0) or (b == last - first and last < size):
            return True
    return False
