"""A small case on disk: a liver lesion outlined on one PET; a second PET, CT and MR in frames of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isletscope.model import (
    Assessment,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Focus,
    GridDescription,
    Lesion,
    OrganFinding,
    Patient,
    ReadingOfImages,
    ReadingOfPet,
    ReferenceRegion,
    Role,
    Series,
    Software,
    State,
    Tracer,
    TracerClass,
    Verdict,
    measured,
    missing,
)
from isletscope.reading import CaseFolder, write_label_map
from isletscope.reading.time_points import time_points
from isletscope.spatial import ARBITRARY, HOUNSFIELD, SUV_BODY_WEIGHT, Geometry, Transform, Volume

SHAPE, SPACING, ORIGIN = (24, 32, 32), (3.0, 3.0, 3.0), (-46.5, -46.5, -34.5)
SHIFT_MM = 10.0
ROLES = {
    "pet-1": (Role.PET, "sstr"),
    "pet-2": (Role.PET, "fdg"),
    "ct-1": (Role.CT_UNENHANCED, ""),
    "ct-2": (Role.CT_ARTERIAL, ""),
    "mr-1": (Role.MR_T2_FAT_SATURATED, ""),
}
EXAM_OF = {"pet-1": "exam-1", "pet-2": "exam-2", "ct-1": "exam-3", "ct-2": "exam-3", "mr-1": "exam-4"}
LEVELS = {
    "pet-1": (20.0, 4.0),
    "pet-2": (2.1, 2.0),
    "ct-1": (40.0, 55.0),
    "ct-2": (130.0, 70.0),
    "mr-1": (300.0, 150.0),
}
QUANTITY = {"pet": SUV_BODY_WEIGHT, "ct": HOUNSFIELD, "mr": ARBITRARY}


def grid(key: str) -> Geometry:
    """CT and MR lie 10 mm to the left of the PETs."""
    shift = 0.0 if key.startswith("pet") else SHIFT_MM
    return Geometry(SHAPE, SPACING, (ORIGIN[0] + shift, ORIGIN[1], ORIGIN[2]))


def distance_mm() -> np.ndarray:
    """Of every voxel from the lesion's centre, the same for all grids."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), axis=-1)
    return np.linalg.norm((index - (np.asarray(SHAPE) - 1) / 2) * 3.0, axis=-1)


def small_case(path: Path, radius_mm: float = 9.0, **changes: Any) -> tuple[Case, CaseFolder]:
    """The case and its folder with volumes and label maps; ``changes`` go into the lesion."""
    folder = CaseFolder.prepare(path)
    inside, liver = distance_mm() <= radius_mm, distance_mm() <= 32.0
    for key, (lesion, around) in LEVELS.items():
        noise = np.random.default_rng(5).normal(0, 0.02 * around, SHAPE)
        image = np.where(inside, lesion, np.where(liver, around, 0.0)) + noise
        folder.keep_volume(key, Volume(image.astype(np.float32), grid(key), QUANTITY[key.split("-")[0]]))
    empty = np.zeros(SHAPE, dtype=np.uint16)
    for key in ("pet-1", "pet-2"):
        write_label_map(
            path / f"masks/{key}_foci.nii.gz", (inside if key == "pet-1" else empty).astype(np.uint16), grid(key)
        )
        write_label_map(path / f"masks/{key}_organs.nii.gz", np.where(liver, 7, 0).astype(np.uint8), grid(key))
    case = Case(
        software=Software(version="0", created="2026-11-01T00:00:00+00:00"),
        patient=Patient(id="A"),
        exams=[_exam(key) for key in ("exam-1", "exam-2", "exam-3", "exam-4")],
        readings=[_pet("pet-1", [_focus()]), _pet("pet-2", [])],
        lesions=[
            Lesion.model_validate(
                {
                    "id": "L1",
                    "tracking_uid": "2.25.1",
                    "site": "liver",
                    "compartment": Compartment.LIVER,
                    "verdict": Verdict.TUMOUR,
                    "focus_ids": ["pet-1/1"],
                    **changes,
                }
            )
        ],
    )
    case.time_points = time_points(case)
    return case, folder


def transforms() -> dict[str, Transform]:
    """Reference frame: that of the PETs."""
    moved = np.eye(4)
    moved[0, 3] = SHIFT_MM
    return {key: Transform(np.eye(4) if key.startswith("pet") else moved) for key in ROLES}


class Volumes:
    """The volumes of a case folder, as a source of series."""

    def __init__(self, folder: CaseFolder) -> None:
        self._folder = folder

    def volume(self, key: str) -> Volume:
        """The kept volume."""
        found = self._folder.volume(key)
        assert found is not None
        return found


def ct_reading(**parts: Any) -> ReadingOfImages:
    """A reading of the CT without foci."""
    return ReadingOfImages(exam_key="exam-3", kind=ExamKind.CT, series_key="ct-2", **parts)


def _exam(key: str) -> Exam:
    series = [_series(one) for one in ROLES if EXAM_OF[one] == key]
    return Exam(key=key, study_uid=key, patient_id="A", date=f"2026-10-0{key[-1]}", title=key, series=series)


def _series(key: str) -> Series:
    role, tracer = ROLES[key]
    here = grid(key)
    return Series(
        key=key, series_uid=f"2.25.{key}", modality={"p": "PT", "c": "CT", "m": "MR"}[key[0]], role=role,
        role_because="test", instance_count=24, fingerprint=key, frame_of_reference_uid=EXAM_OF[key],
        tracer=Tracer(tracer_class=TracerClass(tracer), name=tracer, because="test") if tracer else None,
        grid=GridDescription(
            shape_kji=here.shape, spacing_kji_mm=here.spacing_mm, origin_lps_mm=here.origin_lps_mm,
            axes_lps=here.axes_lps,
        ),
    )  # fmt: skip


def _pet(key: str, foci: list[Focus]) -> ReadingOfPet:
    means = {"liver": LEVELS[key][1], "blood_pool": 1.5}
    return ReadingOfPet(
        series_key=key, tracer_class=TracerClass(ROLES[key][1]), foci=foci, foci_map=f"masks/{key}_foci.nii.gz",
        organ_map=f"masks/{key}_organs.nii.gz", organs=[OrganFinding(name="liver", state=State.DERIVED, label=7)],
        references=[ReferenceRegion(name=name, state=State.MEASURED, mean=mean) for name, mean in means.items()],
    )  # fmt: skip


def _focus() -> Focus:
    return Focus(
        id="pet-1/1", series_key="pet-1", label=1, site="liver", site_code="liver", verdict=Verdict.TUMOUR,
        assessment=Assessment(name="verdict", state=State.DERIVED, value="tumour"),
        centroid_lps_mm=(0.0, 0.0, 0.0), maximum_lps_mm=(0.0, 0.0, 0.0), threshold=missing("threshold", "test"),
        delineation="test",
        measurements={
            "volume": measured("volume", 3.0, "mL"), "suv_max": measured("SUVmax", 20.0, "g/mL"),
            "suv_peak_global": measured("SUVpeak", 19.0, "g/mL"), "to_liver": measured("ratio", 5.0),
        },
    )  # fmt: skip
