"""Segmentations made by highdicom, plain and compressed, read back onto the PET that they were drawn on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless, RLELossless, generate_uid

from isletscope.intake.files import SeriesFiles
from isletscope.intake.masks import read_masks, read_regions
from tests.intake.suv_series import pet_header, read_dicom, write_series

SHAPE = (4, 6, 8)
KINDS = hd.seg.SegmentationTypeValues


@pytest.fixture(scope="module")
def pet(tmp_path_factory: pytest.TempPathFactory) -> SeriesFiles:
    complete = {
        "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.9",
        "StudyDate": "20250101",
        "StudyTime": "100000",
        "PatientName": "Test^Object",
        "PatientBirthDate": "19600101",
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesNumber": 2,
    }
    stored = np.arange(int(np.prod(SHAPE)), dtype=np.uint16).reshape(SHAPE)
    return write_series(tmp_path_factory.mktemp("pet"), lambda k: pet_header(InstanceNumber=k + 1, **complete), stored)


def description(number: int, label: str) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=f"1.2.826.0.1.3680043.8.498.7{number}",
        tracking_id=f"{label} of the patient",
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("kind", "syntax"),
    [
        (KINDS.BINARY, ExplicitVRLittleEndian),
        (KINDS.FRACTIONAL, RLELossless),
        (KINDS.LABELMAP, ExplicitVRLittleEndian),
        (KINDS.LABELMAP, RLELossless),
        (KINDS.LABELMAP, JPEGLSLossless),
    ],
)
def test_segmentation_comes_back(kind: Any, syntax: str, reverse: bool, pet: SeriesFiles, tmp_path: Path) -> None:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1, 1:3, 2:5], labels[2, 4, 1:3], labels[3, 0, 7] = 1, 2, 2
    order = range(SHAPE[0] - 1, -1, -1) if reverse else range(SHAPE[0])
    sources = [read_dicom(pet.instances[k].path) for k in order]
    given = labels[list(order)]
    segmentation = hd.seg.Segmentation(
        sources, given, kind, [description(1, "P1"), description(2, "L1")], generate_uid(), 100, generate_uid(), 1,
        "Test", "Test", "1", "1", transfer_syntax_uid=syntax,
    )  # fmt: skip
    segmentation.save_as(tmp_path / "seg.dcm")
    regions = read_regions(tmp_path / "seg.dcm", pet)
    assert regions.notes == ()
    assert [(region.number, region.label) for region in regions.regions] == [(1, "P1"), (2, "L1")]
    assert regions.regions[1].tracking_uid == "1.2.826.0.1.3680043.8.498.72"
    for region in regions.regions:
        assert np.array_equal(region.mask.array, labels == region.number)
    (chosen,) = read_masks(tmp_path / "seg.dcm", pet, "L1 of the patient")
    assert chosen.name == "L1"
