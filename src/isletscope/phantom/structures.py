"""Named anatomical structures: their labels in truth masks and their codes, from ``structures.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isletscope.errors import InputError
from isletscope.phantom.tables import read_table

_SUBJECT = "phantom/structures.yaml"
_LARGEST = 254


@dataclass(frozen=True)
class Structure:
    """One structure: key, value in masks (1 to 254), English name, SNOMED CT code (empty: none in the DICOM subset)."""

    key: str
    label: int
    name: str
    snomed: str = ""


@lru_cache(maxsize=1)
def structures() -> dict[str, Structure]:
    """All structures by key. Raises InputError when a label is missing, out of range or given twice."""
    entries: dict[str, dict[str, Any]] = read_table("structures.yaml")["structures"]
    table: dict[str, Structure] = {}
    taken: dict[int, str] = {}
    for key, entry in entries.items():
        label = int(entry.get("label", 0))
        if not 1 <= label <= _LARGEST or label in taken or not entry.get("name"):
            raise InputError(
                f"the structure '{key}' is not complete",
                subject=_SUBJECT,
                found=f"label {label}" + (f", also of {taken[label]}" if label in taken else ""),
                expected=f"a name and a label of its own, 1 to {_LARGEST}",
            )
        taken[label] = key
        table[key] = Structure(key, label, str(entry["name"]), str(entry.get("snomed", "")))
    return table


def structure_label(key: str) -> int:
    """Value of a structure in truth masks; 0 for the empty key. Raises KeyError for a key that is not in the table."""
    return structures()[key].label if key else 0
