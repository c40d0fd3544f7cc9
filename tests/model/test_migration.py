"""Cases of every earlier version stay readable; a newer one is refused in one sentence.

``cases/`` keeps a document of each schema version as it was written then. When SCHEMA_VERSION rises: leave the old
files, add the migration step, and write the new version's document with ``python -m tests.model.test_migration``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isletscope.errors import CaseError
from isletscope.model import SCHEMA_VERSION, case_from_json, case_to_json, migrate
from tests.model.example import example_case

CASES = Path(__file__).parent / "cases"
KEPT = sorted(CASES.glob("case_v*.json"), key=lambda path: int(path.stem.removeprefix("case_v")))


def test_a_document_of_every_version_is_kept() -> None:
    assert [path.stem for path in KEPT] == [f"case_v{version}" for version in range(1, SCHEMA_VERSION + 1)]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_document_is_still_read(path: Path) -> None:
    case = case_from_json(path.read_text(), subject=path.name)
    assert case.schema_version == SCHEMA_VERSION
    assert case.patient.id == "REF-1"
    assert case.lesions[0].id == "L1"
    assert case.readings[0].foci[0].measurements["suv_max"].value == 20.0


def test_the_kept_document_of_this_version_is_what_is_written_now() -> None:
    assert KEPT[-1].read_text() == case_to_json(example_case())


def test_steps_lead_from_the_first_version_to_this_one() -> None:
    assert sorted(migrate.MIGRATIONS) == list(range(1, SCHEMA_VERSION))


def test_an_old_document_goes_through_each_step_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def add(step: str) -> migrate.Migration:
        def migration(document: dict[str, Any]) -> dict[str, Any]:
            return {**document, "open_items": [*document["open_items"], f"{step} from {document['schema_version']}"]}

        return migration

    monkeypatch.setattr(migrate, "MIGRATIONS", {1: add("first"), 2: add("second")})
    monkeypatch.setattr(migrate, "SCHEMA_VERSION", 3)
    document = json.loads(KEPT[0].read_text())
    case = case_from_json(json.dumps(document))
    assert case.open_items[-2:] == ["first from 1", "second from 2"]
    assert case.schema_version == 3


def test_a_newer_document_is_refused() -> None:
    newer = json.dumps({**json.loads(KEPT[-1].read_text()), "schema_version": SCHEMA_VERSION + 1})
    with pytest.raises(CaseError) as refused:
        case_from_json(newer, subject="out/case.json")
    assert str(refused.value) == (
        f"out/case.json: was written by a newer Isletscope; found schema version {SCHEMA_VERSION + 1}; "
        f"expected {SCHEMA_VERSION} or older. Update Isletscope to open this case."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"schema_version": 1', "case.json: is not JSON"),
        ("[]", "case.json: is not a case document; expected a whole number under schema_version."),
        ("{}", "case.json: is not a case document"),
        ('{"schema_version": "1"}', "case.json: is not a case document"),
        ('{"schema_version": true}', "case.json: is not a case document"),
        ('{"schema_version": 0}', "case.json: is not a case document"),
        ('{"schema_version": 1}', "case.json: does not follow the case schema; found software: Field required"),
    ],
)
def test_what_is_no_case_document_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(CaseError) as refused:
        case_from_json(text)
    assert str(refused.value).startswith(sentence)


if __name__ == "__main__":
    (CASES / f"case_v{SCHEMA_VERSION}.json").write_text(case_to_json(example_case()))
