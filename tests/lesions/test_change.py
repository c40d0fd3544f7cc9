"""The change table: limits of repeatability, references, technique, lesions that vanish, appear, merge and split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.assessment import views
from isletscope.criteria import REPEATABILITY_BOOK
from isletscope.lesions.change import ChangeRow, Since, change_rows
from isletscope.lesions.change_book import change_book
from isletscope.model import MEASUREMENTS, Case, ExamKind
from tests.course_cases import course_case

CT, MRI, SSTR, FDG = ExamKind.CT, ExamKind.MRI, ExamKind.SSTR_PET, ExamKind.FDG_PET


def row(case: Case, lesion: str, measure: str) -> ChangeRow:
    return next(one for one in change_rows(views(case)) if (one.lesion, one.measure.name) == (lesion, measure))


def classes(case: Case, lesion: str, measure: str) -> list[str]:
    return [one.change_class for one in row(case, lesion, measure).changes if one.since is Since.PREVIOUS]


def sizes(*values: float | None) -> list[dict[str, float] | None]:
    return [None if one is None else {"long_axis": one} for one in values]


def test_every_measure_names_a_known_limit_and_value() -> None:
    for measure in change_book().measures:
        assert measure.value == "diameter" or MEASUREMENTS[measure.value] == measure.unit
        quantities = [choice.quantity for choice in measure.limits]
        assert {*quantities, measure.other_scanner or "diameter"} <= set(REPEATABILITY_BOOK.limits)


@pytest.mark.parametrize(
    ("vector", "kind", "name", "measure", "before", "after", "expected"),
    [
        ("N1", CT, "long_axis", "ct_size", 20, 22, "within_noise"),
        ("N2", CT, "long_axis", "ct_size", 20, 25, "likely_real"),
        ("N3", CT, "long_axis", "ct_size", 15, 15, "within_noise"),
        ("N4", CT, "long_axis", "ct_size", 20, 18, "within_noise"),
        ("N7", FDG, "suv_max", "fdg_suv_max", 10, 7.4, "likely_real"),
        ("N8", FDG, "suv_max", "fdg_suv_max", 10, 13.0, "within_noise"),
        ("N9", MRI, "adc_mean", "adc", 1000, 1300, "likely_real"),
        ("at the limit", CT, "long_axis", "ct_size", 10, 12, "within_noise"),
        ("above it", CT, "long_axis", "ct_size", 10, 12.1, "likely_real"),
        ("SSTR volume", SSTR, "volume", "sstr_volume", 10, 13.1, "likely_real"),
        ("no limit", FDG, "volume", "fdg_volume", 10, 30, ""),
        ("no limit for density", CT, "hu_portal_venous", "hu_portal_venous", 100, 60, ""),
    ],
)
def test_known_answers(
    vector: str, kind: ExamKind, name: str, measure: str, before: float, after: float, expected: str
) -> None:
    case = course_case({"L1": {kind: [{name: before}, {name: after}]}})
    assert classes(case, "L1", measure) == [expected], vector


def test_limits_that_disagree_are_all_kept() -> None:
    found = row(course_case({"L1": {FDG: [{"suv_max": 10.0}, {"suv_max": 7.4}]}}), "L1", "fdg_suv_max").changes[0]
    assert found.change_class == "likely_real"
    assert dict(found.other_classes) == {"QIBA FDG profile": "within_noise"}


@pytest.mark.parametrize(
    ("axis", "limit"),
    [(9.9, None), (10.0, 39), (34.9, 39), (35.0, 29), (49.9, 29), (50.0, 24), (100.0, 24), (101, None)],
)
def test_limit_of_ct_volume_follows_the_size(axis: float, limit: int | None) -> None:
    grown = 1.0 + (limit or 30) / 100
    for factor, expected in ((grown, "within_noise"), (grown + 0.01, "likely_real")):
        values = [{"long_axis": axis, "volume": 10.0}, {"long_axis": axis, "volume": 10.0 * factor}]
        assert classes(course_case({"L1": {CT: values}}), "L1", "ct_volume") == [expected if limit else ""]


def test_two_scans_in_a_row_make_it_definite() -> None:
    assert classes(course_case({"L1": {CT: sizes(20, 25, 26)}}), "L1", "ct_size") == ["definite", "within_noise"]
    assert classes(course_case({"L1": {CT: sizes(20, 25, 20)}}), "L1", "ct_size") == ["likely_real", "likely_real"]
    found = row(course_case({"L1": {CT: sizes(20, 25, 26)}}), "L1", "ct_size")
    baseline = found.change("2026-01-10", Since.BASELINE)
    assert baseline is not None
    assert baseline.change_class == "definite"
    assert baseline.percent == pytest.approx(30)


def test_references_follow_the_treatment() -> None:
    treated = {"courses": [{"kind": "prrt", "started_on": "2025-08-01"}]}
    case = course_case(
        {"L1": {CT: sizes(40, 50, 30, 36)}},
        ("2025-01-10", "2025-07-10", "2026-01-10", "2026-07-10"),
        clinical=treated,
    )
    found = row(case, "L1", "ct_size")
    last = {since: found.change("2026-07-10", since) for since in Since}
    assert [one.reference_point for one in last.values() if one] == ["2026-01-10", "2025-07-10", "2026-01-10"]
    assert [round(one.percent or 0) for one in last.values() if one] == [20, -28, 20]


def test_vanished_counts_as_zero_for_sizes_and_not_for_uptake() -> None:
    case = course_case({"L1": {CT: sizes(12, None), SSTR: [{"suv_max": 20.0, "volume": 2.0}, None]}})
    gone = row(case, "L1", "ct_size")
    assert gone.values[1].value == 0
    assert gone.values[1].because == "not seen"
    assert gone.changes[0].percent == -100
    assert gone.changes[0].change_class == "likely_real"
    assert row(case, "L1", "sstr_volume").changes[0].percent == -100
    uptake = row(case, "L1", "sstr_suv_max")
    assert uptake.values[1].value is None
    assert uptake.values[1].because == "not seen"
    assert not uptake.changes


def test_new_lesion_has_no_percent_and_no_class() -> None:
    found = row(course_case({"L1": {CT: sizes(None, 12)}, "L2": {CT: sizes(20, 20)}}), "L1", "ct_size").changes[0]
    assert found.percent is None
    assert found.absolute == 12
    assert not found.change_class


def test_node_goes_by_its_short_axis() -> None:
    case = course_case({"N1": {CT: [{"long_axis": 30.0, "short_axis": 12.0}, {"long_axis": 30.0, "short_axis": 16.0}]}})
    assert row(case, "N1", "ct_size").changes[0].percent == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("kind", "values", "measure", "more", "expected", "said"),
    [
        (SSTR, {"suv_max": 20.0}, "sstr_suv_max", {"model": "Scanner B"}, "", "another scanner"),
        (FDG, {"suv_max": 20.0}, "fdg_suv_max", {"model": "Scanner B"}, "within_noise", "another scanner"),
        (SSTR, {"suv_max": 20.0}, "sstr_suv_max", {"model": ""}, "likely_real", "not named"),
        (CT, {"long_axis": 20.0}, "ct_size", {"role": "ct_arterial"}, "", "ct arterial now"),
        (CT, {"long_axis": 20.0}, "ct_size", {"model": "Scanner B"}, "likely_real", ""),
        (MRI, {"adc_mean": 1000.0}, "adc", {"model": "Scanner B"}, "", "another scanner"),
    ],
)
def test_limits_hold_for_unchanged_technique(
    kind: ExamKind, values: dict[str, float], measure: str, more: dict[str, Any], expected: str, said: str
) -> None:
    now = {key: 0.7 * value for key, value in values.items()}
    prefix = {CT: "ct", MRI: "mr", SSTR: "pet", FDG: "fdg"}[kind]
    case = course_case({"L1": {kind: [values, now]}}, series_more={f"{prefix}-2": more})
    found = row(case, "L1", measure).changes[0]
    assert found.change_class == expected
    assert said in "; ".join(found.caveats)
    assert found.percent == pytest.approx(-30)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(70.0, "likely_real"), (70.1, ""), (50.0, "likely_real"), (49.9, "")]
)
def test_uptake_times_must_be_alike(minutes: float, expected: str) -> None:
    how = {"quantified": True, "unit_in": "BQML", "branch": "test", "uptake_minutes": minutes}
    values: Sequence[dict[str, float]] = [{"suv_max": 20.0}, {"suv_max": 10.0}]
    case = course_case({"L1": {SSTR: values}}, series_more={"pet-2": {"quantification": how}})
    assert classes(case, "L1", "sstr_suv_max") == [expected]


@pytest.mark.parametrize(
    ("thickness", "expected"), [(4.5, "likely_real"), (4.6, ""), (2.0, "likely_real"), (1.9, "likely_real")]
)
def test_thick_slices_are_another_technique(thickness: float, expected: str) -> None:
    case = course_case({"L1": {CT: sizes(20, 30)}})
    grid = case.series("ct-2").grid
    assert grid is not None
    case.series("ct-2").grid = grid.model_copy(update={"spacing_kji_mm": (thickness, 2.0, 2.0)})
    assert classes(case, "L1", "ct_size") == [expected]


def test_merged_lesions_are_shown_and_not_classed() -> None:
    case = course_case({"L1": {CT: sizes(16, 31)}, "L2": {CT: sizes(14, None)}})
    case.lesions[1].merged_into = "L1"
    whole, part = row(case, "L1", "ct_size"), row(case, "L2", "ct_size")
    assert whole.changes[0].change_class == ""
    assert whole.changes[0].because.startswith("holds L2")
    assert part.values[1].value is None
    assert part.values[1].because == "part of L1"
    assert not part.changes


def test_parts_of_a_split_lesion_are_added() -> None:
    values = [{"long_axis": 24.0, "volume": 8.0}, None]
    parts = [None, {"long_axis": 8.0, "volume": 0.5}]
    case = course_case({"L1": {CT: values}, "L2": {CT: parts}, "L3": {CT: parts}})
    for one in case.lesions[1:]:
        one.split_from = "L1"
    assert row(case, "L1", "ct_size").values[1].value == 16
    assert row(case, "L1", "ct_volume").values[1].value == 1.0
    assert row(case, "L2", "ct_size").part_of == "L1"


def test_a_case_without_anything_in_common_has_no_change() -> None:
    case = course_case({"L1": {CT: sizes(20), SSTR: [{"suv_max": 9.0}]}})
    assert all(not one.changes for one in change_rows(views(case)))
    assert change_rows([]) == ()


@given(
    before=st.floats(5, 200),
    after=st.floats(0, 200),
    order=st.permutations(["L1", "L2", "L3"]),
)
def test_change_is_alike_for_every_lesion_and_order(before: float, after: float, order: list[str]) -> None:
    found = change_rows(views(course_case({name: {CT: sizes(before, after or None)} for name in order})))
    assert [one.lesion for one in found] == order
    assert len({(one.changes[0].absolute, one.changes[0].change_class) for one in found}) == 1
    share = found[0].changes[0].percent
    assert share is not None
    assert share == pytest.approx(100 * (after - before) / before)
