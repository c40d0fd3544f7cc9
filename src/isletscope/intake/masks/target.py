"""Where masks are brought to, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError, InputError
from isletscope.intake.files import SeriesFiles
from isletscope.intake.stack import geometry_of
from isletscope.spatial import Geometry, Mask, Volume

_ALIGNED_WITHIN_VOXEL = 0.1
_KEPT_FROM = 0.98


@dataclass(frozen=True)
class Target:
    """The grid on which masks are wanted. ``name`` is how the series is called in messages."""

    geometry: Geometry
    frame_of_reference_uid: str | None
    name: str

    def check_frame_of_reference(self, uid: str | None, subject: str) -> str | None:
        """A note when it cannot be checked, else None. Raises GeometryError when it is not the target's."""
        if uid and self.frame_of_reference_uid:
            if uid != self.frame_of_reference_uid:
                raise self.other_frame(uid, subject)
            return None
        lacking = subject if not uid else self.name
        return f"{subject}: the frame of reference could not be compared, because {lacking} names none."

    def other_frame(self, uid: str, subject: str) -> GeometryError:
        """The error for a mask of another frame of reference, with both UIDs."""
        return GeometryError(
            "the mask belongs to another frame of reference (another patient position) than the images",
            subject=subject,
            found=f"Frame of Reference UID (0020,0052) {uid}",
            expected=f"{self.frame_of_reference_uid} of {self.name}",
            remedy="Give the mask that was drawn on these images, or register it to them first.",
        )

    def empty(self) -> npt.NDArray[np.bool_]:
        """An empty mask array [k, j, i]."""
        return np.zeros(self.geometry.shape, dtype=np.bool_)

    def mask(self, array: npt.NDArray[np.bool_], name: str) -> Mask:
        """A mask on the target's grid."""
        return Mask(array, self.geometry, self.frame_of_reference_uid, name)


@dataclass(frozen=True)
class Region:
    """One region of a mask file, on the target's grid.

    ``number`` is the segment, ROI or label number in the file; ``label`` the name there, which need not be unique,
    while ``mask.name`` is. ``tracking_uid`` is the lesion's lasting identity where the file has one.
    ``planimetric_volume_ml``: area inside the contours times the distance of their planes, for regions drawn as
    contours; on coarse voxels it differs from the volume of the voxels. ``codes``: code value and scheme of what the
    segment is and, behind it, of its side; ``algorithm``: what drew it, as the file says, and ``automatic`` when no
    hand did.
    """

    number: int
    label: str
    mask: Mask
    tracking_id: str = ""
    tracking_uid: str = ""
    planimetric_volume_ml: float | None = None
    codes: tuple[tuple[str, str], ...] = ()
    algorithm: str = ""
    automatic: bool = False


@dataclass(frozen=True)
class Regions:
    """All regions of one file; ``notes`` say what was resampled, cut off or left out, in sentences."""

    regions: tuple[Region, ...]
    notes: tuple[str, ...] = ()

    @property
    def masks(self) -> list[Mask]:
        """The masks, in the order of the file."""
        return [region.mask for region in self.regions]

    def chosen(self, roi: str, subject: str) -> list[Region]:
        """The regions called ``roi``: its number, its unique name, its label or its tracking identifier.

        Raises InputError that lists the regions when there is none.
        """
        wanted = roi.strip().casefold()
        for names in (
            [(str(region.number), region.mask.name) for region in self.regions],
            [(region.label, region.tracking_id, region.tracking_uid) for region in self.regions],
        ):
            found = [
                region
                for region, its in zip(self.regions, names, strict=True)
                if wanted in [name.casefold() for name in its if name]
            ]
            if found:
                return found
        listed = ", ".join(f"{region.number} {region.mask.name}" for region in self.regions) or "no region"
        raise InputError(
            f"there is no region called {roi!r}",
            subject=subject,
            found="; ".join([listed, *(note.rstrip(".") for note in self.notes if roi in note)]),
            expected="one of these, by name or number",
        )


def target_of(onto: SeriesFiles | Volume) -> Target:
    """The grid of a series or volume. Raises GeometryError when the series forms no grid."""
    if isinstance(onto, Volume):
        return Target(onto.geometry, onto.frame_of_reference_uid, "the image")
    record = onto.record
    name = f"series {record.key} ({record.description or record.modality})"
    if record.grid is None:
        problems = "; ".join(finding.problem for finding in record.findings) or "no voxel grid"
        raise GeometryError("masks cannot be placed on this series", subject=name, found=problems)
    return Target(geometry_of(record.grid), record.frame_of_reference_uid, name)


def unique_names(labels: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """The labels, with the number behind those that occur more than once."""
    repeated = {label for label in labels if labels.count(label) > 1}
    return [
        f"{label} [{number}]" if label in repeated else label for label, number in zip(labels, numbers, strict=True)
    ]


def is_aligned(own: Geometry, onto: Geometry) -> bool:
    """Whether the voxels of ``own`` fall on voxels of ``onto``, to within a tenth of a voxel.

    The axes may be in another order or direction, and ``own`` may reach over the edge of ``onto``.
    """
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in own.shape], indexing="ij"), dtype=float).reshape(3, -1).T
    index = onto.to_index(own.to_lps(corners))
    steps = onto.to_index(own.to_lps(np.eye(3))) - onto.to_index(own.to_lps(np.zeros(3)))
    whole = np.rint(steps)
    one_to_one = np.array_equal(np.abs(whole).sum(axis=0), np.ones(3)) and np.array_equal(
        np.abs(whole).sum(axis=1), np.ones(3)
    )
    expected = np.rint(onto.to_index(own.to_lps(np.zeros(3)))) + corners @ whole
    return bool(one_to_one and np.abs(index - expected).max() <= _ALIGNED_WITHIN_VOXEL)


def cut_off_note(given_ml: float, kept_ml: float, subject: str, target: Target) -> str | None:
    """A sentence when a noticeable part of a region is lost beyond the edge of the images."""
    if kept_ml >= _KEPT_FROM * given_ml:
        return None
    return f"{subject}: {100 * (1 - kept_ml / given_ml):.0f} % of its volume lies outside {target.name}."


def scatter(points_lps_mm: npt.NDArray[np.float64], onto: Geometry, into: npt.NDArray[np.bool_]) -> int:
    """Set the voxels of ``into`` nearest to the points [n, 3]; the number of points that fall outside the grid."""
    index = np.rint(onto.to_index(points_lps_mm)).astype(np.int64)
    inside = np.all((index >= 0) & (index < np.asarray(onto.shape)), axis=1)
    k, j, i = index[inside].T
    into[k, j, i] = True
    return int(np.count_nonzero(~inside))
