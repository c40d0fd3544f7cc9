"""The section on the liver by segment: its volumes, the map of Couinaud's segments, and where each lesion lies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
from pydantic import BaseModel, ConfigDict

from isletscope.model import (
    Case,
    Compartment,
    Lesion,
    LiverFinding,
    Measurement,
    ReadingOfImages,
    Support,
    TimePoint,
    Verdict,
)
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Figure, Section, Table
from isletscope.report.figures.kept import kept_figures
from isletscope.report.figures.liver_segments import MAP_SIZE_MM, liver_segment_figure
from isletscope.report.images import ImageSource
from isletscope.report.words import words as report_words
from isletscope.spatial import Geometry, Mask, bounding_box, cropped_geometry
from isletscope.surgery import SEGMENT_NAMES, LiverMap, SegmentSource
from isletscope.yaml_text import read_yaml

# Enough for tumours that bulge over the outline of the liver.
_AROUND_MM = 20.0


class LiverSectionWords(BaseModel):
    """The content of ``liver.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    sentences: Mapping[str, str]
    measures: Mapping[str, str]
    missing: str
    names: Mapping[str, str]
    caption: str
    lesions: Mapping[str, str]

    def says(self, name: str, /, **gaps: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**gaps)


@cache
def _words() -> LiverSectionWords:
    text = resources.files("isletscope.report.content").joinpath("liver.yaml").read_text(encoding="utf-8")
    return LiverSectionWords.model_validate(read_yaml(text))


def liver_section(case: Case, images: ImageSource) -> Section | None:
    """The liver of the last time point at which it was measured; None where it never was on CT or MR."""
    measured = [point for point in case.time_points if any(one.series_key for one in point.liver)]
    if not measured:
        return None
    point = measured[-1]
    findings = [one for one in point.liver if one.series_key]
    tables = [_lesions(case, point)]
    return Section(
        key="liver-segments",
        title=_words().title,
        text=tuple(line for one in findings for line in _told(case, one)),
        figures=tuple(figure for one in findings for figure in _pictures(case, images, one)),
        tables=tuple(table for table in tables if table is not None),
        notes=(_words().says("note"),) if any(one.segments for one in findings) else (),
    )


def _told(case: Case, finding: LiverFinding) -> list[str]:
    words, exam = _words(), _exam(case, finding)
    known = {name: one for name in words.measures if (one := finding.measurements.get(name)) is not None}
    volumes = [words.measures[name].format(value=_value(one)) for name, one in known.items() if one.value is not None]
    for because in dict.fromkeys(one.missing_because for one in known.values() if one.value is None):
        lacking = [words.names[name] for name, one in known.items() if one.missing_because == because]
        volumes.append(words.missing.format(name=" and ".join(lacking), because=because))
    lines = [words.says("whole", exam=exam, volumes="; ".join(volumes))] if volumes else []
    if not finding.segments_from:
        return [*lines, words.says("none", exam=exam, because=finding.segments_because)]
    lines.append(words.says("segments", exam=exam, source=finding.segments_from))
    if finding.segments_because:
        lines.append(words.says("better", exam=exam, because=finding.segments_because))
    return lines


def _value(found: Measurement) -> str:
    """A volume with what limits it: "1682 mL (without lesions that are left unsure: L4)"."""
    printed = f"{fmt.volume(found.value or 0.0)} mL"
    return f"{printed} ({found.limitation})" if found.limitation else printed


def _pictures(case: Case, images: ImageSource, finding: LiverFinding) -> list[Figure]:
    """The map of one exam; nothing where it has no segments or its maps are gone."""
    reading = next((one for one in case.image_readings if one.series_key == finding.series_key), None)
    if not finding.segments or reading is None:
        return []
    shown = [lesion.focus_ids for lesion in _of_liver(case)]
    return kept_figures(
        images,
        ["liver-segments", finding.model_dump(mode="json"), shown],
        lambda: _drawn(case, images, finding, reading),
    )


def _drawn(case: Case, images: ImageSource, finding: LiverFinding, reading: ReadingOfImages) -> list[Figure]:
    liver = _map(case, images, reading)
    if liver is None:
        return []
    series = case.series(finding.series_key)
    caption = _words().caption.format(series=series.description or series.key)
    every = {int(one.segment): one for one in finding.segments}
    told = ", ".join(
        f"{SEGMENT_NAMES[number - 1]} {every[number].parenchyma.value:.0f} mL"
        for number in sorted(every)
        if every[number].parenchyma.value is not None
    )
    width, height = MAP_SIZE_MM
    svg = liver_segment_figure(liver)
    alt = f"Planes of the liver with Couinaud's segments; without tumour: {told}"
    return [Figure(f"liver-segments-{finding.series_key}", svg, width, height, alt, (caption,))]


def _map(case: Case, images: ImageSource, reading: ReadingOfImages) -> LiverMap | None:
    # Loaded to draw only: a report whose figures are kept does without what cuts livers.
    from isletscope.surgery import with_tumours

    labels, foci = images.segment_labels(reading.series_key), images.foci_labels(reading.series_key)
    grid = case.series(reading.series_key).grid
    if labels is None or foci is None or grid is None or labels.shape != grid.shape_kji:
        return None
    inner = bounding_box(labels > 0)
    if inner is None:
        return None
    whole = Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)
    box = inner.grown(_AROUND_MM, whole)
    part, outlined = labels[box.slices].astype(np.uint8), foci[box.slices]
    numbers = {one.id: one.label for one in reading.foci}
    tumours = {
        lesion.id: np.isin(outlined, [numbers[name] for name in lesion.focus_ids if name in numbers])
        for lesion in _of_liver(case)
        if any(name in numbers for name in lesion.focus_ids)
    }
    liver = Mask(part > 0, cropped_geometry(whole, box))
    cut = LiverMap(liver, part, SegmentSource(reading.segments_from), {}, tuple(reading.segment_flags))
    return with_tumours(cut, tumours)


def _lesions(case: Case, point: TimePoint) -> Table | None:
    """Where each lesion of the liver lies that an exam of the time point shows."""
    words, verdicts = _words().lesions, report_words().verdicts
    shown = [
        one
        for one in _of_liver(case)
        if any(seen.exam_key in point.exam_keys and seen.visibility == "seen" for seen in one.observations)
    ]
    if not any(one.place.region or one.place.side for one in shown):
        return None
    rows = tuple(
        (
            Cell(one.id),
            Cell(verdicts[one.verdict]),
            Cell(_roman(one.place.region) or words["unknown"]),
            Cell(_roman(one.place.second_region)),
            Cell(one.place.side),
            Cell(one.place.known_by),
        )
        for one in shown
    )
    columns = (
        Column(words["lesion"], 16.0),
        Column(words["verdict"], 42.0),
        Column(words["segment"], 20.0),
        Column(words["second"], 16.0),
        Column(words["side"], 18.0),
        Column(words["known_by"]),
    )
    return Table(caption=words["caption"], columns=columns, rows=rows)


def _of_liver(case: Case) -> list[Lesion]:
    return [
        one for one in case.lesions if one.compartment is Compartment.LIVER and one.verdict is not Verdict.PHYSIOLOGIC
    ]


def _roman(segment: str) -> str:
    return SEGMENT_NAMES[int(segment) - 1] if segment.isdigit() else segment


def _exam(case: Case, finding: LiverFinding) -> str:
    return next((exam.title for exam in case.exams if exam.key == finding.exam_key), finding.exam_key)
