"""The five worked reports through the criteria of surgery, liver, growth and response.

A: insulinoma near the duct. B: uncinate NET with liver metastases. C: FDG-positive, SSTR-negative disease.
D: MEN1 with six tumours. E: after PRRT, one new FDG-only focus.
"""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from isletscope.criteria import find_criterion
from isletscope.model import Conclusion
from tests.criteria.support import sound
from tests.criteria.vessels import free

Document = dict[str, JsonValue]


def run(name: str, **document: JsonValue) -> Conclusion:
    result = find_criterion(name).run_document(document)
    assert sound(result)
    return result


def test_a_insulinoma_near_the_duct() -> None:
    known: Document = {
        "site": "body",
        "proximal_body": False,
        "size_mm": 11,
        "function": "insulinoma",
        "duct_distance_mm": 2.4,
        "duct_dilated": False,
        "zone3": False,
        "suspicious_nodes": False,
        "vessel_involved": False,
        "grade": "G1",
        "ki67_percent": 1,
        "splenic_artery_deg": 0,
        "splenic_vein_deg": 0,
        "splenic_vessels_narrowed": False,
        "hilum_distance_mm": 40,
    }
    result = run("operations", **known)
    assert result.parts["enucleation_gate"] == "caution"
    near = [flag.text for flag in result.flags if flag.code == "NEAR_THRESHOLD"]
    assert len(near) == 2, "2.4 mm lies within 1 mm of both limits"
    assert run("surveillance", functioning=True, size_mm=11).value == "surgery_recommended"
    assert run("resectability_nccn", **free("body")).value == "R"
    assert run("resectability_net", **free("body")).rule == "resectability_net.P9"


def test_b_local_class_of_five_systems() -> None:
    document = free(smv={"contact_deg": 110, "narrowing_percent": 7})
    assert run("resectability_nccn", **document).value == "R"
    assert run("resectability_net", **document).rule == "resectability_net.P8"
    systems = run("resectability_systems", **document)
    shown = {name: systems.parts[name] for name in ("alliance", "mdacc", "iap_jps", "dpcg")}
    assert shown == {"alliance": "R", "mdacc": "R", "iap_jps": "R", "dpcg": "BR"}
    assert any("threshold 90" in flag.text for flag in systems.flags if flag.code == "NEAR_THRESHOLD")
    vein: Document = {
        "mesenteric_stump_mm": 24,
        "portal_stump_mm": 31,
        "ileal_branch": "clean",
        "jejunal_branch": "clean",
        "portal_bifurcation_involved": False,
        "cavernous_transformation": False,
    }
    assert run("vein_reconstruction", **vein).value == "yes"


def test_b_liver() -> None:
    sides = {"right": [123, 44, 32.4, 11.6], "left": [21.2, 10.1, 6.4]}
    lesions: list[JsonValue] = [
        {"id": f"{side}{number}", "side": side, "volume_ml": volume}
        for side, volumes in sides.items()
        for number, volume in enumerate(volumes)
    ]
    pattern = run("liver_pattern", lesions=lesions, right_burden_percent=17, left_burden_percent=6)
    assert (pattern.value, pattern.rule) == ("II", "liver_pattern.bulk")
    burden = run("liver_burden", tumour_ml=249, liver_ml=1889)
    assert (burden.value, burden.parts["percent"], burden.parts["netter1"]) == (">10-25", "13.18", "low")
    fit = run(
        "cytoreduction_fit",
        tumour="G2",
        reachable_percent=92.0,
        remnant="adequate",
        extrahepatic="regional",
        syndrome="none",
        discordant_lesion_left=False,
    )
    assert set(fit.possible) == {"proposed", "discuss"}
    assert fit.missing == ["performance of the patient"]


def test_c_growth_and_splenic_vessels() -> None:
    rate = run("growth_rate", first_sum_mm=90, second_sum_mm=111, interval_days=84, setting="before_treatment")
    assert rate.value == "high"
    assert float(rate.parts["rate_percent_per_month"]) == pytest.approx(25.6, abs=0.1)
    assert run("resectability_nccn", **free("tail", splenic_vein=200, splenic_artery=120)).value == "R"
    assert run("liver_burden", tumour_ml=53.4, liver_ml=1465).value == ">0-10"


def test_d_men1() -> None:
    known: Document = {
        "syndrome": "MEN1",
        "functioning": False,
        "size_mm": 19,
        "duct_upstream_mm": 2.0,
        "jaundice": False,
        "symptoms_by_mass": False,
        "suspicious_nodes": False,
        "vessel_involved": False,
        "grade": "G1",
        "ki67_percent": 2,
        "growth_mm_per_year": 0,
    }
    result = run("surveillance", **known)
    assert (result.value, result.rule) == ("surveillance", "surveillance.S7c")
    assert "NEAR_THRESHOLD" in result.flag_codes()
    assert run("repeatability", quantity="diameter", before=18, after=19).value == "within_noise"
    growth = run("doubling_time", first_mm=18, second_mm=19, interval_days=364)
    assert (growth.value, growth.parts["growth_mm_per_year"]) == ("within_noise", "1.0")
    assert run("resectability_net", **free("tail", splenic_vein=34)).rule == "resectability_net.P8"
    assert run("hereditary_size", syndrome="MEN1", functioning=False, size_mm=19, growth_mm_per_year=0).value == (
        "below_limit"
    )


def test_e_response() -> None:
    sizes = {"P1": (31, 28), "N1": (16, 13), "H1": (58, 50), "H2": (36, 31)}
    targets: list[JsonValue] = [
        {"id": name, "nodal": name == "N1", "baseline_mm": before, "current_mm": now}
        for name, (before, now) in sizes.items()
    ]
    fdg: JsonValue = [{"id": "H7", "seen_on": "fdg", "unequivocal": True, "fdg_negative_baseline": False}]
    result = run("recist", targets=targets, earlier_sums_mm=[127], non_target="non-CR/non-PD", new_lesions=fdg)
    assert result.value == "SD"
    shown = {item.text: item.value for item in result.evidence}
    assert (shown["baseline sum"], shown["sum"]) == (141, 122)
    assert shown["change from baseline"] == pytest.approx(-13.5, abs=0.05)
    assert shown["change from the smallest sum"] == pytest.approx(-3.9, abs=0.05)
    assert "possible_new_lesion" in result.flag_codes()
    rate = run("growth_rate", first_sum_mm=113, second_sum_mm=109, interval_days=182)
    assert float(rate.parts["rate_percent_per_month"]) == pytest.approx(-1.8, abs=0.05)
    assert "BELOW_DETECTABLE" in rate.flag_codes()
    volume = run(
        "sstr_change",
        before_ml=115.4,
        after_ml=63.1,
        same_tracer=True,
        same_reconstruction=True,
        same_uptake_time=True,
        fdg_done=True,
        new_fdg_only_lesion=True,
    )
    assert (volume.value, volume.parts["change_percent"]) == ("decrease", "-45.3")
    assert run("liver_burden", tumour_ml=74.5, liver_ml=1569).parts["percent"] == "4.75"
