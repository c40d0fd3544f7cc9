"""One content, many formats: every number is the same in all of them, and the printed ones are its roundings."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import hl7
import pytest

from isletscope.cli import main
from isletscope.exchange import chosen_formats
from isletscope.exchange.codes import namespace
from isletscope.exchange.content import Content, Number, content_of, plain
from isletscope.exchange.text import text_of
from isletscope.reading import CaseFolder
from tests.exchange.cases import kept, with_a_gap

FORMATS = ("html", "text", "fhir", "mrrt", "hl7v2", "csv")


class Sent:
    """A case folder and everything that was written of it."""

    def __init__(self, folder: CaseFolder, out: Path) -> None:
        self.content: Content = content_of(folder.case)
        self.numbers: list[Number] = list(self.content.numbers())
        self.by_reference = {one.reference: one for one in self.numbers}
        for one in chosen_formats(FORMATS):
            one.write(folder, out)
        self.out = out
        self.fhir: dict[str, Any] = json.loads((out / "fhir.json").read_text(), parse_float=Decimal, parse_int=Decimal)
        self.hl7: Any = hl7.parse((out / "oru.hl7").read_bytes().decode())
        self.values = list(csv.DictReader(io.StringIO((out / "values.csv").read_text())))
        self.lesions = list(csv.DictReader(io.StringIO((out / "lesions.csv").read_text())))

    def observations(self) -> dict[str, dict[str, Any]]:
        """FHIR Observations by the value of their identifier."""
        found = [entry["resource"] for entry in self.fhir["entry"]]
        return {one["identifier"][0]["value"]: one for one in found if one["resourceType"] == "Observation"}

    def obx(self, kind: str) -> list[Any]:
        return [one for one in self.hl7.segments("OBX") if str(one[2]) == kind]


@pytest.fixture(scope="module", params=["small", "reference"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """A small case with everything, and a digital reference patient read from its DICOM files."""
    base = tmp_path_factory.mktemp("sent")
    if request.param == "small":
        return Sent(kept(with_a_gap(), base / "case"), base / "out")
    reference: Path = request.getfixturevalue("reference_case")
    shutil.copytree(reference, base / "case")
    assert main(["report", str(base / "case"), "--quiet"]) == 0
    return Sent(CaseFolder.open(base / "case"), base / "out")


def test_the_table_holds_every_number_once(sent: Sent) -> None:
    assert [(row["reference"], row["value"], row["unit"]) for row in sent.values] == [
        (one.reference, one.written, one.measurement.unit) for one in sent.numbers
    ]
    assert len(sent.by_reference) == len(sent.numbers)
    assert all(bool(row["value"]) != bool(row["missing_because"]) for row in sent.values)


def test_fhir_holds_every_number(sent: Sent) -> None:
    parts = [part for one in sent.observations().values() for part in one.get("component", [])]
    told = sorted(
        (part["code"]["coding"][0]["code"], part["valueQuantity"]["value"], part["valueQuantity"]["code"])
        for part in parts
        if "valueQuantity" in part
    )
    assert told == sorted((one.key, Decimal(one.written), one.measurement.unit) for one in sent.numbers if one.written)
    absent = sorted(part["dataAbsentReason"]["text"] for part in parts if "dataAbsentReason" in part)
    assert absent == sorted(one.measurement.missing_because or "" for one in sent.numbers if not one.written)


def test_each_number_of_a_look_stands_in_its_observation(sent: Sent) -> None:
    found = sent.observations()
    checked = 0
    for lesion in sent.content.lesions:
        for look in lesion.looks:
            name = f"lesion/{lesion.lesion.id}/{look.observation.reference}"
            parts = found[str(sent.content.identifier("observation", name))].get("component", [])
            by_key = {part["code"]["coding"][0]["code"]: part for part in parts}
            for one in look.numbers:
                part = by_key[one.key]
                if one.written:
                    assert part["valueQuantity"]["value"] == Decimal(one.written)
                    assert part["valueQuantity"]["code"] == one.measurement.unit
                else:
                    assert part["dataAbsentReason"]["text"] == one.measurement.missing_because
                checked += 1
    assert checked > 10


def test_hl7_holds_every_number_in_order(sent: Sent) -> None:
    told = [
        (str(one[3][0][0]), str(one[5]), sent.hl7.unescape(str(one[6][0][0])) if str(one[6]) else "")
        for one in sent.obx("NM")
    ]
    assert told == [(one.key, one.written, one.measurement.unit) for one in sent.numbers]
    assert [str(one[11]) == "X" for one in sent.obx("NM")] == [not one.written for one in sent.numbers]


def test_the_lesion_table_says_the_same(sent: Sent) -> None:
    columns = {
        "suv_max_g_per_ml": "suv_max",
        "suv_mean_g_per_ml": "suv_mean",
        "volume_ml": "volume",
        "long_axis_mm": "long_axis",
        "short_axis_mm": "short_axis",
    }
    checked = 0
    for row in sent.lesions:
        own = [
            one
            for one in sent.lesions
            if (one["lesion_id"], one["series_key"]) == (row["lesion_id"], row["series_key"])
        ]
        if not row["series_key"] or len(own) > 1:
            continue
        for column, key in columns.items():
            name = f"lesion/{row['lesion_id']}/{row['exam_key']}/{row['tracer_class']}_pet/{key}"
            if name in sent.by_reference:
                assert _decimal(row[column]) == _decimal(sent.by_reference[name].written), name
                checked += 1
    assert checked or not any(row["series_key"] for row in sent.lesions)


def test_scores_say_the_same(sent: Sent) -> None:
    found = sent.observations()
    values = [str(one[5]) for one in sent.obx("ST")]
    for score in sent.content.scores:
        one = found[str(sent.content.identifier("observation", score.reference))]
        if score.conclusion.value is None:
            assert one["dataAbsentReason"]["text"] == score.missing_because
            continue
        assert one["valueCodeableConcept"]["text"] == score.conclusion.value
        assert any(sent.hl7.unescape(value) == score.conclusion.value for value in values)
        parts = {part["code"]["text"]: part["valueString"] for part in one.get("component", [])}
        assert parts == score.conclusion.parts
        assert {sent.hl7.unescape(value) for value in values} >= set(parts.values())


def test_printed_numbers_are_roundings_of_what_is_sent(sent: Sent) -> None:
    """Every cell of the report's tables that holds one number of the case."""
    checked = 0
    for table in sent.content.narrative.tables:
        for row in table.rows:
            for cell in row.cells:
                printed = re.fullmatch(r"−?\d+(\.\d+)?", cell.text)
                if printed is None or len(cell.rests_on) != 1 or cell.rests_on[0] not in sent.by_reference:
                    continue
                number = sent.by_reference[cell.rests_on[0]].measurement
                assert number.value is not None
                shown = Decimal(cell.text.replace("−", "-"))
                scale = 1000 if number.unit == "10-6.mm2/s" else 1
                assert (Decimal(repr(number.value)) / scale).quantize(shown, ROUND_HALF_UP) == shown, cell
                checked += 1
    assert checked >= 3


