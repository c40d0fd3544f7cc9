"""Cleared fraction, fitness, ablation, liver volume, remnant, hypertrophy: vectors of surgery.md 4.2 to 4.7."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from isletscope.criteria import ablation, cytoreduction, cytoreduction_fit, hypertrophy, liver_volume, remnant
from isletscope.errors import InputError
from isletscope.model import Conclusion, State
from tests.criteria.support import certainty, sound

Document = dict[str, JsonValue]


def plan(text: str, **changes: JsonValue) -> Conclusion:
    """``62r 8a 20n``: volumes in mL with r resected, a ablated, n left, ? no plan; ``xr``: volume not known."""
    words = {"r": "resect", "a": "ablate", "n": "leave", "?": None}
    lesions: list[JsonValue] = [
        {"id": f"L{number}", "plan": words[item[-1]], "volume_ml": None if item[:-1] == "x" else float(item[:-1])}
        for number, item in enumerate(text.split())
    ]
    return cytoreduction.CRITERION.run_document({"lesions": lesions, **changes})


@pytest.mark.parametrize(
    ("text", "fraction", "value"),
    [
        ("62r 30r 8a 5n 20n 3n", 78.125, "accepted_70"),
        ("70r 30n", 70.0, "accepted_70"),
        ("69.99r 30.01n", 69.99, "suboptimal"),
        ("90r 10n", 90.0, "optimal_90"),
        ("89.99r 10.01n", 89.99, "accepted_70"),
        ("99.9r 0.1n", 99.9, "optimal_90"),
        ("50r 50a", 100, "complete"),
    ],
)
def test_cleared_fraction(text: str, fraction: float, value: str) -> None:
    result = plan(text)
    assert result.value == value
    assert float(result.parts["by_volume_percent"]) == pytest.approx(fraction, abs=5e-3)
    assert sound(result)


def test_cleared_fraction_by_number_and_scope() -> None:
    many = plan("90r " + "1n " * 30)
    assert (many.value, many.parts["by_volume_percent"], many.parts["by_count_percent"]) == (
        "accepted_70",
        "75.00",
        "3.2",
    )
    assert "COUNT_DISCORDANT" in many.flag_codes()
    lesions: list[JsonValue] = [
        {"id": "L1", "plan": "resect", "volume_ml": 100},
        {"id": "P1", "plan": "leave", "volume_ml": 40, "in_liver": False},
    ]
    run = cytoreduction.CRITERION.run_document
    assert run({"lesions": lesions}).value == "complete"
    total = run({"lesions": lesions, "scope": "total"})
    assert (total.value, total.parts["by_volume_percent"]) == ("accepted_70", "71.43")


def test_cleared_fraction_by_tracer() -> None:
    lesions: list[JsonValue] = [
        {"id": "L1", "plan": "resect", "volume_ml": 78, "sstr_volume_ml": 92, "fdg_volume_ml": 0},
        {"id": "L2", "plan": "leave", "volume_ml": 22, "sstr_volume_ml": 8, "fdg_volume_ml": 3},
    ]
    result = cytoreduction.CRITERION.run_document({"lesions": lesions})
    assert result.value == "accepted_70"
    shown = [result.parts[f"by_{name}_percent"] for name in ("volume", "sstr", "fdg")]
    assert shown == ["78.00", "92.0", "0.0"]


def test_cleared_fraction_with_missing_volumes() -> None:
    free = plan("70r xr 10n")
    assert free.state is State.MISSING
    assert free.possible == ["accepted_70", "optimal_90"]
    assert free.missing == ["volume of L1"]
    left = plan("70r xn 10n")
    assert left.possible == ["suboptimal", "accepted_70"]
    settled = plan("10r xn 90n")
    assert (settled.value, "INSENSITIVE_TO_MISSING" in settled.flag_codes()) == ("suboptimal", True)
    undecided = plan("70r 10? 20n")
    assert undecided.possible == ["accepted_70"] or undecided.value == "accepted_70"
    assert plan("xr xa").value == "complete"
    assert plan("80r 20?").possible == ["accepted_70", "optimal_90", "complete"]


def test_cleared_fraction_flags() -> None:
    lesions: list[JsonValue] = [
        {"id": "L1", "plan": "resect", "diameters_mm": [50, 40, 30]},
        {"id": "L2", "plan": "leave", "volume_ml": 5},
        {"id": "L3", "plan": "leave", "volume_ml": 20, "indeterminate": True},
    ]
    result = cytoreduction.CRITERION.run_document({"lesions": lesions})
    assert result.value == "suboptimal"
    codes = result.flag_codes()
    assert {"LESION_GE_50", "VOLUME_FROM_DIAMETERS", "DIFFERENT_WITHOUT_INDETERMINATE", "RETROSPECTIVE"} <= codes
    assert "NEAR_THRESHOLD" in plan("72r 28n").flag_codes()
    assert "NEAR_THRESHOLD" not in plan("80r 20n").flag_codes()
    assert cytoreduction.CRITERION.run_document({"lesions": []}).missing == ["lesions in the scope of the plan"]
    assert plan("0r 0n").missing == ["a lesion volume above 0 mL"]
    with pytest.raises(InputError, match="two lesions share one id"):
        cytoreduction.CRITERION.run_document({"lesions": [lesions[1], lesions[1]]})


pieces = st.lists(st.tuples(st.sampled_from([1.0, 5.0, 20.0, 60.0]), st.sampled_from("ran")), min_size=1, max_size=6)


@given(lesions=pieces, data=st.data())
@settings(max_examples=80, deadline=None)
def test_less_knowledge_and_more_clearing(lesions: list[tuple[float, str]], data: st.DataObject) -> None:
    items = [f"{volume}{letter}" for volume, letter in lesions]
    full = plan(" ".join(items))
    number = data.draw(st.sampled_from(range(len(items))))
    for poorer in (f"x{lesions[number][1]}", f"{lesions[number][0]}?"):
        part = plan(" ".join([*items[:number], poorer, *items[number + 1 :]]))
        assert certainty(part) <= certainty(full)
        assert full.value in (part.possible if part.state is State.MISSING else [part.value])
    more = plan(" ".join([*items[:number], f"{lesions[number][0]}r", *items[number + 1 :]]))
    assert cytoreduction.LABELS.index(str(more.value)) >= cytoreduction.LABELS.index(str(full.value))


FIT: Document = {
    "tumour": "G1",
    "reachable_percent": 85,
    "remnant": "adequate",
    "extrahepatic": "none",
    "performance_sufficient": True,
    "syndrome": "none",
    "carcinoid_heart_excluded": True,
    "discordant_lesion_left": False,
}


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, "proposed"),
        ({"reachable_percent": 72, "policy": 90}, "discuss"),
        ({"reachable_percent": 90, "policy": 90}, "proposed"),
        ({"reachable_percent": 89.9, "policy": 90}, "discuss"),
        ({"reachable_percent": 70}, "proposed"),
        ({"reachable_percent": 69.9}, "not_proposed"),
        ({"reachable_percent": 65}, "not_proposed"),
        ({"reachable_percent": 65, "syndrome": "refractory"}, "discuss"),
        ({"tumour": "G2", "reachable_percent": 95, "discordant_lesion_left": True}, "discuss"),
        ({"tumour": "NEC"}, "not_proposed"),
        ({"tumour": "G3"}, "discuss"),
        ({"remnant": "insufficient"}, "not_proposed"),
        ({"remnant": "borderline"}, "discuss"),
        ({"extrahepatic": "diffuse"}, "not_proposed"),
        ({"extrahepatic": "limited_unresectable"}, "discuss"),
        ({"syndrome": "controlled", "carcinoid_heart_excluded": False}, "discuss"),
        ({"performance_sufficient": False}, "discuss"),
    ],
)
def test_fitness(changes: Document, value: str) -> None:
    result = cytoreduction_fit.CRITERION.run_document({**FIT, **changes})
    assert result.value == value
    assert "POLICY" in result.flag_codes()
    assert sound(result)


def test_fitness_with_missing_inputs() -> None:
    unknown = cytoreduction_fit.CRITERION.run_document({**FIT, "remnant": None})
    assert unknown.missing == ["future liver remnant"]
    assert set(unknown.possible) == {"proposed", "discuss", "not_proposed"}
    performance = cytoreduction_fit.CRITERION.run_document({**FIT, "performance_sufficient": None})
    assert set(performance.possible) == {"proposed", "discuss"}
    weighed: Document = {"liver_burden_percent": 60, "ki67_percent": 25, "stable_months": 6}
    codes = cytoreduction_fit.CRITERION.run_document({**FIT, **weighed}).flag_codes()
    assert {"IN_FAVOUR", "AGAINST"} <= codes


@given(hidden=st.lists(st.sampled_from(sorted(FIT)), max_size=4, unique=True), grade=st.sampled_from(["G1", "G3"]))
@settings(max_examples=60, deadline=None)
def test_fitness_less_is_never_more_certain(hidden: list[str], grade: str) -> None:
    document: Document = {**FIT, "tumour": grade}
    full = cytoreduction_fit.CRITERION.run_document(document)
    part = cytoreduction_fit.CRITERION.run_document({**document, **dict.fromkeys(hidden)})
    assert certainty(part) <= certainty(full)
    assert full.value in (part.possible if part.state is State.MISSING else [part.value])


ABLATION: Document = {
    "diameter_mm": 18,
    "margin_mm": 10,
    "duct_distance_mm": 25,
    "vessel_touching": False,
    "neighbour_distance_mm": 30,
    "lesions_in_session": 1,
}


@pytest.mark.parametrize(
    ("changes", "rfa", "mwa"),
    [
        ({}, "ok", "ok"),
        ({"diameter_mm": 30.0}, "ok", "ok"),
        ({"diameter_mm": 30.1}, "caution", "caution"),
        ({"diameter_mm": 40}, "caution", "caution"),
        ({"diameter_mm": 42}, "no", "caution"),
        ({"diameter_mm": 50}, "no", "caution"),
        ({"diameter_mm": 51}, "no", "no"),
        ({"duct_distance_mm": 5.0}, "no", "no"),
        ({"duct_distance_mm": 5.1}, "caution", "caution"),
        ({"duct_distance_mm": 10}, "caution", "caution"),
        ({"vessel_touching": True}, "caution", "caution"),
        ({"margin_mm": 9.9}, "caution", "caution"),
        ({"margin_mm": 4.9}, "no", "no"),
        ({"neighbour_distance_mm": 10}, "caution", "caution"),
        ({"neighbour_distance_mm": 4.9}, "no", "no"),
        ({"neighbour_distance_mm": 4.9, "open_approach": True}, "caution", "caution"),
        ({"lesions_in_session": 6}, "caution", "caution"),
        ({"lesions_in_session": 12}, "no", "no"),
    ],
)
def test_ablation(changes: Document, rfa: str, mwa: str) -> None:
    for tool, value, other in (("RFA", rfa, mwa), ("MWA", mwa, rfa)):
        result = ablation.CRITERION.run_document({**ABLATION, **changes, "tool": tool})
        assert result.value == value
        assert [one.value for one in result.alternatives] == [other]
        assert sound(result)


def test_ablation_with_missing_inputs_and_zones() -> None:
    open_duct = ablation.CRITERION.run_document({**ABLATION, "duct_distance_mm": None})
    assert open_duct.possible == ["ok", "caution", "no"]
    assert open_duct.missing == ["distance to first or second order bile ducts"]
    settled = ablation.CRITERION.run_document({**ABLATION, "diameter_mm": 60, "duct_distance_mm": None})
    assert (settled.value, "INSENSITIVE_TO_MISSING" in settled.flag_codes()) == ("no", True)
    codes = ablation.CRITERION.run_document(
        {**ABLATION, "lesions_in_session": 12, "vessel_touching": True}
    ).flag_codes()
    assert {"SESSION_CAP", "HEAT_SINK"} <= codes
    zones = {
        (10, 5): 4.2,
        (10, 10): 14.1,
        (20, 5): 14.1,
        (20, 10): 33.5,
        (30, 5): 33.5,
        (30, 10): 65.4,
        (50, 10): 179.6,
    }
    for (diameter, margin), volume in zones.items():
        assert ablation.zone_ml(diameter, margin) == pytest.approx(volume, abs=0.05)


@pytest.mark.parametrize(
    ("weight", "height", "expected"),
    [
        (70, 175, {"Urata 1995": 1307.6, "Heinemann 1999": 1637.0, "Yoshizumi 2003": 1426.8, "": 1547.7}),
        (70, 175, {"Korean donors (DuBois)": 1213.8}),
        (50, 155, {"": 1064.6, "Urata 1995": 1038.4}),
        (90, 180, {"": 1865.5, "Urata 1995": 1484.6}),
        (120, 170, {"": 2089.4, "Urata 1995": 1609.4}),
    ],
)
def test_liver_volume(weight: float, height: float, expected: dict[str, float]) -> None:
    result = liver_volume.CRITERION.run_document({"weight_kg": weight, "height_cm": height})
    found = {"": float(str(result.value)), **{one.system: float(one.value) for one in result.alternatives}}
    for name, volume in expected.items():
        assert found[name] == pytest.approx(volume, abs=0.11), name
    assert sound(result)


def test_liver_volume_surfaces_and_lacks() -> None:
    run = liver_volume.CRITERION.run_document
    assert liver_volume.dubois_m2(70, 175) == pytest.approx(1.8481, abs=5e-5)
    assert liver_volume.mosteller_m2(120, 170) == pytest.approx(2.3805, abs=5e-5)
    vauthey = liver_volume.BOOK.formulas["vauthey"]
    assert liver_volume.expected_ml(vauthey, 1.0, 60) == pytest.approx(472.87)
    assert liver_volume.expected_ml(vauthey, 2.3805, 120) == pytest.approx(2222.3, abs=0.1)
    heavy = run({"weight_kg": 120, "height_cm": 170})
    assert "SURFACE_FORMULAS_DIFFER" in heavy.flag_codes()
    assert "SURFACE_FORMULAS_DIFFER" not in run({"weight_kg": 70, "height_cm": 175}).flag_codes()
    assert run({"weight_kg": 70}).missing == ["height"]
    assert run({"height_cm": 170}).missing == ["weight"]
    assert run({"weight_kg": 70, "height_cm": 175, "formula": "chan"}).missing == ["sex"]
    assert run({"weight_kg": 70, "height_cm": 175, "formula": "chan", "male": True}).value == "1130.0"
    assert run({"weight_kg": 70, "height_cm": 175, "formula": "none"}).state is State.MISSING
    assert "CIRRHOSIS" in run({"weight_kg": 70, "height_cm": 175, "cirrhosis": True}).flag_codes()


def rest(surface: float | None, volume: float, liver: float, tumour: float, background: str) -> Conclusion:
    formula = liver_volume.BOOK.formulas["vauthey"]
    expected = None if surface is None else liver_volume.expected_ml(formula, surface, 70)
    document: Document = {
        "remnant_ml": volume,
        "expected_liver_ml": expected,
        "measured_liver_ml": liver,
        "tumour_ml": tumour,
        "background": background,
    }
    return remnant.CRITERION.run_document(document)


@pytest.mark.parametrize(
    ("surface", "volume", "liver", "tumour", "background", "value", "disagree"),
    [
        (1.85, 450, 1700, 100, "normal", "adequate", False),
        (1.85, 450, 1700, 100, "treated", "borderline", False),
        (1.85, 450, 1700, 100, "fibrosis", "insufficient", False),
        (1.85, 300, 1700, 100, "normal", "insufficient", True),
        (1.60, 380, 2600, 1300, "treated", "borderline", True),
        (2.10, 560, 1900, 50, "treated", "borderline", True),
        (1.90, 484, 1800, 200, "treated", "borderline", True),
        (1.73, 280, 1500, 0, "normal", "insufficient", True),
    ],
)
def test_remnant(
    surface: float, volume: float, liver: float, tumour: float, background: str, value: str, disagree: bool
) -> None:
    result = rest(surface, volume, liver, tumour, background)
    assert result.value == value
    assert ("METHODS_DISAGREE" in result.flag_codes()) is disagree
    assert sound(result)


def test_remnant_ratios_and_lacks() -> None:
    first = rest(1.85, 450, 1700, 100, "normal")
    assert float(first.parts["sflr"]) == pytest.approx(29.03, abs=5e-3)
    assert float(first.parts["rflr"]) == pytest.approx(28.125, abs=5e-3)
    assert "NEAR_THRESHOLD" in rest(2.10, 560, 1900, 50, "treated").flag_codes()
    only = rest(None, 450, 1700, 100, "normal")
    assert (only.value, only.provisional, "RFLR_ONLY" in only.flag_codes()) == ("adequate", True, True)
    run = remnant.CRITERION.run_document
    half = run({"remnant_ml": 450, "expected_liver_ml": 1550, "background": "normal"})
    assert (half.value, half.missing) == ("adequate", ["measured liver volume", "tumour volume in the liver"])
    assert run({"remnant_ml": 450}).state is State.MISSING
    assert run({}).missing == ["remnant volume"]
    assert "LOW_FOR_WEIGHT" not in run({"remnant_ml": 400, "weight_kg": 80, "expected_liver_ml": 1500}).flag_codes()
    assert "LOW_FOR_WEIGHT" in run({"remnant_ml": 399, "weight_kg": 80, "expected_liver_ml": 1500}).flag_codes()
    assert "BACKGROUND_UNKNOWN" in run({"remnant_ml": 450, "expected_liver_ml": 1500}).flag_codes()
    single = run({"remnant_ml": 300, "expected_liver_ml": 1500, "background": "normal", "policy": "sflr"})
    assert (single.value, single.provisional) == ("adequate", False)
    with pytest.raises(InputError, match="not below that of the measured liver"):
        run({"remnant_ml": 100, "measured_liver_ml": 1000, "tumour_ml": 1000})


@pytest.mark.parametrize(
    ("ratio", "value"),
    [(30, "adequate"), (29.99, "borderline"), (25, "borderline"), (24.99, "insufficient")],
)
def test_remnant_limits(ratio: float, value: str) -> None:
    assert remnant.remnant_class(ratio, 30) == value


@pytest.mark.parametrize(
    ("before", "after", "weeks", "degree", "rate", "value"),
    [
        (22.0, 31.0, 3, 9, 3.0, "proceed"),
        (18, 24, 4, 6, 1.5, "high_risk"),
        (25, 30, 2.5, 5, 2.0, "proceed"),
        (24, 31.5, 4, 7.5, 1.875, "high_risk"),
        (20, 24, 2, 4, 2.0, "caution"),
    ],
)
def test_hypertrophy(before: float, after: float, weeks: float, degree: float, rate: float, value: str) -> None:
    document: Document = {"before_percent": before, "after_percent": after, "weeks": weeks, "minimum_percent": 20}
    result = hypertrophy.CRITERION.run_document(document)
    assert result.value == value
    assert float(result.parts["degree_points"]) == pytest.approx(degree)
    assert float(result.parts["rate_points_per_week"]) == pytest.approx(rate)
    assert sound(result)


def test_hypertrophy_with_missing_inputs() -> None:
    run = hypertrophy.CRITERION.run_document
    no_weeks = run({"before_percent": 20, "after_percent": 31})
    assert (no_weeks.value, no_weeks.provisional) == ("remnant_sufficient", True)
    assert no_weeks.parts == {"degree_points": "11.000"}
    assert no_weeks.missing == ["weeks to the first volumetry"]
    no_before = run({"after_percent": 29, "weeks": 3})
    assert (no_before.value, no_before.parts) == ("remnant_insufficient", {})
    assert "EARLY" in run({"before_percent": 20, "after_percent": 31, "weeks": 1}).flag_codes()
    assert run({}).missing == ["sFLR after the procedure"]
    short = run({"before_percent": 10, "after_percent": 29.9, "weeks": 3})
    assert short.value == "caution"
