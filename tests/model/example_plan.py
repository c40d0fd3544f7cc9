"""The plan of the example case, made of invented figures."""

from __future__ import annotations

from isletscope.model import (
    FrontPoint,
    GoalReached,
    LeastRemnant,
    LesionLeft,
    LiverPlan,
    PlannedProcedure,
    PlanOption,
    WhatIf,
)


def example_plan() -> LiverPlan:
    """A plan that reaches 70 % and not 90 %, with every field filled."""
    best = PlanOption(
        cleared_percent=80.0, by_volume_percent=80.0, by_count_percent=50.0, count=2, cleared=["L1"],
        procedures=[
            PlannedProcedure(
                kind="resection", name="segmentectomy VI", segments=["VI"], lesions=["L1"], parenchyma_ml=150.0
            )
        ],
        left=[LesionLeft(lesion="L2", volume_ml=2.0, because=["no wedge: too deep"], reached_by=["PRRT (Krenning 4)"])],
        liver_taken_ml=150.0, remnant_ml=1300.0, rflr_percent=89.7, sflr_percent=81.0, proven=True, gap=0.0,
    )  # fmt: skip
    return LiverPlan(
        exam_key="exam-1", series_key="ct-1", weight="volume", goal_percent=70.0, best=best,
        goals=[GoalReached(goal_percent=90.0, reached=False, proven=True, forbids=["L2: no procedure clears it"])],
        front=[FrontPoint(cleared_percent=80.0, remnant_ml=1300.0, remnant_percent=89.7, count=1, words="a wedge")],
        what_if=[WhatIf(name="two_stage", words="the remnant has to grow")],
        least=LeastRemnant(
            least_ml=480.0, background="unknown", rflr_percent=30.0, rflr_ml=435.0, sflr_percent=30.0, sflr_ml=480.0,
            notes=["the state of the liver is not known"],
        ),
        liver_ml=1460.0, tumour_ml=10.0, functional_ml=1450.0, expected_ml=1600.0, formula="vauthey",
        segments_from="imported map", settings={"goal": "70 %"}, assumptions=["Volume is not function."],
        lacking=["distance to bile ducts is not known"],
    )  # fmt: skip
