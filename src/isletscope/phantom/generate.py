"""One call from scenario to scanner files and truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nibabel
import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError, OutputError
from isletscope.phantom.body import build_body, draw_person
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.placement import place_tumours
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.scanner import GRIDS, CtScan, PetScan, Scanner
from isletscope.phantom.scenario import ExamRule, Scenario, load_scenario
from isletscope.phantom.sketch import Person
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import Visit, draw_visit, random_source
from isletscope.phantom.writing_ct import write_ct
from isletscope.phantom.writing_enhanced import write_enhanced_ct, write_enhanced_pet
from isletscope.phantom.writing_pet import write_pet
from isletscope.spatial import Geometry

TRUTH_VERSION = 1
Size = Literal["small", "full"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Exam:
    visit: Visit
    pose: Pose
    pet: PetScan
    ct: CtScan


def generate(
    scenario: str | Path,
    out: Path,
    *,
    seed: int = 1,
    size: Size = "full",
    progress: Progress | None = None,
) -> Path:
    """Make one reference patient: ``out/dicom`` (scanner files), ``out/truth`` (truth.json, label maps, noise-free
    PET) and ``out/scenario.yaml``. Same scenario, seed and size give the same files.

    ``scenario``: a name or a YAML file. ``size``: ``full`` (CT 512 x 512 x 300, PET 200 x 200 x 300) or ``small``.
    ``progress(done, total)`` is called between steps. Returns ``out``. Raises InputError for a faulty scenario or a
    non-empty ``out``, OutputError when files cannot be written.
    """
    plan = load_scenario(scenario)
    if size not in GRIDS:
        raise InputError("the size is not known", subject="size", found=repr(size), expected="small or full")
    total = 4 * len(plan.exams) + 1
    tell = progress or (lambda done, count: None)
    out = out.resolve()
    working = _prepare(out)
    try:
        person, tumours, poses, body = _patient(plan, seed)
        tell(1, total)
        done = []
        for number, rule in enumerate(plan.exams):
            visit = draw_visit(plan, rule, person, seed, size)
            rng = random_source(seed, plan.name, size, "noise", rule.name)
            scanner = Scanner(body, poses[number], tuple(tumours), visit, GRIDS[size], rng)
            pet = scanner.scan_pet()
            tell(4 * number + 2, total)
            ct = scanner.scan_ct()
            tell(4 * number + 3, total)
            names = _Names(number, visit, seed)
            (write_enhanced_ct if rule.ct_form == "enhanced" else write_ct)(ct, visit, working / "dicom", names)
            tell(4 * number + 4, total)
            (write_enhanced_pet if rule.pet_form == "enhanced" else write_pet)(pet, visit, working / "dicom", names)
            if rule.uncorrected_series:
                write_pet(pet, visit, working / "dicom", names, corrected=False)
            _write_maps(pet, rule, working / "truth")
            done.append(_Exam(visit, poses[number], pet, ct))
            tell(4 * number + 5, total)
        truth = _truth(plan, seed, size, person, tumours, done)
        (working / "truth" / "truth.json").write_text(json.dumps(truth, indent=1), encoding="utf-8")
        (working / "scenario.yaml").write_text(plan.text, encoding="utf-8")
        _finish(working, out)
    except OSError as error:
        raise OutputError(
            "the reference patient cannot be written",
            subject=str(out),
            found=str(error),
            remedy="Choose another folder or free space there.",
        ) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return out


def _prepare(out: Path) -> Path:
    """An empty working folder beside ``out``; refuses to write into a folder that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            "the output folder is not empty",
            subject=str(out),
            expected="a new or empty folder",
            remedy="Name another folder or remove this one.",
        )
    working = out.parent / f".{out.name}.part"
    try:
        shutil.rmtree(working, ignore_errors=True)
        (working / "dicom").mkdir(parents=True)
        (working / "truth").mkdir()
    except OSError as error:
        raise OutputError("the folder cannot be made", subject=str(out), found=str(error)) from error
    return working


def _finish(working: Path, out: Path) -> None:
    if out.exists():
        out.rmdir()
    working.rename(out)


def _patient(plan: Scenario, seed: int) -> tuple[Person, list[Tumour], list[Pose], Any]:
    rng = random_source(seed, plan.name, "body")
    given = plan.patient
    person = draw_person(rng, given.sex, given.age_years, given.height_cm, given.weight_kg)
    body = build_body(person, draw_tissues(rng), rng)
    variation = Variation.draw(rng)
    poses = [_pose(plan, rule, body.scale, variation, seed) for rule in plan.exams]
    tumours = place_tumours(plan, body, poses[0], random_source(seed, plan.name, "tumours"))
    return person, tumours, poses, body


def _pose(plan: Scenario, rule: ExamRule, scale: Any, variation: Variation, seed: int) -> Pose:
    rng = random_source(seed, plan.name, "pose", rule.name)
    turn = rng.uniform(-1, 1, 3) * rule.turn_degrees * np.array([0.4, 0.6, 1.0])
    shift = rng.uniform(-1, 1, 3) * rule.table_shift_mm * np.array([0.5, 0.8, 1.0])
    shift[2] += float(rng.integers(-8, 9)) * 25.0
    return Pose(
        scale=scale,
        variation=variation,
        turned_degrees=(round(float(turn[0]), 3), round(float(turn[1]), 3), round(float(turn[2]), 3)),
        shift_mm=(round(float(shift[0]), 2), round(float(shift[1]), 2), round(float(shift[2]), 2)),
        bumps=draw_breathing(rng, rule.breathing_mm),
    )


