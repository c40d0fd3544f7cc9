"""One exam from scene to files: scanned, written as DICOM, its truth maps written, its truth told. By kind of exam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError
from isletscope.phantom.ct_series import CtSeries, ct_protocol
from isletscope.phantom.deformation import write_deformation
from isletscope.phantom.lesion_truth import lesion_truths
from isletscope.phantom.maps import write_map
from isletscope.phantom.motion import motion_truth
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_series import mr_series_facts
from isletscope.phantom.render import Labels, Scene
from isletscope.phantom.scanner import Grids, PetScan
from isletscope.phantom.scanner_ct import CtExam, scan_ct, scan_low_dose_ct
from isletscope.phantom.scanner_mr import scan_mr
from isletscope.phantom.scanner_pet import scan_pet
from isletscope.phantom.visit import Visit, random_source
from isletscope.spatial import Geometry

Tell = Callable[[], None]
# A part of an exam's truth, and what is known of its lesions by id.
Piece = tuple[dict[str, Any], dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class ExamJob:
    """What one exam needs; nothing of it is shared in a way that another exam could change.

    ``folder``: where ``dicom`` and ``truth`` lie. ``seed``, ``scenario``: for random sources.
    """

    number: int
    visit: Visit
    scene: Scene
    size: str
    grids: Grids
    seed: int
    scenario: str
    folder: Path
    tell: Tell = lambda: None

    @property
    def name(self) -> str:
        """The exam's name."""
        return self.visit.rule.name

    def random_of(self, *purpose: object) -> np.random.Generator:
        """A random source of this exam for one purpose."""
        return random_source(self.seed, self.scenario, self.size, self.name, *purpose)

    def map_path(self, what: str) -> Path:
        """File of a truth map."""
        return self.folder / "truth" / f"{self.name}_{what}.nii.gz"


@dataclass(frozen=True)
class ExamOutcome:
    """What remains of an exam once its files are written: its truth, and its truth of each lesion by id."""

    visit: Visit
    scene: Scene
    truth: dict[str, Any]
    lesions: dict[str, dict[str, Any]]


class FileNames:
    """File names as the vendor's export would give them: flat, without order by place, mostly without extension."""

    def __init__(self, exam: int, visit: Visit, seed: int) -> None:
        self._exam, self._vendor = exam, visit.vendor.key
        self._order = random_source(seed, visit.rule.name, "file names").permutation(4096)

    def __call__(self, kind: str, k: int) -> str:
        """Name of file ``k`` of a series; ``kind``: two letters, unique to the series within the exam."""
        number = int(self._order[k])
        if self._vendor == "siemens":
            return f"REF.{kind}.{self._exam + 1:04d}.{number:05d}.IMA"
        if self._vendor == "ge":
            return f"i{self._exam}{number:05d}.{kind}DC.{k % 7}"
        return f"{kind}{self._exam}_{number:04X}"


@dataclass(frozen=True)
class Task:
    """A piece of an exam that can be done apart from the others; ``work``: about how long it takes, in any unit.

    ``do`` gives a part of the exam's truth, and what it knows of the lesions by id.
    """

    job: ExamJob
    work: float
    do: Callable[[ExamJob], Piece]


def tasks_of(job: ExamJob) -> tuple[Task, ...]:
    """What there is to do for one exam of any kind. A task raises InputError for a scene that cannot be scanned so."""
    return tuple(Task(job, work, do) for work, do in _TASKS[job.visit.rule.kind])


def outcome_of(job: ExamJob, pieces: Sequence[Piece]) -> ExamOutcome:
    """An exam put together from what its tasks gave, in their order."""
    truth: dict[str, Any] = {}
    lesions: dict[str, dict[str, Any]] = {}
    for facts, known in pieces:
        for key, value in facts.items():
            truth[key] = {**truth[key], **value} if isinstance(value, dict) and key in truth else value
        for name, told in known.items():
            lesions[name] = {**lesions.get(name, {}), **told}
    return ExamOutcome(job.visit, job.scene, truth, lesions)


def steps_of(kind: str) -> int:
    """How many times ``tell`` is called for an exam of this kind."""
    return {"pet_ct": 4, "ct": 2, "mr": 2}[kind]


def lesions_at(scene: Scene, kind: str) -> dict[str, dict[str, Any]]:
    """What is true by construction of each lesion of an exam of that kind, by id."""
    known = lesion_truths(scene.lesions, scene.pose, scene.body, contact=kind != "pet_ct")
    return {
        lesion.id: {
            "centre_lps_mm": [round(float(v), 3) for v in centre],
            "diameter_mm": round(lesion.diameter_mm, 3),
            **known[lesion.id],
        }
        for lesion, centre in zip(scene.lesions, scene.centres(scene.lesions), strict=True)
    }


