"""Low-dose CT as DICOM CT Image objects."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
from pydicom.uid import CTImageStorage

from isletscope.phantom.scanner import CtScan
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import (
    FileNamer,
    SeriesFacts,
    SliceWriter,
    base_dataset,
    date_text,
    place_slice,
    set_pixels,
    time_text,
)

_INTERCEPT = -1024
_DESCRIPTIONS = {"siemens": "CT WB 3.0 B30f low dose", "ge": "CT LOW DOSE STD", "philips": "Low Dose CT, Body"}


def write_ct(scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer) -> list[Path]:
    """One CT Image file per slice (HU, intercept -1024 or 0 by vendor). Returns the files."""
    start = visit.scan_start - dt.timedelta(minutes=4)
    facts = SeriesFacts("ct", "CT", 2, _DESCRIPTIONS[visit.vendor.key], start)
    dataset = base_dataset(visit, facts)
    dataset.SOPClassUID = CTImageStorage
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientPosition = "HFS"
    dataset.ScanOptions = "HELICAL MODE"
    dataset.KVP = "120"
    dataset.DataCollectionDiameter = dataset.ReconstructionDiameter = "500"
    dataset.GantryDetectorTilt = "0"
    dataset.TableHeight = "160"
    dataset.RotationDirection = "CW"
    dataset.ExposureTime, dataset.XRayTubeCurrent, dataset.Exposure = "500", "45", "28"
    dataset.ConvolutionKernel = {"siemens": "B30f", "ge": "STANDARD", "philips": "B"}[visit.vendor.key]
    dataset.AcquisitionNumber = 1
    signed = visit.vendor.signed
    intercept = 0 if signed else _INTERCEPT
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(intercept), "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    paths = []
    writer = SliceWriter(visit.rule.transfer_syntax)
    count = scan.geometry.shape[0]
    for k in range(count):
        moment = start + dt.timedelta(seconds=round(0.05 * (count - k), 2))
        dataset.SOPInstanceUID = visit.uid("ct", k)
        dataset.AcquisitionDate = dataset.ContentDate = date_text(moment)
        dataset.AcquisitionTime = dataset.ContentTime = time_text(moment)
        dataset.InstanceNumber = count - k
        place_slice(dataset, scan.geometry, k)
        set_pixels(dataset, scan.image[k].astype(np.int32) - intercept, signed)
        path = folder / name_of("CT", k)
        writer.save(dataset, path)
        paths.append(path)
    return paths
