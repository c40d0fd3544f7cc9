"""Small scans for writer tests, and a reader of what was written."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from isletscope.phantom.scanner import CtScan, PetScan
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.sketch import Person
from isletscope.phantom.visit import VENDORS, Visit, draw_visit
from isletscope.spatial import Geometry

GRID = Geometry((5, 12, 16), (3.0, 4.0, 4.0), (-30.0, -22.0, 140.0))
PERSON = Person("F", 58, 166.0, 66.0)


def visit(vendor: str = "siemens", tracer: str = "68Ga-DOTATATE", **rule: Any) -> Visit:
    exam = ExamRule("sstr", tracer, dt.date(2026, 9, 1), dt.time(9, 40), vendor=vendor, **rule)
    drawn = draw_visit(Scenario("tiny", "Tiny", (exam,)), exam, PERSON, 3, "small")
    return replace(drawn, vendor=VENDORS[vendor])


def pet_scan() -> PetScan:
    rng = np.random.default_rng(4)
    image = rng.gamma(2.0, 2.0, GRID.shape).astype(np.float32)
    image[0] *= 0.01
    empty = np.zeros(GRID.shape, dtype=np.uint8)
    return PetScan(GRID, image, image, empty, empty, ())


def ct_scan() -> CtScan:
    return CtScan(GRID, np.random.default_rng(5).integers(-1000, 1500, GRID.shape).astype(np.int16))


def name_of(kind: str, k: int) -> str:
    return f"{kind}{k}"


def read(paths: list[Path]) -> list[pydicom.Dataset]:
    return sorted((pydicom.dcmread(path) for path in paths), key=lambda d: float(d.ImagePositionPatient[2]))
