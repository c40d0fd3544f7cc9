"""Measurement reports (DICOM SR, template TID 1500) as plain values: who measured what on which segment.

Read tolerantly: codes are kept as written, and compared with SNOMED's old designators (SRT, SNM3) and new ones (SCT)
taken as equal. What a group holds beyond the template's known rows is kept as a qualitative evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.coding import Code as DicomCode

from isletscope.errors import InputError
from isletscope.intake import values
from isletscope.model import Code

_IMAGING_MEASUREMENTS = DicomCode("126010", "DCM", "Imaging Measurements")
_MEASUREMENT_GROUP = DicomCode("125007", "DCM", "Measurement Group")
_TRACKING_IDENTIFIER = DicomCode("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = DicomCode("112040", "DCM", "Tracking Unique Identifier")
_FINDING = DicomCode("121071", "DCM", "Finding")
_FINDING_CATEGORY = DicomCode("276214006", "SCT", "Finding category")
_FINDING_SITE = DicomCode("363698007", "SCT", "Finding Site")
_LATERALITY = DicomCode("272741003", "SCT", "Laterality")
_METHOD = DicomCode("370129005", "SCT", "Measurement Method")
_DERIVATION = DicomCode("121401", "DCM", "Derivation")
_REFERENCED_SEGMENT = DicomCode("121191", "DCM", "Referenced Segment")
_SOURCE_SERIES = DicomCode("121232", "DCM", "Source series for segmentation")
_TIME_POINT = DicomCode("C2348792", "UMLS", "Time Point")

_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."


@dataclass(frozen=True)
class ReferencedSegment:
    """A segment of a segmentation object."""

    sop_instance_uid: str
    number: int


@dataclass(frozen=True)
class ReportedMeasurement:
    """One number: ``value`` None where the report says that there is none (``missing_because``). Unit as UCUM code."""

    name: Code
    value: float | None
    unit: str
    derivation: Code | None = None
    method: Code | None = None
    missing_because: str = ""


@dataclass(frozen=True)
class ReportedEvaluation:
    """One qualitative item: a coded answer, or text."""

    name: Code
    text: str
    code: Code | None = None


@dataclass(frozen=True)
class MeasurementGroup:
    """What was said of one lesion or region; ``tracking_uid`` is its identity over time, the identifier is display."""

    tracking_id: str
    tracking_uid: str
    finding: Code | None
    finding_category: Code | None
    sites: tuple[Code, ...]
    laterality: Code | None
    method: Code | None
    time_point: str
    segment: ReferencedSegment | None
    source_series_uid: str
    measurements: tuple[ReportedMeasurement, ...]
    evaluations: tuple[ReportedEvaluation, ...]

    def value(self, name: str, derivation: str | None = None) -> float | None:
        """The value of the measurement with this code value and derivation code value; None when there is none.

        SNOMED codes are given as SCT; the report may hold the old designators.
        """
        for one in self.measurements:
            if _is(one.name, name) and _is(one.derivation, derivation):
                return one.value
        return None


@dataclass(frozen=True)
class MeasurementReport:
    """A TID 1500 report."""

    title: Code
    sop_instance_uid: str
    patient_id: str
    study_uid: str
    complete: bool
    verified: bool
    groups: tuple[MeasurementGroup, ...]


def read_report(path: Path) -> MeasurementReport:
    """The measurement groups of a structured report. Raises InputError when the file is no report of TID 1500."""
    try:
        dataset = dcmread(path)
    except OSError as error:
        raise InputError("cannot be opened", subject=path.name, found=error.strerror or str(error)) from error
    except (InvalidDicomError, ValueError, KeyError, EOFError, NotImplementedError) as error:
        raise InputError("the file cannot be read as DICOM", subject=path.name, found=str(error)) from error
    sop_class = values.text(dataset, "SOPClassUID")
    containers = list(_children(dataset, _IMAGING_MEASUREMENTS, "CONTAINER"))
    title = _concept(dataset, "ConceptNameCodeSequence")
    if not sop_class.startswith(_SR_CLASSES) or not containers or title is None:
        raise InputError(
            "this is no measurement report",
            subject=path.name,
            found=getattr(dataset.get("SOPClassUID"), "name", sop_class) or "no SOP class",
            expected="a DICOM structured report with Imaging Measurements (template 1500)",
        )
    groups = [_group(item) for one in containers for item in _children(one, _MEASUREMENT_GROUP, "CONTAINER")]
    return MeasurementReport(
        title=title,
        sop_instance_uid=values.text(dataset, "SOPInstanceUID"),
        patient_id=values.words(dataset, "PatientID"),
        study_uid=values.text(dataset, "StudyInstanceUID"),
        complete=values.text(dataset, "CompletionFlag") == "COMPLETE",
        verified=values.text(dataset, "VerificationFlag") == "VERIFIED",
        groups=tuple(groups),
    )


def _group(item: Dataset) -> MeasurementGroup:
    sites = list(_children(item, _FINDING_SITE, "CODE"))
    return MeasurementGroup(
        tracking_id=next((_text(one) for one in _children(item, _TRACKING_IDENTIFIER, "TEXT")), ""),
        tracking_uid=next((values.text(one, "UID") for one in _children(item, _TRACKING_UID, "UIDREF")), ""),
        finding=_answer(item, _FINDING),
        finding_category=_answer(item, _FINDING_CATEGORY),
        sites=tuple(code for one in sites if (code := _concept(one, "ConceptCodeSequence"))),
        laterality=next((code for one in sites if (code := _answer(one, _LATERALITY))), None),
        method=_answer(item, _METHOD),
        time_point=next((_text(one) for one in _children(item, _TIME_POINT, "TEXT")), ""),
        segment=next((_segment(one) for one in _children(item, _REFERENCED_SEGMENT, "IMAGE")), None),
        source_series_uid=next((values.text(one, "UID") for one in _children(item, _SOURCE_SERIES, "UIDREF")), ""),
        measurements=tuple(_measurements(item)),
        evaluations=tuple(_evaluations(item)),
    )


def _children(item: Dataset, name: DicomCode, value_type: str) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or []:
        if values.text(child, "ValueType") == value_type and _named(child, name):
            yield child


def _named(item: Dataset, name: DicomCode) -> bool:
    for code in item.get("ConceptNameCodeSequence") or []:
        return bool(_comparable(code) == name)
    return False


def _comparable(code: Dataset) -> DicomCode:
    return _dicom_code(values.text(code, "CodeValue"), values.text(code, "CodingSchemeDesignator"))


def _dicom_code(value: str, scheme: str) -> DicomCode:
    return DicomCode(value, "SRT" if scheme in ("SNM3", "99SDM") else scheme, "")


def _is(code: Code | None, value: str | None) -> bool:
    if code is None or value is None:
        return code is None and value is None
    return code.value == value or bool(_dicom_code(code.value, code.scheme) == DicomCode(value, "SCT", ""))


def _concept(item: Dataset, keyword: str) -> Code | None:
    for code in item.get(keyword) or []:
        value = next(
            (text for name in ("CodeValue", "LongCodeValue", "URNCodeValue") if (text := values.text(code, name))), ""
        )
        return Code(
            value=value,
            scheme=values.text(code, "CodingSchemeDesignator"),
            meaning=values.words(code, "CodeMeaning"),
        )
    return None


def _answer(item: Dataset, name: DicomCode) -> Code | None:
    return next((_concept(child, "ConceptCodeSequence") for child in _children(item, name, "CODE")), None)


def _text(item: Dataset) -> str:
    return values.words(item, "TextValue")


def _segment(item: Dataset) -> ReferencedSegment | None:
    for reference in item.get("ReferencedSOPSequence") or []:
        number = values.number(reference, "ReferencedSegmentNumber")
        if number is None:
            number = values.unsigned(reference, "ReferencedSegmentNumber")
        return ReferencedSegment(values.text(reference, "ReferencedSOPInstanceUID"), int(number))
    return None


def _measurements(group: Dataset) -> Iterator[ReportedMeasurement]:
    for child in group.get("ContentSequence") or []:
        name = _concept(child, "ConceptNameCodeSequence")
        if values.text(child, "ValueType") != "NUM" or name is None:
            continue
        measured = next(iter(child.get("MeasuredValueSequence") or []), None)
        unit = _concept(measured, "MeasurementUnitsCodeSequence") if measured is not None else None
        value = values.number(measured, "NumericValue") if measured is not None else None
        qualifier = _concept(child, "NumericValueQualifierCodeSequence")
        reason = "" if value is not None else (qualifier.meaning if qualifier else "the report gives no value")
        yield ReportedMeasurement(
            name=name,
            value=value,
            unit=unit.value if unit else "",
            derivation=_answer(child, _DERIVATION),
            method=_answer(child, _METHOD),
            missing_because=reason,
        )


def _evaluations(group: Dataset) -> Iterator[ReportedEvaluation]:
    known = (_FINDING, _FINDING_CATEGORY, _FINDING_SITE, _METHOD, _TIME_POINT, _TRACKING_IDENTIFIER)
    for child in group.get("ContentSequence") or []:
        if values.text(child, "RelationshipType") != "CONTAINS" or any(_named(child, name) for name in known):
            continue
        name, kind = _concept(child, "ConceptNameCodeSequence"), values.text(child, "ValueType")
        if name is None or kind not in ("CODE", "TEXT"):
            continue
        code = _concept(child, "ConceptCodeSequence") if kind == "CODE" else None
        yield ReportedEvaluation(name, code.meaning if code else _text(child), code)
