"""Whole patients: lesions of five worked reports, through every uptake criterion, stage and grade.

A: insulinoma near the duct. B: uncinate NET with liver metastases. C: FDG-positive, SSTR-negative disease.
D: MEN1 with six tumours. E: after PRRT, one new FDG-only focus.
"""

from __future__ import annotations

from typing import Any

import pytest

from isletscope.criteria import find_criterion
from isletscope.model import Conclusion
from tests.criteria.support import sound

LIVER_OF_B = {
    "L01": (64, 58.2, 36.7, 99.2), "L02": (38, 44.0, 27.7, 22.1), "L03": (41, 39.6, 24.9, 26.8),
    "L04": (30, 31.4, 19.8, 10.4), "L05": (26, 36.2, 22.8, 7.4), "L06": (24, 33.8, 21.3, 5.9),
    "L07": (19, 29.5, 18.6, 3.4), "L08": (17, 27.1, 17.1, 2.4), "L09": (22, 17.8, 11.2, 4.8),
    "L10": (15, 26.4, 16.6, 1.9), "L11": (12, 24.8, 15.6, 1.1), "L12": (10, 24.3, 15.3, 0.8),
    "L13": (35, 41.5, 26.1, 17.6), "L14": (24, 34.9, 22.0, 5.8), "L15": (28, 37.7, 23.8, 9.1),
    "L16": (14, 25.6, 16.1, 1.5), "L17": (9, 15.2, 9.6, 0.6), "L18": (7, 13.1, 8.3, 0.4),
}  # fmt: skip
OTHERS_OF_B = {"P1": (34, 42.0, 26.5, 14.1), "N1": (14, 24.6, 15.5, 1.3), "N2": (11, 9.7, 6.1, 0.8)}
FDG_OF_B = {"L04": 3.6, "L09": 3.9}
SITES = {"P": "pancreas", "D": "pancreas", "N": "node", "L": "liver", "H": "liver", "O": "bone"}


def lesion(
    name: str, size_mm: float | None, sstr: dict[str, Any], fdg: float | None = None, **more: Any
) -> dict[str, Any]:
    uptake = {"discernible": False} if fdg is None else {"discernible": True, "suv_max_g_ml": fdg}
    shown = {"id": name, "site": SITES[name[0]], "longest_mm": size_mm, "typicality": "typical"}
    return {**shown, "anatomical_correlate": True, "sstr": sstr, "fdg": uptake, **more}


def seen(suv_max: float, **more: Any) -> dict[str, Any]:
    return {"discernible": True, "suv_max_g_ml": suv_max, **more}


