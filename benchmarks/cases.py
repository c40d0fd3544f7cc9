"""What is measured: our kernel, its peer, and whether both give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK
from scipy import ndimage, signal

from benchmarks.ct_files import write_ct
from isletscope.intake import load_volume, scan
from isletscope.lesions.quantify import measure_labels
from isletscope.phantom.maps import affine_ras, write_map
from isletscope.spatial import (
    HOUNSFIELD,
    SUV_BODY_WEIGHT,
    Geometry,
    Mask,
    Volume,
    component_statistics,
    distance_to_mm,
    gaussian,
    label_components,
    resample,
    sphere_offsets,
    turning_projections,
)


@dataclass(frozen=True)
class Comparison:
    """Two ways to one result. ``difference`` says in words how far the results are apart."""

    name: str
    size: str
    ours: Callable[[], Any]
    peer_name: str
    peer: Callable[[], Any]
    difference: Callable[[Any, Any], str]


def comparisons(small: bool, scratch: Path, only: str = "") -> Iterator[Comparison]:
    """All comparisons whose name holds ``only``, made one by one so that only one's data are in memory."""
    makers: dict[str, Callable[[], Comparison]] = {
        "load ct": lambda: _load_ct(small, scratch),
        "peaks": lambda: _peaks(small),
        "components": lambda: _components(small),
        "distance": lambda: _distance(small),
        "resample ct to pet": lambda: _resample("resample CT onto PET", _ct(small), _pet(small), -1024.0),
        "resample pet to ct": lambda: _resample("resample PET onto CT", _pet(small), _ct(small), 0.0),
        "gaussian": lambda: _gaussian(small),
        "projections": lambda: _projections(small),
        "truth map": lambda: _truth_map(small, scratch),
    }
    for name, make in makers.items():
        if only.lower() in name:
            yield make()


def _load_ct(small: bool, scratch: Path) -> Comparison:
    slices, size = (60, 128) if small else (400, 512)
    folder = write_ct(scratch / "ct", slices, size)

    def ours() -> Volume:
        return load_volume(scan([folder]).series[0])

    def peer() -> SimpleITK.Image:
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        return reader.Execute()

    def difference(volume: Volume, image: SimpleITK.Image) -> str:
        return _apart(volume.array, SimpleITK.GetArrayFromImage(image), "HU")

    return Comparison(
        "index and load a CT series", f"{slices} x {size} x {size}", ours, "SimpleITK series reader", peer, difference
    )


def _pet(small: bool) -> Volume:
    shape = (80, 80, 80) if small else (300, 200, 200)
    grid = Geometry(shape, (3.0, 4.0, 4.0), (-398.0, -398.0, 0.0))
    values = ndimage.gaussian_filter(np.random.default_rng(1).gamma(1.0, 4.0, shape), 1.0)
    return Volume(values.astype(np.float32), grid, SUV_BODY_WEIGHT)


def _ct(small: bool) -> Volume:
    shape = (120, 128, 128) if small else (300, 512, 512)
    grid = Geometry(shape, (3.0, 1.2, 1.2), (-306.0, -306.0, 1.0))
    values = np.random.default_rng(2).integers(-1000, 1000, shape).astype(np.float32)
    return Volume(values, grid, HOUNSFIELD)


def _peaks(small: bool) -> Comparison:
    pet = _pet(small)
    count = 20 if small else 200
    labels = np.zeros(pet.array.shape, np.uint16)
    rng = np.random.default_rng(3)
    for label in range(1, count + 1):
        k, j, i = (int(rng.integers(6, n - 6)) for n in labels.shape)
        labels[k - 2 : k + 3, j - 2 : j + 3, i - 2 : i + 3] = label

    def ours() -> Any:
        return np.array([region.peak_global for region in measure_labels(pet, labels, count)], dtype=float)

    def peer() -> Any:
        offsets = sphere_offsets(pet.geometry)
        kernel = np.zeros(2 * offsets.max(axis=0) + 1)
        kernel[tuple((offsets + offsets.max(axis=0)).T)] = 1.0
        means = signal.fftconvolve(pet.array.astype(np.float64), kernel / kernel.sum(), mode="same")
        return ndimage.maximum(means, labels, np.arange(1, count + 1))

    return Comparison(
        f"SUVpeak of {count} lesions", _size(pet), ours, "SciPy convolution, then maximum", peer,
        lambda a, b: _apart(a[~np.isnan(a)], b[~np.isnan(a)], "g/mL"),
    )  # fmt: skip


def _components(small: bool) -> Comparison:
    pet = _pet(small)
    mask = pet.array > np.quantile(pet.array, 0.97)

    def ours() -> Any:
        labels, count = label_components(mask)
        figures = component_statistics(labels, pet.array, count)
        return np.sort(figures.maximum), np.sort(figures.mean)

    def peer() -> Any:
        labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
        index = np.arange(1, count + 1)
        return np.sort(ndimage.maximum(pet.array, labels, index)), np.sort(ndimage.mean(pet.array, labels, index))

    return Comparison(
        "components with maximum and mean", _size(pet), ours, "scipy.ndimage.label, maximum, mean", peer,
        lambda a, b: _apart(np.concatenate(a), np.concatenate(b), "g/mL"),
    )  # fmt: skip


