"""What all parts of a case of truth share: rules, kinds of exam, measurements, tissues."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.tables import read_table

Json = dict[str, Any]
METHOD = "true value"


@lru_cache(maxsize=1)
def rules() -> Json:
    """The table ``case_rules.yaml``."""
    return read_table("case_rules.yaml")


def exam_kind(exam: Json) -> str:
    """What an exam counts as: ct, mri, sstr_pet ..."""
    kind: str = rules()["kinds"][exam.get("tracer_class", exam["kind"])]
    return kind


def measured(name: str, value: float, unit: str = "1", digits: int = 2) -> Json:
    """A measurement that is known."""
    printed = name.replace("_", " ")
    return {"name": printed, "state": "measured", "value": round(float(value), digits), "unit": unit, "method": METHOD}


def grid_document(grid: Json) -> Json:
    """A grid of the truth: axial, square to the patient."""
    return {
        "shape_kji": grid["shape_kji"],
        "spacing_kji_mm": grid["spacing_kji_mm"],
        "origin_lps_mm": grid["origin_lps_mm"],
        "axes_lps": [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    }


def series_key(exam: Json, wanted: str) -> str:
    """Key of the first series of a role, or of a role and phase (``phase late_arterial``)."""
    role, _, phase = wanted.partition(" ")
    for number, series in enumerate(exam["series"], start=1):
        if series["role"] == role and series.get("phase", "") == (phase or series.get("phase", "")):
            return f"{exam['name']}-{number}"
    raise KeyError(wanted)


def holds(exam: Json, centre_lps_mm: list[float]) -> bool:
    """Whether the exam's slices hold a height; every field holds the whole width of the body."""
    grid = next(iter(exam["grids"].values()))
    low = grid["origin_lps_mm"][2]
    return bool(low <= centre_lps_mm[2] <= low + grid["spacing_kji_mm"][0] * (grid["shape_kji"][0] - 1))


def appearance(look: Json) -> Appearance:
    """An appearance as the truth tells it."""
    return Appearance(
        hu=look["hu"],
        uptake=look["suv"],
        t1_ms=look["t1_ms"],
        t2_ms=look["t2_ms"],
        proton_density=look["proton_density"],
        fat_fraction=look["fat_fraction"],
        adc=look["adc"],
        gadolinium=look["gadolinium_per_s"],
    )


def level(value: float, organ: float, step: float) -> str:
    """``lower``, ``equal`` or ``higher`` than the organ; steps of less than ``step`` are equal."""
    if abs(value - organ) < step:
        return "equal"
    return "higher" if value > organ else "lower"


def level_by_ratio(ratio: float) -> str:
    """``lower``, ``equal`` or ``higher`` by the ratio of two signals."""
    step = rules()["seen"]["signal_ratio"]
    if 1.0 / step < ratio < step:
        return "equal"
    return "higher" if ratio > 1.0 else "lower"
