"""Vectors W1 to W12, the limits from both sides, ranges, several samples, and what missing inputs do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.proliferation import KiIndex
from isletscope.criteria.who_grade import CRITERION, GRADES, ORDER, UNDETERMINED, grade_of_sample
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound


def graded(**sample: Any) -> Conclusion:
    result = CRITERION.run_document(sample)
    assert sound(result)
    return result


def pure(differentiation: str, ki67: object, mitoses: float | None) -> Conclusion:
    return graded(differentiation=differentiation, ki67_percent=ki67, mitoses_per_2mm2=mitoses)


@pytest.mark.parametrize(
    ("vector", "differentiation", "ki67", "mitoses", "expected", "provisional"),
    [
        ("W1", "well", 2.9, 1, "NET G1", False),
        ("W2", "well", 3.0, 1, "NET G2", False),
        ("W3", "well", 2.0, 2, "NET G2", False),
        ("W4", "well", 20.0, 20, "NET G2", False),
        ("W5", "well", 20.1, 5, "NET G3", False),
        ("W6", "well", 15, 21, "NET G3", False),
        ("W7", "poor", 70, None, "NEC", False),
        ("W8", "unknown", 45, None, UNDETERMINED, True),
        ("W9", "well", None, 1, "NET G1", True),
        ("W10", "well", None, None, None, False),
        ("W11", "poor", 18, 15, "NEC", False),
        ("W12", "unknown", 4, 1, "NET G2", True),
    ],
)
def test_vectors(
    vector: str, differentiation: str, ki67: object, mitoses: float | None, expected: str | None, provisional: bool
) -> None:
    result = pure(differentiation, ki67, mitoses)
    assert (result.value, result.provisional) == (expected, provisional), vector
    assert ("inconsistent_proliferation" in result.flag_codes()) == (vector == "W11")
    assert ("differentiation_presumed" in result.flag_codes()) == (vector == "W12")
    if vector == "W10":
        assert result.possible == list(GRADES)
        assert result.missing == ["Ki-67", "mitoses per 2 mm²"]


@pytest.mark.parametrize(
    ("ki67", "mitoses", "expected"),
    [
        (2.999, 1.999, 1),
        (3, 0, 2),
        (3 - 1e-12, 0, 2),
        (0, 2, 2),
        (20, 20, 2),
        (20.001, 0, 3),
        (0, 20.001, 3),
        (20 + 1e-12, 0, 2),
    ],
)
def test_limits_from_both_sides(ki67: float, mitoses: float, expected: int) -> None:
    assert pure("well", ki67, mitoses).value == f"NET G{expected}"


def test_a_range_is_graded_at_its_upper_end_and_both_ends_are_printed() -> None:
    within = pure("well", "3-5 %", 1)
    assert (within.value, within.provisional) == ("NET G2", False)
    across = pure("well", "2–5 %", 1)
    assert (across.value, across.provisional) == ("NET G2", True)
    (flag,) = [flag for flag in across.flags if flag.code == "ki67_range"]
    assert flag.text == "Ki-67 was given as 2 to 5 %: lower end NET G1, upper end NET G2."
    assert "a single value of Ki-67" in across.missing


@pytest.mark.parametrize(
    ("given_text", "mitoses", "value", "possible"),
    [
        ("<3", 1, "NET G1", []),
        ("< 3 %", 1, "NET G1", []),
        ("≤3", 1, "NET G2", []),
        ("<2", 1, "NET G1", []),
        (">20", 1, "NET G3", []),
        ("≥20", 1, None, ["NET G2", "NET G3"]),
        (">15", 1, None, ["NET G2", "NET G3"]),
        (">15", 21, "NET G3", []),
        ("2,9", 1, "NET G1", []),
        ("3 to 5", 1, "NET G2", []),
    ],
)
def test_ki67_as_reports_write_it(given_text: str, mitoses: float, value: str | None, possible: list[str]) -> None:
    result = pure("well", given_text, mitoses)
    assert result.value == value
    assert result.possible == possible


@pytest.mark.parametrize("wrong", ["about 5", "low", "5-3", "101", "-2", "", True, ["3"]])
def test_ki67_that_is_not_understood_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="ki67_percent"):
        pure("well", wrong, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("G2", "NET G2"),
        ("grade 2", "NET G2"),
        ("NET G 3", "NET G3"),
        ("WHO G1", "NET G1"),
        ("Grade II", "NET G2"),
        ("nec", "NEC"),
    ],
)
def test_a_stated_grade_stands_provisionally_when_no_index_is_given(text: str, value: str) -> None:
    result = graded(stated_grade=text, differentiation="well")
    assert (result.value, result.provisional) == (value, True)


def test_a_bare_g3_is_not_taken_for_a_net() -> None:
    assert graded(stated_grade="G3").value == UNDETERMINED
    assert graded(stated_grade="G3", differentiation="well").value == "NET G3"
    assert "grade_disagrees" not in graded(stated_grade="G3", differentiation="poor").flag_codes()
    assert "grade_disagrees" in graded(stated_grade="NET G3", differentiation="poor").flag_codes()


def test_an_unknown_grade_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(InputError, match="G1, G2, G3, NEC or MiNEN"):
        graded(stated_grade="G4")


def test_a_stated_grade_that_disagrees_is_flagged_and_the_indices_count() -> None:
    result = graded(stated_grade="G1", differentiation="well", ki67_percent=4, mitoses_per_2mm2=1)
    assert result.value == "NET G2"
    assert "grade_disagrees" in result.flag_codes()


def test_the_old_unit_is_converted_only_with_the_area_of_a_field() -> None:
    old = {"differentiation": "well", "ki67_percent": 1, "mitoses_per_10_hpf": 4}
    unknown = graded(**old)
    assert (unknown.value, unknown.provisional) == ("NET G1", True)
    assert "area of a high-power field" in unknown.missing
    assert graded(**old, field_area_mm2=0.2).value == "NET G2"
    assert graded(**old, field_area_mm2=0.5).value == "NET G1"
    assert "legacy_unit" in unknown.flag_codes()


@pytest.mark.parametrize(("share", "expected"), [(29.9, "NET G2"), (30, "MiNEN"), (70, "MiNEN"), (70.1, "NET G2")])
def test_mixed_neoplasm_needs_thirty_percent_of_each(share: float, expected: str) -> None:
    result = graded(differentiation="well", ki67_percent=4, mitoses_per_2mm2=1, non_neuroendocrine_percent=share)
    assert result.value == expected
    if expected == "MiNEN":
        assert result.parts == {"neuroendocrine component": "NET G2"}


@pytest.mark.parametrize(
    ("ki67", "flag"),
    [
        (9.9, None),
        (10, "high_g2"),
        (20, "high_g2"),
        (20.1, "trial_range"),
        (55, "trial_range"),
        (56, "above_trial_range"),
    ],
)
def test_bands_are_printed_beside_the_grade(ki67: float, flag: str | None) -> None:
    assert pure("well", ki67, 1).flag_codes() == ({flag} if flag else set())


@pytest.mark.parametrize(("ki67", "flag"), [(54.9, "nec_below_55"), (55, "nec_from_55")])
def test_bands_of_carcinoma(ki67: float, flag: str) -> None:
    assert flag in pure("poor", ki67, None).flag_codes()


def test_of_several_samples_the_highest_counts() -> None:
    primary = {
        "site": "P1",
        "differentiation": "well",
        "ki67_percent": 2,
        "mitoses_per_2mm2": 1,
        "sampled": "2024-11-05",
    }
    liver = {"site": "L1", "differentiation": "well", "ki67_percent": 24, "mitoses_per_2mm2": 5}
    for samples in ([primary, liver], [liver, primary]):
        result = graded(samples=samples)
        assert result.value == "NET G3"
        assert "grades_differ" in result.flag_codes()
        assert "L1" in result.because
        assert {lesion.value for lesion in result.lesions} == {"NET G1", "NET G3"}
    nothing = graded(samples=[primary, {"site": "N1"}])
    assert (nothing.value, nothing.provisional) == ("NET G1", True)


def test_a_sample_that_may_be_of_higher_grade_keeps_the_result_open() -> None:
    low = {"site": "P1", "differentiation": "well", "ki67_percent": 2, "mitoses_per_2mm2": 1}
    open_sample = {"site": "L1", "differentiation": "well", "ki67_percent": ">15", "mitoses_per_2mm2": 1}
    result = graded(samples=[low, open_sample])
    assert result.possible == ["NET G1", "NET G2", "NET G3"]


def test_friendly_errors() -> None:
    with pytest.raises(InputError, match="Did you mean ki67_percent"):
        graded(ki67_percnt=3)
    with pytest.raises(InputError, match="mitoses_per_2mm2"):
        graded(mitoses_per_2mm2=-1)
    with pytest.raises(InputError):
        CRITERION.run_document({})


samples = st.fixed_dictionaries(
    {
        "differentiation": st.sampled_from(["well", "poor", "unknown"]),
        "ki67_percent": st.one_of(st.none(), st.floats(0, 100), st.sampled_from(["2-5", "<3", ">15", "10-30"])),
        "mitoses_per_2mm2": st.one_of(st.none(), st.floats(0, 60)),
    }
)


@given(samples)
def test_removing_an_input_never_makes_the_grade_more_certain(sample: dict[str, Any]) -> None:
    full = graded(**sample)
    for name, unknown in {"differentiation": "unknown", "ki67_percent": None, "mitoses_per_2mm2": None}.items():
        if sample[name] != unknown:
            assert certainty(graded(**{**sample, name: unknown})) <= certainty(full)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 60), st.floats(0, 60))
def test_more_proliferation_never_lowers_the_grade(ki_a: float, ki_b: float, mit_a: float, mit_b: float) -> None:
    low = pure("well", min(ki_a, ki_b), min(mit_a, mit_b))
    high = pure("well", max(ki_a, ki_b), max(mit_a, mit_b))
    assert ORDER.index(str(low.value)) <= ORDER.index(str(high.value))


@given(st.lists(samples, min_size=2, max_size=4), st.randoms())
def test_order_of_samples_does_not_matter(many: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(many)
    random.shuffle(shuffled)
    first, second = graded(samples=many), graded(samples=shuffled)
    assert (first.value, first.provisional, set(first.missing)) == (
        second.value,
        second.provisional,
        set(second.missing),
    )


def test_every_input_appears_as_evidence() -> None:
    result = pure("well", 8, 4)
    assert {(item.text, item.value, item.unit) for item in result.evidence} == {
        ("differentiation: well", None, None),
        ("Ki-67 8 %", 8.0, "%"),
        ("mitoses per 2 mm²", 4.0, "/(2.mm2)"),
    }
    assert result.state is State.DERIVED
    assert result.because.startswith("Well differentiated; Ki-67 8 % is in the range of G2")


def test_printed_intervals() -> None:
    assert KiIndex(low=3, high=5).printed() == "3 to 5"
    assert grade_of_sample.__doc__


def test_a_stated_minen_is_not_graded_as_a_net() -> None:
    result = graded(stated_grade="MiNEN", ki67_percent=60, mitoses_per_2mm2=25, differentiation="poor")
    assert (result.value, result.provisional) == ("MiNEN", True)
    assert result.parts["neuroendocrine component"] == "NEC"
