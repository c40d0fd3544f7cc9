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
from isletscope.model import Case
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.conclude import ReaderSays
from isletscope.reading.each_series import EachSeries
from isletscope.reading.first_look import Seen, look, refusal_sentences
from isletscope.reading.manifest import RunRecorder, software
from isletscope.reading.progress import Progress, silent
from isletscope.reading.request import ReadRequest
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.together import put_together


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
        fresh = EachSeries(folder, case, seen, source, request, recorder, progress).read()
        earlier = folder.case if folder.exists else None
        says = ReaderSays(request.overrides, request.answers, request.withdrawn)
        case = put_together(
            folder, case, source, says, earlier=earlier, recorder=recorder, progress=progress, keep=True
        )
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


def _save(folder: CaseFolder, case: Case) -> None:
    """Write the case; when nothing but the moment of making differs, the earlier document stays as it is."""
    if folder.exists and folder.case.model_copy(update={"software": case.software}) == case:
        return
    folder.save(case)
