"""What is said about PET series whose SUV is doubtful or refused: every sentence pattern is reached here."""

# ruff: noqa: E501 - a table of whole sentences
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from isletscope.errors import InputError
from isletscope.intake.files import SeriesFiles
from isletscope.intake.suv import load_suv, quantify
from isletscope.intake.suv_tables import finding_texts
from isletscope.model import EntrySubject, QualityFinding, ReaderEntry, Severity
from tests.intake.enhanced_pet import enhanced_header, frames_of, mapping
from tests.intake.suv_series import codes, entry, headers_only, pet_header, radiopharmaceutical

ENTERED = EntrySubject


def classic(item: dict[str, Any] | None = None, **changes: Any) -> SeriesFiles:
    """A classic series of one image with these changes to its item and header."""
    return headers_only(pet_header(radiopharmaceutical(**(item or {})), **changes))


def unreadable_weight() -> SeriesFiles:
    """A weight that some program wrote with its unit."""
    header = pet_header(PatientWeight=None)
    header[0x0010, 0x1030] = RawDataElement(Tag(0x0010, 0x1030), "DS", 6, b"70 kg ", 0, False, True)
    return headers_only(header)


def uncoded(**changes: Any) -> SeriesFiles:
    """A series that does not name its nuclide."""
    return classic({"RadionuclideCodeSequence": None, "Radiopharmaceutical": "FDG"} | changes)


