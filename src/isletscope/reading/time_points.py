"""Exams that belong together, and what the images of each cover of the body."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from isletscope.assessment import KIND_OF_TRACER
from isletscope.model import Case, Exam, ExamKind, OrganFinding, ReadingOfImages, ReadingOfPet, State, TimePoint
from isletscope.yaml_text import read_yaml


def time_points(case: Case) -> list[TimePoint]:
    """Exams in groups by date, in order, each named by the date of its last exam.

    A gap of more days than ``time_points.yaml`` says begins a new time point. An exam without a date stands with the
    first group: its place in time is not known.
    """
    groups = _grouped(case.exams)
    return [_time_point(case, group) for group in groups]


def _grouped(exams: Sequence[Exam]) -> list[list[Exam]]:
    dated = sorted((exam for exam in exams if exam.date), key=lambda exam: (exam.date or "", exam.key))
    undated = [exam for exam in exams if not exam.date]
    groups: list[list[Exam]] = []
    for exam in dated:
        if groups and _days_between(groups[-1][-1], exam) <= _settings()["days_apart"]:
            groups[-1].append(exam)
        else:
            groups.append([exam])
    if not groups:
        return [undated] if undated else []
    groups[0] = [*undated, *groups[0]]
    return groups


def _days_between(earlier: Exam, later: Exam) -> int:
    return (date.fromisoformat(later.date or "") - date.fromisoformat(earlier.date or "")).days


def _time_point(case: Case, exams: list[Exam]) -> TimePoint:
    last = max((exam.date for exam in exams if exam.date), default="")
    coverage: dict[str, list[str]] = {}
    for exam in exams:
        for reading in case.readings:
            if reading.tracer_class in KIND_OF_TRACER and any(s.key == reading.series_key for s in exam.series):
                _add(coverage, exam, KIND_OF_TRACER[reading.tracer_class], covered_by(reading))
        for images in case.image_readings:
            if images.exam_key == exam.key:
                _add(coverage, exam, images.kind, covered_by_images(images))
    return TimePoint(name=last or "undated", date=last, exam_keys=[exam.key for exam in exams], coverage=coverage)


def _add(coverage: dict[str, list[str]], exam: Exam, kind: ExamKind, regions: list[str]) -> None:
    entry = f"{exam.key}/{kind.value}"
    for region in regions:
        if entry not in coverage.setdefault(region, []):
            coverage[region].append(entry)


def covered_by(reading: ReadingOfPet) -> list[str]:
    """Regions of the body that a PET covers, told by the organs that were found on it."""
    return _regions([organ.name for organ in reading.organs if _whole(organ)], "pet_coverage")


def covered_by_images(reading: ReadingOfImages) -> list[str]:
    """Regions that were searched on the CT or MR of an exam, told by the organs found with confidence on its series.

    None for a single series, on which small lesions are not told from vessels.
    """
    settings = _settings()
    if len(reading.series_keys) < settings["image_least_series"]:
        return []
    sure = [o.name for o in reading.organs if _whole(o) and o.confidence in settings["image_least_confidence"]]
    return _regions(sure, "image_coverage")


def _regions(found: Sequence[str], table: str) -> list[str]:
    wanted: dict[str, list[str]] = _settings()[table]
    return [region for region, needed in wanted.items() if set(found).issuperset(needed)]


def _whole(organ: OrganFinding) -> bool:
    return organ.state is not State.MISSING


@cache
def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = read_yaml(files("isletscope.reading").joinpath("time_points.yaml").read_text())
    return settings
