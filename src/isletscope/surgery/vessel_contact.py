"""One tumour beside one vessel, from their masks: contact with its interval, category with its chances, calibre.

What a mask cannot tell is not told: a missing, broken or swallowed vessel is not assessable, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.criteria import VESSEL_SIGNS_BOOK, contact_band
from isletscope.errors import GeometryError
from isletscope.spatial import FloatArray, Mask, bounding_box, cropped_mask
from isletscope.surgery.calibre import Calibre, Filling, calibre_of, filling_of
from isletscope.surgery.contact import Beside, Contact, beside, contact_at, gaps_of
from isletscope.surgery.contact_rules import TOLERANCES_MM, contact_rules
from isletscope.surgery.course import STEP_MM, Course, Pieces, course_of
from isletscope.surgery.wall import RAYS, Wall, lumen_at, wall_of

NONE, ABUTMENT, ENCASEMENT, OCCLUDED = "none", "abutment", "encasement", "occluded"
_NEIGHBOURS = {
    NONE: (ABUTMENT,),
    ABUTMENT: (ENCASEMENT, NONE),
    ENCASEMENT: (ABUTMENT,),
    OCCLUDED: (ENCASEMENT, ABUTMENT),
}
_NEAR_MM = 25.0
_NOISE_MM = 3.0
_SEED = 20
_TRUNCATED_MM = 1.0
_LEVEL = 0.5
_MOUTH_SHARE = 0.1


@dataclass(frozen=True)
class NotAssessable:
    """Why the contact of a vessel cannot be told from its mask."""

    vessel: str
    because: str


@dataclass(frozen=True)
class Spread:
    """What perturbed outlines say: 95 % intervals of angle and length, and the share of them in each category."""

    degrees: tuple[float, float]
    length_mm: tuple[float, float]
    chances: dict[str, float]


@dataclass(frozen=True)
class VesselContact:
    """Contact of a tumour with a vessel.

    ``by_tolerance``: contact by tolerance in mm; the category is that at 1.0 mm. ``gap_mm``: shortest distance, 0 in
    contact. ``truncated``: contact goes on where the vessel mask meets the edge of the images, so lengths are lower
    bounds. ``at_mouth``: contact reaches the mouth of another vessel, where neither angle nor length is that of one
    vessel alone. ``clean_mm``: course without contact from its caudal end to the contact, and from the contact to its
    cranial end; ``followed_mm``: the whole of it. ``notes``: what to know when reading it.
    """

    vessel: str
    beside: Beside
    by_tolerance: dict[float, Contact]
    gap_mm: float
    category: str
    spread: Spread
    calibre: Calibre | None
    filling: Filling | None
    radius_mm: float
    at_mouth: bool
    truncated: bool
    clean_mm: tuple[float, float]
    followed_mm: float
    notes: tuple[str, ...]

    @property
    def contact(self) -> Contact:
        """Contact at the tolerance that the category rests on."""
        return self.by_tolerance[contact_rules().tolerance_mm.value]

    @property
    def neighbouring(self) -> tuple[str, float]:
        """The category next to the one told that is likelier, and its chance."""
        beside_it = _NEIGHBOURS[self.category]
        name = max(beside_it, key=lambda one: self.spread.chances[one])
        return name, self.spread.chances[name]

    @property
    def neighbouring_words(self) -> str:
        """The same as words; what none of the perturbed outlines showed is below one of them."""
        name, chance = self.neighbouring
        least = 100 / contact_rules().draws.value
        return f"chance of {name} {100 * chance:.0f} %" if chance > 0 else f"chance of {name} below {least:.0f} %"


@dataclass(frozen=True)
class Apart:
    """A vessel that lies farther from the tumour than any tolerance reaches: its shortest distance and length, mm."""

    vessel: str
    gap_mm: float
    length_mm: float


def vessel_contact(
    vessel: Mask | None,
    tumour: Mask,
    *,
    name: str,
    others: npt.NDArray[np.bool_] | None = None,
    defect: Mask | None = None,
    course_lps_mm: FloatArray | None = None,
) -> VesselContact | Apart | NotAssessable:
    """Contact of a tumour with a vessel on one grid.

    ``vessel``: its lumen, a thrombus in it included; ``others`` [k, j, i]: lumina of other vessels, where no tumour is;
    ``defect``: a filling defect in the lumen; ``course_lps_mm`` [n, 3]: a course that a reader gives in place of that
    found in the mask. Raises GeometryError when masks lie on different grids.
    """
    if vessel is None or not vessel.array.any():
        return NotAssessable(name, "there is no mask of this vessel")
    if not tumour.array.any():
        return NotAssessable(name, "there is no mask of the tumour")
    if not vessel.geometry.same_grid(tumour.geometry):
        raise GeometryError("vessel and tumour lie on different grids", subject=f"{name}, {tumour.name}")
    course = course_of(vessel) if course_lps_mm is None else Course(course_lps_mm, 0.0)
    if course is None:
        return NotAssessable(name, f"its mask has {vessel.voxel_count} voxels, too few for a course")
    if isinstance(course, Pieces):
        return NotAssessable(name, _broken(course, tumour))
    distance = _shortest(vessel, tumour)
    if distance > 2 * max(TOLERANCES_MM) + max(vessel.geometry.spacing_mm):
        return Apart(name, distance, STEP_MM * (len(course.points) - 1))
    return _measured(vessel, tumour, name, others, defect, course)


def _measured(
    vessel: Mask,
    tumour: Mask,
    name: str,
    others: npt.NDArray[np.bool_] | None,
    defect: Mask | None,
    course: Course,
) -> VesselContact | NotAssessable:
    box = bounding_box(tumour.array)
    assert box is not None
    box = box.grown(_NEAR_MM + 2 * course.radius_mm, tumour.geometry)
    near_vessel, near_tumour = cropped_mask(vessel, box), cropped_mask(tumour, box)
    other = np.zeros(near_vessel.array.shape, dtype=bool) if others is None else others[box.slices] & ~near_vessel.array
    points = _within(course.points, near_vessel)
    if len(points) < 4:
        return NotAssessable(name, "its course beside the tumour is shorter than 2 mm")
    wall = wall_of(near_vessel, points, other)
    found = beside(wall, near_tumour, near_vessel.array | other)
    gaps = gaps_of(found)
    table = {tolerance: contact_at(wall, gaps, tolerance) for tolerance in TOLERANCES_MM}
    tolerance = contact_rules().tolerance_mm.value
    limits = VESSEL_SIGNS_BOOK.limit("teardrop_ratio"), VESSEL_SIGNS_BOOK.limit("teardrop_axes")
    filling = None if defect is None else filling_of(wall, defect)
    occluded = filling is not None and filling.occluded_mm > 0
    radius_mm = float(np.nanmedian(wall.radius_mm))
    at_mouth = _at_mouth(found, table[tolerance], Mask(other, near_vessel.geometry))
    return VesselContact(
        vessel=name,
        beside=found,
        by_tolerance=table,
        gap_mm=max(float(gaps.min()), 0.0),
        category=_category(table[tolerance].degrees_max, occluded),
        spread=_spread(found, vessel, tolerance, occluded),
        calibre=calibre_of(wall, gaps, tolerance, *limits),
        filling=filling,
        radius_mm=radius_mm,
        at_mouth=at_mouth,
        truncated=_truncated(wall, table[tolerance], vessel),
        clean_mm=_clean(course, wall.centres[table[tolerance].degrees > 0]),
        followed_mm=STEP_MM * (len(course.points) - 1),
        notes=_notes(course, vessel, at_mouth, radius_mm),
    )


def _clean(course: Course, touched: FloatArray) -> tuple[float, float]:
    """Length (mm) of the course from its caudal end to the first of the ``touched`` points [n, 3], and from the last.

    The whole course on both sides where none is touched.
    """
    points = course.points if course.points[0, 2] <= course.points[-1, 2] else course.points[::-1]
    whole = STEP_MM * (len(points) - 1)
    if not len(touched):
        return whole, whole
    at = [int(np.linalg.norm(points - one, axis=1).argmin()) for one in (touched[0], touched[-1])]
    return STEP_MM * min(at), whole - STEP_MM * max(at)


def _category(degrees: float, occluded: bool) -> str:
    return OCCLUDED if occluded else contact_band(degrees)


def _spread(found: Beside, vessel: Mask, tolerance: float, occluded: bool) -> Spread:
    """Angles, lengths and categories when the outline is off by a common offset and a smooth noise along the wall."""
    rules = contact_rules()
    voxel = float(np.cbrt(np.prod(vessel.geometry.spacing_mm)))
    random = np.random.default_rng(_SEED)
    count = int(rules.draws.value)
    degrees, lengths = np.empty(count), np.empty(count)
    around = _NOISE_MM / max(float(np.nanmedian(found.wall.radius_mm)), 1.0) / (2 * np.pi) * RAYS
    widths = (_NOISE_MM / STEP_MM, min(around, RAYS / 8))
    for n in range(count):
        noise = ndimage.gaussian_filter(random.normal(size=found.depth_mm.shape), widths, mode=("nearest", "wrap"))
        moved = rules.edge_noise_voxels.value * noise / max(float(noise.std()), 1e-9) + (
            rules.edge_offset_voxels.value * random.normal()
        )
        contact = contact_at(found.wall, gaps_of(found, voxel * moved), tolerance)
        degrees[n], lengths[n] = contact.degrees_max, contact.length_mm["any"]
    names = [_category(one, occluded) for one in degrees]
    return Spread(
        (float(np.percentile(degrees, 2.5)), float(np.percentile(degrees, 97.5))),
        (float(np.percentile(lengths, 2.5)), float(np.percentile(lengths, 97.5))),
        {name: names.count(name) / count for name in (NONE, ABUTMENT, ENCASEMENT, OCCLUDED)},
    )


def _within(points: FloatArray, mask: Mask) -> FloatArray:
    """The longest stretch of a course inside the grid of a mask."""
    inside = np.array([mask.geometry.contains(point) for point in points])
    labels, count = ndimage.label(inside)
    if not count:
        return points[:0]
    return np.asarray(points[labels == int(np.argmax(np.bincount(labels)[1:])) + 1])


def _shortest(vessel: Mask, tumour: Mask) -> float:
    """Distance in mm between the voxel faces of two masks, 0 where they touch or overlap."""
    spacing = tumour.geometry.spacing_mm
    box = bounding_box(tumour.array | vessel.array)
    assert box is not None
    far = ndimage.distance_transform_edt(~tumour.array[box.slices], sampling=spacing)
    return max(float(far[vessel.array[box.slices]].min()) - float(np.cbrt(np.prod(spacing))), 0.0)


def _broken(pieces: Pieces, tumour: Mask) -> str:
    """The reason: pieces that end in the tumour are one of two things that a mask cannot tell apart."""
    sizes = " and ".join(str(voxels) for voxels in pieces.voxels[:2])
    text = f"its mask is broken into {len(pieces.voxels)} parts ({sizes} voxels) with a gap of {pieces.gap_mm:.0f} mm"
    line = np.linspace(pieces.between_lps_mm[0], pieces.between_lps_mm[1], 20)
    index = np.moveaxis(tumour.geometry.to_index(line), -1, 0)
    held = ndimage.map_coordinates(tumour.array.astype(np.float32), index, order=1, cval=0.0) >= 0.5
    if held.mean() >= 0.5:
        return f"{text}, and tumour lies in the gap: occluded, or swallowed by the outline of the tumour"
    return text


def _truncated(wall: Wall, contact: Contact, vessel: Mask) -> bool:
    """Whether contact reaches an end of the course that lies at the edge of the images."""
    for end in (0, -1):
        if contact.degrees[end] > 0 and not vessel.geometry.contains(
            wall.centres[end], margin_mm=max(_TRUNCATED_MM, *vessel.geometry.spacing_mm)
        ):
            return True
    return False


def _at_mouth(found: Beside, contact: Contact, others: Mask) -> bool:
    """Whether the largest angle lies at a mouth, or contact reaches an end behind which another lumen goes on."""
    wall = found.wall
    if contact.degrees_max > 0 and found.open_[contact.worst_ring].mean() > _MOUTH_SHARE:
        return True
    radius = float(np.nanmedian(wall.radius_mm))
    for end, outward in ((0, -1.0), (-1, 1.0)):
        close = np.abs(wall.arc_mm - wall.arc_mm[end]) <= radius
        steps = radius * np.linspace(0.0, 2.0, 9)[:, None]
        beyond = wall.centres[end] + outward * steps * wall.tangents[end]
        if (contact.degrees[close] > 0).any() and (lumen_at(others, beyond) >= _LEVEL).any():
            return True
    return False


def _notes(course: Course, vessel: Mask, at_mouth: bool, radius_mm: float) -> tuple[str, ...]:
    notes = []
    if at_mouth:
        notes.append("contact reaches the mouth of another vessel: read it together with that vessel")
    if course.voxels_left_out:
        notes.append(f"{course.voxels_left_out} voxels apart from the rest of the vessel were left out")
    sure_mm = contact_rules().sure_radius_mm.value
    if radius_mm < sure_mm:
        notes.append(
            f"a vessel of {2 * radius_mm:.1f} mm, whose error is not known: it is from {2 * sure_mm:.0f} mm on"
        )
    thickest = max(vessel.geometry.spacing_mm)
    if thickest > contact_rules().thick_slice_mm.value:
        notes.append(f"slices of {thickest:.1f} mm: angles are uncertain by tens of degrees")
    return tuple(notes)
