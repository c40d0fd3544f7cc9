"""Numbers, units and dates as printed: vectors of the rounding table, and properties of rounding."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.report import format as fmt

FINITE = st.floats(-1e6, 1e6, allow_nan=False)
NB = fmt.NO_BREAK


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (fmt.length(33.5), "34"),
        (fmt.length(20.3, [20.0]), "20.3"),
        (fmt.length(19.6, [20.0]), "19.6"),
        (fmt.length(20.0, [20.0]), "20"),
        (fmt.length(21.4, [20.0]), "21"),
        (fmt.axes([28.2, 34.4, 31.0]), f"34{NB}×{NB}31{NB}×{NB}28"),
        (fmt.distance(2.4), f"2.4{NB}mm"),
        (fmt.distance(2.4, 1.0), f"2.4{NB}mm (± 1.0)"),
        (fmt.volume(0.523), "0.52"),
        (fmt.volume(0.996), "1.0"),
        (fmt.volume(15.46), "15.5"),
        (fmt.volume(99.96), "100"),
        (fmt.volume(249.4), "249"),
        (fmt.volume(249.44, pet=True), "249.4"),
        (fmt.suv(4.25), "4.3"),
        (fmt.suv(4.24999), "4.2"),
        (fmt.ratio(7.449), "7.4"),
        (fmt.total_uptake(1888.5), "1889"),
        (fmt.hounsfield(-12.4), "−12"),
        (fmt.hounsfield(-0.2), "0"),
        (fmt.diffusion(1120.0), "1.12"),
        (fmt.percent(91.96), f"92{NB}%"),
        (fmt.percent(13.2, table=True), f"13.2{NB}%"),
        (fmt.percent(88.4, thresholds=[90]), f"88.4{NB}%"),
        (fmt.angle(110, 94, 127), "110° (94 to 127)"),
        (fmt.growth(1.04), "+1.0"),
        (fmt.growth(-3.26), "−3.3"),
        (fmt.growth(0.0), "0.0"),
        (fmt.span("88", "95"), "88 to 95"),
        (fmt.span("88", "88"), "88"),
        (fmt.count(20), "20"),
        (fmt.count(21), "> 20 (automatic count 21)"),
        (fmt.counted(1, "lesion"), "1 lesion"),
        (fmt.counted(2, "focus", "foci"), "2 foci"),
        (fmt.counted(40, "lesion"), "> 20 lesions (automatic count 40)"),
        (fmt.significant(4.2137e-7), "4.2137 × 10⁻⁷"),
        (fmt.significant(0.00042137), "0.00042137"),
        (fmt.day("2026-05-11T10:04:12"), "2026-05-11"),
        (fmt.day(None), "date missing"),
        (fmt.moment("2026-05-11T10:04:12"), "2026-05-11 10:04"),
        (fmt.moment("2026-05-11T10:04:12+00:00", seconds=True), "2026-05-11 10:04:12 UTC"),
        (fmt.moment("2026-05-11"), "2026-05-11"),
        (fmt.moment("about noon"), "about noon"),
        (fmt.unit("[hnsf'U]"), "HU"),
        (fmt.unit("1"), ""),
        (fmt.unit("furlong"), "furlong"),
    ],
)
def test_printed_as_the_style_asks(printed: str, expected: str) -> None:
    assert printed == expected


def test_days_between_dates() -> None:
    assert fmt.days_between("2025-04-14", "2026-04-13") == 364
    assert fmt.days_between("2026-05-11T23:59:00", "2026-05-12T00:01:00") == 1
    assert fmt.days_between(None, "2026-05-12") is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_are_printed(value: float) -> None:
    with pytest.raises(ValueError, match="only a finite number can be printed"):
        fmt.suv(value)


def test_a_count_is_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        fmt.count(-1)


@given(FINITE, st.integers(0, 3))
def test_rounding_stays_within_half_a_last_digit(value: float, decimals: int) -> None:
    error = abs(fmt.rounded(value, decimals) - Decimal(repr(value)))
    assert error <= Decimal(5).scaleb(-decimals - 1)


@given(FINITE, st.integers(0, 3))
def test_minus_is_the_minus_sign_and_zero_has_none(value: float, decimals: int) -> None:
    text = fmt.number(value, decimals)
    assert "-" not in text
    assert ("−" in text) == (fmt.rounded(value, decimals) < 0)


@given(FINITE, FINITE, st.integers(0, 3))
def test_rounding_keeps_the_order(first: float, second: float, decimals: int) -> None:
    low, high = sorted((first, second))
    assert fmt.rounded(low, decimals) <= fmt.rounded(high, decimals)


@given(st.floats(0, 500), st.floats(1, 499))
def test_a_printed_diameter_lies_on_its_own_side_of_a_threshold(value: float, threshold: float) -> None:
    limit = round(threshold)
    printed = float(fmt.length(value, [limit]))
    assert (printed >= limit) == (value >= limit) or abs(value - limit) <= 0.05


@given(st.floats(0, 1e5))
def test_pet_volumes_never_lose_their_decimal(value: float) -> None:
    assert "." in fmt.volume(value, pet=True)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=3))
def test_the_largest_axis_comes_first(values: list[float]) -> None:
    numbers = [int(part) for part in fmt.axes(values).replace(NB, "").split("×")]
    assert numbers == sorted(numbers, reverse=True)
