"""From several case folders of one patient to one case in which the lesions are followed over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isletscope.errors import CaseError, InputError
from isletscope.model import Case, SamePatient
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.conclude import ReaderSays
from isletscope.reading.join import JoinedCase, check_sources, former_names, join_cases, with_findings
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.together import put_together
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
    """The joined case read on from its alignment; what readers had entered in it before lives on."""
    earlier = joined.earlier if before is None else _lived_on(joined.case, before)
    case = put_together(
        folder, joined.case, KeptVolumes(folder, joined.case), ReaderSays(), earlier=earlier, progress=progress
    )
    given = {lesion.id for lesion in joined.earlier.lesions}
    retired = {*case.retired_names, *joined.case.retired_names, *given} - {lesion.id for lesion in case.lesions}
    case.retired_names = sorted(retired)
    case.signatures = list(before.signatures) if before else []  # those of the joined cases signed other reports
    return with_findings(case, joined)


def _lived_on(case: Case, before: Case) -> Case:
    """The joined case as it was before, with the answers and overrides of the sources below its own."""
    names = {point.name for point in case.time_points}
    answers = {name: dict(items) for name, items in case.answers.items()}
    facts = {name: dict(items) for name, items in case.facts.items()}
    for name in names & set(before.answers):
        answers.setdefault(name, {}).update(before.answers[name])
    for name in names & set(before.facts):
        facts.setdefault(name, {}).update(before.facts[name])
    held = {one.tracking_uid for one in before.overrides}
    overrides = [*before.overrides, *(one for one in case.overrides if one.tracking_uid not in held)]
    return before.model_copy(update={"answers": answers, "facts": facts, "overrides": overrides})
