"""One edit of a reader on a case that was read: verdicts, answers, clinical facts; no scanner file is opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic.types import JsonValue

from isletscope.assessment import assess
from isletscope.errors import CaseError, InputError
from isletscope.items import ReportAnswers
from isletscope.model import Case, ReaderEntries
from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import LazyTransforms
from isletscope.reading.overrides import WITHOUT_FOCUS
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource, stamp_of
from isletscope.spatial import Volume

_READ_AGAIN = "Read the images again: isletscope read INPUT --out CASE --entries FILE"


@dataclass(frozen=True)
class Edit:
    """What a reader changes. ``clinical`` replaces the clinical file; ``time_point``: of the answers, else the last."""

    entries: ReaderEntries = field(default_factory=ReaderEntries)
    answers: ReportAnswers = field(default_factory=ReportAnswers)
    clinical: dict[str, JsonValue] | None = None
    time_point: str | None = None


def edit_case(folder: CaseFolder, edit: Edit, progress: Progress = silent) -> Case:
    """Put a reader's edit into a case, work out anew what rests on it, and write the case document.

    The result is that of a reading of the same images with the same entries. The report is not written here; until the
    last moment the folder stays as it was. Raises InputError for what fits nothing in the case, CaseError when verdicts
    change and the folder does not keep what the images gave (``cache/`` deleted, another version, a joined case),
    OutputError.
    """
    earlier = folder.case
    _refuse_values(earlier, edit.entries)
    document = earlier if edit.clinical is None else earlier.model_copy(update={"clinical": edit.clinical})
    if edit.entries.overrides or edit.entries.withdrawn:
        case = _judged(folder, document, edit, progress)
    else:
        case = assess(answered(document, edit.answers, time_point=edit.time_point))
    folder.save(case)
    return case


def _judged(folder: CaseFolder, earlier: Case, edit: Edit, progress: Progress) -> Case:
    """The case with other verdicts, from what the images alone gave."""
    # What measures on images is loaded for a verdict only: an answer alone is taken without it.
    from isletscope.reading.conclude import ReaderSays, conclude_case
    from isletscope.reading.found import recall_found

    found = recall_found(folder)
    if found is None or found.case.patient.id != earlier.patient.id:
        raise CaseError(
            "what the images gave is not kept, or was found by another version: a verdict cannot be put on it",
            subject=str(folder.path),
            remedy=f"{_READ_AGAIN}. Of a case made by compare, edit the cases that it was made from.",
        )
    case = found.case
    case.software, case.clinical = earlier.software, earlier.clinical
    case.findings = [one for one in earlier.findings if one.code != WITHOUT_FOCUS]
    says = ReaderSays(edit.entries.overrides, edit.answers, edit.entries.withdrawn, edit.time_point)
    results = found.results(folder)
    transforms = LazyTransforms(folder.path, case.alignments)
    case = conclude_case(
        folder, case, KeptImages(folder, case), transforms, says, earlier=earlier, results=results, progress=progress
    )
    results.save()
    return case


def _refuse_values(case: Case, entries: ReaderEntries) -> None:
    """Values change what is read from the images; those that the case has already may stand in the file."""
    known = [one.model_dump() for one in case.entries]
    new = [one for one in entries.entries if one.model_dump() not in known]
    if new:
        raise InputError(
            "a value in place of one in the headers changes what the images give",
            subject="--entries",
            found=", ".join(one.subject.value for one in new),
            expected="overrides, withdrawn, and values that the case was read with",
            remedy=_READ_AGAIN,
        )


class KeptImages(SeriesSource):
    """The volumes that the case folder keeps; the images themselves are not read again."""

    def __init__(self, folder: CaseFolder, case: Case) -> None:
        super().__init__(folder, case, {})
        self._kept, self._read = folder, case

    def volume(self, series_key: str) -> Volume:
        """The kept volume of a series. Raises CaseError when the folder keeps none of these images."""
        volume = self._kept.volume(series_key, stamp_of(self._read.series(series_key)))
        if volume is None:
            raise CaseError("its images are no longer in the case folder", subject=series_key, remedy=_READ_AGAIN)
        return volume
