"""A deliberate motion of 20 mm and 10 degrees of a real CT is recovered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isletscope.intake import load_volume, scan
from isletscope.spatial import Transform, Volume
from isletscope.spatial.register import register_rigid, rigid_matrix
from isletscope.spatial.register_images import Window, prepare, sample_points

pytestmark = pytest.mark.real_data

WINDOW = Window(-200, 300, -300)


def test_a_moved_ct_of_a_limb_is_found_again(test_data: Path) -> None:
    inventory = scan([test_data / "petctmr_sts" / "STS_002"])
    volume = load_volume(next(files for files in inventory.series if files.record.modality == "CT"))
    geometry = volume.geometry
    motion = rigid_matrix((12, -12, 10.6), (6, 5, -6), geometry.to_lps((np.array(geometry.shape) - 1) / 2))
    k, j, i = (tuple(float(v) for v in motion[:3, :3] @ np.asarray(axis)) for axis in geometry.axes_lps)
    x, y, z = (float(v) for v in Transform(motion).to_frame([geometry.origin_lps_mm])[0])
    turned = replace(geometry, origin_lps_mm=(x, y, z), axes_lps=(k, j, i))  # type: ignore[arg-type]
    still = prepare(volume, WINDOW, 4.0)
    moved = prepare(Volume(volume.array, turned, volume.quantity), WINDOW, 4.0)
    found = Transform(register_rigid(still, moved).matrix)
    points, _ = sample_points(still, 300, 1.0)
    apart = np.linalg.norm(found.to_frame(points) - Transform(motion).to_frame(points), axis=1)
    assert apart.max() < 2.0
