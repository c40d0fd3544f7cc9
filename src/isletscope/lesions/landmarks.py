"""Where a focus lies: distances to organs and named places, in patient coordinates.

A place is asked for by name. When an organ that it hangs on is missing, the answer is no: nothing is called physiologic
by a place that cannot be found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Organs, Thresholds

Point = tuple[float, float, float]
Span = tuple[float, float]


@dataclass(frozen=True)
class Extent:
    """Extent of an organ along LPS x, y, z (low, high) and its centre, in mm."""

    x: Span
    y: Span
    z: Span
    centre: Point


@dataclass(frozen=True)
class Landmarks:
    """Extents of the organs that were found; ``middle_x``: LPS x of the middle of the body."""

    extents: dict[str, Extent]
    middle_x: float
    thresholds: Thresholds
    spine_front: dict[int, float] = field(default_factory=dict)

    @cached_property
    def abdomen_z(self) -> Span | None:
        """From 20 mm above the bladder's centre, or 260 mm below the liver, up to the liver's top."""
        liver = self.extents.get("liver")
        if liver is None:
            return None
        bladder = self.extents.get("bladder")
        low = bladder.z[0] - 15.0 if bladder else liver.z[0] - 260.0
        return low, liver.z[1]

    @cached_property
    def kidneys_z(self) -> Span | None:
        """Heights of the kidneys; from the liver where neither kidney was found."""
        kidneys = [self.extents[name] for name in ("kidney_right", "kidney_left") if name in self.extents]
        if kidneys:
            return min(k.z[0] for k in kidneys), max(k.z[1] for k in kidneys)
        liver = self.extents.get("liver")
        return None if liver is None else (liver.z[0] - 40.0, liver.z[0] + 70.0)

    @cached_property
    def head_z(self) -> float | None:
        """Height of the base of the brain; judged from the lung apices where the brain was not found."""
        brain = self.extents.get("brain")
        if brain is not None:
            return brain.z[0]
        return None if self.apex_z is None else self.apex_z + self.thresholds.number("place.base_over_apex_mm")

    @cached_property
    def apex_z(self) -> float | None:
        """Height of the lung apices; estimated from the base of the brain or the liver's top without CT."""
        tops = [self.extents[name].z[1] for name in ("lung_right", "lung_left") if name in self.extents]
        if tops:
            return max(tops)
        return None

    def front_of_spine(self, z: float) -> float | None:
        """LPS y of the front of the spine at a height; None where no bone is known."""
        if not self.spine_front:
            return None
        nearest = min(self.spine_front, key=lambda height: abs(height - z))
        return self.spine_front[nearest] if abs(nearest - z) <= 25.0 else None


def find_landmarks(organs: Organs, thresholds: Thresholds) -> Landmarks:
    """Extents of all organs, the middle of the body and the front of the spine per 10 mm of height."""
    geometry = organs.geometry
    extents: dict[str, Extent] = {}
    stride = [max(1, int(3.0 / step)) for step in geometry.spacing_mm]
    coarse = organs.labels[:: stride[0], :: stride[1], :: stride[2]]
    index = np.argwhere(coarse > 0)
    values = coarse[tuple(index.T)]
    points = geometry.to_lps(index * stride)
    for name, label in organs.names.items():
        inside = points[values == label] if name != "body" else points
        if len(inside):
            extents[name] = _extent(inside)
    bone = organs.names.get("bone")
    skeleton = points[values == bone] if bone is not None else np.zeros((0, 3))
    basis = extents.get("bone") or extents.get("body")
    middle = basis.centre[0] if basis else 0.0
    oriented = any(name in extents for name in ("liver", "lung_right", "lung_left"))
    return Landmarks(extents, middle, thresholds, _fronts(skeleton, middle) if oriented else {})


