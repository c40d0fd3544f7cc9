"""Measurement reports: one of another toolkit, and one made here with highdicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from isletscope.errors import InputError
from isletscope.intake.structured_report import MeasurementReport, read_report
from tests.intake.suv_series import pet_header, read_dicom, write_series


def test_report_of_another_toolkit(test_data: Path, reference: dict[str, Any]) -> None:
    expected = reference["seg_dcmqi"]["sr-example/sr.dcm"]
    report = read_report(test_data / "seg_dcmqi" / "sr-example" / "sr.dcm")
    assert report.title.meaning == expected["title"]
    (group,) = report.groups
    assert group.tracking_id == "primary tumor"
    assert group.tracking_uid.startswith("2.25.3187")
    assert group.finding is not None
    assert group.finding.meaning == "Neoplasm, Primary"
    assert [site.meaning for site in group.sites] == ["pharyngeal tonsil (adenoid)"]
    assert group.segment is not None
    assert group.segment.number == 1
    assert group.time_point == "1"
    assert group.evaluations == ()
    told = [one for one in expected["measurements"] if one["name"] not in ("Pixel Data Rows", "Pixel Data Columns")]
    assert len(group.measurements) == len(told)
    for one, other in zip(group.measurements, told, strict=True):
        modifiers = [code.meaning for code in (one.derivation, one.method) if code]
        assert (one.name.meaning, one.value, one.unit, modifiers) == (
            other["name"],
            other["value"],
            other["unit"],
            other["modifiers"],
        )
    assert group.value("126401", "373098007") == 6.01529  # written with the old code of "Mean"
    assert group.value("118565006") == 33.5824


def test_the_segment_of_the_report_is_the_one_in_the_segmentation(test_data: Path) -> None:
    folder = test_data / "seg_dcmqi" / "sr-example"
    segment = read_report(folder / "sr.dcm").groups[0].segment
    assert segment is not None
    assert segment.sop_instance_uid == read_dicom(folder / "seg.dcm").SOPInstanceUID


def images(folder: Path) -> list[Dataset]:
    def header(k: int) -> Dataset:
        return pet_header(
            StudyInstanceUID="1.2.826.0.1.3680043.8.498.9",
            StudyDate="20250101",
            StudyTime="100000",
            PatientName="Test^Object",
            PatientBirthDate="19600101",
            StudyID="1",
            AccessionNumber="",
            ReferringPhysicianName="",
            SeriesNumber=2,
            InstanceNumber=k + 1,
        )

    files = write_series(folder, header, np.full((3, 4, 5), 100, dtype=np.uint16))
    return [read_dicom(instance.path) for instance in files.instances]


def segmentation(sources: list[Dataset]) -> hd.seg.Segmentation:
    mask = np.zeros((3, 4, 5), dtype=np.uint8)
    mask[1, 1:3, 1:4] = 1
    description = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="P1",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid="1.2.826.0.1.3680043.8.498.77",
        tracking_id="P1",
    )
    return hd.seg.Segmentation(
        sources, mask, hd.seg.SegmentationTypeValues.BINARY, [description], generate_uid(), 100, generate_uid(), 1,
        "Test", "Test", "1", "1",
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MeasurementReport:
    folder = tmp_path_factory.mktemp("sr")
    sources = images(folder / "pet")
    seg = segmentation(sources)
    suv = hd.sr.CodedConcept("126401", "DCM", "SUVbw")
    group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid="1.2.826.0.1.3680043.8.498.77", identifier="P1"),
        referenced_segment=hd.sr.ReferencedSegment(
            seg.SOPClassUID,
            seg.SOPInstanceUID,
            segment_number=1,
            source_series=hd.sr.SourceSeriesForSegmentation(sources[0].SeriesInstanceUID),
        ),
        finding_category=codes.SCT.MorphologicallyAbnormalStructure,
        finding_type=codes.SCT.Neoplasm,
        finding_sites=[hd.sr.FindingSite(codes.SCT.Pancreas, laterality=codes.SCT.Left)],
        measurements=[
            hd.sr.Measurement(
                name=suv,
                value=12.5,
                unit=hd.sr.CodedConcept("g/ml{SUVbw}", "UCUM", "g/ml{SUVbw}"),
                derivation=codes.SCT.Maximum,
            ),
            hd.sr.Measurement(name=codes.SCT.Volume, value=3.25, unit=codes.UCUM.CubicCentimeter),
        ],
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(
                hd.sr.CodedConcept("KRENNING", "99ISLET", "Krenning score"),
                hd.sr.CodedConcept("KRENNING-4", "99ISLET", "4"),
            )
        ],
    )
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person, observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes("A^B")
    )
    report = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_person_context=observer),
        procedure_reported=hd.sr.CodedConcept("44139-4", "LN", "PET whole body"),
        imaging_measurements=[group],
    )
    document = hd.sr.Comprehensive3DSR(
        evidence=[*sources, seg], content=report, series_instance_uid=generate_uid(), series_number=200,
        sop_instance_uid=generate_uid(), instance_number=1, manufacturer="Test", is_complete=True,
    )  # fmt: skip
    document.save_as(folder / "sr.dcm")
    return read_report(folder / "sr.dcm")


def test_report_made_with_highdicom(made: MeasurementReport) -> None:
    assert made.complete
    assert not made.verified
    (group,) = made.groups
    assert (group.tracking_id, group.tracking_uid) == ("P1", "1.2.826.0.1.3680043.8.498.77")
    assert group.finding is not None
    assert (group.finding.value, group.finding.scheme) == ("108369006", "SCT")
    assert group.finding_category is not None
    assert [site.value for site in group.sites] == ["15776009"]
    assert group.laterality is not None
    assert group.laterality.meaning == "Left"
    assert group.segment is not None
    assert group.segment.number == 1
    assert group.source_series_uid == "1.2.826.0.1.3680043.8.498.1"
    assert group.value("126401", "56851009") == 12.5
    assert group.value("118565006") == 3.25
    assert group.value("126401", "373098007") is None
    assert [(one.name.meaning, one.text) for one in group.evaluations] == [("Krenning score", "4")]


def test_other_files_are_refused(test_data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no measurement report; found Segmentation Storage; expected a DICOM struct"):
        read_report(test_data / "seg_dcmqi" / "sr-example" / "seg.dcm")
    (tmp_path / "note.txt").write_text("not DICOM")
    with pytest.raises(InputError, match=r"note\.txt: the file cannot be read as DICOM"):
        read_report(tmp_path / "note.txt")
    with pytest.raises(InputError, match="cannot be opened; found No such file"):
        read_report(tmp_path / "none.dcm")
