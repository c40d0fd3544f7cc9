"""Growth between time points, and change on PET."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.model import State
from tests.assessment.cases import assessed, case, lesion, not_seen, seen
from tests.assessment.surgical_cases import NET, structures, vessels
from tests.assessment.test_recist import LATER, NO_TREATMENT, PRRT, course, followed, read_later
from tests.assessment.test_vessels import conclusion

TWO_YEARS = {"later": {"ct": "2028-03-02"}}


@pytest.mark.parametrize(
    ("now", "change", "value"),
    [(22.0, "within_noise", "within_noise"), (22.1, "likely_real", "growing"), (17.9, "likely_real", "shrinking")],
)
def test_growth_of_a_lesion_against_measurement_error(now: float, change: str, value: str) -> None:
    given = followed(course("P1", 20.0, now, region="tail"))
    assert conclusion(given, "repeatability", "P1 diameter").value == change
    assert conclusion(given, "doubling_time", "P1").value == value


def test_growth_per_year_uses_the_days_between_the_ct_exams() -> None:
    given = case(course("P1", 16.0, 19.0, region="body"), followed_by=TWO_YEARS, clinical=NO_TREATMENT)
    found = conclusion(given, "doubling_time", "P1")
    assert found.parts["growth_mm_per_year"] == "1.5"
    assert "Compared with baseline" in found.evidence[0].text


@pytest.mark.parametrize(("now", "expected"), [(19.0, "surveillance"), (20.1, "surgery_recommended")])
def test_slow_growth_does_not_end_surveillance(now: float, expected: str) -> None:
    given = case(
        course("P1", 16.0, now, region="body"),
        exams={"ct": "2026-03-02"},
        followed_by=TWO_YEARS,
        clinical=NET,
        vessels=vessels(),
        structures=structures(),
    )
    second = given.time_points[1].model_copy(
        update={
            "vessels": [one.model_copy(update={"exam_key": "later-ct"}) for one in vessels()],
            "structures": [one.model_copy(update={"exam_key": "later-ct"}) for one in structures()],
        }
    )
    given = given.model_copy(update={"time_points": [given.time_points[0], second]})
    assert conclusion(given, "surveillance").value == expected


def test_the_sum_leaves_nodes_out_and_names_its_setting() -> None:
    node = lesion(
        "N1", seen("ct", long_axis=25.0, short_axis=18.0), seen("ct", at="later", long_axis=40.0, short_axis=30.0)
    )
    found = conclusion(followed(course("L1", 30.0, 33.0), node), "growth_rate")
    assert found.value in ("high", "low")
    assert "first sum of diameters" in [one.text for one in found.evidence]
    assert [one.value for one in found.evidence if one.text == "first sum of diameters"] == [30.0]
    assert conclusion(followed(course("L1", 30.0, 33.0), clinical=PRRT), "growth_rate").value == "rate"


def test_a_first_time_point_has_no_growth() -> None:
    found = assessed(followed(course("L1", 30.0, 33.0)), "baseline")
    assert {one.name for one in found.conclusions}.isdisjoint(
        {"growth_rate", "doubling_time", "repeatability", "recist"}
    )


def pet(kind: str, *suv: float | None, name: str = "L1", **more: float) -> Any:
    points = ("baseline", "later")
    made = [
        not_seen(kind, at=at) if value is None else seen(kind, at=at, suv_max=value, **more)
        for at, value in zip(points, suv, strict=True)
    ]
    return lesion(name, *made, region="6")


def test_uptake_is_compared_on_the_same_tracer_only() -> None:
    given = followed(pet("sstr_pet", 40.0, 20.0))
    found = conclusion(given, "repeatability", "L1 sstr_pet suv_max")
    assert found.value == "likely_real"
    assert "PROVISIONAL_LIMIT" in found.flag_codes()


def test_volumes_on_sstr_want_scans_that_are_alike() -> None:
    given = followed(pet("sstr_pet", 40.0, 20.0, volume=10.0), clinical=PRRT)
    found = conclusion(given, "sstr_change")
    assert found.state is State.MISSING
    assert found.missing == ["whether the reconstruction is the same", "whether the uptake time is the same"]


def test_fdg_response_names_what_the_scans_lack() -> None:
    exams = {"fdg_pet": "2026-03-12", "ct": "2026-03-02"}
    given = case(
        pet("fdg_pet", 12.0, 5.0),
        exams=exams,
        followed_by={"later": {**LATER, "fdg_pet": "2026-10-02"}},
        clinical=PRRT,
    )
    percist = conclusion(read_later(given), "percist")
    assert percist.state is State.MISSING
    assert "SUL peak at baseline" in percist.missing
    new = case(
        pet("fdg_pet", 12.0, 5.0),
        pet("fdg_pet", None, 8.0, name="L2"),
        exams=exams,
        followed_by={"later": {**LATER, "fdg_pet": "2026-10-02"}},
    )
    assert conclusion(new, "percist").value == "PMD"
    assert conclusion(new, "eortc").value == "PMD"


def test_a_resolved_scan_is_complete_metabolic_response() -> None:
    given = case(
        pet("fdg_pet", 12.0, None),
        exams={"fdg_pet": "2026-03-12"},
        followed_by={"later": {"fdg_pet": "2026-10-02"}},
    )
    assert conclusion(given, "eortc").value == "CMR"
