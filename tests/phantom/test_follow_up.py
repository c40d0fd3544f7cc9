"""Lesions from exam to exam: growth, treatment, new and vanished, merged and split, with their fates."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.phantom.disease import Disease
from isletscope.phantom.lesion_truth import lesion_truths
from isletscope.phantom.lesions import Tumour
from tests.phantom.person import disease, person


def one(found: Disease, exam: str, name: str) -> Tumour:
    return next(t for t in found.tumours_of(exam) if t.id == name)


def lesion(rest: str, name: str = "L1", diameter: float = 20) -> str:
    return f"  - {{id: {name}, site: liver, place: {{in: liver, side: right}}, diameter_mm: {diameter}, {rest}}}\n"


def test_growth_and_treatment() -> None:
    found = disease(
        "lesions:\n"
        + lesion(
            "changes: {after: {diameter_factor: 1.5, uptake_factor: {sstr: 0.4}, enhancement_factor: 0.5, adc: 1500}}"
        )
    )
    before, after = one(found, "before", "L1"), one(found, "after", "L1")
    assert after.volume_ml == pytest.approx(1.5**3 * before.volume_ml)
    assert after.suv["sstr"] == pytest.approx(0.4 * before.suv["sstr"])
    assert after.suv["fdg"] == before.suv["fdg"]
    rise = before.appearance.hu["late_arterial"] - before.hu
    assert after.appearance.hu["late_arterial"] == pytest.approx(before.hu + rise / 2)
    assert after.appearance.adc == 1500
    assert (before.label, before.centre_personal_mm) == (after.label, after.centre_personal_mm)


def test_necrosis_without_shrinkage() -> None:
    body, pose = person()
    found = disease("lesions:\n" + lesion("changes: {follow_up: {necrosis: 0.6}}"))
    after = one(found, "after", "L1")
    assert after.diameter_mm == one(found, "before", "L1").diameter_mm
    parts = {part["name"]: part["volume_ml"] for part in lesion_truths([after], pose, body)["L1"]["parts"]}
    assert parts["necrotic_core"] / sum(parts.values()) == pytest.approx(0.6, abs=0.01)


def test_new_and_vanished() -> None:
    found = disease(
        "lesions:\n" + lesion("appears: follow_up") + lesion("vanishes: 2026-05-01", "L2") + lesion("count: 1", "L3")
    )
    assert [t.id for t in found.tumours_of("before")] == ["L2", "L3"]
    assert [t.id for t in found.tumours_of("after")] == ["L1", "L3"]
    words = {exam: {name: fate.word for name, fate in fates.items()} for exam, fates in found.fates.items()}
    assert words["before"] == {"L1": "absent", "L2": "present", "L3": "present"}
    assert words["after"] == {"L1": "new", "L2": "vanished", "L3": "persistent"}


MERGING = (
    "lesions:\n"
    + lesion("changes: {after: {diameter_factor: %s}}", "A")
    + "  - {id: B, site: liver, place: {beside: A, gap_mm: 4}, diameter_mm: 14, merges_into: {id: A, at: after}}\n"
)


def test_two_lesions_merge_into_one() -> None:
    body, pose = person()
    found = disease(MERGING % 1.6)
    assert [t.id for t in found.tumours_of("before")] == ["A", "B"]
    (union,) = found.tumours_of("after")
    assert (union.id, [t.id for t in union.joined]) == ("A", ["B"])
    assert found.fates["after"]["B"].as_json() == {"fate": "merged", "with": ["A"]}
    cloud = np.random.default_rng(1).uniform(-union.reach_mm, union.reach_mm, (400_000, 3))
    share = float((union.distance(cloud) <= 0).mean()) * (2 * union.reach_mm) ** 3 / 1000
    spared = bool(union.spared)
    measured = lesion_truths([union], pose, body)["A"]["volume_ml"]
    assert measured == pytest.approx(share, rel=0.12 if spared else 0.01)


def test_lesions_apart_cannot_merge() -> None:
    with pytest.raises(InputError, match=r"line 8: B cannot merge into A: they do not touch"):
        disease(MERGING % 1.0)


def test_a_lesion_falls_apart() -> None:
    found = disease(
        "lesions:\n" + lesion("splits_into: {number: 3, at: after}", diameter=30) + lesion("count: 1", "L2")
    )
    pieces = found.tumours_of("after")[:3]
    assert [t.id for t in pieces] == ["L1.1", "L1.2", "L1.3"]
    assert len({t.label for t in (*found.tumours_of("before"), *pieces)}) == 5
    centres = np.array([t.centre_personal_mm for t in pieces])
    for n in range(3):
        apart = float(np.linalg.norm(centres[n] - centres[n - 1])) - pieces[0].diameter_mm
        assert apart == pytest.approx(2.0, abs=0.01)
    assert found.fates["after"]["L1"].as_json() == {"fate": "split", "with": ["L1.1", "L1.2", "L1.3"]}


def test_states_that_are_alike_are_one_object() -> None:
    found = disease("lesions:\n" + lesion("count: 1"))
    assert one(found, "before", "L1") is one(found, "after", "L1")