def _distance(small: bool) -> Comparison:
    pet = _pet(small)
    mask = Mask(pet.array > np.quantile(pet.array, 0.999), pet.geometry)
    return Comparison(
        "distance to a mask", _size(pet), lambda: distance_to_mm(mask), "scipy distance_transform_edt",
        lambda: ndimage.distance_transform_edt(~mask.array, sampling=mask.geometry.spacing_mm),
        lambda a, b: _apart(a, b, "mm"),
    )  # fmt: skip


def _truth_map(small: bool, scratch: Path) -> Comparison:
    """A noise-free field, as the reference patient writes it with its truth."""
    pet = _pet(small)
    field = ndimage.gaussian_filter(pet.array, 2.0).astype(np.float32)
    ours, theirs = scratch / "ours.nii.gz", scratch / "theirs.nii.gz"

    def write() -> Path:
        write_map(field, pet.geometry, ours)
        return ours

    def peer() -> Path:
        nibabel.save(nibabel.Nifti1Image(field.transpose(2, 1, 0), affine_ras(pet.geometry)), str(theirs))
        return theirs

    def difference(one: Path, other: Path) -> str:
        ours_read, theirs_read = (nibabel.Nifti1Image.from_filename(path).get_fdata() for path in (one, other))
        return _apart(ours_read, theirs_read, "SUV")

    return Comparison("write a truth map", _size(pet), write, "nibabel.save", peer, difference)


def _gaussian(small: bool) -> Comparison:
    ct = _ct(small)
    return Comparison(
        "Gaussian of 3 voxels", _size(ct), lambda: gaussian(ct.array, 3.0), "scipy.ndimage.gaussian_filter",
        lambda: ndimage.gaussian_filter(ct.array, 3.0), lambda a, b: _apart(a, b, "HU"),
    )  # fmt: skip


def _resample(name: str, source: Volume, target: Volume, outside: float) -> Comparison:
    onto = target.geometry

    def peer() -> Any:
        matrix = np.linalg.inv(source.geometry.affine) @ onto.affine
        return ndimage.affine_transform(
            source.array, matrix[:3, :3], matrix[:3, 3], output_shape=onto.shape, order=1, cval=outside
        )

    def difference(ours: Any, theirs: Any) -> str:
        inside = _within(source.geometry, onto)  # the two treat the outermost half voxel differently
        return _apart(ours[inside], theirs[inside], "HU" if source.quantity is HOUNSFIELD else "g/mL")

    return Comparison(
        name, f"{_size(source)} to {_size(target)}", lambda: resample(source, onto, outside=outside).array,
        "scipy.ndimage.affine_transform", peer, difference,
    )  # fmt: skip


def _within(source: Geometry, onto: Geometry) -> tuple[slice, ...]:
    """The block of ``onto`` that lies between voxel centres of ``source`` (both axial)."""
    block = []
    for axis, count in enumerate(onto.shape):
        index = np.zeros((count, 3))
        index[:, axis] = np.arange(count)
        at = source.to_index(onto.to_lps(index))[:, axis]
        inside = np.flatnonzero((at > 0) & (at < source.shape[axis] - 1))
        block.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return tuple(block)


def _projections(small: bool) -> Comparison:
    pet = _pet(small)
    angles = [30.0] if small else [20.0, 65.0, 110.0, 155.0]

    def peer() -> Any:
        return [
            ndimage.rotate(pet.array, angle, axes=(1, 2), reshape=False, order=1).max(axis=1)[::-1] for angle in angles
        ]

    def difference(ours: Any, theirs: Any) -> str:
        spare = (ours[0].image.shape[1] - theirs[0].shape[1]) / 2
        middle = slice(round(spare + theirs[0].shape[1] * 0.25), round(spare + theirs[0].shape[1] * 0.75))
        first = np.mean([p.image[:, middle].mean() for p in ours])
        inner = slice(round(theirs[0].shape[1] * 0.25), round(theirs[0].shape[1] * 0.75))
        second = np.mean([image[:, inner].mean() for image in theirs])
        return f"mean of the picture {100 * (first / second - 1):+.1f} %"

    return Comparison(
        f"maximum projection, {len(angles)} angle(s)", _size(pet), lambda: turning_projections(pet, angles),
        "scipy.ndimage.rotate, then max", peer, difference,
    )  # fmt: skip


def _size(volume: Volume) -> str:
    return " x ".join(str(n) for n in volume.array.shape)


def _apart(ours: Any, theirs: Any, unit: str) -> str:
    return f"largest difference {float(np.max(np.abs(np.asarray(ours, float) - np.asarray(theirs, float)))):.2g} {unit}"
