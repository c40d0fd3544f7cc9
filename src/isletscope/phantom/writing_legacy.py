"""Legacy Converted Enhanced CT, MR and PET: the classic slices of a series gathered into one multi-frame object.

Follows DICOM PS3.3 A.70 to A.72: what all slices share moves to the shared functional groups, what differs to the
groups of each frame, attributes without a group of their own to the 'unassigned' groups, and each frame names the
classic slice that it came from. Slices at one place (b-values, echoes, phases of an MR series) belong to stacks of
their own. Archives make such objects; scanners do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
)

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
_STACK_AND_PLACE = (0x00209056, 0x00209057)
_FRAME_TYPES = {"CT": "CTImageFrameTypeSequence", "MR": "MRImageFrameTypeSequence", "PT": "PETFrameTypeSequence"}
_FRAME_TYPE_VALUES = 4
_UNITS = {"CT": "HU", "MR": "US", "PT": "US"}


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


def write_legacy_mr(slices: Iterable[Dataset], visit: Visit, key: str, path: Path) -> Path:
    """The classic MR slices of one series as one Legacy Converted Enhanced MR Image object.

    ``slices`` may be one dataset changed in place; ``key`` is unique among the series of the visit. Returns ``path``.
    Raises OutputError when the file cannot be written.
    """
    dataset = _converted(slices, visit, key)
    dataset.SOPClassUID = LegacyConvertedEnhancedMRImageStorage
    for item in (dataset, *(frame.MRImageFrameTypeSequence[0] for frame in dataset.PerFrameFunctionalGroupsSequence)):
        item.ComplexImageComponent, item.AcquisitionContrast = "MAGNITUDE", "UNKNOWN"
    save(dataset, path, visit.rule.transfer_syntax)
    return path


def _converted(slices: Iterable[Dataset], visit: Visit, key: str) -> Dataset:
    """The multi-frame object of a series given slice by slice from feet to head."""
    frames, pixels, stacks = [], [], []
    seen: Counter[tuple[float, ...]] = Counter()
    for dataset in slices:
        frames.append(_frozen(dataset))
        pixels.append(dataset.PixelData)
        place = tuple(float(v) for v in dataset.ImagePositionPatient)
        seen[place] += 1
        stacks.append(seen[place])
    first = frames[0]
    result = Dataset()
    for element in first:
        if element.keyword in _places()[0] or element.tag.group in _TOP_LEVEL_GROUPS:
            result.add(element)
    result.SOPInstanceUID = visit.uid(key, "legacy")
    _header(result, visit, frames, key)
    shared_tags = _shared_tags(frames)
    result.SharedFunctionalGroupsSequence = DicomSequence([_shared_groups(first, shared_tags)])
    result.PerFrameFunctionalGroupsSequence = DicomSequence(
        [
            _frame_groups(frame, stack, stacks[:n].count(stack) + 1, shared_tags)
            for n, (frame, stack) in enumerate(zip(frames, stacks, strict=True))
        ]
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


def _header(result: Dataset, visit: Visit, frames: list[Dataset], key: str) -> None:
    first, start = frames[0], visit.scan_start
    types = {tuple(_frame_type(frame)) for frame in frames}
    result.ImageType = _frame_type(first) if len(types) == 1 else [first.ImageType[0], "PRIMARY", "MIXED", "NONE"]
    result.InstanceNumber = 1
    result.ContentDate, result.ContentTime = date_text(start), time_text(start)
    result.AcquisitionDateTime = f"{first.AcquisitionDate}{first.AcquisitionTime}"
    result.NumberOfFrames = len(frames)
    result.PixelPresentation = "MONOCHROME"
    result.VolumetricProperties = "VOLUME"
    result.VolumeBasedCalculationTechnique = "NONE"
    result.ContentQualification = "RESEARCH"
    result.BurnedInAnnotation, result.LossyImageCompression = "NO", "00"
    result.PresentationLUTShape = "IDENTITY"
    result.AcquisitionContextSequence = DicomSequence([])
    organisation = Dataset()
    organisation.DimensionOrganizationUID = visit.uid("legacy dimension", key)
    result.DimensionOrganizationSequence = DicomSequence([organisation])
    indices = []
    for attribute in _STACK_AND_PLACE:
        index = Dataset()
        index.DimensionOrganizationUID = organisation.DimensionOrganizationUID
        index.DimensionIndexPointer, index.FunctionalGroupPointer = attribute, 0x00209111
        indices.append(index)
    result.DimensionIndexSequence = DicomSequence(indices)
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = code(_CONVERTED)
    equipment.Manufacturer, equipment.InstitutionName = "Isletscope", first.InstitutionName
    equipment.StationName = "ARCHIVE"
    equipment.ManufacturerModelName, equipment.DeviceSerialNumber = "Digital reference patient", "1"
    equipment.SoftwareVersions = "1"
    equipment.ContributionDateTime = moment_text(start)
    equipment.ContributionDescription = "Legacy Enhanced Image created from Classic Images"
    result.ContributingEquipmentSequence = DicomSequence([equipment])


def _frame_type(frame: Dataset) -> list[str]:
    """Frame Type of four values: of MR the maker's own third and fourth, which tell echoes and maps apart."""
    own = [*frame.ImageType[2:_FRAME_TYPE_VALUES], "NONE"][:2] if frame.Modality == "MR" else ["VOLUME", "NONE"]
    return [frame.ImageType[0], "PRIMARY", *own]