class _Names:
    """File names as the vendor's export would give them: flat, without order by place, mostly without extension."""

    def __init__(self, exam: int, visit: Visit, seed: int) -> None:
        self._exam, self._vendor = exam, visit.vendor.key
        self._order = random_source(seed, visit.rule.name, "file names").permutation(4096)

    def __call__(self, kind: str, k: int) -> str:
        number = int(self._order[k])
        if self._vendor == "siemens":
            return f"REF.{kind}.{self._exam + 1:04d}.{number:05d}.IMA"
        if self._vendor == "ge":
            return f"i{self._exam}{number:05d}.{kind}DC.{k % 7}"
        return f"{kind[:1]}{self._exam}_{number:04X}"


def _affine_ras(geometry: Geometry) -> npt.NDArray[np.float64]:
    """NIfTI affine for arrays stored as [i, j, k]: LPS to RAS by turning x and y."""
    order = np.eye(4)[:, [2, 1, 0, 3]]
    return np.asarray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ geometry.affine @ order)


def _write_nifti(array: npt.NDArray[Any], geometry: Geometry, path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array.transpose(2, 1, 0)), _affine_ras(geometry)), str(path))


def _write_maps(pet: PetScan, rule: ExamRule, folder: Path) -> None:
    _write_nifti(pet.lesion_labels, pet.geometry, folder / f"{rule.name}_lesions.nii.gz")
    _write_nifti(pet.organ_labels, pet.geometry, folder / f"{rule.name}_organs.nii.gz")
    _write_nifti(pet.clean.astype(np.float32), pet.geometry, folder / f"{rule.name}_noise_free_suv.nii.gz")


def _truth(
    plan: Scenario, seed: int, size: str, person: Person, tumours: list[Tumour], exams: list[_Exam]
) -> dict[str, Any]:
    return {
        "truth_version": TRUTH_VERSION,
        "scenario": plan.name,
        "title": plan.title,
        "seed": seed,
        "size": size,
        "patient": {
            "id": exams[0].visit.patient_id,
            "name": exams[0].visit.patient_name,
            "sex": person.sex,
            "age_years": person.age_years,
            "height_cm": person.height_cm,
            "weight_kg": person.weight_kg,
        },
        "exams": [_exam_truth(exam) for exam in exams],
        "lesions": [_lesion_truth(n, tumour, exams) for n, tumour in enumerate(tumours)],
        "tumour_volume_ml": {
            exam.visit.rule.name: round(
                sum(t.volume_ml for t, truth in zip(tumours, exam.pet.lesions, strict=True) if _shows(truth.contrast)),
                4,
            )
            for exam in exams
        },
    }


def _shows(contrast: float) -> bool:
    return contrast >= 1.5


def _exam_truth(exam: _Exam) -> dict[str, Any]:
    visit, pet = exam.visit, exam.pet
    return {
        "name": visit.rule.name,
        "tracer": visit.tracer.key,
        "tracer_class": visit.tracer.tracer_class,
        "vendor": visit.vendor.key,
        "study_uid": visit.uid("study"),
        "pet_series_uid": visit.uid("pet", "series"),
        "ct_series_uid": visit.uid("ct", "series"),
        "frame_of_reference_uid": visit.uid("frame of reference"),
        "scan_start": visit.scan_start.isoformat(),
        "injection": visit.injection.isoformat(),
        "dose_mbq": visit.dose_bq / 1e6,
        "suv_per_bq_ml": visit.suv_factor,
        "resolution_fwhm_mm": round(visit.physics.fwhm_mm, 4),
        "noise_fwhm_mm": round(visit.physics.noise_fwhm_mm, 4),
        "liver_noise": round(visit.physics.liver_noise, 4),
        "pose": exam.pose.as_json(),
        "pet_grid": _grid_truth(pet.geometry),
        "ct_grid": _grid_truth(exam.ct.geometry),
        "organs": pet.organs,
        "maps": {
            "lesions": f"{visit.rule.name}_lesions.nii.gz",
            "organs": f"{visit.rule.name}_organs.nii.gz",
            "noise_free_suv": f"{visit.rule.name}_noise_free_suv.nii.gz",
        },
    }


def _grid_truth(geometry: Geometry) -> dict[str, Any]:
    return {
        "shape_kji": list(geometry.shape),
        "spacing_kji_mm": list(geometry.spacing_mm),
        "origin_lps_mm": list(geometry.origin_lps_mm),
    }


def _lesion_truth(n: int, tumour: Tumour, exams: list[_Exam]) -> dict[str, Any]:
    return {
        "id": tumour.id,
        "label": n + 1,
        "site": tumour.site,
        "place": tumour.organ,
        "volume_ml": round(tumour.volume_ml, 5),
        "diameter_mm": round(tumour.diameter_mm, 3),
        "semi_axes_mm": [round(a, 3) for a in tumour.semi_axes_mm],
        "lobulated": bool(tumour.lobes.size),
        "hu": round(tumour.hu, 1),
        "exams": {
            exam.visit.rule.name: {
                "centre_lps_mm": [round(v, 3) for v in exam.pet.lesions[n].centre_lps_mm],
                "suv": round(exam.pet.lesions[n].suv, 4),
                "background_suv": round(exam.pet.lesions[n].background_suv, 4),
                "tumour_to_background": round(exam.pet.lesions[n].contrast, 4),
                "shows": _shows(exam.pet.lesions[n].contrast),
                "suv_max_noise_free": round(exam.pet.lesions[n].suv_max_noise_free, 4),
                "suv_peak_noise_free": round(exam.pet.lesions[n].suv_peak_noise_free, 4),
            }
            for exam in exams
        },
    }
