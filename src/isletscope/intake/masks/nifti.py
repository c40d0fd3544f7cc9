"""Masks, label maps and images in NIfTI, in any orientation."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nibabel
import numpy as np
import numpy.typing as npt
from nibabel.filebasedimages import ImageFileError

from isletscope.errors import GeometryError, InputError
from isletscope.intake.masks.target import Region, Regions, Target, cut_off_note, is_aligned, scatter
from isletscope.spatial import ARBITRARY, Geometry, Mask, Volume, resample_mask

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MOST_LABELS = 1000


def read_image(path: Path) -> Volume:
    """A three-dimensional NIfTI image as a volume of arbitrary intensity (float32 unless it holds integers).

    Raises InputError when it cannot be read or has other than three dimensions, GeometryError for a sheared grid.
    """
    array, geometry, _ = _load(path)
    return Volume(array, geometry, ARBITRARY)


@dataclass(frozen=True)
class LabelNames:
    """Labels above zero that a NIfTI label map holds, and the names that its header gives."""

    present: tuple[int, ...]
    names: dict[int, str]


def read_label_names(path: Path) -> LabelNames:
    """Which labels a NIfTI file holds and how its header calls them. Raises as :func:`read_nifti_masks`."""
    array, _, names = _load(path)
    return LabelNames(_present(_as_labels(array, path, []), path), names)


def nifti_geometry(path: Path) -> Geometry:
    """The grid of a NIfTI file in LPS mm, without its voxels. Raises as :func:`read_nifti_masks`."""
    image = _opened(path)
    shape = tuple(int(n) for n in image.shape)
    if len(shape) < 3 or any(n != 1 for n in shape[3:]):
        raise InputError(
            "the file does not hold one value for each voxel of a volume",
            subject=path.name,
            found=f"shape {shape}",
            expected="three dimensions",
        )
    return _geometry(image.affine, shape[:3], path)


def read_nifti_masks(path: Path, target: Target, only: Collection[int] | None = None) -> Regions:
    """Masks of a NIfTI file: one for each label above zero; values between 0 and 1 are cut at one half.

    ``only``: the labels that are wanted; a map of a hundred organs then takes the memory of a few. A file on another
    grid is resampled by nearest neighbour, which is said in the notes. Raises InputError when the file cannot be read,
    GeometryError when it lies outside the images altogether.
    """
    array, geometry, names = _load(path)
    notes: list[str] = []
    labels = _as_labels(array, path, notes)
    aligned = is_aligned(geometry, target.geometry)
    if not aligned:
        notes.append(
            f"{path.name}: its grid {_size(geometry)} differs from that of {target.name} {_size(target.geometry)}; "
            "resampled by nearest neighbour."
        )
    stem = re.sub(r"\.nii(\.gz)?$", "", path.name, flags=re.IGNORECASE)
    present = _present(labels, path)
    regions = []
    for label in present if only is None else [label for label in present if label in only]:
        own = labels == label
        inside = _placed(own, geometry, target, aligned)
        given_ml = float(np.count_nonzero(own)) * geometry.voxel_volume_ml
        note = cut_off_note(given_ml, inside.volume_ml, f"{path.name}, label {label}", target)
        notes += [note] if note else []
        name = names.get(label) or (stem if len(present) == 1 else f"{stem} {label}")
        regions.append(Region(label, name, target.mask(inside.array, name)))
    if regions and not any(region.mask.voxel_count for region in regions):
        raise GeometryError(
            "the mask lies outside the images",
            subject=path.name,
            found=_extent(geometry),
            expected=f"a place within {target.name}, {_extent(target.geometry)}",
            remedy="Give the mask that was drawn on these images.",
        )
    if not present:
        notes.append(f"{path.name}: the mask is empty.")
        regions = [Region(1, stem, target.mask(target.empty(), stem))]
    return Regions(tuple(regions), tuple(notes))


def _present(labels: npt.NDArray[Any], path: Path) -> tuple[int, ...]:
    present = tuple(int(label) for label in np.unique(labels) if label > 0)
    if len(present) > _MOST_LABELS:
        raise InputError(
            "this looks like an image, not a mask",
            subject=path.name,
            found=f"{len(present)} different values",
            expected="a mask, or a label map with whole numbers",
        )
    return present


def _placed(own: npt.NDArray[np.bool_], geometry: Geometry, target: Target, aligned: bool) -> Mask:
    if not aligned:
        return resample_mask(Mask(own, geometry), target.geometry)
    array = target.empty()
    scatter(geometry.to_lps(np.argwhere(own)), target.geometry, array)
    return Mask(array, target.geometry)


def _load(path: Path) -> tuple[npt.NDArray[Any], Geometry, dict[int, str]]:
    """Array [k, j, i], grid in LPS, and names of labels where the header carries them."""
    image = _opened(path)
    try:
        array = np.asanyarray(image.dataobj)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or array.dtype.kind not in "biuf":
        raise InputError(
            "the file does not hold one value for each voxel of a volume",
            subject=path.name,
            found=f"shape {array.shape}, type {array.dtype}",
            expected="three dimensions",
        )
    geometry = _geometry(image.affine, array.shape, path)
    values = array.astype(np.float32) if array.dtype.kind == "f" else array
    return values.transpose(2, 1, 0), geometry, _label_names(image)


def _opened(path: Path) -> Any:
    try:
        return nibabel.load(path)
    except (ImageFileError, OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        "the file cannot be read as NIfTI", subject=path.name, found=str(error), expected="a .nii or .nii.gz file"
    )


def _geometry(affine_ras: npt.NDArray[Any], shape: tuple[int, ...], path: Path) -> Geometry:
    """Grid of an array [x, y, z] whose affine leads to RAS; the array is used as [k, j, i] = [z, y, x]."""
    affine = _RAS_TO_LPS @ np.asarray(affine_ras, dtype=np.float64)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    axes = (affine[:3, :3] / np.where(lengths > 0, lengths, 1.0)).T
    try:
        return Geometry(
            shape=(shape[2], shape[1], shape[0]),
            spacing_mm=_three(lengths[::-1]),
            origin_lps_mm=_three(affine[:3, 3]),
            axes_lps=(_three(axes[2]), _three(axes[1]), _three(axes[0])),
        )
    except GeometryError as error:
        raise GeometryError(
            error.refusal.problem, subject=path.name, found=error.refusal.found, remedy=error.refusal.remedy
        ) from error


def _label_names(image: Any) -> dict[int, str]:
    """Names in a label table (XML) that some segmentation programs keep in a header extension."""
    for extension in getattr(image.header, "extensions", []):
        content = extension.get_content()
        text = content.decode("utf-8", errors="replace") if isinstance(content, bytes) else str(content)
        if "<Label" not in text:
            continue
        try:
            root = ElementTree.fromstring(text.strip("\x00 \n"))
        except ElementTree.ParseError:
            continue
        return {int(label.get("Key", "0")): (label.text or "").strip() for label in root.iter("Label")}
    return {}


def _as_labels(array: npt.NDArray[Any], path: Path, notes: list[str]) -> npt.NDArray[Any]:
    if array.dtype.kind != "f":
        return array
    if not np.isfinite(array).all():
        raise InputError("the mask has values that are no numbers", subject=path.name, found="NaN or infinity")
    if np.array_equal(array, np.rint(array)):
        return array.astype(np.int64)
    if array.min() >= 0 and array.max() <= 1:
        notes.append(f"{path.name}: values between 0 and 1 were cut at one half.")
        return (array >= 0.5).astype(np.int64)
    raise InputError(
        "this is neither a mask nor a label map",
        subject=path.name,
        found=f"values with fractions from {array.min():g} to {array.max():g}",
        expected="whole numbers, or shares between 0 and 1",
    )


def _size(geometry: Geometry) -> str:
    voxels = " x ".join(str(n) for n in reversed(geometry.shape))
    spacing = " x ".join(f"{s:.3g}" for s in reversed(geometry.spacing_mm))
    return f"({voxels} voxels of {spacing} mm)"


def _extent(geometry: Geometry) -> str:
    ends = geometry.to_lps([[0, 0, 0], [n - 1 for n in geometry.shape]])
    low, high = ends.min(axis=0), ends.max(axis=0)
    return ", ".join(f"{axis} {a:.0f} to {b:.0f}" for axis, a, b in zip("xyz", low, high, strict=True)) + " mm (LPS)"


def _three(values: Any) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
