"""Figures of a focus that the rules ask about: uptake relative to references, shape, place, density, partners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import edt
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from isletscope.anatomy import Organs, Thresholds
from isletscope.lesions.classify import FocusFigures
from isletscope.lesions.landmarks import Landmarks, Point, in_place
from isletscope.lesions.outline import measure_block
from isletscope.model import ReferenceRegion
from isletscope.spatial import Box, Mask, Volume

_GAS_HU = -300.0
_NEIGHBOURHOOD_MM = 12.0
_RIM_MM = 6.0
_DISTANCES = {
    "kidney_mm": ("kidney_right", "kidney_left"),
    "spleen_mm": ("spleen",),
    "bladder_mm": ("bladder",),
    "heart_mm": ("heart",),
    "liver_mm": ("liver",),
}


@dataclass(frozen=True)
class FocusRegion:
    """A focus on a block of the PET grid, with its maximum and how it stands out."""

    mask: Mask
    start_kji: tuple[int, int, int]
    organ: str
    whole_organ: bool
    contrast: float
    height: float

    @property
    def box(self) -> Box:
        """The block of the PET grid that the mask fills."""
        k, j, i = (a + n for a, n in zip(self.start_kji, self.mask.array.shape, strict=True))
        return Box(self.start_kji, (k, j, i))

    @cached_property
    def points(self) -> npt.NDArray[np.float64]:
        """LPS mm of the voxels inside, [n, 3]."""
        return self.mask.geometry.to_lps(np.argwhere(self.mask.array))


class Surroundings:
    """PET, organs and landmarks of one reading, asked for figures of one focus after the other."""

    def __init__(
        self,
        pet: Volume,
        organs: Organs,
        marks: Landmarks,
        references: list[ReferenceRegion],
        thresholds: Thresholds,
    ) -> None:
        self._pet, self._organs, self._marks, self._thresholds = pet, organs, marks, thresholds
        self._means = {r.name: r.mean for r in references if r.mean}
        self._trees = {key: tree for key, names in _DISTANCES.items() if (tree := self._tree(names)) is not None}

    def _tree(self, names: tuple[str, ...]) -> cKDTree | None:
        labels = [self._organs.names[name] for name in names if name in self._organs.names]
        stride = [max(1, int(3.0 / step)) for step in self._pet.geometry.spacing_mm]
        index = np.argwhere(np.isin(self._organs.labels[:: stride[0], :: stride[1], :: stride[2]], labels))
        return cKDTree(self._pet.geometry.to_lps(index * stride)) if len(index) else None

    def figures(self, region: FocusRegion) -> FocusFigures:
        """All figures of one focus except its partner, which needs all foci (:func:`with_partners`)."""
        statistics = measure_block(self._pet, region.mask, region.start_kji)
        points = region.points
        values = self._pet.array[region.box.slices][region.mask.array]
        x, y, z = (float(v) for v in points[int(np.argmax(values))])
        point = (x, y, z)
        low, high = points.min(axis=0), points.max(axis=0)
        step = min(self._pet.geometry.spacing_mm)
        rise, width = float(high[2] - low[2]) + step, float(max(high[:2] - low[:2])) + step
        figures = {
            "suv_max": float(values.max()),
            "contrast": region.contrast,
            "volume_ml": statistics.volume_ml,
            "rise_mm": rise,
            "width_mm": width,
            "slender": rise / width,
            "paired": 0.0,
        }
        for key, name in (("over_liver", "liver"), ("over_blood", "blood_pool"), ("over_spleen", "spleen")):
            if name in self._means:
                figures[key] = figures["suv_max"] / float(self._means[name] or 1.0)
        if "blood_pool" in self._means:
            figures["smooth_over_blood"] = region.height / float(self._means["blood_pool"] or 1.0)
        if self._marks.spine_front:
            figures["retroperitoneal"] = float(in_place(self._marks, "retroperitoneum", point))
        figures.update(self._orientation(region, x))
        if not region.whole_organ:
            figures.update(self._distances(points))
            figures.update(self._density(region))
        return FocusFigures(point, region.organ, region.whole_organ, figures)

    def _orientation(self, region: FocusRegion, x_mm: float) -> dict[str, float]:
        """How far the focus lies from the middle and from the end of the field, and what there is for orientation."""
        planes = np.flatnonzero(region.mask.array.any(axis=(1, 2))) + region.start_kji[0]
        slices, spacing = self._pet.geometry.shape[0], self._pet.geometry.spacing_mm[0]
        extents = self._marks.extents
        return {
            "middle_mm": abs(x_mm - self._marks.middle_x),
            "field_end_mm": float(min(planes[0], slices - 1 - planes[-1])) * spacing if len(planes) else 0.0,
            "liver_known": float("liver" in self._means),
            "heart_known": float("heart" in extents),
            "kidneys_known": float(sum(name in extents for name in ("kidney_right", "kidney_left"))),
        }

    def _distances(self, points: npt.NDArray[np.float64]) -> dict[str, float]:
        sample = points[:: max(1, len(points) // 400)]
        slack = 0.5 * max(self._pet.geometry.spacing_mm)
        return {
            key: max(0.0, float(tree.query(sample, workers=1)[0].min()) - slack) for key, tree in self._trees.items()
        }

    def _density(self, region: FocusRegion) -> dict[str, float]:
        """Shares on bone, lung and of liver around, mean density, gas nearby: where organs and CT tell them."""
        box = region.box.grown(_NEIGHBOURHOOD_MM, self._pet.geometry)
        offset = [a - b for a, b in zip(region.start_kji, box.start, strict=True)]
        inside = np.zeros([b - a for a, b in zip(box.start, box.stop, strict=True)], dtype=bool)
        inside[tuple(slice(o, o + n) for o, n in zip(offset, region.mask.array.shape, strict=True))] = region.mask.array
        labels = self._organs.labels[box.slices]
        names = self._organs.names
        found: dict[str, float] = {}
        if "bone" in names:
            found["bone"] = float((labels[inside] == names["bone"]).mean())
        lungs = [names[name] for name in ("lung_right", "lung_left") if name in names]
        if lungs:
            found["lung"] = float(np.isin(labels[inside], lungs).mean())
        distance = edt.edt(~inside, anisotropy=self._pet.geometry.spacing_mm, black_border=False)
        rim = (distance > 0) & (distance <= _RIM_MM)
        if "liver" in names and rim.any():
            found["liver_rim"] = float((labels[rim] == names["liver"]).mean())
        if self._organs.ct_on_pet is None:
            return found
        density = self._organs.ct_on_pet.array[box.slices]
        taken = density > -2000.0
        if taken[inside].any():
            found["hu"] = float(density[inside & taken].mean())
        near = (distance <= _NEIGHBOURHOOD_MM) & (labels > 0) & ~np.isin(labels, lungs) & taken
        if near.any():
            found["gas"] = float((density[near] < _GAS_HU).mean())
        return found


def with_partners(foci: list[FocusFigures], marks: Landmarks, thresholds: Thresholds) -> list[FocusFigures]:
    """The same foci; ``paired`` is 1 where a focus of like uptake lies at the mirrored place."""
    near = thresholds.number("site.pair_distance_mm")
    low, high = thresholds.bounds("site.pair_ratio")
    brain = marks.extents.get("brain")
    result = []
    for focus in foci:
        middle = marks.middle_x
        if brain is not None and marks.head_z is not None and focus.point[2] > marks.head_z - 90.0:
            middle = brain.centre[0]
        mirrored: Point = (2 * middle - focus.point[0], focus.point[1], focus.point[2])
        apart = abs(focus.point[0] - middle) > 6.0
        paired = apart and any(
            other is not focus
            and not other.whole_organ
            and (other.point[0] - middle) * (focus.point[0] - middle) < 0
            and float(np.linalg.norm(np.subtract(other.point, mirrored))) <= near
            and low <= other.figures["suv_max"] / max(focus.figures["suv_max"], 1e-6) <= high
            for other in foci
        )
        figures = {**focus.figures, "paired": float(paired)}
        result.append(FocusFigures(focus.point, focus.organ, focus.whole_organ, figures))
    return result
