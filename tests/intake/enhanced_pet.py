"""Headers of enhanced (multi-frame) PET for the tests of SUV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from isletscope.intake.files import Instance, SeriesFiles
from isletscope.intake.suv_header import ENHANCED_PET
from isletscope.model import Patient, Role, Series
from tests.intake.suv_series import radiopharmaceutical


def mapping(unit: str, slope: float | None, intercept: float = 0.0) -> Dataset:
    """An item of Real World Value Mapping."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item = Dataset()
    item.MeasurementUnitsCodeSequence = [code]
    item.RealWorldValueIntercept = intercept
    if slope is not None:
        item.RealWorldValueSlope = slope
    return item


def enhanced_header(
    mappings: list[list[Dataset]], *, item: Dataset | None = None, starts: list[str] | None = None, **changes: Any
) -> Dataset:
    """An enhanced PET header with one list of mappings a frame: 70 kg, 368.08 MBq, decay-corrected to 11:00."""
    header = Dataset()
    values: dict[str, Any] = {
        "SOPClassUID": ENHANCED_PET,
        "Modality": "PT",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.3",
        "PatientID": "test",
        "PatientSex": "M",
        "PatientWeight": "70",
        "PatientSize": "1.75",
        "AttenuationCorrected": "YES",
        "DecayCorrected": "YES",
        "DecayCorrectionDateTime": "20250101110000.000000",
        "NumberOfFrames": str(len(mappings)),
    } | changes
    for keyword, value in values.items():
        if value is not None:
            setattr(header, keyword, value)
    header.RadiopharmaceuticalInformationSequence = [item or radiopharmaceutical(RadionuclideTotalDose="368.08")]
    header.SharedFunctionalGroupsSequence = [Dataset()]
    frames = []
    for number, items in enumerate(mappings):
        content = Dataset()
        content.FrameAcquisitionDateTime = (starts or ["20250101110000.000000"] * len(mappings))[number]
        content.FrameAcquisitionDuration = 300000.0
        frame = Dataset()
        frame.FrameContentSequence = [content]
        frame.RealWorldValueMappingSequence = items
        frames.append(frame)
    header.PerFrameFunctionalGroupsSequence = frames
    return header


def frames_of(header: Dataset) -> SeriesFiles:
    """A series of the frames of one multi-frame header, without pixels."""
    count = int(header.NumberOfFrames)
    instances = tuple(Instance(Path("enhanced.dcm"), header, number) for number in range(count))
    record = Series(
        key="pet-1",
        series_uid=str(header.SeriesInstanceUID),
        modality="PT",
        role=Role.PET,
        role_because="test",
        instance_count=count,
        fingerprint="test",
    )
    return SeriesFiles(record, Patient(id="test"), "1.2", None, instances)
