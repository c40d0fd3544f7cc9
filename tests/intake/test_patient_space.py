"""Properties: file order, direction and orientation never change a value at a place in the patient."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isletscope.intake import load_volume, scan
from isletscope.spatial import Volume
from tests.intake.builders import AXIAL, Grid, Maker, ramp, write

SLOW_OK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def rotated(angles_degrees: tuple[float, float, float]) -> tuple[float, ...]:
    """Row and column direction of an axial plane turned about x, then y, then z."""
    matrix = np.eye(3)
    for axis, degrees in enumerate(angles_degrees):
        a, b = [i for i in range(3) if i != axis]
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = math.cos(math.radians(degrees))
        turn[a, b], turn[b, a] = -math.sin(math.radians(degrees)), math.sin(math.radians(degrees))
        matrix = turn @ matrix
    return tuple(float(value) for value in (*matrix[:, 0], *matrix[:, 1]))


def only_volume(folder: Path) -> Volume:
    (files,) = scan([folder]).series
    return load_volume(files)


def assert_values_in_place(volume: Volume, within: float = 0.51) -> None:
    """Every voxel holds the value that belongs to its place in the patient."""
    index = np.stack(np.indices(volume.array.shape), axis=-1)
    expected = ramp(volume.geometry.to_lps(index))
    assert np.abs(volume.array - expected).max() < within


@SLOW_OK
@given(
    seed=st.integers(0, 2**16), step=st.sampled_from([3.0, -3.0, 2.025]), modality=st.sampled_from(["CT", "PT", "MR"])
)
def test_file_order_and_direction_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, seed: int, step: float, modality: str
) -> None:
    folder = tmp_path_factory.mktemp("series")
    datasets = Maker().series(modality, Grid(step_mm=step))
    random.Random(seed).shuffle(datasets)
    write(datasets, folder)
    volume = only_volume(folder)
    assert_values_in_place(volume)
    assert np.linalg.det(np.array(volume.geometry.axes_lps)[::-1]) == pytest.approx(1)


@SLOW_OK
@given(
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
    step=st.sampled_from([3.0, -3.0]),
    enhanced=st.booleans(),
)
def test_oblique_and_flipped_series_keep_their_place(
    tmp_path_factory: pytest.TempPathFactory, angles: tuple[float, float, float], step: float, enhanced: bool
) -> None:
    folder = tmp_path_factory.mktemp("series")
    grid = Grid(orientation=rotated(angles), step_mm=step, slices=4)
    maker = Maker()
    write([maker.enhanced("CT", grid, order=[2, 0, 3, 1])] if enhanced else maker.series("CT", grid), folder)
    assert_values_in_place(only_volume(folder))


def test_spacing_comes_from_positions_and_not_from_slice_thickness(tmp_path: Path) -> None:
    write(Maker().series("CT", Grid(step_mm=7.0), SliceThickness="6", SpacingBetweenSlices="1"), tmp_path)
    volume = only_volume(tmp_path)
    assert volume.geometry.spacing_mm == pytest.approx((7.0, 2.0, 1.5))
    assert volume.geometry.origin_lps_mm == pytest.approx((-20.0, -10.0, 30.0))
    assert volume.geometry.axes_lps == ((0, 0, 1), (0, 1, 0), (1, 0, 0))
    assert AXIAL == (1, 0, 0, 0, 1, 0)
