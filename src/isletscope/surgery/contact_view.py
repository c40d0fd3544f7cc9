"""What a picture of a contact shows, cut out of masks and images so that it can be kept and drawn without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.spatial import ARBITRARY, FloatArray, Mask, Volume
from isletscope.surgery.contact import gaps_of
from isletscope.surgery.contact_rules import TOLERANCES_MM
from isletscope.surgery.pictured import ContactView, letter_of
from isletscope.surgery.vessel_contact import VesselContact

SECTION_PIXELS = 220
_MARGIN_MM = 10.0
_SHOWN_BEYOND_MM = 12.0
_FLAT = 0.3
_FARTHEST_MM = 30.0


def contact_view(
    found: VesselContact,
    tumour: Mask,
    *,
    image: Volume | None = None,
    shown_on: str = "",
    window: tuple[float, float] | None = None,
) -> ContactView:
    """The view of a measured contact.

    ``image``: CT or MR in the frame of the masks, ``shown_on`` its name; ``window``: the values shown as black and as
    white, else what lies between the 1st and the 99th percentile of the section.
    """
    wall, ring = found.beside.wall, found.contact.worst_ring
    rings = _shown(found)
    section = _section(found)
    values = np.zeros((0, 0), dtype=np.int16)
    if image is not None:
        values = np.rint(np.clip(section.sampled(image, -1000.0), -32768, 32767)).astype(np.int16)
    low, high = window or _range(values)
    along = wall.centres[rings][-1] - wall.centres[rings][0]
    return ContactView(
        vessel=found.vessel,
        category=found.category,
        neighbouring=found.neighbouring_words,
        tolerance_mm=found.contact.tolerance_mm,
        degrees_max=found.contact.degrees_max,
        degrees_low=found.spread.degrees[0],
        degrees_high=found.spread.degrees[1],
        length_mm=found.contact.length_mm["any"],
        towards=letter_of(along),
        worst=int(np.clip(ring - rings.start, 0, rings.stop - rings.start - 1)),
        edge_mm=section.edge_mm,
        shown_on=shown_on,
        low=low,
        high=high,
        arc_mm=wall.arc_mm[rings],
        degrees=found.contact.degrees[rings],
        gaps_mm=np.clip(gaps_of(found.beside)[rings], -_FARTHEST_MM, _FARTHEST_MM).astype(np.float32),
        open_=found.beside.open_[rings],
        rays=wall.directions[ring],
        right=section.right,
        down=section.down,
        places=section.at(wall.points[ring]),
        tumour=np.rint(255 * np.clip(section.sampled(_as_volume(tumour), 0.0), 0, 1)).astype(np.uint8),
        image=values,
    )


@dataclass(frozen=True)
class _Section:
    """Unit LPS vectors of a section's columns (to the right) and rows (downwards), its centre and its edge in mm."""

    right: FloatArray
    down: FloatArray
    centre: FloatArray
    edge_mm: float

    def at(self, points: FloatArray) -> FloatArray:
        """Points [n, 3] as fractions of the edge [n, 2]."""
        offset = points - self.centre
        return np.stack([offset @ self.right, offset @ self.down], axis=-1) / self.edge_mm + 0.5

    def sampled(self, volume: Volume, outside: float) -> npt.NDArray[np.float32]:
        """Values at the pixel centres [row, column], linear between voxels; only the part that is crossed is read."""
        steps = ((np.arange(SECTION_PIXELS) + 0.5) / SECTION_PIXELS - 0.5) * self.edge_mm
        points = self.centre + steps[:, None, None] * self.down + steps[None, :, None] * self.right
        index = np.moveaxis(volume.geometry.to_index(points), -1, 0)
        low = np.maximum(np.floor(index.min(axis=(1, 2))).astype(int) - 1, 0)
        high = np.minimum(np.ceil(index.max(axis=(1, 2))).astype(int) + 2, volume.array.shape)
        if np.any(high <= low):
            return np.full((SECTION_PIXELS, SECTION_PIXELS), outside, dtype=np.float32)
        part = np.asarray(volume.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]], dtype=np.float32)
        shifted = index - low[:, None, None]
        return np.asarray(ndimage.map_coordinates(part, shifted, order=1, cval=outside), dtype=np.float32)


def _section(found: VesselContact) -> _Section:
    """The section of the worst ring as a reader looks at it: the patient's right on the left, the front above."""
    wall, ring = found.beside.wall, found.contact.worst_ring
    tangent = wall.tangents[ring]
    left, back, head = np.eye(3)
    right = left - (left @ tangent) * tangent
    if np.linalg.norm(right) < _FLAT:
        right = back - (back @ tangent) * tangent
    right = right / np.linalg.norm(right)
    down = np.cross(tangent, right)
    towards = back if abs(down @ back) >= _FLAT else -head
    down = down * (1.0 if down @ towards >= 0 else -1.0)
    edge = 2 * (float(np.nanmax(wall.radius_mm[ring])) + _MARGIN_MM)
    return _Section(right, down, wall.centres[ring], edge)


def _shown(found: VesselContact) -> slice:
    """Rings with contact and some millimetres more on either side."""
    arc = found.beside.wall.arc_mm
    touched = np.flatnonzero(found.by_tolerance[max(TOLERANCES_MM)].degrees > 0)
    ends = (touched[0], touched[-1]) if len(touched) else (found.contact.worst_ring,) * 2
    first = int(np.searchsorted(arc, arc[ends[0]] - _SHOWN_BEYOND_MM))
    return slice(first, int(np.searchsorted(arc, arc[ends[1]] + _SHOWN_BEYOND_MM)))


def _range(values: npt.NDArray[np.int16]) -> tuple[float, float]:
    if not values.size:
        return 0.0, 1.0
    low, high = (float(one) for one in np.percentile(values, (1, 99)))
    return low, max(high, low + 1.0)


def _as_volume(mask: Mask) -> Volume:
    return Volume(mask.array.astype(np.float32), mask.geometry, ARBITRARY)
