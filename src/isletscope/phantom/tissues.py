"""Tissues: CT numbers and physiologic uptake from ``tissues.yaml``, drawn for one person."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import yaml

from isletscope.errors import InputError

_SUBJECT = "phantom/tissues.yaml"


@dataclass(frozen=True)
class Tissue:
    """One tissue of one person: label in the truth organ map, CT number (HU), uptake by tracer class (SUVbw)."""

    name: str
    label: int
    hu: float
    uptake: dict[str, float]


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
def tissue_table() -> dict[str, dict[str, Any]]:
    """The checked table. Raises InputError when an entry lacks a label, CT range or uptake range."""
    text = resources.files("isletscope.phantom").joinpath("tissues.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = yaml.safe_load(text)["tissues"]
    for name, entry in table.items():
        missing = [key for key in ("label", "hu", "sstr", "fdg") if key not in entry]
        ranges = [entry[key] for key in ("hu", "sstr", "fdg") if key in entry]
        if missing or any(len(pair) != 2 or pair[0] > pair[1] for pair in ranges):
            raise InputError(
                f"the tissue '{name}' is not complete",
                subject=_SUBJECT,
                found=f"missing {missing}" if missing else str(ranges),
                expected="label, and a range [low, high] for hu, sstr and fdg",
            )
    return table


def draw_tissues(rng: np.random.Generator) -> Tissues:
    """Draw every tissue's CT number and uptake within its range; blood is one value for all vessels and chambers."""
    drawn: dict[str, Tissue] = {}
    for name, entry in tissue_table().items():
        uptake = {key: float(rng.uniform(*entry[key])) for key in ("sstr", "fdg")}
        drawn[name] = Tissue(name, int(entry["label"]), float(rng.uniform(*entry["hu"])), uptake)
    for name in ("aorta", "heart_chamber"):
        drawn[name] = Tissue(name, drawn[name].label, drawn["blood"].hu, drawn["blood"].uptake)
    return Tissues(drawn)
