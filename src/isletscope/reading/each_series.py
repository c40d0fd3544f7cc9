"""Every PET, and the CT and MR of every exam, read into the case: side by side where there are cores, else in turn.

Exams are registered to each other in the same go: that depends on no reading.

Each reading is kept in the case folder under a hash of its inputs (images, entries, given anatomy, rules), so that a
second run, or one after an interruption, does only what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from isletscope.model import Case, Series, TracerClass
from isletscope.reading.alignment import pairs_to_register, register_pair
from isletscope.reading.anatomy_files import GivenByFrame, given_by_frame
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.choose import ct_on_pet, pets_to_read
from isletscope.reading.first_look import Seen
from isletscope.reading.given_regions import compare_given_regions
from isletscope.reading.images import ImageTask, images_are_read, images_to_read, read_exam_images
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.manifest import RunRecorder
from isletscope.reading.pet import PetTask, pet_is_read, read_one_pet
from isletscope.reading.progress import Progress, silent
from isletscope.reading.request import ReadRequest
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.side_by_side import Job, done_side_by_side
from isletscope.reading.steps import StepStore, digest, rules_digest

_TRACER_ORDER = (
    TracerClass.SSTR,
    TracerClass.DOPA,
    TracerClass.EXENDIN,
    TracerClass.FDG,
    TracerClass.OTHER,
    TracerClass.UNKNOWN,
)
# Measured on a full-size patient; they only decide what is begun first.
_SECONDS_A_SERIES = 2.5
_SECONDS_A_MEGAVOXEL = 0.17
_SECONDS_A_PAIR = 10.0


@dataclass(frozen=True)
class EachSeries:
    """The readings of one case; they go into ``case.readings`` and ``case.image_readings``."""

    folder: CaseFolder
    case: Case
    seen: Seen
    source: SeriesSource
    request: ReadRequest
    recorder: RunRecorder
    progress: Progress

    @cached_property
    def _store(self) -> StepStore:
        return StepStore(self.folder.cache_folder / "steps")

    def read(self) -> dict[str, bool]:
        """Read everything; tells for each PET and each CT or MR by its key whether it was computed now.

        Raises OutputError for the case folder, InputError for a path or table of given anatomy that cannot be opened.
        """
        given = given_by_frame(self.request.anatomy, self.request.anatomy_names, self.seen)
        self.case.refused.extend(given.refused)
        pets = _pet_tasks(self.seen, given)
        found = [task for exam in self.seen.exams for task in images_to_read(exam)]
        images = [replace(task, given=given.of(task.series[0])) for task in found]
        with self.recorder.timed("side-by-side"):
            done = done_side_by_side(self._jobs(pets, images), self.request.workers, self.progress)
        for one in done:
            self.recorder.add(one.job.step, one.seconds)
        computed = {one.job.key for one in done if one.computed}
        fresh = self._pets(pets) | self._images(images)
        return {key: now or key in computed for key, now in fresh.items()}

    def _jobs(self, pets: Sequence[PetTask], images: Sequence[ImageTask]) -> list[Job]:
        """What is not kept from an earlier run."""
        folder, store, source = self.folder, self._store, self.source
        jobs = [
            Job(
                task.key,
                partial(_pet_done, folder, store, task),
                _seconds([task.pet, *([task.ct] if task.ct else [])]),
                task.key,
            )
            for task in pets
            if not pet_is_read(folder, store, task)
        ]
        jobs += [
            Job(task.key, partial(_images_done, folder, store, task, source), _seconds(task.series), _step(task))
            for task in images
            if not images_are_read(folder, store, task)
        ]
        return jobs + [
            Job(pair.key, partial(register_pair, folder, store, pair, source), _SECONDS_A_PAIR, pair.step)
            for pair in pairs_to_register(folder, store, self.case)
        ]

    def _pets(self, tasks: Sequence[PetTask]) -> dict[str, bool]:
        fresh: dict[str, bool] = {}
        for number, task in enumerate(tasks):
            tell = _part_of(self.progress, task, number, len(tasks))
            with self.recorder.timed(task.key):
                reading, fresh[task.key] = read_one_pet(self.folder, self._store, task, tell)
            labels = read_label_map(self.folder.path / (reading.foci_map or ""))
            regions, limits = compare_given_regions(self.seen.supplements, task.files, reading.foci, labels)
            reading.given_regions, reading.limits = regions, [*reading.limits, *limits]
            self.case.readings.append(reading)
        return fresh

    def _images(self, tasks: Sequence[ImageTask]) -> dict[str, bool]:
        fresh: dict[str, bool] = {}
        for task in tasks:
            with self.recorder.timed(_step(task)):
                reading, fresh[task.key] = read_exam_images(self.folder, self._store, task, self.source, self.progress)
            self.case.image_readings.append(reading)
        return fresh


def _pet_done(folder: CaseFolder, store: StepStore, task: PetTask) -> bool:
    return read_one_pet(folder, store, task, silent)[1]


def _images_done(folder: CaseFolder, store: StepStore, task: ImageTask, source: SeriesSource) -> bool:
    return read_exam_images(folder, store, task, source, silent)[1]


def _step(task: ImageTask) -> str:
    """Name of the reading of an exam's CT or MR in the record of the run."""
    return f"images-{task.key}"


def _seconds(series: Sequence[Series]) -> float:
    """About how long the reading of series takes."""
    shapes = [one.grid.shape_kji for one in series if one.grid is not None]
    return _SECONDS_A_SERIES * len(series) + _SECONDS_A_MEGAVOXEL * sum(k * j * i for k, j, i in shapes) / 1e6


def _pet_tasks(seen: Seen, given: GivenByFrame) -> list[PetTask]:
    """The PET series to read, SSTR first."""
    tasks = []
    for exam in seen.exams:
        for pet in pets_to_read(exam):
            ct = ct_on_pet(exam, pet)
            inputs_hash = digest(
                rules_digest(),
                pet.model_dump(mode="json", exclude={"findings"}),
                (ct.key, ct.fingerprint) if ct else None,
                given.of(pet).digest,
            )
            ct_files = seen.files_of[ct.key] if ct else None
            tasks.append(PetTask(pet, seen.files_of[pet.key], ct, ct_files, given.of(pet), inputs_hash))
    return sorted(tasks, key=lambda task: (_TRACER_ORDER.index(task.tracer.tracer_class), task.pet.acquired or ""))


def _part_of(progress: Progress, task: PetTask, number: int, count: int) -> Progress:
    """Progress of one PET as part of all: task ``number`` of ``count``."""

    def report(stage: str, done: int, total: int) -> None:
        progress(f"{task.tracer.name} PET: {stage}", number * total + done, count * total)

    return report
