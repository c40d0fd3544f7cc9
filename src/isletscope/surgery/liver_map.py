"""The liver as a surgeon sees it: its segments, the tumours in them, and what remains after a resection.

Volumes are voxel counts on the grid of the liver mask. The liver includes its tumours (rule SURG-302).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from isletscope.criteria import liver_volume, remnant
from isletscope.errors import InputError
from isletscope.model import Conclusion
from isletscope.spatial import Mask

Segments = npt.NDArray[np.uint8]
Region = npt.NDArray[np.bool_]
SEGMENT_NAMES = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII")


class SegmentSource(Enum):
    """What the segments were drawn from, from most to least data."""

    IMPORTED = "imported map"
    PORTAL_BRANCHES = "portal branches"
    VEINS = "hepatic and portal veins"
    LANDMARKS = "landmarks and typical shares"


@dataclass(frozen=True)
class LesionPlace:
    """Where one tumour lies: ``segment`` that holds its centroid, mL by segment."""

    segment: int
    volume_ml: float
    by_segment_ml: Mapping[int, float]


@dataclass(frozen=True)
class LiverMap:
    """Segments 1 to 8 (IVa and IVb are 4) on the grid of the liver, ``[k, j, i]``; 0 outside the liver.

    ``tumours``: mask of each lesion by its id, on the same grid; what lies outside the liver does not count.
    ``flags``: what a reader must know, such as MISSING_BRANCH, TRUNCATED or IMPLAUSIBLE_SHARE. Raises InputError when
    grids differ or a liver voxel has no segment.
    """

    liver: Mask
    segments: Segments
    source: SegmentSource
    tumours: Mapping[str, Region] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.liver.array.shape
        wrong = [name for name, mask in (("segments", self.segments), *self.tumours.items()) if mask.shape != shape]
        if wrong:
            raise InputError("not on the grid of the liver", subject=", ".join(wrong), expected=str(shape))
        inside = self.segments[self.liver.array]
        if inside.size == 0:
            raise InputError("the liver mask is empty", subject="liver")
        if inside.min() < 1 or inside.max() > 8 or np.any(self.segments[~self.liver.array]):
            raise InputError("every liver voxel, and no other, needs a segment from 1 to 8", subject="liver segments")

    @property
    def truncated(self) -> bool:
        """Whether the liver is cut off by the field of view."""
        return "TRUNCATED" in self.flags

    @property
    def tumour(self) -> Region:
        """All tumours in the liver together, overlaps once."""
        found = np.zeros(self.liver.array.shape, dtype=bool)
        for mask in self.tumours.values():
            found |= mask
        return found & self.liver.array

    def volume_ml(self, region: Region | None = None) -> float:
        """Volume of the liver, or of a region of it."""
        inside = self.liver.array if region is None else self.liver.array & region
        return float(np.count_nonzero(inside) * self.liver.geometry.voxel_volume_ml)

    @property
    def tumour_ml(self) -> float:
        """Tumour volume in the liver."""
        return self.volume_ml(self.tumour)

    @property
    def functional_ml(self) -> float:
        """Liver without its tumours."""
        return self.volume_ml() - self.tumour_ml

    def by_segment_ml(self, region: Region | None = None) -> dict[int, float]:
        """mL of each segment, 1 to 8, or of a region's part in it."""
        labels = self.segments if region is None else self.segments[region]
        counts = np.bincount(labels.ravel(), minlength=9) * self.liver.geometry.voxel_volume_ml
        return {segment: float(counts[segment]) for segment in range(1, 9)}

    def place(self, lesion: str) -> LesionPlace | None:
        """Segments of one tumour, None when it lies outside the liver.

        The name is the segment at the centroid; the one with the largest share when that lies
        outside the liver.
        """
        inside = self.tumours[lesion] & self.liver.array
        if not inside.any():
            return None
        shares = {n: volume for n, volume in self.by_segment_ml(inside).items() if volume > 0}
        centre = tuple(np.rint(np.argwhere(inside).mean(axis=0)).astype(int))
        at_centre = int(self.segments[centre]) or max(shares, key=lambda n: shares[n])
        return LesionPlace(at_centre, sum(shares.values()), shares)


@dataclass(frozen=True)
class Body:
    """The person the liver belongs to. ``background``: state of the liver, see :mod:`isletscope.criteria.remnant`."""

    weight_kg: float | None = None
    height_cm: float | None = None
    male: bool | None = None
    background: remnant.Background = "unknown"
    previous_hepatectomy: bool | None = None
    formula: str = "vauthey"


@dataclass(frozen=True)
class FutureRemnant:
    """What is left: functional mL (None: not assessable), expected total volume, and whether that is enough."""

    remnant_ml: float | None
    expected: Conclusion
    verdict: Conclusion
    notes: tuple[str, ...]


def future_remnant(liver: LiverMap, taken: Region, body: Body) -> FutureRemnant:
    """Functional liver left once ``taken`` (resected, ablated or devascularised voxels) is gone (rule SURG-405).

    Of a truncated liver nothing is assessable. After an earlier hepatectomy the measured liver is no whole liver, so
    only the ratio to the expected volume counts. Without height or weight only the ratio to the measured one does.
    """
    cirrhosis = True if body.background.startswith("fibrosis") else None
    expected = liver_volume.assess(
        liver_volume.LiverVolumeInput(
            weight_kg=body.weight_kg,
            height_cm=body.height_cm,
            male=body.male,
            cirrhosis=cirrhosis,
            formula=body.formula,
        )
    )
    notes: list[str] = []
    left: float | None = None
    if liver.truncated:
        notes.append("the liver is cut off by the field of view: its remnant cannot be measured")
    else:
        left = liver.volume_ml(~taken & ~liver.tumour)
    if body.previous_hepatectomy:
        notes.append("earlier hepatectomy: the measured liver is no whole liver, the ratio to it is left out")
    whole = not body.previous_hepatectomy and not liver.truncated
    verdict = remnant.assess(
        remnant.RemnantInput(
            remnant_ml=left,
            expected_liver_ml=None if expected.value is None else float(expected.value),
            measured_liver_ml=liver.volume_ml() if whole else None,
            tumour_ml=liver.tumour_ml if whole else None,
            weight_kg=body.weight_kg,
            background=body.background,
        )
    )
    return FutureRemnant(left, expected, verdict, tuple(notes))
