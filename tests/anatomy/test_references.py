"""Reference regions: place, statistics, quality checks, and missing with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.anatomy import Organs, find_organs, find_references
from isletscope.model import ReferenceRegion, State, TracerClass
from isletscope.spatial import Volume
from tests.anatomy.torso import Torso, make_torso


@pytest.fixture(scope="module")
def torso() -> Torso:
    return make_torso()


@pytest.fixture(scope="module")
def organs(torso: Torso) -> Organs:
    return find_organs(torso.pet, torso.ct, TracerClass.SSTR)


def by_name(regions: list[ReferenceRegion]) -> dict[str, ReferenceRegion]:
    return {region.name: region for region in regions}


def test_means_are_those_of_the_organs(torso: Torso, organs: Organs) -> None:
    found = by_name(find_references(torso.pet, organs, TracerClass.SSTR))
    assert found["liver"].mean == pytest.approx(6.0, rel=0.04)
    assert found["spleen"].mean == pytest.approx(20.0, rel=0.04)
    assert found["blood_pool"].mean == pytest.approx(1.4, rel=0.12)
    assert found["liver"].geometry == "sphere of 30 mm"
    assert found["blood_pool"].geometry == "cylinder of 10 mm by 20 mm"
    assert found["liver"].volume_ml == pytest.approx(14.1, rel=0.12)
    assert not found["liver"].checks


def test_the_liver_sphere_lies_right_and_inside(torso: Torso, organs: Organs) -> None:
    liver = by_name(find_references(torso.pet, organs, TracerClass.SSTR))["liver"]
    assert liver.centre_lps_mm is not None
    assert liver.centre_lps_mm[0] < 0
    k, j, i = np.rint(torso.pet.geometry.to_index(liver.centre_lps_mm)).astype(int)
    assert torso.truth["liver"][k - 3 : k + 4, j - 3 : j + 4, i - 3 : i + 4].all()


def test_regions_keep_away_from_lesions(torso: Torso, organs: Organs) -> None:
    first = by_name(find_references(torso.pet, organs, TracerClass.SSTR))["liver"]
    avoid = np.zeros(torso.pet.geometry.shape, dtype=bool)
    k, j, i = np.rint(torso.pet.geometry.to_index(first.centre_lps_mm)).astype(int)
    avoid[k - 2 : k + 3, j - 2 : j + 3, i - 2 : i + 3] = True
    again = by_name(find_references(torso.pet, organs, TracerClass.SSTR, avoid))["liver"]
    assert again.state is State.DERIVED
    assert np.linalg.norm(np.subtract(again.centre_lps_mm, first.centre_lps_mm)) > 15


def test_an_organ_full_of_lesions_has_no_region(torso: Torso, organs: Organs) -> None:
    found = by_name(find_references(torso.pet, organs, TracerClass.SSTR, torso.truth["spleen"]))["spleen"]
    assert found.state is State.MISSING
    assert found.missing_because is not None
    assert "free of lesions and edges" in found.missing_because


def test_uneven_uptake_is_said(torso: Torso, organs: Organs) -> None:
    grain = np.random.default_rng(1).normal(1.0, 0.35, torso.pet.array.shape).astype(np.float32)
    rough = torso.pet.with_array(torso.pet.array * np.abs(grain))
    liver = by_name(find_references(rough, organs, TracerClass.SSTR))["liver"]
    assert any("uneven" in check for check in liver.checks)
    assert any("peak" in check for check in liver.checks)
    assert liver.confidence == "low"


def test_a_missing_organ_is_named_in_the_reason(torso: Torso) -> None:
    organs = find_organs(torso.pet, None, TracerClass.SSTR)
    blood = by_name(find_references(torso.pet, organs, TracerClass.SSTR))["blood_pool"]
    assert blood.state is State.MISSING
    assert blood.missing_because is not None
    assert "no CT lies with this PET" in blood.missing_because


def test_nothing_is_measured_in_missing_slices(torso: Torso, organs: Organs) -> None:
    planes = tuple(range(torso.pet.geometry.shape[0]))
    gone = Volume(torso.pet.array, torso.pet.geometry, torso.pet.quantity, None, planes)
    for region in find_references(gone, organs, TracerClass.SSTR):
        assert region.state is State.MISSING
