"""Vessels and bile ducts of one person, from the courses in ``vessels.yaml`` and the scenario's anatomy rule."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.scenario_anatomy import AnatomyRule, Narrowing, Thrombus
from isletscope.phantom.shapes import Array
from isletscope.phantom.sketch import Random, Sketch, smooth_course
from isletscope.phantom.tables import read_table
from isletscope.phantom.tubes import Tube, capsules

LAYERS = ("retrocaval", "parenchymal", "vein", "artery", "duct")
_SUBJECT = "phantom/vessels.yaml"
_STEP_MM = 3.0
_LONG_STEP_MM = 12.0
_LONG_RADIUS_MM = 7.5
_KEYS = {"tissue", "layer", "points", "twigs", "anchor", "backwards", "only_with", "unless", "below"}


@lru_cache(maxsize=1)
def vessel_table() -> dict[str, dict[str, Any]]:
    """The checked table of vessels.yaml by name. Raises InputError when an entry is not complete."""
    document: dict[str, Any] = read_table("vessels.yaml")
    table: dict[str, dict[str, Any]] = document["vessels"]
    for name, entry in table.items():
        unknown = set(entry) - _KEYS
        courses = [entry.get("points", []), *entry.get("twigs", [])]
        if unknown or entry.get("layer") not in LAYERS or any(np.shape(c)[1:] != (4,) or len(c) < 2 for c in courses):
            raise InputError(
                f"the vessel '{name}' is not complete",
                subject=_SUBJECT,
                found=f"unknown keys {sorted(unknown)}" if unknown else str(entry.get("layer")),
                expected=f"tissue, a layer ({', '.join(LAYERS)}), points and twigs of x, y, z, diameter",
            )
    for entry in table.values():
        anchor = entry.get("anchor")
        entry["anchor_point"] = document["anchors"][anchor] if anchor else None
    return table


def draw_vessels(sketch: Sketch, rule: AnatomyRule, rng: Random) -> dict[str, Tube]:
    """Tubes of all vessels of this person, by name; narrowings of the rule are in them.

    Calibres vary together by person (SD 5 % for arteries, 6 % for veins, convention). Landmarks of the organs that
    vessels are anchored to must be known to the sketch.
    """
    wide = {
        "artery": 1 + 0.05 * float(np.clip(rng.normal(), -2, 2)),
        "portal_vein": 1 + 0.06 * float(np.clip(rng.normal(), -2, 2)),
        "bile_duct": 1 + 0.08 * float(np.clip(rng.normal(), -2, 2)),
    }
    tubes = {}
    for name, entry in vessel_table().items():
        if entry.get("only_with", "") not in ("", *rule.variants) or entry.get("unless") in rule.variants:
            continue
        factor = wide.get(entry["tissue"], 1.0)
        shift = _anchor_shift(sketch, entry)
        course = _course(entry["points"], factor, shift)
        twigs = tuple(_course(points, factor, shift) for points in entry.get("twigs", []))
        if entry.get("backwards"):
            course = course[::-1].copy()
        for narrowing in rule.narrowed:
            if narrowing.vessel == name:
                course = narrowed(course, narrowing)
        tubes[name] = Tube(name, course, entry["tissue"], twigs, entry["layer"] == "parenchymal")
    return tubes


def _anchor_shift(sketch: Sketch, entry: dict[str, Any]) -> Array:
    if not entry["anchor_point"]:
        return np.zeros(3)
    return np.asarray(sketch.landmarks[entry["anchor"]]) - np.asarray(entry["anchor_point"], dtype=np.float64)


def _course(points: list[list[float]], factor: float, shift: Array) -> Array:
    """Smooth course [n, 4] of table points; ``shift`` moves its end, and the rest less and less towards its start."""
    table = np.asarray(points, dtype=np.float64)
    steps = np.linalg.norm(np.diff(table[:, :3], axis=0), axis=1)
    share = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    moved = table[:, :3] + (share**2)[:, None] * shift
    radii = table[:, 3] / 2 * factor
    step = _LONG_STEP_MM if steps.sum() > 400 else max(_STEP_MM, 0.6 * float(radii.max()))
    return smooth_course(moved, radii, step)


def narrowed(course: Array, rule: Narrowing) -> Array:
    """The course with its lumen narrowed as by pressure from around: a smooth waist, full over half its length.

    The diameter at the waist is (1 - percent / 100) of what it was; the course is sampled every mm there.
    """
    steps = np.linalg.norm(np.diff(course[:, :3], axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    middle = rule.at * arc[-1]
    fine = np.arange(max(middle - rule.length_mm, 0.0), min(middle + rule.length_mm, arc[-1]), 1.0)
    stations = np.unique(np.concatenate([arc, fine]))
    columns = [np.interp(stations, arc, course[:, n]) for n in range(4)]
    reach = np.abs(stations - middle) / (rule.length_mm / 2)
    waist = np.clip(2 - 2 * reach, 0.0, 1.0)
    waist = waist * waist * (3 - 2 * waist)
    columns[3] = columns[3] * (1 - rule.percent / 100 * waist)
    return np.column_stack(columns)


def add_vessels(sketch: Sketch, tubes: dict[str, Tube], layer: str) -> None:
    """Paint the vessels of one layer over what is there."""
    for name, tube in tubes.items():
        if vessel_table()[name]["layer"] == layer:
            below = vessel_table()[name].get("below")
            sketch.add_tube(tube, below=(float(below[0]), str(below[1])) if below else None)


def add_thrombi(sketch: Sketch, tubes: dict[str, Tube], rule: AnatomyRule) -> None:
    """Paint the rule's thrombi into their veins; each is a tube of its own, named vessel_thrombus."""
    for thrombus in rule.thrombi:
        tube = thrombus_tube(tubes[thrombus.vessel], thrombus)
        for part in capsules(tube.course):
            sketch.add(tube.tissue, part, structure="thrombus")
        sketch.tubes[tube.name] = tube


def thrombus_tube(vessel: Tube, rule: Thrombus) -> Tube:
    """A thrombus lying against one wall of its vein; ``fill_percent`` of the diameter, round ends.

    A tumour thrombus that fills the lumen widens it by a tenth (self-expanding filling defect;
    TumorInVeins 2020).
    """
    middle = rule.at * vessel.length_mm
    start, end = max(middle - rule.length_mm / 2, 0.0), min(middle + rule.length_mm / 2, vessel.length_mm)
    course = vessel.segment(start, end)
    share = rule.fill_percent / 100
    swollen = 1.1 if rule.kind == "tumour" and share >= 1.0 else 1.0
    along = np.gradient(course[:, :3], axis=0)
    across = np.eye(3)[np.abs(along.sum(axis=0)).argmin()]
    side = np.cross(along, across)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    course[:, :3] += side * (course[:, 3] * max(1 - share, 0.0))[:, None]
    course[:, 3] *= share * swollen
    return Tube(f"{rule.vessel}_thrombus", course, "tumour_thrombus" if rule.kind == "tumour" else "thrombus")
