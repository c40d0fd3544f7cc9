"""A CT series as scanner files, made of noise: uncompressed, one file per slice, names that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write_ct(folder: Path, slices: int, size: int) -> Path:
    """Write ``slices`` files of ``size`` x ``size`` voxels of 1 x 1 x 1.5 mm; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    study, series, frame = (generate_uid(entropy_srcs=[name]) for name in ("study", "series", "frame"))
    for number in rng.permutation(slices):
        _write_slice(folder, int(number), size, rng, (study, series, frame))
    return folder


def _write_slice(folder: Path, number: int, size: int, rng: np.random.Generator, uids: tuple[str, str, str]) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["slice", str(number)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = uids
    image.Modality, image.PatientID, image.PatientName = "CT", "BENCH", "Bench^Mark"
    image.StudyDate, image.StudyTime, image.SeriesNumber = "20260101", "120000", 2
    image.SeriesDescription, image.Manufacturer, image.ImageType = "ABDOMEN", "NONE", ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.AcquisitionDate, image.AcquisitionTime, image.InstanceNumber = "20260101", "120000", number + 1
    image.ImagePositionPatient = [-size / 2, -size / 2, 1.5 * number]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [1, 1], 1.5
    image.Rows = image.Columns = size
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, -1024, "HU"
    image.PixelData = rng.integers(0, 2000, (size, size), dtype=np.int16).tobytes()
    image.save_as(folder / f"f{int(rng.integers(10**9)):09d}_{number}", enforce_file_format=True)
