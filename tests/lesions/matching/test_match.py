"""Foci of several looks and time points: which are one lesion, and what became of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.lesions.matching import PlacedFocus, match_foci
from isletscope.lesions.matching.assignment import cheapest_pairs
from isletscope.model import Verdict
from tests.lesions.matching.blocks import Array, ball, fates, focus, lesions, sight

LIVER = frozenset({"liver", "pancreas"})


def many(seed: int = 3) -> list[PlacedFocus]:
    """Thirty lesions on four looks of two time points, each look moved a little, some foci missing."""
    random = np.random.default_rng(seed)
    centres = random.uniform(-90.0, 90.0, size=(30, 3))
    radii = random.uniform(4.0, 11.0, size=30)
    found = []
    for kind, moment in (("sstr_pet", 0), ("ct", 0), ("mri", 0), ("sstr_pet", 1), ("ct", 1)):
        for number, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
            if random.random() > 0.15:
                place = centre + random.normal(scale=1.8, size=3)
                found.append(focus(f"{kind}{moment}/{number}", ball(place, radius), kind=kind, moment=moment))
    return found


def truly(foci: list[PlacedFocus]) -> float:
    """Share of the pairs of foci in one lesion that have the same number."""
    pairs = [(a, b) for group in lesions(match_foci(foci)) for a in group for b in group if a < b]
    return float(np.mean([a.split("/")[1] == b.split("/")[1] for a, b in pairs]))


def test_crowded_lesions_find_their_partners() -> None:
    assert truly(many()) > 0.97


def test_order_of_foci_and_looks_does_not_matter() -> None:
    foci = many()
    expected = lesions(match_foci(foci))
    for seed in range(3):
        shuffled = [foci[n] for n in np.random.default_rng(seed).permutation(len(foci))]
        assert lesions(match_foci(shuffled)) == expected


def test_names_of_foci_and_exams_do_not_matter() -> None:
    foci = many()
    expected = lesions(match_foci(foci))
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(foci))
        names = {one.focus_id: f"s{n:03d}/1" for n, one in zip(order, foci, strict=True)}
        exams = {
            look: f"e{n}"
            for n, look in enumerate(sorted({one.look for one in foci}, key=lambda one: one[:: -1 if seed % 2 else 1]))
        }
        renamed = [replace(one, focus_id=names[one.focus_id], look=f"{exams[one.look]}/{one.kind}") for one in foci]
        assert lesions(match_foci(renamed)) == {frozenset(names[one] for one in group) for group in expected}


@pytest.mark.parametrize("mirrored", [False, True])
def test_moving_turning_and_mirroring_everything_changes_nothing(mirrored: bool) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    turn[:, 0] *= np.linalg.det(turn) * (-1.0 if mirrored else 1.0)
    foci = many()
    moved = [replace(one, points_mm=one.points_mm @ turn.T + [40.0, -900.0, 310.0]) for one in foci]
    assert lesions(match_foci(moved)) == lesions(match_foci(foci))


def test_a_focus_far_away_changes_nothing() -> None:
    foci = many()
    far = focus("far/1", ball((900.0, 0.0, 0.0), 8.0), kind="ct")
    assert lesions(match_foci([*foci, far])) == lesions(match_foci(foci)) | {frozenset({"far/1"})}


def test_the_whole_counts_and_not_the_nearest_pair() -> None:
    """Two lesions in a row, CT moved by 5 mm: the nearest CT focus of the first PET focus belongs to the second."""
    pet = [focus("p/1", ball((0, 0, 0), 6)), focus("p/2", ball((12, 0, 0), 6))]
    ct = [focus("c/1", ball((-7, 0, 0), 6), kind="ct"), focus("c/2", ball((5, 0, 0), 6), kind="ct")]
    assert lesions(match_foci([*pet, *ct])) == {frozenset({"p/1", "c/1"}), frozenset({"p/2", "c/2"})}


def test_a_pair_is_made_up_to_the_gate_and_not_beyond() -> None:
    pet = focus("p/1", ball((0, 0, 0), 4), uncertainty_mm=2.0)
    near, beyond = (focus("c/1", ball((x, 0, 0), 4), kind="ct", uncertainty_mm=2.0) for x in (7.0, 8.0))
    assert len(lesions(match_foci([pet, near]))) == 1
    assert len(lesions(match_foci([pet, beyond]))) == 2


def test_organs_that_do_not_border_speak_against_a_pair() -> None:
    pet, ct = focus("p/1", ball((0, 0, 0), 5)), focus("c/1", ball((9.5, 0, 0), 5), kind="ct")
    assert len(lesions(match_foci([pet, ct]))) == 1
    assert len(lesions(match_foci([pet, replace(ct, site_code="bone")]))) == 2


def test_foci_of_one_look_are_never_one_lesion() -> None:
    assert len(lesions(match_foci([focus("p/1", ball((0, 0, 0), 5)), focus("p/2", ball((3, 0, 0), 5))]))) == 2


def test_a_runner_up_nearly_as_good_is_told() -> None:
    pet = focus("p/1", ball((0, 0, 0), 5))
    ct = [focus(f"c/{n}", ball((x, 0, 0), 5), kind="ct") for n, x in ((1, -5.0), (2, 5.5))]
    matching = match_foci([pet, *ct])
    links = {link.focus.focus_id: link for lesion in matching.lesions for link in lesion.links}
    assert links["p/1"].partner is ct[0]
    assert links["p/1"].runner_up is not None
    clear = match_foci([pet, ct[0], focus("c/2", ball((60, 0, 0), 5), kind="ct")])
    assert all(link.runner_up is None for lesion in clear.lesions for link in lesion.links)


def dumbbell() -> Array:
    return np.concatenate([ball((-10, 0, 0), 9), ball((10, 0, 0), 9)])


def test_two_spots_of_uptake_in_one_lump_are_one_lesion() -> None:
    spots = [focus("p/1", ball((-6, 0, 0), 5)), focus("p/2", ball((7, 0, 0), 5))]
    lump = focus("c/1", ball((0, 0, 0), 16), kind="ct")
    assert lesions(match_foci([*spots, lump])) == {frozenset({"p/1", "p/2", "c/1"})}


def test_an_outline_with_a_waist_covers_two_lesions() -> None:
    spots = [focus("p/1", ball((-10, 0, 0), 8)), focus("p/2", ball((10, 0, 0), 7))]
    matching = match_foci([*spots, focus("c/1", dumbbell(), kind="ct")])
    assert len(lesions(matching)) == 2
    covering = [link for lesion in matching.lesions for link in lesion.links if link.covered]
    assert [link.focus.focus_id for link in covering] == ["c/1"]


def test_a_coarse_look_does_not_join_what_a_finer_one_tells_apart() -> None:
    nodules = [focus("c/1", ball((-6, 0, 0), 5), kind="ct"), focus("c/2", ball((7, 0, 0), 5), kind="ct")]
    assert len(lesions(match_foci([*nodules, focus("p/1", ball((0, 0, 0), 16))]))) == 2


def test_two_lesions_merge_and_stay_merged() -> None:
    foci = [focus("a/1", ball((-8, 0, 0), 8)), focus("a/2", ball((9, 0, 0), 5))]
    foci += [focus(f"{'abc'[m]}/9", np.unique(np.concatenate([ball((-8, 0, 0), 10), ball((8, 0, 0), 8)]), axis=0),
                   moment=m) for m in (1, 2)]  # fmt: skip
    matching = match_foci(foci, [sight("sstr_pet", moment) for moment in range(3)])
    assert fates(matching) == {
        "a/1": ["first time point", "persistent", "persistent"],
        "a/2": ["first time point", "merged", "merged"],
    }


def test_a_lesion_splits_when_it_shrinks() -> None:
    before = focus("a/1", ball((0, 0, 0), 14))
    after = [focus("b/1", ball((-6, 0, 0), 6), moment=1), focus("b/2", ball((8, 0, 0), 5), moment=1)]
    matching = match_foci([before, *after], [sight("sstr_pet", 0), sight("sstr_pet", 1)])
    assert fates(matching) == {"a/1": ["first time point", "split"], "b/2": ["split"]}


def test_a_new_lesion_beside_one_that_did_not_shrink_is_new() -> None:
    before = focus("a/1", ball((0, 0, 0), 10))
    after = [focus("b/1", ball((0, 0, 0), 10), moment=1), focus("b/2", ball((12, 0, 0), 4), moment=1)]
    matching = match_foci([before, *after], [sight("sstr_pet", 0), sight("sstr_pet", 1)])
    assert fates(matching)["b/2"] == ["new"]


def test_silence_counts_only_where_a_look_that_had_shown_the_lesion_covers_it() -> None:
    seen = focus("a/1", ball((0, 0, 0), 8))
    first = sight("sstr_pet", 0)
    for later, fate in (
        (sight("sstr_pet", 1), "vanished"),
        (sight("sstr_pet", 1, covers=False), "not imaged"),
        (sight("fdg_pet", 1), "not imaged"),
        (sight("ct", 1, sites=LIVER), "not imaged"),
    ):
        assert fates(match_foci([seen], [first, later])) == {"a/1": ["first time point", fate]}


def test_mri_stands_in_for_ct_and_not_the_other_way() -> None:
    for kind, other, fate in (("ct", "mri", "vanished"), ("mri", "ct", "not imaged")):
        matching = match_foci([focus("a/1", ball((0, 0, 0), 8), kind=kind)], [sight(kind, 0), sight(other, 1)])
        assert fates(matching)["a/1"][1] == fate


def test_new_only_where_the_same_kind_had_covered_the_place() -> None:
    later = focus("b/1", ball((0, 0, 0), 8), moment=1)
    covered = match_foci([later], [sight("sstr_pet", 0), sight("sstr_pet", 1)])
    uncovered = match_foci([later], [sight("fdg_pet", 0), sight("sstr_pet", 1)])
    assert fates(covered)["b/1"] == ["new"]
    assert fates(uncovered)["b/1"] == ["first time point"]
    assert "not known" in uncovered.lesions[0].steps[0].because


def test_images_that_could_not_be_aligned_stand_apart() -> None:
    foci = [focus("a/1", ball((0, 0, 0), 8)), focus("b/1", ball((0, 0, 0), 8), moment=1, frame="1.2.3")]
    sights = [sight("sstr_pet", 0), replace(sight("sstr_pet", 1), frame="1.2.3")]
    matching = match_foci(foci, sights)
    assert fates(matching) == {"a/1": ["first time point", "not imaged"], "b/1": ["first time point"]}
    assert all("could not be aligned" in lesion.steps[-1].because for lesion in matching.lesions)


def test_a_candidate_that_nobody_else_sees_is_kept_apart_with_its_reason() -> None:
    candidate = focus("c/1", ball((0, 0, 0), 6), kind="ct", verdict=Verdict.UNSURE)
    silent = [sight("ct", 0, sites=LIVER), sight("sstr_pet", 0)]
    matching = match_foci([candidate], silent)
    assert not matching.lesions
    assert "should have shown" in matching.doubts[0].because
    for kept in (
        match_foci([candidate], silent[:1]),
        match_foci([replace(candidate, verdict=Verdict.TUMOUR)], silent),
        match_foci([replace(candidate, series_count=3)], silent),
        match_foci([candidate, focus("m/1", ball((2, 0, 0), 6), kind="mri", verdict=Verdict.UNSURE)], silent),
        match_foci([candidate, focus("d/1", ball((2, 0, 0), 6), kind="ct", moment=1, verdict=Verdict.UNSURE)], silent),
    ):
        assert len(kept.lesions) == 1


def test_physiologic_on_one_look_and_tumour_on_another_is_reported() -> None:
    tumour = focus("p/1", ball((0, 0, 0), 8))
    held = focus("f/1", ball((1, 0, 0), 8), kind="fdg_pet", verdict=Verdict.PHYSIOLOGIC)
    matching = match_foci([tumour, held])
    assert lesions(matching) == {frozenset({"p/1"})}
    assert "reader must decide" in matching.doubts[0].because
    assert not match_foci([tumour, replace(held, points_mm=ball((40, 0, 0), 8))]).doubts


def test_what_is_held_physiologic_later_has_not_vanished() -> None:
    foci = [focus("a/1", ball((0, 0, 0), 8)), focus("b/1", ball((1, 0, 0), 8), moment=1, verdict=Verdict.PHYSIOLOGIC)]
    matching = match_foci(foci, [sight("sstr_pet", 0), sight("sstr_pet", 1)])
    assert fates(matching)["a/1"] == ["first time point", "persistent"]
    assert "reader must decide" in matching.lesions[0].steps[1].because


def test_no_foci_no_lesions() -> None:
    assert match_foci([]).lesions == ()


def test_assignment_is_the_cheapest_of_all() -> None:
    price = np.array([[-5.0, -4.0, 0.0], [-4.0, -1.0, 0.0], [0.5, 0.5, 0.5]])
    assert cheapest_pairs(price) == [(0, 1), (1, 0)]
    assert cheapest_pairs(np.zeros((0, 3))) == []
