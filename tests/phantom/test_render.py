"""Painting: shapes at the right place and of the right volume, in every channel alike."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.phantom import render
from isletscope.phantom.appearance import Appearance
from isletscope.phantom.render import Factors, lesion_labels, paint_scene
from isletscope.phantom.scanner_ct import hounsfield_contrast
from isletscope.phantom.structures import structure_label
from isletscope.spatial import Geometry
from tests.phantom.scenes import ball, body, pose, scene

LIVER = (-75.0, 5.0, 65.0)


def unit(look: Appearance, factors: Factors) -> float:
    return 1.0 if look.hu["unenhanced"] == 777.0 else 0.0


def around(centre: np.ndarray, half_mm: float, step_mm: float, slice_mm: float | None = None) -> Geometry:
    thick = slice_mm or step_mm
    count = int(2 * half_mm / step_mm)
    planes = int(2 * half_mm / thick)
    x, y, z = (float(v) for v in centre - half_mm)
    return Geometry((planes, count, count), (thick, step_mm, step_mm), (x, y, z))


@pytest.mark.parametrize(("radius", "step"), [(4.0, 1.0), (12.0, 1.3), (12.0, 2.0), (21.0, 2.0)])
def test_a_ball_in_the_liver_has_its_analytic_volume(radius: float, step: float) -> None:
    tumour = ball(radius, LIVER, 777.0)
    where = scene(tumour)
    grid = around(where.centres([tumour])[0], radius + 6, step)
    painted = paint_scene(where, grid, (unit,), background=0.0, edge_mm=step)
    true = 4 / 3 * np.pi * radius**3 / 1000
    assert painted.image.sum(dtype=float) * grid.voxel_volume_ml == pytest.approx(true, rel=0.004)
    assert (painted.lesions == 1).sum() * grid.voxel_volume_ml == pytest.approx(true, rel=0.08)
    assert np.array_equal(painted.lesions, lesion_labels(where, grid))


def test_a_ball_keeps_its_volume_between_thick_slices() -> None:
    tumour = ball(12.0, LIVER, 777.0)
    where = scene(tumour)
    grid = around(where.centres([tumour])[0], 20.0, 1.25, 4.0)
    painted = paint_scene(where, grid, (unit,), background=0.0, edge_mm=1.6)
    true = 4 / 3 * np.pi * 12.0**3 / 1000
    assert painted.image.sum(dtype=float) * grid.voxel_volume_ml == pytest.approx(true, rel=0.03)


def test_channels_are_painted_as_if_each_were_alone() -> None:
    tumour = ball(10.0, LIVER, 777.0)
    where = scene(tumour)
    grid = around(where.centres([tumour])[0], 40.0, 2.5)
    contrasts = (unit, hounsfield_contrast("unenhanced"), hounsfield_contrast("portal_venous"))
    both = paint_scene(where, grid, contrasts, background=(0.0, -1000.0, -1000.0), edge_mm=2.5)
    for channel, contrast in enumerate(contrasts):
        alone = paint_scene(where, grid, (contrast,), background=0.0 if channel == 0 else -1000.0, edge_mm=2.5)
        assert np.array_equal(both.images[channel], alone.image)
        assert np.array_equal(both.structures, alone.structures)


def test_contrasts_may_be_negative() -> None:
    grid = around(pose().to_scanner(pose().from_anatomical(np.array([LIVER])))[0], 10.0, 2.5)
    painted = paint_scene(scene(), grid, (lambda look, factors: -5.0,), background=0.0, edge_mm=2.5)
    assert painted.image.min() == painted.image.max() == -5.0


def test_vessels_lie_where_pose_and_tube_say() -> None:
    tube = body().tubes["aorta"]
    where = scene()
    centre = pose().to_scanner(pose().from_anatomical(np.array([[7.0, 2.0, 0.0]])))[0]
    grid = around(centre, 14.0, 0.5)
    painted = paint_scene(where, grid, (), background=0.0, edge_mm=0.5)
    index = np.argwhere(np.ones(grid.shape, dtype=bool))
    distance = tube.distance(where.to_anatomical(grid.to_lps(index))).reshape(grid.shape)
    labelled = painted.structures == structure_label("aorta")
    assert labelled.sum() > 5000
    assert distance[labelled].max() < 0.05
    branches = [structure_label(name) for name in body().tubes if name != "aorta"]
    assert set(np.unique(painted.structures[(distance < -0.05) & ~labelled]).tolist()) <= set(branches)


def test_the_liver_is_labelled_by_segment() -> None:
    centre = pose().to_scanner(pose().from_anatomical(np.array([LIVER])))[0]
    painted = paint_scene(scene(), around(centre, 90.0, 5.0), (), background=0.0, edge_mm=5.0)
    found = set(np.unique(painted.structures).tolist())
    assert {structure_label(f"liver_segment_{n}") for n in (4, 5, 6, 7, 8)} <= found
    assert structure_label("liver") not in found


def test_rows_that_begin_at_the_body_hold_what_whole_rows_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Air beside the body is not looked at; legs, trunk and head leave much of it."""
    where = scene(ball(12.0, LIVER, 777.0))
    centre = pose().to_scanner(pose().from_anatomical(np.array([[0.0, 0.0, 60.0]])))[0]
    grid = Geometry((61, 70, 90), (16.0, 8.0, 8.0), tuple(float(v) for v in centre - np.array([360.0, 280.0, 480.0])))
    contrasts = (hounsfield_contrast("portal_venous"),)
    painted = paint_scene(where, grid, contrasts, background=-1000.0, edge_mm=8.0)
    monkeypatch.setattr(render, "_ROUNDING_MM", 1e9)
    whole = paint_scene(where, grid, contrasts, background=-1000.0, edge_mm=8.0)
    assert np.array_equal(painted.image, whole.image)
    assert np.array_equal(painted.structures, whole.structures)
    assert np.array_equal(painted.organs, whole.organs)
    outside = painted.image == -1000.0
    assert outside[:, 0].all()
    assert 0.1 < outside.mean() < 0.95
