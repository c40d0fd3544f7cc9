"""Which series of an exam stands for which column of the phenotype table: phases, weightings, b-values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from isletscope.model import Exam, ExamKind, Role, Series
from isletscope.reading.places import series_of
from isletscope.yaml_text import read_yaml


def columns_of(exam: Exam, kind: ExamKind) -> dict[str, list[Series]]:
    """Column -> its series, the better first. MR moments whose phase cannot be told stand in no column."""
    series = series_of(exam, kind)
    found: dict[str, list[Series]] = {}
    for column, roles in _settings()["columns"].items():
        fitting = [one for one in series if one.role.value in roles]
        if fitting:
            found[column] = sorted(fitting, key=lambda one: (roles.index(one.role.value), _slice_mm(one), one.key))
    if "mr_dwi" in found:
        found["mr_dwi"] = [one for one in found["mr_dwi"] if one.b_value_s_mm2 is not None]
    dynamic = [one for one in series if one.role is Role.MR_DYNAMIC]
    for column, one in [*_by_words(dynamic), *_by_moments(dynamic)]:
        found.setdefault(column, []).append(one)
    return {column: one for column, one in found.items() if one}


def diffusion_of(series: Iterable[Series]) -> dict[float, Series]:
    """The diffusion-weighted series by b-value (s/mm²), those of the set with the most b-values."""
    sets: dict[str, dict[float, Series]] = {}
    for one in series:
        if one.b_value_s_mm2 is not None:
            sets.setdefault(one.series_uid, {})[one.b_value_s_mm2] = one
    together: dict[float, Series] = {}
    for group in sorted(sets.values(), key=len):
        together = group if len(group) > 1 else {**together, **group}
    return dict(sorted(together.items()))


def _slice_mm(series: Series) -> float:
    return max(series.grid.spacing_kji_mm) if series.grid is not None else 1e3


def _by_words(dynamic: list[Series]) -> list[tuple[str, Series]]:
    """Phases named in the description; one that names several or none is left out."""
    found = []
    for one in dynamic:
        words = re.split(r"[\W_\d]+", one.description.lower())
        hits = [
            column
            for column, known in _settings()["phase_words"].items()
            if any(_holds(words, word.split()) for word in known)
        ]
        if "mr_late_arterial" in hits and "late" in words:
            hits = [hit for hit in hits if hit != "mr_delayed"]
        if len(hits) == 1:
            found.append((hits[0], one))
    return found


def _holds(words: list[str], wanted: list[str]) -> bool:
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words)))


def _by_moments(dynamic: list[Series]) -> list[tuple[str, Series]]:
    """Moments of one series in order of time, where there are as many as expected and the times between them fit."""
    sets: dict[str, list[Series]] = {}
    for one in dynamic:
        if one.part and one.acquired:
            sets.setdefault(one.series_uid, []).append(one)
    names: list[str] = _settings()["moments"]
    for group in sets.values():
        ordered = sorted(group, key=lambda one: one.acquired or "")
        times = [datetime.fromisoformat(one.acquired or "") for one in ordered]
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
        limits = _settings()["seconds_between"]
        if len(ordered) == len(names) and all(
            low <= gap <= high for gap, (low, high) in zip(gaps, limits, strict=True)
        ):
            return list(zip(names, ordered, strict=True))
    return []


@cache
def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = read_yaml(
        files("isletscope.reading").joinpath("image_columns.yaml").read_text(encoding="utf-8")
    )
    return settings
