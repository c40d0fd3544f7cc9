"""Names and sites of lesions."""

from __future__ import annotations

from isletscope.lesions.matching import KnownLesion, matching_rules, next_names, recognised, site_focus, verdict_of
from isletscope.model import Verdict
from tests.lesions.matching.blocks import ball, focus

LOOKS = matching_rules().looks


def known(name: str, *identities: str) -> KnownLesion:
    return KnownLesion(name, f"uid of {name}", frozenset(identities), identities[0])


def test_a_lesion_is_recognised_by_any_focus_it_had() -> None:
    assert {row: one.name for row, one in recognised([["new", "b"], ["c"]], [known("L1", "a", "b")]).items()} == {
        0: "L1"
    }


def test_two_lesions_that_turn_out_as_one_keep_the_name_of_the_leading_focus() -> None:
    one = recognised([["sstr", "fdg"]], [known("L7", "fdg"), known("L1", "sstr")])
    assert one[0].name == "L1"


def test_a_lesion_whose_foci_are_divided_keeps_its_name_with_the_focus_that_gave_it() -> None:
    assert {row: one.name for row, one in recognised([["b"], ["a"]], [known("L1", "a", "b")]).items()} == {1: "L1"}


def test_new_names_count_on_and_are_never_used_again() -> None:
    assert next_names({0: "L", 2: "N", 5: "L"}, ["L3", "L12", "P1"]) == {0: "L13", 2: "N1", 5: "L14"}


def test_the_site_is_told_by_ct_and_mr_then_by_most_then_by_an_outline() -> None:
    pet = [focus(f"p/{n}", ball((0, 0, 0), 5), moment=n, site_code=site) for n, site in enumerate(["node", "liver"])]
    ct = focus("c/1", ball((0, 0, 0), 5), kind="ct", site_code="pancreas")
    assert site_focus([*pet, ct], LOOKS) is ct
    assert site_focus(pet, LOOKS) is pet[1]
    third = focus("p/2", ball((0, 0, 0), 5), moment=2, site_code="node")
    assert site_focus([*pet, third], LOOKS) is pet[0]


def test_one_look_that_says_tumour_makes_the_lesion_one() -> None:
    assert verdict_of([Verdict.UNSURE, Verdict.TUMOUR]) is Verdict.TUMOUR
    assert verdict_of([Verdict.UNSURE, Verdict.UNSURE]) is Verdict.UNSURE


def test_every_kind_has_its_rank_its_resolution_and_its_name() -> None:
    kinds = set(LOOKS.reliability)
    assert kinds == set(LOOKS.site_reliability) == set(LOOKS.resolution_mm) == set(LOOKS.names)
