"""A torso of ellipsoids on a 5 mm grid: CT and SSTR or FDG uptake with known organs, left and right unlike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.model import TracerClass
from isletscope.spatial import HOUNSFIELD, SUV_BODY_WEIGHT, Geometry, Volume

STEP_MM = 5.0
SHAPE = (150, 64, 84)
ORIGIN = (-207.5, -157.5, -372.5)
# name: centre x, y, z; half axes; HU; SSTR SUV; FDG SUV
ORGANS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float, float, float]] = {
    "lung_right": ((-68, 0, 235), (48, 72, 100), -820, 0.4, 0.5),
    "lung_left": ((74, 0, 235), (44, 72, 100), -820, 0.4, 0.5),
    "spine": ((0, 65, 60), (20, 20, 330), 260, 1.1, 1.2),
    "hip_right": ((-105, 20, -230), (35, 45, 50), 350, 1.0, 1.0),
    "hip_left": ((105, 20, -230), (35, 45, 50), 350, 1.0, 1.0),
    "heart": ((15, -30, 170), (55, 45, 50), 42, 1.4, 1.6),
    "aorta": ((27, 52, 200), (13, 13, 140), 42, 1.4, 1.6),
    "liver": ((-60, -10, 85), (85, 85, 60), 58, 6.0, 2.0),
    "spleen": ((105, 40, 90), (28, 38, 50), 48, 20.0, 1.8),
    "kidney_right": ((-62, 55, -25), (27, 25, 52), 33, 15.0, 2.8),
    "kidney_left": ((60, 55, 5), (27, 25, 55), 33, 15.0, 2.8),
    "bladder": ((0, -20, -245), (38, 32, 30), 5, 30.0, 30.0),
}


@dataclass(frozen=True)
class Torso:
    """PET, CT and the true organ masks by name, all on one grid."""

    pet: Volume
    ct: Volume
    truth: dict[str, npt.NDArray[np.bool_]]


def ellipsoid(
    geometry: Geometry, centre: tuple[float, float, float], axes: tuple[float, float, float]
) -> npt.NDArray[np.bool_]:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in geometry.shape], indexing="ij"), -1)
    points = geometry.to_lps(index)
    return np.asarray((((points - centre) / np.asarray(axes)) ** 2).sum(axis=-1) <= 1.0)


def make_torso(
    tracer: TracerClass = TracerClass.SSTR,
    lesions: tuple[tuple[tuple[float, float, float], float, float], ...] = (),
    *,
    seed: int = 7,
    noise: float = 0.05,
) -> Torso:
    """``lesions``: centre LPS mm, diameter mm, SUV. Blur 6 mm FWHM; noise as share of sqrt(liver x local)."""
    geometry = Geometry(SHAPE, (STEP_MM,) * 3, ORIGIN)
    body = ellipsoid(geometry, (0, 0, -20), (190, 132, 470))
    hu = np.where(body, -100.0, -1000.0).astype(np.float32)
    suv = np.where(body, 0.5, 0.0).astype(np.float32)
    wall = body & ~ndimage.binary_erosion(body, iterations=3)
    hu[wall] = 50.0
    column = 4 if tracer is TracerClass.FDG else 3
    truth = {}
    for name, values in ORGANS.items():
        mask = ellipsoid(geometry, values[0], values[1]) & body
        hu[mask], suv[mask] = values[2], values[column]
        truth[name] = mask
    for name in truth:
        for later in list(ORGANS)[list(ORGANS).index(name) + 1 :]:
            truth[name] = truth[name] & ~truth[later]
    for centre, diameter, value in lesions:
        spot = ellipsoid(geometry, centre, (diameter / 2,) * 3)
        suv[spot] = value
        hu[spot & (hu > -500)] = np.maximum(hu[spot & (hu > -500)], 45.0)
    rng = np.random.default_rng(seed)
    blurred = ndimage.gaussian_filter(suv, 6.0 / 2.355 / STEP_MM)
    grain = ndimage.gaussian_filter(rng.standard_normal(SHAPE).astype(np.float32), 0.6)
    grain /= grain.std()
    liver = ORGANS["liver"][column]
    noisy = np.maximum(blurred + grain * noise * np.sqrt(liver * blurred), 0.0).astype(np.float32)
    hu += rng.standard_normal(SHAPE).astype(np.float32) * 5.0
    return Torso(Volume(noisy, geometry, SUV_BODY_WEIGHT), Volume(hu, geometry, HOUNSFIELD), truth)


def turned(volume: Volume, permutation: tuple[int, int, int], flips: tuple[bool, bool, bool]) -> Volume:
    """The same image in space, stored with other array axes."""
    geometry = volume.geometry
    array = volume.array
    corner = [n - 1 if flip else 0 for n, flip in zip(geometry.shape, flips, strict=True)]
    origin = geometry.to_lps(corner)
    array = array[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)].transpose(permutation)
    axes = [tuple((-1.0 if flips[a] else 1.0) * v for v in geometry.axes_lps[a]) for a in permutation]
    moved = Geometry(
        tuple(geometry.shape[a] for a in permutation),
        tuple(geometry.spacing_mm[a] for a in permutation),
        tuple(float(v) for v in origin),
        tuple(axes),
    )
    return Volume(np.ascontiguousarray(array), moved, volume.quantity)


def cropped_z(volume: Volume, low: float, high: float) -> Volume:
    """The slices between two heights (LPS z)."""
    z = volume.geometry.origin_lps_mm[2] + STEP_MM * np.arange(volume.geometry.shape[0])
    keep = np.flatnonzero((z >= low) & (z <= high))
    g = volume.geometry
    origin = (g.origin_lps_mm[0], g.origin_lps_mm[1], float(z[keep[0]]))
    moved = Geometry((len(keep), *g.shape[1:]), g.spacing_mm, origin)
    return Volume(np.ascontiguousarray(volume.array[keep]), moved, volume.quantity)
