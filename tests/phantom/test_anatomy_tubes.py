"""Tubes: exact distance, stations, waists and thrombi; and what a scenario may say about anatomy."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from isletscope.errors import InputError
from isletscope.phantom.body import Body, build_body
from isletscope.phantom.scenario_anatomy import AnatomyRule, Narrowing, Thrombus, read_anatomy
from isletscope.phantom.sketch import Person
from isletscope.phantom.stations import stations
from isletscope.phantom.structures import structures
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.tubes import Tube, capsule_groups
from isletscope.phantom.vessels import narrowed, thrombus_tube
from isletscope.phantom.yaml_node import Node


def straight(radius: float = 4.0, length: int = 60) -> Tube:
    z = np.arange(0.0, length + 1, 3.0)
    return Tube("straight", np.column_stack([0 * z, 0 * z, z, 0 * z + radius]), "artery")


def body(rule: AnatomyRule) -> Body:
    rng = np.random.default_rng(3)
    return build_body(Person("M", 50, 175, 78), draw_tissues(np.random.default_rng(1)), rng, rule)


def read(text: str) -> AnatomyRule:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return read_anatomy(Node(root, "plan.yaml", "'anatomy'"))


def test_distance_to_a_straight_tube_is_exact() -> None:
    points = np.random.default_rng(1).uniform([-15, -15, 0], [15, 15, 60], (500, 3))
    assert np.allclose(straight().distance(points), np.hypot(points[:, 0], points[:, 1]) - 4, atol=1e-9)
    assert straight().distance(np.array([[0.0, 0.0, 70.0]]))[0] == pytest.approx(6.0)


def test_distance_to_a_bent_tube_is_that_of_its_polyline() -> None:
    t = np.linspace(0, np.pi / 2, 40)
    tube = Tube("bent", np.column_stack([30 * np.cos(t), 30 * np.sin(t), 0 * t, 0 * t + 3]), "artery")
    points = np.random.default_rng(2).uniform(-5, 40, (300, 3))
    flat = tube.course[:, :3]
    fine = np.vstack([flat[:-1] + (flat[1:] - flat[:-1]) * share for share in np.linspace(0, 1, 60)])
    nearest = np.linalg.norm(points[:, None] - fine[None], axis=2).min(axis=1) - 3
    assert np.abs(tube.distance(points) - nearest).max() < 0.03


def test_stations_are_even_and_their_tangents_point_along() -> None:
    stations_of = straight().sample(0.5)
    assert np.allclose(np.diff(stations_of.arc_mm), 0.5)
    assert np.allclose(stations_of.tangents, [0, 0, 1])
    assert stations_of.arc_mm[-1] == pytest.approx(60) == straight().length_mm
    part = straight().segment(10, 30, widened=1.5)
    assert part[0, 2] == pytest.approx(10)
    assert part[-1, 2] == pytest.approx(30)
    assert np.allclose(part[:, 3], 6)


def test_groups_keep_all_capsules_in_order_and_stay_small() -> None:
    parts = straight().parts
    groups = capsule_groups(parts, 20.0)
    assert tuple(part for group in groups for part in group) == parts
    assert len(groups) > 2
    for group in groups:
        boxes = np.array([part.box for part in group])
        assert (boxes[:, 3:].max(axis=0) - boxes[:, :3].min(axis=0)).max() <= 20.0


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_waist_takes_the_share_of_the_diameter(percent: float) -> None:
    course = narrowed(straight(5.0).course, Narrowing("splenic_vein", percent, 0.5, 12.0))
    assert course[:, 3].min() == pytest.approx(5 * (1 - percent / 100), abs=0.02)
    away = np.abs(course[:, 2] - 30) > 12.5
    assert np.allclose(course[away, 3], 5.0)
    full = course[np.abs(course[:, 2] - 30) <= 3, 3]
    assert np.allclose(full, 5 * (1 - percent / 100), atol=0.05)


def test_a_thrombus_lies_within_its_vein_and_against_its_wall() -> None:
    vein = straight(5.0)
    tube = thrombus_tube(vein, Thrombus("splenic_vein", "bland", 0.5, 20.0, 60.0))
    assert np.allclose(tube.course[:, 3], 3.0)
    assert np.allclose(vein.distance(tube.course[:, :3]), -3.0, atol=1e-6)
    swollen = thrombus_tube(vein, Thrombus("splenic_vein", "tumour", 0.5, 20.0, 100.0))
    assert np.allclose(swollen.course[:, 3], 5.5)
    assert swollen.length_mm == pytest.approx(20.0)


def test_a_scenario_shapes_the_body() -> None:
    usual = body(AnatomyRule())
    rule = read(
        "variants: [replaced_right_hepatic_artery]\n"
        "narrowed: [{vessel: superior_mesenteric_vein, percent: 60, at: 0.6, length_mm: 14}]\n"
        "thrombi: [{vessel: splenic_vein, kind: tumour, at: 0.5, length_mm: 25, fill_percent: 80}]\n"
    )
    there = body(rule)
    assert "right_hepatic_artery" in usual.tubes
    assert "right_hepatic_artery" not in there.tubes
    variant = there.tubes["replaced_right_hepatic_artery"]
    assert there.tubes["superior_mesenteric_artery"].distance(variant.course[:1, :3])[0] < 0
    behind = variant.course[np.abs(variant.course[:, 0] + 20).argmin()]
    vein = there.tubes["portal_vein"].course[np.abs(there.tubes["portal_vein"].course[:, 0] + 20).argmin()]
    assert behind[1] - behind[3] > vein[1] + vein[3] - 0.5
    before, after = (b.tubes["superior_mesenteric_vein"].course[:, 3].min() for b in (usual, there))
    assert after == pytest.approx(0.4 * before, rel=0.15)
    thrombus = there.tubes["splenic_vein_thrombus"]
    assert thrombus.tissue == "tumour_thrombus"
    assert (there.tubes["splenic_vein"].distance(thrombus.course[:, :3]) + thrombus.course[:, 3] < 0.3).all()
    painted = [solid for solid in there.solids if solid.structure == "thrombus"]
    assert {solid.tissue for solid in painted} == {"tumour_thrombus"}
    assert [s.tissue for s in there.solids if s.structure == "spleen"] == ["spleen"]


def test_a_rule_changes_nothing_else() -> None:
    usual = body(AnatomyRule())
    there = body(AnatomyRule(narrowed=(Narrowing("portal_vein", 50),)))
    for name, tube in usual.tubes.items():
        if name != "portal_vein":
            assert np.array_equal(tube.course, there.tubes[name].course), name
    assert there.landmarks == usual.landmarks


def test_replaced_artery_runs_free_between_portal_vein_and_vena_cava() -> None:
    there = body(AnatomyRule(variants=("replaced_right_hepatic_artery",)))
    stations_of = there.tubes["replaced_right_hepatic_artery"].sample(1.0)
    beyond = stations_of.arc_mm > 8
    for name in ("portal_vein", "superior_mesenteric_vein", "inferior_vena_cava", "common_bile_duct", "splenic_vein"):
        away = there.tubes[name].distance(stations_of.points) - stations_of.radii_mm
        assert away[beyond].min() > -1.0, name


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("variants: [third_kidney]", 1, "third_kidney"),
        ("narrowed:\n  - {vessel: splenic_vein}", 2, "percent"),
        ("narrowed:\n  - {vessel: spleen, percent: 40}", 2, "spleen"),
        ("narrowed:\n  - {vessel: splenic_vein,\n     percent: 120}", 3, "120"),
        ("thrombi:\n  - {vessel: aorta, kind: bland}", 2, "aorta"),
        ("thrombi:\n  - {vessel: portal_vein, kind: old}", 2, "old"),
        (
            "thrombi:\n  - {vessel: portal_vein, kind: bland}\n  - {vessel: portal_vein, kind: tumour}",
            3,
            "one thrombus",
        ),
        ("\n\nkidneys: 3", 3, "kidneys"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        read(text)
    assert f"line {line}" in str(refusal.value)
    assert reason in str(refusal.value)


def test_tables_are_whole() -> None:
    table = structures()
    assert len({entry.label for entry in table.values()}) == len(table)
    assert all(1 <= entry.label <= 254 for entry in table.values())
    assert {f"liver_segment_{n}" for n in range(1, 9)} <= set(table)
    japanese = {station.jps for station in stations().values()}
    assert {"5", "6", "8", "9", "12", "13", "14", "17"} <= japanese
    head = {station.jps for station in stations().values() if station.regional_for_head and station.jps}
    assert head == {"5", "6", "8", "9", "12", "13", "14", "17"}


def test_stations_lie_free_of_vessels() -> None:
    there = body(AnatomyRule())
    for station in stations().values():
        point = np.array([station.centre])
        nearest = min(float(tube.distance(point)[0]) for tube in there.tubes.values())
        assert nearest > 3.0, (station.key, nearest)
        assert there.depth(point)[0] < -5
