"""Figures measured on the scanner files of a made patient, each beside what is true of it.

The truth says only where to look and what to compare with. See measured.yaml for the patient that this is meant for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from scipy import ndimage

from tests.phantom.measuring.contact import course_of, measure_contact
from tests.phantom.measuring.files import Array, Series, Stack, read_folder
from tests.phantom.measuring.theory import FWHM_TO_SIGMA, recovery_in_voxels
from tests.phantom.measuring.volume import half_contrast_volume, radial_volume

_CORE = 0.55
# Nodes on each side of a point that the cubic interpolation of a field uses.
_AROUND = 8
_SEGMENTS = range(1, 9)


@dataclass(frozen=True)
class Figure:
    """Something measured and what it should be, in the same unit."""

    measured: float
    true: float

    @property
    def percent(self) -> float:
        """Measured against true, in percent of it."""
        return 100.0 * (self.measured - self.true) / self.true

    @property
    def off(self) -> float:
        """Measured minus true."""
        return self.measured - self.true


class MadePatient:
    """A patient's scanner files and truth."""

    def __init__(self, folder: Path) -> None:
        self._truth_folder = folder / "truth"
        self.truth: dict[str, Any] = json.loads((self._truth_folder / "truth.json").read_text(encoding="utf-8"))
        self.exams = {exam["name"]: exam for exam in self.truth["exams"]}
        self.lesions = {lesion["id"]: lesion for lesion in self.truth["lesions"]}
        self._dicom = folder / "dicom"
        self._fields: dict[tuple[str, str], Stack] = {}
        self._series: dict[str, Series] = {}

    def series(self, uid: str) -> Series:
        """A series by its UID, read once."""
        if uid not in self._series:
            self._series |= read_folder(self._dicom, lambda header: str(header.SeriesInstanceUID) == uid)
        return self._series[uid]

    def stacks(self, exam: str, role: str) -> Stack:
        """A series of an exam by its role in the truth."""
        entries = self.exams[exam]["series"]
        entry = next(entry for entry in entries if entry["role"] == role)
        together = [other for other in entries if other["uid"] == entry["uid"]]
        return self.series(entry["uid"]).stacks()[together.index(entry)]

    def mask(self, exam: str, grid: str, what: str) -> Stack:
        """A label map of the truth: where to look."""
        return _nifti(self._truth_folder / self.exams[exam]["masks"][grid][what])

    def field(self, exam: str, which: str) -> Stack:
        """A displacement field; the image's last axis holds x, y, z in LPS mm."""
        if (exam, which) not in self._fields:
            self._fields[exam, which] = _nifti(self._truth_folder / self.exams[exam]["deformation"][which])
        return self._fields[exam, which]

    def centre(self, lesion: str, exam: str) -> Array:
        """Where a lesion lies in an exam, LPS mm."""
        return np.array(self.lesions[lesion]["exams"][exam]["centre_lps_mm"])


def _nifti(path: Path) -> Stack:
    image: Any = nibabel.load(str(path))
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine)
    array = np.squeeze(np.asarray(image.dataobj))
    return Stack(array.transpose(2, 1, 0, *range(3, array.ndim)), affine[:, [2, 1, 0, 3]])


def volume(patient: MadePatient, exam: str, lesion: str) -> Figure:
    """Volume (mL) of a lesion of the liver on the detail of a CT, at half contrast."""
    stack = patient.stacks(exam, "detail")
    reach = 0.6 * float(patient.lesions[lesion]["diameter_mm"])
    found = half_contrast_volume(stack, patient.centre(lesion, exam), reach)
    return Figure(found.volume_ml, float(patient.lesions[lesion]["exams"][exam]["volume_ml"]))


def volume_between_tissues(patient: MadePatient, exam: str, lesion: str) -> Figure:
    """Volume (mL) of a lesion with several neighbours on the detail of a CT, by rays from its centre."""
    stack = patient.stacks(exam, "detail")
    found = radial_volume(stack, patient.centre(lesion, exam), 0.55 * float(patient.lesions[lesion]["diameter_mm"]))
    return Figure(found.volume_ml, float(patient.lesions[lesion]["exams"][exam]["volume_ml"]))


def recovery(patient: MadePatient, exam: str, lesion: str) -> Figure:
    """Recovery of the highest voxel of a round lesion on a PET without noise, against theory."""
    facts, there = patient.exams[exam], patient.lesions[lesion]["exams"][exam]
    stack, centre = patient.stacks(exam, "pet"), patient.centre(lesion, exam)
    radius = float(patient.lesions[lesion]["diameter_mm"]) / 2
    window, points = stack.box(centre, radius)
    flat = points.reshape(-1, 3)
    suv = stack.image[window].ravel() * float(facts["suv_per_bq_ml"])
    sigma = float(facts["resolution_fwhm_mm"]) * FWHM_TO_SIGMA
    predicted = recovery_in_voxels(flat, stack.affine[:3, :3], centre, radius, sigma)
    highest = int(predicted.argmax())
    background = float(facts["organs"]["liver"]["mean_suv"])
    return Figure((suv[highest] - background) / (float(there["suv"]) - background), float(predicted[highest]))


