"""The marking of lesions on CT and MR is strict: one focus for one lesion, in its organ; pieces are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scripts.accept import image_lesions
from scripts.accept.image_lesions import mark_organ, one_to_one
from scripts.accept.many_exams import differing, differing_claims

_EXAM = {"name": "ct", "kind": "ct"}


def _lesion(name: str, x: float, site: str = "liver", diameter: float = 20.0) -> dict[str, Any]:
    state = {
        "centre_lps_mm": (x, 0.0, 0.0), "diameter_mm": diameter, "long_axis_mm": diameter,
        "volume_ml": 0.5236 * diameter**3 / 1000.0,
    }  # fmt: skip
    return {"id": name, "site": site, "exams": {"ct": state}}


def _focus(x: float, verdict: str = "unsure", long_axis: float = 20.0, volume: float = 4.2) -> dict[str, Any]:
    sizes = {"long_axis": {"value": long_axis}, "volume": {"value": volume}}
    return {"centroid_lps_mm": (x, 0.0, 0.0), "verdict": verdict, "measurements": sizes}


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Marks of the liver for lesions and foci along one line; every lesion stands out."""
    monkeypatch.setattr(image_lesions, "visible", lambda *_: True)

    def mark(lesions: list[dict[str, Any]], foci: list[dict[str, Any]], organ: str = "liver") -> dict[str, Any]:
        def site_at(point: Any) -> str | None:
            for lesion in lesions:
                state = lesion["exams"]["ct"]
                if abs(point[0] - state["centre_lps_mm"][0]) <= state["diameter_mm"] / 2.0:
                    return str(lesion["site"])
            return None

        marks = image_lesions._empty()
        mark_organ(marks, {"lesions": lesions, "mimics": []}, _EXAM, organ, foci, site_at)
        return marks

    return mark


def _counts(marks: dict[str, Any]) -> tuple[int, ...]:
    return tuple(marks[name] for name in ("true", "found", "shared", "pieces", "false"))


def test_each_lesion_with_a_focus_of_its_own_is_found(marked: Any) -> None:
    marks = marked([_lesion("L1", 0.0), _lesion("L2", 40.0)], [_focus(41.0), _focus(2.0)])
    assert _counts(marks) == (2, 2, 0, 0, 0)
    assert marks["volume_error"] == pytest.approx([0.0, 0.0], abs=0.01)


def test_one_focus_between_two_lesions_finds_one_of_them(marked: Any) -> None:
    marks = marked([_lesion("L1", 0.0), _lesion("L2", 18.0)], [_focus(8.0, long_axis=38.0, volume=8.0)])
    assert _counts(marks) == (2, 1, 1, 0, 0)
    assert marks["missed"] == ["ct L2 20 mm"]


def test_a_second_piece_of_a_lesion_is_neither_found_nor_false(marked: Any) -> None:
    assert _counts(marked([_lesion("L1", 0.0, diameter=60.0)], [_focus(-12.0), _focus(15.0)])) == (1, 1, 0, 1, 0)


def test_a_focus_nowhere_near_is_false(marked: Any) -> None:
    assert _counts(marked([_lesion("L1", 0.0)], [_focus(90.0)])) == (1, 0, 0, 0, 1)


def test_a_focus_on_a_lesion_of_another_organ_is_false(marked: Any) -> None:
    assert _counts(marked([_lesion("P1", 0.0, site="pancreas")], [_focus(0.0)])) == (0, 0, 0, 0, 1)


def test_a_tumour_called_physiologic_is_missed(marked: Any) -> None:
    assert _counts(marked([_lesion("L1", 0.0)], [_focus(0.0, "physiologic")])) == (1, 0, 0, 0, 0)


def test_the_most_pairs_win_over_the_nearest_one() -> None:
    """Nearest first would give the second row's only column to the first row."""
    assert one_to_one(np.array([[0.1, 0.5], [0.2, 3.0]])) == {0: 1, 1: 0}
    assert one_to_one(np.empty((2, 0))) == {}
    assert one_to_one(np.empty((0, 3))) == {}


def test_a_statement_that_differs_is_listed_with_what_is_true_and_what_was_said() -> None:
    marks = [
        {"time_point": "baseline", "item": "t", "expected": "T2", "found": "TX", "outcome": "differs"},
        {"time_point": "baseline", "item": "n", "expected": "N0", "found": "N0", "outcome": "equal"},
        {"time_point": "baseline", "item": "m", "expected": "M0", "found": None, "outcome": "missing"},
    ]
    listed = differing(marks)
    assert listed == [["baseline", "t", "T2", "TX"]]
    (claim,) = differing_claims({"men1": {"differing": listed}, "cystic": {"differing": []}})
    assert claim.claim == "statements that differ, men1"
    assert claim.measured == "t: TX for T2 (baseline)"
    assert claim.holds is None
