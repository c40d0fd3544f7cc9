"""The names under which the case document keeps the measurements that a report prints.

One place, so that a column, a summary line and the lesion table of the CSV always read the same value.
"""

from __future__ import annotations

from collections.abc import Mapping

from isletscope.model import Focus, Measurement, ReadingOfPet, TracerClass

VOLUME = "volume"
SUV_MAX = "suv_max"
SUV_PEAK = "suv_peak_global"
SUV_MEAN = "suv_mean"
TOTAL_UPTAKE = "total_uptake"
LONG_AXIS = "long_axis"
SHORT_AXIS = "short_axis"
RATIO = "to_{region}"
_TOTALS = {TracerClass.SSTR: ("sstr_tv", "tlsre"), TracerClass.FDG: ("mtv", "tlg")}
_OTHER_TOTALS = ("tracer_volume", "total_uptake")
_WITH_UNSURE = "_with_unsure"
REGIONS = ("liver", "spleen", "blood_pool")


def value_of(focus: Focus, key: str) -> Measurement | None:
    """The focus's measurement of that name, or None when the document has none."""
    return focus.measurements.get(key)


def number_of(focus: Focus, key: str) -> float | None:
    """The measured number, or None when it is missing."""
    found = value_of(focus, key)
    return found.value if found else None


def total_volume(reading: ReadingOfPet, *, with_unsure: bool = False) -> Measurement | None:
    """Total volume of the lesions suspicious for tumour, or of the indeterminate too; None when there is none."""
    return reading.totals.get(_total_keys(reading)[0] + (_WITH_UNSURE if with_unsure else ""))


def total_uptake(reading: ReadingOfPet, *, with_unsure: bool = False) -> Measurement | None:
    """Total uptake of the lesions suspicious for tumour, or of the indeterminate too; None when there is none."""
    return reading.totals.get(_total_keys(reading)[1] + (_WITH_UNSURE if with_unsure else ""))


def _total_keys(reading: ReadingOfPet) -> tuple[str, str]:
    return _TOTALS.get(reading.tracer_class, _OTHER_TOTALS)


def ratio_key(region: str) -> str:
    """Name of the ratio of a focus's SUVmax to the mean of a reference region."""
    return RATIO.format(region=region)


def shown_ratios(measurements: Mapping[str, Measurement]) -> list[str]:
    """Reference regions for which there is a ratio, missing or not, in a fixed order."""
    return [region for region in REGIONS if ratio_key(region) in measurements]
