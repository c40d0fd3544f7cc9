"""Pattern and burden of liver metastases, expected volume, and what debulking lacks before there is a plan."""

from __future__ import annotations

import random

import pytest

from isletscope.model import ExamKind, Lesion, OrganFinding, ReadingOfImages, State, Verdict
from tests.assessment.cases import assessed, case, lesion, liver, seen
from tests.assessment.test_vessels import conclusion


def metastasis(name: str, segment: str, ml: float, kind: str = "ct") -> Lesion:
    mm = round(20 * (ml / 4.19) ** (1 / 3), 1)
    return lesion(name, seen(kind, long_axis=mm, volume=ml), seen("sstr_pet", suv_max=30), region=segment)


@pytest.mark.parametrize(
    ("volumes", "pattern"),
    [
        ({"6": 10.0}, "I"),
        ({"6": 10.0, "7": 3.0}, "I-unilobar"),
        ({"6": 10.0, "1": 3.0}, "I-unilobar"),
        ({"6": 10.0, "3": 2.0}, "II"),
        ({"5": 25.0, "6": 25.0, "7": 24.9, "3": 25.1}, "III"),
        ({"5": 25.0, "6": 25.0, "7": 25.0, "3": 25.0}, "II"),
    ],
)
def test_pattern_by_segments_and_volumes(volumes: dict[str, float], pattern: str) -> None:
    lesions = [metastasis(f"L{number}", segment, ml) for number, (segment, ml) in enumerate(volumes.items(), start=1)]
    whole = liver({}, whole_volume=1500.0, tumour_volume=sum(volumes.values()), right_tumour_share=5.0)
    assert conclusion(case(*lesions, liver=[whole]), "liver_pattern").value == pattern
    random.Random(3).shuffle(lesions)
    assert conclusion(case(*lesions, liver=[whole]), "liver_pattern").value == pattern


def test_no_metastasis_needs_an_exam_that_shows_the_liver() -> None:
    primary = lesion("P1", seen("ct", long_axis=20), region="tail")
    shown, hidden = case(primary), case(primary, regions=["pancreas"])
    assert conclusion(shown, "liver_pattern").value == "none"
    assert conclusion(shown, "liver_burden").value == "0"
    assert conclusion(hidden, "liver_pattern").missing == ["an exam that shows the liver"]
    assert conclusion(hidden, "liver_burden").state is State.MISSING


def test_a_lesion_without_segment_leaves_the_pattern_open() -> None:
    given = case(metastasis("L1", "6", 10.0), metastasis("L2", "", 2.0))
    found = conclusion(given, "liver_pattern")
    assert found.state is State.MISSING
    assert "side of L2" in found.missing


def test_clusters_that_were_not_looked_for_are_said() -> None:
    lesions = [metastasis(f"L{number}", segment, 10.0) for number, segment in enumerate("2357", start=1)]
    assert "CLUSTERS_NOT_NAMED" in conclusion(case(*lesions), "liver_pattern").flag_codes()


@pytest.mark.parametrize(("tumour", "band"), [(150.0, ">0-10"), (150.2, ">10-25")])
def test_burden_is_tumour_over_the_whole_liver(tumour: float, band: str) -> None:
    given = case(metastasis("L1", "6", tumour), liver=[liver({}, whole_volume=1500.0, tumour_volume=tumour)])
    assert conclusion(given, "liver_burden").value == band


def test_burden_waits_for_the_verdict_on_lesions_of_the_liver_that_are_unsure() -> None:
    """Without them it would be a lower bound that reads like the burden."""
    unsure = metastasis("L2", "3", 300.0).model_copy(update={"verdict": Verdict.UNSURE})
    whole = [liver({}, whole_volume=1500.0, tumour_volume=10.0)]
    found = conclusion(case(metastasis("L1", "6", 10.0), unsure, liver=whole), "liver_burden")
    assert found.state is State.MISSING
    assert found.missing == ["whether the lesions left unsure are tumour"]


def test_burden_from_single_outlines_needs_all_of_them() -> None:
    whole = [liver({}, whole_volume=1500.0)]
    both = case(metastasis("L1", "6", 100.0), metastasis("L2", "3", 60.0), liver=whole)
    assert conclusion(both, "liver_burden").parts["percent"] == "10.67"
    one = lesion("L2", seen("sstr_pet", suv_max=20), region="3")
    assert conclusion(case(metastasis("L1", "6", 100.0), one, liver=whole), "liver_burden").state is State.MISSING


