"""MR as DICOM MR Image objects, one file for each slice, as three vendors write it.

Where the b-value stands: Siemens (0019,xx0C) of SIEMENS MR HEADER; GE first of four values of (0043,xx39) of
GEMS_PARM_01, with 1e9 added; Philips (2001,xx03) of Philips Imaging DD 001 and the public (0018,9087). Philips stores
every slice with its own rescale slope, and a private scale slope (2005,xx0E): true value = (stored x slope + intercept)
/ (slope x scale slope). Source: dcm2niix's notes on vendors; recall.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from isletscope.phantom.mr_rule import MOSAIC_VENDOR
from isletscope.phantom.mr_sequences import ADC_IMAGE, mr_protocol
from isletscope.phantom.mr_series import PROTON_MHZ_PER_TESLA, SeriesToWrite, series_of
from isletscope.phantom.scanner_mr import MrExam
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import (
    FileNamer,
    SliceWriter,
    base_dataset,
    date_text,
    decimal,
    place_slice,
    set_pixels,
    set_text,
    time_text,
)
from isletscope.phantom.writing_legacy import write_legacy_mr
from isletscope.phantom.writing_mr_contrast import add_contrast
from isletscope.phantom.writing_mr_enhanced import write_enhanced_mr

_GE_B_OFFSET = 1_000_000_000
_TRUE_UNITS_PER_DISPLAY = 0.0125


def write_mr(exam: MrExam, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """The exam's series as the vendor writes them: MR Image files, Enhanced MR Image objects for ``form: enhanced``, or
    what an archive converted from the files for ``form: legacy``.

    Returns the files. Raises OutputError when one cannot be written or compressed.
    """
    if visit.rule.form == "enhanced":
        return write_enhanced_mr(exam, visit, folder, name_of)
    if visit.rule.form == "legacy":
        return [
            write_legacy_mr((d for _, d in _slices(series)), visit, series.kind, folder / name_of(series.file_kind, 0))
            for series in series_of(exam, visit)
        ]
    paths: list[Path] = []
    for series in series_of(exam, visit):
        mosaic = exam.rule.mosaic and visit.vendor.key == MOSAIC_VENDOR and series.layout.key == "dwi"
        paths += _write_mosaics(series, folder, name_of) if mosaic else _write_slices(series, folder, name_of)
    return paths


def _write_slices(series: SeriesToWrite, folder: Path, name_of: FileNamer) -> list[Path]:
    writers = {key: SliceWriter(series.syntax) for key in series.layout.images}
    paths = []
    for n, (key, dataset) in enumerate(_slices(series)):
        path = folder / name_of(series.file_kind, n)
        writers[key].save(dataset, path)
        paths.append(path)
    return paths


def _slices(series: SeriesToWrite) -> Iterator[tuple[str, Dataset]]:
    """Image and dataset of every instance, in the vendor's order; each image has one dataset, changed in place."""
    geometry = series.exam.geometry(series.layout.images[0])
    prepared = {key: (_image_dataset(series, key), series.units_per_stored(key)) for key in series.layout.images}
    for n, (key, k) in enumerate(_frames(series, geometry.shape[0])):
        dataset, step = prepared[key]
        _slice_times(dataset, series, key, k)
        set_text(dataset, "SOPInstanceUID", series.visit.uid(series.kind, key, k))
        set_text(dataset, "InstanceNumber", str(n + 1))
        place_slice(dataset, geometry, k)
        _store(dataset, series, series.exam.series[key].image[k], step)
        yield key, dataset


def _frames(series: SeriesToWrite, slices: int) -> Iterator[tuple[str, int]]:
    """Image and slice of every instance, in the vendor's order."""
    keys, order = series.layout.images, series.layout.order
    if order == "slices":
        yield from ((key, k) for k in range(slices) for key in keys)
        return
    yield from ((key, slices - 1 - k if order == "down" else k) for key in keys for k in range(slices))


def _series_dataset(series: SeriesToWrite) -> Dataset:
    """What all instances of a series share."""
    layout, vendor, first = series.layout, series.vendor, series.layout.images[0]
    dataset = base_dataset(series.visit, series.facts)
    hold = mr_protocol().holds[series.settings(first).hold]
    field = mr_protocol().field_strength_t
    dataset.SOPClassUID = MRImageStorage
    dataset.PatientPosition = "HFS"
    dataset.ScanningSequence, dataset.SequenceVariant = list(layout.sequence), list(layout.variant)
    dataset.ScanOptions = list(layout.options)
    dataset.MRAcquisitionType = layout.dimension
    dataset.AngioFlag = "N"
    dataset.MagneticFieldStrength = decimal(field)
    dataset.ImagingFrequency = decimal(round(field * PROTON_MHZ_PER_TESLA, 4))
    dataset.ImagedNucleus = "1H"
    dataset.ReceiveCoilName, dataset.TransmitCoilName = vendor.coil, "Body"
    dataset.PixelBandwidth = decimal(hold.bandwidth_hz)
    dataset.EchoTrainLength = hold.echo_train
    dataset.InPlanePhaseEncodingDirection = "COL"
    geometry = series.exam.geometry(first)
    rows, columns = geometry.shape[1:]
    dataset.SpacingBetweenSlices = decimal(geometry.spacing_mm[0])
    dataset.AcquisitionMatrix = [0, round(columns / hold.acquired), round(rows / hold.acquired), 0]
    dataset.NumberOfPhaseEncodingSteps = round(rows / hold.acquired)
    dataset.PercentSampling, dataset.PercentPhaseFieldOfView = "100", decimal(round(100 * rows / columns, 2))
    dataset.VariableFlipAngleFlag = "N"
    return dataset


