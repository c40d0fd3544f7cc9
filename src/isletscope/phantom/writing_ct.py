"""CT as DICOM CT Image objects: low-dose CT of a PET, contrast phases, localizer and bolus tracking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from isletscope.phantom.ct_series import (
    CtHabits,
    CtSeries,
    ct_habits,
    localizer_series,
    low_dose_series,
    technique,
    tracking_series,
)
from isletscope.phantom.scanner import CtScan
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import (
    FileNamer,
    SeriesFacts,
    SliceWriter,
    base_dataset,
    code,
    date_text,
    decimal,
    place_slice,
    set_pixels,
    set_text,
    time_text,
)

BODY_PHANTOM = ("113691", "DCM", "IEC Body Dosimetry Phantom")
_TRACKING_FRAMES = 8
_TRACKING_HEIGHT = 0.6


def write_ct(
    scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer, series: CtSeries | None = None
) -> list[Path]:
    """One CT Image file per slice, HU stored as the vendor does. ``series``: None is the low-dose CT of a PET/CT.

    Returns the files, from feet to head. Raises OutputError when one cannot be written.
    """
    series = series or low_dose_series(visit)
    writer = SliceWriter(visit.rule.transfer_syntax)
    paths = []
    for k, dataset in enumerate(ct_slices(scan, visit, series)):
        paths.append(folder / name_of(series.file_kind, k))
        writer.save(dataset, paths[-1])
    return paths


def ct_slices(scan: CtScan, visit: Visit, series: CtSeries) -> Iterator[Dataset]:
    """The slices of a series from feet to head: one dataset, changed in place from slice to slice."""
    habits = ct_habits(visit.vendor.key)
    dataset = ct_series_dataset(scan, visit, series)
    count = scan.geometry.shape[0]
    for k in range(count):
        number = count - k if habits.descending else k + 1
        _slice_moment(dataset, series, number)
        set_text(dataset, "SOPInstanceUID", visit.uid(series.key, k))
        height = habits.slice_location_sign * place_slice(dataset, scan.geometry, k)
        set_text(dataset, "SliceLocation", decimal(round(height, 4)))
        set_ct_pixels(dataset, scan.image[k], habits)
        yield dataset


def ct_series_dataset(scan: CtScan, visit: Visit, series: CtSeries) -> Dataset:
    """What all slices of a CT series share."""
    habits, tube = ct_habits(visit.vendor.key), technique(series)
    dataset = base_dataset(visit, ct_facts(visit, series, scan.geometry.spacing_mm[0]))
    dataset.SOPClassUID = CTImageStorage
    dataset.ImageType = list(series.image_type)
    dataset.PatientPosition = habits.patient_position if visit.tracer is None else "HFS"
    dataset.ScanOptions = habits.table["scan_options"]
    dataset.KVP = tube.kvp
    dataset.DataCollectionDiameter = "500"
    dataset.ReconstructionDiameter = decimal(round(scan.geometry.extent_mm[2], 4))
    dataset.GantryDetectorTilt = "0"
    dataset.TableHeight = habits.table["table_height"]
    dataset.RotationDirection = "CW"
    dataset.ExposureTime = str(round(tube.rotation_s * 1000))
    dataset.XRayTubeCurrent, dataset.Exposure = str(tube.current_ma), str(tube.exposure_mas)
    dataset.FilterType = habits.table["filter_type"]
    dataset.GeneratorPower = str(round(float(tube.kvp) * tube.current_ma / 1000))
    dataset.FocalSpots = habits.table["focal_spots"]
    dataset.ConvolutionKernel = list(series.kernel)
    dataset.CTDIvol, dataset.CTDIPhantomTypeCodeSequence = tube.ctdi_mgy, code(BODY_PHANTOM)
    if tube.pitch:
        dataset.RevolutionTime, dataset.SpiralPitchFactor = tube.rotation_s, tube.pitch
        dataset.SingleCollimationWidth, dataset.TotalCollimationWidth = tube.single_mm, tube.total_mm
        dataset.TableFeedPerRotation = round(tube.pitch * tube.total_mm, 3)
        dataset.TableSpeed = round(tube.pitch * tube.total_mm / tube.rotation_s, 3)
    dataset.AcquisitionNumber = series.acquisition
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(habits.intercept), "1", "HU"
    window = habits.table["window"]
    dataset.WindowCenter, dataset.WindowWidth = window["centre"], window["width"]
    if window["explanation"]:
        dataset.WindowCenterWidthExplanation = window["explanation"]
    _contrast(dataset, series, habits)
    _private_elements(dataset, habits)
    return dataset


def ct_facts(visit: Visit, series: CtSeries, slice_mm: float) -> SeriesFacts:
    """What tells this series from the others of its study; a CT exam of its own has the vendor's CT scanner."""
    description = series.description.format(slice=slice_mm)
    if visit.tracer is not None:
        return SeriesFacts(series.key, "CT", series.number, description, series.start)
    habits = ct_habits(visit.vendor.key)
    return SeriesFacts(
        kind=series.key,
        modality="CT",
        number=series.number,
        description=description,
        start=series.start,
        model=habits.model,
        software=habits.software,
        study=habits.study,
        protocol=habits.protocol,
        body_part="ABDOMEN",
    )


