"""The picture of tumour and vessels in space: right is left of the picture, what lies before hides what lies behind."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from isletscope.report.figures.contact_scene import contact_scene_figure
from isletscope.spatial import Geometry, Mask
from isletscope.surgery import ContactScene, contact_scene

GRID = Geometry((60, 60, 60), (1.0, 1.0, 1.0), (-29.5, -29.5, -29.5))
POINTS = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1))


def tube(left: float, back: float) -> Mask:
    return Mask(np.hypot(POINTS[..., 0] - left, POINTS[..., 1] - back) < 4, GRID)


def scene(**vessels: Mask) -> ContactScene:
    found = contact_scene(Mask(np.linalg.norm(POINTS, axis=-1) < 8, GRID), vessels)
    assert found is not None
    return found


def pictures(found: ContactScene) -> list[npt.NDArray[np.int_]]:
    """The two views [row, column, 3], from the front and from the left."""
    svg = contact_scene_figure(found, title="P1", name="x").svg
    data = re.findall(r'href="data:image/jpeg;base64,([^"]+)"', svg)
    return [np.asarray(Image.open(BytesIO(base64.b64decode(one)))).astype(int) for one in data]


def columns(picture: npt.NDArray[np.int_], channel: int) -> float:
    """Middle of what is red (0) or blue (2) in a row near the head, as a share of the width."""
    row = picture[4]
    marked = np.flatnonzero(row[:, channel] - row[:, 2 - channel] > 40)
    return float(marked.mean()) / len(row)


def test_the_right_of_the_patient_lies_on_the_left_and_the_front_in_the_lateral_view_too() -> None:
    front, left = pictures(scene(celiac_artery=tube(-12.0, 12.0), portal_vein=tube(12.0, -12.0)))
    assert columns(front, 0) < 0.4
    assert columns(front, 2) > 0.6
    assert columns(left, 0) > 0.6
    assert columns(left, 2) < 0.4


def test_what_lies_before_hides_what_lies_behind() -> None:
    front = pictures(scene(celiac_artery=tube(0.0, -14.0), portal_vein=tube(0.0, 14.0)))[0]
    middle = front[4, front.shape[1] // 2]
    assert middle[0] > middle[2]


def test_without_vessels_or_about_too_large_a_tumour_there_is_no_scene() -> None:
    ball = Mask(np.linalg.norm(POINTS, axis=-1) < 8, GRID)
    assert contact_scene(ball, {}) is None
    coarse = Geometry(GRID.shape, (4.0, 4.0, 4.0), GRID.origin_lps_mm)
    wide = Mask(np.ones(GRID.shape, dtype=bool), coarse)
    assert contact_scene(wide, {"portal_vein": Mask(wide.array, coarse)}) is None