def _extent(points: npt.NDArray[np.float64]) -> Extent:
    low, high = np.percentile(points, 0.5, axis=0), np.percentile(points, 99.5, axis=0)
    x, y, z = (float(v) for v in points.mean(axis=0))
    spans = [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    return Extent(spans[0], spans[1], spans[2], (x, y, z))


def _fronts(skeleton: npt.NDArray[np.float64], middle: float) -> dict[int, float]:
    """Front of the vertebral bodies per 10 mm: bone within 12 mm of the middle, the hind part of what lies there."""
    fronts: dict[int, float] = {}
    near = skeleton[np.abs(skeleton[:, 0] - middle) < 12.0]
    for height in np.unique(np.round(near[:, 2] / 10.0).astype(int)) if len(near) else []:
        y = np.sort(near[np.round(near[:, 2] / 10.0).astype(int) == height][:, 1])
        steps = np.flatnonzero(np.diff(y) > 25.0)
        column = y[steps[-1] + 1 :] if steps.size else y
        if column.size >= 4:
            fronts[int(height) * 10] = float(np.percentile(column, 5))
    return fronts


Place = Callable[[Landmarks, Point], bool]


def _within(value: float, span: Span) -> bool:
    return span[0] <= value <= span[1]


def _anywhere(marks: Landmarks, point: Point) -> bool:
    return True


def _sella(marks: Landmarks, point: Point) -> bool:
    brain = marks.extents.get("brain")
    if brain is None:
        return False
    t = marks.thresholds
    near_middle = abs(point[0] - brain.centre[0]) <= t.number("place.sella_lateral_mm")
    deep = abs(point[1] - brain.centre[1]) <= t.number("place.sella_depth_mm")
    low, high = t.bounds("place.sella_height_mm")
    return near_middle and deep and _within(point[2] - brain.z[0], (low, high))


def _inside_head(marks: Landmarks, point: Point) -> bool:
    return marks.head_z is not None and point[2] > marks.head_z + 10.0


def _gland_zone(marks: Landmarks, point: Point) -> bool:
    """The zone of parotid and submandibular glands: beside the middle, around and below the base of the skull."""
    if marks.head_z is None:
        return False
    t = marks.thresholds
    lateral = abs(point[0] - marks.middle_x)
    return _within(point[2] - marks.head_z, t.bounds("place.gland_height_mm")) and _within(
        lateral, t.bounds("place.gland_lateral_mm")
    )


def _mouth(marks: Landmarks, point: Point) -> bool:
    """Mucosa of nose and mouth: near the middle, below the base of the skull."""
    if marks.head_z is None:
        return False
    t = marks.thresholds
    near = abs(point[0] - marks.middle_x) <= t.number("place.mouth_lateral_mm")
    return near and _within(point[2] - marks.head_z, t.bounds("place.gland_height_mm"))


def _thyroid(marks: Landmarks, point: Point) -> bool:
    if marks.apex_z is None:
        return False
    t = marks.thresholds
    near = abs(point[0] - marks.middle_x) <= t.number("place.thyroid_lateral_mm")
    return near and _within(point[2] - marks.apex_z, t.bounds("place.thyroid_height_mm"))


def _neck(marks: Landmarks, point: Point) -> bool:
    if marks.head_z is None and marks.apex_z is None:
        return False
    top = marks.head_z if marks.head_z is not None else (marks.apex_z or 0.0) + 160.0
    bottom = marks.apex_z - 30.0 if marks.apex_z is not None else top - 170.0
    return bottom <= point[2] <= top


def _adrenal(marks: Landmarks, point: Point) -> bool:
    """Above and towards the middle of the upper pole of the kidney on the same side."""
    side = "kidney_left" if point[0] > marks.middle_x else "kidney_right"
    kidney = marks.extents.get(side)
    if kidney is None:
        return False
    t = marks.thresholds
    lateral = abs(point[0] - marks.middle_x)
    height = point[2] - kidney.z[1]
    depth = point[1] - kidney.centre[1]
    return (
        _within(lateral, t.bounds("place.adrenal_lateral_mm"))
        and _within(height, t.bounds("place.adrenal_height_mm"))
        and _within(depth, t.bounds("place.adrenal_depth_mm"))
    )


def _renal_hilum(marks: Landmarks, point: Point) -> bool:
    """Between kidney and spine at the kidney's own height: renal pelvis and beginning of the ureter."""
    side = "kidney_left" if point[0] > marks.middle_x else "kidney_right"
    kidney = marks.extents.get(side)
    if kidney is None:
        return False
    t = marks.thresholds
    lateral = abs(point[0] - marks.middle_x)
    outer = abs(kidney.centre[0] - marks.middle_x) + 5.0
    height = (point[2] - kidney.z[0]) / max(kidney.z[1] - kidney.z[0], 1.0)
    return (
        t.number("place.hilum_lateral_mm") <= lateral <= outer
        and _within(height, t.bounds("place.hilum_height_share"))
        and _within(point[1] - kidney.centre[1], t.bounds("place.hilum_depth_mm"))
    )


def _ureter(marks: Landmarks, point: Point) -> bool:
    """Along the psoas, from the middle of the kidneys down to the bladder."""
    kidneys, liver = marks.kidneys_z, marks.extents.get("liver")
    if kidneys is None or liver is None:
        return False
    bladder = marks.extents.get("bladder")
    low = bladder.centre[2] - 5.0 if bladder else kidneys[0] - 180.0
    high = 0.5 * (kidneys[0] + kidneys[1])
    lateral = abs(point[0] - marks.middle_x)
    front = marks.front_of_spine(point[2])
    behind = marks.extents["body"].centre[1] if front is None else front
    t = marks.thresholds
    return (
        _within(point[2], (low, high))
        and _within(lateral, t.bounds("place.ureter_lateral_mm"))
        and _within(point[1] - behind, t.bounds("place.ureter_depth_mm"))
    )


def _pancreas_head(marks: Landmarks, point: Point) -> bool:
    """Right of the middle, before the spine, at the height of the kidneys."""
    return _pancreas(marks, point, marks.thresholds.bounds("place.head_lateral_mm"))


def _pancreas_region(marks: Landmarks, point: Point) -> bool:
    """From the duodenum to the splenic hilum, before the spine."""
    return _pancreas(marks, point, marks.thresholds.bounds("place.pancreas_lateral_mm"))


def _pancreas(marks: Landmarks, point: Point, lateral: Span) -> bool:
    kidneys = marks.kidneys_z
    if kidneys is None or "liver" not in marks.extents:
        return False
    t = marks.thresholds
    low, high = t.bounds("place.pancreas_height_mm")
    if not _within(point[2], (kidneys[0] + low, kidneys[1] + high)):
        return False
    offset = point[0] - marks.middle_x
    if not _within(offset, lateral):
        return False
    front = marks.front_of_spine(point[2])
    behind = marks.extents["body"].centre[1] if front is None else front
    nearest, farthest = t.bounds("place.pancreas_depth_mm")
    if offset < -12.0:
        nearest = t.bounds("place.uncinate_depth_mm")[0]
    tail = max(0.0, offset - 30.0)
    return _within(behind - point[1], (nearest - 0.8 * tail, farthest))


def _retroperitoneum(marks: Landmarks, point: Point) -> bool:
    """Beside the large vessels, before and beside the spine."""
    if marks.abdomen_z is None or not _within(point[2], marks.abdomen_z):
        return False
    front = marks.front_of_spine(point[2])
    if front is None:
        return False
    t = marks.thresholds
    near = abs(point[0] - marks.middle_x) <= t.number("place.retroperitoneum_lateral_mm")
    return near and _within(front - point[1], t.bounds("place.retroperitoneum_depth_mm"))


def _abdomen(marks: Landmarks, point: Point) -> bool:
    """Between liver top and bladder."""
    return marks.abdomen_z is not None and _within(point[2], marks.abdomen_z)


def _bowel_zone(marks: Landmarks, point: Point) -> bool:
    """In the abdomen, before the spine's hind half; the colon at the sides reaches farther back."""
    if not _abdomen(marks, point):
        return False
    if _rectum(marks, point):
        return True
    front = marks.front_of_spine(point[2])
    behind = marks.extents["body"].centre[1] + 30.0 if front is None else front + 25.0
    if abs(point[0] - marks.middle_x) > 60.0:
        behind += 35.0
    return point[1] < behind


def _rectum(marks: Landmarks, point: Point) -> bool:
    """Behind and above the bladder near the middle: rectum and sigmoid."""
    bladder = marks.extents.get("bladder")
    if bladder is None:
        return False
    t = marks.thresholds
    near = abs(point[0] - marks.middle_x) <= t.number("place.rectum_lateral_mm")
    return near and _within(point[2] - bladder.centre[2], t.bounds("place.rectum_height_mm"))


def _stomach_zone(marks: Landmarks, point: Point) -> bool:
    """Left upper abdomen between liver and spleen, before the kidney."""
    liver = marks.extents.get("liver")
    if liver is None:
        return False
    offset = point[0] - marks.middle_x
    in_height = _within(point[2], (liver.z[0] - 10.0, liver.z[1] + 25.0))
    front = marks.front_of_spine(point[2])
    behind = marks.extents["body"].centre[1] if front is None else front
    return in_height and _within(offset, (0.0, 120.0)) and point[1] < behind


def _pelvis_middle(marks: Landmarks, point: Point) -> bool:
    """Around and below the bladder near the middle: prostate, uterus, urethra."""
    bladder = marks.extents.get("bladder")
    if bladder is None:
        return False
    t = marks.thresholds
    near = abs(point[0] - bladder.centre[0]) <= t.number("place.pelvis_lateral_mm")
    return near and _within(point[2] - bladder.centre[2], t.bounds("place.pelvis_height_mm"))


def _below_pelvis(marks: Landmarks, point: Point) -> bool:
    """Urethra, external genitalia."""
    bladder = marks.extents.get("bladder")
    if bladder is None:
        return False
    near = abs(point[0] - bladder.centre[0]) <= marks.thresholds.number("place.pelvis_lateral_mm")
    return near and point[2] < bladder.z[0] - 10.0


def _chest(marks: Landmarks, point: Point) -> bool:
    lungs = [marks.extents[name] for name in ("lung_right", "lung_left") if name in marks.extents]
    if not lungs:
        liver = marks.extents.get("liver")
        return liver is not None and liver.z[1] < point[2] < liver.z[1] + 200.0
    return _within(point[2], (min(e.z[0] for e in lungs), max(e.z[1] for e in lungs) + 10.0))


def _oesophagus(marks: Landmarks, point: Point) -> bool:
    """In front of the spine in the chest, down to the stomach's entry."""
    front = marks.front_of_spine(point[2])
    if front is None or not _chest(marks, point):
        return False
    return abs(point[0] - marks.middle_x) < 30.0 and _within(front - point[1], (-5.0, 35.0))


def _limb_or_edge(marks: Landmarks, point: Point) -> bool:
    return "liver" not in marks.extents and "brain" not in marks.extents


PLACES: dict[str, Place] = {
    "anywhere": _anywhere,
    "sella": _sella,
    "inside_head": _inside_head,
    "gland_zone": _gland_zone,
    "mouth": _mouth,
    "thyroid": _thyroid,
    "neck": _neck,
    "adrenal": _adrenal,
    "renal_hilum": _renal_hilum,
    "ureter": _ureter,
    "pancreas_head": _pancreas_head,
    "pancreas_region": _pancreas_region,
    "retroperitoneum": _retroperitoneum,
    "abdomen": _abdomen,
    "bowel_zone": _bowel_zone,
    "rectum": _rectum,
    "stomach_zone": _stomach_zone,
    "pelvis_middle": _pelvis_middle,
    "below_pelvis": _below_pelvis,
    "chest": _chest,
    "oesophagus": _oesophagus,
    "no_landmarks": _limb_or_edge,
}


def in_place(marks: Landmarks, name: str, point: Point) -> bool:
    """Whether an LPS point lies in a named place. Raises KeyError for an unknown name."""
    return PLACES[name](marks, point)
