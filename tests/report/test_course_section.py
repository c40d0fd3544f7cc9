"""The section on the course: figures without overlap, honest words, key images at the right place, bad input."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.assessment import assess, views
from isletscope.lesions.change import change_rows
from isletscope.lesions.change_response import response_points, treatment_spans
from isletscope.model import Case, ExamKind, State
from isletscope.report import NoImages
from isletscope.report.content.course_section import course_section
from isletscope.report.content.document import Figure
from isletscope.report.figures.course_axes import Scale, TimeAxis, day_of, percent_scale
from isletscope.report.figures.course_spider import spider_figure, threads
from isletscope.report.figures.course_timeline import segments, timeline_figure
from isletscope.report.figures.course_waterfall import bars, waterfall_figure
from isletscope.report.words import forbidden_words
from tests.course_cases import course_case
from tests.scenario_cases import assessed_scenario

CT = ExamKind.CT
WIDTH = 178.0


def drawn(case: Case) -> tuple[Figure | None, Figure | None]:
    points = views(case)
    rows = [row for row in change_rows(points) if row.measure.name == "ct_size"]
    dates = [view.point.date for view in points]
    return (
        spider_figure(rows, dates, ["L1"], treatment_spans(points), WIDTH, (10, 10)),
        waterfall_figure(rows, ["L1"], len(points), WIDTH),
    )


def many(count: int) -> Case:
    sizes = [[20.0, 20.0 + n % 7, 20.0 * (1 + (n % 9 - 4) / 10)] for n in range(count)]
    return course_case({f"L{n + 1}": {CT: [{"long_axis": one} for one in row]} for n, row in enumerate(sizes)})


def texts(figure: Figure) -> list[tuple[float, float, float, str]]:
    """Place, height of letters, and words of every text; the halo behind a text is left out."""
    root = ElementTree.fromstring(figure.svg)
    found = [one for one in root.iter() if one.tag.endswith("text") and one.get("stroke") is None]
    return [(float(o.get("x", 0)), float(o.get("y", 0)), float(o.get("font-size", 0)), o.text or "") for o in found]


@pytest.mark.parametrize("count", [2, 12, 23, 45])
def test_names_at_the_ends_of_the_lines_never_cover_each_other(count: int) -> None:
    spider, waterfall = drawn(many(count))
    assert spider is not None
    assert waterfall is not None
    names = sorted(y for x, y, _, text in texts(spider) if re.match(r"L\d+ ", text) and x > WIDTH - 31)
    assert len(names) == min(count, 22)
    assert all(below - above > 2.0 for above, below in itertools.pairwise(names))
    assert any("further lesion" in text for *_, text in texts(spider)) is (count > 22)
    shown = [(x, size, text) for x, _, size, text in texts(waterfall) if re.fullmatch(r"L\d+", text)]
    ordered = sorted(shown)
    assert len(ordered) == count
    for (x, size, text), (after, _, _) in itertools.pairwise(ordered):
        assert after - x >= 0.5 * size * len(text)


def test_nothing_is_drawn_outside_the_figure() -> None:
    for figure in course_figures(assessed_scenario("course-three-points")):
        for x, y, _, _ in texts(figure):
            assert 0 <= x <= figure.width_mm
            assert 0 <= y <= figure.height_mm


def course_figures(case: Case) -> Sequence[Figure]:
    section = course_section(case, NoImages())
    assert section is not None
    return section.figures


def test_threads_tell_targets_new_merged_and_split_lesions_apart() -> None:
    case = assessed_scenario("follow-up-prrt")
    rows = [row for row in change_rows(views(case)) if row.measure.name == "ct_size"]
    targets = response_points(views(case))[-1].targets
    lines = {line.lesion: line for line in threads(rows, targets, 2)}
    assert {name for name, line in lines.items() if line.role == "target"} == set(targets)
    assert [name for name, line in lines.items() if line.role == "new"] == ["L7"]
    assert "L3.1" not in lines
    assert lines["L6"].last == -100
    assert [bar.state for bar in bars(list(lines.values()))][:2] == ["new", "changed"]


def test_sums_are_drawn_in_one_line_for_each_baseline() -> None:
    points = response_points(views(assessed_scenario("course-three-points")))
    found = [[(index, round(value)) for index, value in line] for line in segments(points)]
    assert found == [[(0, 84), (1, 106)], [(1, 106), (2, 102)]]
    figure = timeline_figure(points, treatment_spans(views(assessed_scenario("course-three-points"))), WIDTH)
    assert figure is not None
    words = [text for *_, text in texts(figure)]
    assert {"177Lu-DOTATATE", "PD", "SD", "PR"} <= set(words)
    assert words.count("106") == 1


def test_the_conclusions_are_those_of_the_assessments() -> None:
    case = assessed_scenario("course-three-points")
    for point, assessed in zip(response_points(views(case)), case.assessments, strict=True):
        assert all(one in assessed.conclusions for one in point.conclusions)


def test_section_words_and_tables() -> None:
    section = course_section(assessed_scenario("course-three-points"), NoImages())
    assert section is not None
    assert [figure.name for figure in section.figures][:2] == ["course-timeline", "spider-ct-size"]
    sizes = section.tables[0]
    row = next(row for row in sizes.rows if row[0].text == "L4")
    assert [cell.text for cell in row][2:5] == ["14", "part of L3", "part of L3"]
    assert all(cell.text for table in section.tables for row in table.rows for cell in row)
    said = [*section.text, *section.notes, *(note for table in section.tables for note in table.notes)]
    assert any(text.startswith("Not classed, ") for text in said)
    assert not [word for text in said for word in forbidden_words(text)]
    assert all(len(figure.alt) > 20 for figure in section.figures)


def test_split_parts_are_not_new_in_the_table() -> None:
    section = course_section(assessed_scenario("follow-up-prrt"), NoImages())
    assert section is not None
    rows = {row[0].text: row[-1].text for row in section.tables[0].rows}
    assert (rows["L7"], rows["L3.1"]) == ("new", "part of L3")


def test_one_time_point_has_no_course() -> None:
    assert course_section(course_case({"L1": {CT: [{"long_axis": 20.0}]}}), NoImages()) is None


@pytest.mark.parametrize("dates", [("", "2025-01-10"), ("2025-01-10", "2025-01-10"), ("", "")])
def test_undated_and_equal_dates_are_said_and_not_drawn_to_scale(dates: tuple[str, str]) -> None:
    case = course_case({"L1": {CT: [{"long_axis": 20.0}, {"long_axis": 30.0}]}}, dates)
    axis = TimeAxis(10, 100, tuple(day_of(date) for date in dates))
    assert not axis.to_scale
    assert (axis.at(0), axis.at(1)) == (10, 100)
    if "" not in dates:
        section = course_section(assess(case), NoImages())
        assert section is not None
        assert any("same date" in text for text in section.text)


def test_nothing_in_common_is_said() -> None:
    case = course_case({"L1": {CT: [{"long_axis": 20.0}, None]}, "L2": {CT: [None, {"long_axis": 20.0}]}})
    for lesion in case.lesions:
        lesion.observations = [one for one in lesion.observations if one.measurements]
    section = course_section(assess(case), NoImages())
    assert section is not None
    assert any("no change to show" in text for text in section.text)
    assert not section.tables


def test_missing_response_is_open_and_never_a_result() -> None:
    case = assess(course_case({"L1": {ExamKind.SSTR_PET: [{"suv_max": 20.0}, {"suv_max": 10.0}]}}))
    points = response_points(views(case))
    recist = points[1].conclusion("recist")
    assert recist is not None
    assert recist.state is State.MISSING
    figure = timeline_figure(points, (), WIDTH)
    assert figure is not None
    assert "open" in [text for *_, text in texts(figure)]


@given(st.lists(st.floats(-100, 2000), min_size=1, max_size=30))
def test_scale_holds_every_value(values: list[float]) -> None:
    scale = percent_scale(values, 10.0, 60.0)
    heights = [scale.y(value) for value in values]
    assert all(10.0 <= height <= 60.0 for height in heights)
    order = np.argsort(values, kind="stable")
    assert all(heights[a] >= heights[b] - 1e-9 for a, b in itertools.pairwise(order))
    assert 0.0 in scale.ticks()
    assert len(Scale(0.0, 100.0, 0.0, 50.0).ticks()) <= 7
