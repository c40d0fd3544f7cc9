"""Objects that come with images: SEG, RTSTRUCT, SR and NIfTI, as the case document lists them."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

from pydicom.dataset import Dataset

from isletscope.errors import Refusal
from isletscope.intake import values
from isletscope.intake.files import SupplementFile
from isletscope.intake.headers import FileHeader
from isletscope.model import Code, SupplementaryObject

_KINDS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
    "1.2.840.10008.5.1.4.1.1.66.7": "SEG",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
}
_SR_PREFIX = "1.2.840.10008.5.1.4.1.1.88."
_KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
_NIFTI_SIZES = (348, 540)


def kind_of(header: Dataset) -> str | None:
    """SEG, RTSTRUCT or SR; None for any other object."""
    sop_class = values.text(header, "SOPClassUID")
    if sop_class.startswith(_SR_PREFIX) and sop_class != _KEY_OBJECTS:
        return "SR"
    return _KINDS.get(sop_class)


def supplement_of(file: FileHeader, kind: str, key: str, name: str) -> SupplementFile:
    """The file as a supplement: label, regions, codes, and what it refers to."""
    header = file.dataset
    regions, codes = _regions(header, kind)
    record = SupplementaryObject(
        key=key,
        kind=kind,
        path_name=name,
        series_uid=values.text(header, "SeriesInstanceUID") or None,
        referenced_series_uid=_referenced_series(header),
        frame_of_reference_uid=_frame_of_reference(header),
        label=values.words(header, "SeriesDescription")
        or values.words(header, "ContentLabel")
        or values.words(header, "StructureSetLabel"),
        regions=regions,
        codes=codes,
    )
    return SupplementFile(record, file.path, values.text(header, "PatientID") or None)


def _regions(header: Dataset, kind: str) -> tuple[list[str], list[Code]]:
    if kind == "SEG":
        segments = values.items(header, "SegmentSequence")
        codes = [code for item in segments for code in _codes(item, "SegmentedPropertyTypeCodeSequence")]
        return [values.words(item, "SegmentLabel") for item in segments], _distinct(codes)
    if kind == "RTSTRUCT":
        return [values.words(item, "ROIName") for item in values.items(header, "StructureSetROISequence")], []
    return [], _codes(header, "ConceptNameCodeSequence")


def _codes(item: Dataset, keyword: str) -> list[Code]:
    return [
        Code(
            value=values.words(code, "CodeValue"),
            scheme=values.words(code, "CodingSchemeDesignator"),
            meaning=values.words(code, "CodeMeaning"),
        )
        for code in values.items(item, keyword)
        if values.words(code, "CodeValue")
    ]


def _distinct(codes: list[Code]) -> list[Code]:
    return list({(code.value, code.scheme): code for code in codes}.values())


def _referenced_series(header: Dataset) -> str | None:
    referenced = values.items(header, "ReferencedSeriesSequence")
    if referenced:
        return values.text(referenced[0], "SeriesInstanceUID") or None
    for frame in values.items(header, "ReferencedFrameOfReferenceSequence"):
        for study in values.items(frame, "RTReferencedStudySequence"):
            for series in values.items(study, "RTReferencedSeriesSequence"):
                return values.text(series, "SeriesInstanceUID") or None
    for study in values.items(header, "CurrentRequestedProcedureEvidenceSequence"):
        for series in values.items(study, "ReferencedSeriesSequence"):
            return values.text(series, "SeriesInstanceUID") or None
    return None


def _frame_of_reference(header: Dataset) -> str | None:
    said = values.text(header, "FrameOfReferenceUID")
    for frame in values.items(header, "ReferencedFrameOfReferenceSequence"):
        said = values.text(frame, "FrameOfReferenceUID") or said
    return said or None


def nifti_supplement(path: Path, key: str, name: str) -> SupplementFile | Refusal:
    """A NIfTI file as a supplement, or a Refusal when its first bytes are not those of NIfTI."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            start = stream.read(4)
    except (OSError, EOFError, zlib.error) as error:
        return Refusal(name, "the NIfTI file cannot be read", str(error), "a whole NIfTI file", "Copy it again.")
    if len(start) < 4 or not {struct.unpack("<i", start)[0], struct.unpack(">i", start)[0]} & set(_NIFTI_SIZES):
        return Refusal(name, "is named like NIfTI but is none", f"{start!r}", "a NIfTI header", "Copy it again.")
    label = path.name.removesuffix(".gz").removesuffix(".nii")
    return SupplementFile(SupplementaryObject(key=key, kind="NIFTI", path_name=name, label=label), path)