def _image_dataset(series: SeriesToWrite, key: str) -> Dataset:
    """What all slices of one image share: the series' attributes, type, timing, diffusion, phase, contrast agent."""
    dataset = _series_dataset(series)
    settings, layout, vendor = series.settings(key), series.layout, series.visit.vendor.key
    excitation = settings.excitation
    dataset.ImageType = list(layout.types[key])
    dataset.RepetitionTime, dataset.EchoTime = decimal(excitation.repetition_ms), decimal(excitation.echo_ms)
    dataset.FlipAngle = decimal(excitation.flip_degrees)
    dataset.NumberOfAverages = decimal(settings.averages)
    dataset.EchoNumbers = layout.images.index(key) + 1 if settings.hold == "dual_echo" else 1
    b_value = round(excitation.b_s_mm2)
    dataset.SequenceName = layout.name.format(b=b_value) if vendor != "philips" else layout.name
    dataset.AcquisitionNumber = 1
    if settings.hold == "dynamic" and len(layout.images) > 1:
        dataset.TemporalPositionIdentifier = layout.images.index(key) + 1
        dataset.NumberOfTemporalPositions = len(layout.images)
        dataset.AcquisitionNumber = layout.images.index(key) + 1
    if settings.hold == "dwi" and key != ADC_IMAGE:
        _write_b_value(dataset, vendor, b_value)
    add_contrast(dataset, series.visit, series.exam.rule, settings)
    return dataset


def _write_b_value(dataset: Dataset, vendor: str, b_value: int) -> None:
    if vendor == "siemens":
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x08, "CS", "IMAGE NUM 4")
        block.add_new(0x0C, "IS", str(b_value))
        block.add_new(0x0D, "CS", "ISOTROPIC" if b_value else "NONE")
    elif vendor == "ge":
        block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [str(_GE_B_OFFSET + b_value), "8", "0", "0"])
    else:
        block = dataset.private_block(0x2001, "Philips Imaging DD 001", create=True)
        block.add_new(0x03, "FL", float(b_value))
        block.add_new(0x04, "CS", "I")
        dataset.DiffusionBValue = float(b_value)


def _slice_times(dataset: Dataset, series: SeriesToWrite, key: str, k: int) -> None:
    """Acquisition and content times: volumes carry their start, slices follow each other (odd ones first)."""
    settings, start = series.settings(key), series.start(key)
    if series.layout.dimension == "2D":
        count = series.exam.geometry(key).shape[0]
        place = k // 2 if k % 2 == 0 else (count + 1) // 2 + k // 2
        start += dt.timedelta(seconds=round(settings.lasts_s * place / count, 2))
    made = series.start(key) + dt.timedelta(seconds=settings.lasts_s)
    for about, moment in (("Acquisition", start), ("Content", made)):
        set_text(dataset, f"{about}Date", date_text(moment))
        set_text(dataset, f"{about}Time", time_text(moment))


def _store(dataset: Dataset, series: SeriesToWrite, image: npt.NDArray[np.float32], step: float) -> None:
    """Pixels as the vendor stores them, with its rescale where it has one."""
    vendor = series.vendor
    slope = step
    if vendor.slope_per_slice:
        slope = float(decimal(round(max(float(image.max()), step) / vendor.full_scale, 8)))
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", decimal(slope), "normalized"
        block = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        block.add_new(0x0D, "FL", 0.0)
        block.add_new(0x0E, "FL", _TRUE_UNITS_PER_DISPLAY / slope)
    stored = np.clip(np.rint(image * np.float32(1.0 / slope)), 0, vendor.full_scale)
    set_pixels(dataset, stored, vendor.signed, vendor.bits)
    shown = step * vendor.full_scale * 0.5 if vendor.slope_per_slice else vendor.full_scale * 0.5
    set_text(dataset, "WindowCenter", decimal(round(shown / 2, 2)))
    set_text(dataset, "WindowWidth", decimal(round(shown, 2)))


def _write_mosaics(series: SeriesToWrite, folder: Path, name_of: FileNamer) -> list[Path]:
    """All slices of one b-value as tiles of one picture, row by row from the lowest slice.

    Image Position is such that the middle of the mosaic lies where the middle of the first slice lies.
    """
    writer = SliceWriter(series.syntax)
    paths = []
    for n, key in enumerate(series.layout.images):
        geometry = series.exam.geometry(key)
        slices, rows, columns = geometry.shape
        across = int(np.ceil(np.sqrt(slices)))
        tiles = np.zeros((across * across, rows, columns), dtype=np.float32)
        tiles[:slices] = series.exam.series[key].image
        picture = tiles.reshape(across, across, rows, columns).swapaxes(1, 2).reshape(across * rows, across * columns)
        dataset = _image_dataset(series, key)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "TRACEW", "ND", "MOSAIC"]
        _slice_times(dataset, series, key, 0)
        dataset.SOPInstanceUID = series.visit.uid(series.kind, key, "mosaic")
        dataset.InstanceNumber = n + 1
        place_slice(dataset, geometry, 0)
        x, y, z = geometry.to_lps([0, -(across - 1) * rows / 2, -(across - 1) * columns / 2])
        dataset.ImagePositionPatient = [decimal(round(float(v), 6)) for v in (x, y, z)]
        block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0A, "US", slices)
        _store(dataset, series, picture, series.units_per_stored(key))
        path = folder / name_of(series.file_kind, n)
        writer.save(dataset, path)
        paths.append(path)
    return paths
