"""PET tracers from ``tracers.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isletscope.errors import InputError
from isletscope.phantom.tables import read_table

Code = tuple[str, str, str]


@dataclass(frozen=True)
class Tracer:
    """One radiopharmaceutical: half-life in s, usual dose in MBq, usual delay to the scan in min, DICOM codes."""

    key: str
    tracer_class: str
    name: str
    half_life_s: float
    dose_mbq: tuple[float, float]
    uptake_minutes: tuple[float, float]
    code: Code
    radionuclide: Code
    positron_fraction: float


@lru_cache(maxsize=1)
def tracers() -> dict[str, Tracer]:
    """All tracers by key, e.g. ``68Ga-DOTATATE``. Raises InputError when the table is not complete."""
    table: dict[str, dict[str, Any]] = read_table("tracers.yaml")["tracers"]
    try:
        return {key: _tracer(key, entry) for key, entry in table.items()}
    except (KeyError, ValueError) as error:
        raise InputError(
            "the table of tracers is not complete", subject="phantom/tracers.yaml", found=str(error)
        ) from error


def _tracer(key: str, entry: dict[str, Any]) -> Tracer:
    dose_low, dose_high = entry["dose_mbq"]
    early, late = entry["uptake_minutes"]
    value, scheme, meaning = entry["code"]
    nuclide_value, nuclide_scheme, nuclide_meaning = entry["radionuclide"]
    return Tracer(
        key=key,
        tracer_class=str(entry["class"]),
        name=str(entry["name"]),
        half_life_s=float(entry["half_life_s"]),
        dose_mbq=(float(dose_low), float(dose_high)),
        uptake_minutes=(float(early), float(late)),
        code=(str(value), str(scheme), str(meaning)),
        radionuclide=(str(nuclide_value), str(nuclide_scheme), str(nuclide_meaning)),
        positron_fraction=float(entry["positron_fraction"]),
    )
