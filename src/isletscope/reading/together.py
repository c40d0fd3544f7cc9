"""What is done once every series is read: one frame for all, one lesion for its foci, what each exam shows of it.

    alignment ─► time points ─► matching ─► second look ─► observations ─► phenotype ─► heterogeneity ─► assessments

Works on any case whose series were read, be it now or earlier: ``read`` ends with it, ``compare`` begins with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from isletscope.assessment import assess
from isletscope.items import ReportAnswers
from isletscope.model import Case, VerdictOverride
from isletscope.reading.alignment import align_exams
from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import transforms_of
from isletscope.reading.heterogeneity import measure_heterogeneity
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


@dataclass(frozen=True)
class ReaderSays:
    """What a reader adds now, on top of what an earlier reading of the folder kept."""

    overrides: Sequence[VerdictOverride] = ()
    answers: ReportAnswers = field(default_factory=ReportAnswers)


def put_together(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    says: ReaderSays,
    *,
    earlier: Case | None = None,
    recorder: RunRecorder | None = None,
    progress: Progress = silent,
) -> Case:
    """The case with alignments, lesions, observations, phenotypes, heterogeneity and assessments.

    ``earlier``: the case that the folder held before; names of lesions, answers and overrides live on. Raises
    InputError for overrides and answers that fit nothing, OutputError for the case folder.
    """
    recorder = recorder or RunRecorder()
    with recorder.timed("alignment"):
        case.alignments = align_exams(folder, StepStore(folder.cache_folder / "steps"), case, source, progress)
        transforms = transforms_of(folder.path, case.alignments)
    case.time_points = time_points(case)
    with recorder.timed("matching"):
        case.overrides = all_overrides(says.overrides, earlier)
        match_lesions(folder, case, transforms, earlier)
    with recorder.timed("second-look"):
        second_look(folder, case, source, transforms, progress)
        case.findings += override_lesions(case)
        case.retired_names = _retired(case, earlier)
    with recorder.timed("phenotypes"):
        observe(case, transforms, folder.path)
        measure_phenotypes(folder, case, source, transforms, progress)
    case.open_items = [*open_items(case), *matching_items(case)]
    if earlier is not None and not case.clinical:
        case.clinical = earlier.clinical
    with recorder.timed("heterogeneity"):
        case.heterogeneity = measure_heterogeneity(folder, case, source, transforms)
    with recorder.timed("assessment"):
        return assess(answered(case, says.answers, earlier))


def _retired(case: Case, earlier: Case | None) -> list[str]:
    """Names that are given up for ever: those of an earlier reading that no lesion bears now."""
    known = [*earlier.retired_names, *(lesion.id for lesion in earlier.lesions)] if earlier else []
    return sorted(set(known) - {lesion.id for lesion in case.lesions})
