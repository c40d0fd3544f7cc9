"""A person in a pose, for tests of painting and scanning."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import numpy as np

from isletscope.phantom.appearance import CT_PHASES, TRACER_CLASSES, Appearance
from isletscope.phantom.body import Body, build_body, draw_person
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.render import Scene
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import Visit, draw_visit, random_source

DAY = dt.date(2026, 9, 1)


@lru_cache(maxsize=2)
def body(seed: int = 1) -> Body:
    rng = random_source(seed, "tests")
    person = draw_person(rng, "F", 58, 166.0, 66.0)
    return build_body(person, draw_tissues(random_source(seed, "tissues"), person.weight_kg), rng)


def pose(seed: int = 1, breathing_mm: float = 8.0) -> Pose:
    return Pose(
        body().scale,
        Variation.draw(random_source(1, "variation")),
        (0.6, -0.8, 1.4) if seed else (0.0, 0.0, 0.0),
        (8.0, -12.0, 100.0) if seed else (0.0, 0.0, 0.0),
        draw_breathing(random_source(seed, "breathing"), breathing_mm),
    )


def look(value: float, **more: Any) -> Appearance:
    """The same CT number in all phases and the same uptake in all classes."""
    return Appearance(hu=dict.fromkeys(CT_PHASES, value), uptake=dict.fromkeys(TRACER_CLASSES, value), **more)


def ball(radius_mm: float, anatomical: tuple[float, float, float], value: float = 20.0, **more: Any) -> Tumour:
    x, y, z = (float(v) for v in pose().from_anatomical(np.array([anatomical]))[0])
    more = {"label": 1, "id": "L1", **more}
    return Tumour(
        site="liver", organ="liver", centre_personal_mm=(x, y, z), semi_axes_mm=(radius_mm,) * 3,
        turned_degrees=(0.0, 0.0, 0.0), appearance=look(value), **more,
    )  # fmt: skip


def scene(*tumours: Tumour, seed: int = 1) -> Scene:
    return Scene(body(), pose(seed), tumours)


def visit(**rule: Any) -> Visit:
    exam = ExamRule(**{"name": "x", "tracer": "68Ga-DOTATATE", "date": DAY, "time": dt.time(9, 40), **rule})
    return draw_visit(Scenario("scenes", "Scenes", (exam,)), exam, body().person, 3, "small")
