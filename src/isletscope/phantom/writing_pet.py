"""PET as DICOM PET Image objects, as three vendors write them.

All images are decay-corrected to the start of the scan. Frame Reference Time is the offset from that moment to the
moment of average count rate of the bed, ``t_acq - t_start + ln(x / (1 - exp(-x))) / lambda`` with ``x = lambda T``
(DICOM PS3.3 C.8.9.4), and Decay Factor is ``2 ^ (Frame Reference Time / half-life)``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import PositronEmissionTomographyImageStorage

from isletscope.phantom.scanner import PetScan
from isletscope.phantom.shapes import Image
from isletscope.phantom.tables import read_table
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import (
    FileNamer,
    SeriesFacts,
    SliceWriter,
    base_dataset,
    code,
    date_text,
    decimal,
    moment_text,
    place_slice,
    set_pixels,
    set_text,
    time_text,
)

INTRAVENOUS = ("47625008", "SCT", "Intravenous route")
_RECUMBENT = ("102538003", "SCT", "recumbent")
_SUPINE = ("40199007", "SCT", "supine")
_HEADFIRST = ("102540008", "SCT", "headfirst")
_OF_ATTENUATION = ("ATTN", "SCAT")
_PHILIPS_COUNTS_PER_SUV = 1_000.0


@dataclass(frozen=True)
class Bed:
    """When one bed was acquired, and what that means for decay."""

    start: dt.datetime
    reference_ms: float
    decay_factor: float


def write_pet(scan: PetScan, visit: Visit, folder: Path, name_of: FileNamer, *, corrected: bool = True) -> list[Path]:
    """One PET Image file per slice. Returns the files, from feet to head.

    ``corrected=False`` writes a series without attenuation correction (a plain depth-weighted picture). Raises
    OutputError when a file cannot be written.
    """
    writer = SliceWriter(visit.rule.transfer_syntax)
    paths = []
    for k, dataset in enumerate(pet_slices(scan, visit, corrected=corrected)):
        paths.append(folder / name_of("PT" if corrected else "NC", k))
        writer.save(dataset, paths[-1])
    return paths


def pet_slices(scan: PetScan, visit: Visit, *, corrected: bool = True) -> Iterator[Dataset]:
    """The slices of the PET from feet to head: one dataset, changed in place from slice to slice."""
    facts, vendor = pet_facts(visit, corrected), visit.vendor
    dataset = base_dataset(visit, facts)
    dataset.SOPClassUID = PositronEmissionTomographyImageStorage
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    _series_attributes(dataset, visit, corrected, scan.geometry.shape[0])
    dataset.RadiopharmaceuticalInformationSequence = DicomSequence([_radiopharmaceutical(visit)])
    image = scan.image if corrected else uncorrected_image(scan)
    factor = _stored_unit_per_suv(visit)
    highest = float(image.max()) or 1.0
    dataset.WindowCenter, dataset.WindowWidth = decimal(5 * factor), decimal(10 * factor)
    dataset.RescaleIntercept = "0"
    beds = bed_times(visit, scan.geometry.shape[0], scan.geometry.spacing_mm[0])
    count = scan.geometry.shape[0]
    for k in range(count):
        set_text(dataset, "SOPInstanceUID", visit.uid(facts.kind, k))
        _slice_attributes(dataset, beds[k])
        number = count - k if _habits(vendor.key)["descending"] else k + 1
        dataset.ImageIndex = number
        set_text(dataset, "InstanceNumber", str(number))
        place_slice(dataset, scan.geometry, k)
        top = float(image[k].max()) if vendor.slope_per_slice else highest
        slope = float(decimal(max(top, 1e-6) * factor / 32767.0))
        set_text(dataset, "RescaleSlope", decimal(slope))
        stored = np.rint(image[k] * (factor / slope))
        set_pixels(dataset, np.clip(stored, 0, 32767), vendor.signed)
        yield dataset


def pet_facts(visit: Visit, corrected: bool) -> SeriesFacts:
    """What tells the PET series from the others of its visit."""
    opened = visit.scan_start - dt.timedelta(seconds=visit.series_lead_s)
    words = _habits(visit.vendor.key)["corrected" if corrected else "uncorrected"]
    return SeriesFacts("pet" if corrected else "nac", "PT", 4 if corrected else 5, words, opened)


@lru_cache(maxsize=8)
def _habits(vendor: str) -> dict[str, Any]:
    habits: dict[str, Any] = read_table("writing_pet.yaml")["vendors"][vendor]
    return habits


def _stored_unit_per_suv(visit: Visit) -> float:
    """Bq/mL (or counts, for Philips) that stand for SUVbw 1."""
    if visit.vendor.units == "CNTS":
        return _PHILIPS_COUNTS_PER_SUV
    return 1.0 / visit.suv_factor


def uncorrected_image(scan: PetScan) -> Image:
    """A stand-in for an image without attenuation correction [k, j, i]: deep voxels darker, skin and lungs brighter."""
    inside = scan.clean > 0.05
    weights = np.ones_like(scan.image)
    for k in range(scan.image.shape[0]):
        rows = inside[k].any(axis=1)
        if rows.any():
            y = np.flatnonzero(rows)
            middle, half = (y[0] + y[-1]) / 2, max((y[-1] - y[0]) / 2, 1)
            across = (np.arange(scan.image.shape[1]) - middle) / half
            weights[k] = np.clip(0.25 + 0.75 * across[:, None] ** 2, 0.25, 1.2)
    return np.asarray(scan.image * weights, dtype=np.float32)


def bed_times(visit: Visit, slices: int, slice_mm: float) -> list[Bed]:
    """Bed timing of every slice, from the thighs up."""
    physics = visit.physics
    step = physics.bed_mm * (1 - physics.bed_overlap)
    decay = math.log(2) / visit.radiotracer.half_life_s
    duration = visit.bed_seconds
    x = decay * duration
    average = math.log(x / (1 - math.exp(-x))) / decay
    beds = []
    for k in range(slices):
        number = int(k * slice_mm / step)
        start = visit.scan_start + dt.timedelta(seconds=number * (duration + 4))
        offset = (start - visit.scan_start).total_seconds() + average
        beds.append(Bed(start, offset * 1000, 2.0 ** (offset / visit.radiotracer.half_life_s)))
    return beds


def _slice_attributes(dataset: Dataset, bed: Bed) -> None:
    for about in ("Acquisition", "Content"):
        set_text(dataset, f"{about}Date", date_text(bed.start))
        set_text(dataset, f"{about}Time", time_text(bed.start))
    set_text(dataset, "FrameReferenceTime", decimal(round(bed.reference_ms, 3)))
    set_text(dataset, "DecayFactor", decimal(round(bed.decay_factor, 7)))


def _series_attributes(dataset: Dataset, visit: Visit, corrected: bool, slices: int) -> None:
    dataset.SeriesType = ["WHOLE BODY", "IMAGE"]
    dataset.NumberOfSlices = slices
    habits = _habits(visit.vendor.key)
    dataset.Units = visit.vendor.units if corrected else habits["uncorrected_units"]
    dataset.CountsSource = "EMISSION"
    dataset.CorrectedImage = [c for c in habits["corrections"] if corrected or c not in _OF_ATTENUATION]
    dataset.DecayCorrection = "START"
    dataset.RandomsCorrectionMethod = "DLYD"
    if corrected:
        dataset.AttenuationCorrectionMethod = "measured,AC_CT"
        dataset.ScatterCorrectionMethod = "Model-based"
    dataset.ReconstructionMethod = habits["reconstruction"]
    if habits["kernel"]:
        dataset.ConvolutionKernel = habits["kernel"]
    dataset.CollimatorType = "NONE"
    dataset.ActualFrameDuration = str(int(visit.bed_seconds * 1000))
    dataset.AcquisitionNumber = 1
    dataset.PatientOrientationCodeSequence = code(_RECUMBENT)
    dataset.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = code(_SUPINE)
    dataset.PatientGantryRelationshipCodeSequence = code(_HEADFIRST)
    _private_attributes(dataset, visit, corrected)


def _private_attributes(dataset: Dataset, visit: Visit, corrected: bool) -> None:
    """What SUV software looks for: GE's and Siemens' moment of decay correction, Philips' scale factors.

    Philips' factors are 0 ("not convertible") where attenuation was not corrected.
    """
    if visit.vendor.key == "ge":
        block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", moment_text(visit.scan_start))
        block.add_new(0x36, "LO", visit.radiotracer.name)
        block.add_new(0x3B, "DT", moment_text(visit.injection))
        block.add_new(0x3F, "FL", visit.radiotracer.half_life_s)
    elif visit.vendor.key == "philips":
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        suv_per_count = 1.0 / _PHILIPS_COUNTS_PER_SUV if corrected else 0.0
        block.add_new(0x00, "DS", decimal(suv_per_count))
        block.add_new(0x09, "DS", decimal(suv_per_count / visit.suv_factor))
    else:
        block = dataset.private_block(0x0071, "SIEMENS MED PT", create=True)
        block.add_new(0x22, "DT", moment_text(visit.scan_start))


def _radiopharmaceutical(visit: Visit) -> Dataset:
    tracer = visit.radiotracer
    item = Dataset()
    item.Radiopharmaceutical = tracer.name
    item.RadiopharmaceuticalVolume = "5"
    item.RadiopharmaceuticalStartTime = time_text(visit.injection)
    item.RadiopharmaceuticalStartDateTime = moment_text(visit.injection)
    item.RadionuclideTotalDose = decimal(visit.dose_bq)
    item.RadionuclideHalfLife = decimal(tracer.half_life_s)
    item.RadionuclidePositronFraction = decimal(tracer.positron_fraction)
    item.AdministrationRouteCodeSequence = code(INTRAVENOUS)
    item.RadionuclideCodeSequence = code(tracer.radionuclide)
    item.RadiopharmaceuticalCodeSequence = code(tracer.code)
    return item
