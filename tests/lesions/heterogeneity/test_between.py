"""Spread between lesions and groups: definitions, limits from both sides, groups that are there and that are not."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.lesions import Features, clusters_of, spread_of
from isletscope.lesions.heterogeneity.between import mean_silhouette


def feature(name: str, values: dict[str, float], error: float = 0.33) -> Features:
    return Features(name, name, "g/mL", values, error)


def lesions(count: int) -> list[str]:
    return [f"L{n + 1}" for n in range(count)]


def clouds(centres: list[tuple[float, float]], each: int, seed: int, spread: float = 0.08) -> tuple[list[str], list]:
    """Two properties of lesions in clouds around centres."""
    draws = np.random.default_rng(seed)
    rows = np.concatenate([np.exp(draws.normal(np.log(centre), spread, (each, 2))) for centre in centres])
    names = lesions(len(rows))
    columns = [dict(zip(names, rows[:, column].tolist(), strict=True)) for column in range(2)]
    return names, [feature("sstr", columns[0]), feature("fdg", columns[1])]


def test_spread_is_that_of_its_definition() -> None:
    names = lesions(5)
    found = spread_of(feature("suv", dict(zip(names[:4], [2.0, 4.0, 6.0, 8.0], strict=True))), names)
    assert found["suv_count"].value == 4
    assert found["suv_median"].value == 5.0
    assert (found["suv_lowest"].value, found["suv_highest"].value) == (2.0, 8.0)
    assert (found["suv_lower_quartile"].value, found["suv_upper_quartile"].value) == (3.5, 6.5)
    assert found["suv_cov"].value == pytest.approx(np.std([2, 4, 6, 8], ddof=1) / 5)
    assert found["suv_cov"].limitation == "not counted, without a value: L5"


@pytest.mark.parametrize(("count", "given"), [(2, False), (3, True)])
def test_variation_needs_three_lesions(count: int, given: bool) -> None:
    names = lesions(count)
    found = spread_of(feature("suv", {name: 2.0 + index for index, name in enumerate(names)}), names)
    assert (found["suv_cov"].value is not None) is given


def test_no_value_is_missing_and_not_nought() -> None:
    found = spread_of(feature("suv", {}), lesions(3))
    assert found["suv_median"].missing_because == "no lesion has a value"


@pytest.mark.parametrize("count", [2, 3])
def test_groups_that_are_there_are_found(count: int) -> None:
    names, features = clouds([(30.0, 2.0), (5.0, 14.0), (60.0, 15.0)][:count], 5, 4)
    found = clusters_of(features, names)
    assert len(set(found.group_of.values())) == count
    for start in range(0, len(names), 5):
        assert len({found.group_of[name] for name in names[start : start + 5]}) == 1


@pytest.mark.parametrize("seed", [0, 3, 5])
def test_one_cloud_makes_no_groups(seed: int) -> None:
    names, features = clouds([(30.0, 5.0)], 20, seed, spread=0.5)
    found = clusters_of(features, names)
    assert found.group_of == {}
    assert found.because.startswith("no groups stand out")
    assert len(found.joins) == 19


def test_differences_within_measurement_error_make_no_groups() -> None:
    names, features = clouds([(30.0, 5.0), (32.0, 5.3)], 6, 1, spread=0.002)
    assert clusters_of(features, names).silhouette is not None
    tight = [Features(one.name, one.title, one.unit, one.values, 0.0) for one in features]
    assert clusters_of(tight, names).group_of != {}


@pytest.mark.parametrize(("count", "done"), [(4, False), (5, True)])
def test_five_lesions_are_needed(count: int, done: bool) -> None:
    names, features = clouds([(30.0, 5.0)], count, 2, spread=0.4)
    found = clusters_of(features, names)
    assert bool(found.joins) is done
    assert done or found.because == "4 lesions are fewer than 5"


def test_two_properties_are_needed() -> None:
    names, features = clouds([(30.0, 5.0)], 8, 2)
    found = clusters_of(features[:1], names)
    assert found.joins == []
    assert "fewer than 2 properties" in found.because


def test_a_lesion_that_lacks_a_property_is_left_out_by_name() -> None:
    names, features = clouds([(30.0, 2.0), (5.0, 14.0)], 5, 4)
    known = {name: value for name, value in features[1].values.items() if name != "L3"}
    found = clusters_of([features[0], feature("fdg", known)], names)
    assert found.left_out == {"L3": "not known: fdg"}
    assert "L3" not in found.lesions


def test_groups_do_not_depend_on_the_order_of_lesions() -> None:
    names, features = clouds([(30.0, 2.0), (5.0, 14.0)], 5, 4)
    one, other = clusters_of(features, names), clusters_of(features, names[::-1])

    def parts(found: dict[str, int]) -> set[frozenset[str]]:
        return {frozenset(name for name, group in found.items() if group == number) for number in found.values()}

    assert parts(one.group_of) == parts(other.group_of)


def test_silhouette_is_that_of_a_worked_example() -> None:
    places = np.array([0.0, 1.0, 10.0, 12.0, 30.0])
    distances = np.abs(places[:, None] - places)
    expected = [(11 - 1) / 11, (10 - 1) / 10, (9.5 - 2) / 9.5, (11.5 - 2) / 11.5, 0.0]
    assert mean_silhouette(distances, np.array([1, 1, 2, 2, 3])) == pytest.approx(np.mean(expected))
