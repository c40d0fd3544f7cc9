"""Legacy Converted Enhanced CT and PET: the classic slices of a series gathered into one multi-frame object.

Follows DICOM PS3.3 A.70 and A.72: what all slices share moves to the shared functional groups, what differs to the
groups of each frame, attributes without a group of their own to the 'unassigned' groups, and each frame names the
classic slice that it came from. Archives make such objects; scanners do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import LegacyConvertedEnhancedCTImageStorage, LegacyConvertedEnhancedPETImageStorage

from isletscope.phantom.ct_series import CtSeries, low_dose_series
from isletscope.phantom.scanner import CtScan, PetScan
from isletscope.phantom.tables import read_table
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import FileNamer, code, date_text, moment_text, save, time_text
from isletscope.phantom.writing_ct import ct_slices
from isletscope.phantom.writing_pet import pet_facts, pet_slices

_CONVERTED = ("109106", "DCM", "Enhanced Multi-frame Conversion Equipment")
_TRUNK = ("22943007", "SCT", "Trunk")
_ABDOMEN = ("818981001", "SCT", "Abdomen")
_TOP_LEVEL_GROUPS = (0x0010, 0x7FE0)


@lru_cache(maxsize=1)
def _places() -> tuple[frozenset[str], frozenset[str]]:
    """Keywords that stay at the top level, and those that have a functional group of their own."""
    table = read_table("writing_legacy.yaml")
    return frozenset(table["top_level"]), frozenset(table["grouped"])


def write_legacy_ct(
    scan: CtScan, visit: Visit, folder: Path, name_of: FileNamer, series: CtSeries | None = None
) -> list[Path]:
    """A CT series as one Legacy Converted Enhanced CT Image object. ``series``: None is the low-dose CT of a PET/CT.

    Returns the file. Raises OutputError when it cannot be written.
    """
    series = series or low_dose_series(visit)
    dataset = _converted(ct_slices(scan, visit, series), visit, series.key)
    dataset.SOPClassUID = LegacyConvertedEnhancedCTImageStorage
    path = folder / name_of(series.file_kind, 0)
    save(dataset, path, visit.rule.transfer_syntax)
    return [path]


def write_legacy_pet(
    scan: PetScan, visit: Visit, folder: Path, name_of: FileNamer, *, corrected: bool = True
) -> list[Path]:
    """The PET series as one Legacy Converted Enhanced PET Image object. Returns the file.

    ``corrected=False`` writes the series without attenuation correction. Raises OutputError when it cannot be written.
    """
    dataset = _converted(pet_slices(scan, visit, corrected=corrected), visit, pet_facts(visit, corrected).kind)
    dataset.SOPClassUID = LegacyConvertedEnhancedPETImageStorage
    path = folder / name_of("PT" if corrected else "NC", 0)
    save(dataset, path, visit.rule.transfer_syntax)
    return [path]


def _converted(slices: Iterable[Dataset], visit: Visit, key: str) -> Dataset:
    """The multi-frame object of a series given slice by slice from feet to head."""
    frames, pixels = [], []
    for dataset in slices:
        frames.append(_frozen(dataset))
        pixels.append(dataset.PixelData)
    first = frames[0]
    result = Dataset()
    for element in first:
        if element.keyword in _places()[0] or element.tag.group in _TOP_LEVEL_GROUPS:
            result.add(element)
    result.SOPInstanceUID = visit.uid(key, "legacy")
    _header(result, visit, first, key, len(frames))
    shared_tags = _shared_tags(frames)
    result.SharedFunctionalGroupsSequence = DicomSequence([_shared_groups(first, shared_tags)])
    result.PerFrameFunctionalGroupsSequence = DicomSequence(
        [_frame_groups(frame, place, shared_tags) for place, frame in enumerate(frames, start=1)]
    )
    result.add_new("PixelData", "OW", b"".join(pixels))
    return result


def _frozen(dataset: Dataset) -> Dataset:
    """A copy of one slice without its pixels, whose elements no longer change with the series' dataset."""
    frozen = Dataset()
    for element in dataset:
        if element.tag.group != 0x7FE0:
            value: Any = element.value if element.VR == "SQ" else copy(element.value)
            frozen.add(DataElement(element.tag, element.VR, value))
    return frozen


