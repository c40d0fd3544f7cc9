"""Enhanced and legacy-converted multi-frame PET give the SUV of the classic images."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from isletscope.intake.files import Instance
from isletscope.intake.headers import FileHeader, read_header
from isletscope.intake.suv import load_suv, quantify
from tests.intake.enhanced_pet import enhanced_header, frames_of, mapping
from tests.intake.suv_series import (
    codes,
    headers_only,
    pet_header,
    radiopharmaceutical,
    read_dicom,
    series_in,
    series_of,
)

HALF_LIFE = 6586.2
CLASSIC_FACTOR = 70e3 / (368.08e6 * 2 ** (-3600 / HALF_LIFE))


def test_dose_is_in_megabecquerel() -> None:
    quantification = quantify(frames_of(enhanced_header([[mapping("Bq/ml", 1.0)]] * 2)))
    assert quantification.injected_activity_mbq == pytest.approx(368.08)
    assert quantification.factor == pytest.approx(CLASSIC_FACTOR)
    assert quantification.factor == pytest.approx(quantify(headers_only(pet_header())).factor)
    assert quantification.branch == "BQML, START, decay correction date-time"
    assert quantification.findings == []


@pytest.mark.parametrize("unit", ["g/ml{SUVbw}", "{SUVbw}g/ml"])
def test_a_mapping_to_suv_is_taken_as_it_is(unit: str) -> None:
    quantification = quantify(frames_of(enhanced_header([[mapping(unit, 0.002)], [mapping(unit, 0.003)]])))
    assert quantification.factor == 1.0  # loading applies the slope of each frame
    assert quantification.branch == "GML, body weight, as stored"


def test_two_mappings_lead_to_one_suv() -> None:
    """Loading applies the mapping to activity; the factor takes it on to the SUV of the other mapping."""
    header = enhanced_header([[mapping("Bq/ml", 2.0), mapping("g/ml{SUVbw}", 2.0 * CLASSIC_FACTOR)]])
    assert quantify(frames_of(header)).factor == pytest.approx(CLASSIC_FACTOR)


def test_flags_say_that_decay_was_not_corrected() -> None:
    starts = ["20250101110000", "20250101110500"]
    header = enhanced_header([[mapping("Bq/ml", 1.0)]] * 2, starts=starts, DecayCorrected="NO")
    quantification = quantify(frames_of(header))
    assert quantification.branch == "BQML, NONE"
    first, second = quantification.slice_factors
    assert second / first == pytest.approx(2 ** (300 / HALF_LIFE))


def test_flags_say_that_attenuation_was_not_corrected() -> None:
    header = enhanced_header([[mapping("Bq/ml", 1.0)]], AttenuationCorrected="NO")
    quantification = quantify(frames_of(header))
    assert codes(quantification) == ["not_attenuation_corrected"]
    assert quantification.findings[0].found == "Attenuation Corrected NO, Decay Corrected YES"


def test_units_that_nobody_names() -> None:
    assert codes(quantify(frames_of(enhanced_header([[]])))) == ["units_missing"]
    header = enhanced_header([[mapping("Bq/ml", 1.0)], [mapping("g/ml{SUVbw}", 1.0)]])
    assert codes(quantify(frames_of(header))) == ["not_homogeneous"]


def test_dose_of_the_wrong_unit_is_never_guessed() -> None:
    item = radiopharmaceutical(RadionuclideTotalDose="368080000")
    header = enhanced_header([[mapping("Bq/ml", 1.0)]], item=item)
    assert codes(quantify(frames_of(header))) == ["activity_ambiguous"]


def legacy_converted(folder: Path, target: Path) -> list[Instance]:
    """The classic series of ``folder`` converted by highdicom, as instances of its frames."""
    sources: list[Dataset] = [read_dicom(path) for path in sorted(folder.glob("*"))]
    for number, source in enumerate(sources):
        complete = {"InstanceNumber": number + 1, "PositionReferenceIndicator": "", "AccessionNumber": ""}
        complete |= {"ReferringPhysicianName": "", "StudyID": "1", "PatientBirthDate": "", "StudyTime": "100000"}
        for keyword, value in complete.items():
            if keyword not in source:
                setattr(source, keyword, value)
    converted = hd.legacy.LegacyConvertedEnhancedPETImage(sources, generate_uid(), 1, generate_uid(), 1)
    converted.save_as(target)
    read = read_header(target, target.name)
    assert isinstance(read, FileHeader)
    frames = read.dataset.PerFrameFunctionalGroupsSequence
    return [
        Instance(
            target,
            read.dataset,
            number,
            tuple(float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient),
            read.file_size,
            read.changed_ns,
            read.pixel_offset,
        )
        for number, frame in enumerate(frames)
    ]


@pytest.mark.parametrize("name", ["DRO_0_0", "DRO_1_0", "DRO_3_2", "DRO_3_4"])
def test_legacy_conversion_keeps_suv(name: str, test_data: Path, tmp_path: Path) -> None:
    classic = series_in(test_data / "suv_dro" / name / "PT")
    converted = series_of(legacy_converted(test_data / "suv_dro" / name / "PT", tmp_path / "converted.dcm"))
    before, after = quantify(classic), quantify(converted)
    assert after.branch == before.branch
    np.testing.assert_allclose(load_suv(converted, after).array, load_suv(classic, before).array, rtol=1e-6)
