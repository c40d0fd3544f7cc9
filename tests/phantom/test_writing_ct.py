"""CT of three makers: contrast and its clock, names, kernels, storage, order of slices, private elements."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pydicom
import pytest

from isletscope.errors import InputError
from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.ct_series import ct_habits, ct_protocol, tracking_series
from isletscope.phantom.scanner import CtScan
from isletscope.phantom.writing_ct import write_bolus_tracking, write_ct, write_localizer
from isletscope.phantom.writing_enhanced import write_enhanced_ct
from tests.phantom import tiny
from tests.phantom.products import VENDORS, ct_visit

DELAYS_S = {"late_arterial": (35, 45), "portal_venous": (60, 80), "delayed": (150, 240)}


def written(vendor: str, phase: str, folder: Path, scan: CtScan | None = None) -> list[pydicom.Dataset]:
    visit = ct_visit(vendor)
    (series,) = (entry for entry in ct_protocol(visit, CT_PHASES) if entry.phase == phase)
    return tiny.read(write_ct(scan or tiny.ct_scan(), visit, folder, tiny.name_of, series))


@pytest.mark.parametrize("phase", sorted(DELAYS_S))
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_contrast_phase_names_its_agent_and_its_delay(vendor: str, phase: str, tmp_path: Path) -> None:
    first = min(written(vendor, phase, tmp_path), key=lambda file: float(file.AcquisitionTime))
    agent = ct_habits(vendor).agent
    assert first.ContrastBolusAgent == agent.name
    assert first.ContrastBolusAgentSequence[0].CodeValue == agent.code[0]
    began, ended, acquired = (
        dt.datetime.strptime(text, "%H%M%S.%f")
        for text in (first.ContrastBolusStartTime, first.ContrastBolusStopTime, first.AcquisitionTime)
    )
    low, high = DELAYS_S[phase]
    assert low <= (acquired - began).total_seconds() <= high
    injected_ml = (ended - began).total_seconds() * float(first.ContrastFlowRate)
    assert injected_ml == pytest.approx(float(first.ContrastBolusVolume), abs=0.1)


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_unenhanced_spiral_comes_before_the_injection(vendor: str, tmp_path: Path) -> None:
    files = written(vendor, "unenhanced", tmp_path)
    assert not any(str(element.keyword).startswith("Contrast") for element in files[0])
    later = ct_protocol(ct_visit(vendor), CT_PHASES)[1]
    assert later.injection is not None
    assert max(file.AcquisitionTime for file in files) < later.injection.strftime("%H%M%S")


@pytest.mark.parametrize("vendor", VENDORS)
def test_all_series_of_an_exam_share_study_and_frame_but_nothing_else(vendor: str, tmp_path: Path) -> None:
    visit, firsts = ct_visit(vendor), []
    for series in ct_protocol(visit, CT_PHASES, detail_phase="portal_venous"):
        folder = tmp_path / series.key
        folder.mkdir()
        firsts.append(tiny.read(write_ct(tiny.ct_scan(), visit, folder, tiny.name_of, series))[0])
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "StudyDescription"):
        assert len({str(file[keyword].value) for file in firsts}) == 1, keyword
    for keyword in ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "SOPInstanceUID"):
        assert len({str(file[keyword].value) for file in firsts}) == len(firsts), keyword
    assert {file.BodyPartExamined for file in firsts} == {"ABDOMEN"}


@pytest.mark.parametrize(("vendor", "descending", "sign"), [("siemens", 1, 1), ("ge", 1, 1), ("philips", 0, -1)])
def test_slices_are_numbered_and_located_in_the_vendors_order(
    vendor: str, descending: int, sign: int, tmp_path: Path
) -> None:
    files = written(vendor, "delayed", tmp_path)
    numbers = [file.InstanceNumber for file in files]
    assert numbers == sorted(numbers, reverse=bool(descending))
    by_time = sorted(files, key=lambda file: file.AcquisitionTime)
    assert [file.InstanceNumber for file in by_time] == list(range(1, len(files) + 1))
    for file in files:
        assert float(file.SliceLocation) == sign * float(file.ImagePositionPatient[2])


@pytest.mark.parametrize(
    ("vendor", "stored", "creators"),
    [
        ("siemens", (16, 0, -8192), {"SIEMENS CT VA0  COAD"}),
        ("ge", (16, 1, -1024), {"GEMS_IDEN_01", "GEMS_ACQU_01", "GEMS_PARM_01", "GEMS_HELIOS_01"}),
        ("philips", (12, 0, -1024), {"ELSCINT1"}),
    ],
)
def test_storage_and_private_creators_are_the_vendors(
    vendor: str, stored: tuple[int, int, int], creators: set[str], tmp_path: Path
) -> None:
    file = written(vendor, "late_arterial", tmp_path)[0]
    assert (file.BitsStored, file.PixelRepresentation, int(file.RescaleIntercept)) == stored
    private = [element for element in file if element.tag.is_private]
    assert {element.value for element in private if element.tag.is_private_creator} == creators
    unknown = [element.tag for element in private if "Unknown" in element.name]
    assert len(unknown) < len(private) / 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_ct_number_from_air_to_metal_is_kept(vendor: str, tmp_path: Path) -> None:
    ramp = np.linspace(-1024, 3071, int(np.prod(tiny.GRID.shape))).round().astype(np.int16).reshape(tiny.GRID.shape)
    files = written(vendor, "portal_venous", tmp_path, CtScan(tiny.GRID, ramp))
    read = np.stack([file.pixel_array.astype(int) + int(file.RescaleIntercept) for file in files])
    assert np.array_equal(read, ramp)


def test_values_beyond_the_stored_range_take_its_end(tmp_path: Path) -> None:
    image = np.full(tiny.GRID.shape, 3071, dtype=np.int16)
    image[0], image[1] = -3000, 20000
    files = written("philips", "portal_venous", tmp_path, CtScan(tiny.GRID, image))
    assert [int(file.pixel_array.max()) - 1024 for file in files[:3]] == [-1024, 3071, 3071]


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_localizer_is_the_shadow_of_the_body_from_head_to_feet(vendor: str, tmp_path: Path) -> None:
    image = np.full(tiny.GRID.shape, -1000, dtype=np.int16)
    image[-1, :, 3] = 1000
    (path,) = write_localizer(CtScan(tiny.GRID, image), ct_visit(vendor), tmp_path, tiny.name_of)
    file = pydicom.dcmread(path)
    shadow = file.pixel_array.astype(int) + int(file.RescaleIntercept)
    assert "LOCALIZER" in file.ImageType
    assert np.unravel_index(shadow.argmax(), shadow.shape) == (0, 3)
    assert shadow.max() == 1000
    assert float(file.ImagePositionPatient[2]) == pytest.approx(tiny.GRID.to_lps([tiny.GRID.shape[0] - 1, 0, 0])[2])


@pytest.mark.parametrize("vendor", VENDORS)
def test_bolus_tracking_stays_at_one_place(vendor: str, tmp_path: Path) -> None:
    visit = ct_visit(vendor)
    files = tiny.read(
        write_bolus_tracking(tiny.ct_scan(), visit, tmp_path, tiny.name_of, ct_protocol(visit, CT_PHASES))
    )
    assert len({tuple(file.ImagePositionPatient) for file in files}) == 1
    assert len({file.AcquisitionTime for file in files}) == len(files) > 3


def test_bolus_tracking_without_contrast_is_refused() -> None:
    visit = ct_visit("ge")
    with pytest.raises(InputError, match="contrast phase"):
        tracking_series(visit, ct_protocol(visit, ["unenhanced"]))


def test_an_unknown_phase_is_refused() -> None:
    with pytest.raises(InputError, match="not a CT phase"):
        ct_protocol(ct_visit("ge"), ["nephrographic"])


def test_enhanced_ct_states_the_phase_and_the_injection(tmp_path: Path) -> None:
    visit = ct_visit("siemens")
    phases = {}
    for series in ct_protocol(visit, CT_PHASES):
        file = pydicom.dcmread(write_enhanced_ct(tiny.ct_scan(), visit, tmp_path, tiny.name_of, series)[0])
        usage = file.SharedFunctionalGroupsSequence[0].get("ContrastBolusUsageSequence")
        phases[series.phase] = usage[0].ContrastBolusAgentPhase if usage else None
        if series.injection is not None:
            profile = file.ContrastBolusAgentSequence[0].ContrastAdministrationProfileSequence[0]
            assert profile.ContrastBolusStartTime == series.injection.strftime("%H%M%S") + ".00"
    assert phases == {
        "unenhanced": None,
        "late_arterial": "ARTERIAL",
        "portal_venous": "PORTAL_VENOUS",
        "delayed": "DELAYED",
    }