def set_ct_pixels(dataset: Dataset, hounsfield: npt.NDArray[np.int16], habits: CtHabits) -> None:
    """HU [.., row, column] as the vendor stores them; values beyond the stored range take its end."""
    lowest = habits.intercept - (2 ** (habits.bits_stored - 1) if habits.signed else 0)
    highest = lowest + 2**habits.bits_stored - 1
    kept = np.clip(hounsfield, np.int16(max(lowest, -32768)), np.int16(min(highest, 32767)))
    # 16-bit arithmetic wraps round, so that the bits are those of the unsigned value where that is stored.
    stored = kept - np.int16(habits.intercept)
    set_pixels(dataset, stored if habits.signed else stored.view(np.uint16), habits.signed, habits.bits_stored)


def _slice_moment(dataset: Dataset, series: CtSeries, number: int) -> None:
    moment = series.start + dt.timedelta(seconds=round(series.second_per_slice * (number - 1), 2))
    for about in ("Acquisition", "Content"):
        set_text(dataset, f"{about}Date", date_text(moment))
        set_text(dataset, f"{about}Time", time_text(moment))
    set_text(dataset, "InstanceNumber", str(number))


def _contrast(dataset: Dataset, series: CtSeries, habits: CtHabits) -> None:
    """Contrast/Bolus module (DICOM PS3.3 C.7.6.4): of series taken after the injection only."""
    if series.injection is None:
        return
    agent = habits.agent
    duration = agent.volume_ml / agent.flow_ml_s
    dataset.ContrastBolusAgent = agent.name
    dataset.ContrastBolusAgentSequence = code(agent.code)
    dataset.ContrastBolusRoute = "IV"
    dataset.ContrastBolusVolume = dataset.ContrastBolusTotalDose = decimal(agent.volume_ml)
    dataset.ContrastBolusStartTime = time_text(series.injection)
    dataset.ContrastBolusStopTime = time_text(series.injection + dt.timedelta(seconds=duration))
    dataset.ContrastFlowRate, dataset.ContrastFlowDuration = decimal(agent.flow_ml_s), decimal(round(duration, 3))
    dataset.ContrastBolusIngredient = "IODINE"
    dataset.ContrastBolusIngredientConcentration = decimal(agent.iodine_mg_ml)


def _private_elements(dataset: Dataset, habits: CtHabits) -> None:
    for entry in habits.table["private"]:
        block = dataset.private_block(entry["group"], entry["creator"], create=True)
        block.add_new(entry["element"], entry["vr"], entry["value"])


def write_localizer(scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """A localizer: the mean of ``scan`` from front to back, as one coronal CT Image from head to feet."""
    series, habits, geometry = localizer_series(visit), ct_habits(visit.vendor.key), scan.geometry
    dataset = ct_series_dataset(scan, visit, series)
    dataset.SOPInstanceUID = visit.uid(series.key, 0)
    del dataset.RescaleType
    _slice_moment(dataset, series, 1)
    middle = (geometry.shape[1] - 1) / 2
    corner = geometry.to_lps([geometry.shape[0] - 1, middle, 0])
    dataset.ImagePositionPatient = [decimal(round(float(v), 6)) for v in corner]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "0", "-1"]
    dataset.SliceThickness = decimal(round(geometry.extent_mm[1], 4))
    dataset.SliceLocation = decimal(round(float(corner[1]), 4))
    dataset.PixelSpacing = [decimal(geometry.spacing_mm[0]), decimal(geometry.spacing_mm[2])]
    shadow = scan.image.mean(axis=1, dtype=np.float32)[::-1]
    set_ct_pixels(dataset, np.rint(shadow).astype(np.int16), habits)
    path = folder / name_of(series.file_kind, 0)
    SliceWriter(visit.rule.transfer_syntax).save(dataset, path)
    return [path]


def write_bolus_tracking(
    scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer, protocol: tuple[CtSeries, ...]
) -> list[Path]:
    """Bolus tracking: one slice of ``scan`` at one position, once a second. Raises InputError without contrast."""
    series, habits = tracking_series(visit, protocol), ct_habits(visit.vendor.key)
    dataset = ct_series_dataset(scan, visit, series)
    k = round(_TRACKING_HEIGHT * (scan.geometry.shape[0] - 1))
    place_slice(dataset, scan.geometry, k)
    dataset.SliceThickness = "10"
    set_ct_pixels(dataset, scan.image[k], habits)
    writer = SliceWriter(visit.rule.transfer_syntax)
    paths = []
    for number in range(1, _TRACKING_FRAMES + 1):
        _slice_moment(dataset, series, number)
        set_text(dataset, "SOPInstanceUID", visit.uid(series.key, number))
        paths.append(folder / name_of(series.file_kind, number))
        writer.save(dataset, paths[-1])
    return paths
