"""The four lesions of a real portal venous CT from their centres, against half-contrast outlines of a curator.

Those are no expert truth: they say that the same four things are found at about the same size.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.intake import load_volume, read_image, scan
from isletscope.lesions.images.outline import outline_from_seed
from isletscope.spatial import Volume, label_components, resample_labels


@pytest.fixture(scope="module")
def liver_ct(test_data: Path) -> tuple[Volume, list[np.ndarray]]:
    folder = test_data / "ct_liver_crlm_1006"
    (series,) = scan([folder / "image"]).series
    volume = load_volume(series)
    given = read_image(folder / "curator_labels" / "lesions_semiauto.nii.gz")
    labels = resample_labels(np.asarray(given.array > 0).astype(np.uint8), given.geometry, volume.geometry)
    parts, count = label_components(labels > 0)
    return volume, [np.asarray(parts == number) for number in range(1, count + 1)]


def test_lesions_of_a_real_ct_are_outlined_from_their_centres(liver_ct: tuple[Volume, list[np.ndarray]]) -> None:
    volume, lesions = liver_ct
    dice = []
    for lesion in lesions:
        centre = volume.geometry.to_lps(np.argwhere(lesion).mean(axis=0))
        radius = float(np.cbrt(lesion.sum() * volume.geometry.voxel_volume_ml * 3000 / (4 * np.pi)))
        outline = outline_from_seed(volume, centre, None, radius)
        assert outline.mask is not None, outline.why_not
        both = np.count_nonzero(outline.mask.array & lesion)
        dice.append(2 * both / (outline.mask.voxel_count + lesion.sum()))
    assert len(dice) == 4
    assert min(dice) > 0.5
    assert np.median(dice) > 0.7
