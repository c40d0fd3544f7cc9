"""The reading of one patient: from a folder of scanner files to a case document.

Steps, each given what the one before it found:

    look (scan, exams, SUV) ─► per PET: volumes, organs, reference regions, foci ─► per exam's CT and MR: organs, foci
    ─► together: alignment, lesions, what each exam shows of them, assessments ─► case

The reading of each PET, CT and MR is kept under a hash of its inputs (images, entries, given anatomy, rules), so that a
second run, or one after an interruption, does only what is new.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isletscope.errors import CaseError
from isletscope.model import Case, TracerClass
from isletscope.reading.anatomy_files import GivenAnatomy, digest_of_files
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.choose import ct_on_pet, pets_to_read
from isletscope.reading.given_regions import compare_given_regions
from isletscope.reading.images import images_to_read, read_exam_images
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.look import Seen, look, refusal_sentences
from isletscope.reading.manifest import RunRecorder, software
from isletscope.reading.pet import PetTask, read_one_pet
from isletscope.reading.progress import Progress, silent
from isletscope.reading.request import ReadRequest
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore, digest, rules_digest
from isletscope.reading.together import ReaderSays, put_together

_TRACER_ORDER = (
    TracerClass.SSTR,
    TracerClass.DOPA,
    TracerClass.EXENDIN,
    TracerClass.FDG,
    TracerClass.OTHER,
    TracerClass.UNKNOWN,
)


@dataclass(frozen=True)
class ReadOutcome:
    """What a reading left behind: the case, which PETs were computed or recalled, and what was refused."""

    folder: CaseFolder
    case: Case
    recomputed: tuple[str, ...]
    reused: tuple[str, ...]
    refusals: tuple[str, ...]


def read_case(request: ReadRequest, progress: Progress = silent) -> ReadOutcome:
    """Read the exams of one patient into a case folder.

    Raises NothingReadable, MixedPatients, UnsafeArchive, InputError for the input; OutputError for the case folder;
    CaseError when the folder holds the case of somebody else. Whatever is wrong with single files or series does not
    stop the reading: it is listed in the case.
    """
    folder = CaseFolder.prepare(request.out)
    recorder = RunRecorder()
    with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        with recorder.timed("look"):
            seen = look(
                request.inputs,
                Path(workspace),
                patient_id=request.patient_id,
                same_patient=request.same_patient,
                entries=request.entries,
                progress=progress,
            )
        case = _case_of(request, seen)
        _refuse_other_patient(folder, case)
        source = SeriesSource(folder, case, seen.files_of)
        fresh = _read_pets(folder, case, seen, _pet_tasks(seen, request), recorder, progress)
        fresh |= _read_images(folder, case, seen, source, request, recorder, progress)
        earlier = folder.case if folder.exists else None
        says = ReaderSays(request.overrides, request.answers)
        case = put_together(folder, case, source, says, earlier=earlier, recorder=recorder, progress=progress)
    _save(folder, case)
    recorder.write(folder.path / "run.json", request, seen.file_count)
    return ReadOutcome(
        folder=folder,
        case=folder.case,
        recomputed=tuple(key for key, computed in fresh.items() if computed),
        reused=tuple(key for key, computed in fresh.items() if not computed),
        refusals=tuple(refusal_sentences(case.exams, case.refused)),
    )


def _case_of(request: ReadRequest, seen: Seen) -> Case:
    return Case(
        software=software(datetime.now(UTC)),
        patient=seen.patient,
        clinical=request.clinical,
        exams=seen.exams,
        supplements=[item.record for item in seen.supplements],
        entries=list(request.entries),
        same_patient=list(request.same_patient),
        refused=seen.refused,
    )


def _refuse_other_patient(folder: CaseFolder, case: Case) -> None:
    if not folder.exists:
        return
    known = folder.case.patient
    if not {case.patient.id, *case.patient.other_ids} & {known.id, *known.other_ids}:
        raise CaseError(
            "the case folder belongs to another patient",
            subject=str(folder.path),
            found=known.id,
            expected=case.patient.id,
            remedy="Choose another --out.",
        )


def _pet_tasks(seen: Seen, request: ReadRequest) -> list[PetTask]:
    """The PET series to read, SSTR first."""
    given = GivenAnatomy(request.anatomy)
    tasks = []
    for exam in seen.exams:
        for pet in pets_to_read(exam):
            ct = ct_on_pet(exam, pet)
            inputs_hash = digest(
                rules_digest(),
                pet.model_dump(mode="json", exclude={"findings"}),
                (ct.key, ct.fingerprint) if ct else None,
                digest_of_files(request.anatomy),
            )
            ct_files = seen.files_of[ct.key] if ct else None
            tasks.append(PetTask(pet, seen.files_of[pet.key], ct, ct_files, given, inputs_hash))
    return sorted(tasks, key=lambda task: (_TRACER_ORDER.index(task.tracer.tracer_class), task.pet.acquired or ""))


def _read_pets(
    folder: CaseFolder, case: Case, seen: Seen, tasks: list[PetTask], recorder: RunRecorder, progress: Progress
) -> dict[str, bool]:
    """Read each PET into the case; tells for each series key whether it was computed now."""
    store = StepStore(folder.cache_folder / "steps")
    fresh: dict[str, bool] = {}
    for number, task in enumerate(tasks):
        with recorder.timed(task.key):
            reading, computed = read_one_pet(folder, store, task, _part_of(progress, task, number, len(tasks)))
        regions, limits = compare_given_regions(
            seen.supplements, task.files, reading.foci, read_label_map(folder.path / (reading.foci_map or ""))
        )
        reading.given_regions, reading.limits = regions, [*reading.limits, *limits]
        case.readings.append(reading)
        fresh[task.key] = computed
    return fresh


def _read_images(
    folder: CaseFolder,
    case: Case,
    seen: Seen,
    source: SeriesSource,
    request: ReadRequest,
    recorder: RunRecorder,
    progress: Progress,
) -> dict[str, bool]:
    """Read the CT and the MR of each exam into the case; tells for each whether it was computed now."""
    store = StepStore(folder.cache_folder / "steps")
    fresh: dict[str, bool] = {}
    for exam in seen.exams:
        for task in images_to_read(exam):
            with recorder.timed(task.key):
                reading, computed = read_exam_images(folder, store, task, source, progress)
            case.image_readings.append(reading)
            fresh[task.key] = computed
    return fresh


def _part_of(progress: Progress, task: PetTask, number: int, count: int) -> Progress:
    """Progress of one PET as part of all: task ``number`` of ``count``."""

    def report(stage: str, done: int, total: int) -> None:
        progress(f"{task.tracer.name} PET: {stage}", number * total + done, count * total)

    return report


def _save(folder: CaseFolder, case: Case) -> None:
    """Write the case; when nothing but the moment of making differs, the earlier document stays as it is."""
    if folder.exists and folder.case.model_copy(update={"software": case.software}) == case:
        return
    folder.save(case)
