"""The sentences that users read."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope import errors
from isletscope.errors import CaseError, InputError, IsletscopeError, MixedPatients, OutputError, Refusal

words = st.text(alphabet="abc ", min_size=1, max_size=20).map(str.strip).filter(bool)


def test_a_refusal_answers_what_found_expected_and_next() -> None:
    refusal = Refusal(
        "series 4 (PET WB)",
        "SUV cannot be computed",
        "Patient's Weight (0010,1030) empty",
        "kilograms",
        "Enter it with --entries.",
    )
    assert refusal.sentence() == (
        "series 4 (PET WB): SUV cannot be computed; found Patient's Weight (0010,1030) empty; expected kilograms. "
        "Enter it with --entries."
    )


def test_a_refusal_leaves_out_what_it_does_not_know() -> None:
    assert Refusal("a.dcm", "is empty").sentence() == "a.dcm: is empty."


@given(problem=words, found=words, expected=words, remedy=words)
def test_an_error_says_everything_it_was_given(problem: str, found: str, expected: str, remedy: str) -> None:
    text = str(InputError(problem, subject="a.dcm", found=found, expected=expected, remedy=remedy))
    assert text.startswith("a.dcm: ")
    for part in (problem, found, expected, remedy):
        assert part in text
    assert ".." not in text
    assert "\n" not in text


def test_an_error_without_a_subject_is_still_a_sentence() -> None:
    assert str(OutputError("the disc is full", remedy="Free some space.")) == "the disc is full. Free some space."


def test_mixed_patients_are_listed_with_the_way_out() -> None:
    error = MixedPatients(["A1", "B2"], subject="disc")
    assert error.patient_ids == ["A1", "B2"]
    assert str(error) == (
        "disc: images of more than one patient lie together; they are never mixed; found 2 patients: A1, B2; "
        "expected one patient. Choose one with --patient ID, or say that they are one person: "
        "--same-patient ID=ID --reason TEXT."
    )


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    assert errors.__doc__
    drawn = set(re.findall(r"^ *[│├└─ ]*([A-Z][A-Za-z]+) ", errors.__doc__, flags=re.MULTILINE))
    real = {
        name
        for name, item in inspect.getmembers(errors, inspect.isclass)
        if issubclass(item, IsletscopeError) and item.__module__ == errors.__name__
    }
    assert real == drawn - {"The", "A"}


@pytest.mark.parametrize("kind", [InputError, OutputError, CaseError])
def test_every_error_is_caught_as_an_isletscope_error(kind: type[IsletscopeError]) -> None:
    with pytest.raises(IsletscopeError, match="broken"):
        raise kind("broken")
