"""Truth maps as NIfTI files: labels, noise-free images, displacement fields. LPS arrays become RAS files."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from isletscope.spatial import Geometry

if TYPE_CHECKING:
    import nibabel

_GZIP = zlib.MAX_WBITS + 16
_MEMORY_LEVEL = 9


def affine_ras(geometry: Geometry) -> npt.NDArray[np.float64]:
    """NIfTI affine for arrays stored as [i, j, k]: LPS to RAS by turning x and y."""
    order = np.eye(4)[:, [2, 1, 0, 3]]
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine @ order)


def write_map(array: npt.NDArray[Any], geometry: Geometry, path: Path) -> str:
    """Write an array [k, j, i] on its grid, compressed lightly and without a time stamp. Returns the file's name."""
    import nibabel  # loads slowly, and exams are painted before their maps are written

    _save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine_ras(geometry)), path)
    return path.name


def write_vectors(vectors: npt.NDArray[np.float32], geometry: Geometry, path: Path) -> str:
    """Write vectors [3, k, j, i] (x, y, z in LPS mm) as a NIfTI vector image [i, j, k, 1, 3]; returns its name."""
    import nibabel  # as above

    image = nibabel.Nifti1Image(vectors.transpose(3, 2, 1, 0)[:, :, :, None, :], affine_ras(geometry))
    image.header.set_intent("vector")
    image.header.set_xyzt_units("mm")
    _save(image, path)
    return path.name


def _save(image: nibabel.Nifti1Image, path: Path) -> None:
    """Write an image as gzip, without time stamp.

    Labels have long runs and noise-free fields few repeats: runs alone are looked for, which takes half the time of
    looking for repeats at any distance and makes files of the same size.
    """
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP, _MEMORY_LEVEL, zlib.Z_RLE)
    path.write_bytes(packer.compress(image.to_bytes()) + packer.flush())