def grid_truth(geometry: Geometry) -> dict[str, Any]:
    """A grid for truth.json."""
    return {
        "shape_kji": list(geometry.shape),
        "spacing_kji_mm": list(geometry.spacing_mm),
        "origin_lps_mm": list(geometry.origin_lps_mm),
    }


def _truth(job: ExamJob) -> Piece:
    return _common_truth(job), lesions_at(job.scene, job.visit.rule.kind)


def _pet(job: ExamJob) -> Piece:
    visit = job.visit
    pet = scan_pet(job.scene, visit, job.grids, job.random_of("pet noise"))
    job.tell()
    _files().write_pet_exam(pet, visit, job.folder / "dicom", FileNames(job.number, visit, job.seed))
    maps = _pet_maps(job, pet)
    job.tell()
    grid = grid_truth(pet.geometry)
    truth = pet_truth(visit, pet) | {
        "maps": maps,
        "series": [
            series_truth("pet", "PT", visit.uid("pet", "series"), "pet"),
            series_truth("low_dose_ct", "CT", visit.uid("ct", "series"), "ct"),
        ],
        "grids": {"pet": grid},
        "masks": {"pet": {name: maps[name] for name in ("lesions", "structures")}},
    }
    return truth, pet_lesions(pet)


def _low_dose_ct(job: ExamJob) -> Piece:
    ct = scan_low_dose_ct(job.scene, job.visit, job.grids, job.random_of("ct noise"))
    job.tell()
    _files().write_low_dose_ct(ct, job.visit, job.folder / "dicom", FileNames(job.number, job.visit, job.seed))
    job.tell()
    grid = grid_truth(ct.geometry)
    return {"ct_grid": grid, "grids": {"ct": grid}}, {}


def _pet_maps(job: ExamJob, pet: PetScan) -> dict[str, str]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "lesions": pet.lesion_labels,
        "organs": pet.organ_labels,
        "structures": pet.structure_labels,
        "noise_free_suv": pet.clean,
    }
    return {what: write_map(array, pet.geometry, job.map_path(what)) for what, array in arrays.items()}


def pet_truth(visit: Visit, pet: PetScan) -> dict[str, Any]:
    """What is true of a PET, for truth.json."""
    return {
        "tracer": visit.radiotracer.key,
        "tracer_class": visit.radiotracer.tracer_class,
        "pet_series_uid": visit.uid("pet", "series"),
        "ct_series_uid": visit.uid("ct", "series"),
        "injection": visit.injection.isoformat(),
        "dose_mbq": visit.dose_bq / 1e6,
        "bed_seconds": visit.bed_seconds,
        "suv_per_bq_ml": visit.suv_factor,
        "resolution_fwhm_mm": round(visit.physics.fwhm_mm, 4),
        "resolution_note": "Gaussian of this FWHM, then the mean over the voxel (a box)",
        "respiratory_motion": motion_truth(visit.rule.respiratory_motion_mm),
        "noise_fwhm_mm": round(visit.physics.noise_fwhm_mm, 4),
        "liver_noise": round(visit.physics.liver_noise, 4),
        "pet_grid": grid_truth(pet.geometry),
        "organs": pet.organs,
    }


def pet_lesions(pet: PetScan) -> dict[str, dict[str, Any]]:
    """What is true of each lesion of a PET, by id."""
    return {
        lesion.id: {
            "suv": round(lesion.suv, 4),
            "background_suv": round(lesion.background_suv, 4),
            "tumour_to_background": round(lesion.contrast, 4),
            "shows": shows(lesion.contrast),
            "suv_max_noise_free": round(lesion.suv_max_noise_free, 4),
            "suv_peak_noise_free": round(lesion.suv_peak_noise_free, 4),
            "suv_mean_noise_free": round(lesion.suv_mean_noise_free, 4),
        }
        for lesion in pet.lesions
    }


def shows(contrast: float) -> bool:
    """Whether uptake of this ratio to its surroundings is expected to be seen."""
    return contrast >= 1.5


def _ct(job: ExamJob) -> Piece:
    visit, rule = job.visit, job.visit.rule
    detail_phase = rule.detail.phase if rule.detail else None
    _check_detail(job)
    protocol = ct_protocol(visit, rule.phases, detail_phase=detail_phase)
    exam = scan_ct(job.scene, visit, rule, job.grids, job.random_of)
    job.tell()
    names = FileNames(job.number, visit, job.seed)
    _files().write_ct_exam(exam, visit, protocol, job.folder / "dicom", names)
    truth = _ct_truth(job, exam, protocol)
    job.tell()
    return truth, {}