def test_shares_of_the_hemilivers_come_from_the_segments() -> None:
    segments = {**dict.fromkeys("234", (100.0, 150.0)), **dict.fromkeys("5678", (100.0, 150.0)), "1": (40.0, 0.0)}
    lesions = [metastasis("L1", "6", 600.0), metastasis("L2", "3", 450.0)]
    found = conclusion(case(*lesions, liver=[liver(segments, whole_volume=1790.0)]), "liver_pattern")
    assert found.value == "III"
    assert "liver/baseline-ct/segment/6/tumour" in found.rests_on


def test_expected_volume_wants_weight_and_height() -> None:
    person = {"patient": {"weight_kg": 70, "height_cm": 170, "sex": "F"}}
    given = case(metastasis("L1", "6", 10.0), clinical=person)
    assert conclusion(given, "liver_volume").value == "1499.0"
    assert conclusion(case(metastasis("L1", "6", 10.0)), "liver_volume").missing == ["weight", "height"]
    primary = case(lesion("P1", seen("ct", long_axis=20), region="tail"))
    assert assessed(primary).conclusion("liver_volume") is None


def test_debulking_makes_up_no_plan() -> None:
    given = case(metastasis("L1", "6", 10.0), metastasis("L2", "3", 2.0))
    assert conclusion(given, "cytoreduction").missing == ["a plan: which lesions are resected, ablated or left"]
    assert conclusion(given, "remnant").state is State.MISSING
    assert "reachable share of the tumour volume" in conclusion(given, "cytoreduction_fit").missing
    assert assessed(case(lesion("P1", seen("ct", long_axis=20)))).conclusion("cytoreduction") is None


def test_priorities_follow_the_tracers() -> None:
    hot = lesion(
        "L1",
        seen("ct", long_axis=25, volume=8.0),
        seen("sstr_pet", suv_max=30),
        seen("fdg_pet", suv_max=2.0),
        region="6",
    )
    cold = lesion(
        "L2", seen("ct", long_axis=25, volume=8.0), seen("sstr_pet", uptake_visible="no"), seen("fdg_pet", suv_max=9.0)
    )
    found = conclusion(case(hot, cold), "debulking_priority")
    assert found.parts["L2"] == "A"
    assert found.parts["L1"] in ("B", "C")
    assert assessed(case(hot, exams={"ct": "2026-03-02"})).conclusion("debulking_priority") is None


def test_ablation_is_asked_of_lesions_with_known_surroundings() -> None:
    near = lesion("L1", seen("ct", long_axis=20, bile_duct_distance=4.0), region="4")
    found = assessed(case(near, metastasis("L2", "6", 5.0)))
    gate = found.conclusion("ablation", "L1")
    assert gate is not None
    assert gate.value == "no"
    assert found.conclusion("ablation", "L2") is None


def test_foci_that_nobody_matched_are_not_counted_as_two() -> None:
    hot = lesion("L1", seen("sstr_pet", suv_max=20), region="6")
    other = lesion("L2", seen("fdg_pet", suv_max=8), region="6")
    given = case(hot, other, exams={"sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"})
    found = conclusion(given, "liver_pattern")
    assert found.missing == ["which foci on different exams are one and the same lesion"]
    assert "tumour_burden_score" not in conclusion(given, "liver_burden").parts


def test_no_liver_volume_is_expected_of_a_limb() -> None:
    person = {"patient": {"weight_kg": 80, "height_cm": 180, "sex": "F"}}
    body = case(exams={"ct": "2026-03-01"}, clinical=person)
    assert "liver_volume" in {one.name for one in assessed(body).conclusions}
    missing = OrganFinding(name="liver", state=State.MISSING, missing_because="no trunk")
    reading = ReadingOfImages(
        exam_key="baseline-ct", kind=ExamKind.CT, series_key="baseline-ct-series", organs=[missing]
    )
    limb = body.model_copy(update={"image_readings": [reading]})
    assert "liver_volume" not in {one.name for one in assessed(limb).conclusions}
