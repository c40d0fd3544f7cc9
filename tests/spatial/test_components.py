from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from isletscope.errors import GeometryError
from isletscope.spatial import component_statistics, label_components
from tests.spatial.grids import seeds

_STRUCTURES = {6: 1, 18: 2, 26: 3}


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([6, 18, 26]), st.floats(0.05, 0.6))
def test_components_are_those_of_scipy(seed: int, connectivity: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((7, 8, 9)) < share
    labels, count = label_components(mask, connectivity)  # type: ignore[arg-type]
    expected, expected_count = ndimage.label(mask, ndimage.generate_binary_structure(3, _STRUCTURES[connectivity]))
    assert count == expected_count
    assert labels.dtype == np.uint32
    pairs = {(int(a), int(b)) for a, b in zip(labels.ravel(), expected.ravel(), strict=True)}
    assert len(pairs) == count + (1 if (~mask).any() else 0)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_statistics_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(5, 2, (7, 8, 9)).astype(np.float32)
    labels, count = label_components(rng.random(values.shape) < 0.15)
    found = component_statistics(labels, values, count)
    index = np.arange(1, count + 1)
    exact = values.astype(np.float64)
    assert np.array_equal(found.voxels, np.bincount(labels.ravel(), minlength=count + 1)[1:])
    assert np.allclose(found.mean, ndimage.mean(exact, labels, index), rtol=1e-12)
    assert np.allclose(found.total, ndimage.sum(exact, labels, index), rtol=1e-12)
    assert np.array_equal(found.maximum, ndimage.maximum(exact, labels, index))
    assert np.array_equal(found.minimum, ndimage.minimum(exact, labels, index))
    assert np.array_equal(found.maximum_index, ndimage.maximum_position(exact, labels, index))
    assert np.allclose(found.centroid_index, ndimage.center_of_mass(labels > 0, labels, index))
    for label, part in enumerate(ndimage.find_objects(labels.astype(np.int32)), 1):
        assert found.box(label).slices == part


def test_a_label_without_voxels_has_no_figures() -> None:
    labels = np.zeros((2, 2, 2), np.uint16)
    labels[0, 0, 0] = 2
    found = component_statistics(labels, np.ones((2, 2, 2)), 2)
    assert found.voxels.tolist() == [0, 1]
    assert np.isnan(found.mean[0])
    assert np.isnan(found.maximum[0])
    assert found.mean[1] == 1.0


def test_an_empty_mask_has_no_components() -> None:
    labels, count = label_components(np.zeros((3, 3, 3), bool))
    assert count == 0
    assert component_statistics(labels, np.zeros((3, 3, 3)), count).count == 0


def test_unknown_neighbourhood_and_shapes_are_refused() -> None:
    with pytest.raises(GeometryError, match="expected 6, 18 or 26"):
        label_components(np.zeros((3, 3, 3), bool), 8)  # type: ignore[arg-type]
    with pytest.raises(GeometryError, match="differ in shape"):
        component_statistics(np.zeros((2, 2, 2), np.uint32), np.zeros((2, 2, 3)), 0)
