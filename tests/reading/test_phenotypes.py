"""The phenotype table: own outlines and carried ones, reasons for what is missing, labels, pictures."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, cast

import pytest

from isletscope.model import Case, ExamKind, Phenotype, Visibility, case_from_json, case_to_json
from isletscope.reading.observations import observe
from isletscope.reading.phenotypes import measure_phenotypes
from isletscope.reading.series_source import SeriesSource
from isletscope.report import NoImages
from isletscope.report.content.phenotype_section import phenotype_section
from isletscope.report.phenotype_table import phenotype_table_text
from tests.reading.small_case import Volumes, small_case, transforms


def _measured(path: Path, aligned: bool = True, **changes: Any) -> tuple[Case, Phenotype]:
    case, folder = small_case(path, **changes)
    known = transforms() if aligned else {}
    observe(case, known, path)
    measure_phenotypes(folder, case, cast("SeriesSource", Volumes(folder)), known)
    return case, case.phenotypes[0]


def test_a_pet_lesion_is_measured_on_ct_and_mr_through_the_alignment(tmp_path: Path) -> None:
    _, row = _measured(tmp_path)
    assert row.number("hu_unenhanced") == pytest.approx(40.0, abs=1.5)
    assert row.number("hu_late_arterial") == pytest.approx(130.0, abs=2.0)
    assert row.number("organ_hu_late_arterial") == pytest.approx(70.0, abs=1.0)
    assert row.number("wash_in") == pytest.approx(90.0, abs=3.0)
    assert row.number("t2_ratio") == pytest.approx(2.0, abs=0.05)
    assert "carried over" in row.cells["hu_late_arterial"].method
    assert row.labels["ct_enhancement_arterial"] == "higher"
    assert row.labels["mr_t2"] == "higher"


def test_a_pet_without_focus_has_suv_at_the_carried_place_that_no_rule_reads(tmp_path: Path) -> None:
    case, row = _measured(tmp_path)
    cell = row.cells["fdg_suv_max"]
    assert cell.value == pytest.approx(2.1, abs=0.15)
    assert cell.limitation is not None
    assert "not seen" in cell.limitation
    assert row.labels["fdg"] == "not seen"
    observed = case.lesions[0].observation("exam-2", ExamKind.FDG_PET)
    assert observed is not None
    assert observed.visibility is Visibility.NOT_SEEN
    assert observed.measurements == {}


def test_own_uptake_and_the_label_of_both_tracers(tmp_path: Path) -> None:
    _, row = _measured(tmp_path)
    assert row.number("sstr_suv_peak") == 19.0
    assert row.labels["concordance"] == "receptor-only"
    assert row.labels["clearest_on"]


def test_what_is_missing_says_why(tmp_path: Path) -> None:
    _, row = _measured(tmp_path)
    assert row.cells["hu_delayed"].missing_because == "no such series: delayed CT"
    assert row.cells["adc_mean"].missing_because == "no ADC map and no diffusion-weighted series"
    assert row.cells["wash_out"].missing_because == "no later phase"
    assert row.cells["t2_normalised"].missing_because == "neither muscle nor spleen is outlined on this MRI"


def test_without_alignment_nothing_is_carried(tmp_path: Path) -> None:
    _, row = _measured(tmp_path, aligned=False)
    assert row.number("sstr_suv_max") == 20.0
    because = row.cells["hu_late_arterial"].missing_because
    assert because is not None
    assert "not usable" in because
    assert row.number("fdg_suv_max") is None


def test_a_lesion_held_to_be_physiologic_has_no_row(tmp_path: Path) -> None:
    case, folder = small_case(tmp_path, verdict="physiologic")
    observe(case, transforms(), tmp_path)
    measure_phenotypes(folder, case, cast("SeriesSource", Volumes(folder)), transforms())
    assert case.phenotypes == []


def test_the_section_prints_values_reasons_and_pictures(tmp_path: Path) -> None:
    case, _ = _measured(tmp_path)
    section = phenotype_section(case, NoImages())
    assert section is not None
    table = section.tables[0]
    texts = [cell.text for cell in table.rows[0]]
    assert texts[0] == "L1"
    assert "130" in texts
    assert any(text.startswith("○2.") for text in texts)
    assert section.figures == ()
    assert any("delayed" in note for note in table.notes)
    shown = case.phenotypes[0].shown
    assert [one.column for one in shown] == ["sstr", "fdg", "ct_late_arterial", "mr_t2"]
    assert [one.carried for one in shown] == [False, True, True, True]
    assert all(one.outlines_mm for one in shown)
    assert case_from_json(case_to_json(case)) == case


def test_the_table_as_csv_has_units_and_reasons(tmp_path: Path) -> None:
    case, _ = _measured(tmp_path)
    (row,) = csv.DictReader(io.StringIO(phenotype_table_text(case)))
    assert float(row["hu_late_arterial_hu"]) == pytest.approx(130.0, abs=2.0)
    assert "hu_delayed_missing_because" in row


def test_no_phenotype_no_section(tmp_path: Path) -> None:
    case, _ = small_case(tmp_path)
    assert phenotype_section(case, NoImages()) is None
