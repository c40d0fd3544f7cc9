"""One person at rest and scenarios in a few lines, for tests of lesions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from isletscope.phantom.body import Body, build_body, draw_person
from isletscope.phantom.disease import Disease, disease_of
from isletscope.phantom.pose import Pose, Variation
from isletscope.phantom.regions import Regions
from isletscope.phantom.scenario import Scenario, parse_scenario
from isletscope.phantom.tissues import draw_tissues

HEAD = """name: x
title: X
exams:
  - {name: before, tracer: 68Ga-DOTATATE, date: 2026-01-02, time_point: baseline}
  - {name: after, tracer: 68Ga-DOTATATE, date: 2026-07-02, time_point: follow_up}
"""


@lru_cache(maxsize=1)
def person() -> tuple[Body, Pose]:
    """A woman of 166 cm and 66 kg, at rest."""
    rng = np.random.default_rng(3)
    body = build_body(draw_person(rng, "F", 58, 166, 66), draw_tissues(rng), rng)
    return body, Pose(body.scale, Variation.draw(rng), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), np.zeros((0, 9)))


@lru_cache(maxsize=1)
def regions() -> Regions:
    """Her regions."""
    return Regions.of(*person())


def plan(text: str) -> Scenario:
    """A scenario of two exams; ``text`` from 'lesions:' on."""
    return parse_scenario(HEAD + text, "x.yaml")


def disease(text: str, seed: int = 1) -> Disease:
    """The disease of a scenario in this person."""
    body, pose = person()
    return disease_of(plan(text), body, pose, seed)
