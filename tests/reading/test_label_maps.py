from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from isletscope.reading import read_label_map, write_label_map
from isletscope.reading.label_maps import read_volume, write_volume
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume

ROOT_HALF = float(np.sqrt(0.5))
GRIDS = {
    "axial": Geometry((4, 5, 6), (3.0, 2.0, 1.0), (-20.0, 10.0, 100.0)),
    "flipped": Geometry((4, 5, 6), (3.0, 2.0, 1.0), (-20.0, 10.0, 100.0), ((0, 0, -1), (0, 1, 0), (-1, 0, 0))),
    "sagittal": Geometry((4, 5, 6), (3.0, 2.0, 1.0), (7.0, 8.0, 9.0), ((1, 0, 0), (0, 0, -1), (0, 1, 0))),
    "oblique": Geometry(
        (4, 5, 6), (3.0, 2.0, 1.0), (7.0, 8.0, 9.0), ((0, ROOT_HALF, ROOT_HALF), (0, ROOT_HALF, -ROOT_HALF), (1, 0, 0))
    ),
}


@pytest.mark.parametrize("name", GRIDS)
def test_other_programs_find_each_voxel_at_its_place(tmp_path: Path, name: str) -> None:
    """nibabel, which knows nothing of us, maps the voxel to the same point (RAS there, LPS here)."""
    grid = GRIDS[name]
    labels = np.zeros(grid.shape, dtype=np.uint16)
    labels[3, 1, 4] = 7
    write_label_map(tmp_path / "foci.nii.gz", labels, grid)

    image = nibabel.load(tmp_path / "foci.nii.gz")
    (found,) = np.argwhere(np.asarray(image.dataobj) == 7)
    ras = nibabel.affines.apply_affine(image.affine, found)
    assert ras * [-1, -1, 1] == pytest.approx(grid.to_lps([3, 1, 4]), abs=1e-4)
    assert np.array_equal(read_label_map(tmp_path / "foci.nii.gz"), labels)


def test_a_cached_volume_comes_back_with_its_place_and_quantity(tmp_path: Path) -> None:
    grid = GRIDS["oblique"]
    volume = Volume(np.arange(120, dtype=np.float32).reshape(grid.shape), grid, SUV_BODY_WEIGHT, "1.2.3", (2,))
    write_volume(tmp_path, "pet-1", volume)
    back = read_volume(tmp_path, "pet-1")
    assert back is not None
    assert (back.geometry, back.quantity, back.frame_of_reference_uid, back.missing_slices) == (
        grid,
        SUV_BODY_WEIGHT,
        "1.2.3",
        (2,),
    )
    assert np.array_equal(back.array, volume.array)
    assert read_volume(tmp_path, "pet-2") is None
