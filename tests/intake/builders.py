"""Small synthetic DICOM series for tests: every voxel's value tells where it lies in the patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
PET = "1.2.840.10008.5.1.4.1.1.128"
NM = "1.2.840.10008.5.1.4.1.1.20"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
SOP_CLASSES = {"CT": CT, "MR": MR, "PT": PET, "NM": NM}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

Values = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def ramp(points_lps_mm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A value that differs along x, y and z, so that every flip and swap shows. Points (..., 3) in LPS mm."""
    return np.asarray(300.0 + points_lps_mm @ np.array([1.0, 3.0, 7.0]))


@dataclass
class Grid:
    """Where a series lies: LPS mm, orientation as in DICOM, spacing between rows, columns and slices."""

    slices: int = 5
    rows: int = 6
    columns: int = 8
    orientation: Sequence[float] = AXIAL
    origin: tuple[float, float, float] = (-20.0, -10.0, 30.0)
    spacing: tuple[float, float] = (2.0, 1.5)
    step_mm: float = 3.0

    def axes(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Row direction, column direction, normal."""
        row, column = np.array(self.orientation[:3], float), np.array(self.orientation[3:], float)
        return row, column, np.cross(row, column)

    def position(self, k: int) -> npt.NDArray[np.float64]:
        """Centre of the first voxel of slice k."""
        return np.array(self.origin) + k * self.step_mm * self.axes()[2]

    def points(self, k: int) -> npt.NDArray[np.float64]:
        """Centres of all voxels of slice k, [row, column, 3], LPS mm."""
        row, column, _ = self.axes()
        down = np.arange(self.rows)[:, None, None] * self.spacing[0] * column
        across = np.arange(self.columns)[None, :, None] * self.spacing[1] * row
        return np.asarray(self.position(k) + down + across)


@dataclass
class Maker:
    """Makes datasets of one study and frame of reference, for one patient."""

    patient_id: str = "TEST-1"
    patient_name: str = "Test^One"
    study_uid: str = field(default_factory=generate_uid)
    frame_uid: str = field(default_factory=generate_uid)
    date: str = "20260301"

    def header(self, modality: str, series_uid: str, **attributes: Any) -> Dataset:
        """A dataset without geometry and pixels; attributes are DICOM keywords, None leaves one out."""
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID = attributes.pop("SOPClassUID", SOP_CLASSES.get(modality, SECONDARY_CAPTURE))
        dataset.SOPInstanceUID = generate_uid()
        dataset.PatientID, dataset.PatientName = self.patient_id, self.patient_name
        dataset.PatientBirthDate, dataset.PatientSex = "19600102", "F"
        dataset.PatientWeight, dataset.PatientSize = "70", "1.65"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = self.study_uid, series_uid
        dataset.FrameOfReferenceUID = self.frame_uid
        dataset.Modality, dataset.SeriesNumber = modality, "1"
        dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = self.date
        dataset.StudyTime, dataset.SeriesTime, dataset.AcquisitionTime = "100000", "101000", "101000"
        dataset.Manufacturer, dataset.ManufacturerModelName = "TESTWORKS", "One"
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        _put(dataset, attributes)
        return dataset

    def slice(self, modality: str, grid: Grid, k: int, series_uid: str, *, of: Values = ramp, **more: Any) -> Dataset:
        """Slice k of a classic series; stored value = round((value - intercept) / slope)."""
        slope, intercept = _line_of(modality)
        attributes: dict[str, Any] = {"InstanceNumber": str(k + 1), "SliceThickness": "99"}
        if modality in ("CT", "PT"):
            attributes |= {"RescaleSlope": str(slope), "RescaleIntercept": str(intercept)}
        if modality == "PT":
            attributes |= {"Units": "BQML", "CorrectedImage": ["ATTN", "DECY"], "DecayCorrection": "START"}
        dataset = self.header(modality, series_uid, **(attributes | more))
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        dataset.ImagePositionPatient = [f"{value:.6f}" for value in more.get("position", grid.position(k))]
        dataset.ImageOrientationPatient = [f"{value:.9f}" for value in grid.orientation]
        dataset.PixelSpacing = [str(value) for value in grid.spacing]
        put_pixels(dataset, np.rint((of(grid.points(k)) - intercept) / slope).astype(np.int16))
        return dataset

    def series(self, modality: str, grid: Grid | None = None, **attributes: Any) -> list[Dataset]:
        """A classic series of ``grid``."""
        grid = grid or Grid()
        series_uid = attributes.pop("SeriesInstanceUID", None) or generate_uid()
        return [self.slice(modality, grid, k, series_uid, **attributes) for k in range(grid.slices)]

    def enhanced(
        self, modality: str, grid: Grid | None = None, *, order: Sequence[int] | None = None, **more: Any
    ) -> Dataset:
        """A multi-frame object of ``grid`` with functional groups; ``order`` gives the slice of each frame."""
        grid = grid or Grid()
        order = list(order if order is not None else range(grid.slices))
        classes = {"CT": ENHANCED_CT, "MR": ENHANCED_MR, "PT": ENHANCED_PET}
        slope, intercept = _line_of(modality)
        dataset = self.header(modality, generate_uid(), SOPClassUID=classes[modality], **more)
        shared, orientation = Dataset(), Dataset()
        orientation.ImageOrientationPatient = [f"{value:.9f}" for value in grid.orientation]
        shared.PlaneOrientationSequence = DicomSequence([orientation])
        measures = Dataset()
        measures.PixelSpacing, measures.SliceThickness = [str(value) for value in grid.spacing], "99"
        shared.PixelMeasuresSequence = DicomSequence([measures])
        dataset.SharedFunctionalGroupsSequence = DicomSequence([shared])
        frames, planes = [], []
        for k in order:
            line, position, groups = Dataset(), Dataset(), Dataset()
            line.RescaleSlope, line.RescaleIntercept, line.RescaleType = str(slope), str(intercept), "US"
            position.ImagePositionPatient = [f"{value:.6f}" for value in grid.position(k)]
            groups.PlanePositionSequence = DicomSequence([position])
            groups.PixelValueTransformationSequence = DicomSequence([line])
            frames.append(groups)
            planes.append(np.rint((ramp(grid.points(k)) - intercept) / slope).astype(np.int16))
        dataset.PerFrameFunctionalGroupsSequence = DicomSequence(frames)
        dataset.NumberOfFrames = str(len(frames))
        put_pixels(dataset, np.stack(planes))
        return dataset


def _line_of(modality: str) -> tuple[float, float]:
    return {"CT": (1.0, -1024.0), "PT": (0.25, 0.0)}.get(modality, (1.0, 0.0))


def _put(dataset: Dataset, attributes: dict[str, Any]) -> None:
    for keyword, value in attributes.items():
        if keyword == "position":
            continue
        if value is None:
            if keyword in dataset:
                delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)


def put_pixels(dataset: Dataset, stored: npt.NDArray[Any]) -> None:
    """Set the pixel data of one plane [j, i] or of frames [k, j, i], and the attributes that describe them."""
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 1 if stored.dtype.kind == "i" else 0
    dataset.PixelData = np.ascontiguousarray(stored).tobytes()
    dataset["PixelData"].VR = "OW"


def write(datasets: Sequence[Dataset], folder: Path, names: Callable[[int], str] | None = None) -> list[Path]:
    """Write datasets as files; the names have no extension unless ``names`` says otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate(datasets):
        path = folder / (names(number) if names else f"I{number:04d}")
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
