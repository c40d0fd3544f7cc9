"""A small MR exam of smooth random images for writer tests, without painting a body."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np

from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import ADC_IMAGE, mr_protocol
from isletscope.phantom.pose import Pose, Variation
from isletscope.phantom.scanner_mr import MrExam, MrHoldTruth, MrSeries
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.sketch import Person
from isletscope.phantom.visit import VENDORS, Visit, draw_visit
from isletscope.spatial import Geometry

PERSON = Person("F", 58, 166.0, 66.0)
_POSE = Pose(np.ones(3), Variation(np.zeros((0, 7))), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))


def visit(vendor: str = "siemens", **rule: Any) -> Visit:
    exam = ExamRule("mr", None, dt.date(2026, 9, 3), dt.time(10, 20), vendor=vendor, kind="mr", **rule)
    drawn = draw_visit(Scenario("tiny", "Tiny", (exam,)), exam, PERSON, 3, "small")
    return replace(drawn, vendor=VENDORS[vendor])


def exam(rule: MrRule | None = None, slices: int = 3) -> MrExam:
    """Images of 12 x 16 pixels; every breath-hold lies a little elsewhere."""
    rule = rule or MrRule()
    rng = np.random.default_rng(9)
    holds, series = {}, {}
    for n, key in enumerate(rule.sequences):
        geometry = Geometry((slices, 12, 16), (4.0, 3.0, 3.0), (-24.0 + n, -18.0, 100.0 - n))
        empty = np.zeros(geometry.shape, dtype=np.uint8)
        holds[key] = MrHoldTruth(key, _POSE, geometry, empty, empty, (0.0, 0.0, 0.0), 0.0)
    for image in mr_protocol().chosen(rule):
        values = rng.gamma(4.0, 60.0, holds[image.hold].geometry.shape).astype(np.float32)
        series[image.key] = MrSeries(image.key, image.hold, values, 10.0)
    if "dwi" in rule.sequences:
        adc = rng.uniform(0, 3000, holds["dwi"].geometry.shape).astype(np.float32)
        series[ADC_IMAGE] = MrSeries(ADC_IMAGE, "dwi", adc, 0.0)
    return MrExam(rule, series, holds)


def name_of(kind: str, k: int) -> str:
    return f"{kind}_{k:04d}"
