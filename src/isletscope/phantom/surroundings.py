"""What lies around a lesion at rest: the parts of pancreas or liver that it fills, organs, vessels and ducts.

Breathing moves neighbours against a lesion by less than a millimetre; these figures are those of the person at rest.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from isletscope.phantom.body import Body
from isletscope.phantom.lesions import Tumour, spread_directions
from isletscope.phantom.pancreas import DUODENUM_LOWEST_MM, HEAD_MIDDLE_MM, PARTS, part_borders
from isletscope.phantom.shapes import Array
from isletscope.phantom.stations import stations
from isletscope.phantom.tube_map import TubeMap

ORGANS = (
    "duodenum",
    "stomach",
    "spleen",
    "colon",
    "small_bowel",
    "adrenal_left",
    "adrenal_right",
    "kidney_left",
    "kidney_right",
)
"""Organs whose distance to a pancreatic lesion is told."""
_UNCINATE = "pancreas_uncinate"
_ACROSS = 25
_BISECTIONS = 14
_DUCT = "pancreatic_duct"
_HILUM = "node_splenic_hilum"
_CONTACT_MM = 1.0

_KNOWN: WeakKeyDictionary[Tumour, dict[str, Any]] = WeakKeyDictionary()


def surroundings_of(tumour: Tumour, body: Body, tubes: TubeMap) -> dict[str, Any]:
    """Plain data for truth.json, lengths in mm. ``tubes``: those of ``body``, the person at rest.

    All lesions: ``craniocaudal_mm``. Of pancreas and liver: ``shares`` of the volume by part or segment, and
    ``tube_distance_mm`` to every vessel and duct (about 0.5 mm true, 0 where they meet). Of the pancreas also:
    ``organ_distance_mm``, ``surface_outside`` (share of the outline outside the gland), ``splenic_hilum_mm``, the main
    duct on both sides, the length of duct left of the lesion, whether that is at least half of the gland left of the
    neck, whether it lies low in the head, and untouched vein.
    """
    if tumour not in _KNOWN:
        _KNOWN[tumour] = _measured(tumour, body, tubes)
    return _KNOWN[tumour]


def _measured(tumour: Tumour, body: Body, tubes: TubeMap) -> dict[str, Any]:
    surface = _surface(tumour)
    found: dict[str, Any] = {"craniocaudal_mm": round(float(np.ptp(surface[:, 2])), 1)}
    if tumour.site not in ("pancreas", "liver"):
        return found
    inside = tubes.pose.to_anatomical(_inside(tumour))
    found["shares"] = _segments(inside, body) if tumour.site == "liver" else _parts(inside, body)
    found["tube_distance_mm"] = {name: round(max(tubes.gap(tumour, name), 0.0), 1) for name in body.tubes}
    if tumour.site == "pancreas":
        found |= _in_the_pancreas(tumour, surface, body, tubes)
    return found


def _in_the_pancreas(tumour: Tumour, surface: Array, body: Body, tubes: TubeMap) -> dict[str, Any]:
    pose = tubes.pose
    outline = pose.to_anatomical(surface)
    centre = pose.to_anatomical(np.asarray(tumour.centre_personal_mm)[None])[0]
    gland = np.minimum(body.structure_distance("pancreas_head", outline), body.structure_distance(_UNCINATE, outline))
    hilum = pose.from_anatomical(np.asarray(stations()[_HILUM].centre)[None])[0] - tumour.centre_personal_mm
    _, left_of_the_neck, _ = part_borders(body.tubes)
    return {
        "organ_distance_mm": {name: _organ_distance(name, outline, body, float(pose.scale.mean())) for name in ORGANS},
        "surface_outside": round(float((gland > 0).mean()), 2),
        "splenic_hilum_mm": round(max(float(tumour.distance(hilum[None])[0]), 0.0), 1),
        "main_duct_mm": _calibres(tumour, tubes),
        "duct_left_of_it_mm": _duct_left(surface, tubes),
        "proximal_half": _duct_left(surface, tubes) >= _left_gland(tubes, left_of_the_neck) / 2,
        "lower_half_of_head": bool(centre[2] < HEAD_MIDDLE_MM),
        "thrombus_to_bifurcation_mm": _to_bifurcation(tumour, tubes),
        "veins": {name: _vein(tumour, name, tubes) for name in ("superior_mesenteric_vein", "portal_vein")},
    }


def _inside(tumour: Tumour) -> Array:
    """Points of a regular grid inside the outline [n, 3], personal mm; at least the centre."""
    line = np.linspace(-tumour.reach_mm, tumour.reach_mm, _ACROSS)
    offsets = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    kept = offsets[tumour.distance(offsets) <= 0]
    return np.asarray(tumour.centre_personal_mm) + (kept if len(kept) else np.zeros((1, 3)))


def _surface(tumour: Tumour) -> Array:
    """Points of the outline [n, 3], personal mm, by bisection along rays from the centre."""
    directions = spread_directions()
    low, high = np.zeros(len(directions)), np.full(len(directions), 1.05 * tumour.reach_mm)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        within = tumour.distance(directions * middle[:, None]) <= 0
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return np.asarray(tumour.centre_personal_mm) + directions * low[:, None]


def _segments(points: Array, body: Body) -> dict[str, float]:
    return _shares([str(number) for number in body.liver_segment(points)])


def _parts(points: Array, body: Body) -> dict[str, float]:
    """Shares of the parts of the pancreas; what lies nearer the uncinate process than the rest belongs to it."""
    uncinate = body.structure_distance(_UNCINATE, points) < body.structure_distance("pancreas_head", points)
    parts = body.pancreas_part(points)
    return _shares([_UNCINATE if hit else PARTS[part] for hit, part in zip(uncinate, parts, strict=True)])


def _shares(names: list[str]) -> dict[str, float]:
    counted = {name: names.count(name) / len(names) for name in dict.fromkeys(names)}
    return {name: round(share, 3) for name, share in sorted(counted.items(), key=lambda item: -item[1])}


def _organ_distance(name: str, surface: Array, body: Body, scale: float) -> float:
    return round(max(scale * float(body.structure_distance(name, surface).min()), 0.0), 1)


def _calibres(tumour: Tumour, tubes: TubeMap) -> dict[str, float]:
    """Widest main duct (mm) from the tail's end to the lesion and from there to the papilla."""
    points, radii, arc = tubes.stations(_DUCT)
    nearest = arc[int(tumour.distance(points - tumour.centre_personal_mm).argmin())]
    sides = {"upstream": radii[arc <= nearest], "downstream": radii[arc >= nearest]}
    return {side: round(2.0 * float(values.max()), 1) for side, values in sides.items()}


