"""Series to exams of one patient; persons are never mixed; a reader's roles and tracers come on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isletscope.errors import InputError, MixedPatients
from isletscope.intake import Inventory, apply_entries, group_exams, load_volume, scan
from isletscope.model import EntrySubject, ReaderEntry, Role, SamePatient, TracerClass
from tests.intake.builders import Maker, write


def scanned(folder: Path, *makers: tuple[Maker, str, dict[str, Any]]) -> Inventory:
    for number, (maker, modality, more) in enumerate(makers):
        write(maker.series(modality, **more), folder / str(number))
    return scan([folder])


def entry(subject: EntrySubject, value: str, series: str | None = None) -> ReaderEntry:
    return ReaderEntry(
        subject=subject, value=value, series=series, who="Dr A", when="2026-03-02", why="known from the order"
    )


def test_one_study_is_one_exam_with_a_title(tmp_path: Path) -> None:
    maker = Maker()
    inventory = scanned(
        tmp_path,
        (maker, "CT", {"AcquisitionTime": "100000"}),
        (maker, "PT", {"AcquisitionTime": "101000", "SeriesDescription": "DOTATATE WB"}),
    )
    (exam,) = group_exams(inventory)
    assert (exam.key, exam.title, exam.date, exam.patient_id) == (
        "exam-1",
        "DOTATATE PET/CT",
        "2026-03-01",
        "TEST-1",
    )
    assert [series.key for series in exam.series] == ["ct-1", "pet-1"]
    assert exam.series[0] is inventory.series[0].record


def test_studies_on_one_frame_within_hours_are_one_exam(tmp_path: Path) -> None:
    first = Maker()
    second = Maker(frame_uid=first.frame_uid)
    far = Maker(frame_uid=first.frame_uid)
    elsewhere = Maker()
    inventory = scanned(
        tmp_path,
        (first, "CT", {"AcquisitionTime": "080000"}),
        (second, "PT", {"AcquisitionTime": "093000"}),
        (far, "CT", {"AcquisitionTime": "203000"}),
        (elsewhere, "MR", {"AcquisitionTime": "083000"}),
    )
    exams = group_exams(inventory)
    assert [[series.key for series in exam.series] for exam in exams] == [["ct-1", "pet-1"], ["mr-1"], ["ct-2"]]


def test_two_patients_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {}), (Maker("OTHER-2", "Other^Two"), "CT", {}))
    with pytest.raises(MixedPatients) as caught:
        group_exams(inventory)
    assert caught.value.patient_ids == ["TEST-1", "OTHER-2"]
    assert str(caught.value) == (
        "the input: images of more than one patient lie together; they are never mixed; found 2 patients: TEST-1, "
        "OTHER-2; expected one patient. Choose one with --patient ID, or say that they are one person: "
        "--same-patient ID=ID --reason TEXT."
    )
    (exam,) = group_exams(inventory, "OTHER-2")
    assert [series.key for series in exam.series] == ["ct-2"]
    with pytest.raises(InputError, match="there is no image of this patient in the input"):
        group_exams(inventory, "NOBODY")


def test_identifiers_of_one_person_are_joined_on_a_readers_word(tmp_path: Path) -> None:
    inventory = scanned(
        tmp_path, (Maker(), "CT", {}), (Maker("OLD-1"), "CT", {}), (Maker("OTHER-2", "Other^Two"), "CT", {})
    )
    same = [SamePatient(ids=("TEST-1", "OLD-1"), reason="changed hospital")]
    with pytest.raises(MixedPatients):
        group_exams(inventory, None, same)
    assert {exam.patient_id for exam in group_exams(inventory, "OLD-1", same)} == {"TEST-1", "OLD-1"}


def test_the_same_series_uid_under_two_patients_is_not_mixed(tmp_path: Path) -> None:
    same = {"SeriesInstanceUID": "1.2.3"}
    inventory = scanned(tmp_path, (Maker(), "CT", same), (Maker("OTHER-2"), "CT", same))
    assert [files.record.instance_count for files in inventory.series] == [5, 5]


def test_persons_without_an_identifier_are_told_apart_by_name(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker("", "One^A"), "CT", {}), (Maker("", "Two^B"), "CT", {}))
    with pytest.raises(MixedPatients) as caught:
        group_exams(inventory)
    assert caught.value.patient_ids == ["(no identifier) One^A", "(no identifier) Two^B"]


def test_one_identifier_with_two_names_or_birth_dates_is_warned_of(tmp_path: Path) -> None:
    inventory = scanned(
        tmp_path, (Maker(), "CT", {}), (Maker(patient_name="Else^Some"), "CT", {"PatientBirthDate": "19700203"})
    )
    group_exams(inventory)
    for files in inventory.series:
        (finding,) = [item for item in files.record.findings if item.code == "patient_differs"]
        assert finding.problem == "images with this patient identifier do not agree on who the patient is"
        assert finding.found == "2 names and birth dates 1960-01-02, 1970-02-03"
        assert files.record.usable


def test_names_written_in_two_ways_are_one_name(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {}), (Maker(patient_name="TEST ONE"), "CT", {}))
    group_exams(inventory)
    assert not inventory.series[0].record.findings


def test_patient_attributes(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {"PatientAge": "066Y"}), (Maker(), "PT", {"PatientWeight": "0"}))
    first, second = (files.patient for files in inventory.series)
    assert (first.name, first.sex, first.birth_date, first.age_years) == ("Test^One", "F", "1960-01-02", 66)
    assert (first.weight_kg, first.size_m) == (70, 1.65)
    assert second.weight_kg is None
    assert second.age_years == pytest.approx(66.16, abs=0.01)


def test_an_entered_role_wins_and_is_marked(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {"SeriesDescription": "Abdomen"}))
    for name in ("ct-1", "Abdomen", "1", inventory.series[0].record.series_uid):
        changed = apply_entries(inventory, [entry(EntrySubject.SERIES_ROLE, "ct_arterial", name)])
        record = changed.series[0].record
        assert record.role is Role.CT_ARTERIAL
        assert record.role_entered
        assert record.role_because.startswith("entered by Dr A on 2026-03-02: known from the order (computed: ct_phase")
    assert inventory.series[0].record.role is Role.CT_PHASE_UNKNOWN


def test_an_entered_role_makes_a_volume_of_a_reformatted_series(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {"ImageType": ["DERIVED", "SECONDARY", "MPR"]}))
    assert inventory.series[0].record.grid is None
    changed = apply_entries(inventory, [entry(EntrySubject.SERIES_ROLE, "ct_portal_venous", "ct-1")])
    assert changed.series[0].record.usable
    assert load_volume(changed.series[0]).array.shape == (5, 6, 8)


def test_an_entered_tracer_counts_for_every_pet(tmp_path: Path) -> None:
    maker = Maker()
    inventory = scanned(tmp_path, (maker, "PT", {}), (maker, "CT", {}))
    changed = apply_entries(inventory, [entry(EntrySubject.TRACER_CLASS, "sstr")])
    (pet,) = [files.record for files in changed.series if files.record.modality == "PT"]
    assert pet.tracer is not None
    assert pet.tracer.tracer_class is TracerClass.SSTR
    assert pet.tracer.because.startswith("entered by Dr A on 2026-03-02: known from the order (header: no radio")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (entry(EntrySubject.SERIES_ROLE, "ct_purple", "ct-1"), "the entered value is not known; found ct_purple"),
        (entry(EntrySubject.SERIES_ROLE, "ct_arterial", "ct-9"), "names a series that is not in the input; found ct-9"),
        (
            entry(EntrySubject.SERIES_ROLE, "ct_arterial"),
            "names a series that is not in the input; found no series named",
        ),
        (entry(EntrySubject.TRACER_CLASS, "fdg"), "names a series that is not in the input"),
    ],
)
def test_entries_that_cannot_be_applied_are_named(tmp_path: Path, made: ReaderEntry, told: str) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {}))
    with pytest.raises(InputError, match=told):
        apply_entries(inventory, [made])


def test_other_entries_are_left_to_others(tmp_path: Path) -> None:
    inventory = scanned(tmp_path, (Maker(), "CT", {}))
    assert apply_entries(inventory, [entry(EntrySubject.WEIGHT_KG, "70")]) == inventory
