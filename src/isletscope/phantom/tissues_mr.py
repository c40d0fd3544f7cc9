"""MR properties of tissues from ``tissues_mr.yaml``, drawn for one person."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.appearance import MR_PHASES
from isletscope.phantom.tables import read_table

_SUBJECT = "phantom/tissues_mr.yaml"
_RANGES = {"t1": "t1_ms", "t2": "t2_ms", "fat": "fat_fraction", "adc": "adc"}
_KEYS = (*_RANGES, "density", "gadolinium")


@lru_cache(maxsize=1)
def mr_tissue_table() -> dict[str, dict[str, Any]]:
    """The checked table with 'like' resolved; the entry ``other`` stands for tissues that are not listed.

    Raises InputError when an entry lacks a value, a range is not [low, high], or 'like' names no tissue.
    """
    read = read_table("tissues_mr.yaml")
    rows: dict[str, dict[str, Any]] = {"other": read["other"], **read["tissues"]}
    table = {name: _resolved(name, rows, 0) for name in rows}
    for name, entry in table.items():
        missing = [key for key in _KEYS if key not in entry]
        bad = [key for key in _RANGES if key in entry and (len(entry[key]) != 2 or entry[key][0] > entry[key][1])]
        if missing or bad or len(entry["gadolinium"]) != len(MR_PHASES):
            raise InputError(
                f"the tissue '{name}' is not complete",
                subject=_SUBJECT,
                found=f"missing {missing}" if missing else str(bad or entry["gadolinium"]),
                expected=f"{', '.join(_KEYS)}; ranges as [low, high]; gadolinium for {', '.join(MR_PHASES)}",
            )
    return table


def _resolved(name: str, rows: dict[str, dict[str, Any]], depth: int) -> dict[str, Any]:
    """An entry with the values of the tissue it is like, and that tissue's name under 'drawn_with'."""
    entry = rows.get(name)
    if entry is None or depth > len(rows):
        raise InputError("'like' names no tissue, or leads in a circle", subject=_SUBJECT, found=name)
    if "like" not in entry:
        return {"drawn_with": name, **entry}
    return {**_resolved(entry["like"], rows, depth + 1), **{key: entry[key] for key in entry if key != "like"}}


def draw_mr_values(rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Keyword arguments of Appearance for every tissue: t1_ms, t2_ms, proton_density, fat_fraction, adc, gadolinium.

    Tissues that are like another share its drawn values; a new tissue does not shift the others. Take ``mr_values``
    for names that may not be listed.
    """
    table = mr_tissue_table()
    seed = int(rng.integers(2**32))
    places = {
        name: np.random.default_rng([seed, zlib.crc32(name.encode())]).uniform(size=len(_RANGES)) for name in table
    }
    return {name: _drawn(entry, places[entry["drawn_with"]]) for name, entry in table.items()}


def _drawn(entry: dict[str, Any], places: np.ndarray) -> dict[str, Any]:
    values: dict[str, Any] = {
        long: float(entry[short][0] + place * (entry[short][1] - entry[short][0]))
        for (short, long), place in zip(_RANGES.items(), places, strict=True)
    }
    values["proton_density"] = float(entry["density"])
    values["gadolinium"] = {phase: float(v) for phase, v in zip(MR_PHASES, entry["gadolinium"], strict=True)}
    return values


def mr_values(drawn: dict[str, dict[str, Any]], tissue: str) -> dict[str, Any]:
    """The drawn values of a tissue, or those of ``other`` soft tissue when it is not listed."""
    return drawn.get(tissue, drawn["other"])
