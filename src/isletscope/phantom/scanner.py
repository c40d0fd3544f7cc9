"""Scanning a posed body: clean and noisy PET (SUVbw) and low-dose CT (HU) with their truth maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError
from isletscope.phantom.body import Body, anatomical_box
from isletscope.phantom.lesions import Tumour, paint_tumour
from isletscope.phantom.physics import add_ct_noise, add_pet_noise, average_blocks, blur
from isletscope.phantom.pose import Pose
from isletscope.phantom.render import paint_body
from isletscope.phantom.shapes import Array, Image, Solid, label_sums
from isletscope.phantom.visit import Visit
from isletscope.spatial import Geometry

_FINE = 2
_SHELL_MM = (3.0, 8.0)
_AIR_HU = -1000.0
_COUCH_HU = -180.0
_CT_BLUR_MM = 1.2


@dataclass(frozen=True)
class Grids:
    """Voxel counts and sizes (mm) of one size of output; the field of view is centred on the body."""

    ct_columns: int
    ct_pixel_mm: float
    ct_slices: int
    ct_slice_mm: float
    pet_columns: int
    pet_pixel_mm: float
    pet_slices: int
    pet_slice_mm: float


GRIDS = {
    "full": Grids(512, 0.9765625, 300, 3.0, 200, 4.07283, 300, 3.0),
    "small": Grids(256, 1.953125, 200, 4.5, 128, 4.07283, 200, 4.5),
}
# Lowest slice, in mm of the average adult: mid thigh; 900 mm reach to the skull base and above.
_LOWEST_MM = -395.0


@dataclass(frozen=True)
class LesionTruth:
    """What is true of one tumour in one exam; SUV of the noise-free image are measured, the rest is by construction."""

    id: str
    centre_lps_mm: tuple[float, float, float]
    suv: float
    background_suv: float
    suv_max_noise_free: float
    suv_peak_noise_free: float

    @property
    def contrast(self) -> float:
        """True uptake over the mean of a 3 to 8 mm shell of the noise-free image without tumours."""
        return self.suv / self.background_suv


@dataclass(frozen=True)
class PetScan:
    """PET of one visit: noisy and noise-free SUVbw [k, j, i], lesion numbers, organ labels, per-lesion truth."""

    geometry: Geometry
    image: Image
    clean: Image
    lesion_labels: npt.NDArray[np.uint8]
    organ_labels: npt.NDArray[np.uint8]
    lesions: tuple[LesionTruth, ...]
    organs: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class CtScan:
    """CT of one visit: HU [k, j, i] int16."""

    geometry: Geometry
    image: npt.NDArray[np.int16]


@dataclass(frozen=True)
class Scanner:
    """A body in its pose for one visit, ready to be scanned at one size of grid."""

    body: Body
    pose: Pose
    tumours: tuple[Tumour, ...]
    visit: Visit
    grids: Grids
    rng: np.random.Generator

    def _crop(self, geometry: Geometry) -> tuple[slice, slice]:
        """Rows and columns of a grid that can hold the body."""
        x0, y0, x1, y1 = anatomical_box(self.body)
        low = np.array([x0, y0]) * self.body.scale[:2] + np.asarray(self.pose.shift_mm[:2]) - 20
        high = np.array([x1, y1]) * self.body.scale[:2] + np.asarray(self.pose.shift_mm[:2]) + 20
        origin, spacing = geometry.origin_lps_mm, geometry.spacing_mm
        i0 = max(int((low[0] - origin[0]) / spacing[2]), 0)
        i1 = min(int((high[0] - origin[0]) / spacing[2]) + 1, geometry.shape[2])
        j0 = max(int((low[1] - origin[1]) / spacing[1]), 0)
        j1 = min(int((high[1] - origin[1]) / spacing[1]) + 1, geometry.shape[1])
        return slice(j0, j1), slice(i0, i1)

    def _grid(self, columns: int, pixel: float, slices: int, thick: float) -> Geometry:
        half = (columns - 1) * pixel / 2
        x, y, _ = self.pose.shift_mm
        table = self.visit.rule.table_shift_mm
        lowest = _LOWEST_MM * float(self.body.scale[2]) + self.pose.shift_mm[2]
        middle_x, middle_y = round(x * 0.2, 2), round(y * 0.2 - 0.1 * table, 2)
        return Geometry(
            (slices, columns, columns),
            (thick, pixel, pixel),
            (middle_x - half, middle_y - half, round(lowest, 1)),
        )

    def centres(self) -> Array:
        """Scanner LPS mm of the tumours' centres [n, 3]."""
        if not self.tumours:
            return np.zeros((0, 3))
        return self.pose.to_scanner(np.array([t.centre_personal_mm for t in self.tumours]))

    def scan_pet(self) -> PetScan:
        """PET with truth. Activity is painted twice as fine in all axes, blurred, averaged, and given noise."""
        grids = self.grids
        geometry = self._grid(grids.pet_columns, grids.pet_pixel_mm, grids.pet_slices, grids.pet_slice_mm)
        rows, columns = self._crop(geometry)
        fine = _fine_grid(geometry, rows, columns)
        key = self.visit.tracer.tracer_class
        painted = paint_body(self.body, self.pose, fine, self._uptake(key), 0.0, float(np.mean(fine.spacing_mm)))
        organs = self._organ_truth(painted.labels, painted.image, fine)
        fwhm = self.visit.physics.fwhm_mm
        shells = [self._shell_mean(painted.image, fine, n, fwhm) for n in range(len(self.tumours))]
        numbers = self._paint_tumours(painted.image, fine, key)
        small = average_blocks(blur(painted.image, fwhm, fine.spacing_mm), (_FINE,) * 3)
        clean = _put(small, geometry.shape, rows, columns)
        lesion_labels = _put(numbers, geometry.shape, rows, columns)
        half = painted.labels[::_FINE, ::_FINE, ::_FINE]
        heights = geometry.origin_lps_mm[2] + geometry.spacing_mm[0] * np.arange(geometry.shape[0], dtype=np.float64)
        liver = self.body.tissues["liver"].uptake[key]
        noisy = add_pet_noise(small, geometry.spacing_mm, heights, liver, self.visit.physics, self.rng)
        return PetScan(
            geometry=geometry,
            image=_put(noisy, geometry.shape, rows, columns),
            clean=clean,
            lesion_labels=lesion_labels,
            organ_labels=_put(half, geometry.shape, rows, columns),
            lesions=tuple(self._lesion_truth(clean, lesion_labels, geometry, shells)),
            organs=organs,
        )

    def _uptake(self, key: str) -> Any:
        tissues = self.body.tissues

        def value(solid: Solid) -> float:
            return tissues[solid.tissue].uptake[key] * solid.factors.get(key, 1.0)

        return value

    def _organ_truth(
        self, labels: npt.NDArray[np.uint8], image: Image, geometry: Geometry
    ) -> dict[str, dict[str, float]]:
        counts, sums = label_sums(labels, image)
        return {
            name: {
                "label": float(label),
                "volume_ml": round(float(counts[label]) * geometry.voxel_volume_ml, 2),
                "mean_suv": round(float(sums[label] / counts[label]), 4),
            }
            for label, name in self.body.tissues.label_names.items()
            if counts[label]
        }

    def _paint_tumours(self, image: Image, fine: Geometry, key: str) -> npt.NDArray[np.uint8]:
        """Paint all tumours on the fine grid; labels where a tumour fills at least half of a PET voxel."""
        labels = np.zeros([n // _FINE for n in image.shape], dtype=np.uint8)
        origin = np.asarray(fine.origin_lps_mm)
        spacing = np.asarray(fine.spacing_mm)[::-1]
        for n, (tumour, centre) in enumerate(zip(self.tumours, self.centres(), strict=True)):
            touched = paint_tumour(
                tumour, centre, self.pose.matrix, tumour.suv[key], image, origin, spacing, float(spacing.mean())
            )
            if touched is None:
                raise InputError(
                    f"tumour {tumour.id} lies outside the scanned field",
                    subject=f"exam '{self.visit.rule.name}'",
                    found=f"centre {np.round(centre).tolist()}",
                    expected="a place between skull base and mid thigh",
                )
            box, cover = touched
            starts = [s.start // _FINE for s in box]
            stops = [-(-s.stop // _FINE) for s in box]
            whole = np.zeros([_FINE * (b - a) for a, b in zip(starts, stops, strict=True)], dtype=np.float32)
            inner = tuple(slice(s.start - _FINE * a, s.stop - _FINE * a) for s, a in zip(box, starts, strict=True))
            whole[inner] = cover
            window = tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
            labels[window][average_blocks(whole, (_FINE,) * 3) >= 0.5] = n + 1
        return labels

    def _shell_mean(self, image: Image, fine: Geometry, n: int, fwhm: float) -> float:
        """Mean of the blurred tumour-free image 3 to 8 mm outside tumour ``n``."""
        tumour, centre = self.tumours[n], self.centres()[n]
        spacing = np.asarray(fine.spacing_mm)
        origin = np.asarray(fine.origin_lps_mm)[::-1]
        reach = tumour.reach_mm + _SHELL_MM[1] + 2 * fwhm
        low = np.maximum(np.floor((centre[::-1] - reach - origin) / spacing).astype(int), 0)
        high = np.minimum(np.ceil((centre[::-1] + reach - origin) / spacing).astype(int) + 1, image.shape)
        window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        local = blur(image[window], fwhm, fine.spacing_mm)
        axes = [origin[a] + spacing[a] * np.arange(low[a], high[a]) - centre[2 - a] for a in range(3)]
        z, y, x = np.meshgrid(*axes, indexing="ij")
        offsets = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1) @ self.pose.matrix
        distance = tumour.distance(offsets).reshape(local.shape)
        shell = (distance > _SHELL_MM[0]) & (distance <= _SHELL_MM[1])
        return float(local[shell].mean()) if shell.any() else float("nan")

    def _lesion_truth(
        self, clean: Image, labels: npt.NDArray[np.uint8], geometry: Geometry, shells: list[float]
    ) -> list[LesionTruth]:
        key = self.visit.tracer.tracer_class
        truths = []
        for n, (tumour, centre) in enumerate(zip(self.tumours, self.centres(), strict=True)):
            highest, peak = noise_free_peak(clean, labels == n + 1, geometry, centre)
            truths.append(
                LesionTruth(
                    id=tumour.id,
                    centre_lps_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
                    suv=tumour.suv[key],
                    background_suv=shells[n],
                    suv_max_noise_free=highest,
                    suv_peak_noise_free=peak,
                )
            )
        return truths

    def scan_ct(self) -> CtScan:
        """Low-dose CT with partial volume, mild blur, couch and correlated noise."""
        grids = self.grids
        geometry = self._grid(grids.ct_columns, grids.ct_pixel_mm, grids.ct_slices, grids.ct_slice_mm)
        rows, columns = self._crop(geometry)
        part = _part(geometry, rows, columns)
        tissues = self.body.tissues

        def hounsfield(solid: Solid) -> float:
            return tissues[solid.tissue].hu + solid.hu_offset

        painted = paint_body(self.body, self.pose, part, hounsfield, _AIR_HU, max(1.6, grids.ct_pixel_mm))
        origin = np.asarray(part.origin_lps_mm)
        spacing = np.asarray(part.spacing_mm)[::-1]
        for tumour, centre in zip(self.tumours, self.centres(), strict=True):
            paint_tumour(tumour, centre, self.pose.matrix, tumour.hu, painted.image, origin, spacing, 2.0)
        image = np.full(geometry.shape, _AIR_HU, dtype=np.float32)
        image[:, rows, columns] = blur(painted.image, _CT_BLUR_MM, part.spacing_mm)
        self._add_couch(image, geometry)
        noisy = add_ct_noise(image, geometry.spacing_mm, 14.0, self.rng)
        return CtScan(geometry, np.clip(np.rint(noisy), -1024, 3071).astype(np.int16))

    def _add_couch(self, image: Image, geometry: Geometry) -> None:
        back = (100 + self.body.fat_mm + 6) * float(self.body.scale[1]) + self.pose.shift_mm[1]
        x = geometry.origin_lps_mm[0] + geometry.spacing_mm[2] * np.arange(geometry.shape[2])
        y = geometry.origin_lps_mm[1] + geometry.spacing_mm[1] * np.arange(geometry.shape[1])
        top = back + 10 - (x / 220.0) ** 2 * 55.0
        depth = y[:, None] - top[None, :]
        shell = (np.abs(x)[None, :] < 212) & (depth > 0) & ((depth < 3) | ((depth > 24) & (depth < 27)))
        foam = (np.abs(x)[None, :] < 212) & (depth >= 3) & (depth <= 24)
        for k in range(geometry.shape[0]):
            air = image[k] < -900
            image[k][shell & air] = _COUCH_HU
            image[k][foam & air] = -940.0


def noise_free_peak(
    clean: Image, mask: npt.NDArray[np.bool_], geometry: Geometry, centre_lps_mm: Array
) -> tuple[float, float]:
    """SUVmax and global SUVpeak (1 mL sphere by voxel centres, radius 6.2035 mm) of a lesion in the clean image.

    Sphere centres are the lesion's voxels; where the lesion holds none (too small), the voxel nearest its centre.
    """
    nearest = np.rint(geometry.to_index(centre_lps_mm)).astype(int)[None]
    candidates = np.argwhere(mask) if mask.any() else nearest
    spacing = np.asarray(geometry.spacing_mm)
    reach = np.ceil(6.2035 / spacing).astype(int)
    ranges = [np.arange(-r, r + 1) for r in reach]
    offsets = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[np.linalg.norm(offsets * spacing, axis=1) <= 6.2035]
    means = np.zeros(len(candidates))
    for offset in offsets:
        index = np.clip(candidates + offset, 0, np.asarray(clean.shape) - 1)
        means += clean[index[:, 0], index[:, 1], index[:, 2]]
    highest = clean[candidates[:, 0], candidates[:, 1], candidates[:, 2]].max()
    return float(highest), float(means.max() / len(offsets))


def _part(geometry: Geometry, rows: slice, columns: slice) -> Geometry:
    z, y, x = geometry.spacing_mm
    ox, oy, oz = geometry.origin_lps_mm
    return Geometry(
        (geometry.shape[0], rows.stop - rows.start, columns.stop - columns.start),
        (z, y, x),
        (ox + columns.start * x, oy + rows.start * y, oz),
    )


def _fine_grid(geometry: Geometry, rows: slice, columns: slice) -> Geometry:
    part = _part(geometry, rows, columns)
    spacing = tuple(s / _FINE for s in part.spacing_mm)
    shift = [(_FINE - 1) / 2 * s for s in spacing]
    ox, oy, oz = part.origin_lps_mm
    return Geometry(
        (part.shape[0] * _FINE, part.shape[1] * _FINE, part.shape[2] * _FINE),
        (spacing[0], spacing[1], spacing[2]),
        (ox - shift[2], oy - shift[1], oz - shift[0]),
    )


def _put(part: npt.NDArray[Any], shape: tuple[int, int, int], rows: slice, columns: slice) -> npt.NDArray[Any]:
    whole = np.zeros(shape, dtype=part.dtype)
    whole[:, rows, columns] = part
    return whole
