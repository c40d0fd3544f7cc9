"""The main job on a digital reference patient, from scanner files to report, and again."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from isletscope.cli import main
from isletscope.model import case_from_json


@pytest.fixture
def case(reference_case: Path, tmp_path: Path) -> Path:
    """A copy of the reference case that a test may change."""
    return Path(shutil.copytree(reference_case, tmp_path / "case"))


def read(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["read", *map(str, arguments), "--json"]) in (0, 1)
    loaded: dict[str, Any] = json.loads(capsys.readouterr().out)
    return loaded


def test_a_case_folder_holds_all_that_was_promised(reference_case: Path) -> None:
    names = {path.relative_to(reference_case).as_posix() for path in reference_case.rglob("*") if path.is_file()}
    assert {
        "case.json",
        "lesions.csv",
        "run.json",
        "masks/pet-1_foci.nii.gz",
        "masks/pet-1_organs.nii.gz",
        "masks/pet-2_foci.nii.gz",
        "report/report.html",
        "report/report.pdf",
    } <= names
    assert not [name for name in names if ".part-" in name]


def test_both_pets_are_read_with_references_and_lesions(reference_case: Path) -> None:
    case = case_from_json((reference_case / "case.json").read_text())
    assert [reading.tracer_class.value for reading in case.readings] == ["sstr", "fdg"]
    for reading in case.readings:
        assert {region.name: region.state.value for region in reading.references} == {
            "liver": "derived",
            "blood_pool": "derived",
            "spleen": "derived",
        }
    assert {"P1", "L1"} <= {lesion.id for lesion in case.lesions}
    assert len({lesion.id for lesion in case.lesions}) == len(case.lesions)
    with (reference_case / "lesions.csv").open(encoding="utf-8") as stream:
        rows = [(row["lesion_id"], row["tracer_class"]) for row in csv.DictReader(stream)]
    assert {lesion for lesion, _ in rows} == {lesion.id for lesion in case.lesions}
    assert len(rows) == len(set(rows)), "a lesion has one row for each PET that shows it"


def test_reading_twice_computes_nothing_and_changes_nothing(
    case: Path, reference_patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in case.rglob("*") if path.is_file() and path.name != "run.json"}
    again = read(capsys, reference_patient / "dicom", "--out", case)
    assert again["recomputed"] == []
    assert len(again["reused"]) == 2
    assert {path: path.read_bytes() for path in before} == before


def test_an_entry_recomputes_only_the_series_it_concerns(
    case: Path, reference_patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = case_from_json((case / "case.json").read_text())
    fdg = next(reading for reading in document.readings if reading.tracer_class.value == "fdg")
    entries = tmp_path / "entries.yaml"
    entries.write_text(
        f"""
entries:
  - subject: weight_kg
    value: 70
    series: {document.series(fdg.series_key).series_uid}
    who: A. Reader
    when: 2026-05-11
    why: scale was read again
"""
    )
    again = read(capsys, reference_patient / "dicom", "--out", case, "--entries", entries)
    assert again["recomputed"] == [fdg.series_key]
    report = (case / "report" / "report.html").read_text()
    assert "scale was read again" in report
    assert "A. Reader" in report


def test_a_readers_verdict_outranks_the_rule_and_stays(
    case: Path, reference_patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = case_from_json((case / "case.json").read_text())
    names = [lesion.id for lesion in before.lesions]
    entries = tmp_path / "verdict.yaml"
    entries.write_text(
        """
overrides:
  - {lesion: L1, verdict: physiologic, who: A. Reader, when: 2026-05-11, why: haemangioma on MRI}
"""
    )
    again = read(capsys, reference_patient / "dicom", "--out", case, "--entries", entries)
    assert again["recomputed"] == []
    after = case_from_json((case / "case.json").read_text())
    assert [lesion.id for lesion in after.lesions] == [name for name in names if name != "L1"]
    assert after.retired_names == ["L1"]
    (focus,) = [f for reading in after.readings for f in reading.foci if f.computed_verdict is not None]
    volume = focus.measurements["volume"].value
    volumes = [case.readings[0].totals["sstr_tv"].value for case in (before, after)]
    assert None not in volumes
    assert volume is not None
    assert volumes[0] - volumes[1] == pytest.approx(volume)  # type: ignore[operator]
    assert "haemangioma on MRI" in (case / "report" / "report.html").read_text()

    read(capsys, reference_patient / "dicom", "--out", case)
    kept = case_from_json((case / "case.json").read_text())
    assert [lesion.id for lesion in kept.lesions] == [name for name in names if name != "L1"]
    assert kept.overrides[0].why == "haemangioma on MRI"


def test_an_override_of_an_unknown_lesion_is_refused(
    case: Path, reference_patient: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = tmp_path / "verdict.yaml"
    entries.write_text("overrides: [{lesion: L99, verdict: tumour, who: A. Reader, when: 2026-05-11, why: growing}]")
    assert main(["read", str(reference_patient / "dicom"), "--out", str(case), "--entries", str(entries)]) == 2
    assert "names a lesion that the case does not have" in capsys.readouterr().err


def test_an_emptied_cache_is_filled_again(
    case: Path, reference_patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(case / "cache")
    again = read(capsys, reference_patient / "dicom", "--out", case)
    assert len(again["recomputed"]) == 2


def test_the_report_is_written_again_without_the_scanner_files(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "report" / "report.pdf").unlink()
    assert main(["report", str(case)]) == 0
    assert (case / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "report.html" in capsys.readouterr().out


def test_a_case_of_somebody_else_is_not_overwritten(
    case: Path, reference_patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((case / "case.json").read_text())
    document["patient"]["id"] = "SOMEBODY-ELSE"
    (case / "case.json").write_text(json.dumps(document))
    assert main(["read", str(reference_patient / "dicom"), "--out", str(case)]) == 2
    assert "belongs to another patient; found SOMEBODY-ELSE" in capsys.readouterr().err
    assert json.loads((case / "case.json").read_text())["patient"]["id"] == "SOMEBODY-ELSE"


def test_the_table_names_lesions_and_the_report(
    case: Path, reference_patient: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(reference_patient / "dicom"), "--out", str(case), "-v"]) == 0
    text = capsys.readouterr().out
    for expected in ("68Ga-DOTATATE PET", "18F-FDG PET", "P1", "SSTR-TV", "report.html", "ct low dose"):
        assert expected in text


def test_check_lists_series_and_writes_nothing(
    reference_patient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(reference_patient / "dicom"), "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    roles = [series["role"] for exam in seen["exams"] for series in exam["series"]]
    assert sorted(roles) == ["ct_low_dose", "ct_low_dose", "pet", "pet"]
    assert list(tmp_path.iterdir()) == []


def test_phantom_check_finds_the_truth_by_itself(reference_case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["phantom-check", str(reference_case), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
