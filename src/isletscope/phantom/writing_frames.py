"""What every multi-frame object holds: equipment, dimensions, and the functional groups of geometry and display."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from isletscope.phantom.tracers import Code
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import code, date_text, decimal, moment_text, time_text
from isletscope.spatial import Geometry

WHOLE_BODY = ("38266002", "SCT", "Entire body")
ABDOMEN = ("818981001", "SCT", "Abdomen")


def multiframe_header(dataset: Dataset, visit: Visit, start: dt.datetime, frames: int, key: str) -> None:
    """Multi-frame, dimension, display and acquisition context attributes; ``key`` is the series' key in the visit."""
    dataset.PatientPosition = "HFS"
    dataset.InstanceNumber = 1
    dataset.AcquisitionNumber = 1
    dataset.ContentDate, dataset.ContentTime = date_text(start), time_text(start)
    dataset.AcquisitionDateTime = moment_text(start)
    dataset.NumberOfFrames = frames
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.ContentQualification = "RESEARCH"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = DicomSequence([])
    organisation = Dataset()
    organisation.DimensionOrganizationUID = visit.uid("dimension", key)
    dataset.DimensionOrganizationSequence = DicomSequence([organisation])
    indices = []
    for attribute in (0x00209056, 0x00209057):
        index = Dataset()
        index.DimensionOrganizationUID = organisation.DimensionOrganizationUID
        index.DimensionIndexPointer = attribute
        index.FunctionalGroupPointer = 0x00209111
        indices.append(index)
    dataset.DimensionIndexSequence = DicomSequence(indices)


def shared_groups(geometry: Geometry, anatomy: Code, window: Sequence[str]) -> Dataset:
    """Functional groups that all frames share: pixel measures, orientation, anatomy, window (centre, width)."""
    shared = Dataset()
    measures = Dataset()
    measures.SliceThickness = decimal(geometry.spacing_mm[0])
    measures.SpacingBetweenSlices = decimal(geometry.spacing_mm[0])
    measures.PixelSpacing = [decimal(geometry.spacing_mm[1]), decimal(geometry.spacing_mm[2])]
    shared.PixelMeasuresSequence = DicomSequence([measures])
    orientation = Dataset()
    orientation.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    shared.PlaneOrientationSequence = DicomSequence([orientation])
    region = Dataset()
    region.FrameLaterality = "U"
    region.AnatomicRegionSequence = code(anatomy)
    shared.FrameAnatomySequence = DicomSequence([region])
    display = Dataset()
    display.WindowCenter, display.WindowWidth = window
    shared.FrameVOILUTSequence = DicomSequence([display])
    return shared


def frame_groups(geometry: Geometry, k: int, place: int, start: dt.datetime, seconds: float) -> Dataset:
    """Functional groups of one frame: slice ``k`` of the grid, at ``place`` (1 and up) in the stack."""
    frame = Dataset()
    content = Dataset()
    content.FrameAcquisitionDateTime = moment_text(start)
    content.FrameReferenceDateTime = moment_text(start + dt.timedelta(seconds=seconds / 2))
    content.FrameAcquisitionDuration = float(seconds * 1000)
    content.DimensionIndexValues = [1, place]
    content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = "1", place, 1
    frame.FrameContentSequence = DicomSequence([content])
    position = Dataset()
    position.ImagePositionPatient = [decimal(round(float(v), 6)) for v in geometry.to_lps([k, 0, 0])]
    frame.PlanePositionSequence = DicomSequence([position])
    return frame


def frame_type(values: Sequence[str]) -> DicomSequence:
    """The frame type group of CT or PET."""
    item = Dataset()
    item.FrameType = list(values)
    item.PixelPresentation = "MONOCHROME"
    item.VolumetricProperties = "VOLUME"
    item.VolumeBasedCalculationTechnique = "NONE"
    return DicomSequence([item])
