"""What arteries and veins share: a course or why there is none, the body's landmarks, and where two ways part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isletscope.anatomy.shapes import Bool3D, Float3D, Parts, depth_mm, dilated
from isletscope.anatomy.vessels.lumen import Tube, laid
from isletscope.anatomy.vessels.scene import RULES, Scene
from isletscope.anatomy.vessels.ways import Index, Spread, Ways
from isletscope.spatial import FloatArray, Mask, distance_to_mm

_GAP_VOXELS = 2
_BONE_MM, _LEAST_BONE_ML, _DEEP_MM = 2.0, 3.0, 6.0
_REACH_MM, _REACH_COST = 15.0, 30.0


@dataclass(frozen=True)
class Course:
    """A course in LPS mm [n, 3] from the root, or why there is none; ``brightness``: mean along it, 1 is blood."""

    points: FloatArray
    brightness: float = 0.0
    because: str = ""


def no_course(because: str) -> Course:
    """No course, and why."""
    return Course(np.zeros((0, 3)), because=because)


class Tree:
    """Ways through the blood of one phase, outside what is ``closed`` [k, j, i].

    ``level``: HU of the blood, ``grey``: HU that counts as tissue; ``aorta``: its lumen, the landmark of all heights.
    """

    def __init__(self, scene: Scene, closed: Bool3D, level: float, grey: float, aorta: Tube) -> None:
        self.scene, self.aorta, self.level, self.grey = scene, aorta, level, grey
        brightness = np.clip((scene.phase.values - grey) / (level - grey), 0.0, 1.0).astype(np.float32)
        bright = (brightness > RULES.number("ways.least_brightness")) & ~closed
        inside = ndimage.binary_dilation(bright, iterations=_GAP_VOXELS) & ~closed
        self.ways = Ways(inside, brightness, brightness * _middle(brightness > 0.5, scene), scene.spacing_mm)
        self.points = scene.lps(self.ways.voxels)

    @property
    def plane_mm(self) -> float:
        """Half a plane's thickness: at least one plane of voxels lies so near to any height."""
        return 0.5 * self.scene.spacing_mm[0] + 0.1

    def aorta_at(self, z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """LPS x and y of the aorta's middle at heights."""
        line = self.aorta.course[np.argsort(self.aorta.course[:, 2])]
        return np.interp(z_mm, line[:, 2], line[:, 0]), np.interp(z_mm, line[:, 2], line[:, 1])

    def beside(self, organ: str, reach_mm: float) -> Index:
        """Nodes within some mm of an organ."""
        return self.ways.nodes(dilated(self.scene.organs[organ], reach_mm, self.scene.spacing_mm))

    def reached(self, spread: Spread, organ: str) -> Index | None:
        """The way to an organ; the last mm to its outline may be dark and cost much. None without a way."""
        away = distance_to_mm(Mask(self.scene.organs[organ], self.scene.geometry))[tuple(self.ways.voxels.T)]
        near = np.flatnonzero((away < _REACH_MM) & np.isfinite(spread.cost))
        if not len(near):
            return None
        return spread.path(int(near[np.argmin(spread.cost[near] + _REACH_COST * away[near])]))

    def course(self, nodes: Index) -> Course:
        """The course along a path."""
        return Course(np.asarray(self.points[nodes]), float(self.ways.brightness[nodes].mean()) if len(nodes) else 0.0)

    def downwards(self, sources: Index, window: Bool3D, heights: FloatArray) -> Index | None:
        """The way from some nodes down through a window (per node), as far as its next planes stay bright; or None."""
        spread = self.ways.spread(sources)
        end, cost, last = None, 0.0, float(heights[0]) if len(heights) else 0.0
        for height in heights:
            best = spread.nearest(np.flatnonzero(window & (np.abs(self.points[:, 2] - height) < self.plane_mm)))
            if best is None:
                break
            if end is not None and spread.cost[best] - cost > (last - height) * RULES.number("ways.dearest_mm"):
                break
            end, cost, last = best, float(spread.cost[best]), float(height)
        return None if end is None else spread.path(end)


def _middle(blood: Bool3D, scene: Scene) -> Float3D:
    """A factor that is 1 in the middle of a vessel and falls to its wall, so that ways keep to the middle."""
    depth = np.minimum(depth_mm(blood, scene.spacing_mm) / RULES.number("ways.middle_mm"), 1.0)
    least = RULES.number("ways.wall_factor")
    return np.asarray(least + (1.0 - least) * depth, dtype=np.float32)


def closed_organs(scene: Scene) -> Bool3D:
    """Where no vessel runs that is looked for: bone, and deep inside kidneys and spleen, whose outlines err."""
    closed = np.zeros(scene.geometry.shape, dtype=bool)
    if scene.has("bone"):
        # Arteries beside calcium or of a dense bolus are now and then taken for bone; they make small parts.
        least = max(1, int(_LEAST_BONE_ML / scene.geometry.voxel_volume_ml))
        bone = Parts(scene.organs["bone"], least_voxels=least).labels > 0
        closed |= dilated(bone, _BONE_MM, scene.spacing_mm)
    for name in ("kidney_right", "kidney_left", "spleen"):
        if scene.has(name):
            closed |= depth_mm(scene.organs[name], scene.spacing_mm) > _DEEP_MM
    return closed


def share_of(scene: Scene, tube: Tube) -> Float3D:
    """Distance from a tube's course over its radius [k, j, i]; infinite away from it."""
    share = np.full(scene.geometry.shape, np.inf, dtype=np.float32)
    found = laid(tube, scene.geometry)
    if found is not None:
        share[found[0]] = found[1]
    return share


def fork_of(one: FloatArray, other: FloatArray, apart_mm: float) -> int:
    """Index into ``other`` of the last point before two paths from one root are some mm apart."""
    apart = np.array([np.linalg.norm(one - point, axis=1).min() for point in other])
    far = np.flatnonzero(apart > apart_mm)
    return len(other) - 1 if not len(far) else max(int(far[0]) - 1, 1)
