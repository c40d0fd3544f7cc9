"""Pieces of one mass, lesions that grow together, and lesions that come apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.lesions.matching import PlacedFocus, match_foci
from isletscope.model import Verdict
from tests.lesions.matching.blocks import Array, ball, fates, focus, lesions, sight


def touching(one: PlacedFocus, other: PlacedFocus, neck: float) -> list[PlacedFocus]:
    """Two foci of one look that share a face of that share of the smaller one's largest section."""
    area = neck * np.pi * min(one.radius_mm, other.radius_mm) ** 2
    return [
        replace(one, touching_mm2={**one.touching_mm2, other.focus_id: area}),
        replace(other, touching_mm2={**other.touching_mm2, one.focus_id: area}),
    ]


def two_on_ct(name: str, moment: int, neck: float, grown_mm: float = 0.0) -> list[PlacedFocus]:
    """Two neighbours on CT with a neck between them."""
    halves = [
        focus(f"{name}/{n}", ball((x, 0, 0), radius + grown_mm), kind="ct", moment=moment)
        for n, x, radius in ((1, -9.0, 8.0), (2, 8.0, 7.0))
    ]
    return touching(*halves, neck)


def over_both(name: str, moment: int, body: Array | None = None) -> PlacedFocus:
    """One uptake over both of :func:`two_on_ct`."""
    return focus(name, ball((-1, 0, 0), 19) if body is None else body, moment=moment)


@pytest.mark.parametrize(("neck", "count"), [(0.0, 2), (0.2, 2), (0.3, 1)])
def test_a_neck_under_one_uptake_makes_one_mass(neck: float, count: int) -> None:
    assert len(lesions(match_foci([*two_on_ct("c", 0, neck), over_both("p/1", 0)]))) == count


def test_a_neck_alone_or_under_an_uptake_with_a_waist_makes_none() -> None:
    halves = two_on_ct("c", 0, 0.6)
    waisted = over_both("p/1", 0, np.concatenate([ball((-9, 0, 0), 9), ball((9, 0, 0), 8)]))
    assert len(lesions(match_foci(halves))) == 2
    assert len(lesions(match_foci([*halves, waisted]))) == 2


def test_what_another_look_shows_apart_stays_apart() -> None:
    halves = two_on_ct("c", 0, 0.6)
    spots = [focus("p/1", ball((-9, 0, 0), 8)), focus("p/2", ball((8, 0, 0), 7))]
    assert len(lesions(match_foci([*halves, *spots]))) == 2


def test_pieces_hang_together_in_a_chain_and_their_order_does_not_matter() -> None:
    chain = [focus(f"c/{n}", ball((10.0 * n, 0, 0), 5), kind="ct") for n in range(4)]
    for n in range(3):
        chain[n : n + 2] = touching(chain[n], chain[n + 1], 0.5)
    foci = [*chain, focus("p/1", ball((15, 0, 0), 24))]
    for seed in range(4):
        assert len(lesions(match_foci([foci[n] for n in np.random.default_rng(seed).permutation(5)]))) == 1


def test_neighbours_that_grow_together_have_merged() -> None:
    foci = [*two_on_ct("a", 0, 0.0), *two_on_ct("b", 1, 0.6, 2.0), over_both("q/1", 1)]
    foci += [*two_on_ct("c", 2, 0.4, 2.0), over_both("r/1", 2)]
    matching = match_foci(foci, [sight("ct", moment) for moment in range(3)])
    assert fates(matching) == {
        "a/1": ["first time point", "persistent", "persistent"],
        "a/2": ["first time point", "merged", "merged"],
    }
    whole = next(lesion for lesion in matching.lesions if lesion.steps[0].focus_ids == ("a/1",))
    assert whole.steps[1].focus_ids == ("b/1", "b/2", "q/1")
    assert {link.focus.focus_id: link.pieces for link in whole.links}["b/1"] == ("b/2",)


@pytest.mark.parametrize(
    ("radius_mm", "neck", "said"), [(4.0, 0.0, "split"), (4.0, 0.1, "persistent"), (7.0, 0.1, "split")]
)
def test_a_fragment_that_hangs_on_what_was_one_is_no_split(radius_mm: float, neck: float, said: str) -> None:
    rest = focus("b/1", ball((-6, 0, 0), 9), kind="ct", moment=1)
    part = focus("b/2", ball((8, 0, 0), radius_mm), kind="ct", moment=1)
    foci = [focus("a/1", ball((0, 0, 0), 18), kind="ct"), *touching(rest, part, neck)]
    matching = match_foci(foci, [sight("ct", 0), sight("ct", 1)])
    assert fates(matching)["a/1"] == ["first time point", said]
    assert len(matching.lesions) == (2 if said == "split" else 1)


