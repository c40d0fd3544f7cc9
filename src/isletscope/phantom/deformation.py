"""The known deformation of each exam as coarse vector fields, so that registration can be checked everywhere.

Two fields per exam, displacement in mm (LPS directions) at nodes of a lattice: *to scanner* on a lattice in personal
space (``scanner = personal + field(personal)``) and *to personal* on a lattice in the exam's scanner space. A point of
exam A is taken to exam B by A's *to personal*, then B's *to scanner*, with cubic interpolation (linear comes within
0.1 mm).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.phantom.body import anatomical_box
from isletscope.phantom.maps import write_vectors
from isletscope.phantom.render import Scene
from isletscope.phantom.shapes import Array
from isletscope.spatial import Geometry

_STEP_MM = 12.0
# Lowest and highest node in mm of the average adult: what PET covers, and a little more.
_LOW_MM, _HIGH_MM = -420.0, 540.0
_MARGIN_MM = 40.0


def write_deformation(scene: Scene, folder: Path, exam: str) -> dict[str, Any]:
    """Write both fields of an exam as NIfTI vector images (float32); returns what truth.json says of them."""
    personal = personal_lattice(scene)
    scanner = scanner_lattice(scene, personal)
    pose = scene.pose
    forward = _field(personal, pose.to_scanner)
    backward = _field(scanner, pose.to_personal)
    return {
        "to_scanner": write_vectors(forward, personal, folder / f"{exam}_personal_to_scanner.nii.gz"),
        "to_personal": write_vectors(backward, scanner, folder / f"{exam}_scanner_to_personal.nii.gz"),
        "vectors": "displacement in mm along LPS x, y, z; files are RAS images whose lattice, turned to LPS, is in mm",
        "to_scanner_lattice": "personal space: scanner = personal + to_scanner(personal)",
        "to_personal_lattice": "scanner space of this exam: personal = scanner + to_personal(scanner)",
        "between_exams": "point in B = to_scanner_B(to_personal_A(point in A)); the exact formula is under pose",
        "node_mm": _STEP_MM,
    }


def personal_lattice(scene: Scene) -> Geometry:
    """A lattice over the whole scanned body in personal space."""
    x0, y0, x1, y1 = anatomical_box(scene.body)
    low = np.array([x0, y0, _LOW_MM]) * scene.body.scale - _MARGIN_MM
    high = np.array([x1, y1, _HIGH_MM]) * scene.body.scale + _MARGIN_MM
    return _lattice(low, high)


def scanner_lattice(scene: Scene, personal: Geometry) -> Geometry:
    """A lattice in scanner space that covers a personal one."""
    ends = np.array(personal.shape) - 1
    corners = np.array([[k, j, i] for k in (0, ends[0]) for j in (0, ends[1]) for i in (0, ends[2])])
    moved = scene.pose.to_scanner(personal.to_lps(corners))
    return _lattice(moved.min(axis=0), moved.max(axis=0))


def _lattice(low: Array, high: Array) -> Geometry:
    first = np.floor(low / _STEP_MM) * _STEP_MM
    count = np.ceil((high - first) / _STEP_MM).astype(int) + 1
    return Geometry(
        (int(count[2]), int(count[1]), int(count[0])),
        (_STEP_MM,) * 3,
        (float(first[0]), float(first[1]), float(first[2])),
    )


def _field(lattice: Geometry, move: Callable[[Array], Array]) -> npt.NDArray[np.float32]:
    """Displacement [3, k, j, i] of the nodes of a lattice under a mapping of points [n, 3]."""
    lattice_nodes = np.empty((*lattice.shape, 3))
    for n in range(3):
        line = lattice.origin_lps_mm[n] + lattice.spacing_mm[2 - n] * np.arange(lattice.shape[2 - n])
        lattice_nodes[..., n] = line.reshape([-1 if axis == 2 - n else 1 for axis in range(3)])
    nodes = lattice_nodes.reshape(-1, 3)
    return np.ascontiguousarray((move(nodes) - nodes).T.reshape(3, *lattice.shape), dtype=np.float32)
