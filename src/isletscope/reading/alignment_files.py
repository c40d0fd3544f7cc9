"""Displacement fields in the case folder: NIfTI vector images that other software reads.

Nodes lie in RAS, as NIfTI asks; the vectors are millimetres along LPS x, y, z, with intent code 1007 (vector), as ITK
and ANTs store displacement fields.
"""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError

from isletscope.errors import CaseError
from isletscope.reading.label_maps import nifti_affine
from isletscope.reading.writing import whole_file
from isletscope.spatial import Geometry, Lattice


def write_displacement(path: Path, lattice: Lattice) -> None:
    """Write a lattice as image [i, j, k, 1, 3], whole or not at all. Raises OutputError."""
    vectors = np.ascontiguousarray(lattice.vectors_mm.transpose(2, 1, 0, 3)[:, :, :, None, :], dtype=np.float32)
    image = nibabel.Nifti1Image(vectors, nifti_affine(lattice.geometry))
    image.header.set_intent("vector")
    image.header.set_xyzt_units("mm")
    with whole_file(path) as temporary:
        nibabel.save(image, temporary)


def read_displacement(path: Path) -> Lattice:
    """The lattice of :func:`write_displacement`. Raises CaseError when the file is missing or no such image."""
    try:
        image = nibabel.Nifti1Image.from_filename(path)
        vectors = np.asarray(image.dataobj, dtype=np.float32)
    except (OSError, ImageFileError, ValueError) as error:
        raise CaseError("a displacement field cannot be read", subject=str(path), found=str(error)) from error
    if vectors.ndim != 5 or vectors.shape[3:] != (1, 3):
        raise CaseError(
            "is no displacement field", subject=str(path), found=f"shape {vectors.shape}", expected="i, j, k, 1, 3"
        )
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    i_axis, j_axis, k_axis = (tuple(float(v) for v in affine[:3, n] / spacing[n]) for n in range(3))
    geometry = Geometry(
        (vectors.shape[2], vectors.shape[1], vectors.shape[0]),
        (float(spacing[2]), float(spacing[1]), float(spacing[0])),
        (float(affine[0, 3]), float(affine[1, 3]), float(affine[2, 3])),
        (k_axis, j_axis, i_axis),  # type: ignore[arg-type]
    )
    return Lattice(geometry, np.ascontiguousarray(vectors[:, :, :, 0, :].transpose(2, 1, 0, 3)))