def contact_degrees(patient: MadePatient, exam: str, lesion: str, vessel: str) -> dict[str, Figure]:
    """Largest contact angle of a lesion with a vessel on the detail of a CT, by tolerance (mm)."""
    stack = patient.stacks(exam, "detail")
    labels, label = patient.mask(exam, "ct_detail", "structures"), patient.truth["structures"][vessel]["label"]
    centre = patient.centre(lesion, exam)
    course = course_of(labels.image == label, labels)
    reach = 0.5 * float(patient.lesions[lesion]["diameter_mm"]) + 10.0
    near = course[np.linalg.norm(course - centre, axis=1) < reach]
    built = patient.lesions[lesion]["exams"][exam]["vessel_contact"][vessel]["by_tolerance_mm"]
    measured = measure_contact(stack, near, _well_inside(patient, exam, lesion))
    return {
        tolerance: Figure(measured.degrees_max(float(tolerance)), float(true["degrees_max_median_3mm"]))
        for tolerance, true in built.items()
    }


def _well_inside(patient: MadePatient, exam: str, lesion: str) -> Array:
    """The place (LPS mm) deepest in a lesion on the detail; its centre may lie in a vessel that it surrounds."""
    lesions = patient.mask(exam, "ct_detail", "lesions")
    depth = ndimage.distance_transform_edt(lesions.image == int(patient.lesions[lesion]["label"]))
    deepest = np.array(np.unravel_index(int(depth.argmax()), depth.shape), dtype=np.float64)
    return np.asarray(lesions.points(deepest[None])[0])


def adc(patient: MadePatient, exam: str, lesion: str) -> Figure:
    """Mean ADC (1e-6 mm2/s) of a lesion's core on the written map."""
    stack, centre = patient.stacks(exam, "adc"), patient.centre(lesion, exam)
    return Figure(_core_mean(stack, centre, patient.lesions[lesion]), _true_adc(patient, exam, lesion))


def adc_from_images(patient: MadePatient, exam: str, lesion: str) -> Figure:
    """ADC of a lesion's core fitted here to the written images of b 50, 400 and 800 s/mm2."""
    centre, b_values = patient.centre(lesion, exam), np.array([50.0, 400.0, 800.0])
    signals = [_core_mean(patient.stacks(exam, f"dwi_b{b:.0f}"), centre, patient.lesions[lesion]) for b in b_values]
    slope = np.polyfit(b_values, np.log(signals), 1)[0]
    return Figure(float(-slope * 1e6), _true_adc(patient, exam, lesion))


def _true_adc(patient: MadePatient, exam: str, lesion: str) -> float:
    return float(patient.lesions[lesion]["exams"][exam]["parts"][0]["appearance"]["adc"])


def _core_mean(stack: Stack, centre: Array, lesion: dict[str, Any]) -> float:
    window, points = stack.box(centre, float(lesion["diameter_mm"]))
    distance = np.linalg.norm(points - centre, axis=-1)
    core = distance <= max(_CORE * float(lesion["diameter_mm"]) / 2, 1.01 * distance.min())
    return float(stack.image[window][core].mean())


def landmark_errors_mm(patient: MadePatient) -> list[float]:
    """Every lesion taken from every exam to every other by the written fields, against where it lies there."""
    errors = []
    for lesion in patient.lesions:
        names = [name for name in patient.exams if name in patient.lesions[lesion]["exams"]]
        for first in names:
            point = _moved(patient.field(first, "to_personal"), patient.centre(lesion, first))
            for second in names:
                there = _moved(patient.field(second, "to_scanner"), point)
                errors.append(float(np.linalg.norm(there - patient.centre(lesion, second))))
    return errors


def _moved(field: Stack, point: Array) -> Array:
    index = field.index(point[None])[0]
    low = np.maximum(np.floor(index).astype(int) - _AROUND, 0)
    near = field.image[tuple(slice(n, n + 2 * _AROUND + 1) for n in low)]
    within = (index - low)[:, None]
    shift = [ndimage.map_coordinates(near[..., n], within, order=3)[0] for n in range(3)]
    return np.asarray(point + np.array(shift, dtype=np.float64))


def segment_volumes(patient: MadePatient, exam: str, grid: str) -> dict[int, Figure]:
    """Volume (mL) of the liver's segments, counted in a written mask."""
    labels, table = patient.mask(exam, grid, "structures"), patient.truth["structures"]
    counts = np.bincount(labels.image.ravel().astype(np.int64), minlength=256) * labels.voxel_ml
    true = patient.truth["anatomy"]["liver_segments_ml"]
    return {n: Figure(float(counts[table[f"liver_segment_{n}"]["label"]]), float(true[str(n)])) for n in _SEGMENTS}
