"""The plain text and the printed copies: whole, without signs that break in another window, honest about the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from isletscope.errors import CaseError, InputError, OutputError
from isletscope.exchange import FORMATS, chosen_formats
from isletscope.exchange.content import content_of, plain
from isletscope.exchange.text import text_of
from isletscope.reading import CaseFolder
from tests.exchange.cases import signed, with_a_gap


def test_the_text_is_plain_and_holds_every_part() -> None:
    text = text_of(content_of(with_a_gap()))
    assert not set(text) & {"\u00a0", "\u202f", "\u2009", "\t", "\r"}
    parts = ["CLINICAL QUESTION", "SUMMARY", "FINDINGS", "LESION TABLE", "SCORES", "IMPRESSION", "METHODS", "SOURCES"]
    places = [text.index(f"\n{part}\n") for part in parts]
    assert places == sorted(places)
    assert "State: draft, not signed." in text
    assert "SHA-256" not in text


def test_a_signed_text_says_by_whom_and_names_its_sum() -> None:
    case = signed(with_a_gap())
    text = text_of(content_of(case))
    assert "State: signed by A. Reader" in text
    assert text.endswith(f"SHA-256 of the signed case: {case.signatures[0].sha256}\n")


@pytest.mark.parametrize(
    ("value", "written"),
    [(44.96424865, "44.9642"), (0.0, "0"), (-0.0, "0"), (1e-7, "0.0000001"), (1234567.8, "1234570"), (30.0, "30")],
)
def test_numbers_are_plain_decimals(value: float, written: str) -> None:
    assert plain(value) == written


def test_formats_by_name_in_the_order_of_the_table() -> None:
    assert [one.name for one in chosen_formats(["csv", " TEXT", "csv"])] == ["text", "csv"]
    with pytest.raises(InputError, match="no format was named"):
        chosen_formats(["", " "])


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_that_cannot_be_made_is_told(folder: CaseFolder, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        FORMATS[name].write(folder, tmp_path / "file" / "out")


def test_a_case_that_was_never_assessed_is_refused(folder: CaseFolder, tmp_path: Path) -> None:
    folder.save(folder.case.model_copy(update={"assessments": []}))
    with pytest.raises(CaseError, match="holds no assessed time point"):
        FORMATS["text"].write(folder, tmp_path / "out")


def test_a_report_that_is_not_there_is_told(folder: CaseFolder, tmp_path: Path) -> None:
    (folder.report_folder / "report.pdf").unlink()
    with pytest.raises(CaseError, match=r"holds no report\.pdf"):
        FORMATS["pdf"].write(folder, tmp_path / "out")
