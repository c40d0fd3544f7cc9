"""Files of a case and of a truth, read as plain JSON and NIfTI by the marking."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import CaseError, InputError

Labels = npt.NDArray[np.int32]


@dataclass(frozen=True)
class LabelMap:
    """A label map with its affine from voxel [i, j, k] to LPS mm."""

    labels: Labels
    affine: npt.NDArray[np.float64]

    def at(self, points_lps_mm: npt.NDArray[np.float64]) -> Labels:
        """Labels at points [n, 3]; 0 outside."""
        inverse = np.linalg.inv(self.affine)
        index = np.rint(points_lps_mm @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
        inside = ((index >= 0) & (index < self.labels.shape)).all(axis=1)
        found = np.zeros(len(index), dtype=np.int32)
        hit = index[inside]
        found[inside] = self.labels[hit[:, 0], hit[:, 1], hit[:, 2]]
        return found

    def points(self, label: int) -> npt.NDArray[np.float64]:
        """LPS mm of a label's voxels [n, 3]."""
        index = np.argwhere(self.labels == label)
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])


def read_document(path: Path, kind: type[InputError] | type[CaseError], what: str) -> dict[str, Any]:
    """A JSON document. Raises ``kind`` when it is not there or cannot be read; ``what`` says what it should be."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise kind("the file is not there", subject=str(path), expected=what) from error
    except (OSError, ValueError) as error:
        raise kind("the file cannot be read", subject=str(path), found=str(error), expected=what) from error
    if not isinstance(document, dict):
        raise kind("the file does not hold a document", subject=str(path), expected=what)
    return document


def read_map(path: Path) -> LabelMap:
    """A label map in NIfTI. Raises InputError when it cannot be read."""
    import nibabel  # loads slowly, and only marking a reading needs it

    try:
        image: Any = nibabel.load(str(path))
        labels = np.asarray(image.dataobj).astype(np.int32)
    except (OSError, EOFError, nibabel.filebasedimages.ImageFileError) as error:
        raise InputError("the label map cannot be read", subject=str(path), found=str(error)) from error
    return LabelMap(labels, np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine))
