"""Organs found on one grid: their label map, their names, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.given import GROUPS
from isletscope.model import OrganFinding
from isletscope.spatial import Geometry, Mask, Volume

LABELS: dict[str, int] = {
    "body": 1,
    "bone": 2,
    "lung_right": 3,
    "lung_left": 4,
    "heart": 5,
    "aorta": 6,
    "liver": 7,
    "spleen": 8,
    "kidney_right": 9,
    "kidney_left": 10,
    "bladder": 11,
    "brain": 12,
}
RULE_SOURCE = "built-in rule"
GIVEN_SOURCE = "given mask"


@dataclass(frozen=True)
class Organs:
    """Organ label map on the PET grid.

    ``labels``: uint8 [k, j, i], later organs in ``names`` lie on top of the body; ``names``: label of each organ;
    ``findings``: every organ looked for, found or missing with the reason; ``ct_on_pet``: CT in HU on the PET grid,
    below -2000 HU where no CT was taken; ``limits``: given masks that were refused, in sentences.
    """

    labels: npt.NDArray[np.uint8]
    geometry: Geometry
    names: dict[str, int]
    findings: list[OrganFinding]
    ct_on_pet: Volume | None = None
    limits: tuple[str, ...] = ()

    def mask(self, name: str) -> Mask:
        """The organ ("body": everything inside the patient; "lungs", "kidneys": both sides); empty when missing."""
        if name == "body":
            return Mask(self.labels > 0, self.geometry, name=name)
        wanted = [self.names[part] for part in GROUPS.get(name, (name,)) if part in self.names]
        return Mask(np.isin(self.labels, wanted), self.geometry, name=name)

    def finding(self, name: str) -> OrganFinding:
        """What is known of that organ. Raises KeyError when it was not looked for."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def known(self, name: str) -> bool:
        """Whether the organ has a mask."""
        return any(part in self.names for part in GROUPS.get(name, (name,)))
