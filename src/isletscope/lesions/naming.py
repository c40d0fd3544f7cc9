"""Names of sites, and names of lesions that stay for life."""

from __future__ import annotations

from isletscope.anatomy import Thresholds
from isletscope.lesions.classify import FocusFigures
from isletscope.lesions.landmarks import Landmarks, in_place

LETTERS = {"pancreas": "P", "node": "N", "liver": "L", "bone": "O"}


def site_of(focus: FocusFigures, marks: Landmarks, thresholds: Thresholds) -> tuple[str, str]:
    """Site in words and its code, from organs, density and place."""
    figures, point = focus.figures, focus.point
    if focus.organ in ("liver", "spleen", "heart", "brain", "bladder"):
        return focus.organ, focus.organ
    in_bone = figures.get("bone", 0.0) >= thresholds.number("site.bone_share")
    if in_bone:
        return _bone(focus, marks), "bone"
    if figures.get("lung", 0.0) >= thresholds.number("site.lung_share"):
        return f"{'left' if point[0] > marks.middle_x else 'right'} lung", "lung"
    if in_place(marks, "inside_head", point):
        return "head", "other"
    if in_place(marks, "neck", point):
        return f"{_side(focus, marks)}neck", "node"
    if in_place(marks, "chest", point):
        near = abs(point[0] - marks.middle_x) < 60.0
        return ("mediastinum", "node") if near else (f"{_side(focus, marks)}chest wall or axilla", "other")
    if in_place(marks, "retroperitoneum", point) and not in_place(marks, "pancreas_region", point):
        return "retroperitoneum", "node"
    if in_place(marks, "pancreas_head", point):
        return "region of the pancreatic head", "pancreas"
    if in_place(marks, "pancreas_region", point):
        return "region of the pancreatic body or tail", "pancreas"
    if in_place(marks, "abdomen", point):
        return f"{_side(focus, marks)}abdomen", "node"
    return _elsewhere(focus, marks)


def _bone(focus: FocusFigures, marks: Landmarks) -> str:
    z = focus.point[2]
    front = marks.front_of_spine(z)
    lateral = abs(focus.point[0] - marks.middle_x)
    if front is not None and lateral < 32.0 and focus.point[1] > front - 8.0:
        return "bone, spine"
    bladder = marks.extents.get("bladder")
    if bladder is not None and bladder.z[0] - 60.0 < z < bladder.z[1] + 110.0:
        return f"bone, {_side(focus, marks)}pelvis or hip"
    if in_place(marks, "chest", focus.point):
        return f"bone, {_side(focus, marks)}chest"
    return "bone"


def _side(focus: FocusFigures, marks: Landmarks) -> str:
    offset = focus.point[0] - marks.middle_x
    if abs(offset) < 15.0:
        return ""
    return "left " if offset > 0 else "right "


def _elsewhere(focus: FocusFigures, marks: Landmarks) -> tuple[str, str]:
    liver = marks.extents.get("liver")
    if liver is None:
        return "site not named: no organs were found for orientation", "other"
    if focus.point[2] < liver.z[0] - 100.0:
        return f"{_side(focus, marks)}pelvis or thigh", "other"
    return f"{_side(focus, marks)}trunk", "other"
