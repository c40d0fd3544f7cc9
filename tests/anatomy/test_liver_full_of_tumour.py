"""A liver that metastases fill: outlined by the CT, its level from what is left, its reference where there is place."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.anatomy import Organs, find_organs, find_references, least_affected
from isletscope.anatomy.organs import LABELS
from isletscope.model import OrganFinding, State, TracerClass
from isletscope.spatial import Volume
from tests.anatomy.torso import Torso, make_torso

NORMAL, TUMOUR = 6.0, 35.0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.75])
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_the_level_is_that_of_the_liver_whatever_share_is_tumour(share: float, noise: float) -> None:
    random = np.random.default_rng(4)
    values = np.where(random.random(20_000) < share, TUMOUR, NORMAL) * random.normal(1.0, noise, 20_000)
    assert np.median(least_affected(values)) == pytest.approx(NORMAL, rel=0.05)


@pytest.fixture(scope="module")
def torso() -> Torso:
    return make_torso()


def diseased(torso: Torso, *, right_alone: bool) -> tuple[Volume, np.ndarray]:
    """The PET with tumour in every second block of 20 mm of the liver, or in all of its right half; and that tumour."""
    liver = torso.truth["liver"]
    k, j, i = np.indices(liver.shape) // 5
    x = torso.pet.geometry.to_lps(np.argwhere(liver))[:, 0]
    everywhere = torso.pet.geometry.to_lps(np.moveaxis(np.indices(liver.shape), 0, -1))[..., 0]
    tumour = liver & (everywhere < np.percentile(x, 65) if right_alone else (k + j + i) % 2 == 0)
    return torso.pet.with_array(np.where(tumour, TUMOUR, torso.pet.array).astype(np.float32)), tumour


def organs_of_ct(torso: Torso) -> Organs:
    """What a CT would show: the true organs."""
    labels = np.zeros(torso.pet.geometry.shape, dtype=np.uint8)
    names = {name: LABELS[name] for name in ("liver", "spleen", "kidney_right", "kidney_left")}
    for name, label in names.items():
        labels[torso.truth[name]] = label
    findings = [OrganFinding(name=name, state=State.DERIVED, label=label) for name, label in names.items()]
    return Organs(labels, torso.pet.geometry, names, findings)


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return 2 * float((found & true).sum()) / float(found.sum() + true.sum())


def test_a_liver_that_uptake_does_not_show_is_the_one_of_the_ct(torso: Torso) -> None:
    pet, _ = diseased(torso, right_alone=False)
    assert overlap(find_organs(pet, torso.ct, TracerClass.SSTR).mask("liver").array, torso.truth["liver"]) < 0.8
    found = find_organs(pet, torso.ct, TracerClass.SSTR, None, lambda: organs_of_ct(torso))
    for name in ("liver", "spleen", "kidney_right", "kidney_left"):
        assert overlap(found.mask(name).array, torso.truth[name]) > 0.75, name
    assert "atlases on the CT" in found.finding("liver").source


def test_a_kidney_that_is_elsewhere_on_the_ct_is_the_one_of_the_ct(torso: Torso) -> None:
    elsewhere = organs_of_ct(torso)
    label = elsewhere.names["kidney_left"]
    there = np.roll(elsewhere.labels == label, 14, axis=0) & (elsewhere.labels == 0)
    elsewhere.labels[elsewhere.labels == label] = 0
    elsewhere.labels[there] = label
    pet, _ = diseased(torso, right_alone=False)
    finding = find_organs(pet, torso.ct, TracerClass.SSTR, None, lambda: elsewhere).finding("kidney_left")
    assert "atlases on the CT; not by uptake" in finding.source


def test_the_ct_is_not_asked_where_uptake_tells_the_liver(torso: Torso) -> None:
    def not_asked() -> Organs:
        raise AssertionError

    found = find_organs(torso.pet, torso.ct, TracerClass.SSTR, None, not_asked)
    assert "even uptake" in found.finding("liver").source


def test_with_tumour_in_the_right_part_the_reference_lies_elsewhere_and_says_so(torso: Torso) -> None:
    pet, tumour = diseased(torso, right_alone=True)
    organs = find_organs(pet, torso.ct, TracerClass.SSTR, None, lambda: organs_of_ct(torso))
    for avoid in (None, tumour):
        liver = next(one for one in find_references(pet, organs, TracerClass.SSTR, avoid) if one.name == "liver")
        assert liver.mean == pytest.approx(NORMAL, rel=0.06)
        assert any("elsewhere" in check or "smaller" in check for check in liver.checks)
        assert liver.confidence == "low"
