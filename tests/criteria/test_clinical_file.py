"""The clinical file: what it refuses, and in which words."""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest

from isletscope.criteria import ClinicalFile, read_clinical
from isletscope.errors import InputError

TODAY = date(2026, 10, 20)


@pytest.mark.parametrize(("document", "sentence"), [
    ({"paitent": {}}, "unknown key paitent. Did you mean patient?"),
    ({"patient": {"wieght_kg": 70}}, "unknown key patient.wieght_kg. Did you mean patient.weight_kg?"),
    ({"egfr_ml_min": 60}, "unknown key egfr_ml_min. Did you mean laboratory.egfr_ml_min?"),
    ({"tumour": {"ki67_percent": 3}}, "Did you mean histology.ki67_percent?"),
    ({"hormones": {"syndrome": "insuline"}}, "Did you mean insulin?"),
    ({"germline": "MEN2"}, "MEN4, VHL, NF1, TSC, MAFA, Mahvash. `isletscope schema clinical`"),
    ({"histology": {"grade": "G4"}}, "histology.grade does not fit; found 'G4'"),
    ({"questions": ["stagging"]}, "Did you mean staging?"),
    ({"done": [{"exam": "CT"}]}, "done.0.finding"),
    ({"histology": {"ki67_percent": "many"}}, "Ki-67 is not understood"),
    ({"histology": {"ki67_percent": 130}}, "histology.ki67_percent"),
    ({"histology": {"ki67_percent": "12-8"}}, "histology.ki67_percent"),
    ({"patient": {"weight_kg": 70000}}, "patient.weight_kg does not fit"),
    ({"laboratory": {"glucose_mmol_l": 110}}, "laboratory.glucose_mmol_l does not fit"),
    ([], "is not a list of names with values"),
])  # fmt: skip
def test_what_does_not_fit_is_named_with_a_remedy(document: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_clinical(document, today=TODAY, subject="case.yaml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("case.yaml: ")


def test_courses_of_treatment_take_days_or_months() -> None:
    given = {"courses": [{"kind": "prrt", "started_on": "2026-01", "ended_on": "2026-07-14"}, {"kind": "ablation"}]}
    first, second = read_clinical(given, today=TODAY).courses or ()
    assert (first.started_on, first.ended_on) == (date(2026, 1, 1), date(2026, 7, 14))
    assert second.started_on is None
    assert read_clinical({}, today=TODAY).courses is None
    assert read_clinical({"courses": []}, today=TODAY).courses == ()


@pytest.mark.parametrize(
    ("course", "sentence"),
    [
        ({"kind": "radiation"}, "courses.0.kind"),
        ({"kind": "prrt", "started_on": "2026-13"}, "courses.0.started_on"),
        ({"kind": "prrt", "started_on": "2026-05", "ended_on": "2026-01"}, "the course ends before it starts"),
        ({"kind": "prrt", "started_on": "2026-11"}, "courses.started_on lies in the future"),
    ],
)
def test_courses_that_cannot_be_are_refused(course: dict[str, str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_clinical({"courses": [course]}, today=TODAY)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("document", [
    {"done": [{"exam": "CT", "finding": "negative", "done_on": "2026-10-21"}]},
    {"histology": {"sampled_on": "2026-10-21"}},
    {"tumour": {"resected_on": "2026-10-21"}},
    {"constraints": {"somatostatin_analogue": {"long_acting": True, "last_dose_on": "2026-10-21"}}},
    {"patient": {"birth_date": "2026-10-21"}},
])  # fmt: skip
def test_dates_to_come_are_refused_against_the_given_day(document: Any) -> None:
    with pytest.raises(InputError, match=r"lies in the future; found 2026-10-21; expected 2026-10-20 or earlier"):
        read_clinical(document, today=TODAY)
    read_clinical(document, today=date(2026, 10, 21))


@pytest.mark.parametrize(("size", "fits"), [(2.9, False), (3, True), (300, True), (300.1, False)])
def test_sizes_that_look_like_another_unit(size: float, fits: bool) -> None:
    document = {"tumour": {"largest_mm": size}}
    if fits:
        read_clinical(document, today=TODAY)
        return
    with pytest.raises(InputError, match="not a plausible size in mm"):
        read_clinical(document, today=TODAY)
    read_clinical({"tumour": {"largest_mm": size, "size_confirmed": True}}, today=TODAY)


def test_a_size_in_cm_is_told_in_mm() -> None:
    with pytest.raises(InputError, match="If it was meant in cm, write 24"):
        read_clinical({"tumour": {"largest_mm": 2.4}}, today=TODAY)


@pytest.mark.parametrize(("document", "sentence"), [
    ({"patient": {"sex": "M"}, "constraints": {"pregnant": True}}, "pregnant and sex contradict"),
    ({"patient": {"sex": "M"}, "constraints": {"breast_feeding": True}}, "breast_feeding and sex contradict"),
    ({"patient": {"age_years": 61}, "constraints": {"pregnant": True}}, "not possible at this age"),
    ({"tumour": {"subtype": "gastrinoma"}, "hormones": {"syndrome": "insulin"}}, "subtype and hormone syndrome"),
    ({"tumour": {"subtype": "insulinoma"}, "hormones": {"syndrome": "none"}}, "subtype and hormone syndrome"),
    ({"histology": {"grade": "G1", "ki67_percent": 3}}, "grade and Ki-67"),
    ({"histology": {"grade": "G2", "ki67_percent": 21}}, "grade and Ki-67"),
    ({"histology": {"grade": "NEC", "ki67_percent": 10}}, "grade and Ki-67"),
    ({"histology": {"grade": "G2", "differentiation": "poor"}}, "grade and differentiation"),
    ({"histology": {"grade": "NEC", "differentiation": "well"}}, "grade and differentiation"),
    ({"tumour": {"number": 0, "largest_mm": 12}}, "a size without a tumour"),
    ({"constraints": {"metformin": True, "diabetes": False}}, "metformin without diabetes"),
    ({"constraints": {"insulin_treatment": True, "diabetes": False}}, "insulin treatment without diabetes"),
    ({"patient": {"age_years": 40, "birth_date": "1970-01-01"}}, "age and date of birth contradict"),
])  # fmt: skip
def test_contradictions(document: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_clinical(document, today=TODAY)


@pytest.mark.parametrize("document", [
    {"histology": {"grade": "G1", "ki67_percent": 2.9}},
    {"histology": {"grade": "G2", "ki67_percent": 20}},
    {"histology": {"grade": "G2", "ki67_percent": "2-5 %"}},
    {"histology": {"grade": "NEC", "ki67_percent": 21}},
    {"tumour": {"subtype": "serotonin"}, "hormones": {"syndrome": "none"}},
    {"patient": {"age_years": 60, "sex": "F"}, "constraints": {"pregnant": True}},
])  # fmt: skip
def test_what_can_be_true_is_taken(document: Any) -> None:
    read_clinical(document, today=TODAY)


def test_words_of_a_gene_report() -> None:
    assert read_clinical({"germline": "MEN1 pathogenic variant"}, today=TODAY).germline == "MEN1"
    with pytest.raises(InputError, match="germline"):
        read_clinical({"germline": "MEN1 variant of uncertain significance"}, today=TODAY)


def test_the_schema_describes_the_file() -> None:
    schema = ClinicalFile.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "questions" in schema["properties"]
