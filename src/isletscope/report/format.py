"""Numbers, units and dates as a report prints them.

One function per quantity, each giving text without or with its unit; rounding is half up on the decimal value, a minus
is "−", a range is "a to b", and no text is ever made of a number that is not finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

NO_BREAK = "\u00a0"
MINUS = "−"
TIMES = "×"
COUNT_EXACT_BELOW = 21

_UNITS = {
    "1": "",
    "mm": "mm",
    "mL": "mL",
    "ml": "mL",
    "g/mL": "g/mL",
    "mL.g/mL": "mL·SUV",
    "g": "mL·SUV",
    "%": "%",
    "[hnsf'U]": "HU",
    "deg": "°",
    "MBq": "MBq",
    "min": "min",
    "kg": "kg",
    "Bq/mL": "Bq/mL",
    "10-6.mm2/s": "× 10⁻³ mm²/s",
}


def unit(ucum: str) -> str:
    """The printed form of a UCUM unit; an unknown unit is printed as it is, a ratio or count has none."""
    return _UNITS.get(ucum, ucum)


def rounded(value: float, decimals: int) -> Decimal:
    """``value`` at that many decimals, half away from zero. Raises ValueError when it is not finite."""
    if not math.isfinite(value):
        raise ValueError(f"only a finite number can be printed; found {value}")
    step = Decimal(1).scaleb(-decimals)
    result = Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """A number with a fixed count of decimals; ``signed`` adds a plus to positive ones."""
    result = rounded(value, decimals)
    text = f"{abs(result):f}"
    if result < 0:
        return MINUS + text
    return f"+{text}" if signed and result > 0 else text


def length(value_mm: float, thresholds_mm: Iterable[float] = ()) -> str:
    """A diameter in whole mm; with one decimal where the whole number would lie on another side of a threshold."""
    whole = float(rounded(value_mm, 0))
    crosses = any(_side(whole, limit) != _side(value_mm, limit) for limit in thresholds_mm)
    return number(value_mm, 1 if crosses else 0)


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def axes(values_mm: Sequence[float], thresholds_mm: Iterable[float] = ()) -> str:
    """Diameters, largest first: "34 × 31 × 28"."""
    limits = tuple(thresholds_mm)
    ordered = sorted(values_mm, reverse=True)
    return f"{NO_BREAK}{TIMES}{NO_BREAK}".join(length(value, limits) for value in ordered)


def distance(value_mm: float, error_mm: float | None = None) -> str:
    """A distance or calibre in mm with one decimal, and its error where given: "2.4 mm (± 1.0)"."""
    text = f"{number(value_mm, 1)}{NO_BREAK}mm"
    return text if error_mm is None else f"{text} (± {number(error_mm, 1)})"


def volume(value_ml: float, *, pet: bool = False) -> str:
    """A volume in mL: two decimals below 1, one below 100, whole above; one decimal also above 100 on PET."""
    if rounded(abs(value_ml), 2) < 1:
        return number(value_ml, 2)
    if pet or rounded(abs(value_ml), 1) < 100:
        return number(value_ml, 1)
    return number(value_ml, 0)


def suv(value_g_ml: float) -> str:
    """A standardized uptake value in g/mL, one decimal."""
    return number(value_g_ml, 1)


def ratio(value: float) -> str:
    """A ratio, one decimal."""
    return number(value, 1)


def total_uptake(value: float) -> str:
    """Total lesion uptake in mL·SUV, whole."""
    return number(value, 0)


def hounsfield(value_hu: float) -> str:
    """An attenuation in whole HU."""
    return number(value_hu, 0)


def diffusion(value_e6_mm2_s: float) -> str:
    """An ADC stored in 10⁻⁶ mm²/s, printed in 10⁻³ mm²/s with two decimals."""
    return number(value_e6_mm2_s / 1000.0, 2)


def percent(value: float, *, table: bool = False, thresholds: Iterable[float] = ()) -> str:
    """A percentage with a no-break space: whole in prose, one decimal in tables or within 2 points of a threshold."""
    near = any(abs(value - limit) <= 2.0 for limit in thresholds)
    return f"{number(value, 1 if table or near else 0)}{NO_BREAK}%"


def angle(value_deg: float, low_deg: float | None = None, high_deg: float | None = None) -> str:
    """An angle in whole degrees, with its interval where both ends are given: "110° (94 to 127)"."""
    text = f"{number(value_deg, 0)}°"
    if low_deg is None or high_deg is None:
        return text
    return f"{text} ({span(number(low_deg, 0), number(high_deg, 0))})"


def growth(value_mm_y: float) -> str:
    """Growth in mm per year, signed, one decimal."""
    return number(value_mm_y, 1, signed=True)


def span(low: str, high: str) -> str:
    """A range of two printed numbers: "88 to 95"; one number when both are printed alike."""
    return low if low == high else f"{low} to {high}"


def count(value: int) -> str:
    """A count: exact below 21, above it "> 20 (automatic count n)"."""
    if value < 0:
        raise ValueError(f"a count is not negative; found {value}")
    return str(value) if value < COUNT_EXACT_BELOW else f"> 20 (automatic count {value})"


def counted(value: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun: "1 lesion", "6 lesions", "> 20 lesions (automatic count 40)"."""
    word = noun if value == 1 else plural or f"{noun}s"
    if value < COUNT_EXACT_BELOW:
        return f"{value} {word}"
    return f"> 20 {word} (automatic count {value})"


def counted_exactly(value: int, noun: str) -> str:
    """A count of things that are not findings, such as images or files: always exact."""
    return f"{value} {noun}" if value == 1 else f"{value} {noun}s"


def significant(value: float, digits: int = 6) -> str:
    """A number that is not a clinical quantity (a factor, a half-life) at so many significant digits."""
    if not math.isfinite(value):
        raise ValueError(f"only a finite number can be printed; found {value}")
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return f"{mantissa} × 10{_superscript(int(exponent))}".replace("-", MINUS)
    return text.replace("-", MINUS)


def _superscript(value: int) -> str:
    return str(value).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def day(text: str | None) -> str:
    """The date of an ISO date or date-time, as ISO; the text itself when it is neither; "date missing" when absent."""
    if not text:
        return "date missing"
    moment_ = _parse(text)
    return moment_.date().isoformat() if moment_ else text


def moment(text: str | None, *, seconds: bool = False) -> str:
    """An ISO date-time as "2026-05-11 10:48"; only the date where no time was given."""
    if not text:
        return "time missing"
    parsed = _parse(text)
    if parsed is None:
        return text
    if len(text) <= 10:
        return parsed.date().isoformat()
    shown = parsed.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return f"{shown} UTC" if parsed.tzinfo is not None and not parsed.utcoffset() else shown


def days_between(first: str | None, second: str | None) -> int | None:
    """Whole days from the first ISO date to the second; None when one of them is no date."""
    earlier, later = _parse(first or ""), _parse(second or "")
    if earlier is None or later is None:
        return None
    return (_as_date(later) - _as_date(earlier)).days


def _as_date(value: datetime) -> date:
    return value.date()


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