def _duct_left(surface: Array, tubes: TubeMap) -> float:
    """Length (mm) of main duct, and so of gland, that lies wholly left of the lesion."""
    points, _, arc = tubes.stations(_DUCT)
    left = points[:, 0] > float(surface[:, 0].max())
    return round(float(arc[left].max()) * float(tubes.pose.scale.mean()), 1) if left.any() else 0.0


def _to_bifurcation(tumour: Tumour, tubes: TubeMap) -> float | None:
    """Distance (mm) from the end of the thrombus to the portal bifurcation; None without a thrombus."""
    if tumour.thrombus is None:
        return None
    end = tubes.stations("portal_vein")[0][-1]
    course = tubes.pose.from_anatomical(tumour.thrombus.course[:, :3])
    return round(float(np.linalg.norm(course - end, axis=1).min()), 1)


def _left_gland(tubes: TubeMap, neck_x_mm: float) -> float:
    """Length (mm) of main duct from the neck's left border (anatomical x) to the tail's end."""
    points, _, arc = tubes.stations(_DUCT)
    left = tubes.pose.to_anatomical(points)[:, 0] > neck_x_mm
    return float(arc[left].max()) * float(tubes.pose.scale.mean())


def _vein(tumour: Tumour, name: str, tubes: TubeMap) -> dict[str, Any]:
    """Lengths (mm) of a vein below and above its contact (within 1 mm), the whole trunk where it is free."""
    points, radii, arc = tubes.stations(name)
    gaps = tumour.distance(points - tumour.centre_personal_mm) - radii
    touched = np.flatnonzero(gaps <= _CONTACT_MM)
    scale = float(tubes.pose.scale.mean())
    whole = round(float(arc[-1]) * scale, 1)
    if not len(touched):
        return {"clean_below_mm": whole, "clean_above_mm": whole, "below_duodenum": False}
    lowest = tubes.pose.to_anatomical(points[touched])[:, 2].min()
    return {
        "clean_below_mm": round(float(arc[touched[0]]) * scale, 1),
        "clean_above_mm": round(float(arc[-1] - arc[touched[-1]]) * scale, 1),
        "below_duodenum": bool(lowest < DUODENUM_LOWEST_MM),
    }
