"""Laws that SUV must obey, whatever the values: same image in other units, shifted clocks, permuted files."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from isletscope.intake.suv import load_suv, quantify
from isletscope.intake.suv_body import body_surface_m2, janmahasatian_mass_kg
from isletscope.intake.suv_clock import average_count_offset_s, frame_decay_factor
from tests.intake.suv_series import codes, entry, headers_only, pet_header, radiopharmaceutical, write_series

LAW = settings(max_examples=30, deadline=None)
HALF_LIFE = 6586.2
INJECTED = datetime(2025, 1, 1, 10, 0)

weights = st.floats(10, 250).map(lambda value: round(value, 2))
doses = st.floats(20e6, 900e6).map(lambda value: float(round(value)))
delays = st.integers(30 * 60, 5 * 3600)


def day(moment: datetime) -> str:
    return moment.strftime("%Y%m%d")


def clock(moment: datetime) -> str:
    return moment.strftime("%H%M%S.%f")


def injected_at(moment: datetime, dose: float = 368.08e6, *, time_only: bool = False) -> Dataset:
    return radiopharmaceutical(
        RadiopharmaceuticalStartDateTime=None if time_only else day(moment) + clock(moment),
        RadiopharmaceuticalStartTime=clock(moment),
        RadionuclideTotalDose=f"{dose:.0f}",
    )


def scanned_at(moment: datetime, item: Dataset, **changes: Any) -> Dataset:
    times = {
        "SeriesDate": day(moment),
        "SeriesTime": clock(moment),
        "AcquisitionDate": day(moment),
        "AcquisitionTime": clock(moment),
    }
    return pet_header(item, **(times | changes))


def factor(header: Dataset) -> float:
    quantification = quantify(headers_only(header))
    assert quantification.quantified, [finding.problem for finding in quantification.findings]
    assert quantification.factor is not None
    return quantification.factor


@LAW
@given(weights, doses, delays)
def test_the_formula(weight: float, dose: float, delay: int) -> None:
    header = scanned_at(INJECTED + timedelta(seconds=delay), injected_at(INJECTED, dose), PatientWeight=f"{weight}")
    expected = weight * 1000 / (round(dose) * 2 ** (-delay / HALF_LIFE))
    assert factor(header) == pytest.approx(expected, rel=1e-9)


@LAW
@given(st.integers(-400 * 86400, 400 * 86400), delays, st.booleans())
def test_shifting_all_clocks_leaves_suv(shift: int, delay: int, time_only: bool) -> None:
    at_rest = factor(scanned_at(INJECTED + timedelta(seconds=delay), injected_at(INJECTED)))
    moved = INJECTED + timedelta(seconds=shift)
    header = scanned_at(moved + timedelta(seconds=delay), injected_at(moved, time_only=time_only))
    assert factor(header) == pytest.approx(at_rest, rel=1e-9)


@LAW
@given(st.sampled_from(["+0000", "+0200", "-0330", "+1345"]), st.sampled_from(["+0000", "-0800", "+0530"]), delays)
def test_time_zones_leave_suv(of_images: str, of_injection: str, delay: int) -> None:
    def local(moment: datetime, zone: str) -> datetime:
        sign = -1 if zone[0] == "-" else 1
        return moment + sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))

    scan, injection = local(INJECTED + timedelta(seconds=delay), of_images), local(INJECTED, of_injection)
    item = injected_at(injection)
    item.RadiopharmaceuticalStartDateTime += of_injection
    del item.RadiopharmaceuticalStartTime
    header = scanned_at(scan, item, TimezoneOffsetFromUTC=of_images)
    expected = factor(scanned_at(INJECTED + timedelta(seconds=delay), injected_at(INJECTED)))
    assert factor(header) == pytest.approx(expected, rel=1e-9)


def test_summer_time_ends_between_injection_and_scan() -> None:
    item = radiopharmaceutical(
        RadiopharmaceuticalStartDateTime="20251026023000+0200", RadiopharmaceuticalStartTime="023000"
    )
    scan = datetime(2025, 10, 26, 2, 30)  # an hour later, on a clock set back by an hour
    header = scanned_at(scan, item, TimezoneOffsetFromUTC="+0100")
    quantification = quantify(headers_only(header))
    assert quantification.uptake_minutes == pytest.approx(60)
    assert quantification.factor == pytest.approx(70e3 / (368.08e6 * 2 ** (-3600 / HALF_LIFE)))


@LAW
@given(st.integers(1, 4 * 3600))
def test_reckoning_back_finds_a_series_time_that_was_overwritten(offset: int) -> None:
    start = INJECTED + timedelta(hours=1)
    bed = start + timedelta(seconds=offset)
    reference_ms = 1000 * (offset + average_count_offset_s(HALF_LIFE, 180.0))
    changes = {
        "AcquisitionDate": day(bed),
        "AcquisitionTime": clock(bed),
        "ActualFrameDuration": "180000",
        "FrameReferenceTime": f"{reference_ms:.3f}",
        "SeriesDate": day(bed + timedelta(days=3)),
    }
    item = injected_at(INJECTED)
    known = factor(scanned_at(start, item))
    assert factor(scanned_at(start, item, **changes)) == pytest.approx(known, rel=1e-6)


@LAW
@given(delays, st.floats(30, 1200))
def test_undone_decay_agrees_with_decay_corrected_images(delay: int, duration: float) -> None:
    """Images without decay correction hold the frame average; START images of the same scan hold its start value."""
    scan = INJECTED + timedelta(seconds=delay)
    header = scanned_at(
        scan,
        injected_at(INJECTED),
        DecayCorrection="NONE",
        CorrectedImage=["ATTN"],
        ActualFrameDuration=f"{1000 * duration:.6f}",
    )
    start = factor(scanned_at(scan, injected_at(INJECTED)))
    assert factor(header) / frame_decay_factor(HALF_LIFE, duration) == pytest.approx(start, rel=1e-6)


@LAW
@given(weights, st.floats(1.4, 2.1).map(lambda value: round(value, 3)), st.sampled_from("MF"))
def test_the_same_image_in_every_unit(weight: float, size: float, sex: str) -> None:
    """1000 Bq/mL written as activity, as SUV of three kinds, and as Philips counts gives one SUV."""
    common = {"PatientWeight": f"{weight}", "PatientSize": f"{size}", "PatientSex": sex}
    scan = INJECTED + timedelta(hours=1)
    by_weight = 1000.0 * factor(scanned_at(scan, injected_at(INJECTED), **common))

    def suv(stored: float, **changes: Any) -> float:
        return stored * factor(scanned_at(scan, injected_at(INJECTED), **(common | changes)))

    lean = janmahasatian_mass_kg(weight, size, sex)
    surface = body_surface_m2(weight, size)
    assert suv(by_weight, Units="GML", SUVType="BW") == pytest.approx(by_weight)
    assert suv(by_weight * lean / weight, Units="GML", SUVType="LBMJANMA") == pytest.approx(by_weight)
    assert suv(by_weight * surface * 1e4 / (weight * 1e3), Units="CM2ML", SUVType="BSA") == pytest.approx(by_weight)
    for element, value in ((0x00, by_weight / 50.0), (0x09, 1000.0 / 50.0)):
        header = scanned_at(scan, injected_at(INJECTED), Units="CNTS", **common)
        block = header.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(element, "UN", f"{value:.12g} ".encode())
        assert 50.0 * factor(header) == pytest.approx(by_weight, rel=1e-6)


@LAW
@given(st.permutations(list(range(5))))
def test_the_order_of_the_files_does_not_matter(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    """Undone decay and a slope of its own in every slice: each slice keeps its own factor, wherever its file lies."""
    stored = np.arange(5 * 2 * 3, dtype=np.uint16).reshape(5, 2, 3) + 100
    scan = INJECTED + timedelta(hours=1)

    def header(k: int) -> Dataset:
        return scanned_at(
            scan,
            injected_at(INJECTED),
            DecayCorrection="NONE",
            CorrectedImage=["ATTN"],
            AcquisitionTime=clock(scan + timedelta(minutes=4 * k)),
            RescaleSlope=f"{1 + k}",
        )

    files = write_series(tmp_path_factory.mktemp("pet"), header, stored, order)
    quantification = quantify(files)
    assert len(quantification.slice_factors) == 5
    volume = load_suv(files, quantification)
    first = 70e3 / 368.08e6 * 2 ** (3600 / HALF_LIFE) * frame_decay_factor(HALF_LIFE, 300.0)
    expected = [(1 + k) * first * 2 ** (240 * k / HALF_LIFE) for k in range(5)]
    assert volume.array / stored == pytest.approx(
        np.broadcast_to(np.array(expected)[:, None, None], (5, 2, 3)), rel=1e-5
    )


def test_average_count_offset_tends_to_the_middle_of_short_frames() -> None:
    assert average_count_offset_s(HALF_LIFE, 1e-6) == pytest.approx(5e-7)
    assert average_count_offset_s(HALF_LIFE, 600.0) == pytest.approx(
        300.0 - math.log(2) / HALF_LIFE * 600**2 / 24, rel=1e-4
    )
    assert frame_decay_factor(HALF_LIFE, 0.0) == 1.0


def test_a_reader_outranks_the_header() -> None:
    header = scanned_at(INJECTED + timedelta(hours=1), injected_at(INJECTED))
    plain = factor(header)
    given_values = [
        entry("weight_kg", 35),
        entry("injected_activity_mbq", 736.16),
        entry("half_life_s", 2 * HALF_LIFE),
        entry("injection_time", "2025-01-01T09:00:00"),
    ]
    quantification = quantify(headers_only(header), given_values)
    assert codes(quantification) == ["value_entered"] * 4
    assert quantification.factor == pytest.approx(plain / 4)  # half the weight, twice the dose, the same decay
    assert quantification.injection_time == "2025-01-01T09:00:00"


def test_an_entry_for_another_series_does_not_count() -> None:
    header = scanned_at(INJECTED + timedelta(hours=1), injected_at(INJECTED))
    other, own = entry("weight_kg", 35, series="PET NAC"), entry("weight_kg", 35, series="PET AC")
    assert quantify(headers_only(header), [other]).weight_kg == 70
    assert quantify(headers_only(header), [own]).weight_kg == 35
    assert quantify(headers_only(header), [own, entry("weight_kg", 99)]).weight_kg == 35


def test_a_reader_decides_on_the_moment_of_decay_correction(tmp_path: Path) -> None:
    header = scanned_at(
        INJECTED + timedelta(hours=1), injected_at(INJECTED), SeriesTime="120000", FrameReferenceTime=None
    )
    assert not quantify(headers_only(header)).quantified
    quantification = quantify(headers_only(header), [entry("decay_reference_time", "2025-01-01 11:00")])
    assert quantification.factor == pytest.approx(70e3 / (368.08e6 * 2 ** (-3600 / HALF_LIFE)))
    assert quantification.branch == "BQML, START, entered reference time"


def test_several_radiopharmaceuticals_are_replaced_by_entries() -> None:
    items = [radiopharmaceutical(), radiopharmaceutical(RadionuclideTotalDose="1e8")]
    files = headers_only(pet_header(items))
    given_values = [
        entry("injected_activity_mbq", 368.08),
        entry("half_life_s", HALF_LIFE),
        entry("injection_time", "10:00"),
    ]
    assert quantify(files, given_values).factor == pytest.approx(quantify(headers_only(pet_header())).factor)
