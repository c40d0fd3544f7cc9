"""Losing a measurement never makes a surgical or response conclusion more certain, and never turns it into another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from isletscope.assessment import assess
from isletscope.model import Case, Conclusion, State
from tests.assessment.cases import case, lesion, liver, seen, structure
from tests.assessment.surgical_cases import NET, structures, surgical, vessels
from tests.assessment.test_recist import read_later

MINE = (
    "surveillance",
    "resectability_net",
    "resectability_nccn",
    "resectability_systems",
    "vein_reconstruction",
    "lymphadenectomy",
    "liver_pattern",
    "liver_burden",
    "recist_targets",
    "recist",
    "choi",
    "growth_rate",
)


def rich_case() -> Case:
    """A head tumour around the vein with liver metastases, before and after PRRT."""

    def on_ct(mm: float, hu: float, at: str = "baseline", **more: Any) -> Any:
        return seen("ct", at=at, long_axis=mm, short_axis=mm, hu_portal_venous=hu, volume=mm**3 / 1910, **more)

    lesions = [
        lesion(
            "P1", on_ct(30, 110, main_duct_distance=1.0), on_ct(26, 90, "later", inner_nodule="none"), region="head"
        ),
        lesion("L1", on_ct(40, 110), on_ct(28, 85, "later", inner_nodule="none"), region="6"),
        lesion("L2", on_ct(22, 110), on_ct(17, 85, "later", inner_nodule="none"), region="3"),
        lesion("L3", on_ct(12, 110), on_ct(11, 85, "later"), region="7"),
    ]
    given = case(
        *lesions,
        exams={"ct": "2026-03-02"},
        followed_by={"later": {"ct": "2026-12-01"}},
        clinical={**NET, "courses": [{"kind": "prrt", "started_on": "2026-04"}]},
        vessels=vessels(superior_mesenteric_vein=(200, {"contact_length": 20.0}), celiac_artery=0.0),
        structures=[*structures(), structure("varices", present="no")],
        liver=[liver({}, whole_volume=1500.0, tumour_volume=42.0, right_tumour_share=4.0, left_tumour_share=1.0)],
    )
    return read_later(given)


def places(document: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Where every measurement of a case document stands."""
    for number, one in enumerate(document["lesions"]):
        for row, observation in enumerate(one["observations"]):
            for name in observation["measurements"]:
                yield "lesions", number, "observations", row, "measurements", name
    for number, point in enumerate(document["time_points"]):
        for row, vessel in enumerate(point["vessels"]):
            yield from (("time_points", number, "vessels", row, "contact_deg", name) for name in vessel["contact_deg"])
            yield from (
                ("time_points", number, "vessels", row, "measurements", name) for name in vessel["measurements"]
            )
        for kind in ("structures", "liver"):
            for row, found in enumerate(point[kind]):
                yield from (("time_points", number, kind, row, "measurements", name) for name in found["measurements"])


def without(document: dict[str, Any], place: tuple[Any, ...]) -> Case:
    """The case without one measurement."""
    copy = Case.model_validate(document).model_dump(mode="json")
    part = copy
    for key in place[:-1]:
        part = part[key]
    del part[place[-1]]
    return Case.model_validate(copy)


def conclusions(given: Case) -> dict[tuple[str, str, str], Conclusion]:
    return {
        (point.time_point, one.name, one.subject): one
        for point in assess(given).assessments
        for one in point.conclusions
        if one.name in MINE
    }


SPREAD = rich_case().model_dump(mode="json")
LOCAL = surgical().model_dump(mode="json")
DRAWN = [
    *((SPREAD, place) for place in random.Random(7).sample(sorted(places(SPREAD), key=str), 14)),
    *((LOCAL, place) for place in random.Random(7).sample(sorted(places(LOCAL), key=str), 8)),
]


@pytest.mark.parametrize(
    ("document", "place"), DRAWN, ids=lambda one: ".".join(map(str, one)) if isinstance(one, tuple) else "case"
)
def test_knowing_less_is_never_more_certain(document: dict[str, Any], place: tuple[Any, ...]) -> None:
    whole, less = conclusions(Case.model_validate(document)), conclusions(without(document, place))
    for key, one in less.items():
        before = whole.get(key)
        if one.state is State.MISSING:
            known = before is None or before.state is State.MISSING or not one.possible
            assert known or (before is not None and before.value in one.possible), (key, one.possible)
        elif one.value != "NE":
            assert before is not None, key
            assert before.value == one.value, (key, before.value, one.value)
