"""The part of the pancreas by vessel borders: balls beside a vein and an aorta of known course, in any orientation."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.spatial import Geometry, Mask
from isletscope.surgery import PancreasPart, part_of_pancreas

STANDARD = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
TURNED = ((0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0))


def told(
    x: float, y: float = -10.0, radius: float = 8.0, axes: tuple[tuple[float, ...], ...] = STANDARD
) -> PancreasPart | None:
    """A ball at x, y; the vein at x -12 (radius 5), the aorta at x 5 (radius 9): borders at -7 and 14."""
    shape = (40, 160, 160)
    origin = -((np.asarray(shape) - 1) / 2 @ np.asarray(axes))
    grid = Geometry(shape, (1.0, 1.0, 1.0), tuple(float(v) for v in origin), axes)  # type: ignore[arg-type]
    points = grid.to_lps(np.indices(shape).reshape(3, -1).T).reshape(*shape, 3)

    def rod(at: float, beside: float, wide: float) -> Mask:
        return Mask(np.hypot(points[..., 0] - at, points[..., 1] - beside) <= wide, grid)

    ball = Mask(np.linalg.norm(points - np.array([x, y, 0.0]), axis=-1) <= radius, grid)
    return part_of_pancreas(ball, rod(-12, -8, 5), rod(5, 12, 9))


@pytest.mark.parametrize("axes", [STANDARD, TURNED])
@pytest.mark.parametrize(("x", "region"), [(-35, "head"), (-18, "head"), (4, "body"), (30, "tail"), (60, "tail")])
def test_the_centre_tells_the_part_in_any_orientation(
    x: float, region: str, axes: tuple[tuple[float, ...], ...]
) -> None:
    found = told(x, axes=axes)
    assert found is not None
    assert found.region == region
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_a_fifth_of_the_volume_beyond_a_border_is_a_second_part() -> None:
    inside, across = told(-25), told(-10)
    assert inside is not None
    assert across is not None
    assert (inside.second_region, across.second_region) == ("", "body")


def test_the_neck_lies_in_front_of_the_vein_and_beside_it_is_head() -> None:
    before, behind, right = told(-13, y=-30), told(-13, y=8), told(-28, y=-30)
    assert [one.region if one else None for one in (before, behind, right)] == ["neck", "head", "head"]


def test_without_a_vein_nothing_is_told() -> None:
    grid = Geometry((4, 4, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), STANDARD)  # type: ignore[arg-type]
    full, empty = Mask(np.ones(grid.shape, dtype=bool), grid), Mask(np.zeros(grid.shape, dtype=bool), grid)
    assert part_of_pancreas(full, empty, full) is None
