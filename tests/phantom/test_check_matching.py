"""Marking of pairs and courses."""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.phantom.check_matching import FateMark, MatchingMark, TrueFocus, mark_fates, mark_pairs, matching_lines

TRUTH: dict[str, Any] = {
    "exams": [{"name": name, "study_uid": uid} for name, uid in (("ct_1", "1"), ("pet_1", "2"), ("ct_2", "3"))],
    "lesions": [
        {"id": "L1", "fates": {"ct_1": {"fate": "present"}, "ct_2": {"fate": "persistent"}}},
        {"id": "L2", "fates": {"ct_1": {"fate": "present"}, "ct_2": {"fate": "merged", "with": ["L1"]}}},
        {"id": "L3", "fates": {"ct_1": {"fate": "present"}, "ct_2": {"fate": "split", "with": ["L3.1", "L3.2"]}}},
        {"id": "L3.1", "fates": {"ct_2": {"fate": "persistent"}}},
        {"id": "L4", "fates": {"ct_1": {"fate": "present"}, "ct_2": {"fate": "vanished"}}},
    ],
}  # fmt: skip


def true(name: str, *lesions: str) -> TrueFocus:
    exam = name.split("/")[0]
    return TrueFocus(name, exam, exam, lesions)


def pairs(foci: list[TrueFocus], holders: dict[str, str], *related: tuple[str, str]) -> tuple[int, int, int]:
    correct, mistakes = mark_pairs(TRUTH, foci, holders, {frozenset(one) for one in related})
    return correct, sum(one.kind == "wrong" for one in mistakes), sum(one.kind == "missed" for one in mistakes)


def test_pairs_are_correct_wrong_or_missed() -> None:
    foci = [true("ct_1/1", "L1"), true("pet_1/1", "L1"), true("pet_1/2", "L4")]
    assert pairs(foci, {"ct_1/1": "A", "pet_1/1": "A", "pet_1/2": "B"}) == (1, 0, 0)
    assert pairs(foci, {"ct_1/1": "A", "pet_1/1": "B", "pet_1/2": "A"}) == (0, 1, 1)
    assert pairs(foci, {"ct_1/1": "A", "pet_1/2": "B"}) == (0, 0, 0), "a focus that no lesion holds makes no pair"


def test_a_focus_that_covers_two_lesions_may_stand_with_either() -> None:
    foci = [true("ct_1/1", "L1", "L2"), true("pet_1/2", "L2")]
    assert pairs(foci, {"ct_1/1": "A", "pet_1/2": "A"}) == (1, 0, 0)
    assert pairs(foci, {"ct_1/1": "A", "pet_1/2": "B"}) == (0, 0, 0)


@pytest.mark.parametrize(("before", "after"), [("L2", "L1"), ("L3", "L3.1")])
def test_what_merged_or_split_is_a_pair_when_the_case_says_so(before: str, after: str) -> None:
    foci = [true("ct_1/1", before), true("ct_2/1", after)]
    assert pairs(foci, {"ct_1/1": "A", "ct_2/1": "A"}) == (1, 0, 0)
    assert pairs(foci, {"ct_1/1": "A", "ct_2/1": "B"}, ("A", "B")) == (1, 0, 0)
    assert pairs(foci, {"ct_1/1": "A", "ct_2/1": "B"}) == (0, 0, 1)


def test_lesions_that_merge_later_are_two_before() -> None:
    assert pairs([true("ct_1/1", "L2"), true("pet_1/1", "L1")], {"ct_1/1": "A", "pet_1/1": "A"}) == (0, 1, 0)


def test_halves_of_what_has_merged_belong_to_one_lesion_whatever_one_look_shows() -> None:
    """L2 has merged into L1; CT still shows two halves, PET one mass: the reader's table has one lesion there."""
    foci = [true("ct_1/1", "L1"), true("ct_1/2", "L2"), true("ct_2/1", "L1"), true("ct_2/2", "L1")]
    before, one_mass = {"ct_1/1": "A", "ct_1/2": "B"}, {"ct_2/1": "A", "ct_2/2": "A"}
    assert pairs(foci, before | one_mass, ("B", "A")) == (4, 0, 0)
    assert pairs(foci, before | one_mass) == (2, 0, 2), "that B merged into A has to be said"
    assert pairs(foci, before | {"ct_2/1": "A", "ct_2/2": "B"}) == (2, 0, 2), "halves followed as two are held apart"


def test_two_foci_of_nothing_are_not_counted_and_one_is_wrong() -> None:
    holders = {"ct_1/1": "A", "pet_1/1": "A"}
    assert pairs([true("ct_1/1"), true("pet_1/1")], holders) == (0, 0, 0)
    assert pairs([true("ct_1/1"), true("pet_1/1", "L1")], holders) == (0, 1, 0)


def test_fates_are_marked_where_a_focus_stands_for_the_lesion() -> None:
    said = {"A": "persistent", "B": "vanished", "D": "persistent"}
    case = {
        "exams": [{"study_uid": "1", "key": "exam-1"}, {"study_uid": "3", "key": "exam-2"}],
        "time_points": [{"name": "later", "exam_keys": ["exam-2"]}],
        "lesions": [{"id": name, "course": [{"time_point": "later", "fate": fate}]} for name, fate in said.items()],
    }
    foci = [
        true("ct_1/1", "L1"),
        true("ct_2/1", "L1"),
        true("ct_1/2", "L2"),
        true("ct_1/3", "L3"),
        true("ct_1/4", "L4"),
    ]
    holders = {"ct_1/1": "A", "ct_2/1": "A", "ct_1/2": "B", "ct_1/3": "C", "ct_1/4": "D"}
    marks, undetected = mark_fates(TRUTH, case, foci, holders)
    assert [(one.lesion, one.said, one.right) for one in marks] == [
        ("L1", "persistent", True),
        ("L2", "vanished", False),
        ("L4", "persistent", False),
    ]
    assert undetected == 1, "no focus stands for a part of L3"


def test_lines_for_people() -> None:
    assert matching_lines(None) == []
    text = "\n".join(matching_lines(MatchingMark(19, (), (FateMark("L4", "later", "vanished", "persistent"),), 2)))
    assert "pairs correct 19, wrong 0, missed 0: 100.0 %" in text
    assert "L4 at later: vanished, said persistent" in text
