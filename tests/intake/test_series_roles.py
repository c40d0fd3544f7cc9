"""What a series is for, and the sentence that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from isletscope.intake import SeriesEvidence, classify
from isletscope.intake.files import Instance
from isletscope.intake.role_table import role_table
from isletscope.model import Role
from tests.intake.builders import Maker


def evidence(modality: str, *, part: str | None = None, with_pet: bool = False, **attributes: Any) -> SeriesEvidence:
    header = Maker().header(modality, "1.2.3", **attributes)
    return SeriesEvidence(Instance(Path("x"), header), part=part, with_pet=with_pet)


def role_of(modality: str, **attributes: Any) -> Role:
    role, because = classify(evidence(modality, **attributes))
    assert because
    return role


@pytest.mark.parametrize(
    ("description", "role"),
    [
        ("Abdomen nativ", Role.CT_UNENHANCED),
        ("NON-CONTRAST 3.0", Role.CT_UNENHANCED),
        ("LIVER W/O CONTRAST", Role.CT_UNENHANCED),
        ("ART 1.5 B30f", Role.CT_ARTERIAL),
        ("Late arterial pancreas", Role.CT_ARTERIAL),
        ("Pancreatic phase", Role.CT_ARTERIAL),
        ("PORTAL VENOUS 5mm", Role.CT_PORTAL_VENOUS),
        ("Abd Venous 70s", Role.CT_PORTAL_VENOUS),
        ("PV_phase", Role.CT_PORTAL_VENOUS),
        ("Delayed 3 min", Role.CT_DELAYED),
        ("late venous phase", Role.CT_DELAYED),
        ("CT AP with intravenous contrast", Role.CT_PHASE_UNKNOWN),
        ("Abdomen w/wo contrast", Role.CT_PHASE_UNKNOWN),
        ("Arterial and portal venous fused plan", Role.CT_PHASE_UNKNOWN),
        ("", Role.CT_PHASE_UNKNOWN),
    ],
)
def test_ct_phase_by_words(description: str, role: Role) -> None:
    assert role_of("CT", SeriesDescription=description) is role


def test_ct_phase_says_which_entry_decided() -> None:
    _, because = classify(evidence("CT", SeriesDescription="Liver arterial"))
    assert because == "Series Description (0008,103E) is 'Liver arterial'"
    _, because = classify(evidence("CT"))
    assert because == (
        "no contrast agent is named, and neither description nor times tell the phase; the reader can enter it"
    )


@pytest.mark.parametrize(
    ("start", "role"), [("100925", Role.CT_ARTERIAL), ("100850", Role.CT_PORTAL_VENOUS), ("100620", Role.CT_DELAYED)]
)
def test_ct_phase_by_contrast_delay(start: str, role: Role) -> None:
    said = {"ContrastBolusAgent": "Iohexol", "ContrastBolusStartTime": start, "AcquisitionTime": "101000"}
    assert role_of("CT", **said) is role
    assert role_of("CT", **(said | {"ContrastBolusAgent": None})) is Role.CT_PHASE_UNKNOWN


def test_the_ct_of_a_pet_is_low_dose_by_words_or_by_exposure() -> None:
    assert role_of("CT", SeriesDescription="CTAC 3.75 Thick") is Role.CT_LOW_DOSE
    assert role_of("CT", with_pet=True, Exposure="25") is Role.CT_LOW_DOSE
    assert role_of("CT", with_pet=True, Exposure="180") is Role.CT_PHASE_UNKNOWN
    assert role_of("CT", with_pet=True, Exposure="25", ContrastBolusAgent="Iohexol") is Role.CT_PHASE_UNKNOWN
    assert role_of("CT", with_pet=True, Exposure="25", SeriesDescription="portal venous") is Role.CT_PORTAL_VENOUS
    _, because = classify(evidence("CT", with_pet=True, Exposure="25"))
    assert because == (
        "it shares its frame of reference with a PET, Exposure (0018,1152) is 25 mAs and no contrast agent is named"
    )


T1 = {"EchoTime": "2.4", "RepetitionTime": "5", "ScanningSequence": "GR"}
T2 = {"EchoTime": "90", "RepetitionTime": "3000", "ScanningSequence": "SE"}


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "M", "ADC"], "DiffusionBValue": 500.0}, Role.MR_ADC),
        ({"SeriesDescription": "ep2d_diff_b50_800_ADC"}, Role.MR_ADC),
        ({"DiffusionBValue": 800.0, **T2}, Role.MR_DWI),
        ({"DiffusionBValue": 0.0, "SeriesDescription": "DWI b0"}, Role.MR_DWI),
        ({"DiffusionBValue": 0.0, **T2}, Role.MR_T2),
        ({"SeriesDescription": "ep2d_diff", "ScanningSequence": "EP"}, Role.MR_DWI),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "TRACEW"]}, Role.MR_DWI),
        ({"SeriesDescription": "T2_HASTE_cor", **T2}, Role.MR_T2),
        ({"SeriesDescription": "t2 tse fs tra", **T2}, Role.MR_T2_FAT_SATURATED),
        ({"ScanOptions": ["PFP", "FS"], **T2}, Role.MR_T2_FAT_SATURATED),
        (T2, Role.MR_T2),
        ({"SeriesDescription": "T1 VIBE pre", **T1}, Role.MR_T1),
        ({"SeriesDescription": "LAVA pre fs", **T1}, Role.MR_T1_FAT_SATURATED),
        (T1, Role.MR_T1),
        ({"SeriesDescription": "t1_vibe_dixon_opp", **T1}, Role.MR_T1_OPPOSED_PHASE),
        ({"SeriesDescription": "t1 out of phase", **T1}, Role.MR_T1_OPPOSED_PHASE),
        ({"SeriesDescription": "t1 in phase", **T1}, Role.MR_T1_IN_PHASE),
        ({"ImageType": ["DERIVED", "PRIMARY", "W", "W", "DERIVED"], **T1}, Role.MR_T1_FAT_SATURATED),
        ({"SeriesDescription": "t1 dyn arterial", "ImageType": ["DERIVED", "PRIMARY", "F"], **T1}, Role.MR_OTHER),
        ({"SeriesDescription": "t1_vibe_fs arterial", **T1}, Role.MR_DYNAMIC),
        ({"SeriesDescription": "t1_vibe_fs portal venous", **T1}, Role.MR_DYNAMIC),
        ({"SeriesDescription": "t1_vibe_fs_20min", **T1}, Role.MR_HEPATOBILIARY),
        ({"SeriesDescription": "HBP ax", **T1}, Role.MR_HEPATOBILIARY),
        ({"SeriesDescription": "T1 map"}, Role.MR_OTHER),
        ({}, Role.MR_OTHER),
        ({"SeriesDescription": "localizer"}, Role.LOCALIZER),
        ({"SeriesDescription": "T1 dyn SUB", "ImageType": ["DERIVED", "PRIMARY", "SUB"]}, Role.DERIVED),
    ],
)
def test_mr_sequences(said: dict[str, Any], role: Role) -> None:
    assert role_of("MR", **said) is role


def test_a_late_t1_after_a_hepatobiliary_agent() -> None:
    said = {"ContrastBolusAgent": "Primovist", "ContrastBolusStartTime": "095000", "AcquisitionTime": "101000", **T1}
    role, because = classify(evidence("MR", **said))
    assert role is Role.MR_HEPATOBILIARY
    assert because == "20 min after 'Primovist' (0018,0010)"
    assert role_of("MR", **(said | {"ContrastBolusAgent": "Gadovist"})) is Role.MR_T1
    assert role_of("MR", **(said | {"ContrastBolusStartTime": "100900"})) is Role.MR_T1


@pytest.mark.parametrize(
    ("echo", "field", "role"),
    [
        ("2.3", "1.5", Role.MR_T1_OPPOSED_PHASE),
        ("4.6", "1.5", Role.MR_T1_IN_PHASE),
        ("1.15", "3", Role.MR_T1_OPPOSED_PHASE),
        ("2.3", "3", Role.MR_T1_IN_PHASE),
    ],
)
def test_in_and_opposed_phase_by_echo_time_and_field(echo: str, field: str, role: Role) -> None:
    said = {"SeriesDescription": "AX dual echo in/out", "EchoTime": echo, "MagneticFieldStrength": field}
    found, because = classify(evidence("MR", RepetitionTime="120", **said))
    assert found is role
    assert because.startswith(f"Echo Time (0018,0081) {float(echo):g} ms at {float(field):g} T")


def test_enhanced_mr_by_acquisition_contrast() -> None:
    header = Maker().enhanced("MR")
    kind = Dataset()
    kind.AcquisitionContrast, kind.FrameType = "DIFFUSION", ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
    header.SharedFunctionalGroupsSequence[0].MRImageFrameTypeSequence = Sequence([kind])
    role, because = classify(SeriesEvidence(Instance(Path("x"), header, frame=0)))
    assert role is Role.MR_DWI
    assert because == "Acquisition Contrast (0008,9209) is DIFFUSION"


@pytest.mark.parametrize(
    ("said", "role", "because"),
    [
        ({"CorrectedImage": ["DECY", "ATTN"]}, Role.PET, "Corrected Image (0028,0051) holds ATTN"),
        (
            {"CorrectedImage": ["DECY", "SCAT"]},
            Role.PET_UNCORRECTED,
            "Corrected Image (0028,0051) is DECY, SCAT, without ATTN",
        ),
        ({"SeriesDescription": "PET WB NAC"}, Role.PET_UNCORRECTED, "Series Description (0008,103E) is 'PET WB NAC'"),
        ({"Units": "PROPCPS"}, Role.PET_UNCORRECTED, "Units (0054,1001) is PROPCPS"),
        ({"AttenuationCorrected": "YES"}, Role.PET, "Attenuation Corrected (0018,9759) is YES"),
        ({"Units": "1CM"}, Role.OTHER, "Units (0054,1001) is 1CM: a map of attenuation, not of a tracer"),
        ({"SeriesType": ["STATIC", "REPROJECTION"]}, Role.DERIVED, "Series Type (0054,1000) holds REPROJECTION"),
        (
            {},
            Role.PET,
            "Modality (0008,0060) is PT; the header does not say whether attenuation was corrected",
        ),
    ],
)
def test_pet_corrected_or_not(said: dict[str, Any], role: Role, because: str) -> None:
    assert classify(evidence("PT", **said)) == (role, because)


@pytest.mark.parametrize(
    ("modality", "said", "role"),
    [
        ("CT", {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, Role.LOCALIZER),
        ("CT", {"SeriesDescription": "Topogram 0.6 T20f"}, Role.LOCALIZER),
        ("CT", {"ImageType": ["DERIVED", "SECONDARY", "REFORMATTED", "AVERAGE"]}, Role.DERIVED),
        ("CT", {"ImageType": ["DERIVED", "PRIMARY", "MPR"]}, Role.DERIVED),
        ("CT", {"ImageType": ["DERIVED", "SECONDARY"], "SeriesDescription": "MIP cor"}, Role.DERIVED),
        ("CT", {"SeriesDescription": "PreMonitoring"}, Role.OTHER),
        ("CT", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, Role.DERIVED),
        ("CT", {"ImageType": ["DERIVED", "SECONDARY", "PROCESSED"]}, Role.CT_PHASE_UNKNOWN),
        ("PT", {"ImageType": ["DERIVED", "SECONDARY"], "CorrectedImage": ["ATTN"]}, Role.PET),
        ("CT", {"SamplesPerPixel": 3}, Role.DERIVED),
        ("NM", {}, Role.NM_NOT_QUANTIFIED),
        ("US", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"}, Role.OTHER),
    ],
)
def test_pictures_and_other_kinds(modality: str, said: dict[str, Any], role: Role) -> None:
    assert role_of(modality, **said) is role


def test_the_table_names_its_source_and_support() -> None:
    table = role_table()
    assert table.source
    assert table.support
    assert all(phase.role.value.startswith("ct_") for phase in table.ct.phases)
    assert set(table.mr.hepatobiliary.from_minutes) == set(table.mr.hepatobiliary.agents)
