"""The first look at the input: one patient's exams with roles, quality and SUV, before any pixel is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isletscope.errors import NothingReadable, Refusal
from isletscope.intake import Inventory, SeriesFiles, SupplementFile, apply_entries, group_exams, quantify, scan
from isletscope.model import (
    Exam,
    Patient,
    QualityFinding,
    ReaderEntry,
    RefusedInput,
    Role,
    SamePatient,
    Severity,
)
from isletscope.reading.progress import Progress, silent


@dataclass(frozen=True)
class Seen:
    """What lies in the input for one patient; ``files_of`` gives the planes of each series by its key."""

    patient: Patient
    exams: list[Exam]
    supplements: list[SupplementFile]
    refused: list[RefusedInput]
    files_of: dict[str, SeriesFiles]
    file_count: int

    @property
    def refusals(self) -> list[str]:
        """What was refused, as sentences."""
        return refusal_sentences(self.exams, self.refused)


def look(
    inputs: Sequence[Path],
    workspace: Path,
    *,
    patient_id: str | None = None,
    same_patient: Sequence[SamePatient] = (),
    entries: Sequence[ReaderEntry] = (),
    progress: Progress = silent,
) -> Seen:
    """Scan the inputs, choose the patient, group exams, and reckon the SUV factors from the headers.

    Zip files are unpacked into ``workspace``, which must live as long as the result is used.
    Raises NothingReadable, MixedPatients, UnsafeArchive, InputError.
    """
    inventory = scan(inputs, progress=lambda done, total: progress("Reading headers", done, total), workspace=workspace)
    inventory = apply_entries(inventory, entries)
    exams = group_exams(inventory, patient_id, list(same_patient))
    if not exams:
        raise _nothing_readable(inputs, inventory)
    files_of = {files.record.key: files for files in inventory.series}
    for exam in exams:
        for series in exam.series:
            if series.role is Role.PET:
                series.quantification = quantify(files_of[series.key], entries)
    wanted = {exam.patient_id for exam in exams}
    return Seen(
        patient=_joined([files_of[series.key].patient for exam in exams for series in exam.series]),
        exams=exams,
        supplements=[item for item in inventory.supplements if item.patient_id in wanted | {None}],
        refused=list(inventory.refused),
        files_of=files_of,
        file_count=inventory.file_count,
    )


def refusal_sentences(exams: Sequence[Exam], refused: Sequence[RefusedInput]) -> list[str]:
    """Everything that was refused, as sentences: files, series that form no volume, PET without SUV."""
    sentences = [_sentence(item.subject, item) for item in refused]
    for exam in exams:
        for series in exam.series:
            findings = list(series.findings)
            if series.role is Role.PET and series.quantification:
                findings += series.quantification.findings
            sentences += [_sentence(series.key, item) for item in findings if item.severity is Severity.ERROR]
    return sentences


def _sentence(subject: str, item: RefusedInput | QualityFinding) -> str:
    return Refusal(subject, item.problem, item.found, item.expected, item.remedy).sentence()


def _nothing_readable(inputs: Sequence[Path], inventory: Inventory) -> NothingReadable:
    return NothingReadable(
        "no image series was found",
        subject=", ".join(str(path) for path in inputs),
        found="; ".join(f"{item.subject}: {item.problem}" for item in inventory.refused[:3]) or "no DICOM images",
        remedy="Give a folder or zip with the DICOM files of the exams.",
    )


def _joined(patients: Sequence[Patient]) -> Patient:
    """One person out of the headers of all series: the first value known of each attribute."""
    joined = patients[0].model_copy(deep=True)
    for patient in patients[1:]:
        if patient.id != joined.id and patient.id not in joined.other_ids:
            joined.other_ids.append(patient.id)
        for name in ("name", "sex", "birth_date", "age_years", "weight_kg", "size_m"):
            if getattr(joined, name) is None:
                setattr(joined, name, getattr(patient, name))
    return joined
