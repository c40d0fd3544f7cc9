"""Contrast agent, its start and its phase: classic, enhanced and legacy-converted CT alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isletscope.intake import SeriesEvidence, classify, frame_attribute
from isletscope.intake.diffusion import b_value_with_source
from isletscope.intake.files import Instance
from isletscope.intake.load import PlaneReader
from isletscope.model import Role
from tests.intake.builders import Maker
from tests.intake.legacy import legacy_frames, legacy_series

ACQUIRED = "20260301101000"
IODINE = ("44588005", "Iodine")
INTRAVENOUS, ORAL = ("47625008", "Intravenous route"), ("26643006", "Oral route")


def coded(pair: tuple[str, str]) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = pair[0], "SCT", pair[1]
    return item


def agent(*starts: str, number: int = 1, route: tuple[str, str] | None = INTRAVENOUS) -> Dataset:
    """An item of the agent sequence with one step of administration for each start."""
    item = coded(("109218004", "Iohexol"))
    item.ContrastBolusAgentNumber = number
    item.ContrastBolusIngredientCodeSequence = [coded(IODINE)]
    if route is not None:
        item.ContrastBolusAdministrationRouteSequence = [coded(route)]
    steps = []
    for start in starts:
        step = Dataset()
        step.ContrastBolusVolume, step.ContrastBolusStartTime = "100", start
        steps.append(step)
    item.ContrastAdministrationProfileSequence = steps
    return item


def usage(phase: str = "", *, number: int = 1, administered: str = "YES") -> Dataset:
    item = Dataset()
    item.ContrastBolusAgentNumber, item.ContrastBolusAgentAdministered = number, administered
    if phase:
        item.ContrastBolusAgentPhase = phase
    return item


def enhanced(
    agents: list[Dataset], used: list[Dataset] | None = None, *, shared: bool = True, **more: Any
) -> SeriesEvidence:
    """The first frame of an enhanced CT; its use of agents stands in the shared or the frames' own groups."""
    header = Maker().enhanced("CT", AcquisitionDate=None, AcquisitionTime=None, **more)
    if agents:
        header.ContrastBolusAgentSequence = agents
    for groups in header.PerFrameFunctionalGroupsSequence:
        content = Dataset()
        content.FrameAcquisitionDateTime = ACQUIRED
        groups.FrameContentSequence = [content]
        if used is not None and not shared:
            groups.ContrastBolusUsageSequence = used
    if used is not None and shared:
        header.SharedFunctionalGroupsSequence[0].ContrastBolusUsageSequence = used
    return SeriesEvidence(Instance(Path("x"), header, frame=0))


STARTS = [("100925", Role.CT_ARTERIAL), ("100850", Role.CT_PORTAL_VENOUS), ("100620", Role.CT_DELAYED)]


@pytest.mark.parametrize(("start", "role"), STARTS)
@pytest.mark.parametrize("used", [None, [usage()]])
def test_start_of_the_injection_in_an_enhanced_object(start: str, role: Role, used: list[Dataset] | None) -> None:
    series = enhanced([agent(start)], used)
    found, because = classify(series)
    assert found is role
    assert "after Contrast/Bolus Start Time (0018,1042), agent 'Iohexol'" in because


@pytest.mark.parametrize(
    ("phase", "role"),
    [
        ("PRE_CONTRAST", Role.CT_UNENHANCED),
        ("ARTERIAL", Role.CT_ARTERIAL),
        ("PORTAL_VENOUS", Role.CT_PORTAL_VENOUS),
        ("VENOUS", Role.CT_PORTAL_VENOUS),
        ("DELAYED", Role.CT_DELAYED),
        ("POST_CONTRAST", Role.CT_PHASE_UNKNOWN),
        ("STEADY_STATE", Role.CT_PHASE_UNKNOWN),
    ],
)
@pytest.mark.parametrize("shared", [True, False])
def test_the_phase_that_an_enhanced_object_states(phase: str, role: Role, shared: bool) -> None:
    found, because = classify(enhanced([agent()], [usage(phase)], shared=shared))
    assert found is role
    if role is not Role.CT_PHASE_UNKNOWN:
        assert because == f"Contrast/Bolus Agent Phase (0018,9344) is {phase}"


def test_words_come_before_the_stated_phase() -> None:
    assert classify(enhanced([agent()], [usage("ARTERIAL")], SeriesDescription="portal venous"))[0] is (
        Role.CT_PORTAL_VENOUS
    )


def test_a_stated_phase_that_the_delay_contradicts_decides_nothing() -> None:
    role, because = classify(enhanced([agent("100850")], [usage("ARTERIAL")]))
    assert role is Role.CT_PHASE_UNKNOWN
    assert because == (
        "Contrast/Bolus Agent Phase (0018,9344) is ARTERIAL, but it was acquired 70 s after Contrast/Bolus Start Time "
        "(0018,1042): they do not go together; the reader can enter the phase"
    )
    assert classify(enhanced([agent("100850")], [usage("PORTAL_VENOUS")]))[0] is Role.CT_PORTAL_VENOUS
    assert classify(enhanced([agent("100906")], [usage("PORTAL_VENOUS")]))[0] is Role.CT_PORTAL_VENOUS  # between two


