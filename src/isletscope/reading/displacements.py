"""How the frames of a case lie, on disk: displacements as NIfTI vector images, and the transforms they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import lazy_loader
import numpy as np

from isletscope.model import Alignment
from isletscope.reading.label_maps import nifti_affine
from isletscope.reading.writing import whole_file
from isletscope.spatial import Geometry, Lattice, Transform

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
_KJI_TO_IJK = np.eye(4)[:, [2, 1, 0, 3]]

nibabel = lazy_loader.load("nibabel")


def write_displacement(path: Path, lattice: Lattice) -> None:
    """Write displacements as a NIfTI vector image (RAS mm, intent vector), whole or not at all. Raises OutputError."""
    vectors = (lattice.vectors_mm * _LPS_TO_RAS).transpose(2, 1, 0, 3)[:, :, :, None, :]
    image = nibabel.Nifti1Image(np.ascontiguousarray(vectors, dtype=np.float32), nifti_affine(lattice.geometry))
    image.header.set_intent("vector")
    image.header.set_xyzt_units("mm")
    with whole_file(path) as temporary:
        nibabel.save(image, temporary)


def read_displacement(path: Path) -> Lattice:
    """The lattice that :func:`write_displacement` wrote."""
    image = nibabel.Nifti1Image.from_filename(path)
    vectors = np.asarray(image.dataobj, dtype=np.float32)[:, :, :, 0, :].transpose(2, 1, 0, 3) * _LPS_TO_RAS
    matrix = np.diag([*_LPS_TO_RAS, 1.0]) @ image.affine @ _KJI_TO_IJK
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    k, j, i = (matrix[:3, :3] / spacing).T.tolist()
    x, y, z = matrix[:3, 3].tolist()
    geometry = Geometry(
        shape=vectors.shape[:3],
        spacing_mm=tuple(spacing.tolist()),
        origin_lps_mm=(x, y, z),
        axes_lps=(tuple(k), tuple(j), tuple(i)),
    )
    return Lattice(geometry, np.ascontiguousarray(vectors, dtype=np.float32))


class LazyTransforms(Mapping[str, Transform]):
    """The same as :func:`transforms_of`, each displacement field read when its transform is first asked for."""

    def __init__(self, folder: Path, alignments: Sequence[Alignment]) -> None:
        self._folder = folder
        self._usable = [one for one in alignments if one.usable]
        self._of = {key: number for number, one in enumerate(self._usable) for key in one.series_keys}
        self._read: dict[int, Transform] = {}

    def __getitem__(self, series_key: str) -> Transform:
        number = self._of[series_key]
        if number not in self._read:
            self._read[number] = _transform(self._folder, self._usable[number])
        return self._read[number]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, series_key: object) -> bool:
        return series_key in self._of


def transforms_of(folder: Path, alignments: Sequence[Alignment]) -> dict[str, Transform]:
    """The transform of every series whose alignment may be used, by series key; ``folder``: the case folder."""
    found: dict[str, Transform] = {}
    for alignment in alignments:
        if alignment.usable:
            found |= dict.fromkeys(alignment.series_keys, _transform(folder, alignment))
    return found


def _transform(folder: Path, alignment: Alignment) -> Transform:
    file = alignment.displacement_file
    lattice = read_displacement(folder / file) if file else None
    return Transform(np.asarray(alignment.matrix, dtype=np.float64), lattice)
