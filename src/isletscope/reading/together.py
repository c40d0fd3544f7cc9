"""What is done once every series is read: one frame for all, one lesion for its foci, what each exam shows of it.

    alignment ─► time points ─► matching ─► second look
                                                 │ what the images gave, kept
    a reader's verdicts ─► observations ─► phenotype ─► heterogeneity ─► assessments

Works on any case whose series were read, be it now or earlier: ``read`` ends with it, ``compare`` begins with it, and
an edit of a verdict is its second half alone.
"""

from __future__ import annotations

from isletscope.model import Case
from isletscope.reading.alignment import align_exams
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.conclude import ReaderSays, conclude_case
from isletscope.reading.displacements import transforms_of
from isletscope.reading.found import keep_found
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.manifest import RunRecorder
from isletscope.reading.matching import match_lesions
from isletscope.reading.overrides import all_overrides
from isletscope.reading.progress import Progress, silent
from isletscope.reading.second_look import second_look
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore
from isletscope.reading.time_points import time_points


def put_together(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    says: ReaderSays,
    *,
    earlier: Case | None = None,
    recorder: RunRecorder | None = None,
    progress: Progress = silent,
    keep: bool = False,
) -> Case:
    """The case with alignments, lesions, observations, phenotypes, heterogeneity and assessments.

    ``earlier``: the case that the folder held before; names of lesions, answers and overrides live on. ``keep``: what
    the images gave is kept in the folder, so that verdicts can be edited without them. Raises InputError for overrides
    and answers that fit nothing, OutputError for the case folder.
    """
    recorder = recorder or RunRecorder()
    all_overrides(says.overrides, earlier, says.withdrawn)  # what fits nothing is refused before the long work
    with recorder.timed("alignment"):
        case.alignments = align_exams(folder, StepStore(folder.cache_folder / "steps"), case, source, progress)
        transforms = transforms_of(folder.path, case.alignments)
    case.time_points = time_points(case)
    with recorder.timed("matching"):
        match_lesions(folder, case, transforms, earlier)
    with recorder.timed("second-look"):
        second_look(folder, case, source, transforms, progress)
    results = keep_found(folder, case).results(folder, ahead=True) if keep else KeptResults()
    case = conclude_case(
        folder, case, source, transforms, says, earlier=earlier, results=results, recorder=recorder, progress=progress
    )
    results.save(forget_others=True)
    return case
