"""Measured contact as findings, and the classes that follow from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isletscope.criteria import resectability_nccn, resectability_net
from isletscope.model import Conclusion, State, VesselFinding
from isletscope.surgery.calibre import Calibre
from isletscope.surgery.findings import teardrop, vessel_finding
from isletscope.surgery.vessel_contact import Apart, NotAssessable, VesselContact, vessel_contact
from tests.criteria.vessels import FREE, free
from tests.surgery.tubes import ball, rod, scene, tube

FINE = (0.8, 0.8, 0.8)


def finding(apart_mm: float) -> VesselFinding:
    found = vessel_contact(*scene(tube(4.0), rod(apart_mm), FINE, seed=2), name="superior_mesenteric_artery")
    return vessel_finding(found, lesion="P1", exam_key="exam-1")


def classes(artery: VesselFinding) -> tuple[Conclusion, Conclusion]:
    state: dict[str, Any] = {**FREE, "contact_deg": artery.contact_deg["1.0"].value}
    document = free(sma=state)
    return resectability_nccn.CRITERION.run_document(document), resectability_net.CRITERION.run_document(document)


@pytest.mark.parametrize(("apart", "nccn", "net"), [(30.0, "R", "P9"), (17.0, "BR", "P5"), (12.0, "LA", "P3")])
def test_the_classes_that_follow_from_measured_contact(apart: float, nccn: str, net: str) -> None:
    by_nccn, by_net = classes(finding(apart))
    assert by_nccn.value == nccn
    assert by_net.rule == f"resectability_net.{net}"


def test_a_finding_tells_angle_interval_lengths_and_distance() -> None:
    one = finding(15.0)
    assert set(one.contact_deg) == {"0.0", "0.5", "1.0", "1.5"}
    assert one.contact_deg["1.0"].value == pytest.approx(193.4, abs=10)
    assert "95 % interval" in (one.contact_deg["1.0"].limitation or "")
    assert "chance of" in (one.contact_deg["1.0"].limitation or "")
    assert one.number("contact_length") == pytest.approx(21.0, abs=2.0)
    assert one.number("distance") == 0.0
    assert one.number("radius") == pytest.approx(4.0, abs=0.2)
    assert one.features["occlusion"] == "no"


def test_apart_is_no_contact_and_not_assessable_is_no_zero() -> None:
    free_one = vessel_finding(Apart("portal_vein", 12.5, 60.0), lesion="P1", exam_key="exam-1")
    assert free_one.contact_deg["1.0"].value == 0.0
    assert free_one.number("distance") == 12.5
    unknown = vessel_finding(NotAssessable("portal_vein", "there is no mask of this vessel"), lesion="P1", exam_key="e")
    assert unknown.contact_deg["1.0"].state is State.MISSING
    assert unknown.contact_deg["1.0"].missing_because == "there is no mask of this vessel"
    assert unknown.number("contact_length") is None


def test_a_cusp_on_one_plane_is_no_teardrop() -> None:
    assert teardrop(Calibre(12.0, 11.0, 0, False, 1.35, 0.70, 9, 4.0))
    assert not teardrop(Calibre(12.0, 11.0, 0, False, 1.35, 0.70, 1, 0.0))


def test_a_round_vessel_beside_a_ball_has_no_teardrop() -> None:
    masks = scene(tube(4.0, 22.0), ball(16.0), FINE, seed=7, half_mm=26.0)
    found = vessel_contact(*masks, name="superior_mesenteric_vein")
    one = vessel_finding(found, lesion="P1", exam_key="exam-1")
    assert one.features["teardrop"] == "no"
    assert one.number("narrowing") == pytest.approx(0.0, abs=6.0)


def test_untouched_course_is_told_towards_either_end_of_the_body() -> None:
    at_the_middle = finding(15.0)
    below, touched, above = (
        at_the_middle.number(name) or 0 for name in ("clean_below", "contact_length", "clean_above")
    )
    assert below == pytest.approx(above, abs=2.0)
    assert below + touched + above == pytest.approx(32.0, abs=3.0)  # the whole tube


def test_a_thrombus_is_ruled_out_only_where_blood_was_followed_through_a_lumen_that_is_not_narrowed() -> None:
    masks = scene(tube(4.0, 22.0), ball(16.0), FINE, seed=7, half_mm=26.0)
    found = vessel_contact(*masks, name="superior_mesenteric_vein")
    drawn = vessel_finding(found, lesion="P1", exam_key="exam-1")
    followed = vessel_finding(found, lesion="P1", exam_key="exam-1", blood_seen=True)
    assert "thrombus" not in drawn.features
    assert followed.features["thrombus"] == "none"
    assert followed.features["contour"] == "smooth"
    assert isinstance(found, VesselContact)
    assert found.calibre is not None
    narrow = replace(found, calibre=replace(found.calibre, smallest_mm=0.7 * found.calibre.reference_mm))
    told = vessel_finding(narrow, lesion="P1", exam_key="exam-1", blood_seen=True)
    assert told.features["contour"] == "irregular"
    assert "thrombus" not in told.features


def test_an_open_vessel_apart_is_patent_and_free_of_thrombus_only_where_blood_was_followed() -> None:
    apart = Apart("portal_vein", 12.5, 60.0)
    drawn = vessel_finding(apart, lesion="P1", exam_key="e")
    assert drawn.features == {"occlusion": "no"}
    assert drawn.number("clean_above") == 60.0
    assert vessel_finding(apart, lesion="P1", exam_key="e", blood_seen=True).features["thrombus"] == "none"
