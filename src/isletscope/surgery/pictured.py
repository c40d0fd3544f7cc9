"""What pictures of contacts are drawn from: kept in files and drawn without what measured them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.spatial import FloatArray

SCENE_STEP_MM = 1.0

Shares = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ContactView:
    """A vessel beside a tumour: the wall laid flat, the angle along it, and the section with the largest angle.

    ``gaps_mm`` and ``open_`` [s, ray], ``degrees`` and ``arc_mm`` [s]: rings with contact and 12 mm on either side;
    ``worst``: the ring of the section. ``towards``: where the course goes, one letter of RLAPFH. ``rays`` [ray, 3] of
    the section's ring, LPS. The section is a square of ``edge_mm``: ``right`` and ``down`` its unit vectors (LPS),
    ``places`` [ray, 2] the wall as fractions of its edge, ``tumour`` [row, column] shares times 255, ``image`` [row,
    column] values behind it (no pixel where there is none) shown between ``low`` and ``high``; ``shown_on`` names them.
    """

    vessel: str
    category: str
    neighbouring: str
    tolerance_mm: float
    degrees_max: float
    degrees_low: float
    degrees_high: float
    length_mm: float
    towards: str
    worst: int
    edge_mm: float
    shown_on: str
    low: float
    high: float
    arc_mm: FloatArray
    degrees: FloatArray
    gaps_mm: npt.NDArray[np.float32]
    open_: npt.NDArray[np.bool_]
    rays: FloatArray
    right: FloatArray
    down: FloatArray
    places: FloatArray
    tumour: npt.NDArray[np.uint8]
    image: npt.NDArray[np.int16]


@dataclass(frozen=True)
class ContactScene:
    """Shares [k, j, i] times 255 at steps of 1 mm towards head, back and left; a surface lies at one half."""

    tumour: Shares
    arteries: Shares
    veins: Shares


def letter_of(direction: FloatArray) -> str:
    """The letter of RLAPFH that a vector in LPS points to most."""
    axis = int(np.argmax(np.abs(direction)))
    return ("RL", "AP", "FH")[axis][int(direction[axis] > 0)]
