"""The section on how CT and MR were read: organs found and missing, what was searched and what not, foci left alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Case, ReadingOfImages, ReadingOfPet, State, Support, Verdict
from isletscope.report.content.document import Cell, Column, Section, Table
from isletscope.report.images import ImageSource
from isletscope.yaml_text import read_yaml

# Organs that every CT or MR of the trunk shows; others are told only where they were found.
_EXPECTED = ("liver", "spleen", "pancreas_region")


class ImageReadingWords(BaseModel):
    """The content of ``image_reading.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    sentences: Mapping[str, str]
    foci: Mapping[str, str]
    alone: str
    given: str
    columns: Mapping[str, str]

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def _words() -> ImageReadingWords:
    text = resources.files("isletscope.report.content").joinpath("image_reading.yaml").read_text(encoding="utf-8")
    return ImageReadingWords.model_validate(read_yaml(text))


def image_reading_section(case: Case, images: ImageSource) -> Section | None:
    """The section; None where no CT and no MR was read. ``images`` is not looked at."""
    if not case.image_readings:
        return None
    words = _words()
    tables = [one for one in (_given(case), _alone(case)) if one is not None]
    alone = any(one.caption == words.alone for one in tables)
    text = [line for reading in case.image_readings for line in _told(case, reading)]
    methods = dict.fromkeys(method for reading in case.image_readings for method in reading.methods)
    return Section(
        key="image-reading",
        title=words.title,
        text=(*text, *(() if alone else (words.says("alone_none"),))),
        tables=tuple(tables),
        notes=(*methods, words.says("note")),
    )


def _told(case: Case, reading: ReadingOfImages) -> list[str]:
    words, exam = _words(), _exam(case, reading.exam_key)
    found = [
        words.says(
            "organ", organ=_plain(organ.name), volume=f"{organ.volume_ml:.0f}", confidence=organ.confidence or "no"
        )
        for organ in reading.organs
        if organ.state is not State.MISSING and organ.volume_ml is not None and organ.name != "body"
    ]
    series = case.series(reading.series_key).description or reading.series_key
    lines = [words.says("organs", exam=exam, series=series, organs=", ".join(found))] if found else []
    if not found:
        lines.append(words.says("no_organs", exam=exam))
    lines += [
        words.says("missing", exam=exam, organ=_plain(organ.name), because=(organ.missing_because or "").rstrip("."))
        for organ in reading.organs
        if organ.state is State.MISSING and organ.name in _EXPECTED
    ]
    benign = sum(focus.verdict is Verdict.PHYSIOLOGIC for focus in reading.foci)
    number = len(reading.foci)
    count = words.foci["one"] if number == 1 else words.foci["many"].format(number=number)
    lines.append(words.says("foci", exam=exam, count=count, benign=benign))
    return lines + [f"{exam}: {limit}" for limit in dict.fromkeys(reading.limits)]


def _given(case: Case) -> Table | None:
    """Organ masks that were given, with file, region and what drew them."""
    words = _words()
    rows = tuple(
        (
            Cell(_exam(case, reading.exam_key)),
            Cell(_plain(organ.name)),
            Cell(f"{organ.volume_ml:.0f}" if organ.volume_ml is not None else ""),
            Cell(organ.source),
            Cell(organ.confidence),
        )
        for reading in case.image_readings
        for organ in reading.organs
        if organ.state is State.ENTERED
    )
    if not rows:
        return None
    columns = (
        Column(words.columns["exam"], 40.0),
        Column(words.columns["organ"], 26.0),
        Column(words.columns["volume"], 20.0, "right"),
        Column(words.columns["source"]),
        Column(words.columns["confidence"], 24.0),
    )
    return Table(caption=words.given, columns=columns, rows=rows)


def _alone(case: Case) -> Table | None:
    """Foci of any exam that belong to no lesion, and why."""
    words = _words()
    readings: tuple[ReadingOfPet | ReadingOfImages, ...] = (*case.readings, *case.image_readings)
    foci = {focus.id: focus for reading in readings for focus in reading.foci}
    rows = tuple(
        (
            Cell(one.focus_id),
            Cell(_exam(case, case.exam_of(foci[one.focus_id].series_key).key)),
            Cell(foci[one.focus_id].site),
            Cell(one.because),
        )
        for one in case.unmatched
        if one.focus_id in foci
    )
    if not rows:
        return None
    columns = (
        Column(words.columns["focus"], 18.0),
        Column(words.columns["exam"], 40.0),
        Column(words.columns["site"], 34.0),
        Column(words.columns["because"]),
    )
    return Table(caption=words.alone, columns=columns, rows=rows)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _exam(case: Case, key: str) -> str:
    exam = case.exam(key)
    return f"{exam.title}, {exam.date}" if exam.date else exam.title
