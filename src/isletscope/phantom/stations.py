"""Lymph-node stations as places in the body, from ``stations.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isletscope.errors import InputError
from isletscope.phantom.tables import read_table

_SUBJECT = "phantom/stations.yaml"
_KEYS = {"jps", "name", "snomed", "centre", "spread", "head", "body_tail"}


@dataclass(frozen=True)
class Station:
    """A station: JPS number (empty: none), name, SNOMED CT code, centre in anatomical mm, spread (SD, mm).

    It may be regional for a primary of the head, or of body and tail (UICC).
    """

    key: str
    jps: str
    name: str
    snomed: str
    centre: tuple[float, float, float]
    spread_mm: float
    regional_for_head: bool
    regional_for_body_tail: bool


@lru_cache(maxsize=1)
def stations() -> dict[str, Station]:
    """All stations by key. Raises InputError when an entry is not complete."""
    entries: dict[str, dict[str, Any]] = read_table("stations.yaml")["stations"]
    table: dict[str, Station] = {}
    for key, entry in entries.items():
        if set(entry) != _KEYS or len(entry["centre"]) != 3:
            raise InputError(
                f"the station '{key}' is not complete",
                subject=_SUBJECT,
                found=", ".join(sorted(entry)),
                expected=", ".join(sorted(_KEYS)),
            )
        x, y, z = (float(v) for v in entry["centre"])
        table[key] = Station(
            key,
            str(entry["jps"]),
            str(entry["name"]),
            str(entry["snomed"]),
            (x, y, z),
            float(entry["spread"]),
            bool(entry["head"]),
            bool(entry["body_tail"]),
        )
    return table
