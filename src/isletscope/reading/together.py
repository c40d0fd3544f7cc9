"""What is done once every series is read: one frame for all, one lesion for its foci, what each exam shows of it.

    alignment ─► time points ─► matching ─► second look
                                                 │ what the images gave, kept
    a reader's verdicts ─► observations ─► phenotype ─► heterogeneity ─► assessments

Works on any case whose series were read, be it now or earlier: ``read`` ends with it, ``compare`` begins with it, and
an edit of a verdict is its second half alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isletscope.assessment import assess
from isletscope.items import ReportAnswers
from isletscope.model import Case, VerdictOverride, Withdrawal
from isletscope.reading.alignment import align_exams
from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import transforms_of
from isletscope.reading.found import keep_found
from isletscope.reading.heterogeneity import measure_heterogeneity
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.manifest import RunRecorder
from isletscope.reading.matching import match_lesions, matching_items
from isletscope.reading.observations import observe
from isletscope.reading.open_items import open_items
from isletscope.reading.overrides import all_overrides, override_lesions
from isletscope.reading.phenotypes import measure_phenotypes
from isletscope.reading.progress import Progress, silent
from isletscope.reading.second_look import second_look
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore
from isletscope.reading.time_points import time_points
from isletscope.spatial import Transform


@dataclass(frozen=True)
class ReaderSays:
    """What a reader adds now, on top of what an earlier reading of the folder kept."""

    overrides: Sequence[VerdictOverride] = ()
    answers: ReportAnswers = field(default_factory=ReportAnswers)
    withdrawn: Sequence[Withdrawal] = ()
    time_point: str | None = None


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


def conclude_case(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    says: ReaderSays,
    *,
    earlier: Case | None,
    results: KeptResults,
    recorder: RunRecorder | None = None,
    progress: Progress = silent,
) -> Case:
    """What follows once it is known what the images show: a reader's verdicts, and all that rests on them.

    ``case``: after the second look, with verdicts by rule; it is changed. ``results``: those for single lesions, kept
    or not. Raises InputError for overrides and answers that fit nothing.
    """
    recorder = recorder or RunRecorder()
    case.overrides = all_overrides(says.overrides, earlier, says.withdrawn)
    case.findings += override_lesions(case)
    case.retired_names = _retired(case, earlier)
    with recorder.timed("phenotypes"):
        observe(case, transforms, folder.path, results)
        measure_phenotypes(folder, case, source, transforms, progress, results)
    case.open_items = [*open_items(case), *matching_items(case)]
    if earlier is not None and not case.clinical:
        case.clinical = earlier.clinical
    with recorder.timed("heterogeneity"):
        case.heterogeneity = measure_heterogeneity(folder, case, source, transforms, results)
    with recorder.timed("assessment"):
        return assess(answered(case, says.answers, earlier, says.time_point))


def _retired(case: Case, earlier: Case | None) -> list[str]:
    """Names that are given up for ever: those of an earlier reading that no lesion bears now."""
    known = [*earlier.retired_names, *(lesion.id for lesion in earlier.lesions)] if earlier else []
    return sorted(set(known) - {lesion.id for lesion in case.lesions})
