"""Organs on CT by atlases and grey values: right organs on the right side, however stored; refusals."""

from __future__ import annotations

from functools import cache
from itertools import permutations, product

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.anatomy import GivenOrgan, Organs
from isletscope.anatomy.images import IMAGE_LABELS, find_image_organs, grid_role
from isletscope.anatomy.images.atlas import CODES, PLAN, load_atlases
from isletscope.anatomy.images.frame import working_frame
from isletscope.errors import InputError
from isletscope.model import ExamKind, Role, State
from isletscope.spatial import ARBITRARY, HOUNSFIELD, Geometry, Mask, Volume, resample_labels
from tests.anatomy.images.bodies import STEP_MM, mirrored, trunk_ct
from tests.anatomy.torso import turned

# Dice on this body is 0.02 to 0.1 above each.
LEAST_DICE = {"liver": 0.9, "spleen": 0.75, "kidney_right": 0.75, "kidney_left": 0.75, "aorta": 0.6}


def dice(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    return 2.0 * np.count_nonzero(one & other) / max(np.count_nonzero(one) + np.count_nonzero(other), 1)


@cache
def both_phases() -> Organs:
    phases = trunk_ct().phases
    series = {Role.CT_UNENHANCED: phases["unenhanced"], Role.CT_PORTAL_VENOUS: phases["portal_venous"]}
    return find_image_organs(series, ExamKind.CT)


def test_organs_of_a_ct_with_two_phases_overlap_the_truth() -> None:
    organs = both_phases()
    found = {name: dice(organs.mask(name).array, trunk_ct().truth[name]) for name in LEAST_DICE}
    assert all(found[name] >= least for name, least in LEAST_DICE.items()), found


def test_pancreas_lies_in_its_region_or_in_no_other_organ_than_its_neighbours() -> None:
    organs, pancreas = both_phases(), trunk_ct().truth["pancreas"]
    region = organs.mask("pancreas_region").array
    assert np.count_nonzero(region & pancreas) >= 0.85 * np.count_nonzero(pancreas)


def test_every_organ_is_found_or_says_why_not() -> None:
    organs = both_phases()
    assert [finding.name for finding in organs.findings] == list(IMAGE_LABELS)
    for finding in organs.findings:
        if finding.state is State.MISSING:
            assert finding.missing_because
        else:
            assert finding.source
            assert finding.confidence in ("low", "moderate", "high")
            assert finding.volume_ml is not None


@pytest.mark.parametrize(
    ("permutation", "flips"), list(product(permutations(range(3)), product((False, True), repeat=3)))
)
def test_working_frame_is_the_same_for_every_order_of_the_array_axes(
    permutation: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    volume = trunk_ct().phases["unenhanced"]
    plain = working_frame({Role.CT_UNENHANCED: volume}, Role.CT_UNENHANCED, STEP_MM)
    other = working_frame({Role.CT_UNENHANCED: turned(volume, permutation, flips)}, Role.CT_UNENHANCED, STEP_MM)
    assert plain.geometry.same_grid(other.geometry)
    np.testing.assert_allclose(plain.image, other.image, atol=0.05)


def test_sides_hold_when_the_array_is_stored_turned_and_flipped() -> None:
    truth = trunk_ct().truth
    volume = turned(trunk_ct().phases["unenhanced"], (2, 0, 1), (True, False, True))
    organs = find_image_organs({Role.CT_UNENHANCED: volume}, ExamKind.CT)
    back = resample_labels(organs.labels, organs.geometry, trunk_ct().phases["unenhanced"].geometry)
    for name in ("liver", "spleen", "kidney_right", "kidney_left"):
        assert dice(back == organs.names[name], truth[name]) > 0.7, name


def test_a_mirrored_body_is_refused_and_never_swapped() -> None:
    volume = mirrored(trunk_ct().phases["unenhanced"])
    organs = find_image_organs({Role.CT_UNENHANCED: volume}, ExamKind.CT)
    for name in ("liver", "spleen", "kidney_right", "kidney_left"):
        assert not organs.known(name), name
        assert "right and left" in (organs.finding(name).missing_because or "")
    assert organs.known("body")


def test_an_image_without_a_trunk_gives_no_organ() -> None:
    grid = Geometry((30, 40, 40), (5.0, 5.0, 5.0), (-100.0, -100.0, 0.0))
    empty = Volume(np.full(grid.shape, -1000.0, dtype=np.float32), grid, HOUNSFIELD)
    organs = find_image_organs({Role.CT_LOW_DOSE: empty}, ExamKind.CT)
    assert not organs.names
    assert all(finding.missing_because for finding in organs.findings)


def test_given_masks_outrank_what_is_found() -> None:
    grid = Geometry((30, 40, 40), (5.0, 5.0, 5.0), (-100.0, -100.0, 0.0))
    empty = Volume(np.full(grid.shape, -1000.0, dtype=np.float32), grid, HOUNSFIELD)
    kidneys = np.zeros(grid.shape, dtype=bool)
    kidneys[10:20, 20:25, 5:10] = True
    kidneys[10:20, 20:25, 30:34] = True
    own = np.zeros(grid.shape, dtype=bool)
    own[5:8, 5:8, 5:8] = True
    given = {"kidneys": GivenOrgan(Mask(kidneys, grid), "seg"), "stomach": GivenOrgan(Mask(own, grid), "seg")}
    organs = find_image_organs({Role.CT_LOW_DOSE: empty}, ExamKind.CT, given)
    assert organs.finding("kidney_right").state is State.ENTERED
    assert organs.mask("kidney_right").voxel_count == 10 * 5 * 5
    assert organs.mask("kidney_left").voxel_count == 10 * 5 * 4
    assert organs.mask("stomach").voxel_count == 27


def test_the_grid_is_the_portal_venous_phase_of_ct_and_the_hepatobiliary_phase_of_mr() -> None:
    grid = Geometry((2, 2, 2), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))
    one = Volume(np.zeros(grid.shape, dtype=np.float32), grid, ARBITRARY)
    assert grid_role({Role.CT_ARTERIAL: one, Role.CT_PORTAL_VENOUS: one}) is Role.CT_PORTAL_VENOUS
    assert grid_role({Role.MR_T2: one, Role.MR_HEPATOBILIARY: one}) is Role.MR_HEPATOBILIARY
    with pytest.raises(InputError, match="no series"):
        grid_role({Role.PET: one})


def test_atlases_ship_with_both_sexes_and_every_code() -> None:
    atlases = load_atlases()
    assert {atlas.body.sex for atlas in atlases} == {"F", "M"}
    assert len({body.seed for body in PLAN.bodies}) == len(atlases)
    assert all(body.seed <= 30 for body in PLAN.bodies)
    for atlas in atlases:
        assert set(CODES.values()) == {int(code) for code in np.unique(atlas.labels)}
