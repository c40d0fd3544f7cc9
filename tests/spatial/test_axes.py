from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from isletscope.errors import GeometryError
from isletscope.spatial import Geometry, Mask, axial_axes, axial_axes_mm, extent_3d_mm
from tests.spatial.grids import angles, ellipsoid, flips, geometry, permutations, rearranged


def _grid(spacing: float, extent_mm: float) -> Geometry:
    n = int(extent_mm / spacing) + 7
    return Geometry((n, n, n), (spacing,) * 3, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(("diameter", "spacing"), [(8, 2.0), (16, 4.0), (20, 1.0), (30, 3.0), (40, 4.0)])
def test_spheres_are_measured_to_half_a_voxel(diameter: float, spacing: float) -> None:
    rng = np.random.default_rng(1)
    grid = _grid(spacing, diameter)
    long_errors, solid_errors = [], []
    for _ in range(12):
        centre = (grid.shape[0] - 1) / 2 * spacing + rng.uniform(-0.5, 0.5, 3) * spacing
        ball = ellipsoid(grid, centre, (diameter / 2,) * 3)
        long_errors.append(axial_axes_mm(ball)[0] - diameter)
        solid_errors.append(extent_3d_mm(ball) - diameter)
    assert np.mean(np.abs(long_errors)) <= 0.5 * spacing
    assert np.mean(np.abs(solid_errors)) <= 0.5 * spacing
    assert np.max(np.abs(long_errors)) <= spacing


@settings(max_examples=15, deadline=None)
@given(angles)
def test_a_turned_ellipse_has_its_two_axes(about_z: float) -> None:
    grid = Geometry((5, 70, 70), (5.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    j, i = np.mgrid[:70, :70] - 34.6
    a = np.deg2rad(about_z)
    along, across = i * np.cos(a) + j * np.sin(a), -i * np.sin(a) + j * np.cos(a)
    inside = np.zeros(grid.shape, bool)
    inside[2] = (along / 25) ** 2 + (across / 12) ** 2 <= 1
    long_mm, short_mm, plane = axial_axes_mm(Mask(inside, grid))
    assert plane == 2
    assert long_mm == pytest.approx(50, abs=0.75)
    assert short_mm == pytest.approx(24, abs=0.75)
    ends = axial_axes(Mask(inside, grid))
    direction = ends.long_ends_lps_mm[1] - ends.long_ends_lps_mm[0]
    assert np.linalg.norm(direction) == pytest.approx(long_mm)
    assert abs(direction @ (ends.short_ends_lps_mm[1] - ends.short_ends_lps_mm[0])) < 1e-6
    assert abs(direction[0] * np.sin(a) - direction[1] * np.cos(a)) < 5.0


@settings(max_examples=15, deadline=None)
@given(permutations, flips)
def test_axes_do_not_depend_on_the_array_order(
    permutation: tuple[int, int, int], flip: tuple[bool, bool, bool]
) -> None:
    grid = geometry((11, 24, 26), (4.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    mask = ellipsoid(grid, (25, 22, 19), (19, 9, 12))
    array, other = rearranged(mask.array, grid, permutation, flip)
    here, there = axial_axes(mask), axial_axes(Mask(array, other))
    assert there.long_mm == pytest.approx(here.long_mm)
    assert there.short_mm == pytest.approx(here.short_mm)
    assert there.long_ends_lps_mm[0][2] == pytest.approx(here.long_ends_lps_mm[0][2])
    axis = there.plane_axis
    index = [0, 0, 0]
    index[axis] = there.plane
    assert np.take(array, there.plane, axis=axis).any()
    assert other.to_lps(index)[2] == pytest.approx(there.long_ends_lps_mm[0][2])
    assert extent_3d_mm(Mask(array, other)) == pytest.approx(extent_3d_mm(mask))


def test_the_plane_with_the_longest_axis_is_chosen() -> None:
    grid = geometry((9, 40, 40), (3.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    inside = np.zeros(grid.shape, bool)
    inside[2, 10:20, 10:20] = True
    inside[6, 10:16, 5:35] = True
    long_mm, short_mm, plane = axial_axes_mm(Mask(inside, grid))
    assert plane == 6
    assert long_mm == pytest.approx(np.hypot(30, 6), abs=1.5)
    assert short_mm == pytest.approx(6, abs=1.0)


def test_parts_of_a_plane_are_measured_apart() -> None:
    grid = geometry((1, 30, 60), (3.0, 1.0, 1.0))
    inside = np.zeros(grid.shape, bool)
    inside[0, 10:20, 5:15] = inside[0, 10:20, 45:55] = True
    assert axial_axes_mm(Mask(inside, grid))[0] < 15


def test_one_voxel_has_the_width_of_a_voxel() -> None:
    grid = geometry((5, 5, 5), (3.0, 2.0, 2.0))
    inside = np.zeros(grid.shape, bool)
    inside[2, 2, 2] = True
    long_mm, short_mm, _ = axial_axes_mm(Mask(inside, grid))
    assert 1.5 <= short_mm <= long_mm <= 3.0
    assert 2.0 <= extent_3d_mm(Mask(inside, grid)) <= 4.0


def test_an_empty_region_has_no_diameter() -> None:
    grid = geometry((3, 3, 3))
    for measure in (axial_axes_mm, extent_3d_mm):
        with pytest.raises(GeometryError, match="empty region has no diameter"):
            measure(Mask(np.zeros(grid.shape, bool), grid))
