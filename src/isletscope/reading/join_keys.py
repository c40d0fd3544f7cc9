"""Exams and series of several cases under keys that are unique in one, and every part that names them rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from isletscope.lesions import tracking_uid_of
from isletscope.model import (
    Case,
    Exam,
    Focus,
    Lesion,
    ReadingOfImages,
    ReadingOfPet,
    Series,
    TimePoint,
    VerdictOverride,
)

Identity = tuple[str, str]


@dataclass(frozen=True)
class Renamed:
    """How the keys of one case are called in the joined case.

    ``taken``: exams and series that an earlier case holds too, under their keys in the joined case; they are not taken
    again.
    """

    exams: dict[str, str]
    series: dict[str, str]
    taken: frozenset[str] = frozenset()
    files: dict[str, str] = field(default_factory=dict)


@dataclass
class JoinedExams:
    """The exams of all cases so far; series that are the same (equal series UID and part) are taken once."""

    exams: list[Exam] = field(default_factory=list)
    _by_series: dict[Identity, tuple[str, str]] = field(default_factory=dict)

    def add(self, case: Case) -> Renamed:
        """Add the exams of a case and tell how its keys are called now."""
        renamed = Renamed({}, {})
        taken: set[str] = set()
        for exam in case.exams:
            home = self._home(exam)
            key = home.key if home is not None else _free(exam.key, [one.key for one in self.exams])
            renamed.exams[exam.key] = key
            fresh = [one for one in exam.series if _identity(one) not in self._by_series]
            taken |= {one.key for one in exam.series if _identity(one) in self._by_series}
            target = home or exam.model_copy(update={"key": key, "series": []})
            target.series = [*target.series, *(self._keyed(one, key, renamed) for one in fresh)]
            renamed.series.update({one.key: self._by_series[_identity(one)][1] for one in exam.series})
            if home is None:
                self.exams.append(target)
        return Renamed(renamed.exams, renamed.series, frozenset(taken))

    def _home(self, exam: Exam) -> Exam | None:
        """The exam that holds one of its series already."""
        found = next(
            (self._by_series[_identity(one)][0] for one in exam.series if _identity(one) in self._by_series), None
        )
        return next((one for one in self.exams if one.key == found), None)

    def _keyed(self, series: Series, exam_key: str, renamed: Renamed) -> Series:
        used = [key for _, key in self._by_series.values()]
        key = _free(series.key, used)
        self._by_series[_identity(series)] = (exam_key, key)
        renamed.series[series.key] = key
        return series.model_copy(update={"key": key})


def _identity(series: Series) -> Identity:
    return series.series_uid, series.part or ""


def _free(key: str, used: Sequence[str]) -> str:
    """The key itself, or the same stem with the next number that is free: pet-1 becomes pet-4."""
    if key not in used:
        return key
    stem, dash, number = key.rpartition("-")
    if not dash or not number.isdigit():
        stem, number = key, "1"
    following = int(number) + 1
    while f"{stem}-{following}" in used:
        following += 1
    return f"{stem}-{following}"


def rename_file(path: str | None, renamed: Renamed) -> str | None:
    """Where a label map lies in the joined case; the move is noted in ``renamed.files``."""
    if path is None:
        return None
    folder, slash, name = path.rpartition("/")
    old = max((key for key in renamed.series if name.startswith(f"{key}_")), key=len, default="")
    new = f"{folder}{slash}{renamed.series[old]}{name[len(old) :]}" if old else path
    renamed.files[path] = new
    return new


def rename_focus_id(focus_id: str, renamed: Renamed) -> str:
    """A focus under the new key of its series."""
    key, slash, rest = focus_id.rpartition("/")
    return f"{renamed.series.get(key, key)}{slash}{rest}"


def _rename_focus(focus: Focus, renamed: Renamed) -> Focus:
    update = {"id": rename_focus_id(focus.id, renamed), "series_key": renamed.series[focus.series_key]}
    return focus.model_copy(update=update)


def rename_pet(reading: ReadingOfPet, renamed: Renamed) -> ReadingOfPet:
    """A reading of a PET under the new keys."""
    regions = [
        one.model_copy(update={"focus_ids": [rename_focus_id(name, renamed) for name in one.focus_ids]})
        for one in reading.given_regions
    ]
    return reading.model_copy(
        update={
            "series_key": renamed.series[reading.series_key],
            "foci": [_rename_focus(focus, renamed) for focus in reading.foci],
            "given_regions": regions,
            "foci_map": rename_file(reading.foci_map, renamed),
            "organ_map": rename_file(reading.organ_map, renamed),
        }
    )


def rename_images(reading: ReadingOfImages, renamed: Renamed) -> ReadingOfImages:
    """A reading of CT or MR under the new keys; where lesions were looked for is left to the new second look."""
    return reading.model_copy(
        update={
            "exam_key": renamed.exams[reading.exam_key],
            "series_key": renamed.series[reading.series_key],
            "series_keys": [renamed.series[key] for key in reading.series_keys],
            "foci": [_rename_focus(focus, renamed) for focus in reading.foci],
            "looked_for": {},
            "undecided": {},
            "foci_map": rename_file(reading.foci_map, renamed),
            "organ_map": rename_file(reading.organ_map, renamed),
        }
    )


def rename_lesion(lesion: Lesion, renamed: Renamed, tracking: dict[str, str]) -> Lesion:
    """A lesion under the new keys; course and links belong to the single case and go."""
    observations = [
        one.model_copy(
            update={
                "exam_key": renamed.exams[one.exam_key],
                "series_key": renamed.series.get(one.series_key, one.series_key),
            }
        )
        for one in lesion.observations
        if one.exam_key in renamed.exams
    ]
    return lesion.model_copy(
        update={
            "tracking_uid": tracking.get(lesion.tracking_uid, lesion.tracking_uid),
            "focus_ids": [rename_focus_id(one, renamed) for one in lesion.focus_ids],
            "observations": observations,
            "links": [],
            "course": [],
        }
    )


def rename_overrides(case: Case, tracking: dict[str, str]) -> list[VerdictOverride]:
    """The reader's overrides, each still on its focus."""
    return [
        one.model_copy(update={"tracking_uid": tracking.get(one.tracking_uid or "", one.tracking_uid)})
        for one in case.overrides
    ]


def rename_time_point(point: TimePoint, renamed: Renamed) -> TimePoint:
    """A time point and its findings under the new keys."""

    def entry(text: str) -> str:
        exam, slash, kind = text.partition("/")
        return f"{renamed.exams.get(exam, exam)}{slash}{kind}"

    keyed = {
        name: [one.model_copy(update={"exam_key": renamed.exams[one.exam_key]}) for one in getattr(point, name)]
        for name in ("vessels", "structures", "liver")
    }
    return point.model_copy(
        update={
            "exam_keys": [renamed.exams[key] for key in point.exam_keys],
            "coverage": {region: [entry(one) for one in shown] for region, shown in point.coverage.items()},
            **keyed,
        }
    )


def tracking_uids(case: Case, renamed: Renamed) -> dict[str, str]:
    """Identity of each focus in its own case -> in the joined case: it hangs on the key of the series."""
    readings: list[ReadingOfPet | ReadingOfImages] = [*case.readings, *case.image_readings]
    return {
        tracking_uid_of(focus): tracking_uid_of(_rename_focus(focus, renamed))
        for reading in readings
        for focus in reading.foci
    }
