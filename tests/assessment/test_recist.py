"""RECIST, Choi and mRECIST over time points: baseline, targets by name, vanished, split, merged and new lesions."""

from __future__ import annotations

import random
from typing import Any

import pytest

from isletscope.model import Case, Lesion, Observation, Software, State, Verdict
from tests.assessment.cases import assessed, case, lesion, not_covered, not_seen, seen
from tests.assessment.test_vessels import conclusion

NO_TREATMENT = {"courses": []}
PRRT = {"courses": [{"kind": "prrt", "started_on": "2026-04", "ended_on": "2026-08"}]}
LATER = {"ct": "2026-10-01", "sstr_pet": "2026-10-03"}


def on_ct(mm: float, /, at: str = "baseline", short: float | None = None, **more: Any) -> Observation:
    return seen("ct", at=at, long_axis=mm, short_axis=mm if short is None else short, **more)


def course(name: str, *mm: float | None, region: str = "6", **more: Any) -> Lesion:
    """A lesion with its size on CT at baseline and later; 0 is not seen, None is not covered."""
    points = ("baseline", "later", "last")
    made = []
    for at, size in zip(points, mm, strict=False):
        if size is None:
            made.append(not_covered("ct", at=at))
        else:
            made.append(on_ct(size, at=at) if size else not_seen("ct", at=at))
    return lesion(name, *made, region=region, **more)


def followed(*lesions: Lesion, clinical: dict[str, Any] | None = None, last: bool = False) -> Case:
    points = {"later": LATER, **({"last": {"ct": "2027-03-01"}} if last else {})}
    return read_later(case(*lesions, followed_by=points, clinical=NO_TREATMENT if clinical is None else clinical))


def read_later(given: Case) -> Case:
    """The same case, read after its last exam, so that no date of its clinical file lies in the future."""
    return given.model_copy(update={"software": Software(version="0", created="2028-04-01T12:00:00+00:00")})


def test_targets_two_an_organ_and_nodes_by_their_short_axis() -> None:
    lesions = [course(f"L{number}", 60.0 - number, 50.0) for number in range(1, 5)]
    node = lesion("N1", on_ct(25.0, short=15.0), region="celiac")
    small = lesion("N2", on_ct(25.0, short=14.9), region="celiac")
    given = followed(*lesions, node, small, course("P1", 30.0, 30.0, region="tail"))
    found = assessed(given, "baseline").conclusion("recist_targets")
    assert found is not None
    assert found.value == "L1, P1, N1, L2"
    assert found.parts["baseline_sum_mm"] == "162"
    roles = {one.subject: one.value for one in found.lesions}
    assert roles["N2"] == "non_target"
    assert roles["L3"] == "non_target"


def test_treatment_that_is_not_known_leaves_targets_open() -> None:
    given = followed(course("L1", 30.0, 30.0), clinical={})
    found = assessed(given, "baseline").conclusion("recist_targets")
    assert found is not None
    assert found.missing == ["whether L1 was treated locally before"]
    assert conclusion(given, "recist").state is State.MISSING


@pytest.mark.parametrize(
    ("now", "expected"), [(35.0, "PR"), (35.1, "SD"), (59.9, "SD"), (60.0, "PD"), (0.0, "CR"), (None, "NE")]
)
def test_response_of_one_target(now: float | None, expected: str) -> None:
    found = conclusion(followed(course("L1", 50.0, now)), "recist")
    assert found.parts["target"] == expected
    assert found.value == expected


def test_the_order_of_lesions_does_not_matter() -> None:
    lesions = [course("L1", 40.0, 30.0), course("L2", 20.0, 18.0), course("P1", 30.0, 28.0), course("L3", 12.0, 0.0)]
    answers = set()
    for seed in range(4):
        random.Random(seed).shuffle(lesions)
        found = conclusion(followed(*lesions), "recist")
        answers.add((found.value, found.parts["sum_mm"], found.parts["non_target"]))
    assert len(answers) == 1


def test_parts_of_a_split_target_are_added() -> None:
    parent = course("L1", 40.0, 0.0)
    parts = [course(f"L1.{number}", 0.0, mm, split_from="L1") for number, mm in ((1, 18.0), (2, 12.0))]
    found = conclusion(followed(parent, *parts), "recist")
    assert found.parts["sum_mm"] == "30"
    assert found.parts["new"] == "no"
    assert any("L1 has split" in one.text for one in found.evidence)


def test_a_merged_target_counts_once() -> None:
    host, guest = course("L1", 30.0, 45.0), course("L2", 20.0, 0.0, merged_into="L1")
    found = conclusion(followed(host, guest), "recist")
    assert found.parts["sum_mm"] == "45"
    assert found.parts["target"] == "SD"
    growth = assessed(followed(host, guest))
    assert growth.conclusion("doubling_time", "L1") is None
    assert growth.conclusion("repeatability", "L2 diameter") is None


def test_nontarget_lesions_that_merged_are_compared_with_their_sum() -> None:
    targets = [course("L1", 60.0, 60.0), course("L2", 50.0, 50.0)]
    pair = [course("L3", 16.0, 33.0), course("L4", 14.0, 0.0, merged_into="L3")]
    assert conclusion(followed(*targets, *pair), "recist").parts["non_target"] == "non-CR/non-PD"


def test_a_nontarget_lesion_that_grows_is_left_to_the_reader() -> None:
    targets = [course("L1", 60.0, 60.0), course("L2", 50.0, 50.0)]
    found = conclusion(followed(*targets, course("L3", 12.0, 20.0)), "recist")
    assert found.state is State.MISSING
    assert set(found.possible) == {"SD", "PD"}
    assert any("Non-target L3 grew" in one.text for one in found.evidence)


