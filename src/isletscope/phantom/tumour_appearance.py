"""What tumours look like: presets by nature (``tumour_appearance.yaml``), a scenario's own figures on top, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.appearance import CT_PHASES, MR_PHASES, TRACER_CLASSES, Appearance
from isletscope.phantom.tables import read_table
from isletscope.phantom.tissues import Tissues, tissue_table

_SUBJECT = "phantom/tumour_appearance.yaml"
MR_FIGURES = ("t1_ms", "t2_ms", "proton_density", "fat_fraction", "adc")
MODES = ("absolute", "times_host", "above_host", "rise")
SUPPORT = ("verified", "verified_2nd", "recall", "convention", "computed")
_GROUPS = {"hu": CT_PHASES, "uptake": TRACER_CLASSES, "mr": MR_FIGURES, "gadolinium": MR_PHASES}
_LEAST = {"hu": -1024.0, "uptake": 0.0, "mr": 0.0, "gadolinium": 0.0}


@dataclass(frozen=True)
class Level:
    """One figure to be drawn in [low, high]; ``mode``: absolute, or relative to the host or the unenhanced value."""

    low: float
    high: float
    mode: str = "absolute"

    def draw(self, rng: np.random.Generator, host: float, plain: float = 0.0) -> float:
        """A value; ``host``: that of the surrounding tissue, ``plain``: own value before contrast."""
        drawn = float(rng.uniform(self.low, self.high))
        return {"absolute": drawn, "times_host": drawn * host, "above_host": host + drawn, "rise": plain + drawn}[
            self.mode
        ]


# Levels by group (hu, uptake, mr, gadolinium) and figure (phase, tracer class, name).
Levels = Mapping[str, Mapping[str, Level]]


@dataclass(frozen=True)
class Nature:
    """One preset: ``like`` is the tissue that gives what is not listed, ``host`` what relative figures refer to."""

    name: str
    levels: Levels
    like: str | None = None
    host: str | None = None
    shape: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = read_table("tumour_appearance.yaml")
    for name, source in loaded["sources"].items():
        if source.get("support") not in SUPPORT or not source.get("text"):
            raise InputError(f"the source '{name}' is not complete", subject=_SUBJECT, expected=", ".join(SUPPORT))
    return loaded


@lru_cache(maxsize=1)
def natures() -> dict[str, Nature]:
    """All presets, checked. Raises InputError for an unknown source, tissue, figure or range."""
    made: dict[str, Nature] = {}
    for name, entry in _table()["natures"].items():
        unknown = [key for key in entry if key not in ("sources", "like", "host", "shape", *_GROUPS)]
        unknown += [key for key in entry["sources"] if key not in _table()["sources"]]
        if unknown:
            raise InputError(f"the nature '{name}' is not valid", subject=_SUBJECT, found=", ".join(unknown))
        levels = {group: _levels(name, group, entry.get(group, {})) for group in _GROUPS}
        base = made.get(str(entry.get("like")))
        if base is not None:
            levels = {group: {**base.levels[group], **levels[group]} for group in _GROUPS}
        tissue = base.like if base else entry.get("like")
        host = entry.get("host", base.host if base else None)
        for named in (tissue, host):
            if named is not None and named not in tissue_table():
                raise InputError(f"the nature '{name}' names an unknown tissue", subject=_SUBJECT, found=str(named))
        made[name] = Nature(name, levels, tissue, host, entry.get("shape", base.shape if base else {}))
    return made


def _levels(name: str, group: str, entry: Mapping[str, Any]) -> dict[str, Level]:
    made = {}
    for key, value in entry.items():
        mode, ends = next(iter(value.items())) if isinstance(value, dict) else ("absolute", value)
        fits = key in _GROUPS[group] and mode in MODES and len(ends) == 2 and ends[0] <= ends[1]
        if not fits or (mode == "rise" and group != "hu"):
            raise InputError(f"a figure of '{name}' is not valid", subject=_SUBJECT, found=f"{group} {key}: {value}")
        made[key] = Level(float(ends[0]), float(ends[1]), mode)
    return made


def default_nature(site: str) -> str:
    """The nature of a tumour whose rule names none."""
    return str(_table()["defaults"][site])


def host_tissue(site: str) -> str:
    """The tissue that relative figures of a site refer to."""
    return str(_table()["hosts"][site])


def mimic_kinds() -> dict[str, dict[str, str]]:
    """Benign look-alikes by name: ``site`` and ``text``."""
    kinds: dict[str, dict[str, str]] = _table()["mimics"]
    return kinds


def draw_appearance(
    nature: Nature,
    site: str,
    tissues: Tissues,
    rng: np.random.Generator,
    given: Levels | None = None,
    background: Mapping[str, float] | None = None,
) -> Appearance:
    """One tumour's appearance: the preset's figures, those of ``given`` in their place, drawn.

    ``background``: uptake that multiples refer to by tracer class, where it is not the host's. All presets draw the
    same number of times, so that an override leaves the other figures as they were.
    """
    host = tissues[nature.host or host_tissue(site)].appearance
    base = tissues[nature.like].appearance if nature.like else host
    drawn: dict[str, dict[str, float]] = {}
    for group, names in _GROUPS.items():
        around, own = _values(host, group), _values(base, group)
        if group == "uptake" and background:
            around = {**around, **background}
        drawn[group] = {}
        for name in names:
            once = np.random.default_rng(int(rng.integers(2**63)))
            asked = (given or {}).get(group, {}).get(name)
            level = asked or nature.levels[group].get(name)
            plain = drawn[group].get("unenhanced", own.get(name, 0.0))
            value = own.get(name, 0.0) if level is None else level.draw(once, around.get(name, 0.0), plain)
            drawn[group][name] = max(value, _LEAST[group])
    return Appearance(hu=drawn["hu"], uptake=drawn["uptake"], gadolinium=drawn["gadolinium"], **drawn["mr"])


def _values(look: Appearance, group: str) -> dict[str, float]:
    if group == "mr":
        return {name: float(getattr(look, name)) for name in MR_FIGURES}
    return dict(getattr(look, group))
