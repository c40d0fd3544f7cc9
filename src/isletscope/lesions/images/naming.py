"""What each series of CT or MR shows, under one short name: phases told apart, the most telling b-value chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isletscope.model import Role, Series
from isletscope.spatial import Mask, Volume, resample_mask

CONTRASTS: dict[str, str] = {
    "unenhanced": "unenhanced CT",
    "arterial": "late arterial phase",
    "portal_venous": "portal venous phase",
    "delayed": "delayed phase",
    "phase_unknown": "CT of unknown phase",
    "t1": "T1",
    "in_phase": "T1 in phase",
    "opposed_phase": "T1 opposed phase",
    "t2": "T2",
    "dwi": "diffusion weighted image of the highest b-value",
    "adc": "ADC",
    "hepatobiliary": "hepatobiliary phase",
}
"""Short name of a contrast -> its printed name."""

_BY_ROLE = {
    Role.CT_UNENHANCED: "unenhanced",
    Role.CT_ARTERIAL: "arterial",
    Role.CT_PORTAL_VENOUS: "portal_venous",
    Role.CT_DELAYED: "delayed",
    Role.CT_PHASE_UNKNOWN: "phase_unknown",
    Role.MR_T1: "t1",
    Role.MR_T1_FAT_SATURATED: "t1",
    Role.MR_T1_IN_PHASE: "in_phase",
    Role.MR_T1_OPPOSED_PHASE: "opposed_phase",
    Role.MR_T2: "t2",
    Role.MR_T2_FAT_SATURATED: "t2",
    Role.MR_ADC: "adc",
    Role.MR_HEPATOBILIARY: "hepatobiliary",
}
_BEST_FIRST = (Role.MR_T1_FAT_SATURATED, Role.MR_T2_FAT_SATURATED)
_PHASES = ("arterial", "portal_venous", "delayed")
_LEAST_B_S_MM2 = 300.0
_ENHANCED = 1.25


def name_series(series: Sequence[Series], volumes: Mapping[str, Volume], blood: Mask | None = None) -> dict[str, str]:
    """Short name of each series worth reading, by its key; of several with one name the best coverage wins.

    ``volumes``: by series key; ``blood``: a mask of the aorta, or None. Dynamic parts are ordered by time; the first is
    taken as unenhanced when blood (else the brightest voxels) becomes brighter by a quarter from it to a later part.
    """
    wanted = [one for one in series if one.key in volumes]
    named: list[tuple[str, Series]] = [(_BY_ROLE[one.role], one) for one in wanted if one.role in _BY_ROLE]
    named += _dynamic([one for one in wanted if one.role is Role.MR_DYNAMIC], volumes, blood)
    diffusion = [one for one in wanted if one.role is Role.MR_DWI and (one.b_value_s_mm2 or 0.0) >= _LEAST_B_S_MM2]
    if diffusion:
        named.append(("dwi", max(diffusion, key=lambda one: one.b_value_s_mm2 or 0.0)))
    best: dict[str, Series] = {}
    for name, one in named:
        if name not in best or _rank(one, volumes) > _rank(best[name], volumes):
            best[name] = one
    return {one.key: name for name, one in best.items()}


def _rank(series: Series, volumes: Mapping[str, Volume]) -> tuple[float, bool, float]:
    """Field of view in litres (rounded), fat saturation, thin slices."""
    geometry = volumes[series.key].geometry
    k, j, i = geometry.extent_mm
    return round(k * j * i / 1e6), series.role in _BEST_FIRST, -geometry.spacing_mm[0]


def _dynamic(parts: Sequence[Series], volumes: Mapping[str, Volume], blood: Mask | None) -> list[tuple[str, Series]]:
    """The parts of a dynamic series as T1 before contrast and phases after it."""
    ordered = sorted(parts, key=lambda one: (one.acquired or "", one.part or "", one.key))
    if len(ordered) < 2:
        return []
    brightness = [_brightness(volumes[one.key], blood) for one in ordered]
    named: list[tuple[str, Series]] = []
    if max(brightness[1:]) >= _ENHANCED * brightness[0] and len(ordered) > len(_PHASES) - 1:
        later = max(brightness[1:3])
        if later >= _ENHANCED * brightness[0]:
            named.append(("t1", ordered[0]))
            ordered = ordered[1:]
    return named + list(zip(_PHASES, ordered, strict=False))


def _brightness(volume: Volume, blood: Mask | None) -> float:
    if blood is not None and blood.array.any():
        inside = resample_mask(blood, volume.geometry).array
        if inside.any():
            return float(np.median(volume.array[inside]))
    return float(np.percentile(volume.array, 99.5))
