"""The case document: its schema, round trips, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from isletscope.model import (
    Assessment,
    Case,
    Measurement,
    Patient,
    ReaderEntries,
    ReaderEntry,
    Software,
    State,
    case_from_json,
    case_to_json,
    derived,
    measured,
    missing,
)
from tests.model.example import example_case

names = st.text(min_size=1, max_size=20)
numbers = st.floats(allow_nan=False, allow_infinity=False)


def test_the_schema_is_a_valid_schema_and_describes_a_case() -> None:
    schema = Case.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(case_to_json(example_case())), schema, jsonschema.Draft202012Validator)


def test_the_schema_refuses_an_unknown_key() -> None:
    document = json.loads(case_to_json(example_case()))
    document["lesion"] = []
    with pytest.raises(jsonschema.ValidationError, match="lesion"):
        jsonschema.validate(document, Case.model_json_schema(), jsonschema.Draft202012Validator)


def test_the_schema_of_readers_entries_is_valid() -> None:
    schema = ReaderEntries.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    entry = {"subject": "weight_kg", "value": 71, "who": "A. Reader", "when": "2026-01-02", "why": "from the chart"}
    jsonschema.validate({"entries": [entry]}, schema, jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError, match="why"):
        jsonschema.validate({"entries": [{**entry, "why": ""}]}, schema, jsonschema.Draft202012Validator)


def test_a_case_survives_writing_and_reading() -> None:
    case = example_case()
    assert case_from_json(case_to_json(case)) == case


def test_a_null_in_the_clinical_file_survives() -> None:
    case = example_case()
    case.clinical = {"chromogranin": None, "surgery": {"date": None}}
    assert case_from_json(case_to_json(case)).clinical == case.clinical


def test_the_example_uses_every_field_of_every_part() -> None:
    used: dict[str, set[str]] = {}

    def walk(part: Any) -> None:
        if isinstance(part, BaseModel):
            fields = type(part).model_fields
            filled = {name for name in fields if getattr(part, name) not in (None, [], {})}
            used.setdefault(type(part).__name__, set()).update(filled)
            for name in filled:
                walk(getattr(part, name))
        elif isinstance(part, list | tuple):
            for item in part:
                walk(item)
        elif isinstance(part, dict):
            for item in part.values():
                walk(item)

    case = example_case()
    walk(case)
    schema = Case.model_json_schema()
    parts = {name: set(body["properties"]) for name, body in schema["$defs"].items() if "properties" in body}
    parts["Case"] = set(schema["properties"])
    optional_elsewhere = {"Assessment": {"missing"}}
    unused = {
        name: fields - used.get(name, set()) - optional_elsewhere.get(name, set()) for name, fields in parts.items()
    }
    assert {name: fields for name, fields in unused.items() if fields} == {}


def test_a_series_is_found_by_its_key() -> None:
    case = example_case()
    assert case.series("pet-1").description == "PET WB"
    assert case.exam_of("pet-1").key == "exam-1"
    with pytest.raises(KeyError, match="ct-9"):
        case.series("ct-9")
    with pytest.raises(KeyError, match="ct-9"):
        case.exam_of("ct-9")


def test_an_unknown_key_is_refused_and_not_lost() -> None:
    with pytest.raises(ValidationError, match="weigth_kg"):
        Patient.model_validate({"id": "1", "weigth_kg": 70})


@given(name=names, value=numbers, unit=names)
def test_a_known_value_has_a_number(name: str, value: float, unit: str) -> None:
    for make, state in ((measured, State.MEASURED), (derived, State.DERIVED)):
        made = make(name, value, unit)
        assert (made.value, made.unit, made.state, made.missing_because) == (value, unit, state, None)


@given(name=names, because=names)
def test_a_missing_value_says_why(name: str, because: str) -> None:
    made = missing(name, because)
    assert (made.value, made.state, made.missing_because) == (None, State.MISSING, because)


@pytest.mark.parametrize(
    ("given_fields", "sentence"),
    [
        ({"state": "missing"}, "SUVmax: a missing value has no number and says why it is missing"),
        ({"state": "missing", "value": 1.0, "missing_because": "no weight"}, "a missing value has no number"),
        ({"state": "measured"}, "SUVmax: a known value has a number and no reason for being missing"),
        ({"state": "measured", "value": 1.0, "missing_because": "no weight"}, "no reason for being missing"),
        ({"state": "measured", "value": float("nan")}, "finite number"),
        ({"state": "measured", "value": float("inf")}, "finite number"),
    ],
)
def test_a_measurement_refuses_half_knowledge(given_fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Measurement.model_validate({"name": "SUVmax", **given_fields})


def test_a_value_cannot_be_taken_away_without_a_reason() -> None:
    made = measured("SUVmax", 3.0, "g/mL")
    with pytest.raises(ValidationError, match="a known value has a number"):
        made.value = None


@pytest.mark.parametrize(
    ("given_fields", "sentence"),
    [
        ({"state": "missing"}, "Krenning: a conclusion that is missing names what it lacks"),
        ({"state": "missing", "value": "3", "missing": ["liver"]}, "names what it lacks"),
        ({"state": "derived"}, "Krenning: a conclusion has a value"),
    ],
)
def test_a_conclusion_refuses_half_knowledge(given_fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Assessment.model_validate({"name": "Krenning", **given_fields})


@pytest.mark.parametrize("lack", ["who", "when", "why", "subject", "value"])
def test_a_readers_entry_says_who_when_and_why(lack: str) -> None:
    entry = {"subject": "weight_kg", "value": 71, "who": "A. Reader", "when": "2026-01-02", "why": "from the chart"}
    del entry[lack]
    with pytest.raises(ValidationError, match=lack):
        ReaderEntry.model_validate(entry)


@settings(deadline=None)
@given(value=numbers)
def test_numbers_survive_to_the_last_digit(value: float) -> None:
    case = Case(
        software=Software(version="0", created="2026-01-01"), patient=Patient(id="1"), clinical={"value": value}
    )
    assert case_from_json(case_to_json(case)).clinical["value"] == value
