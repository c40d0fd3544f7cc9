"""CT and MR of one exam, read: organs, then foci in liver and pancreas; kept so that it need not be done twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isletscope.anatomy import Organs, find_image_organs, grid_role
from isletscope.errors import IsletscopeError
from isletscope.lesions import Candidate, find_candidates, focus_of, method_sentences, name_series
from isletscope.model import Exam, ExamKind, Focus, ReadingOfImages, Role, Series, Verdict
from isletscope.reading.anatomy_files import GivenAnatomy
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.progress import Progress, silent
from isletscope.reading.segment_maps import SegmentsCut, cut_segments
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore, digest, rules_digest
from isletscope.reading.structure_maps import Structures, structures_of
from isletscope.spatial import Volume

_CT_ROLES = (
    Role.CT_PORTAL_VENOUS,
    Role.CT_ARTERIAL,
    Role.CT_DELAYED,
    Role.CT_UNENHANCED,
    Role.CT_PHASE_UNKNOWN,
)
_MR_ROLES = (
    Role.MR_HEPATOBILIARY,
    Role.MR_DYNAMIC,
    Role.MR_T1_FAT_SATURATED,
    Role.MR_T1_IN_PHASE,
    Role.MR_T1_OPPOSED_PHASE,
    Role.MR_T1,
    Role.MR_T2_FAT_SATURATED,
    Role.MR_T2,
    Role.MR_DWI,
    Role.MR_ADC,
)
_FEWEST_SLICES = 5
_PARTS = 5
_RANK = {Verdict.TUMOUR: 0, Verdict.UNSURE: 1, Verdict.PHYSIOLOGIC: 2}


@dataclass(frozen=True)
class ImageTask:
    """CT or MR series of one exam and one frame of reference, to be read together.

    ``left_out``: sentences on series that are not read, and why; ``given``: organ masks of that frame of reference.
    """

    exam_key: str
    kind: ExamKind
    series: tuple[Series, ...]
    left_out: tuple[str, ...] = ()
    given: GivenAnatomy = field(default_factory=GivenAnatomy)

    @property
    def key(self) -> str:
        """Name of the step: the exam, the kind, and the first series."""
        return f"{self.exam_key}-{self.kind.value}-{self.series[0].key}"

    @property
    def inputs_hash(self) -> str:
        """Hash of everything that goes in."""
        described = [one.model_dump(mode="json", exclude={"findings"}) for one in self.series]
        return digest(rules_digest(), rules_digest(("surgery",)), self.kind.value, described, self.given.digest)


def images_to_read(exam: Exam) -> list[ImageTask]:
    """What of an exam's CT and MR is read: one task for each kind and frame of reference.

    A CT made for attenuation correction is not searched for lesions; a series of fewer than five slices, or without a
    known role, neither. What is left out is named in the task of its kind.
    """
    tasks: list[ImageTask] = []
    for kind, roles, modality in ((ExamKind.CT, _CT_ROLES, "CT"), (ExamKind.MRI, _MR_ROLES, "MR")):
        of_kind = [one for one in exam.series if one.modality == modality and one.usable]
        wanted = [one for one in of_kind if one.role in roles and _slices(one) >= _FEWEST_SLICES]
        left_out = tuple(_why_left_out(one) for one in of_kind if one not in wanted)
        tasks += [ImageTask(exam.key, kind, tuple(group), left_out) for group in _by_frame(wanted)]
    return tasks


def _slices(series: Series) -> int:
    return 0 if series.grid is None else series.grid.shape_kji[0]


def _why_left_out(series: Series) -> str:
    name = f"{series.key} ({series.description or series.role.value.replace('_', ' ')})"
    if series.role is Role.CT_LOW_DOSE:
        return f"{name} was not searched for lesions: a CT for attenuation correction shows too little of them."
    if _slices(series) < _FEWEST_SLICES:
        return f"{name} was not searched for lesions: {_slices(series)} slices, at least {_FEWEST_SLICES} are needed."
    return f"{name} was not searched for lesions: what it shows is not known."


def _by_frame(series: Sequence[Series]) -> list[list[Series]]:
    """Series that share a frame of reference, in the order they were given; without one each stands alone."""
    groups: dict[str, list[Series]] = {}
    for one in series:
        groups.setdefault(one.frame_of_reference_uid or one.key, []).append(one)
    return list(groups.values())


def read_exam_images(
    folder: CaseFolder, store: StepStore, task: ImageTask, source: SeriesSource, progress: Progress = silent
) -> tuple[ReadingOfImages, bool]:
    """The reading of one task, and whether it was computed now (True) or recalled (False).

    Organs and foci lie on the grid of the best series; they come from the store when nothing changed.
    Writes ``masks/<series>_foci.nii.gz``, ``<series>_organs.nii.gz`` and, where there are some,
    ``<series>_structures.nii.gz`` (vessels and others) and ``<series>_segments.nii.gz`` (of the liver). A series whose
    files form no volume is named in ``limits`` and left out. Raises OutputError.
    """
    stored = _recalled(folder, store, task)
    if stored is not None:
        return stored, False
    words = "CT" if task.kind is ExamKind.CT else "MR"
    progress(f"{words} images", 0, _PARTS)
    volumes, limits = _volumes(task, source)
    if not volumes:
        first = task.series[0].key
        nothing = ReadingOfImages(
            exam_key=task.exam_key,
            kind=task.kind,
            series_key=first,
            series_keys=[one.key for one in task.series],
            limits=[*task.left_out, *limits, "No series could be read: nothing was looked for."],
        )
        return nothing, True
    progress(f"{words}: organs", 1, _PARTS)
    names = name_series(task.series, volumes)
    by_role = _one_per_role(task.series, volumes, names)
    of_role = {role: volumes[key] for role, key in by_role.items()}
    given = task.given.organs_on(of_role[grid_role(of_role)])
    organs = find_image_organs(of_role, task.kind, given.organs)
    grid_key = _grid_series(organs, by_role, volumes)
    blood = organs.mask("aorta") if organs.known("aorta") else None
    names = name_series(task.series, volumes, blood)
    progress(f"{words}: foci", 2, _PARTS)
    searched = {key: volumes[key] for key in names}
    candidates = find_candidates(searched, names, organs, task.kind)
    progress(f"{words}: vessels", 3, _PARTS)
    structures = structures_of(given, organs, of_role, task.kind)
    reading = _reading(task, organs, grid_key, names, candidates, searched)
    reading.limits = [*task.left_out, *limits, *given.limits, *organs.limits, *structures.limits, *reading.limits]
    progress(f"{words}: masks", 4, _PARTS)
    _write_maps(folder, reading, organs, candidates, structures)
    _write_segments(folder, reading, organs, cut_segments(organs, structures))
    store.keep(task.key, task.inputs_hash, reading.model_dump(mode="json"))
    progress(f"{words}: done", _PARTS, _PARTS)
    return reading, True


def images_are_read(folder: CaseFolder, store: StepStore, task: ImageTask) -> bool:
    """Whether the reading is kept from an earlier run with the same inputs."""
    return _recalled(folder, store, task) is not None


def _recalled(folder: CaseFolder, store: StepStore, task: ImageTask) -> ReadingOfImages | None:
    stored = store.recall(task.key, task.inputs_hash)
    if stored is None:
        return None
    reading = ReadingOfImages.model_validate(stored)
    maps = [reading.foci_map, reading.organ_map, *filter(None, (reading.structure_map, reading.segment_map))]
    return reading if all(name and (folder.path / name).is_file() for name in maps) else None


def _volumes(task: ImageTask, source: SeriesSource) -> tuple[dict[str, Volume], list[str]]:
    """Volumes by series key, and sentences on what could not be loaded."""
    volumes: dict[str, Volume] = {}
    limits = []
    for one in task.series:
        try:
            volumes[one.key] = source.volume(one.key)
        except IsletscopeError as error:
            limits.append(f"{one.key} was not read. {error}")
    return volumes, limits


def _one_per_role(series: Sequence[Series], volumes: Mapping[str, Volume], names: Mapping[str, str]) -> dict[Role, str]:
    """One series for each role, those that are named first; of a dynamic series the portal venous part."""
    order = {"portal_venous": 0, "delayed": 1, "arterial": 2, "t1": 3}
    chosen: dict[Role, str] = {}
    ranked = sorted(series, key=lambda one: (one.key not in names, order.get(names.get(one.key, ""), 9)))
    for one in ranked:
        if one.key in volumes:
            chosen.setdefault(one.role, one.key)
    return chosen


def _grid_series(organs: Organs, by_role: Mapping[Role, str], volumes: Mapping[str, Volume]) -> str:
    """The series on whose grid the organs lie."""
    return next(key for key in by_role.values() if volumes[key].geometry.same_grid(organs.geometry))


def _reading(
    task: ImageTask,
    organs: Organs,
    grid_key: str,
    names: Mapping[str, str],
    candidates: list[Candidate],
    volumes: Mapping[str, Volume],
) -> ReadingOfImages:
    foci_map, organ_map = f"masks/{grid_key}_foci.nii.gz", f"masks/{grid_key}_organs.nii.gz"
    foci = [
        focus_of(candidate, number, grid_key, task.kind, volumes, foci_map)
        for number, candidate in enumerate(candidates, start=1)
    ]
    return ReadingOfImages(
        exam_key=task.exam_key,
        kind=task.kind,
        series_key=grid_key,
        series_keys=[one.key for one in task.series],
        organs=organs.findings,
        foci=_in_order(foci),
        methods=method_sentences(names),
        limits=_limits(organs, names),
        foci_map=foci_map,
        organ_map=organ_map,
    )


def _in_order(foci: list[Focus]) -> list[Focus]:
    return sorted(foci, key=lambda focus: (_RANK[focus.verdict], focus.label))


def _limits(organs: Organs, names: Mapping[str, str]) -> list[str]:
    limits = []
    for organ, masks in (("liver", ("liver",)), ("pancreas", ("pancreas", "pancreas_region"))):
        if not any(organs.known(name) for name in masks):
            because = next((f.missing_because for f in organs.findings if f.name in masks and f.missing_because), None)
            limits.append(f"The {organ} was not searched: {because or 'it has no mask'}.")
    limits.append("Lymph nodes, bone and other organs were not searched on these series.")
    if not names:
        limits.append("No series of a known contrast: nothing was searched.")
    return limits


def _write_maps(
    folder: CaseFolder, reading: ReadingOfImages, organs: Organs, candidates: list[Candidate], structures: Structures
) -> None:
    """The label maps of a reading, all on the grid of its organs; structures only where there are some."""
    labels = np.zeros(organs.geometry.shape, dtype=np.uint16)
    for number, candidate in reversed(list(enumerate(candidates, start=1))):
        labels[candidate.extent.box.slices][candidate.extent.inside] = number
    reading.structures = structures.findings
    if structures.labels.any():
        reading.structure_map = f"masks/{reading.series_key}_structures.nii.gz"
        write_label_map(folder.path / reading.structure_map, structures.labels, organs.geometry)
    for name, array in ((reading.foci_map, labels), (reading.organ_map, organs.labels)):
        assert name is not None  # _reading names both
        write_label_map(folder.path / name, array, organs.geometry)


def _write_segments(folder: CaseFolder, reading: ReadingOfImages, organs: Organs, cut: SegmentsCut) -> None:
    """The segments of the liver on the grid of its organs, or why there are none."""
    reading.segments_from, reading.segments_because, reading.segment_flags = cut.source, cut.because, list(cut.flags)
    if cut.labels is not None:
        reading.segment_map = f"masks/{reading.series_key}_segments.nii.gz"
        write_label_map(folder.path / reading.segment_map, cut.labels, organs.geometry)
