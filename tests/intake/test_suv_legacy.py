"""Legacy-converted PET keeps the SUV of the classic images, whatever the conversion left unassigned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isletscope.intake import SeriesEvidence, classify, load_suv, quantify, scan, tracer_of
from isletscope.intake.files import SeriesFiles
from isletscope.intake.suv_private import GE_CREATOR, PHILIPS_CREATOR
from isletscope.model import Role, Severity, TracerClass
from tests.intake.legacy import legacy_series
from tests.intake.suv_series import codes, headers_only, pet_header, write_series
from tests.intake.test_suv_enhanced import legacy_converted

GE = "GE MEDICAL SYSTEMS"
PHILIPS = "Philips Medical Systems"
EARLY = "105825.000000"  # the series was opened 95 s before the scan
SCAN = "20250101110000.00"


def ge_header(scan_moment: str = SCAN, **changes: object) -> Dataset:
    """An image of a GE series that was opened 95 s before the scan; the private element tells the scan."""
    header = pet_header(Manufacturer=GE, **({"SeriesTime": EARLY} | changes))
    header.private_block(0x0009, GE_CREATOR, create=True).add_new(0x0D, "DT", scan_moment)
    return header


def philips_header(suv: str | None, activity: str | None = None, **changes: object) -> Dataset:
    """A Philips image in counts with private scale factors."""
    header = pet_header(Manufacturer=PHILIPS, Units="CNTS", **changes)
    block = header.private_block(0x7053, PHILIPS_CREATOR, create=True)
    for element, factor in ((0x00, suv), (0x09, activity)):
        if factor is not None:
            block.add_new(element, "DS", factor)
    return header


def both(*headers: Dataset, creators_apart: bool = False) -> tuple[SeriesFiles, SeriesFiles]:
    """The classic series, and the same series converted."""
    return headers_only(*headers), legacy_series(*headers, creators_apart=creators_apart)


def assert_same(classic: SeriesFiles, converted: SeriesFiles, branch: str) -> None:
    before, after = quantify(classic), quantify(converted)
    assert after.branch == before.branch == branch
    assert after.factor == before.factor
    assert after.slice_factors == before.slice_factors
    assert codes(after) == codes(before)


def test_the_private_scan_time_of_ge_counts() -> None:
    """Series time instead of it would make SUV 1 % wrong with 18F, 1.6 % with 68Ga."""
    assert_same(*both(ge_header(), ge_header()), "BQML, START, vendor scan time")


def test_the_private_injection_time_of_ge_counts() -> None:
    header = pet_header(Manufacturer=GE)
    item = header.RadiopharmaceuticalInformationSequence[0]
    del item.RadiopharmaceuticalStartTime, item.RadiopharmaceuticalStartDateTime
    header.private_block(0x0009, GE_CREATOR, create=True).add_new(0x3B, "DT", "20250101100000.00")
    classic, converted = both(header, header)
    assert quantify(converted).injection_time == quantify(classic).injection_time == "2025-01-01T10:00:00"


@pytest.mark.parametrize("apart", [False, True])
def test_the_private_scale_factors_of_philips_count(apart: bool) -> None:
    alike = both(philips_header("0.0005"), philips_header("0.0005"), creators_apart=apart)
    assert_same(*alike, "CNTS, Philips SUV scale factor")
    unlike = both(philips_header("0.0005"), philips_header("0.0006"), creators_apart=apart)
    assert_same(*unlike, "CNTS, Philips SUV scale factor")
    assert quantify(unlike[1]).slice_factors == [0.0005, 0.0006]
    activity = both(philips_header(None, "12.5"), philips_header(None, "13.5"), creators_apart=apart)
    assert_same(*activity, "CNTS, Philips activity scale factor, START, series time")


def test_a_private_element_of_another_creator_is_not_taken() -> None:
    header = pet_header(Manufacturer=PHILIPS, Units="CNTS")
    header.private_block(0x7053, "SOMEBODY ELSE", create=True).add_new(0x00, "DS", "0.0005")
    for files in both(header, header):
        assert "philips_factors_missing" in codes(quantify(files), Severity.ERROR)


@pytest.mark.parametrize("vendor", ["GE", "Philips"])
def test_without_its_creator_a_private_element_is_read_and_told(vendor: str) -> None:
    header = ge_header() if vendor == "GE" else philips_header("0.0005")
    group = 0x0009 if vendor == "GE" else 0x7053
    del header[group, 0x0010]
    for files in both(header, header):
        assert "private_creator_missing" in codes(quantify(files), Severity.WARNING)


@pytest.mark.parametrize(
    ("corrected", "role"),
    [(["DECY", "ATTN"], Role.PET), (["DECY", "SCAT"], Role.PET_UNCORRECTED), (None, Role.PET)],
)
def test_corrected_image_tells_the_role(corrected: list[str] | None, role: Role) -> None:
    for files in both(*[pet_header(CorrectedImage=corrected)] * 2):
        assert classify(SeriesEvidence(files.instances[0]))[0] is role


def test_units_and_series_type_tell_the_role() -> None:
    for said, role in (({"Units": "1CM"}, Role.OTHER), ({"SeriesType": ["STATIC", "REPROJECTION"]}, Role.DERIVED)):
        for files in both(*[pet_header(**said)] * 2):
            assert classify(SeriesEvidence(files.instances[0]))[0] is role


def test_the_tracer_is_named() -> None:
    for files in both(pet_header(), pet_header()):
        assert tracer_of(files.instances[0]).tracer_class is TracerClass.FDG


def test_frames_that_contradict_each_other_are_refused() -> None:
    for files in both(pet_header(), pet_header(DecayCorrection="ADMIN")):
        assert "not_homogeneous" in codes(quantify(files), Severity.ERROR)


@pytest.mark.parametrize("vendor", ["GE", "Philips"])
def test_a_conversion_by_highdicom_keeps_suv(vendor: str, tmp_path: Path) -> None:
    """Another writer's objects, through the whole intake."""
    study = {"StudyInstanceUID": "1.2.826.0.1.3680043.8.498.4", "StudyDate": "20250101", "PatientName": "Test^One"}

    def image(k: int) -> Dataset:
        return ge_header(**study) if vendor == "GE" else philips_header(f"{0.0005 * (k + 1)}", **study)

    classic = write_series(tmp_path / "classic", image, np.arange(1, 49, dtype=np.uint16).reshape(3, 4, 4))
    (tmp_path / "converted").mkdir()
    legacy_converted(tmp_path / "classic", tmp_path / "converted" / "one.dcm")
    (converted,) = scan([tmp_path / "converted"]).series
    assert converted.record.role is Role.PET
    before, after = load_suv(classic, quantify(classic)), load_suv(converted, quantify(converted))
    assert after.array == pytest.approx(before.array, rel=1e-6)
    assert quantify(converted).branch == quantify(classic).branch