def _check_detail(job: ExamJob) -> None:
    detail = job.visit.rule.detail
    ids = [lesion.id for lesion in job.scene.lesions] if detail else []
    if detail and detail.around not in ids:
        raise InputError(
            "there is no lesion of that name for the detail of this exam",
            subject=f"exam '{job.name}', line {detail.line}",
            found=f"'{detail.around}'",
            expected=", ".join(ids) or "a scenario with lesions",
        )


def _ct_truth(job: ExamJob, exam: CtExam, protocol: tuple[CtSeries, ...]) -> dict[str, Any]:
    visit, geometry = job.visit, next(iter(exam.scans.values())).geometry
    grids = {"ct": grid_truth(geometry)}
    masks = {"ct": _mask_files(job, "ct", geometry, exam.lesions, exam.structures)}
    if exam.detail:
        fine = exam.detail.scan.geometry
        grids["ct_detail"] = grid_truth(fine)
        masks["ct_detail"] = _mask_files(job, "ct_detail", fine, exam.detail.lesions, exam.detail.structures)
    series = [
        series_truth("detail" if entry.key == "ct_detail" else "phase", "CT", visit.uid(entry.key, "series"),
                "ct_detail" if entry.key == "ct_detail" else "ct", phase=entry.phase, start=entry.start.isoformat())
        for entry in protocol
    ]  # fmt: skip
    poses = {phase: pose.as_json() for phase, pose in exam.poses.items()} if visit.rule.phase_shift_mm > 0 else {}
    return {"grids": grids, "masks": masks, "series": series, "mask_phase": exam.reference, "phase_poses": poses}


def _mr(job: ExamJob) -> Piece:
    visit = job.visit
    exam = scan_mr(job.scene, visit.rule.mr or MrRule(), job.size, job.random_of)
    job.tell()
    _files().write_mr(exam, visit, job.folder / "dicom", FileNames(job.number, visit, job.seed))
    facts = mr_series_facts(exam, visit).items()
    truth = {
        "agent": exam.rule.agent,
        "series": [{"role": key, "modality": "MR", "uid": f["series_uid"], "grid": f["hold"], **f} for key, f in facts],
        "grids": {key: grid_truth(hold.geometry) for key, hold in exam.holds.items()},
        "breath_holds": {key: hold.as_json() for key, hold in exam.holds.items()},
        "masks": {key: _mask_files(job, key, hold.geometry, hold.lesions, hold.structures)
                  for key, hold in exam.holds.items()},
    }  # fmt: skip
    job.tell()
    return truth, {}


def _mask_files(job: ExamJob, grid: str, geometry: Geometry, lesions: Labels, structures: Labels) -> dict[str, str]:
    """Write the masks of one grid; their file names."""
    return {
        "lesions": write_map(lesions, geometry, job.map_path(f"{grid}_lesions")),
        "structures": write_map(structures, geometry, job.map_path(f"{grid}_structures")),
    }


def series_truth(role: str, modality: str, uid: str, grid: str, **more: Any) -> dict[str, Any]:
    """A series for truth.json."""
    return {"role": role, "modality": modality, "uid": uid, "grid": grid, **more}


def _common_truth(job: ExamJob) -> dict[str, Any]:
    return visit_truth(job.visit, job.scene) | {
        "deformation": write_deformation(job.scene, job.folder / "truth", job.name)
    }


def visit_truth(visit: Visit, scene: Scene) -> dict[str, Any]:
    """What every kind of exam says of itself in truth.json."""
    return {
        "name": visit.rule.name,
        "kind": visit.rule.kind,
        "time_point": visit.rule.time_point,
        "date": visit.rule.date.isoformat(),
        "vendor": visit.vendor.key,
        "study_uid": visit.uid("study"),
        "frame_of_reference_uid": visit.uid("frame of reference"),
        "scan_start": visit.scan_start.isoformat(),
        "pose": scene.pose.as_json(),
    }


def _files() -> ModuleType:
    """The writers; loaded when the first exam is scanned, while others are still being painted."""
    from isletscope.phantom import exam_files

    return exam_files


_TASKS: dict[str, tuple[tuple[float, Callable[[ExamJob], Piece]], ...]] = {
    "pet_ct": ((1.0, _truth), (4.0, _pet), (2.5, _low_dose_ct)),
    "ct": ((2.0, _truth), (4.0, _ct)),
    "mr": ((2.0, _truth), (3.0, _mr)),
}
