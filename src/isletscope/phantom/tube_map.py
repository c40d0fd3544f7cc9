"""The named tubes of a person in personal space: which come near a tumour, and where it can grow into a vein."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import numpy as np

from isletscope.phantom.lesions import Tumour
from isletscope.phantom.pose import Pose
from isletscope.phantom.shapes import Array
from isletscope.phantom.tubes import Tube

_STEP_MM = 1.0
_NEAR_MM = 3.0
_ATTACHED_MM = 1.0
DUCT_TISSUES = ("pancreatic_duct", "bile_duct", "bile")
_TO_THE_HEART = ("hepatic_vein", "renal_vein", "iliac_vein")


@dataclass
class TubeMap:
    """Stations of all tubes in personal space (``pose`` at rest), worked out once."""

    tubes: Mapping[str, Tube]
    pose: Pose
    _stations: dict[str, tuple[Array, Array, Array]] = field(default_factory=dict)

    def stations(self, name: str) -> tuple[Array, Array, Array]:
        """Personal points [n, 3], radii [n] and anatomical arc length [n] (mm) of a tube's main course."""
        if name not in self._stations:
            samples = self.tubes[name].sample(_STEP_MM)
            points = self.pose.from_anatomical(samples.points)
            self._stations[name] = (points, samples.radii_mm * float(self.pose.scale.mean()), samples.arc_mm)
        return self._stations[name]

    def gap(self, tumour: Tumour, name: str) -> float:
        """Distance (mm) of a tumour's outline and a tube's wall, about 0.5 mm true; negative where they overlap."""
        points, radii, _ = self.stations(name)
        away = np.linalg.norm(points - tumour.centre_personal_mm, axis=1) - tumour.reach_mm - radii
        near = np.flatnonzero(away < max(float(away.min()), 0.0) + 10.0)
        distance = tumour.distance(points[near] - tumour.centre_personal_mm) - radii[near]
        return float(max(distance.min(), away.min()))

    def spared_by(self, tumour: Tumour, named: Set[str]) -> tuple[str, ...]:
        """Vessels near a tumour, and tubes of any kind that are ``named``, in painting order.

        Vessels that run inside the liver are spared only where they are named: metastases displace or invade them.
        """
        return tuple(
            name
            for name, tube in self.tubes.items()
            if (name in named or not (tube.parenchymal or tube.tissue in DUCT_TISSUES))
            and self.gap(tumour, name) < _NEAR_MM
        )

    def thrombus_course(
        self, tumour: Tumour, vein: str, length_mm: float, towards: str | None
    ) -> tuple[Array | None, str]:
        """Course [n, 4] (anatomical) of the stretch of a vein that a tumour fills, ``length_mm`` beyond its outline.

        None, and the reason, when the tumour does not touch the vein or the vein ends too early.
        """
        points, radii, arc = self.stations(vein)
        distance = tumour.distance(points - tumour.centre_personal_mm) - radii
        nearest = int(distance.argmin())
        if distance[nearest] > _ATTACHED_MM:
            return None, f"the tumour stays {distance[nearest]:.1f} mm away from the vein"
        onward = self._onward(vein, towards)
        touching = np.flatnonzero(distance <= 0)
        edge = nearest if not touching.size else int(touching.max() if onward else touching.min())
        end = arc[edge] + (length_mm if onward else -length_mm)
        if not -1.0 <= end <= arc[-1] + 1.0:
            room = arc[-1] - arc[edge] if onward else arc[edge]
            return None, f"the vein runs on for {room:.0f} mm only"
        first, last = sorted((float(arc[nearest]), float(np.clip(end, 0.0, arc[-1]))))
        return self.tubes[vein].segment(first, last), ""

    def _onward(self, vein: str, towards: str | None) -> bool:
        """Whether a thrombus grows toward the end of the vein's course (else toward its start)."""
        if towards is None:
            towards = "inferior_vena_cava" if vein.startswith(_TO_THE_HEART) else "portal_vein"
            if vein.startswith("portal_vein"):
                return True
        points = self.stations(vein)[0]
        target = self.stations(towards)[0]
        start, end = (float(np.linalg.norm(target - point, axis=1).min()) for point in (points[0], points[-1]))
        return end <= start
