"""Body masses, surface and other normalisations: published test values Q1 to Q10."""

from __future__ import annotations

import math
from typing import Any

import pytest

from isletscope.intake.suv import quantify
from isletscope.intake.suv_body import (
    body_surface_m2,
    dicom_lean_mass_kg,
    ideal_mass_kg,
    james_mass_kg,
    james_turning_weight_kg,
    janmahasatian_mass_kg,
    suv_variants,
)
from isletscope.model import Patient
from tests.intake.suv_series import headers_only, pet_header, radiopharmaceutical


def test_q1_gallium() -> None:
    activity = 150.0 * 2 ** (-60 / 67.71)
    assert activity == pytest.approx(81.159, abs=0.001)
    assert 10000 * 80e3 / (activity * 1e6) == pytest.approx(9.857, abs=0.001)


@pytest.mark.parametrize(
    ("concentration", "weight", "dose", "half_life", "code", "expected"),
    [
        (10000, 80, 150e6, 4062.6, "35337001", 9.857),
        (12000, 70, 300e6, 6586.2, "77004003", 4.090),
    ],
)
def test_q1_q2_suv(concentration: int, weight: int, dose: float, half_life: float, code: str, expected: float) -> None:
    item = radiopharmaceutical(RadionuclideTotalDose=f"{dose:.0f}", RadionuclideHalfLife=f"{half_life}")
    item.RadionuclideCodeSequence[0].CodeValue = code
    quantification = quantify(headers_only(pet_header(item, PatientWeight=f"{weight}")))
    assert quantification.factor is not None
    assert concentration * quantification.factor == pytest.approx(expected, abs=0.001)


def test_q3_q4_q5_masses_and_surface() -> None:
    assert body_surface_m2(80, 1.80) == pytest.approx(1.996, abs=0.001)
    assert james_mass_kg(80, 1.80, "M") == pytest.approx(62.716, abs=0.001)
    assert janmahasatian_mass_kg(80, 1.80, "M") == pytest.approx(61.731, abs=0.001)
    assert james_mass_kg(60, 1.65, "F") == pytest.approx(44.630, abs=0.001)
    assert janmahasatian_mass_kg(60, 1.65, "F") == pytest.approx(39.287, abs=0.001)
    assert james_mass_kg(120, 1.75, "M") == pytest.approx(71.814, abs=0.001)
    assert dicom_lean_mass_kg(120, 1.75, "M") == pytest.approx(75.576, abs=0.001)
    assert janmahasatian_mass_kg(120, 1.75, "M") == pytest.approx(73.456, abs=0.001)
    assert ideal_mass_kg(1.75, "M") == pytest.approx(72.38)
    assert ideal_mass_kg(1.75, "F") == pytest.approx(66.43)


def test_q6_james_is_refused_beyond_its_maximum() -> None:
    assert james_turning_weight_kg(1.60, "F") == pytest.approx(92.54, abs=0.01)
    quantification = quantify(headers_only(pet_header(PatientWeight="110", PatientSize="1.60", PatientSex="F")))
    assert quantification.lean_body_mass_kg == pytest.approx({"janmahasatian": 52.932}, abs=0.001)
    variants = {one.name: one for one in suv_variants(quantification, Patient(id="test", sex="F", size_m=1.6))}
    assert variants["SULjames128"].factor is None
    assert variants["SULjames128"].missing_because == (
        "the patient's weight is beyond the range of James' formula, where lean mass falls with rising weight"
    )
    assert variants["SULjanma"].factor == pytest.approx(52.932 / 110, abs=1e-5)


@pytest.mark.parametrize("size", [1.5, 1.75, 2.0])
@pytest.mark.parametrize("sex", ["M", "F"])
def test_james_turns_at_its_maximum(size: float, sex: str) -> None:
    turning = james_turning_weight_kg(size, sex)
    top = james_mass_kg(turning, size, sex)
    assert top > james_mass_kg(turning - 1, size, sex)
    assert top > james_mass_kg(turning + 1, size, sex)


def q3(**changes: Any) -> Any:
    item = radiopharmaceutical(RadionuclideTotalDose="150000000", RadionuclideHalfLife="4062.6")
    item.RadionuclideCodeSequence[0].CodeValue = "35337001"
    values = {"PatientWeight": "80", "PatientSize": "1.80", "PatientSex": "M"} | changes
    return quantify(headers_only(pet_header(item, **values)))


def test_q3_variants_of_one_voxel() -> None:
    quantification = q3()
    suv = 10000 * quantification.factor
    variants = {one.name: one for one in suv_variants(quantification, Patient(id="test", sex="M", size_m=1.8))}
    assert {name: suv * one.factor for name, one in variants.items() if one.factor} == pytest.approx(
        {"SULjanma": 7.606, "SULjames128": 7.728, "SUVbsa": 2.460}, abs=0.001
    )
    assert [one.unit for one in variants.values()] == ["g/mL", "g/mL", "cm2/mL"]


def test_q9_dose_in_the_wrong_unit_is_converted_and_told() -> None:
    quantification = quantify(headers_only(pet_header(radiopharmaceutical(RadionuclideTotalDose="150"))))
    assert quantification.injected_activity_mbq == 150
    assert [finding.code for finding in quantification.findings] == ["activity_in_mbq"]


def test_q10_without_sex_there_is_suv_but_no_sul() -> None:
    quantification = q3(PatientSex=None)
    assert 10000 * quantification.factor == pytest.approx(9.857, abs=0.001)
    variants = {one.name: one for one in suv_variants(quantification, Patient(id="test", size_m=1.8))}
    assert variants["SULjanma"].missing_because == "the patient's sex is not usable"
    assert variants["SULjames128"].factor is None
    assert variants["SUVbsa"].factor is not None


def test_without_height_nothing_but_suv_by_weight() -> None:
    quantification = q3(PatientSize=None, PatientSex=None)
    reasons = [one.missing_because for one in suv_variants(quantification, Patient(id="test"))]
    assert reasons == [
        "the patient's height and sex is not usable",
        "the patient's height and sex is not usable",
        "the patient's height is not usable",
    ]


def test_other_sex_takes_the_mean_of_both() -> None:
    for mass in (james_mass_kg, janmahasatian_mass_kg, dicom_lean_mass_kg):
        both = (mass(70, 1.75, "M") + mass(70, 1.75, "F")) / 2
        assert mass(70, 1.75, "O") == pytest.approx(both)
    assert math.isclose(ideal_mass_kg(1.75, "O"), (72.38 + 66.43) / 2)