def test_a_flush_after_the_bolus_does_not_move_the_start() -> None:
    assert enhanced([agent("100850", "100915")]).contrast_delay_s == 70
    assert enhanced([agent("100500", "100850")]).contrast_delay_s is None  # a test bolus minutes before


def test_only_what_went_into_a_vein_has_a_delay() -> None:
    oral = agent("093000", number=2, route=ORAL)
    series = enhanced([oral, agent("100850")])
    assert series.contrast_delay_s == 70
    assert classify(series)[0] is Role.CT_PORTAL_VENOUS
    assert enhanced([oral]).contrast_delay_s is None
    assert enhanced([agent("100850", route=None)]).contrast_delay_s == 70


def test_an_agent_that_was_not_given_for_these_frames_is_none() -> None:
    series = enhanced([agent("100850")], [usage(administered="NO")])
    assert series.agent == ""
    assert series.contrast_delay_s is None
    assert classify(series)[0] is Role.CT_PHASE_UNKNOWN


def test_two_stated_phases_are_none() -> None:
    series = enhanced([agent(), agent(number=2)], [usage("ARTERIAL"), usage("DELAYED", number=2)])
    assert classify(series)[0] is Role.CT_PHASE_UNKNOWN


def test_an_injection_before_midnight() -> None:
    header = Maker().header("CT", "1.2", AcquisitionTime="000010", ContrastBolusAgent="Iohexol")
    header.ContrastBolusStartTime = "235935"
    assert SeriesEvidence(Instance(Path("x"), header)).contrast_delay_s == 35


def test_a_classic_agent_that_is_only_coded() -> None:
    header = Maker().header("CT", "1.2", ContrastBolusStartTime="100850", AcquisitionTime="101000")
    header.ContrastBolusAgentSequence = [coded(("109218004", "Iohexol"))]
    series = SeriesEvidence(Instance(Path("x"), header))
    assert series.agent == "Iohexol"
    assert classify(series)[0] is Role.CT_PORTAL_VENOUS


def classic(**attributes: Any) -> Dataset:
    return Maker().header("CT", "1.2.3", **attributes)


@pytest.mark.parametrize(("start", "role"), STARTS)
def test_agent_and_start_that_a_conversion_left_unassigned(start: str, role: Role) -> None:
    said = {"ContrastBolusAgent": "Iohexol", "ContrastBolusStartTime": start}
    frames = legacy_frames([classic(AcquisitionTime=f"10100{second}", **said) for second in (0, 1)])
    assert classify(SeriesEvidence(frames[0]))[0] is role


def test_what_else_decides_is_found_among_the_unassigned() -> None:
    exposure = legacy_frames([classic(Exposure="25")] * 2)[0]
    assert classify(SeriesEvidence(exposure, with_pet=True))[0] is Role.CT_LOW_DOSE
    protocol = legacy_frames([classic(ProtocolName="Abdomen nativ")] * 2)[0]
    assert classify(SeriesEvidence(protocol))[0] is Role.CT_UNENHANCED


def test_exposure_of_an_enhanced_object() -> None:
    series = enhanced([])
    exposure = Dataset()
    exposure.ExposureInmAs = 25.0
    series.header.SharedFunctionalGroupsSequence[0].CTExposureSequence = [exposure]
    role, because = classify(SeriesEvidence(series.instance, with_pet=True))
    assert role is Role.CT_LOW_DOSE
    assert "25 mAs" in because


def test_own_attributes_of_a_frame_come_before_shared_ones_and_the_header() -> None:
    first, second = legacy_frames([classic(KVP="100"), classic(KVP="120")])
    first.header.KVP = "80"
    assert frame_attribute(first, "", "KVP") == 100
    assert frame_attribute(second, "CTXRayDetailsSequence", "KVP") == 120


def test_an_empty_attribute_hides_none_that_says_something() -> None:
    first, _ = legacy_frames([classic(ContrastBolusAgent="", KVP="100"), classic(ContrastBolusAgent="", KVP="120")])
    first.header.ContrastBolusAgent = "Iohexol"
    assert frame_attribute(first, "", "ContrastBolusAgent") == "Iohexol"
    assert frame_attribute(first, "", "ProtocolName") is None


def test_private_b_values_of_converted_frames() -> None:
    headers = []
    for value in ("50", "800"):
        header = Maker().header("MR", "1.2.3")
        header.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", value)
        headers.append(header)
    for apart in (False, True):
        frames = legacy_frames(headers, creators_apart=apart)
        assert [b_value_with_source(frame)[0] for frame in frames] == [50, 800]  # type: ignore[index]


def test_padding_of_converted_ct() -> None:
    header = classic(PixelPaddingValue=63536, PixelRepresentation=0, Rows=2, Columns=2, BitsAllocated=16)
    stored = np.array([[63536, 5], [6, 7]], dtype=np.uint16)
    where = PlaneReader(legacy_series(header, header)).padding(stored)
    assert where is not None
    assert where.tolist() == [[True, False], [False, False]]
