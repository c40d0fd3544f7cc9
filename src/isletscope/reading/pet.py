"""One PET, read: volumes, organs, reference regions, foci; kept so that it need not be done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from isletscope.anatomy import Organs, find_image_organs, find_organs, find_references
from isletscope.intake import SeriesFiles, load_suv, load_volume
from isletscope.lesions import read_pet
from isletscope.model import ExamKind, ReadingOfPet, Series, Tracer
from isletscope.reading.anatomy_files import GivenAnatomy
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.progress import Progress
from isletscope.reading.series_source import stamp_of
from isletscope.reading.steps import StepStore
from isletscope.spatial import Volume


@dataclass(frozen=True)
class PetTask:
    """A PET series to read, with the CT on it, given anatomy, and the hash of everything that goes in."""

    pet: Series
    files: SeriesFiles
    ct: Series | None
    ct_files: SeriesFiles | None
    given: GivenAnatomy
    inputs_hash: str

    @property
    def key(self) -> str:
        """The series' key in the case."""
        return self.pet.key

    @property
    def tracer(self) -> Tracer:
        """The tracer; every PET series has one, be it unknown."""
        assert self.pet.tracer is not None  # classification gives every PET series a tracer
        return self.pet.tracer


def read_one_pet(folder: CaseFolder, store: StepStore, task: PetTask, progress: Progress) -> tuple[ReadingOfPet, bool]:
    """The reading of one PET, and whether it was computed now (True) or recalled (False).

    Leaves the label maps and the cached volumes in the case folder. Raises OutputError.
    """
    foci_map, organ_map = _map_names(task)
    stored = _recalled(folder, store, task)
    if stored is not None:
        _restore_cached_volumes(folder, task, progress)
        return ReadingOfPet.model_validate(stored), False

    pet, ct = _volumes(folder, task, progress)
    given = task.given.organs_on(task.files)
    on_ct = _organs_of(task, ct)
    organs = find_organs(pet, ct, task.tracer.tracer_class, given.organs, on_ct)
    progress("reference regions", 3, 6)
    references = find_references(pet, organs, task.tracer.tracer_class)
    progress("foci", 4, 6)
    result = read_pet(pet, organs, references, task.tracer, task.key)
    progress("masks", 5, 6)
    write_label_map(folder.path / foci_map, result.foci_labels.astype(np.uint16), pet.geometry)
    write_label_map(folder.path / organ_map, organs.labels, pet.geometry)
    limits = [*given.limits, *organs.limits, *result.reading.limits]
    reading = result.reading.model_copy(update={"foci_map": foci_map, "organ_map": organ_map, "limits": limits})
    store.keep(task.key, task.inputs_hash, reading.model_dump(mode="json"))
    progress("done", 6, 6)
    return reading, True


def _organs_of(task: PetTask, ct: Volume | None) -> Callable[[], Organs] | None:
    """What finds organs on the CT of a PET/CT by atlases; None without a CT."""
    if task.ct is None or ct is None:
        return None
    return partial(find_image_organs, {task.ct.role: ct}, ExamKind.CT)


def pet_is_read(folder: CaseFolder, store: StepStore, task: PetTask) -> bool:
    """Whether the reading is kept from an earlier run with the same inputs."""
    return _recalled(folder, store, task) is not None


def _map_names(task: PetTask) -> tuple[str, str]:
    return f"masks/{task.key}_foci.nii.gz", f"masks/{task.key}_organs.nii.gz"


def _recalled(folder: CaseFolder, store: StepStore, task: PetTask) -> Any | None:
    return store.recall(task.key, task.inputs_hash, [folder.path / name for name in _map_names(task)])


def _volumes(folder: CaseFolder, task: PetTask, progress: Progress) -> tuple[Volume, Volume | None]:
    assert task.pet.quantification is not None  # only quantified series become tasks
    progress("PET images", 0, 6)
    pet = load_suv(task.files, task.pet.quantification)
    folder.keep_volume(task.key, pet, stamp_of(task.pet))
    if task.ct is None or task.ct_files is None:
        return pet, None
    progress("CT images", 1, 6)
    ct = load_volume(task.ct_files)
    folder.keep_volume(task.ct.key, ct, stamp_of(task.ct))
    progress("organs", 2, 6)
    return pet, ct


def _restore_cached_volumes(folder: CaseFolder, task: PetTask, progress: Progress) -> None:
    """Load the volumes again when somebody emptied the cache: the report's figures need them."""
    wanted = [task.pet, *([task.ct] if task.ct else [])]
    if any(folder.volume(series.key, stamp_of(series)) is None for series in wanted):
        _volumes(folder, task, progress)