def nuclide(code: str, name: str, **changes: Any) -> dict[str, Any]:
    """Changes to the item that make it another nuclide."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", name
    return {"RadionuclideCodeSequence": [item], "Radiopharmaceutical": name} | changes


def ge(
    element: int, text: str, item: dict[str, Any] | None = None, *, creator: bool = True, **changes: Any
) -> SeriesFiles:
    """A GE series with a private date-time."""
    header = pet_header(radiopharmaceutical(**(item or {})), Manufacturer="GE MEDICAL SYSTEMS", **changes)
    if creator:
        header.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(element, "DT", text)
    else:
        header.add_new((0x0009, 0x1000 + element), "DT", text)
    return headers_only(header)


def philips(factors: dict[int, Any], **changes: Any) -> SeriesFiles:
    """A Philips series in counts with private scale factors."""
    header = pet_header(Units="CNTS", Manufacturer="Philips Medical Systems", **changes)
    block = header.private_block(0x7053, "Philips PET Private Group", create=True)
    for element, value in factors.items():
        block.add_new(element, "UN" if isinstance(value, bytes) else "DS", value)
    return headers_only(header)


def slices(*changes: dict[str, Any], **common: Any) -> SeriesFiles:
    """Several images with different headers."""
    return headers_only(*[pet_header(**(common | one)) for one in changes])


@dataclass(frozen=True)
class Case:
    code: str
    files: Callable[[], SeriesFiles]
    severity: Severity
    quantified: bool
    says: str = ""
    entries: list[ReaderEntry] = field(default_factory=list)


E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
GML = {"Units": "GML", "SUVType": "BW"}
NO_TIMES = {"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": None}
LATE = {"SeriesTime": "113000"}
BEDS = ({"FrameReferenceTime": "149606"}, {"FrameReferenceTime": "449606"})

CASES = [
    Case("weight_missing", lambda: classic(PatientWeight=None), E, False,
         "Patient's Weight (0010,1030) is missing; SUV cannot be computed | no value | weight in kg | "
         "Enter it with --entries (subject weight_kg, value in kg)."),
    Case("weight_missing", lambda: classic(PatientWeight="0"), E, False, "| 0 kg | weight in kg |"),
    Case("weight_missing", unreadable_weight, E, False, "| '70 kg', which is no number | weight in kg |"),
    Case("weight_missing", lambda: classic(PatientWeight=None, **GML), I, True,
         "is missing; the SUV of this series does not depend on it"),
    Case("weight_implausible", lambda: classic(PatientWeight="350"), E, False,
         "cannot be right; SUV cannot be computed | 350 | 2 to 300 kg | It may be in pounds (158.8 kg). Enter the right"),
    Case("weight_implausible", lambda: classic(PatientWeight="300"), E, False),
    Case("weight_implausible", lambda: classic(PatientWeight="1000"), E, False),
    Case("weight_implausible", lambda: classic(PatientWeight="1500"), E, False),
    Case("weight_implausible", lambda: classic(PatientWeight="0.07"), E, False),
    Case("weight_implausible", lambda: classic(PatientWeight="1.75", PatientSize="70"), E, False,
         "Weight and size (70) look exchanged."),
    Case("weight_in_grams", lambda: classic(PatientWeight="70000"), W, True,
         "is assumed to be in grams and was converted | 70000 | weight in kg | Check 70 kg;"),
    Case("size_missing", lambda: classic(PatientSize=None), I, True),
    Case("size_missing", lambda: classic(PatientSize=None, Units="GML", SUVType="LBM"), E, False,
         "Patient's Size (0010,1020) is missing; SUV cannot be computed | no value | height in m |"),
    Case("size_implausible", lambda: classic(PatientSize="175"), W, True, "| 175 | 0.3 to 2.5 m | It looks like centimetres."),
    Case("sex_missing", lambda: classic(PatientSex=None), I, True, "Patient's Sex (0010,0040) is missing"),
    Case("sex_missing", lambda: classic(PatientSex=None, Units="GML", SUVType="IBW"), E, False),
    Case("body_mass_impossible", lambda: classic(PatientWeight="250", PatientSize="1", Units="GML", SUVType="LBM"), E,
         False, "| LBM -475.0 kg at 250 kg and 1 m |"),
    Case("activity_missing", lambda: classic({"RadionuclideTotalDose": None}), E, False,
         "Radionuclide Total Dose (0018,1074) is missing; SUV cannot be computed | no value | injected activity in Bq | "
         "Enter it with --entries (subject injected_activity_mbq, value in MBq)."),
    Case("activity_missing", lambda: classic({"RadionuclideTotalDose": None}, **GML), I, True),
    Case("activity_in_mbq", lambda: classic({"RadionuclideTotalDose": "368.08"}), W, True,
         "is assumed to be in MBq, though this object should hold Bq | 368.08 | injected activity in Bq | Check 368.08 MBq;"),
    Case("activity_ambiguous", lambda: classic({"RadionuclideTotalDose": "10"}), E, False,
         "the unit of Radionuclide Total Dose (0018,1074) cannot be told; SUV cannot be computed | 10 | injected activity "
         "in Bq | It may be 10 MBq, or 10 mCi = 370 MBq. Enter it"),
    Case("activity_ambiguous", lambda: classic({"RadionuclideTotalDose": "100000"}), E, False),
    Case("activity_ambiguous", lambda: classic({"RadionuclideTotalDose": "0.37"}), E, False),
    Case("activity_ambiguous",
         lambda: frames_of(enhanced_header([[mapping("Bq/ml", 1)]],
                                           item=radiopharmaceutical(RadionuclideTotalDose="368080000"))), E, False,
         "| 3.6808e+08 | injected activity in MBq | It looks like Bq (368.08 MBq)."),
    Case("activity_unusual", lambda: classic({"RadionuclideTotalDose": "2e9"}), W, True, "| 2000 MBq | 10 to 1000 MBq |"),
    Case("several_radiopharmaceuticals",
         lambda: headers_only(pet_header([radiopharmaceutical(), radiopharmaceutical(RadionuclideTotalDose="1e8")])),
         E, False,
         "| FDG, 368080000.0 injected at 20250101100000.000000, half-life 6586.2 s / FDG, 1e8 injected at"),
    Case("half_life_missing", lambda: uncoded(RadionuclideHalfLife=None), E, False,
         "Radionuclide Half Life (0018,1075) is missing and the nuclide is not coded; SUV cannot be computed | no value |"),
    Case("half_life_from_nuclide", lambda: classic({"RadionuclideHalfLife": None}), W, True,
         "| no value; 6586.2 s of 18F is assumed | half-life in s |"),
    Case("half_life_conflict", lambda: classic({"RadionuclideHalfLife": "4057.7"}), E, False,
         "contradict each other; SUV cannot be computed | 4057.7 s with the nuclide 18F | 6586.2 s within 1.5 % for 18F | "
         "It fits 68Ga. Enter the right value"),
    Case("half_life_conflict", lambda: classic({"RadionuclideHalfLife": "109.8"}), E, False, "It looks like minutes."),
    Case("half_life_unchecked", lambda: uncoded(), I, True),
    Case("injection_missing", lambda: classic(NO_TIMES), E, False,
         "the time of injection is missing; SUV cannot be computed | no value | Radiopharmaceutical Start DateTime "
         "(0018,1078) or Start Time (0018,1072) | Enter it with --entries (subject injection_time, ISO date-time)."),
    Case("injection_missing", lambda: classic(NO_TIMES, DecayCorrection="ADMIN"), I, True),
    Case("injection_previous_day",
         lambda: classic({"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": "233000"},
                         SeriesTime="003000", AcquisitionTime="003000"), I, True, "| 23:30:00, scan at 2025-01-01 00:30:00 |"),
    Case("injection_clock_ambiguous",
         lambda: classic(nuclide("3932008", "^64^Copper", RadionuclideHalfLife="45721",
                                 RadiopharmaceuticalStartDateTime=None)), W, True,
         "If it was a day earlier, SUV changes by 271 %"),
    Case("injection_times_differ", lambda: classic({"RadiopharmaceuticalStartTime": "101000"}), W, True,
         "| 2025-01-01 10:00:00 and 10:10:00 | Start DateTime (0018,1078) and Start Time (0018,1072) within 60 s | "
         "The other one would change SUV by 6.5 %."),
    Case("injection_private", lambda: ge(0x3B, "20250101100000", NO_TIMES), W, True),
    Case("injection_after_scan", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250102100000"}), E, False,
         "the injection is later than the start of the scan; SUV cannot be computed | injection 2025-01-02 10:00:00, scan "
         "2025-01-01 11:00:00 (23 h 00 min after the scan) | an injection before the scan | The same clock time on the day of the scan would be 1 h 00 min before the scan. Dates may have been shifted"),
    Case("injection_after_scan", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250102100000"}, **GML), W, True),
    Case("uptake_implausible", lambda: classic({"RadiopharmaceuticalStartDateTime": "20241224100000"}), E, False,
         "the delay from injection to scan is not plausible; SUV cannot be computed | injection 2024-12-24 10:00:00, scan "
         "2025-01-01 11:00:00 (8.0 days before the scan) | 5 min to 6 h for 18F |"),
    Case("uptake_implausible", lambda: classic({"RadiopharmaceuticalStartDateTime": "20241231220000"}), E, False,
         "The injection time may be 12 hours off."),
    Case("uptake_implausible", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250101105800"}), E, False),
    Case("uptake_implausible",
         lambda: classic(nuclide("35337001", "^68^Gallium", RadionuclideHalfLife="4057.7",
                                 RadiopharmaceuticalStartDateTime="20250101063000")), E, False, "5 min to 4 h for 68Ga"),
    Case("uptake_confirmed", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250101033000"}), W, True,
         "entered by Dr Reader on 2025-01-02 because: injection record",
         [entry(ENTERED.CONFIRM_UPTAKE_TIME, True)]),
    Case("uptake_short", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250101104000"}), W, True,
         "| at least 30 min | Uptake is not comparable with later scans."),
    Case("time_unreadable", lambda: classic({"RadiopharmaceuticalStartTime": "soon"}), W, True,
         "Radiopharmaceutical Start Time (0018,1072) cannot be read as a date or time and was not used | 'soon' |"),
    Case("time_zone_assumed", lambda: classic({"RadiopharmaceuticalStartDateTime": "20250101100000+0100"}), I, True,
         "| +0100 in Radiopharmaceutical Start DateTime (0018,1078) |"),
    Case("reference_times_differ", lambda: ge(0x0D, "20250101105000"), W, True,
         "| vendor 2025-01-01 10:50:00, series 2025-01-01 11:00:00 |"),
    Case("reference_series_time_late", lambda: classic(**LATE), W, True,
         "| 2025-01-01 11:30:00, first acquisition 2025-01-01 11:00:00 | a Series Time not later than the first acquisition |"),
    Case("reference_reckoned_back", lambda: classic(SeriesDate=None, SeriesTime=None), W, True),
    Case("reference_vendor_late", lambda: ge(0x0D, "20250101113000"), I, True),
    Case("reference_after_acquisition", lambda: classic(FrameReferenceTime="0", **LATE), W, True,
         "Taken as the start, SUV changes by 1.6 %."),
    Case("reference_spread", lambda: slices(*BEDS, **LATE), W, True,
         "SUV differs by 3.2 % between slices. Enter decay_reference_time with --entries to decide."),
    Case("reference_cross_check", lambda: slices(*BEDS), I, True),
    Case("reference_unchecked", lambda: classic(AcquisitionTime=None), W, True),
    Case("reference_missing", lambda: classic(FrameReferenceTime=None, **LATE), E, False,
         "the moment of decay correction cannot be found | series 2025-01-01 11:30:00, first acquisition 2025-01-01 "
         "11:00:00 | Series Time (0008,0031) not later than the first acquisition, or Acquisition Time (0008,0032), Frame "
         "Reference Time (0054,1300) and Actual Frame Duration (0018,1242); in enhanced PET Decay Correction DateTime (0018,9701) | Enter decay_reference_time"),
    Case("reference_before_injection", lambda: classic(SeriesTime="093000"), E, False),
    Case("slice_times_missing",
         lambda: classic(DecayCorrection="NONE", CorrectedImage=["ATTN"], ActualFrameDuration=None), E, False),
    Case("decay_correction_unknown", lambda: classic(DecayCorrection=None), E, False, "| no value | START, ADMIN or NONE |"),
    Case("decay_flags_contradict", lambda: classic(CorrectedImage=["ATTN", "NORM"]), E, False, "| START with ATTN\\NORM |"),
    Case("decay_flags_contradict", lambda: classic(DecayCorrection="NONE"), E, False),
    Case("not_attenuation_corrected", lambda: classic(CorrectedImage=["DECY", "NORM"]), E, False,
         "the images are not marked as corrected for attenuation, so SUV has no meaning | DECY\\NORM | ATTN in Corrected "
         "Image (0028,0051) | Use the attenuation-corrected series of the same scan; this one stays for display."),
    Case("not_attenuation_corrected", lambda: classic(CorrectedImage=["DECY"], **GML), E, False),
    Case("units_missing", lambda: classic(Units=None), E, False, "| no value | Units (0054,1001), or a real-world"),
    Case("units_not_convertible", lambda: classic(Units="PROPCNTS"), E, False, "| PROPCNTS | BQML, GML, CM2ML, or CNTS"),
    Case("units_not_convertible", lambda: classic(Units="CPS"), E, False),
    Case("philips_factors_missing", lambda: philips({}), E, False, "| neither in any image, or zero |"),
    Case("philips_factors_missing", lambda: philips({0x00: "0.0", 0x09: b"0.0 "}), E, False),
    Case("philips_factors_differ", lambda: philips({0x00: "0.0005", 0x09: "0.5"}), W, True),
    Case("suv_type_assumed", lambda: classic(Units="GML"), I, True),
    Case("suv_type_unknown", lambda: classic(Units="GML", SUVType="BSA"), E, False, "| BSA with GML |"),
    Case("intercept_not_zero", lambda: classic(RescaleIntercept="-1"), E, False),
    Case("mapping_ambiguous",
         lambda: frames_of(enhanced_header([[mapping("Bq/ml", 1), mapping("Bq/ml", 2)]])), E, False,
         "| 2 lines for different ranges of stored values |"),
    Case("mapping_ambiguous", lambda: frames_of(enhanced_header([[mapping("Bq/ml", 1), mapping("g/ml{SUVbw}", 1, 3)]])), E,
         False, "| intercept 3 |"),
    Case("not_homogeneous", lambda: slices({"PatientWeight": "70"}, {"PatientWeight": "80"}), E, False,
         "because Patient's Weight (0010,1030) differs between them | 2 values: 70, 80 | one value |"),
    Case("not_homogeneous", lambda: slices({"SeriesTime": "110000"}, {"SeriesTime": "110500"}), E, False),
    Case("not_homogeneous", lambda: headers_only(
        pet_header(), pet_header(radiopharmaceutical(RadionuclideTotalDose="1e8"))), E, False),
    Case("private_creator_missing", lambda: ge(0x0D, "20250101110000", creator=False), W, True),
    Case("value_entered", lambda: classic(PatientWeight=None), I, True,
         "Patient's Weight (0010,1030) was entered by a reader | 81 kg, entered by Dr Reader on 2025-01-02 because: "
         "injection record; the header has no value",
         [entry(ENTERED.WEIGHT_KG, 81)]),
    Case("entry_unreadable", lambda: classic(), E, False, "| weight_kg = 'heavy', entered by Dr Reader",
         [entry(ENTERED.WEIGHT_KG, "heavy")]),
]  # fmt: skip


def sentence(finding: QualityFinding) -> str:
    return " | ".join([finding.problem, finding.found, finding.expected, finding.remedy])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_what_is_said(case: Case) -> None:
    quantification = quantify(case.files(), case.entries)
    told = [finding for finding in quantification.findings if finding.code == case.code]
    assert [finding.severity for finding in told] == [case.severity]
    assert quantification.quantified is case.quantified
    assert case.says in sentence(told[0])
    assert "{" not in sentence(told[0])


def test_every_sentence_is_reached() -> None:
    assert {case.code for case in CASES} == set(finding_texts())


def test_a_sound_series_has_nothing_to_say() -> None:
    quantification = quantify(classic())
    assert quantification.findings == []
    texts = [evidence.text for evidence in quantification.evidence]
    assert texts == [
        "Units (0054,1001) BQML, Decay Correction (0054,1102) START",
        "Patient's Weight (0010,1030)",
        "Patient's Size (0010,1020)",
        "Patient's Sex (0010,0040) M",
        "Radionuclide Total Dose (0018,1074)",
        "Radionuclide Half Life (0018,1075), fits 18F",
        "Radiopharmaceutical Start DateTime (0018,1078) 2025-01-01 10:00:00",
        "Moment of decay correction: series time 2025-01-01 11:00:00",
    ]


def test_all_that_is_missing_is_said_at_once() -> None:
    files = classic(NO_TIMES | {"RadionuclideTotalDose": None}, PatientWeight=None)
    assert codes(quantify(files), E) == ["weight_missing", "activity_missing", "injection_missing"]


def test_a_closed_way_says_nothing_of_other_values() -> None:
    files = classic(NO_TIMES | {"RadionuclideTotalDose": None}, PatientWeight=None, CorrectedImage=["DECY"])
    assert codes(quantify(files)) == ["not_attenuation_corrected"]
    several = headers_only(pet_header([radiopharmaceutical(), radiopharmaceutical(RadionuclideTotalDose="1e8")]))
    assert codes(quantify(several)) == ["several_radiopharmaceuticals"]


def test_loading_a_refused_series_says_why() -> None:
    files = classic(PatientWeight=None)
    with pytest.raises(InputError, match=r"PET AC: Patient's Weight \(0010,1030\) is missing; SUV cannot be computed"):
        load_suv(files, quantify(files))
