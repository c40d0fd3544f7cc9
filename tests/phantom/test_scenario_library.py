"""Every scenario that comes along: made at size small, held against what it states, and a reading of it marked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
import yaml

from isletscope.assessment import assess
from isletscope.errors import InputError
from isletscope.model import case_from_json, case_to_json
from isletscope.phantom import check_case, generate, scenarios
from isletscope.phantom.case_document import case_of_truth
from isletscope.phantom.expected import expected_items, expected_sources, read_expected
from isletscope.phantom.yaml_node import Node
from tests.phantom.measuring import figures
from tests.phantom.measuring.agreement import faults_of
from tests.phantom.measuring.figures import MadePatient

PLANS = {plan.name: plan for plan in scenarios()}
# What to resect is a plan, which no finding holds.
NEEDS_A_PLAN = {"debulking", "remnant"}
# Vessel whose contact is measured on the 0.5 mm CT of a scenario, by code that shares nothing with the generator.
MEASURED_CONTACT = {
    "head-smv-100": "superior_mesenteric_vein",
    "head-smv-220": "superior_mesenteric_vein",
    "head-sma-90": "superior_mesenteric_artery",
    "head-sma-200": "superior_mesenteric_artery",
}
WANTED = {
    "insulinoma", "small-incidental", "men1", "tail-resectable", "head-smv-100", "head-smv-220", "head-sma-90",
    "head-sma-200", "portal-thrombus", "liver-unilobar", "liver-bilobar-18", "liver-bilobar-45", "liver-diffuse-60",
    "g3-mixed", "bone-nodes", "cystic", "follow-up-prrt", "follow-up-slow-growth", "course-three-points",
}  # fmt: skip


def test_the_library_holds_what_pnet_reading_needs() -> None:
    assert set(PLANS) >= WANTED
    for name in WANTED:
        plan = PLANS[name]
        assert plan.clinical["histology"]["ki67_percent"] > 0
        assert plan.clinical["question"]
        stated = [exam for point in plan.expected.values() for exam in point["exams"]]
        assert sorted(stated) == sorted(exam.name for exam in plan.exams), name


def test_every_statement_has_a_reason_and_a_source() -> None:
    for name in WANTED:
        for point in PLANS[name].expected.values():
            items = {key: item for key, item in point.items() if key != "exams"}
            assert items
            assert set(items) <= set(expected_items())
            for item in items.values():
                assert item["why"]
                assert set(item["source"]) <= set(expected_sources())


GOOD = "baseline:\n  exams: [ct]\n  stage: {value: II, why: because, source: scores 2.1}\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("II", "V", r"bad.yaml, line 3: the value of 'stage' is not known; found 'V'"),
        ("stage", "stages", r"line 3: unknown key 'stages'"),
        (", why: because", "", r"line 3: 'stage' lacks why"),
        ("scores 2.1", "hearsay", r"line 3: the source is not known; found hearsay"),
        ("[ct]", "[mr]", r"line 2: an entry of 'exams' is not known; found 'mr'"),
        ("stage: {value: II", "t: {value: T9", r"line 3: the value of 't' is not well formed"),
        ("stage: {value: II", "krenning: {value: {lowest: 4, highest: 2}", r"line 3: 'krenning' ends below"),
        ("stage: {value: II", "new_lesion: {value: perhaps", r"line 3: 'value' must be true or false"),
    ],
)
def test_a_faulty_statement_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert read_expected(_node(GOOD), ["ct"])["baseline"]["stage"]["source"] == ["scores 2.1"]
    with pytest.raises(InputError, match=said):
        read_expected(_node(GOOD.replace(old, new, 1)), ["ct"])


def _node(text: str) -> Node:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    return Node(root, "bad.yaml", "'expected'")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_scenario_is_made_agrees_with_itself_and_is_marked(name: str, tmp_path: Path) -> None:
    patient = generate(name, tmp_path / "patient", seed=1, size="small", workers=1)
    truth: dict[str, Any] = json.loads((patient / "truth" / "truth.json").read_text())
    assert truth["expected"] == PLANS[name].expected
    assert faults_of(truth) == []
    assert list(_missing_files(patient, truth)) == []
    _mark(patient, truth, tmp_path)
    _mark_statements(patient, truth, tmp_path)
    if name in MEASURED_CONTACT:
        measured = figures.contact_degrees(MadePatient(patient), "ct", "P1", MEASURED_CONTACT[name])
        for tolerance, figure in measured.items():
            assert abs(figure.off) <= 3.0, tolerance
    shutil.rmtree(patient)


def _missing_files(patient: Path, truth: dict[str, Any]) -> Iterator[str]:
    """Series and maps that the truth names and that are not there."""
    written = {str(pydicom.dcmread(p, specific_tags=["SeriesInstanceUID"]).SeriesInstanceUID)
               for p in (patient / "dicom").iterdir()}  # fmt: skip
    for exam in truth["exams"]:
        yield from (f"{exam['name']}: {s['role']}" for s in exam["series"] if s["uid"] not in written)
        files = [file for grid in exam["masks"].values() for file in grid.values()]
        files += [exam["deformation"]["to_scanner"], exam["deformation"]["to_personal"]]
        yield from (file for file in files if not (patient / "truth" / file).is_file())


def _mark(patient: Path, truth: dict[str, Any], folder: Path) -> None:
    """A reading that calls every true lesion a tumour gets full marks; one that sees nothing gets none."""
    for name, seen in (("perfect", True), ("blind", False)):
        case = folder / name
        _write_reading(case, patient, truth, seen=seen)
        result = check_case(case, patient / "truth")
        assert result.sensitivity in (None, float(seen))
        assert result.false_positives_per_scan == 0.0
        assert not result.unmatched_exams


def _mark_statements(patient: Path, truth: dict[str, Any], folder: Path) -> None:
    """What the program concludes from a perfect reading differs from no statement; only plans are not answered."""
    case = folder / "statements"
    case.mkdir()
    assessed = assess(case_from_json(json.dumps(case_of_truth(truth))))
    (case / "case.json").write_text(case_to_json(assessed))
    marks = check_case(case, patient / "truth").expected
    assert bool(marks) == bool(truth["expected"])
    assert [mark for mark in marks if mark.outcome != "equal" and mark.item not in NEEDS_A_PLAN] == []


def _write_reading(case: Path, patient: Path, truth: dict[str, Any], *, seen: bool) -> None:
    (case / "masks").mkdir(parents=True)
    exams, readings = [], []
    for exam in truth["exams"]:
        if exam["kind"] != "pet_ct":
            continue
        key = exam["name"]
        shutil.copy(patient / "truth" / exam["maps"]["lesions"], case / "masks" / f"{key}_foci.nii.gz")
        series = [{"series_uid": exam["pet_series_uid"], "key": key}]
        exams.append({"key": key, "study_uid": exam["study_uid"], "series": series})
        foci = [_focus(lesion, key) for lesion in truth["lesions"] if key in lesion["exams"]] if seen else []
        readings.append({"series_key": key, "foci": foci, "foci_map": f"masks/{key}_foci.nii.gz"})
    (case / "case.json").write_text(json.dumps({"exams": exams, "readings": readings}))


def _focus(lesion: dict[str, Any], exam: str) -> dict[str, Any]:
    there = lesion["exams"][exam]
    return {
        "id": lesion["id"],
        "label": lesion["label"],
        "verdict": "tumour",
        "centroid_lps_mm": there["centre_lps_mm"],
        "measurements": {"volume": {"value": there["volume_ml"]}},
    }