def _shared_tags(frames: list[Dataset]) -> frozenset[int]:
    """Tags that have the same value in every slice."""
    first = frames[0]
    return frozenset(
        int(element.tag)
        for element in first
        if all(element.tag in frame and frame[element.tag].value == element.value for frame in frames)
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
    shared.UnassignedSharedConvertedAttributesSequence = DicomSequence([_unassigned(first, shared_tags, inside=True)])
    return shared


def _unassigned(frame: Dataset, shared_tags: frozenset[int], *, inside: bool) -> Dataset:
    """The attributes of a slice that have no functional group: those that all slices share, or the others.

    A private element takes its creator along, and an Image Type of more values than Frame Type holds is kept whole.
    """
    item = Dataset()
    top_level, grouped = _places()
    for element in frame:
        known = element.keyword in top_level | grouped or element.tag.group in _TOP_LEVEL_GROUPS
        if element.keyword == "ImageType" and element.VM > _FRAME_TYPE_VALUES:
            known = False
        if known or element.tag.is_private_creator or (int(element.tag) in shared_tags) != inside:
            continue
        item.add(element)
        if element.tag.is_private:
            item.add(frame[element.tag.group, element.tag.element >> 8])
    return item


def _frame_groups(frame: Dataset, stack: int, place: int, shared_tags: frozenset[int]) -> Dataset:
    """Functional groups of one frame: the ``place``-th (1 and up) of its stack."""
    groups, content, position = Dataset(), Dataset(), Dataset()
    content.FrameAcquisitionDateTime = f"{frame.AcquisitionDate}{frame.AcquisitionTime}"
    content.FrameReferenceDateTime = content.FrameAcquisitionDateTime
    content.FrameAcquisitionNumber = frame.get("AcquisitionNumber", 1)
    content.StackID, content.InStackPositionNumber = str(stack), place
    content.DimensionIndexValues = [stack, place]
    groups.FrameContentSequence = DicomSequence([content])
    position.ImagePositionPatient = frame.ImagePositionPatient
    groups.PlanePositionSequence = DicomSequence([position])
    kind, transformation, display, source = Dataset(), Dataset(), Dataset(), Dataset()
    kind.FrameType = _frame_type(frame)
    kind.PixelPresentation, kind.VolumetricProperties = "MONOCHROME", "VOLUME"
    kind.VolumeBasedCalculationTechnique = "NONE"
    setattr(groups, _FRAME_TYPES[frame.Modality], DicomSequence([kind]))
    transformation.RescaleIntercept = frame.get("RescaleIntercept", "0")
    transformation.RescaleSlope = frame.get("RescaleSlope", "1")
    transformation.RescaleType = _UNITS[frame.Modality]
    groups.PixelValueTransformationSequence = DicomSequence([transformation])
    display.WindowCenter, display.WindowWidth = frame.WindowCenter, frame.WindowWidth
    groups.FrameVOILUTSequence = DicomSequence([display])
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = frame.SOPClassUID, frame.SOPInstanceUID
    groups.ConversionSourceAttributesSequence = DicomSequence([source])
    own = _unassigned(frame, shared_tags, inside=False)
    if len(own):
        groups.UnassignedPerFrameConvertedAttributesSequence = DicomSequence([own])
    return groups
