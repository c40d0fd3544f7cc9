"""Case folders of one patient joined to one: keys, files, names, what readers entered; refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isletscope.assessment import assess
from isletscope.errors import CaseError, InputError, MixedPatients
from isletscope.lesions import tracking_uid_of
from isletscope.model import (
    Answer,
    Assessment,
    Case,
    EntrySubject,
    ExamKind,
    Focus,
    Lesion,
    Origin,
    ReaderEntry,
    ReadingOfPet,
    SamePatient,
    State,
    TracerClass,
    Verdict,
    VerdictOverride,
    measured,
)
from isletscope.reading import CaseFolder, write_label_map
from isletscope.reading.compare import compare_cases
from isletscope.reading.join import check_sources, join_cases
from isletscope.spatial import HOUNSFIELD, Geometry, Volume
from tests.course_cases import course_case

GRID = Geometry((40, 60, 60), (3.0, 2.0, 2.0), (0.0, 0.0, 0.0))
SSTR = ExamKind.SSTR_PET


def focus(number: int, x: float, verdict: Verdict = Verdict.TUMOUR) -> Focus:
    place = (x, 60.0, 60.0)
    return Focus(
        id=f"pet-1/{number}",
        series_key="pet-1",
        label=number,
        site="liver",
        site_code="liver",
        verdict=verdict,
        assessment=Assessment(name="verdict", state=State.DERIVED, value=verdict.value),
        centroid_lps_mm=place,
        maximum_lps_mm=place,
        threshold=measured("threshold", 10.0, "g/mL"),
        delineation="test",
        measurements={"suv_max": measured("SUVmax", 20.0, "g/mL"), "volume": measured("volume", 4.0, "mL")},
    )


def pet_folder(
    path: Path, date: str, uid: str, places: tuple[float, ...] = (60.0,), patient: str = "P-1", **more: Any
) -> CaseFolder:
    """A case of one SSTR PET with one focus at each place, its label map and its volume."""
    case = course_case({"L1": {SSTR: [{"suv_max": 20.0}]}}, (date,), patient=patient)
    case.exams[0].key, case.exams[0].series[0].series_uid = "exam-1", uid
    case.time_points[0].exam_keys = ["exam-1"]
    foci = [focus(number, x) for number, x in enumerate(places, start=1)]
    case.readings = [
        ReadingOfPet(series_key="pet-1", tracer_class=TracerClass.SSTR, foci=foci, foci_map="masks/pet-1_foci.nii.gz")
    ]
    case.lesions = [
        Lesion(id=f"L{n}", tracking_uid=tracking_uid_of(one), site="liver", verdict=one.verdict, focus_ids=[one.id])
        for n, one in enumerate(foci, start=1)
    ]
    folder = CaseFolder.prepare(path)
    labels = np.zeros(GRID.shape, dtype=np.uint16)
    for number, x in enumerate(places, start=1):
        labels[18:23, 28:33, round(x / 2) - 2 : round(x / 2) + 3] = number
    write_label_map(path / "masks" / "pet-1_foci.nii.gz", labels, GRID)
    folder.keep_volume("pet-1", Volume(np.full(GRID.shape, len(places), np.float32), GRID, HOUNSFIELD))
    folder.save(assess(case.model_copy(update=more)))
    return folder


def joined(tmp_path: Path, *folders: CaseFolder, **more: Any) -> Case:
    return compare_cases([one.path for one in folders], tmp_path / "joined", **more).folder.case


def test_keys_files_and_foci_of_two_cases_stay_apart(tmp_path: Path) -> None:
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    second = pet_folder(tmp_path / "b", "2025-09-10", "1.2", (60.0, 90.0))
    case = joined(tmp_path, second, first)
    assert [(one.key, one.date) for one in case.exams] == [("exam-1", "2025-01-10"), ("exam-2", "2025-09-10")]
    assert [series.key for one in case.exams for series in one.series] == ["pet-1", "pet-2"]
    assert [one.id for reading in case.readings for one in reading.foci] == ["pet-1/1", "pet-2/1", "pet-2/2"]
    assert [one.series_key for reading in case.readings for one in reading.foci] == ["pet-1", "pet-2", "pet-2"]
    assert [one.name for one in case.time_points] == ["2025-01-10", "2025-09-10"]
    folder = CaseFolder.open(tmp_path / "joined")
    maps = [folder.foci_labels(key) for key in ("pet-1", "pet-2")]
    assert [int(one.max()) for one in maps if one is not None] == [1, 2]
    volumes = [folder.volume(key) for key in ("pet-1", "pet-2")]
    assert [float(one.array[0, 0, 0]) for one in volumes if one is not None] == [1.0, 2.0]
    assert case.assessments[1].time_point == "2025-09-10"


def test_order_of_the_arguments_does_not_matter(tmp_path: Path) -> None:
    folders = [pet_folder(tmp_path / name, f"202{n}-01-10", f"1.{n}") for n, name in enumerate("abc", start=3)]
    one = compare_cases([folder.path for folder in folders], tmp_path / "x").folder.case
    other = compare_cases([folder.path for folder in reversed(folders)], tmp_path / "y").folder.case
    assert one.model_copy(update={"software": other.software}) == other


def test_the_sources_stay_as_they_were(tmp_path: Path) -> None:
    folders = [pet_folder(tmp_path / name, date, name) for name, date in (("a", "2025-01-10"), ("b", "2025-09-10"))]
    before = [(path, path.read_bytes()) for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    joined(tmp_path, *folders)
    assert [(path, path.read_bytes()) for path, _ in before] == before


def test_one_exam_in_two_cases_is_taken_once(tmp_path: Path) -> None:
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    again = pet_folder(tmp_path / "b", "2025-01-10", "1.1")
    later = pet_folder(tmp_path / "c", "2025-09-10", "1.2")
    found = compare_cases([first.path, again.path, later.path], tmp_path / "joined")
    assert [one.key for one in found.folder.case.exams] == ["exam-1", "exam-2"]
    assert [one.series_key for one in found.folder.case.readings] == ["pet-1", "pet-2"]
    assert any("taken once" in sentence for sentence in found.said)


def test_names_stay_where_they_are_free_and_changed_ones_are_told(tmp_path: Path) -> None:
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1", (60.0,))
    second = pet_folder(tmp_path / "b", "2025-09-10", "1.2", (90.0, 30.0))
    found = compare_cases([first.path, second.path], tmp_path / "joined")
    names = {lesion.focus_ids[0]: lesion.id for lesion in found.folder.case.lesions}
    assert names["pet-1/1"] == "L1"
    assert names["pet-2/2"] == "L2"
    assert names["pet-2/1"] not in ("L1", "L2")
    assert found.renamed == {("b", "L1"): names["pet-2/1"]}


def test_what_readers_entered_is_kept(tmp_path: Path) -> None:
    who = {"who": "A. Reader", "when": "2025-10-01", "why": "seen on CT"}
    answer = Answer(value="no", source=Origin.ENTERED, by="A. Reader")
    weight = ReaderEntry(subject=EntrySubject.WEIGHT_KG, value=70.0, **who)
    uid = tracking_uid_of(focus(1, 60.0))
    override = VerdictOverride(lesion="L1", verdict=Verdict.PHYSIOLOGIC, tracking_uid=uid, **who)
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    second = pet_folder(
        tmp_path / "b",
        "2025-09-10",
        "1.2",
        entries=[weight],
        overrides=[override],
        answers={"2025-09-10": {"CTX.prior": answer}},
        facts={"2025-09-10": {"pregnant": False}},
        clinical={"histology": {"ki67_percent": 4}},
    )
    case = joined(tmp_path, first, second)
    assert case.answers == {"2025-09-10": {"CTX.prior": answer}}
    assert case.facts == {"2025-09-10": {"pregnant": False}}
    assert [(one.value, one.series) for one in case.entries] == [(70.0, "exam-2")]
    verdicts = {one.id: one.verdict for reading in case.readings for one in reading.foci}
    assert verdicts == {"pet-1/1": Verdict.TUMOUR, "pet-2/1": Verdict.PHYSIOLOGIC}
    assert case.clinical == {"histology": {"ki67_percent": 4}}


def test_joining_again_keeps_names_and_answers_of_the_joined_case(tmp_path: Path) -> None:
    folders = [pet_folder(tmp_path / name, date, name) for name, date in (("a", "2025-01-10"), ("b", "2025-09-10"))]
    once = joined(tmp_path, *folders)
    answer = Answer(value="no", source=Origin.ENTERED, by="A. Reader")
    CaseFolder.open(tmp_path / "joined").save(
        once.model_copy(update={"answers": {"2025-09-10": {"CTX.prior": answer}}})
    )
    third = pet_folder(tmp_path / "c", "2026-03-10", "c")
    again = joined(tmp_path, *folders, third)
    assert again.answers["2025-09-10"]["CTX.prior"] == answer
    assert {one.id for one in once.lesions} <= {one.id for one in again.lesions}


def test_clinical_facts_of_the_later_case_stand_and_treatments_of_both_are_kept(tmp_path: Path) -> None:
    courses = [{"kind": "prrt", "started_on": f"2025-0{n}"} for n in (3, 4)]
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1", clinical={"courses": courses[:1], "question": "staging"})
    second = pet_folder(tmp_path / "b", "2025-09-10", "1.2", clinical={"courses": courses, "question": "response"})
    found = compare_cases([first.path, second.path], tmp_path / "joined")
    assert found.folder.case.clinical == {"courses": courses, "question": "response"}
    assert any("question" in sentence for sentence in found.said)


def test_different_patients_are_never_joined_without_a_reason(tmp_path: Path) -> None:
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    second = pet_folder(tmp_path / "b", "2025-09-10", "1.2", patient="Q-9")
    with pytest.raises(MixedPatients, match=r"P-1, Q-9"):
        joined(tmp_path, first, second)
    case = joined(tmp_path, first, second, same_patient=[SamePatient(ids=("P-1", "Q-9"), reason="moved to us")])
    assert (case.patient.id, case.patient.other_ids) == ("Q-9", ["P-1"])


def test_one_identifier_with_two_birth_dates_is_refused(tmp_path: Path) -> None:
    folders = [pet_folder(tmp_path / name, date, name) for name, date in (("a", "2025-01-10"), ("b", "2025-09-10"))]
    for folder, birth in zip(folders, ("1960-01-01", "1971-05-05"), strict=True):
        person = folder.case.patient.model_copy(update={"birth_date": birth})
        folder.save(folder.case.model_copy(update={"patient": person}))
    with pytest.raises(InputError, match="1960-01-01, 1971-05-05"):
        joined(tmp_path, *folders)


def test_broken_missing_and_doubled_folders_are_refused(tmp_path: Path) -> None:
    good = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "case.json").write_text('{"schema_version": 1, "pat')
    with pytest.raises(CaseError, match="broken"):
        check_sources([good.path, broken])
    with pytest.raises(CaseError, match="is not a case folder"):
        check_sources([tmp_path / "nowhere"])
    with pytest.raises(CaseError, match="twice"):
        check_sources([good.path, tmp_path / "a" / ".." / "a"])
    with pytest.raises(CaseError, match="cannot replace one of its sources"):
        compare_cases([good.path], good.path)


def test_undated_exams_and_equal_dates(tmp_path: Path) -> None:
    first = pet_folder(tmp_path / "a", "2025-01-10", "1.1")
    same_day = pet_folder(tmp_path / "b", "2025-01-10", "1.2")
    undated = pet_folder(tmp_path / "c", "2025-01-10", "1.3")
    undated.case.exams[0].date = None
    undated.save(undated.case)
    case = join_cases([undated, same_day, first], CaseFolder.prepare(tmp_path / "joined")).case
    assert len(case.exams) == 3
    assert [one.name for one in case.time_points] == ["2025-01-10"]
