"""The biopsy target agrees with the criterion and says why; changes, growth and flips of single lesions."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.assessment import assess, assess_lesions
from isletscope.lesions import Findings, SamplePlace, TracerClasses, changes_at, labels_at, propose_biopsy, sample_place
from isletscope.model import BiopsyTarget, Case, TracerMap, VolumeInterval
from isletscope.spatial import Geometry
from tests.assessment.cases import case, lesion, not_seen, seen

CLINICAL = {"histology": {"sample": "biopsy of the primary", "ki67_percent": 8, "differentiation": "well"}}
GRID = Geometry((6, 6, 6), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))


def both(sstr: float, fdg: float, at: str = "baseline", size: float = 25.0) -> tuple:
    """A lesion on CT and on both PET; 0: not seen there."""
    pets = {"sstr_pet": sstr, "fdg_pet": fdg}
    return (
        seen("ct", at, long_axis=size),
        *(
            seen(k, at, suv_max=v, suv_peak=0.9 * v, uptake_visible="yes") if v else not_seen(k, at)
            for k, v in pets.items()
        ),
    )


def mixed(*lesions: object, **more: object) -> Case:
    return case(*lesions, clinical=CLINICAL, **more)  # type: ignore[arg-type]


def proposed(
    given: Case, maps: dict[str, TracerMap] | None = None, places: dict[str, SamplePlace] | None = None
) -> BiopsyTarget:
    found = assess_lesions(given)
    at = len(found) - 1
    return propose_biopsy(Findings(found[at], maps or {}, places or {}, changes_at(found, at)))


def alone(name: str, volume_ml: float, low_ml: float, high_ml: float) -> TracerMap:
    classes = {part: VolumeInterval(volume_ml=3, low_ml=2, high_ml=4) for part in ("receptor_only", "both", "neither")}
    classes["fdg_only"] = VolumeInterval(volume_ml=volume_ml, low_ml=low_ml, high_ml=high_ml)
    return TracerMap(lesion=name, sstr_series_key="pet-1", fdg_series_key="pet-2", classes=classes)


P1, L1 = lesion("P1", *both(30, 0)), lesion("L1", *both(40, 0))
L2, L3 = lesion("L2", *both(0, 12)), lesion("L3", *both(30, 16))


def test_a_discordant_lesion_goes_before_a_hotter_one_with_receptors() -> None:
    found = proposed(mixed(P1, L1, L2, L3))
    assert (found.lesion, found.step) == ("L2", "mismatch")
    assert "Chan2022" in found.citations
    assert any(one.value == 12.0 for one in found.reasons)
    assert any("board" in remark for remark in found.remarks)


def test_the_proposal_names_the_lesion_that_items_and_criterion_name() -> None:
    given = mixed(P1, L1, L2, L3)
    found = assess(given).assessments[-1]
    conclusion = next(one for one in found.conclusions if one.name == "phenotype_histology")
    assert conclusion.parts["most informative site if sampling is discussed"].startswith(proposed(given).lesion + ",")


def test_a_sampled_lesion_is_not_proposed_again() -> None:
    clinical = {"histology": {"sample": "core biopsy of the liver", "ki67_percent": 8, "differentiation": "well"}}
    only = case(P1, L2, clinical=clinical)
    assert proposed(only).lesion != "L2"


@pytest.mark.parametrize(("kind", "word"), [("fdg_pet", "no FDG PET"), ("sstr_pet", "no SSTR PET")])
def test_one_pet_alone_leads_to_no_target(kind: str, word: str) -> None:
    exams = {name: "2026-03-02" for name in ("ct", "sstr_pet", "fdg_pet") if name != kind}
    found = proposed(mixed(lesion("P1", seen("ct", long_axis=20.0)), exams=exams))
    assert found.lesion == ""
    assert word in found.because


def test_no_discordance_leads_to_no_target_and_an_unknown_lesion_is_named() -> None:
    assert "no lesion is FDG-positive without receptors" in proposed(mixed(P1, L1)).because
    unknown = lesion("L4", seen("ct", long_axis=20.0))
    found = proposed(mixed(P1, L1, unknown))
    assert found.because.endswith("not known on both tracers: L4")
    assert any("L4" in text for text in found.would_change)


def test_lesions_alike_within_measurement_error_are_said_to_be_alike() -> None:
    near, far = lesion("L4", *both(0, 11)), lesion("L4", *both(0, 6))
    assert "alike" in proposed(mixed(P1, L2, near)).would_change[0]
    assert "comes next" in proposed(mixed(P1, L2, far)).would_change[0]


@pytest.mark.parametrize(("low_ml", "lesion_id"), [(0.9, ""), (1.0, "L1")])
def test_a_part_with_fdg_alone_counts_when_it_stays_under_every_shift(low_ml: float, lesion_id: str) -> None:
    weak = lesion("L1", *both(40, 5))
    found = proposed(mixed(P1, weak), {"L1": alone("L1", 2.0, low_ml, 3.0)})
    assert found.lesion == lesion_id
    if lesion_id:
        assert found.step == "part"


def test_the_point_lies_in_the_part_with_fdg_alone() -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[1:5, 1:5, 3:5], labels[1:5, 1:5, 1:3] = 3, 1
    uptake = np.where(labels == 3, 9.0, 2.0).astype(np.float32)
    place = sample_place(TracerClasses("", GRID, (0, 0, 0), labels, uptake, uptake))
    assert place is not None
    found = proposed(mixed(P1, L2), {"L2": alone("L2", 4.0, 3.0, 5.0)}, {"L2": place})
    assert found.series_key == "pet-1"
    assert found.point_lps_mm is not None
    assert found.point_lps_mm[0] in (15.0, 20.0)
    assert found.part == "middle of the part with FDG alone"


def test_a_sampled_lesion_with_a_part_of_fdg_alone_is_remarked() -> None:
    found = proposed(mixed(P1, L2), {"P1": alone("P1", 18.3, 14.9, 23.1)})
    assert any("P1 was sampled before" in remark and "18.3 mL" in remark for remark in found.remarks)


def two_points(now: tuple, then: tuple, size: float = 30.0) -> Case:
    """Lesion L1 at two time points with (SSTR, FDG) SUVmax, 25 mm and then ``size`` mm."""
    later = {"later": {"ct": "2026-09-02", "sstr_pet": "2026-09-09", "fdg_pet": "2026-09-12"}}
    return mixed(lesion("L1", *both(*now), *both(*then, at="later", size=size)), followed_by=later)


def test_a_flip_of_concordance_is_a_change() -> None:
    found = changes_at(assess_lesions(two_points((30, 0), (0, 12))), 1)
    flip = next(one for one in found if one.quantity == "label")
    assert (flip.before_label, flip.after_label) == ("receptor-only", "discordant (mismatch)")
    assert flip.since == "baseline"
    assert all(one.quantity != "label" for one in changes_at(assess_lesions(two_points((30, 0), (35, 0))), 1))


def test_the_first_time_point_has_no_changes() -> None:
    assert changes_at(assess_lesions(two_points((30, 0), (0, 12))), 0) == []


def test_growth_is_that_of_the_volume_by_the_criterion() -> None:
    found = changes_at(assess_lesions(two_points((30, 0), (30, 0), size=31.5)), 1)
    size = next(one for one in found if one.quantity == "ct_size")
    months = 184 / 30.4375
    assert size.growth_percent_per_month == pytest.approx(100 * ((31.5 / 25) ** (3 / months) - 1), abs=0.01)
    assert size.change_percent == pytest.approx(26.0)


def test_labels_are_those_of_the_criterion() -> None:
    found = labels_at(assess_lesions(mixed(P1, L2))[0])
    assert {name: one.value for name, one in found.items()} == {"P1": "receptor-only", "L2": "discordant (mismatch)"}
