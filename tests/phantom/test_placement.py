"""Where lesions land: regions, segments, patterns, burden, exophytic growth, mimics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.phantom.generate import patient_of
from isletscope.phantom.lesion_truth import contact_truth, lesion_truths
from isletscope.phantom.liver_pattern import draw_diameters
from isletscope.phantom.regions import STEP_MM, Regions
from isletscope.phantom.scenario import load_scenario
from isletscope.phantom.scenario_lesions import SizeLaw
from tests.phantom.person import disease, person, plan, regions


def lobes(tumours: object) -> np.ndarray:
    body, pose = person()
    centres = np.array([t.centre_personal_mm for t in tumours])  # type: ignore[attr-defined]
    return np.where(np.isin(body.liver_segment(pose.to_anatomical(centres)), (5, 6, 7, 8)), 1, -1)


def test_segments_are_kept() -> None:
    body, pose = person()
    found = disease("lesions:\n  - {site: liver, place: {in: liver, segment: [6, 7]}, diameter_mm: 12, count: 5}")
    centres = np.array([t.centre_personal_mm for t in found.tumours_of("before")])
    assert set(body.liver_segment(pose.to_anatomical(centres))) <= {6, 7}


def test_patterns_of_lobes() -> None:
    text = "lesions:\n  - {site: liver, place: {in: liver, pattern: %s}, diameter_mm: 10, count: 10}"
    assert (lobes(disease(text % "unilobar_right").tumours_of("before")) == 1).all()
    assert (lobes(disease(text % "unilobar_left").tumours_of("before")) == -1).all()
    both = lobes(disease((text % "bilobar").replace("bilobar", "bilobar, right_share: 0.7")).tumours_of("before"))
    assert (both == 1).sum() == 7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_45_lesions_lie_apart(seed: int) -> None:
    law = "{law: lognormal, median: 15, sigma: 0.5, limits: [6, 60]}"
    place = "place: {in: liver, pattern: bilobar}, count: 45, margin_mm: 2"
    text = f"lesions:\n  - {{site: liver, {place}, diameter_mm: {law}}}"
    tumours = disease(text, seed).tumours_of("before")
    assert len(tumours) == len({t.label for t in tumours}) == 45
    centres = np.array([t.centre_personal_mm for t in tumours])
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    gaps -= np.add.outer([t.reach_mm for t in tumours], [t.reach_mm for t in tumours])
    assert gaps[np.triu_indices(45, 1)].min() > 0


@pytest.mark.parametrize("percent", [12, 62])
def test_a_burden_is_reached(percent: int) -> None:
    body, pose = person()
    law = "{law: lognormal, median: 50, sigma: 0.3, limits: [20, 110]}"
    found = disease(
        f"lesions:\n  - {{site: liver, place: {{in: liver}}, burden_percent: {percent}, diameter_mm: {law}}}"
    )
    truths = lesion_truths(found.tumours_of("before"), pose, body)
    volume = sum(truth["volume_ml"] for truth in truths.values())
    # Lesions at the surface bulge a little beyond the liver, spared vessels are taken off.
    assert 100 * volume / found.liver_ml == pytest.approx(percent, abs=0.06 * percent)


def test_size_laws() -> None:
    rng = np.random.default_rng(1)
    normal = draw_diameters(SizeLaw("lognormal", (6, 60), median=15, sigma=0.4), 4000, rng)
    assert np.median(normal) == pytest.approx(15, rel=0.05)
    assert (normal.min() >= 6, normal.max() <= 60) == (True, True)
    power = draw_diameters(SizeLaw("power", (5, 50), exponent=2.0), 4000, rng)
    assert np.median(power) == pytest.approx(2 / (1 / 5 + 1 / 50), rel=0.05)


def test_exophytic_growth_lies_half_outside() -> None:
    tumour = disease(
        "lesions:\n  - {site: pancreas, place: {in: pancreas_tail, exophytic: 0.6}, diameter_mm: 24}"
    ).tumours_of("before")[0]
    cloud = np.random.default_rng(1).uniform(-12, 12, (4000, 3))
    points = cloud[tumour.distance(cloud) <= 0] + tumour.centre_personal_mm
    inside = np.isin(regions().labels_at(points), list(regions().organ_labels("pancreas")))
    assert 1 - inside.mean() == pytest.approx(0.6, abs=0.08)


def test_mimics_are_apart_from_tumours() -> None:
    body, _ = person()
    found = disease(
        "lesions:\n  - {site: liver, place: {in: liver}, diameter_mm: 20}\n"
        "mimics:\n  - {kind: accessory_spleen, place: {in: pancreas_tail}, diameter_mm: 12}\n"
        "  - {kind: cyst, place: {in: liver}, diameter_mm: 15}\n"
        "  - {kind: uncinate_uptake, place: {in: pancreas_uncinate}, diameter_mm: 12}"
    )
    assert [t.mimic for t in found.tumours_of("before")] == [""]
    mimics = {t.mimic: t for t in found.mimics_of("before")}
    assert mimics["accessory_spleen"].hu == pytest.approx(body.tissues["spleen"].hu)
    assert mimics["cyst"].appearance.t2_ms > 250
    assert mimics["uncinate_uptake"].hu == pytest.approx(body.tissues["pancreas"].hu)
    assert mimics["uncinate_uptake"].suv["sstr"] > body.tissues["pancreas"].uptake["sstr"]
    assert {t.label for t in mimics.values()} == {2, 3, 4}


def test_old_keys_still_hold() -> None:
    body, _ = person()
    tumour = disease(
        "lesions:\n  - {site: bone, place: {in: L3}, diameter_mm: 16, hu_offset: 220, "
        "uptake: {sstr: {suv: 13}, fdg: {times_background: 2}}}"
    ).tumours_of("before")[0]
    assert tumour.hu == pytest.approx(body.tissues["marrow"].hu + 220)
    assert tumour.suv["sstr"] == 13
    assert tumour.suv["fdg"] == pytest.approx(2 * body.tissues["marrow"].uptake["fdg"])


def test_one_rule_never_shifts_another() -> None:
    one = "  - {id: B, site: bone, place: {in: L3}, diameter_mm: [10, 20]}\n"
    alone = disease("lesions:\n" + one).tumours_of("before")[0]
    more = disease("lesions:\n" + one + "  - {site: liver, place: {in: liver}, diameter_mm: 20}").tumours_of("before")
    assert next(t for t in more if t.id == "B").centre_personal_mm == alone.centre_personal_mm
    assert next(t for t in more if t.id == "B").appearance == alone.appearance


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("site: liver, place: {in: moon}, diameter_mm: 12", r"line 7: the place is not known; found 'moon'"),
        ("site: bone, place: {in: L3, segment: 5}, diameter_mm: 12", r"line 7: 'segment' is for lesions of the liver"),
        ("site: liver, id: A, count: 3, place: {in: liver}, diameter_mm: 12", r"line 7: 'id' names one lesion"),
        ("site: bone, place: {in: L3}, diameter_mm: {law: power, limits: [5, 9]}", r"lacks exponent"),
        ("site: liver, place: {in: liver}, diameter_mm: 6, burden_percent: 50", r"more than 250 lesions"),
        ("site: liver, place: {beside: Z}, diameter_mm: 6", r"no lesion of that id"),
        ("site: liver, place: {in: liver}, diameter_mm: 6, nature: cold", r"'nature' is not known"),
        (
            "site: liver, place: {in: liver}, diameter_mm: 6, appears: never",
            r"no such exam or time point; found 'never'",
        ),
    ],
)
def test_faults_are_named(entry: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        disease("lesions:\n  - {" + entry + "}")


def test_crowding_is_refused() -> None:
    with pytest.raises(InputError, match=r"line 7: no room was found in 'spleen'"):
        disease("lesions:\n  - {site: other, place: {in: spleen}, diameter_mm: 40, count: 20}")
    assert plan("lesions: []").lesions == ()


@pytest.mark.parametrize(("name", "seed"), [("g3-mixed", 3), ("men1", 6)])
def test_lesions_are_drawn_again_where_chance_left_no_room(name: str, seed: int) -> None:
    patient = patient_of(load_scenario(name), seed)
    wanted = {rule.id for rule in load_scenario(name).lesions if rule.id}
    first = load_scenario(name).exams[0].name
    assert wanted <= {lesion.id for lesion in patient.disease.tumours_of(first)}


DECIDING = {
    "celiac_artery", "common_hepatic_artery", "superior_mesenteric_artery", "aorta", "superior_mesenteric_vein",
    "portal_vein", "inferior_vena_cava",
}  # fmt: skip
SURGICAL = (
    "head-smv-100",
    "head-smv-220",
    "head-sma-90",
    "head-sma-200",
    "tail-resectable",
    "small-incidental",
    "cystic",
)


@pytest.mark.parametrize("seed", [2, 41])
@pytest.mark.parametrize("name", SURGICAL)
def test_a_primary_lies_in_its_part_and_touches_what_is_stated_alone(name: str, seed: int) -> None:
    plan_of = load_scenario(name)
    patient = patient_of(plan_of, seed)
    body, pose = patient.scenes[0].body, patient.scenes[0].pose
    where = Regions.of(body, pose)
    first, rule = plan_of.exams[0].name, plan_of.lesions[0]
    tumour = next(t for t in patient.disease.tumours_of(first) if t.id == rule.id)
    outside = where.distance_mm(str(rule.place.region), np.asarray(tumour.centre_personal_mm))
    assert outside <= STEP_MM + tumour.diameter_mm / 4
    stated = next(iter(plan_of.expected.values())).get("contact", {"value": {}})["value"]
    touched = contact_truth(tumour, where.pose, body)["vessel_contact"]
    found = {vessel: _category(touched.get(vessel)) for vessel in DECIDING}
    assert found == {vessel: stated.get(vessel, "none") for vessel in DECIDING}


def _category(contact: dict[str, Any] | None) -> str:
    degrees = contact["by_tolerance_mm"]["1.0"]["degrees_max"] if contact else 0.0
    return "none" if degrees == 0 else "abutment" if degrees <= 180 else "encasement"
