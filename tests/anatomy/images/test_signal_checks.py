"""Evenness of the liver on MR: tumours make it uneven on one series, a wrong outline on all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.anatomy.images.checks import _signal
from isletscope.anatomy.images.frame import working_frame
from isletscope.model import Role
from isletscope.spatial import ARBITRARY, Geometry, Volume

GRID = Geometry((40, 50, 60), (3.0, 3.0, 3.0), (-90.0, -75.0, 0.0))
Bool = npt.NDArray[np.bool_]


def _box(low: int, high: int, left: int, right: int) -> Bool:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[low:high, 12:38, left:right] = True
    return mask


BODY = np.pad(np.ones((36, 46, 54), dtype=bool), ((2, 2), (2, 2), (3, 3)))
LIVER = _box(8, 30, 6, 30)
# A quarter of the liver is tumour.
TUMOURS = LIVER & (np.indices(GRID.shape)[0] // 6 % 2 == 0) & (np.indices(GRID.shape)[2] // 6 % 2 == 0)
BESIDE = np.roll(LIVER, 18, axis=2)


def _painted(liver: float, tumour: float) -> Volume:
    """Rest of the body in bands from 20 to 120, so that its spread is 100 in every series."""
    bands = 20.0 + 100.0 * (np.indices(GRID.shape)[1] // 5 % 2)
    image = np.where(BODY, bands, 0.0)
    image[LIVER] = liver
    image[TUMOURS] = tumour
    return Volume(image.astype(np.float32), GRID, ARBITRARY)


def _refusal(mask: Bool, name: str, second: Role | None, tumour: float) -> str:
    series = {Role.MR_HEPATOBILIARY: _painted(160.0, 20.0)}
    if second is not None:
        series[second] = _painted(160.0, tumour)
    return _signal(mask, name, working_frame(series, Role.MR_HEPATOBILIARY), BODY)


@pytest.mark.parametrize("second", [Role.MR_DYNAMIC, Role.MR_T1_FAT_SATURATED])
def test_a_liver_full_of_tumours_is_kept_when_it_is_even_on_another_t1(second: Role) -> None:
    assert _refusal(LIVER, "liver", second, 150.0) == ""


def test_a_liver_that_no_other_series_shows_even_is_refused() -> None:
    assert "more than one tissue" in _refusal(LIVER, "liver", None, 150.0)
    assert "more than one tissue" in _refusal(LIVER, "liver", Role.MR_DYNAMIC, 20.0)
    assert "more than one tissue" in _refusal(LIVER, "liver", Role.MR_ADC, 150.0)


def test_an_outline_laid_wrongly_and_other_organs_are_refused_on_every_series() -> None:
    assert "more than one tissue" in _refusal(BESIDE, "liver", Role.MR_DYNAMIC, 150.0)
    assert "more than one tissue" in _refusal(LIVER, "spleen", Role.MR_DYNAMIC, 150.0)