def test_the_words_are_the_same_everywhere(sent: Sent) -> None:
    """Text, HL7, FHIR and HTML print the same sentences, so the same numbers."""
    text = text_of(sent.content)
    assert (sent.out / "report.txt").read_text() == text
    lines = [sent.hl7.unescape(str(one[5])) for one in sent.obx("TX") if "59776-5" in str(one[3])]
    assert [line.strip() for line in lines] == [line.strip() for line in text.splitlines()]
    impression = [one.text for one in sent.content.narrative.impression]
    (report,) = [e["resource"] for e in sent.fhir["entry"] if e["resource"]["resourceType"] == "DiagnosticReport"]
    assert report["conclusion"].split("\n") == impression
    page = (sent.out / "report.html").read_text()
    if "stand-in" not in page:
        shown = _words(html.unescape(re.sub(r"<[^>]+>", "", page)))
        missing = [line for line in impression if _words(line.removeprefix("ALERT, discordance: ")) not in shown]
        assert missing == []
        cells = [cell.text for table in sent.content.narrative.tables for row in table.rows for cell in row.cells]
        assert [cell for cell in cells if _words(cell) not in shown] == []
    for table in sent.content.narrative.tables:
        for row in table.rows:
            if table.name in ("lesions", "vessels", "liver"):
                assert all(_words(cell.printed) in _words(text) for cell in row.cells)


def test_the_templates_hold_the_numbers_that_the_answers_rest_on(sent: Sent) -> None:
    answers = sent.content.assessed.answers
    for item in ("PRI.SSTR", "PRI.FDG"):
        value = answers[item].value if item in answers else None
        if not isinstance(value, dict):
            continue
        behind = [sent.by_reference[one] for one in answers[item].rests_on if one in sent.by_reference]
        for part in ("suv_max", "suv_mean"):
            known = [one.measurement.value for one in behind if one.key == part and one.measurement.value is not None]
            given = value.get(part)
            if known and isinstance(given, int | float):
                assert any(abs(one - given) <= 0.0005 + 1e-9 for one in known)
                page = (sent.out / "mrrt_initial_staging_filled.html").read_text()
                field = re.search(rf'<input[^>]*id="{re.escape(item)}\.{part}"[^>]*>', page)
                assert field is not None
                assert f'value="{plain(given)}"' in field.group()


def test_the_content_names_its_namespaces_only(sent: Sent) -> None:
    """No address of anybody's site stands in an identifier."""
    systems = {system for entry in sent.fhir["entry"] for system in _systems(entry["resource"])}
    own = {namespace(kind) for kind in ("observation", "report", "device", "lesion", "reader", "provenance", "bundle")}
    assert all(one.startswith(("urn:", "http://")) for one in systems)
    assert own & systems


def _systems(found: Any) -> set[str]:
    if isinstance(found, dict):
        own = {found["system"]} if isinstance(found.get("system"), str) else set()
        return own.union(*(_systems(value) for value in found.values()))
    return set().union(*(_systems(value) for value in found)) if isinstance(found, list) else set()


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _words(text: str) -> str:
    return " ".join(text.split())
