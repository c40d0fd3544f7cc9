"""Body masses and surface for SUV normalised other than by weight.

Formulae: Janmahasatian 2005 (Clin Pharmacokinet 44:1051), James 1976 as used by PERCIST (DICOM LBMJAMES128; the DICOM
term LBM carries 120 for men), DICOM IBW for the ideal weight, Du Bois 1916 for the surface. Weight in kg, height in m.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isletscope.model import Patient, PetQuantification

_JAMES_LINEAR = {"M": 1.10, "F": 1.07}
_JAMES_SQUARE = {"M": 128.0, "F": 148.0}
_DICOM_LBM_SQUARE = {"M": 120.0, "F": 148.0}
_JANMAHASATIAN = {"M": (6680.0, 216.0), "F": (8780.0, 244.0)}
_IDEAL = {"M": (48.0, 1.06), "F": (45.5, 0.91)}


def james_mass_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Lean body mass after James, 128 for men; sex M, F, or O for the mean of both."""
    return _by_sex(sex, lambda s: _james(weight_kg, size_m, _JAMES_LINEAR[s], _JAMES_SQUARE[s]))


def dicom_lean_mass_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Lean body mass of the DICOM term LBM (120 for men)."""
    return _by_sex(sex, lambda s: _james(weight_kg, size_m, _JAMES_LINEAR[s], _DICOM_LBM_SQUARE[s]))


def james_turning_weight_kg(size_m: float, sex: str) -> float:
    """Weight at which James' formula reaches its maximum; from there on it falls while weight rises."""
    turning = {s: _JAMES_LINEAR[s] * (100.0 * size_m) ** 2 / (2.0 * _JAMES_SQUARE[s]) for s in "MF"}
    return min(turning.values()) if sex == "O" else turning[sex]


def janmahasatian_mass_kg(weight_kg: float, size_m: float, sex: str) -> float:
    """Lean body mass after Janmahasatian."""

    def mass(s: str) -> float:
        constant, by_index = _JANMAHASATIAN[s]
        return 9270.0 * weight_kg / (constant + by_index * weight_kg / size_m**2)

    return _by_sex(sex, mass)


def ideal_mass_kg(size_m: float, sex: str) -> float:
    """Ideal body weight of the DICOM term IBW."""

    def mass(s: str) -> float:
        base, per_cm = _IDEAL[s]
        return base + per_cm * (100.0 * size_m - 152.0)

    return _by_sex(sex, mass)


def body_surface_m2(weight_kg: float, size_m: float) -> float:
    """Body surface after Du Bois."""
    return float(0.007184 * (100.0 * size_m) ** 0.725 * weight_kg**0.425)


def _james(weight_kg: float, size_m: float, linear: float, square: float) -> float:
    return linear * weight_kg - square * (weight_kg / (100.0 * size_m)) ** 2


def _by_sex(sex: str, mass: Callable[[str], float]) -> float:
    return (mass("M") + mass("F")) / 2.0 if sex == "O" else mass(sex)


@dataclass(frozen=True)
class SuvVariant:
    """Another normalisation: ``factor`` times SUVbw gives it; or why there is none.

    ``unit`` is UCUM: g/mL for lean body mass, cm2/mL for body surface.
    """

    name: str
    unit: str
    method: str
    factor: float | None = None
    missing_because: str | None = None


def suv_variants(quantification: PetQuantification, patient: Patient) -> list[SuvVariant]:
    """SUL after Janmahasatian, SUL after James 128 and SUVbsa as factors on SUVbw, or the reason why not.

    Weight, lean masses and surface are those of the quantification (reader's entries included); ``patient`` only
    serves to say what is lacking.
    """
    weight = quantification.weight_kg
    lacks = [
        name
        for name, value in (("weight", weight), ("height", patient.size_m), ("sex", patient.sex))
        if value is None and not (name != "weight" and quantification.lean_body_mass_kg)
    ]
    variants = []
    for key, name, method in (
        ("janmahasatian", "SULjanma", "SUV by lean body mass, Janmahasatian"),
        ("james128", "SULjames128", "SUV by lean body mass, James with 128 for men"),
    ):
        mass = quantification.lean_body_mass_kg.get(key)
        if weight is None or mass is None:
            reason = _why_no_lean_mass(key, quantification, lacks)
            variants.append(SuvVariant(name, "g/mL", method, missing_because=reason))
        else:
            variants.append(SuvVariant(name, "g/mL", method, mass / weight))
    surface, method = quantification.body_surface_m2, "SUV by body surface, Du Bois"
    if weight is None or surface is None:
        reason = f"the patient's {' and '.join(x for x in lacks if x != 'sex') or 'weight or height'} is not usable"
        variants.append(SuvVariant("SUVbsa", "cm2/mL", method, missing_because=reason))
    else:
        variants.append(SuvVariant("SUVbsa", "cm2/mL", method, surface * 1e4 / (weight * 1000.0)))
    return variants


def _why_no_lean_mass(key: str, quantification: PetQuantification, lacks: list[str]) -> str:
    if key == "james128" and "janmahasatian" in quantification.lean_body_mass_kg:
        return "the patient's weight is beyond the range of James' formula, where lean mass falls with rising weight"
    return f"the patient's {' and '.join(lacks) or 'weight, height or sex'} is not usable"
