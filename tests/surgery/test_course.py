"""The course of a vessel, its wall and its calibre, on tubes with known ones; cheapest paths."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.spatial import Mask
from isletscope.surgery.contact import largest_arc_degrees, ring_share, stretches
from isletscope.surgery.course import Course, Pieces, course_of, even_course
from isletscope.surgery.paths import VoxelGraph
from isletscope.surgery.wall import wall_of
from tests.surgery.tubes import Flags, Points, ball, bent_tube, scene, tube, turned


def middle_of(vessel: Mask) -> Course:
    course = course_of(vessel)
    assert isinstance(course, Course)
    return course


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (1.0, 0.8, 0.8), (3.0, 0.8, 0.8)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_course_of_a_straight_tube_is_its_axis(spacing: tuple[float, float, float], seed: int) -> None:
    vessel, _ = scene(tube(3.5), ball(40.0), spacing, seed=seed, half_mm=18.0)
    wall = wall_of(vessel, middle_of(vessel).points)
    offset = np.random.default_rng(seed + 100).uniform(-0.5, 0.5, 3)
    own = (wall.centres - offset) @ turned(seed)
    inner = np.abs(own[:, 2]) < 10
    assert np.hypot(own[inner, 0], own[inner, 1]).max() < 0.6
    assert np.abs((wall.tangents @ turned(seed))[inner, 2]).min() > np.cos(np.radians(8))
    assert wall.diameter_mm[inner].mean() == pytest.approx(7.0, abs=0.25)
    assert np.diff(wall.arc_mm).max() <= 0.51


def test_the_course_of_a_bent_tube_follows_it() -> None:
    vessel, _ = scene(bent_tube(3.0, 20.0), ball(40.0), (0.8, 0.8, 0.8), seed=3)
    wall = wall_of(vessel, middle_of(vessel).points)
    assert wall.arc_mm[-1] == pytest.approx(0.5 * np.pi * 20.0, abs=3.0)
    inner = slice(12, -12)
    assert np.nanmean(wall.diameter_mm[inner]) == pytest.approx(6.0, abs=0.25)


def test_a_side_branch_is_left_aside() -> None:
    def branched(p: Points) -> Flags:
        side = (np.hypot(p[..., 1], p[..., 2]) < 1.5) & (p[..., 0] > 0) & (p[..., 0] < 9)
        return np.asarray(tube(3.5)(p) | side)

    vessel, _ = scene(branched, ball(40.0), (0.8, 0.8, 0.8), seed=2)
    wall = wall_of(vessel, middle_of(vessel).points)
    assert np.nanmax(wall.diameter_mm[12:-12]) < 8.2


def test_crumbs_are_left_out_and_pieces_are_told() -> None:
    vessel, _ = scene(tube(3.5), ball(40.0), (0.8, 0.8, 0.8))
    crumb = vessel.array.copy()
    crumb[1, 1, 1:4] = True
    assert middle_of(Mask(crumb, vessel.geometry)).voxels_left_out == 3
    cut = vessel.array.copy()
    cut[25:31] = False
    broken = course_of(Mask(cut, vessel.geometry))
    assert isinstance(broken, Pieces)
    assert broken.gap_mm == pytest.approx(7 * 0.8, abs=1.0)
    few = np.zeros_like(cut)
    few[5, 5, 5] = True
    assert course_of(Mask(few, vessel.geometry)) is None


def test_smoothing_a_course_keeps_its_ends() -> None:
    line = np.stack([np.zeros(40), np.zeros(40), np.arange(40.0)], axis=1)
    smooth = even_course(line)
    assert smooth[0] == pytest.approx(line[0], abs=1e-6)
    assert smooth[-1] == pytest.approx(line[-1], abs=1e-6)
    assert np.linalg.norm(np.diff(smooth, axis=0), axis=1) == pytest.approx(0.5, abs=0.01)


def test_the_cheapest_path_goes_round_what_is_dear() -> None:
    cost = np.ones((3, 9, 9))
    cost[:, 1:8, 4] = 100.0
    graph = VoxelGraph(np.ones(cost.shape, dtype=bool), cost, (1.0, 1.0, 1.0))
    path = graph.path(graph.node([1, 4, 0]), graph.node([1, 4, 8]))
    assert tuple(path[0]) == (1, 4, 0)
    assert tuple(path[-1]) == (1, 4, 8)
    assert cost[tuple(path.T)].max() == 1.0
    apart = np.ones((1, 1, 5), dtype=bool)
    apart[0, 0, 2] = False
    split = VoxelGraph(apart, np.ones(apart.shape), (1.0, 1.0, 1.0))
    assert len(split.path(0, 3)) == 0


def test_shares_of_rings_and_stretches_of_lines() -> None:
    ring = np.array([[-1.0, -1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, -1.0]])
    assert ring_share(ring) == pytest.approx([0.5, 0.0, 1.0])
    line = np.array([1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0])
    arc = np.arange(7.0)
    assert stretches(line, arc) == pytest.approx([2.0, 1.0])
    assert stretches(line, arc, bridged_mm=2.0) == pytest.approx([5.0])
    assert largest_arc_degrees(np.array([True, False, True, True])) == pytest.approx(270.0)
    assert largest_arc_degrees(np.zeros(4, dtype=bool)) == 0.0
