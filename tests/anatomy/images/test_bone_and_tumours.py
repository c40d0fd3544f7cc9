"""Kidneys full of iodine that touch a rib are no bone; a tumour at the liver's edge belongs to the liver."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.anatomy.images.frame import ImageFrame, working_frame
from isletscope.anatomy.images.prior import CLASSES
from isletscope.anatomy.images.shaping import _with_tumours
from isletscope.anatomy.images.tissues import find_bone
from isletscope.model import Role
from isletscope.spatial import HOUNSFIELD, Geometry, Volume, gaussian

GRID = Geometry((40, 50, 60), (3.0, 3.0, 3.0), (-90.0, -75.0, 0.0))
Bool = npt.NDArray[np.bool_]
Float = npt.NDArray[np.float32]


def _box(z: tuple[int, int], y: tuple[int, int], x: tuple[int, int]) -> Bool:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[slice(*z), slice(*y), slice(*x)] = True
    return mask


BODY = _box((0, 40), (3, 47), (3, 57))
SPINE = _box((0, 40), (30, 44), (24, 36))
RIB = _box((18, 22), (37, 41), (36, 55))
KIDNEY = _box((12, 30), (26, 37), (42, 54))


def _frame(kidney_hu: float) -> ImageFrame:
    """Kidney and rib have a face in common; two phases, none of them before contrast."""
    image = np.where(BODY, 50.0, -1000.0).astype(np.float32)
    image[KIDNEY], image[SPINE | RIB] = kidney_hu, 400.0
    series = {
        Role.CT_PORTAL_VENOUS: Volume(image, GRID, HOUNSFIELD),
        Role.CT_ARTERIAL: Volume(image + np.float32(5.0) * KIDNEY, GRID, HOUNSFIELD),
    }
    return working_frame(series, Role.CT_PORTAL_VENOUS)


def _share() -> dict[str, Float]:
    """The atlases lie 6 mm beside the truth and are blurred by 9 mm."""
    share = {name: np.zeros(GRID.shape, dtype=np.float32) for name in CLASSES}
    for name, mask in (("bone", SPINE | RIB), ("kidney_left", KIDNEY)):
        share[name] = gaussian(np.roll(mask, 2, axis=2).astype(np.float32), 3.0)
    return share


@pytest.mark.parametrize("kidney_hu", [120.0, 175.0, 200.0, 230.0])
def test_a_kidney_of_any_enhancement_that_touches_a_rib_is_no_bone(kidney_hu: float) -> None:
    bone = find_bone(_frame(kidney_hu), BODY, _share())
    assert bone.mask is not None
    assert np.mean(bone.mask[KIDNEY]) < 0.1
    assert np.mean(bone.mask[SPINE]) > 0.95
    assert np.mean(bone.mask[RIB]) > 0.8


def test_a_tumour_at_the_edge_of_the_liver_belongs_to_it_and_what_lies_apart_does_not() -> None:
    liver, tumour = _box((8, 30), (10, 36), (6, 22)), _box((12, 26), (14, 30), (22, 34))
    apart = _box((12, 26), (14, 30), (40, 50))
    whole = _with_tumours(liver, tumour | apart, _frame(120.0))
    assert np.mean(whole[tumour]) > 0.95
    assert not (whole & apart).any()
    assert np.array_equal(whole & liver, liver)


def test_thin_bridges_do_not_lead_out_of_the_liver() -> None:
    liver, bridge = _box((8, 30), (10, 36), (6, 22)), _box((18, 19), (20, 21), (22, 36))
    beyond = _box((12, 26), (14, 30), (36, 48))
    whole = _with_tumours(liver, bridge | beyond, _frame(120.0))
    assert not (whole & beyond).any()
