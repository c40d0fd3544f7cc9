"""Foci made of balls, for the tests of matching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.lesions.matching import Matching, PlacedFocus, Sight
from isletscope.model import Verdict

STEP_MM = 2.0
Array = npt.NDArray[np.float64]


def ball(centre: Sequence[float], radius_mm: float) -> Array:
    """Points of a ball on a lattice of 2 mm about its centre."""
    axis = np.arange(-np.ceil(radius_mm / STEP_MM), np.ceil(radius_mm / STEP_MM) + 1) * STEP_MM
    offsets = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(centre, dtype=float) + offsets[np.linalg.norm(offsets, axis=1) <= radius_mm]


def focus(
    name: str, points: Array, *, kind: str = "sstr_pet", moment: int = 0, exam: str = "", **more: Any
) -> PlacedFocus:
    """A focus of that kind; ``exam`` tells looks of one kind apart."""
    given: dict[str, Any] = {"site_code": "liver", "verdict": Verdict.TUMOUR, "uncertainty_mm": 3.0} | more
    volume = len(points) * STEP_MM**3 / 1000.0
    look = f"{exam or f'exam-{moment}'}/{kind}"
    return PlacedFocus(name, look, kind, moment, points, volume, step_mm=STEP_MM, **given)


def sight(kind: str, moment: int, *, covers: bool = True, sites: frozenset[str] | None = None) -> Sight:
    """A look that covers every place, or none."""
    return Sight(f"exam-{moment}/{kind}", kind, moment, lambda _: covers, "", sites)


def lesions(matching: Matching) -> set[frozenset[str]]:
    """The lesions as sets of focus ids."""
    return {frozenset(one.focus_id for one in lesion.track.foci()) for lesion in matching.lesions}


def fates(matching: Matching) -> dict[str, list[str]]:
    """Fates of each lesion, by its first focus."""
    return {
        min(lesion.steps[0].focus_ids, default=""): [step.fate.value for step in lesion.steps]
        for lesion in matching.lesions
    }
