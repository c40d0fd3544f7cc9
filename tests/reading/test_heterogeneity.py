"""Heterogeneity of a case from its PETs: map, share, values, target; and what is said where something lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from isletscope.model import Case, Heterogeneity, Verdict
from isletscope.reading import CARRIED, CaseFolder, measure_heterogeneity, write_label_map
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Transform
from tests.heterogeneity_cases import HALF_ML, mixed_case
from tests.report.cases import PET_GRID

ALIGNED = dict.fromkeys(("pet-1", "pet-2"), Transform.identity())


def measure(folder: Path, change: Any = None, transforms: dict[str, Transform] | None = None) -> Heterogeneity:
    """Heterogeneity of the mixed case after a change."""
    case, images = mixed_case()
    case = case.model_copy(deep=True)
    (folder / "masks").mkdir()
    for reading in case.readings:
        reading.foci_map = f"masks/{reading.series_key}_foci.nii.gz"
        write_label_map(folder / reading.foci_map, images.foci[reading.series_key], PET_GRID)
    if change is not None:
        change(case)
    source = cast("SeriesSource", images)
    return measure_heterogeneity(CaseFolder(folder), case, source, ALIGNED if transforms is None else transforms)[0]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Heterogeneity:
    return measure(tmp_path_factory.mktemp("case"))


def test_the_halves_of_the_primary_are_found_with_their_volumes(found: Heterogeneity) -> None:
    classes = {one.lesion: one.classes for one in found.maps}["P1"]
    assert classes["receptor_only"].volume_ml == pytest.approx(HALF_ML, rel=0.15)
    assert classes["fdg_only"].volume_ml == pytest.approx(HALF_ML, rel=0.15)
    assert classes["both"].volume_ml < 0.1 * HALF_ML


def test_lesions_of_one_tracer_are_of_one_class(found: Heterogeneity) -> None:
    maps = {one.lesion: one.classes for one in found.maps}
    assert maps["L1"]["fdg_only"].volume_ml == 0
    assert maps["L3"]["receptor_only"].volume_ml == 0
    assert maps["L3"]["fdg_only"].volume_ml > 5


def test_the_share_of_fdg_alone_adds_the_lesions_up(found: Heterogeneity) -> None:
    alone = sum(one.classes["fdg_only"].volume_ml for one in found.maps)
    share = found.between["mismatch_share"].value
    assert found.between["fdg_only_volume"].value == pytest.approx(alone)
    assert share is not None
    assert found.between["mismatch_share_low"].value <= share <= found.between["mismatch_share_high"].value  # type: ignore[operator]


def test_a_lesion_without_a_focus_takes_the_mean_in_the_other_outline(found: Heterogeneity) -> None:
    profile = next(one for one in found.profiles if one.lesion == "L1")
    assert profile.values["fdg_suv_max"].method == CARRIED
    assert profile.values["fdg_suv_max"].value == pytest.approx(2.1, abs=0.3)


def test_the_target_lies_in_the_half_without_receptors_or_in_the_discordant_lesion(found: Heterogeneity) -> None:
    assert found.biopsy is not None
    assert found.biopsy.lesion == "L3"
    assert found.biopsy.point_lps_mm == pytest.approx((-20.0, -30.0, 100.0), abs=8.0)


def test_four_lesions_make_no_groups_and_say_so(found: Heterogeneity) -> None:
    assert found.clusters is not None
    assert found.clusters.because == "4 lesions are fewer than 5"


def test_without_an_alignment_there_is_no_map_but_everything_else(tmp_path: Path) -> None:
    found = measure(tmp_path, transforms={})
    assert all("not aligned" in one.because for one in found.maps)
    assert found.between["mismatch_share"].missing_because == "no lesion has a map of both tracers"
    assert any(one.measurements for one in found.within)
    assert found.biopsy is not None
    assert found.biopsy.lesion == "L3"
    assert found.biopsy.series_key == "pet-2"
    assert found.limits


def test_an_uncertainty_that_is_not_known_makes_no_map(tmp_path: Path) -> None:
    def forget(case: Case) -> None:
        case.alignments[1].uncertainty_mm = None

    assert all(not one.classes for one in measure(tmp_path, forget).maps)


def test_without_a_liver_region_outlines_stand_in(tmp_path: Path) -> None:
    def without(case: Case) -> None:
        case.readings[0].references = [one for one in case.readings[0].references if one.name != "liver"]

    shown = next(one for one in measure(tmp_path, without).maps if one.lesion == "P1")
    assert shown.classes == shown.by_contours
    assert "outlines alone" in shown.limits[0]


def test_one_pet_alone_gives_no_map_and_no_target(tmp_path: Path) -> None:
    def single(case: Case) -> None:
        case.readings = case.readings[:1]
        case.exams[1].series = case.exams[1].series[:1]

    found = measure(tmp_path, single)
    assert {one.because for one in found.maps} == {"no FDG PET was read at this time point"}
    assert found.biopsy is not None
    assert found.biopsy.because.startswith("no FDG PET")


def test_an_fdg_focus_of_no_lesion_is_named_and_not_counted(tmp_path: Path) -> None:
    """The primary's FDG focus is held to be physiologic, and its SSTR outline reaches into that half."""

    def widen(case: Case) -> None:
        case.lesions[0].focus_ids = ["pet-1/1"]
        case.readings[1].foci[0].verdict = Verdict.PHYSIOLOGIC
        case.readings[0].foci_map = "masks/wide.nii.gz"
        foci = mixed_case()[1].foci
        labels = foci["pet-1"].copy()
        labels[foci["pet-2"] == 1] = 1
        write_label_map(tmp_path / "masks" / "wide.nii.gz", labels, PET_GRID)

    shown = next(one for one in measure(tmp_path, widen).maps if one.lesion == "P1")
    assert "pet-2/1" in shown.doubt
    assert "a reader's verdict decides" in shown.doubt


def test_a_focus_that_belongs_to_a_lesion_raises_no_doubt(found: Heterogeneity) -> None:
    assert all(one.doubt == "" for one in found.maps)
