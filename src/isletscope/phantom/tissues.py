"""Tissues: CT numbers by contrast phase, uptake by tracer and MR properties, drawn for one person.

Tables: ``tissues.yaml`` (CT, uptake) and ``tissues_mr.yaml`` (MR).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.appearance import CT_PHASES, TRACER_CLASSES, Appearance
from isletscope.phantom.tables import read_table
from isletscope.phantom.tissues_mr import draw_mr_values, mr_values

_SUBJECT = "phantom/tissues.yaml"
_RANGES = ("hu", *TRACER_CLASSES)
_BLOOD = ("aorta", "heart_chamber", "artery", "portal_vein", "hepatic_vein", "renal_vein", "vena_cava",
          "lower_vena_cava", "pulmonary_vessel")  # fmt: skip
# Iodine is given by a fixed dose: enhancement falls with weight (about as 70 kg / weight, softened); convention.
_REFERENCE_KG = 70.0


@dataclass(frozen=True)
class Tissue:
    """One tissue of one person: label in the truth organ map, and what it looks like to every scanner."""

    name: str
    label: int
    appearance: Appearance

    @property
    def hu(self) -> float:
        """CT number (HU) before contrast."""
        return self.appearance.hu["unenhanced"]

    @property
    def uptake(self) -> dict[str, float]:
        """SUVbw by tracer class."""
        return self.appearance.uptake


@dataclass(frozen=True)
class Tissues:
    """All tissues of one person, by name."""

    by_name: dict[str, Tissue]

    def __getitem__(self, name: str) -> Tissue:
        return self.by_name[name]

    @property
    def label_names(self) -> dict[int, str]:
        """Organ name of each label: the first tissue that bears it."""
        names: dict[int, str] = {}
        for tissue in self.by_name.values():
            if tissue.label:
                names.setdefault(tissue.label, tissue.name)
        return names


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = read_table("tissues.yaml")
    return loaded


@lru_cache(maxsize=1)
def tissue_table() -> dict[str, dict[str, Any]]:
    """The checked table. Raises InputError when an entry lacks a label, a range or its enhancement."""
    table: dict[str, dict[str, Any]] = _tables()["tissues"]
    gains = _tables()["enhancement"]
    for name, entry in table.items():
        missing = [key for key in ("label", *_RANGES) if key not in entry]
        ranges = [entry[key] for key in _RANGES if key in entry]
        if missing or any(len(pair) != 2 or pair[0] > pair[1] for pair in ranges):
            raise InputError(
                f"the tissue '{name}' is not complete",
                subject=_SUBJECT,
                found=f"missing {missing}" if missing else str(ranges),
                expected=f"label, and a range [low, high] for {', '.join(_RANGES)}",
            )
        if len(gains.get(name, ())) != len(CT_PHASES) - 1:
            raise InputError(
                f"the tissue '{name}' has no enhancement", subject=_SUBJECT, expected=", ".join(CT_PHASES[1:])
            )
    return table


def draw_tissues(rng: np.random.Generator, weight_kg: float = _REFERENCE_KG) -> Tissues:
    """Draw every tissue's CT numbers, uptake and MR properties within their ranges.

    Blood before contrast is one value for all vessels and chambers. Enhancement of all tissues goes up and down
    together with the person (circulation) and with the iodine dose per weight. ``weight_kg``: of the person.
    """
    table, gains = tissue_table(), _tables()["enhancement"]
    drawn = {
        name: ({key: float(rng.uniform(*entry[key])) for key in TRACER_CLASSES}, float(rng.uniform(*entry["hu"])))
        for name, entry in table.items()
    }
    strength = float(rng.uniform(0.9, 1.1)) * float(np.clip((_REFERENCE_KG / weight_kg) ** 0.7, 0.75, 1.25))
    drawn_mr = draw_mr_values(rng)
    for name in _BLOOD:
        drawn[name] = drawn["blood"]
    made = {}
    for name, entry in table.items():
        uptake, plain = drawn[name]
        enhanced = dict(zip(CT_PHASES[1:], (plain + strength * gain for gain in gains[name]), strict=True))
        look = Appearance(hu={CT_PHASES[0]: plain, **enhanced}, uptake=uptake, **mr_values(drawn_mr, name))
        made[name] = Tissue(name, int(entry["label"]), look)
    return Tissues(made)
