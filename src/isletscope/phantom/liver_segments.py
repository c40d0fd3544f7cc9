"""Couinaud's eight segments: planes through the hepatic veins and the height of the portal bifurcation.

Borders (Couinaud 1957; Strasberg, Brisbane 2000): middle hepatic vein and gallbladder fossa part right from left liver,
right hepatic vein the anterior (5, 8) from the posterior section (6, 7), umbilical portion of the left portal vein
segment 4 from the lateral section, left hepatic vein segment 2 from 3; the level of the portal branches parts upper
(7, 8) from lower (6, 5) segments; the caudate lobe (1) lies between inferior vena cava and the left portal vein.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.phantom.shapes import Array
from isletscope.phantom.tubes import Tube

_UP = np.array([0.0, 0.0, 1.0])
# Caudate: an ellipsoid in front of and left of the vena cava (centre, half axes; anatomical mm; convention).
_CAUDATE_CENTRE = np.array([-15.0, 4.0, 64.0])
_CAUDATE_RADII = np.array([24.0, 20.0, 44.0])
# The plane of the left hepatic vein leans backward as it descends (convention).
_LEFT_PLANE_LEAN = np.array([0.0, 0.3, -1.0])


@dataclass(frozen=True)
class LiverPlanes:
    """Planes as (normal [3], offset): points with normal . p > offset lie on the side that is named.

    ``left``: left of the middle hepatic vein; ``anterior``: in front of the right hepatic vein; ``lateral``: left of
    the umbilical portion; ``second``: behind the left hepatic vein. ``portal_mm``: height of the right portal branches.
    """

    left: tuple[Array, float]
    anterior: tuple[Array, float]
    lateral: tuple[Array, float]
    second: tuple[Array, float]
    portal_mm: float

    def segment(self, points: Array) -> npt.NDArray[np.uint8]:
        """Couinaud segment (1 to 8) of anatomical points [n, 3] in the liver; outside it the nearest by the planes."""
        left, anterior, lateral, second = (
            points @ normal > offset for normal, offset in (self.left, self.anterior, self.lateral, self.second)
        )
        upper = points[:, 2] > self.portal_mm
        right = np.where(anterior, np.where(upper, 8, 5), np.where(upper, 7, 6))
        out = np.where(left, np.where(lateral, np.where(second, 2, 3), 4), right)
        caudate = (((points - _CAUDATE_CENTRE) / _CAUDATE_RADII) ** 2).sum(axis=1) <= 1.0
        behind_the_cava = left & ~anterior & (points[:, 2] < _CAUDATE_CENTRE[2] + _CAUDATE_RADII[2])
        out[caudate | behind_the_cava] = 1
        return out.astype(np.uint8)


def liver_planes(tubes: dict[str, Tube]) -> LiverPlanes:
    """Planes fitted to this person's hepatic and portal veins."""
    middle = _plane(tubes["hepatic_vein_middle"].course[:, :3], _UP, towards=(1.0, 0.0, 0.0))
    right = _plane(tubes["hepatic_vein_right"].course[:, :3], _UP, towards=(0.0, -1.0, 0.0))
    umbilical = tubes["portal_vein_left"].course[:, :3]
    lateral = _plane(
        np.vstack([tubes["inferior_vena_cava"].course[-4:-3, :3], umbilical[umbilical[:, 1] < -42]]),
        _UP,
        towards=(1.0, 0.0, 0.0),
    )
    second = _plane(tubes["hepatic_vein_left"].course[:, :3], _LEFT_PLANE_LEAN, towards=(0.0, 1.0, 1.0))
    return LiverPlanes(middle, right, lateral, second, float(tubes["portal_vein_right"].course[-1, 2]))


def _plane(points: Array, along: Array, towards: tuple[float, float, float]) -> tuple[Array, float]:
    """Plane that holds the direction ``along`` and fits the points [n, 3] best; its normal looks ``towards``."""
    unit = along / np.linalg.norm(along)
    middle = points.mean(axis=0)
    flat = points - middle
    flat = flat - np.outer(flat @ unit, unit)
    direction = np.linalg.svd(flat, full_matrices=False)[2][0]
    normal = np.cross(unit, direction)
    normal /= np.linalg.norm(normal)
    if normal @ np.asarray(towards) < 0:
        normal = -normal
    return normal, float(normal @ middle)
