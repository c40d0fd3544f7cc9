"""Implausible given organs are refused with the reason; plausible ones come through unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isletscope.anatomy.given import GivenOrgan, admit, refusal_sentences
from isletscope.spatial import Geometry, Mask
from tests.intake.mask_files import all_directions
from tests.reading.given_anatomy import body_grid, liver_on


def body_on(grid: Geometry) -> Any:
    x, y, z = grid.to_lps(np.indices(grid.shape).reshape(3, -1).T).T
    return ((x / 120) ** 2 + (y / 100) ** 2 < 1).reshape(grid.shape) & (np.abs(z) < 90).reshape(grid.shape)


def admitted(name: str, region: Any, grid: Geometry) -> tuple[dict[str, Any], dict[str, str]]:
    return admit({name: GivenOrgan(Mask(region, grid), "file")}, grid, body_on(grid))


@pytest.mark.parametrize("axes", all_directions()[::3])
def test_a_liver_on_the_right_is_taken_and_its_mirror_image_refused_on_every_grid(axes: Any) -> None:
    grid = body_grid(axes)
    region = liver_on(grid)
    found, refused = admitted("liver", region, grid)
    assert not refused
    assert np.array_equal(found["liver"].region, region)
    across = int(np.argmax(np.abs(np.asarray(grid.axes_lps)[:, 0])))
    found, refused = admitted("liver", np.flip(region, axis=across), grid)
    assert not found
    assert "lies on the patient's left, expected on the right: the mask was flipped" in refused["liver"]


def test_size_place_and_emptiness() -> None:
    grid = body_grid()
    small = np.zeros(grid.shape, dtype=bool)
    small[10, 12, 10] = True
    assert "it has 1 mL; expected 200 to 9000 mL" in admitted("liver", small, grid)[1]["liver"]
    assert "empty on the grid" in admitted("liver", small & False, grid)[1]["liver"]
    outside = np.zeros(grid.shape, dtype=bool)
    outside[2:18, 1:4, 1:8] = True
    assert "100 % of it lies outside the body" in admitted("liver", outside, grid)[1]["liver"]


def test_a_field_that_cuts_the_organ_may_leave_little_of_it() -> None:
    grid = body_grid()
    part = liver_on(grid)
    part[9:] = False
    part[:8] = False
    assert admitted("liver", part, grid)[1]
    field = Geometry((1, *grid.shape[1:]), grid.spacing_mm, tuple(float(v) for v in grid.to_lps([8, 0, 0])))
    found, refused = admit({"liver": GivenOrgan(Mask(part, grid), "file")}, field, None)
    assert not refused
    assert found["liver"].region.any()


def test_a_pair_is_cut_in_two_and_each_side_judged() -> None:
    grid = body_grid()
    pair = np.zeros(grid.shape, dtype=bool)
    pair[8:13, 14:18, 8:11] = pair[8:13, 14:18, 17:20] = True
    found, refused = admitted("kidneys", pair, grid)
    assert set(found) == {"kidney_right", "kidney_left"}
    assert not refused
    _, refused = admitted("kidney_right", pair & (np.arange(28) > 14), grid)
    told = refusal_sentences(refused)[0]
    assert told.startswith("A given mask of kidney right was refused, and the program's own means were used. file: it")


def test_one_flipped_organ_takes_the_others_of_its_file_with_it() -> None:
    grid = body_grid()
    liver = GivenOrgan(Mask(np.flip(liver_on(grid), axis=2), grid), "liver", file="a.nii.gz")
    middle = np.zeros(grid.shape, dtype=bool)
    middle[9:12, 10:13, 12:16] = True
    same = GivenOrgan(Mask(middle, grid), "stomach", file="a.nii.gz")
    other = GivenOrgan(Mask(middle, grid), "duodenum", file="b.nii.gz")
    found, refused = admit({"liver": liver, "stomach": same, "duodenum": other}, grid, body_on(grid))
    assert set(found) == {"duodenum"}
    assert refused["stomach"] == "stomach: another organ of its file lies on the wrong side"
