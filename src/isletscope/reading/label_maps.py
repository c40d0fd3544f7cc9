"""Label maps and volumes on disk: NIfTI for people and other programs, memory-mapped NumPy for speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lazy_loader
import numpy as np
import numpy.typing as npt

from isletscope.reading.writing import whole_file, write_text
from isletscope.spatial import Geometry, Quantity, Volume

# Half a second to load: a report is refreshed without it.
nibabel = lazy_loader.load("nibabel")

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def nifti_affine(geometry: Geometry) -> npt.NDArray[np.float64]:
    """The NIfTI affine (i, j, k to RAS mm) of a grid whose arrays are stored transposed to [i, j, k]."""
    kji_to_ijk = np.eye(4)[:, [2, 1, 0, 3]]
    affine: npt.NDArray[np.float64] = _LPS_TO_RAS @ geometry.affine @ kji_to_ijk
    return affine


def write_label_map(path: Path, labels: npt.NDArray[Any], geometry: Geometry) -> None:
    """Write a label map [k, j, i] as compressed NIfTI, whole or not at all. Raises OutputError."""
    image = nibabel.Nifti1Image(labels.T, nifti_affine(geometry))
    image.header.set_xyzt_units("mm")
    with whole_file(path) as temporary:
        nibabel.save(image, temporary)


def read_label_map(path: Path) -> npt.NDArray[Any]:
    """The label map of :func:`write_label_map` as array [k, j, i]."""
    image = nibabel.Nifti1Image.from_filename(path)
    return np.asarray(image.dataobj).T


def write_volume(folder: Path, name: str, volume: Volume, made_from: str = "") -> None:
    """Keep a volume as ``name.npy`` (memory-mapped on reading) and ``name.json`` in ``folder``.

    ``made_from``: a hash over what it was made from, to tell later whether it still holds.
    """
    with whole_file(folder / f"{name}.npy") as temporary, temporary.open("wb") as stream:
        np.save(stream, volume.array, allow_pickle=False)
    geometry = volume.geometry
    description = {
        "shape": geometry.shape,
        "spacing_mm": geometry.spacing_mm,
        "origin_lps_mm": geometry.origin_lps_mm,
        "axes_lps": geometry.axes_lps,
        "quantity": [volume.quantity.name, volume.quantity.unit],
        "frame_of_reference_uid": volume.frame_of_reference_uid,
        "missing_slices": volume.missing_slices,
        "made_from": made_from,
    }
    write_text(folder / f"{name}.json", json.dumps(description))


def read_volume(folder: Path, name: str, made_from: str | None = None) -> Volume | None:
    """The volume kept by :func:`write_volume`, memory-mapped.

    None when it is not (or no longer) there, or was made from something else than ``made_from``.
    """
    array_path, description_path = folder / f"{name}.npy", folder / f"{name}.json"
    if not (array_path.is_file() and description_path.is_file()):
        return None
    description = json.loads(description_path.read_text(encoding="utf-8"))
    if made_from is not None and description.get("made_from") != made_from:
        return None
    geometry = Geometry(
        shape=tuple(description["shape"]),
        spacing_mm=tuple(description["spacing_mm"]),
        origin_lps_mm=tuple(description["origin_lps_mm"]),
        axes_lps=tuple(tuple(axis) for axis in description["axes_lps"]),  # type: ignore[arg-type]
    )
    return Volume(
        array=np.load(array_path, mmap_mode="r", allow_pickle=False),
        geometry=geometry,
        quantity=Quantity(*description["quantity"]),
        frame_of_reference_uid=description["frame_of_reference_uid"],
        missing_slices=tuple(description["missing_slices"]),
    )