def _header(result: Dataset, visit: Visit, first: Dataset, key: str, frames: int) -> None:
    start = visit.scan_start
    result.ImageType = [*first.ImageType[:2], "VOLUME", "NONE"]
    result.InstanceNumber = 1
    result.ContentDate, result.ContentTime = date_text(start), time_text(start)
    result.AcquisitionDateTime = f"{first.AcquisitionDate}{first.AcquisitionTime}"
    result.NumberOfFrames = frames
    result.PixelPresentation = "MONOCHROME"
    result.VolumetricProperties = "VOLUME"
    result.VolumeBasedCalculationTechnique = "NONE"
    result.ContentQualification = "RESEARCH"
    result.BurnedInAnnotation, result.LossyImageCompression = "NO", "00"
    result.PresentationLUTShape = "IDENTITY"
    result.AcquisitionContextSequence = DicomSequence([])
    organisation, index = Dataset(), Dataset()
    organisation.DimensionOrganizationUID = index.DimensionOrganizationUID = visit.uid("legacy dimension", key)
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00209057, 0x00209111
    result.DimensionOrganizationSequence = DicomSequence([organisation])
    result.DimensionIndexSequence = DicomSequence([index])
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = code(_CONVERTED)
    equipment.Manufacturer, equipment.InstitutionName = "Isletscope", first.InstitutionName
    equipment.StationName = "ARCHIVE"
    equipment.ManufacturerModelName, equipment.DeviceSerialNumber = "Digital reference patient", "1"
    equipment.SoftwareVersions = "1"
    equipment.ContributionDateTime = moment_text(start)
    equipment.ContributionDescription = "Legacy Enhanced Image created from Classic Images"
    result.ContributingEquipmentSequence = DicomSequence([equipment])


def _shared_tags(frames: list[Dataset]) -> frozenset[int]:
    """Tags that have the same value in every slice."""
    first = frames[0]
    return frozenset(
        int(element.tag)
        for element in first
        if all(frame[element.tag].value == element.value for frame in frames if element.tag in frame)
    )


def _shared_groups(first: Dataset, shared_tags: frozenset[int]) -> Dataset:
    shared = Dataset()
    measures, orientation, anatomy = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, first.SliceThickness
    measures.SpacingBetweenSlices = first.SliceThickness
    shared.PixelMeasuresSequence = DicomSequence([measures])
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    shared.PlaneOrientationSequence = DicomSequence([orientation])
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = code(_ABDOMEN if first.BodyPartExamined == "ABDOMEN" else _TRUNK)
    shared.FrameAnatomySequence = DicomSequence([anatomy])
    kind = Dataset()
    kind.FrameType = [*first.ImageType[:2], "VOLUME", "NONE"]
    kind.PixelPresentation, kind.VolumetricProperties = "MONOCHROME", "VOLUME"
    kind.VolumeBasedCalculationTechnique = "NONE"
    keyword = "CTImageFrameTypeSequence" if first.Modality == "CT" else "PETFrameTypeSequence"
    setattr(shared, keyword, DicomSequence([kind]))
    shared.UnassignedSharedConvertedAttributesSequence = DicomSequence([_unassigned(first, shared_tags, inside=True)])
    return shared


def _unassigned(frame: Dataset, shared_tags: frozenset[int], *, inside: bool) -> Dataset:
    """The attributes of a slice that have no functional group: those that all slices share, or the others."""
    item = Dataset()
    top_level, grouped = _places()
    for element in frame:
        known = element.keyword in top_level | grouped or element.tag.group in _TOP_LEVEL_GROUPS
        if not known and (int(element.tag) in shared_tags) == inside:
            item.add(element)
    return item


def _frame_groups(frame: Dataset, place: int, shared_tags: frozenset[int]) -> Dataset:
    groups, content, position = Dataset(), Dataset(), Dataset()
    content.FrameAcquisitionDateTime = f"{frame.AcquisitionDate}{frame.AcquisitionTime}"
    content.FrameReferenceDateTime = content.FrameAcquisitionDateTime
    content.FrameAcquisitionNumber = frame.get("AcquisitionNumber", 1)
    content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", place, [place]
    groups.FrameContentSequence = DicomSequence([content])
    position.ImagePositionPatient = frame.ImagePositionPatient
    groups.PlanePositionSequence = DicomSequence([position])
    transformation, display, source = Dataset(), Dataset(), Dataset()
    transformation.RescaleIntercept, transformation.RescaleSlope = frame.RescaleIntercept, frame.RescaleSlope
    transformation.RescaleType = "HU" if frame.Modality == "CT" else "US"
    groups.PixelValueTransformationSequence = DicomSequence([transformation])
    display.WindowCenter, display.WindowWidth = frame.WindowCenter, frame.WindowWidth
    groups.FrameVOILUTSequence = DicomSequence([display])
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = frame.SOPClassUID, frame.SOPInstanceUID
    groups.ConversionSourceAttributesSequence = DicomSequence([source])
    own = _unassigned(frame, shared_tags, inside=False)
    if len(own):
        groups.UnassignedPerFrameConvertedAttributesSequence = DicomSequence([own])
    return groups
