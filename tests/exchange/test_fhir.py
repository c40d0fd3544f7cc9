"""The FHIR bundle: valid by three judges, the same when sent twice, honest about what is missing and who signed."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from isletscope.errors import CaseError
from isletscope.exchange.content import content_of
from isletscope.exchange.fhir import bundle, write_fhir
from isletscope.exchange.fhir_check import faults_of
from isletscope.model import content_sha256
from isletscope.reading import CaseFolder
from tests.exchange.cases import signed, with_a_gap


def written(folder: CaseFolder, out: Path) -> dict[str, Any]:
    (path,) = write_fhir(folder, out).files
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def resources(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in document["entry"] if entry["resource"]["resourceType"] == kind]


def judged(document: dict[str, Any], folder: Path) -> str:
    """What the outside validator says: PASS or FAIL with its issues."""
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps(document))
    command = [str(Path(sys.executable).with_name("pyrofile")), "bundle", "bundle.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_bundle_is_valid(folder: CaseFolder, tmp_path: Path) -> None:
    document = written(folder, tmp_path / "out")
    assert faults_of(document) == ()
    assert "Errors: 0  Warnings: 0" in judged(document, tmp_path / "judge")
    assert {entry["resource"]["resourceType"] for entry in document["entry"]} == {
        "Patient",
        "ImagingStudy",
        "DiagnosticReport",
        "Observation",
        "BodyStructure",
        "Device",
        "Provenance",
    }


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [("DiagnosticReport", "status", "finalx"), ("Patient", "gender", "F"), ("ImagingStudy", "status", "done")],
)
def test_what_the_library_accepts_and_the_standard_does_not_is_found(
    folder: CaseFolder, tmp_path: Path, kind: str, key: str, value: str
) -> None:
    document = written(folder, tmp_path / "out")
    resources(document, kind)[0][key] = value
    assert any(value in fault for fault in faults_of(document))
    assert "Status: FAIL" in judged(document, tmp_path / "judge")


def test_a_lost_reference_and_an_unknown_element_are_found(folder: CaseFolder, tmp_path: Path) -> None:
    document = written(folder, tmp_path / "out")
    lost, strange = copy.deepcopy(document), copy.deepcopy(document)
    resources(lost, "DiagnosticReport")[0]["result"][0]["reference"] = "urn:uuid:nobody"
    resources(strange, "Observation")[0]["colour"] = "blue"
    assert any("is not in the bundle" in fault for fault in faults_of(lost))
    assert any("colour" in fault for fault in faults_of(strange))


class Server:
    """The part of a FHIR server that decides about doubles: conditional create and update by search."""

    def __init__(self) -> None:
        self.held: list[dict[str, Any]] = []

    def take(self, document: dict[str, Any]) -> None:
        for entry in document["entry"]:
            request, resource = entry["request"], entry["resource"]
            query = request.get("ifNoneExist") or request["url"].partition("?")[2]
            hits = [one for one in self.held if self.matches(one, resource["resourceType"], query)]
            assert len(hits) <= 1, "412 Precondition Failed"
            if hits and request["method"] == "PUT":
                self.held.remove(hits[0])
            if not hits or request["method"] == "PUT":
                self.held.append(resource)

    @staticmethod
    def matches(held: dict[str, Any], kind: str, query: str) -> bool:
        name, _, wanted = query.partition("=")
        system, _, value = unquote(wanted).partition("|")
        named = held["meta"]["tag"] if name == "_tag" and "meta" in held else held.get("identifier", [])
        return held["resourceType"] == kind and any(
            (one.get("system", ""), one.get("value", one.get("code"))) == (system, value) for one in named
        )


def test_sending_twice_makes_no_double(folder: CaseFolder, tmp_path: Path) -> None:
    server, document = Server(), written(folder, tmp_path / "out")
    server.take(document)
    once = len(server.held)
    assert once == len(document["entry"])
    server.take(written(folder, tmp_path / "again"))
    assert len(server.held) == once
    assert (tmp_path / "out" / "fhir.json").read_bytes() == (tmp_path / "again" / "fhir.json").read_bytes()


def test_the_signed_report_takes_the_place_of_the_draft(folder: CaseFolder, tmp_path: Path) -> None:
    server = Server()
    server.take(written(folder, tmp_path / "draft"))
    once = len(server.held)
    folder.save(signed(folder.case))
    server.take(written(folder, tmp_path / "final"))
    assert [one["status"] for one in server.held if one["resourceType"] == "DiagnosticReport"] == ["final"]
    assert len(server.held) == once + 1, "the reader who signed"


def test_draft_final_and_amended(folder: CaseFolder, tmp_path: Path) -> None:
    found = []
    case = with_a_gap()
    for _ in range(3):
        document = bundle(content_of(case), {})
        assert faults_of(document) == ()
        found.append(
            {one["status"] for kind in ("DiagnosticReport", "Observation") for one in resources(document, kind)}
        )
        case = signed(case)
    assert found == [{"preliminary"}, {"final"}, {"amended"}]


def test_signed_content_names_its_signer_and_its_hash(signed_folder: CaseFolder, tmp_path: Path) -> None:
    document = written(signed_folder, tmp_path / "out")
    (provenance,) = resources(document, "Provenance")
    assert provenance["entity"][-1]["what"]["identifier"]["value"] == content_sha256(signed_folder.case)
    assert [agent["type"]["coding"][0]["code"] for agent in provenance["agent"]] == ["assembler", "verifier"]
    assert [one["name"] for one in resources(document, "Practitioner")] == [[{"text": "A. Reader"}]]
    assert "Errors: 0  Warnings: 0" in judged(document, tmp_path / "judge")


def test_content_changed_after_signing_is_not_sent(signed_folder: CaseFolder, tmp_path: Path) -> None:
    path = signed_folder.path / "case.json"
    path.write_text(path.read_text().replace('"value": 34.0', '"value": 43.0', 1))
    with pytest.raises(CaseError, match=r"was changed after A\. Reader signed it at 2026-05-20"):
        write_fhir(CaseFolder.open(signed_folder.path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_value_says_why_and_is_never_zero(folder: CaseFolder, tmp_path: Path) -> None:
    parts = [
        part
        for one in resources(written(folder, tmp_path / "out"), "Observation")
        for part in one.get("component", [])
        if part["code"]["text"] == "density, portal phase"
    ]
    assert [part["dataAbsentReason"]["text"] for part in parts] == ["no portal phase"]
    assert not any("valueQuantity" in part for part in parts)


def test_what_the_images_do_not_say_of_the_patient_is_left_out(folder: CaseFolder, tmp_path: Path) -> None:
    person = folder.case.patient.model_copy(update={"name": None, "sex": None, "birth_date": None})
    folder.save(folder.case.model_copy(update={"patient": person}))
    (patient,) = resources(written(folder, tmp_path / "out"), "Patient")
    assert set(patient) == {"resourceType", "identifier"}


def test_the_printed_report_travels_whole(folder: CaseFolder, tmp_path: Path) -> None:
    (report,) = resources(written(folder, tmp_path / "out"), "DiagnosticReport")
    pdf = report["presentedForm"][0]
    data = base64.b64decode(pdf["data"])
    assert data == (folder.report_folder / "report.pdf").read_bytes()
    assert pdf["size"] == len(data)
    assert base64.b64decode(pdf["hash"]) == hashlib.sha1(data, usedforsecurity=False).digest()
    (folder.report_folder / "report.pdf").unlink()
    assert any("report.pdf" in line for line in write_fhir(folder, tmp_path / "out").left_out)
