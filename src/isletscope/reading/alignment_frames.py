"""The frames of reference of a case: what shares one, which series stands for it, and which frame leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.model import Case, Exam, Role, Series
from isletscope.reading.alignment_rules import alignment_rules

_NOT_CARRIED = (Role.LOCALIZER,)


@dataclass(frozen=True)
class Frame:
    """The series of one exam that share a frame of reference; ``chosen`` is registered for all of them."""

    exam: Exam
    uid: str
    series: tuple[Series, ...]
    chosen: Series | None

    @property
    def coverage_mm(self) -> float:
        """Length along the body that the chosen series covers."""
        return _coverage_mm(self.chosen) if self.chosen is not None else 0.0


def frames_of(case: Case) -> list[Frame]:
    """Every frame of reference of every exam, in the order of the exams.

    A series that names no frame of reference is a frame of its own, under its series UID.
    """
    frames = []
    for exam in case.exams:
        groups: dict[str, list[Series]] = {}
        for series in exam.series:
            if series.usable and series.role not in _NOT_CARRIED:
                groups.setdefault(series.frame_of_reference_uid or series.series_uid, []).append(series)
        frames += [Frame(exam, uid, tuple(members), _chosen(members)) for uid, members in groups.items()]
    return frames


def reference_of(frames: Sequence[Frame]) -> Frame | None:
    """The frame that all others are brought to; None when no frame has a series that can be registered.

    A CT before MR before PET; among CTs those that cover most of the body, and of these the latest: every other exam
    then lies within it, and what was found last lies where a reader looks for it.
    """
    ready = [frame for frame in frames if frame.chosen is not None]
    for modality in ("CT", "MR", "PT"):
        alike = [frame for frame in ready if frame.chosen is not None and frame.chosen.modality == modality]
        if alike:
            widest = max(frame.coverage_mm for frame in alike)
            wide = [f for f in alike if f.coverage_mm >= alignment_rules().reference_share * widest]
            return max(wide, key=lambda frame: (frame.exam.date or "", frame.coverage_mm, frame.exam.key))
    return ready[0] if ready else None


def _chosen(members: Sequence[Series]) -> Series | None:
    rules = alignment_rules()
    fit = [one for one in members if one.role in rules.roles and one.modality in rules.windows]
    if not fit:
        return None
    first = min(fit, key=lambda one: list(rules.windows).index(one.modality)).modality
    fit = [one for one in fit if one.modality == first]
    widest = max(_volume(one) for one in fit)
    wide = [one for one in fit if _volume(one) >= rules.coverage_share * widest]
    return min(wide, key=lambda one: (rules.roles.index(one.role), -_volume(one), one.key))


def _volume(series: Series) -> float:
    if series.grid is None:
        return 0.0
    size = 1.0
    for count, spacing in zip(series.grid.shape_kji, series.grid.spacing_kji_mm, strict=True):
        size *= count * spacing
    return size


def _coverage_mm(series: Series) -> float:
    if series.grid is None:
        return 0.0
    grid = series.grid
    return sum(
        count * spacing * abs(axis[2])
        for count, spacing, axis in zip(grid.shape_kji, grid.spacing_kji_mm, grid.axes_lps, strict=True)
    )