B = {
    "lesions": [
        lesion(name, size, seen(high, suv_mean_g_ml=mean, volume_ml=volume), FDG_OF_B.get(name))
        for name, (size, high, mean, volume) in {**OTHERS_OF_B, **LIVER_OF_B}.items()
    ],
    "sstr_reference": {"blood_pool_mean_g_ml": 1.5, "liver_mean_g_ml": 5.6, "spleen_mean_g_ml": 22.0},
    "fdg_reference": {"blood_pool_mean_g_ml": 1.6, "liver_mean_g_ml": 2.1},
}
COLD = {"discernible": False, "reader_score": 0}
C = {
    "lesions": [
        lesion("P1", 46, seen(9.8), 7.2),
        lesion("N1", 17, seen(4.1), 6.4),
        lesion("H1", 34, seen(11.4), 3.9),
        lesion("H2", 27, seen(10.2), 3.5),
        lesion("H3", 22, seen(8.9), 5.2),
        lesion("H4", 18, seen(9.3)),
        lesion("H5", 31, seen(3.1, reader_score=0), 14.2, anatomy_suspicious=True),
        lesion("H6", 24, seen(2.8, reader_score=0), 11.8, anatomy_suspicious=True),
        lesion("H7", 16, seen(2.6, reader_score=0), 9.1, anatomy_suspicious=True),
        lesion("O1", 19, COLD, 8.4, anatomy_suspicious=True),
        lesion("O2", 14, COLD, 6.9, anatomy_suspicious=True),
    ],
    "sstr_reference": {"blood_pool_mean_g_ml": 1.6, "liver_mean_g_ml": 6.0, "spleen_mean_g_ml": 24.0},
    "fdg_reference": {"blood_pool_mean_g_ml": 1.7, "liver_mean_g_ml": 2.2},
}
MTV_OF_C = {"P1": 33.0, "N1": 1.6, "H5": 13.1, "H6": 6.0, "H7": 2.2, "O1": 2.9, "O2": 1.3}
D = {
    "lesions": [
        {**lesion(name, size, seen(suv)), "fdg": None}
        for name, size, suv in [
            ("D1", 19, 36.4), ("D2", 14, 24.8), ("D3", 12, 11.2), ("D4", 9, 13.6), ("D5", 8, 7.9), ("D6", 6, 4.3)
        ]
    ],
    "sstr_reference": {"blood_pool_mean_g_ml": 1.4, "liver_mean_g_ml": 5.4, "spleen_mean_g_ml": 21.0},
}  # fmt: skip
E = {
    "lesions": [
        *[
            lesion(name, size, seen(suv))
            for name, size, suv in [
                ("P1", 28, 24.6), ("N1", 15, 13.2), ("H1", 50, 33.5), ("H2", 31, 27.2), ("H3", 18, 21.8),
                ("H4", 15, 20.4), ("H5", 12, 15.1), ("H6", 9, 11.3)
            ]
        ],
        {
            "id": "H7", "site": "liver", "anatomical_correlate": False, "anatomy_suspicious": False,
            "sstr": {"suv_max_g_ml": 5.4, "discernible": True, "reader_score": 0},
            "fdg": {"discernible": True, "suv_max_g_ml": 6.1, "volume_ml": 1.4},
        },
    ],
    "sstr_reference": {"blood_pool_mean_g_ml": 1.4, "liver_mean_g_ml": 5.0, "spleen_mean_g_ml": 18.0},
    "fdg_reference": {"blood_pool_mean_g_ml": 1.6, "liver_mean_g_ml": 2.2},
}  # fmt: skip


def run(name: str, document: dict[str, Any], **more: Any) -> Conclusion:
    result = find_criterion(name).run_document({**document, **more})
    assert sound(result)
    return result


@pytest.mark.parametrize(
    ("criterion", "patient", "expected"),
    [
        ("krenning", B, "4 highest, 3 lowest"),
        ("sstr_rads", B, "5"),
        ("netpet", B, "P3a"),
        ("karfis", B, "C2"),
        ("zidan", B, "3"),
        ("prrt", B, "imaging supports discussion of PRRT"),
        ("krenning", C, "3 highest, 0 lowest"),
        ("sstr_rads", C, "5"),
        ("netpet", C, "P5"),
        ("karfis", C, "C3"),
        ("zidan", C, "4"),
        ("prrt", C, "PRRT alone is not supported by imaging; for the tumour board"),
        ("krenning", D, "4 highest, 2 lowest"),
        ("sstr_rads", D, "5"),
        ("netpet", D, None),
        ("krenning", E, "4 highest, 0 lowest"),
        ("netpet", E, "P5"),
        ("karfis", E, "C3"),
        ("zidan", E, "4"),
        ("prrt", E, "PRRT alone is not supported by imaging; for the tumour board"),
    ],
)
def test_scores_of_the_worked_reports(criterion: str, patient: dict[str, Any], expected: str | None) -> None:
    result = run(criterion, patient)
    assert result.value == expected
    assert not result.provisional


def test_single_lesions_of_report_b() -> None:
    scores = {one.subject: one.value for one in run("krenning", B).lesions}
    assert {name for name, score in scores.items() if score == "3"} == {"N2", "L09", "L17", "L18"}
    small = {one.subject for one in run("krenning", B).lesions if "score_may_be_underestimated" in one.flag_codes()}
    assert small == {"N2", "L12", "L17", "L18"}
    netpet = run("netpet", B, gep_primary=True, metastatic_or_unresectable=True)
    assert netpet.branches[-1].text.startswith("L09: FDG as strong as SSTR, 1 with this pattern")
    assert any("46.5 months in NETPET P2-4" in flag.text for flag in netpet.flags)


