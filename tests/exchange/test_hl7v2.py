"""The ORU message, read back by another library: words, numbers, missing values, who signed."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import hl7
import pytest

from isletscope.exchange.content import content_of
from isletscope.exchange.hl7v2 import escaped, oru_message, timestamp, write_hl7v2
from isletscope.model import content_sha256
from isletscope.reading import CaseFolder
from tests.exchange.cases import signed, with_a_gap


def read(path: Path) -> Any:
    return hl7.parse(path.read_bytes().decode("utf-8"))


def of_type(message: Any, kind: str) -> list[Any]:
    return [one for one in message.segments("OBX") if str(one[2]) == kind]


def test_the_message_is_read_back(folder: CaseFolder, tmp_path: Path) -> None:
    (path,) = write_hl7v2(folder, tmp_path).files
    message = read(path)
    content = content_of(folder.case)
    assert str(message) == path.read_bytes().decode("utf-8")
    assert str(message.segment("MSH")[9]) == "ORU^R01^ORU_R01"
    assert str(message.segment("MSH")[18]) == "UNICODE UTF-8"
    assert message["PID.F3.R1.C1"] == folder.case.patient.id
    impression = [message.unescape(str(one[5])) for one in of_type(message, "TX") if "19005-8" in str(one[3])]
    assert impression == [one.text for one in content.narrative.impression]
    (pdf,) = of_type(message, "ED")
    data = str(pdf[5]).split("^")
    assert data[1:4] == ["application", "pdf", "Base64"]
    assert base64.b64decode(data[4]) == (folder.report_folder / "report.pdf").read_bytes()
    assert [str(one[1]) for one in message.segments("OBX")] == [
        str(number) for number in range(1, len(message.segments("OBX")) + 1)
    ]
    assert max(len(str(one[4])) for one in message.segments("OBX")) <= 20


def test_a_missing_number_has_no_value_and_says_why(folder: CaseFolder, tmp_path: Path) -> None:
    message = read(write_hl7v2(folder, tmp_path).files[0])
    segments = list(message)
    (place,) = [
        index for index, one in enumerate(segments) if str(one[0]) == "OBX" and "density, portal phase" in str(one[3])
    ]
    assert str(segments[place][5]) == ""
    assert str(segments[place][11]) == "X"
    assert str(segments[place + 1][3]) == "not known: no portal phase"


def test_draft_final_and_corrected() -> None:
    case = with_a_gap()
    for wanted in ("P", "F", "C"):
        message = hl7.parse(oru_message(content_of(case), b""))
        assert str(message.segment("OBR")[25]) == wanted
        assert {str(one[11]) for one in message.segments("OBX")} == {wanted, "X"}
        case = signed(case)


def test_a_signed_message_names_the_reader_and_the_sum(signed_folder: CaseFolder, tmp_path: Path) -> None:
    message = read(write_hl7v2(signed_folder, tmp_path).files[0])
    assert str(message.segment("OBR")[32]) == "&A. Reader"
    sums = [str(one[5]) for one in message.segments("OBX") if "content_sha256" in str(one[3])]
    assert sums == [content_sha256(signed_folder.case)]


def test_the_same_case_gives_the_same_message() -> None:
    first, second = (oru_message(content_of(with_a_gap()), b"x") for _ in range(2))
    assert first == second
    assert oru_message(content_of(signed(with_a_gap())), b"x").split("|")[9] != first.split("|")[9]


@pytest.mark.parametrize(
    ("given", "sent"), [("a|b^c&d~e", r"a\F\b\S\c\T\d\R\e"), ("x\\y", r"x\E\y"), ("1\r\n2\n3", r"1\.br\2\.br\3")]
)
def test_separators_in_words_are_escaped(given: str, sent: str) -> None:
    assert escaped(given) == sent


@pytest.mark.parametrize(
    ("iso", "sent"),
    [(None, ""), ("2026-05-11", "20260511"), ("2026-05-11T08:09:10+02:00", "20260511080910+0200")],
)
def test_dates(iso: str | None, sent: str) -> None:
    assert timestamp(iso) == sent
