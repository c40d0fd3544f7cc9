"""The section on heterogeneity: pictures, tables and sentences from the case, and what it says when things lack."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from isletscope.model import Case, Clusters, Join
from isletscope.reading import CaseFolder, measure_heterogeneity, write_label_map
from isletscope.reading.series_source import SeriesSource
from isletscope.report.content.build import all_text
from isletscope.report.content.document import Section
from isletscope.report.content.heterogeneity_section import heterogeneity_section, most_mixed
from isletscope.report.figures.heterogeneity_scatter import Dot, scatter_figure
from isletscope.report.figures.heterogeneity_tree import tree_figure
from isletscope.report.images import NoImages
from isletscope.report.words import forbidden_words
from tests.heterogeneity_cases import mixed_case
from tests.report.cases import PET_GRID, two_tracer_case


@pytest.fixture(scope="module")
def measured_case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The mixed case with its heterogeneity."""
    folder = tmp_path_factory.mktemp("case")
    case, images = mixed_case()
    case = case.model_copy(deep=True)
    (folder / "masks").mkdir()
    for reading in case.readings:
        reading.foci_map = f"masks/{reading.series_key}_foci.nii.gz"
        write_label_map(folder / reading.foci_map, images.foci[reading.series_key], PET_GRID)
    source = cast("SeriesSource", images)
    case.heterogeneity = measure_heterogeneity(CaseFolder(folder), case, source, images.transforms())
    return case


@pytest.fixture(scope="module")
def section(measured_case: Case) -> Section:
    found = heterogeneity_section(measured_case, mixed_case()[1])
    assert found is not None
    return found


def test_the_most_mixed_lesion_and_the_target_are_pictured(section: Section) -> None:
    names = [figure.name for figure in section.figures]
    assert names == ["tracer-map-P1", "biopsy-L3", "heterogeneity-scatter"]
    assert all(figure.alt and figure.title for figure in section.figures)


def test_the_sentences_name_the_discordant_lesion_and_the_target(section: Section) -> None:
    text = " ".join(section.text)
    assert "1 of them FDG-positive and SSTR-negative (L3)" in text
    assert "Biopsy target, proposed for the board to decide: L3." in text
    assert "Volume with FDG alone" in text
    assert "None" not in text


def test_no_forbidden_word_and_no_machine_word_is_printed(section: Section) -> None:
    text = " ".join(all_text(section))
    assert forbidden_words(text) == []
    assert "nan" not in text.split()
    assert "_" not in text.replace("fdg_only", "")


def test_every_row_has_a_cell_for_every_column(section: Section) -> None:
    assert [table.caption for table in section.tables][:2] == ["SSTR and FDG inside each lesion", "Inside lesions"]
    for table in section.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert sum(column.width_mm or 0 for column in table.columns) <= 178


def test_without_pictures_the_words_and_tables_stay(measured_case: Case, section: Section) -> None:
    found = heterogeneity_section(measured_case, NoImages())
    assert found is not None
    assert found.text == section.text
    assert [figure.name for figure in found.figures] == ["heterogeneity-scatter"]


def test_a_case_without_heterogeneity_has_no_section() -> None:
    assert heterogeneity_section(*two_tracer_case()) is None


def test_the_most_mixed_lesion_has_a_millilitre_of_both(measured_case: Case) -> None:
    found = measured_case.heterogeneity[0]
    shown = most_mixed(found)
    assert shown is not None
    assert shown.lesion == "P1"
    assert most_mixed(found.model_copy(update={"maps": [one for one in found.maps if one.lesion != "P1"]})) is None


@pytest.mark.parametrize("count", [5, 45, 120])
def test_a_dendrogram_names_every_lesion_within_its_height(count: int) -> None:
    names = [f"L{n + 1}" for n in range(count)]
    joins = [Join(first=0, second=1, height=0.1, size=2)]
    joins += [Join(first=count + n, second=n + 2, height=0.2 + n, size=n + 3) for n in range(count - 2)]
    clusters = Clusters(features=["sstr_suv_max"], lesions=names, joins=joins, because="no groups stand out")
    figure = tree_figure(clusters, {}, {name: ["1.0"] for name in names}, 178.0)
    assert all(f">{name}<" in figure.svg for name in names)
    assert figure.height_mm <= max(126.0, 6.0 + 2.2 * count)


def test_dots_stay_inside_the_axes_whatever_the_values() -> None:
    draws = np.random.default_rng(2)
    dots = [Dot(f"L{n}", *(10 ** draws.uniform(-1, 2, 2)), mismatch=False, carried=False) for n in range(30)]
    figure = scatter_figure(dots, 5.6, None, 178.0, 66.0)
    values = [float(part.split('"')[0]) for part in figure.svg.split('cx="')[1:]]
    assert all(10.0 <= value <= 176.0 for value in values)