def test_parts_that_two_looks_show_apart_have_split_though_one_shows_them_touch() -> None:
    foci = [focus("a/1", ball((0, 0, 0), 18), kind="ct"), *two_on_ct("b", 1, 0.4)]
    foci += [focus(f"m/{n}", ball((x, 0, 0), 7), kind="mri", moment=1) for n, x in ((1, -9.0), (2, 9.0))]
    assert fates(match_foci(foci, [sight("ct", 0), sight("ct", 1)]))["a/1"] == ["first time point", "split"]


@pytest.mark.parametrize("patches", [[(-7.0, 6.0), (10.0, 4.0)], [(13.0, 3.0), (-13.0, 3.0)]])
def test_pieces_that_only_a_coarser_look_shows_are_not_a_split(patches: list[tuple[float, float]]) -> None:
    """After treatment MR shows patches of a rim, near the middle or not; CT shows one body, the uptake covers all."""
    before = [focus("a/1", ball((0, 0, 0), 18), kind="ct"), focus("p/1", ball((0, 0, 0), 19))]
    after = [
        focus("b/1", ball((-6, 0, 0), 9), kind="ct", moment=1),
        focus("q/1", ball((0, 0, 0), 18), moment=1),
        *(focus(f"m/{n}", ball((x, 0, 0), r), kind="mri", moment=1) for n, (x, r) in enumerate(patches)),
    ]
    matching = match_foci([*before, *after], [sight(kind, 1) for kind in ("ct", "mri", "sstr_pet")])
    assert fates(matching) == {"a/1": ["first time point", "persistent"]}


def test_turning_and_mirroring_everything_changes_nothing() -> None:
    foci = [*two_on_ct("a", 0, 0.0), *two_on_ct("b", 1, 0.6, 2.0), over_both("q/1", 1)]
    turn = np.diag([-1.0, 1.0, 1.0]) @ np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0]
    moved = [replace(one, points_mm=one.points_mm @ turn.T + [5.0, -300.0, 80.0]) for one in foci]
    assert lesions(match_foci(moved)) == lesions(match_foci(foci))
    assert fates(match_foci(moved)) == fates(match_foci(foci))


@pytest.mark.parametrize(("count", "expected"), [(4, 1), (6, 6)])
def test_uptake_run_together_over_many_lesions_makes_them_no_pieces_of_one(count: int, expected: int) -> None:
    """Metastases that touch each other on CT, a whole liver bright on PET."""
    row = [focus(f"c/{n}", ball((10.0 * n, 0, 0), 5), kind="ct") for n in range(count)]
    for n in range(count - 1):
        row[n : n + 2] = touching(row[n], row[n + 1], 0.5)
    uptake = focus("p/1", ball((5.0 * (count - 1), 0, 0), 5.0 * count + 4))
    found = lesions(match_foci([*row, uptake]))
    assert len([one for one in found if any(name.startswith("c/") for name in one)]) == expected


def test_each_lesion_in_uptake_that_has_run_together_has_that_uptake() -> None:
    row = [focus(f"c/{n}", ball((14.0 * n, 0, 0), 5), kind="ct") for n in range(6)]
    uptake = focus("p/1", ball((35.0, 0, 0), 44.0))
    far = focus("c/9", ball((200.0, 0, 0), 5), kind="ct")
    matched = match_foci([*row, far, uptake]).lesions
    own = next(one for one in matched if any(link.focus.focus_id == "p/1" for link in one.links))
    others = [one for one in matched if one is not own]
    covered = {one.links[0].focus.focus_id: [cover.focus_id for cover in one.run_together] for one in others}
    assert covered.pop("c/9") == []
    assert len(covered) == 5
    assert set(map(tuple, covered.values())) == {("p/1",)}
    assert own.run_together == ()


def test_a_candidate_of_one_look_in_such_uptake_is_kept() -> None:
    """The PET shows it, if not apart: nothing speaks against it."""
    row = [focus(f"c/{n}", ball((14.0 * n, 0, 0), 5), kind="ct", verdict=Verdict.UNSURE) for n in range(6)]
    uptake = focus("p/1", ball((35.0, 0, 0), 44.0))
    assert not match_foci([*row, uptake], [sight("sstr_pet", 0)]).doubts