@pytest.mark.parametrize(
    ("new", "expected", "word"),
    [
        (("ct", "sstr_pet"), "PD", "yes"),
        (("ct",), None, "not known"),
        (("sstr_pet",), "SD", "no"),
    ],
)
def test_a_new_lesion_by_the_images_that_show_it(new: tuple[str, ...], expected: str | None, word: str) -> None:
    observations = [
        seen(kind, at="later", **({"long_axis": 13.0} if kind == "ct" else {"suv_max": 20.0})) for kind in new
    ]
    fresh = lesion("L9", not_seen("ct"), not_seen("sstr_pet"), *observations, region="5")
    found = conclusion(followed(course("L1", 50.0, 50.0), fresh), "recist")
    assert (found.value, found.parts["new"]) == (expected, word)


def test_nothing_is_new_only_where_the_same_regions_are_covered() -> None:
    given = followed(course("L1", 50.0, 50.0))
    narrow = given.time_points[1].model_copy(update={"coverage": {"pancreas": ["later-ct/ct"]}})
    given = given.model_copy(update={"time_points": [given.time_points[0], narrow]})
    found = conclusion(given, "recist")
    assert found.state is State.MISSING
    assert found.missing == ["whether there is a new lesion"]


def test_response_is_measured_from_the_last_exam_before_treatment() -> None:
    started = {"courses": [{"kind": "prrt", "started_on": "2026-11"}]}
    given = followed(course("L1", 30.0, 50.0, 50.0), clinical=started, last=True)
    found = conclusion(given, "recist")
    assert found.value == "SD"
    assert found.parts["baseline_sum_mm"] == "50"
    assert "Baseline is later, the last time point before PRRT began (2026-11-01)" in found.evidence[0].text
    untreated = conclusion(followed(course("L1", 30.0, 50.0, 50.0), last=True), "recist")
    assert untreated.value == "PD"
    assert "the first time point" in untreated.evidence[0].text
    assert assessed(given, "later").conclusion("recist_targets") is not None
    assert assessed(given, "last").conclusion("recist_targets") is None


def test_progression_is_measured_from_the_smallest_sum() -> None:
    found = conclusion(followed(course("L1", 50.0, 30.0, 36.0), last=True), "recist")
    assert found.value == "PD"
    assert found.parts["nadir_mm"] == "30"
    best = conclusion(followed(course("L1", 50.0, 30.0, 36.0), last=True), "recist_best")
    assert best.value == "PR"


def test_sizes_are_not_compared_across_modalities() -> None:
    mri = seen("mri", at="later", long_axis=20.0, short_axis=20.0)
    given = case(lesion("L1", on_ct(30.0), mri), followed_by={"later": {"mri": "2026-10-01"}}, clinical=NO_TREATMENT)
    found = conclusion(given, "recist")
    assert found.state is State.MISSING
    assert "CT or MRI at both time points" in found.missing[0]


@pytest.mark.parametrize(("density", "expected"), [(85.0, "PR"), (85.1, "SD")])
def test_choi_reads_density_of_the_targets(density: float, expected: str) -> None:
    one = lesion(
        "L1",
        on_ct(40.0, hu_portal_venous=100.0),
        on_ct(40.0, at="later", hu_portal_venous=density, inner_nodule="none"),
        region="6",
    )
    assert conclusion(followed(one, clinical=PRRT), "choi").value == expected
    assert assessed(followed(one)).conclusion("choi") is None


def test_choi_without_a_look_for_nodules_stays_open() -> None:
    one = lesion("L1", on_ct(40.0, hu_portal_venous=100.0), on_ct(40.0, at="later", hu_portal_venous=80.0), region="6")
    assert conclusion(followed(one, clinical=PRRT), "choi").state is State.MISSING


def test_mrecist_is_asked_after_embolisation() -> None:
    embolised = {"courses": [{"kind": "embolisation", "started_on": "2026-04"}]}
    one = lesion("L1", on_ct(40.0, viable_long_axis=40.0), on_ct(40.0, at="later", viable_long_axis=25.0), region="6")
    found = conclusion(followed(one, clinical=embolised), "mrecist")
    assert found.value == "PR"
    assert assessed(followed(course("L1", 40.0, 40.0))).conclusion("mrecist") is None


def test_losing_the_later_size_never_makes_response_more_certain() -> None:
    lesions = [course("L1", 50.0, 30.0), course("L2", 40.0, 30.0)]
    whole = conclusion(followed(*lesions), "recist")
    less = conclusion(followed(lesions[0], course("L2", 40.0, None)), "recist")
    assert whole.value == "PR"
    assert less.value == "NE"


def test_a_target_that_comes_back_after_a_complete_response() -> None:
    found = conclusion(followed(course("L1", 30.0, 0.0, 12.0), last=True), "recist")
    assert found.value == "PD"
    assert "review_previous_cr" in found.flag_codes()


def test_a_new_focus_that_is_left_unsure_is_only_a_possible_new_lesion() -> None:
    found = lesion(
        "L9",
        not_seen("ct"),
        not_seen("sstr_pet"),
        on_ct(9.0, at="later"),
        seen("sstr_pet", at="later", suv_max=8.0),
        region="5",
        verdict=Verdict.UNSURE,
    )
    answer = conclusion(followed(course("L1", 50.0, 50.0), found), "recist")
    assert answer.value == "SD"
    assert "possible_new_lesion" in answer.flag_codes()