def test_single_lesions_of_reports_c_and_d() -> None:
    rated = {one.subject: one.value for one in run("sstr_rads", C).lesions}
    assert rated["H5"] == rated["O1"] == "3D"
    assert "alert_3d" in run("sstr_rads", C).flag_codes()
    assert {one.subject: one.value for one in run("sstr_rads", D).lesions}["D6"] == "3A"


def test_volumes_of_reports_b_and_c() -> None:
    outlined = [
        {"id": one["id"], "volume_ml": one["sstr"]["volume_ml"], "suv_mean_g_ml": one["sstr"]["suv_mean_g_ml"]}
        for one in B["lesions"]
    ]
    volume = run("tumour_volume", {"tracer": "sstr", "percent_of_maximum": 45, "lesions": outlined})
    assert volume.parts["SSTR-TV (mL)"] == "237.4"
    assert float(volume.parts["TLSRE (mL·SUV)"]) == pytest.approx(6875, abs=10)
    assert volume.alternatives[0].value == "above 11.8 mL"
    lesions = [
        {**one, "fdg": {**one["fdg"], "volume_ml": MTV_OF_C.get(one["id"])}} if one["id"] in MTV_OF_C else one
        for one in C["lesions"]
    ]
    mismatch = run("concordance", {**C, "lesions": lesions})
    assert mismatch.value == "5 of 11 mismatched"
    assert mismatch.parts["mismatch volume (mL)"] == "25.5"
    assert float(mismatch.parts["share of measurable FDG volume (%)"]) == pytest.approx(42.4, abs=0.1)


def test_the_alarm_of_report_c() -> None:
    result = run("phenotype_histology", C, samples=[{"lesion": "P1", "grade": "G2", "sampled": "2026-06-10"}])
    assert result.value == "discordant"
    assert result.parts["most informative site if sampling is discussed"].startswith("H5, liver, 31 mm")
    assert result.parts["grade hint"] == "high-grade-leaning"


NET: dict[str, Any] = {"histology": "net", "invades": [], "nodes": [], "metastases": []}


@pytest.mark.parametrize(
    ("report", "findings", "expected"),
    [
        ("A", {"site": "body", "size_mm": 11}, "cT1 cN0 cM0, stage I"),
        (
            "B",
            {"site": "uncinate", "size_mm": 34, "nodes": [{"jps": 13}, {"jps": 17}], "metastases": ["liver"]},
            "cT2 cN1 cM1a, stage IV",
        ),
        (
            "C",
            {"site": "tail", "size_mm": 46, "nodes": [{"jps": 11}], "metastases": ["liver", "bone"]},
            "cT3 cN1 cM1c, stage IV",
        ),
        ("D", {"site": "tail", "size_mm": 19, "tumours": 6}, "cT1(6) cN0 cM0, stage I"),
    ],
)
def test_stages_of_the_worked_reports(report: str, findings: dict[str, Any], expected: str) -> None:
    result = run("tnm", {**NET, **findings})
    assert result.value == expected, report
    assert ("NEAR_THRESHOLD" in result.flag_codes()) == (report == "D")


@pytest.mark.parametrize(("ki67", "mitoses"), [(8, 4), (12, 9), (14, 7)])
def test_grades_of_the_worked_reports(ki67: float, mitoses: float) -> None:
    sample = {"differentiation": "well", "ki67_percent": ki67, "mitoses_per_2mm2": mitoses}
    assert run("who_grade", sample).value == "NET G2"


def test_no_survival_figure_for_report_e() -> None:
    result = run("netpet", E, gep_primary=True, metastatic_or_unresectable=True)
    assert {"p5_rests_on_one"} == result.flag_codes()
