"""From several case folders of one patient to one case in which the lesions are followed over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isletscope.assessment import assess
from isletscope.errors import CaseError, InputError
from isletscope.items import ReportAnswers
from isletscope.model import Case, Lesion, SamePatient
from isletscope.reading.alignment import align_exams
from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import transforms_of
from isletscope.reading.heterogeneity import measure_heterogeneity
from isletscope.reading.join import JoinedCase, check_sources, former_names, join_cases
from isletscope.reading.matching import match_lesions
from isletscope.reading.observations import observe
from isletscope.reading.open_items import open_items
from isletscope.reading.overrides import override_lesions
from isletscope.reading.phenotypes import measure_phenotypes
from isletscope.reading.progress import Progress, silent
from isletscope.reading.second_look import second_look
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore
from isletscope.spatial import Volume


@dataclass(frozen=True)
class Compared:
    """The joined case, what was done to join it, and the lesions whose names have changed: (case, name) -> name."""

    folder: CaseFolder
    said: tuple[str, ...]
    renamed: Mapping[tuple[str, str], str]


class KeptVolumes(SeriesSource):
    """The volumes that case folders keep; the images themselves are not read again."""

    def __init__(self, folder: CaseFolder, case: Case) -> None:
        super().__init__(folder, case, {})
        self._kept = folder

    def volume(self, series_key: str) -> Volume:
        """The kept volume of a series. Raises InputError when the folder keeps none."""
        volume = self._kept.volume(series_key)
        if volume is None:
            raise InputError(
                "the volume of this series is no longer kept in its case folder",
                subject=series_key,
                remedy="Read the case again with isletscope read, then compare again.",
            )
        return volume


def compare_cases(
    paths: Sequence[Path], out: Path, same_patient: Sequence[SamePatient] = (), progress: Progress = silent
) -> Compared:
    """Join the cases into ``out`` and follow their lesions; a joined case that lies there keeps names and answers.

    Raises CaseError for a folder that holds no case or a broken one, MixedPatients and InputError as
    :func:`isletscope.reading.join.join_cases`, OutputError for ``out``.
    """
    sources = check_sources(paths)
    if out.resolve() in {source.path.resolve() for source in sources}:
        raise CaseError(
            "the joined case cannot replace one of its sources", subject=str(out), remedy="Choose another --out."
        )
    folder = CaseFolder.prepare(out)
    before = folder.case if folder.exists else None
    progress("joining cases", 0, 2)
    joined = join_cases(sources, folder, same_patient)
    if before is not None and not {before.patient.id, *before.patient.other_ids} & _ids(joined.case):
        raise CaseError(
            "the case folder belongs to another patient",
            subject=str(out),
            found=before.patient.id,
            expected=joined.case.patient.id,
            remedy="Choose another --out.",
        )
    progress("joining cases", 1, 2)
    case = _followed(folder, joined, before, progress)
    folder.save(case)
    progress("joining cases", 2, 2)
    return Compared(folder, joined.said, former_names(joined, case.lesions))


def _ids(case: Case) -> set[str]:
    return {case.patient.id, *case.patient.other_ids}


def _followed(folder: CaseFolder, joined: JoinedCase, before: Case | None, progress: Progress) -> Case:
    """The joined case with its lesions matched, what readers had entered in it before, and its conclusions."""
    case = joined.case
    if before is not None:
        held = {one.tracking_uid for one in case.overrides}
        case.overrides = [*case.overrides, *(one for one in before.overrides if one.tracking_uid not in held)]
    source = KeptVolumes(folder, case)
    case.alignments = align_exams(folder, StepStore(folder.cache_folder / "steps"), case, source, progress)
    transforms = transforms_of(folder.path, case.alignments)
    match_lesions(folder, case, transforms, before or joined.earlier)
    case.findings = [*case.findings, *override_lesions(case)]
    second_look(folder, case, source, transforms, progress)
    observe(case, transforms, folder.path)
    case.phenotypes = []
    measure_phenotypes(folder, case, source, transforms, progress)
    case.heterogeneity = measure_heterogeneity(folder, case, source, transforms)
    case.lesions = [*case.lesions, *_without_focus(case, joined.bare)]
    case.open_items = open_items(case)
    current = {lesion.id for lesion in case.lesions}
    known = {lesion.id for lesion in joined.earlier.lesions}
    case.retired_names = sorted({*case.retired_names, *known} - current)
    case = case if before is None else answered(case, ReportAnswers(), _merged_answers(case, before))
    return assess(case)


def _without_focus(case: Case, bare: Sequence[Lesion]) -> list[Lesion]:
    held = {lesion.id for lesion in case.lesions}
    return [lesion for lesion in bare if lesion.id not in held]


def _merged_answers(case: Case, before: Case) -> Case:
    """The answers of the sources, and on top those that were entered in the joined case."""
    names = {point.name for point in case.time_points}
    answers = {name: dict(items) for name, items in case.answers.items()}
    facts = {name: dict(items) for name, items in case.facts.items()}
    for name in names & set(before.answers):
        answers.setdefault(name, {}).update(before.answers[name])
    for name in names & set(before.facts):
        facts.setdefault(name, {}).update(before.facts[name])
    return case.model_copy(update={"answers": answers, "facts": facts})
