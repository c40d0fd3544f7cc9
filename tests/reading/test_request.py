from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from isletscope.errors import InputError
from isletscope.model import EntrySubject
from isletscope.reading import load_answers, load_clinical, load_entries, same_patient_statement

GOOD = """
entries:
  - subject: weight_kg
    value: 72
    series: 1.2.3
    who: A. Reader
    when: 2026-05-11
    why: weight missing in the header, taken from the request
"""


def test_entries_are_read_with_who_when_why(tmp_path: Path) -> None:
    path = tmp_path / "entries.yaml"
    path.write_text(GOOD.replace("2026-05-11", "'2026-05-11'"))
    (entry,) = load_entries(path).entries
    assert entry.subject is EntrySubject.WEIGHT_KG
    assert (entry.value, entry.who) == (72, "A. Reader")


def test_a_date_without_quotes_is_a_date(tmp_path: Path) -> None:
    path = tmp_path / "entries.yaml"
    path.write_text(GOOD)
    assert load_entries(path).entries[0].when == "2026-05-11"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("    who: A. Reader\n", ""), r"entries\.0\.who: Field required"),
        (GOOD.replace("weight_kg", "wieght"), r"entries\.0\.subject"),
        ("entries: [", r"an error at its end"),
        ("entries: ]", r"an error at line 1"),
    ],
)
def test_wrong_entries_name_the_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "entries.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        load_entries(path)


def test_entries_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        load_entries(tmp_path / "none.yaml")


TODAY = date(2026, 6, 1)


def test_clinical_facts_are_kept_as_given(tmp_path: Path) -> None:
    path = tmp_path / "clinical.yaml"
    path.write_text("hormones: {syndrome: none}\nhistology: {ki67_percent: 8, sampled_on: 2026-04-02}\n")
    assert load_clinical(path, TODAY) == {
        "hormones": {"syndrome": "none"},
        "histology": {"ki67_percent": 8, "sampled_on": "2026-04-02"},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("histology: {ki67: 8}\n", "ki67_percent"),
        ("histology: {sampled_on: 2026-07-02}\n", "lies in the future"),
        ("tumour: {largest_mm: 0.4}\n", "mm"),
        ("- 8\n", "is not a list of names with values"),
    ],
)
def test_a_faulty_clinical_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "clinical.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        load_clinical(path, TODAY)


def test_answers_are_checked_against_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("answers:\n  PRI.seen: {value: seen, source: entered, by: A. Reader}\n")
    assert load_answers(path, TODAY).answers["PRI.seen"].value == "seen"
    path.write_text("answers:\n  PRI.sen: {value: seen, source: entered, by: A. Reader}\n")
    with pytest.raises(InputError, match="PRI\\.seen"):
        load_answers(path, TODAY)


@pytest.mark.parametrize("pair", ["A", "A=", "=B"])
def test_same_patient_needs_two_ids(pair: str) -> None:
    with pytest.raises(InputError, match="ID=ID"):
        same_patient_statement(pair, "moved hospital")


def test_same_patient_needs_a_reason() -> None:
    with pytest.raises(InputError, match="a reason must be given"):
        same_patient_statement("A=B", "")
    assert same_patient_statement("A=B", "moved hospital").ids == ("A", "B")
