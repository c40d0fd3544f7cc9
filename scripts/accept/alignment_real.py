"""Real images moved on purpose: how far from the motion the alignment brings them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from isletscope.intake import load_volume, scan
from isletscope.reading.alignment_pair import PairFit, fit_pair
from isletscope.reading.alignment_rules import alignment_rules
from isletscope.spatial import Geometry, Transform, Volume, prepare
from isletscope.spatial.register import inverse, rigid_matrix
from scripts.accept.claims import Claim

MOVED = "Real images, moved by 20 mm and 10 degrees"
SHIFT_MM, TURN_DEGREES = (12.0, -12.0, 10.6), (6.0, 5.0, -6.0)
PAIRS = (("CT", "CT"), ("CT", "MR"), ("PT", "PT"), ("CT", "PT"))
_POINTS = 400


def measure_alignment_real(data: Path, patients: tuple[str, ...], work: Path) -> dict[str, Any]:
    """For each patient and pair: the distance (mm, median and largest over the image) by which the motion was missed.

    The moved image is registered, and so is the unmoved one: "recovered" is the first result against the second with
    the known motion; "stated" is the first against the motion on top of the alignment that the scanner's frame of
    reference states. CT with CT and PET with PET are the image and its moved copy.
    """
    measured: dict[str, Any] = {}
    for patient in patients:
        inventory = scan([data / "petctmr_sts" / patient])
        volumes = {
            files.record.modality: load_volume(files)
            for files in inventory.series
            if files.record.modality in ("CT", "MR", "PT")
        }
        for onto, kind in PAIRS:
            measured[f"{patient} {kind} to {onto}"] = _recovered(volumes[onto], onto, volumes[kind], kind)
    return measured


def _recovered(reference: Volume, onto: str, volume: Volume, kind: str) -> dict[str, Any]:
    moved, motion = moved_copy(volume)
    still_fit, moved_fit = (_fit(reference, onto, one, kind) for one in (volume, moved))
    index = np.argwhere(np.ones(volume.geometry.shape, dtype=bool))
    chosen = np.random.default_rng(0).choice(len(index), _POINTS, replace=False)
    here = volume.geometry.to_lps(index[chosen])
    # Points of the unmoved image; home: where they lie in the reference.
    home = Transform(inverse(moved_fit.transform.matrix)).to_frame(Transform(motion).to_frame(here))
    without = Transform(inverse(still_fit.transform.matrix)).to_frame(here)
    return {
        "recovered": _median_and_largest(home - without),
        "stated": _median_and_largest(home - here),
        "voxel_mm": max(volume.geometry.spacing_mm),
        "used": not moved_fit.why_not,
        "because": moved_fit.why_not,
    }


def _fit(reference: Volume, onto: str, volume: Volume, kind: str) -> PairFit:
    rules = alignment_rules()

    def ready(step_mm: float) -> tuple[Any, Any]:
        return (
            prepare(reference, rules.windows[onto].window(), step_mm),
            prepare(volume, rules.windows[kind].window(), step_mm),
        )

    narrow = {onto, kind} <= set(rules.narrow.modalities)
    return fit_pair(*ready(rules.step_mm), (lambda: ready(rules.narrow.step_mm)) if narrow else None)


def moved_copy(volume: Volume) -> tuple[Volume, np.ndarray[Any, Any]]:
    """The same voxels on a grid that was shifted and turned about its middle, and the motion (4 x 4, LPS mm)."""
    grid = volume.geometry
    middle = grid.to_lps((np.array(grid.shape) - 1) / 2)
    motion = rigid_matrix(SHIFT_MM, TURN_DEGREES, middle)
    k, j, i = ((float(x), float(y), float(z)) for x, y, z in np.asarray(grid.axes_lps) @ motion[:3, :3].T)
    x, y, z = (float(value) for value in Transform(motion).to_frame([grid.origin_lps_mm])[0])
    turned: Geometry = replace(grid, origin_lps_mm=(x, y, z), axes_lps=(k, j, i))
    return Volume(volume.array, turned, volume.quantity), motion


def _median_and_largest(apart: np.ndarray[Any, Any]) -> list[float]:
    lengths = np.linalg.norm(apart, axis=1)
    return [float(np.median(lengths)), float(lengths.max())]


def alignment_real_claims(measured: dict[str, Any]) -> Iterator[Claim]:
    """Bars: 2 mm for CT to CT and MR to CT, half a voxel for PET with its moved copy; PET to CT has none."""
    for name, one in measured.items():
        kind = name.split(" ", 1)[1]
        limit = {"CT to CT": 2.0, "MR to CT": 2.0, "PT to PT": one["voxel_mm"] / 2}.get(kind)
        median, largest = one["recovered"]
        text = f"median {median:.2f} mm, largest {largest:.2f} mm"
        text += f"; {one['stated'][0]:.1f} mm from the stated alignment" if kind in ("MR to CT", "PT to CT") else ""
        text += "; used" if one["used"] else "; refused"
        holds = None if limit is None else largest <= limit
        yield Claim(MOVED, name, "" if limit is None else f"≤ {limit:.1f} mm", text, holds)
