"""What follows once it is known what the images show: a reader's verdicts, and all that rests on them.

    verdicts ─► observations ─► contact with vessels, liver ─► phenotype ─► heterogeneity ─► assessments

No image is opened for what was measured of a lesion before (:mod:`isletscope.reading.kept_results`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isletscope.assessment import assess
from isletscope.items import ReportAnswers
from isletscope.model import Case, VerdictOverride, Withdrawal
from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.heterogeneity import measure_heterogeneity
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.liver_volumes import measure_livers
from isletscope.reading.manifest import RunRecorder
from isletscope.reading.observations import observe
from isletscope.reading.open_items import matching_items, open_items
from isletscope.reading.overrides import all_overrides, override_lesions
from isletscope.reading.phenotypes import measure_phenotypes
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.vessel_contacts import measure_contacts
from isletscope.spatial import Transform


@dataclass(frozen=True)
class ReaderSays:
    """What a reader adds now, on top of what an earlier reading of the folder kept."""

    overrides: Sequence[VerdictOverride] = ()
    answers: ReportAnswers = field(default_factory=ReportAnswers)
    withdrawn: Sequence[Withdrawal] = ()
    time_point: str | None = None


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
    if earlier is not None:  # a case that was signed does not become a draft again: it is told to have changed
        case.signatures = list(earlier.signatures)
    if earlier is not None and not case.clinical:
        case.clinical = earlier.clinical
    observe(case, transforms, folder.path, results)
    with recorder.timed("contact"):
        measure_contacts(folder, case, source, transforms, results)
    with recorder.timed("liver"):
        measure_livers(folder, case, transforms, results)
    with recorder.timed("phenotypes"):
        measure_phenotypes(folder, case, source, transforms, progress, results)
    case.open_items = [*open_items(case), *matching_items(case)]
    with recorder.timed("heterogeneity"):
        case.heterogeneity = measure_heterogeneity(folder, case, source, transforms, results)
    with recorder.timed("assessment"):
        return assess(answered(case, says.answers, earlier, says.time_point))


def _retired(case: Case, earlier: Case | None) -> list[str]:
    """Names that are given up for ever: those of an earlier reading that no lesion bears now."""
    known = [*earlier.retired_names, *(lesion.id for lesion in earlier.lesions)] if earlier else []
    return sorted(set(known) - {lesion.id for lesion in case.lesions})
