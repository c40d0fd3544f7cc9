"""Names of resections after Brisbane 2000, and sets that leave a liver with its hepatic veins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.surgery.resections import resection_names, resections, undrained

SETS = st.frozensets(st.integers(1, 8))


@pytest.mark.parametrize(
    ("segments", "names"),
    [
        ({5, 6, 7, 8}, ("right hepatectomy",)),
        ({2, 3, 4}, ("left hepatectomy",)),
        ({2, 3}, ("left lateral sectionectomy",)),
        ({5, 8}, ("right anterior sectionectomy",)),
        ({6, 7}, ("right posterior sectionectomy",)),
        ({4, 5, 6, 7, 8}, ("right trisectionectomy",)),
        ({2, 3, 4, 5, 8}, ("left trisectionectomy",)),
        ({4, 5, 8}, ("central hepatectomy",)),
        ({1, 2, 3, 4}, ("left hepatectomy", "caudate resection")),
        ({6}, ("segmentectomy VI",)),
        ({2, 6}, ("segmentectomy VI", "segmentectomy II")),
        (set(), ()),
    ],
)
def test_names_of_brisbane_2000(segments: set[int], names: tuple[str, ...]) -> None:
    assert resection_names(frozenset(segments)) == names


@given(SETS)
def test_every_set_has_names_and_no_more_than_segments(segments: frozenset[int]) -> None:
    assert len(resection_names(segments)) <= len(segments)


@given(SETS, st.integers(1, 8))
def test_a_set_with_fewer_segments_has_at_most_one_name_more(segments: frozenset[int], segment: int) -> None:
    assert len(resection_names(segments | {segment})) <= len(resection_names(segments)) + 1


@pytest.mark.parametrize(
    ("taken", "left_dry"), [({7, 8}, {6}), ({2, 4}, {3}), ({5, 6, 7, 8}, set()), ({4, 8}, set()), ({4, 7, 8}, {5, 6})]
)
def test_segments_that_would_lose_their_vein(taken: set[int], left_dry: set[int]) -> None:
    assert undrained(frozenset(taken)) == left_dry


def test_every_resection_offered_leaves_drained_liver_beside_the_caudate_lobe() -> None:
    offered = [one.segments for one in resections()]
    assert offered[0] == frozenset()
    assert len(set(offered)) == len(offered)
    for taken in offered:
        assert not undrained(taken)
        assert set(range(2, 9)) - taken
