"""Organs by rule on a torso whose organs are known, in any orientation, whole or in part."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.anatomy import GivenOrgan, Organs, find_organs
from isletscope.model import State, TracerClass
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Mask, Volume
from tests.anatomy.torso import Torso, cropped_z, make_torso, turned

PAIRED = ("lung_right", "lung_left", "kidney_right", "kidney_left")
SINGLE = ("liver", "spleen", "bladder", "heart")


@pytest.fixture(scope="module")
def torso() -> Torso:
    return make_torso()


@pytest.fixture(scope="module")
def organs(torso: Torso) -> Organs:
    return find_organs(torso.pet, torso.ct, TracerClass.SSTR)


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return 2 * float((found & true).sum()) / float(found.sum() + true.sum())


@pytest.mark.parametrize("name", [*PAIRED, *SINGLE])
def test_organs_lie_where_they_are(torso: Torso, organs: Organs, name: str) -> None:
    assert overlap(organs.mask(name).array, torso.truth[name]) > 0.75


def test_the_aorta_lies_inside_the_true_aorta_where_it_is_used(torso: Torso, organs: Organs) -> None:
    found = organs.mask("aorta").array
    assert found.sum() * torso.pet.geometry.voxel_volume_ml > 8
    assert float((found & torso.truth["aorta"]).sum()) / found.sum() > 0.9


def test_every_finding_has_source_and_confidence_or_a_reason(organs: Organs) -> None:
    for finding in organs.findings:
        if finding.state is State.MISSING:
            assert finding.missing_because
        else:
            assert finding.source.startswith("built-in rule: ")
            assert finding.confidence in ("high", "moderate", "low")
            assert finding.volume_ml
    assert organs.finding("brain").state is State.MISSING


@pytest.mark.parametrize(
    ("permutation", "flips"),
    [((0, 1, 2), (True, True, True)), ((2, 0, 1), (False, True, True)), ((1, 2, 0), (True, False, False))],
)
def test_left_stays_left_however_the_image_is_stored(
    torso: Torso, organs: Organs, permutation: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    pet, ct = turned(torso.pet, permutation, flips), turned(torso.ct, permutation, flips)
    again = find_organs(pet, ct, TracerClass.SSTR)
    for name in (*PAIRED, *SINGLE):
        back = again.mask(name).array.transpose(np.argsort(permutation))
        back = back[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)]
        assert overlap(back, organs.mask(name).array) > 0.9, name


def test_without_ct_confidence_is_lower_and_lungs_are_missing(torso: Torso) -> None:
    found = find_organs(torso.pet, None, TracerClass.SSTR)
    assert found.finding("liver").confidence == "low"
    assert "CT" in (found.finding("lung_left").missing_because or "")
    assert overlap(found.mask("liver").array, torso.truth["liver"]) > 0.75


def test_fdg_without_contrast_to_the_spleen_still_finds_liver_and_kidneys() -> None:
    torso = make_torso(TracerClass.FDG)
    found = find_organs(torso.pet, torso.ct, TracerClass.FDG)
    for name in ("liver", "kidney_left", "kidney_right", "bladder"):
        assert overlap(found.mask(name).array, torso.truth[name]) > 0.7, name


def test_chest_alone_has_no_abdominal_organ() -> None:
    torso = make_torso()
    pet, ct = cropped_z(torso.pet, 165, 380), cropped_z(torso.ct, 165, 380)
    found = find_organs(pet, ct, TracerClass.SSTR)
    for name in ("liver", "spleen", "kidney_left", "kidney_right", "bladder", "brain"):
        assert found.finding(name).state is State.MISSING, name


def test_pelvis_alone_has_no_liver() -> None:
    torso = make_torso()
    pet, ct = cropped_z(torso.pet, -370, -120), cropped_z(torso.ct, -370, -120)
    found = find_organs(pet, ct, TracerClass.SSTR)
    assert found.finding("liver").state is State.MISSING
    assert found.finding("kidney_left").state is State.MISSING


def test_a_hot_mass_in_a_limb_is_no_bladder() -> None:
    geometry = Geometry((50, 40, 40), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))
    _, j, i = np.indices(geometry.shape)
    radius = np.hypot(j - 20, i - 20) * 5.0
    suv = np.where(radius < 80, 0.7, 0.0).astype(np.float32)
    hu = np.where(radius < 80, 40.0, -1000.0).astype(np.float32)
    hu[radius < 14] = 700.0
    suv[20:30, 10:18, 16:24] = 12.0
    pet = Volume(suv, geometry, SUV_BODY_WEIGHT)
    found = find_organs(pet, Volume(hu, geometry, pet.quantity), TracerClass.FDG)
    assert found.known("body")
    assert found.known("bone")
    missing = {finding.name for finding in found.findings if finding.state is State.MISSING}
    assert missing == {
        "lung_right",
        "lung_left",
        "heart",
        "aorta",
        "liver",
        "spleen",
        "kidney_right",
        "kidney_left",
        "bladder",
        "brain",
    }


def test_empty_field_says_so_for_every_organ() -> None:
    pet = Volume(
        np.zeros((20, 20, 20), np.float32), Geometry((20, 20, 20), (4.0, 4.0, 4.0), (0, 0, 0)), SUV_BODY_WEIGHT
    )
    found = find_organs(pet, None, TracerClass.FDG)
    assert all(finding.state is State.MISSING for finding in found.findings)
    assert "no body was found" in (found.finding("liver").missing_because or "")
    assert not found.mask("body").array.any()


def test_given_masks_outrank_the_rules(torso: Torso) -> None:
    moved = np.roll(torso.truth["liver"], 4, axis=0)
    both = torso.truth["kidney_left"] | torso.truth["kidney_right"]
    given = {
        "liver": GivenOrgan(Mask(moved, torso.pet.geometry), "liver.nii.gz"),
        "kidneys": GivenOrgan(Mask(both, torso.pet.geometry), "kidneys.nii.gz"),
        "pancreas": GivenOrgan(Mask(np.roll(torso.truth["bladder"], 30, axis=0), torso.pet.geometry), "p"),
    }
    found = find_organs(torso.pet, torso.ct, TracerClass.SSTR, given)
    assert found.finding("liver").state is State.ENTERED
    assert found.finding("liver").source == "given mask liver.nii.gz"
    assert (found.mask("pancreas").array == given["pancreas"].mask.array).all()
    assert overlap(found.mask("kidney_left").array, torso.truth["kidney_left"]) > 0.95
    liver = moved & ~both & ~given["pancreas"].mask.array
    assert overlap(found.mask("liver").array, liver) > 0.98
