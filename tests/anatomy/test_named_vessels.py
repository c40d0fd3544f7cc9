"""Named vessels of a reference body: where they are, in whatever orientation, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.anatomy import VESSEL_NAMES, find_named_vessels
from isletscope.anatomy.found import Found
from isletscope.errors import InputError
from isletscope.model import Role
from isletscope.spatial import Geometry, Volume
from tests.anatomy.contrast_body import ContrastBody, contrast_body, dice, organs_of

LEAST_DICE = {
    "aorta": 0.93,
    "common_hepatic_artery": 0.7,
    "splenic_artery": 0.75,
    "superior_mesenteric_artery": 0.8,
    "superior_mesenteric_vein": 0.85,
    "splenic_vein": 0.8,
    "portal_vein": 0.75,
    "inferior_vena_cava": 0.75,
    "portal_vein_left": 0.7,
    "portal_vein_right_anterior": 0.65,
    "portal_vein_right_posterior": 0.65,
    "hepatic_vein_right": 0.65,
    "hepatic_vein_middle": 0.65,
    "hepatic_vein_left": 0.6,
    "gallbladder": 0.9,
}


@pytest.fixture(scope="module")
def body() -> ContrastBody:
    return contrast_body()


@pytest.fixture(scope="module")
def found(body: ContrastBody) -> dict[str, Found]:
    return find_named_vessels(body.series, body.organs)


@pytest.mark.parametrize("name", LEAST_DICE)
def test_vessel_lies_where_it_is(name: str, body: ContrastBody, found: dict[str, Found]) -> None:
    mask = found[name].mask

    assert mask is not None, found[name].because
    assert dice(mask, body.truth(name)) >= LEAST_DICE[name]


def test_every_name_has_a_mask_or_a_reason(found: dict[str, Found]) -> None:
    assert set(found) == set(VESSEL_NAMES)
    assert all((one.mask is None) == bool(one.because) for one in found.values())


def test_masks_do_not_overlap(found: dict[str, Found]) -> None:
    masks = [one.mask for one in found.values() if one.mask is not None]

    assert np.sum(masks, axis=0).max() == 1


def test_stored_orientation_does_not_matter(body: ContrastBody, found: dict[str, Found]) -> None:
    series = {role: _turned(volume) for role, volume in body.series.items()}

    turned = find_named_vessels(series, body.organs, onto=body.organs.geometry)

    for name, one in found.items():
        assert (turned[name].mask is None) == (one.mask is None), name
        if one.mask is not None:
            assert dice(turned[name].mask, one.mask) > 0.98, name  # type: ignore[arg-type]


def test_mask_on_another_grid(body: ContrastBody, found: dict[str, Found]) -> None:
    fine = Geometry((160, 200, 200), (1.0, 1.0, 1.0), (-100.0, -110.0, -80.0))

    there = find_named_vessels(body.series, body.organs, wanted=["portal_vein"], onto=fine)

    assert list(there) == ["portal_vein"]
    mask, own = there["portal_vein"].mask, found["portal_vein"].mask
    assert mask is not None
    assert own is not None
    volume = own.sum() * body.organs.geometry.voxel_volume_ml
    assert mask.sum() * fine.voxel_volume_ml == pytest.approx(volume, rel=0.1)


def test_arteries_need_the_arterial_phase(body: ContrastBody) -> None:
    found = find_named_vessels({Role.CT_PORTAL_VENOUS: body.series[Role.CT_PORTAL_VENOUS]}, body.organs)

    assert found["celiac_artery"].because == "there is no late arterial CT"
    assert found["portal_vein"].mask is not None


def test_phases_that_are_exchanged_are_refused(body: ContrastBody) -> None:
    arterial, portal = body.series[Role.CT_ARTERIAL], body.series[Role.CT_PORTAL_VENOUS]

    found = find_named_vessels({Role.CT_ARTERIAL: portal, Role.CT_PORTAL_VENOUS: arterial}, body.organs)

    assert all(one.mask is None for one in found.values())
    assert "on the series called arterial" in found["splenic_artery"].because
    assert "on the series called portal venous" in found["portal_vein"].because


def test_without_contrast_every_vessel_is_refused(body: ContrastBody) -> None:
    plain = {role: volume.with_array(np.minimum(volume.array, 60.0)) for role, volume in body.series.items()}

    found = find_named_vessels(plain, body.organs)

    assert all(one.mask is None and one.because for one in found.values())


def test_a_field_that_ends_below_the_liver_is_refused(body: ContrastBody) -> None:
    low = {role: _planes(volume, 0, 22) for role, volume in body.series.items()}
    organs = organs_of(body.structures[:22], next(iter(low.values())).geometry)

    found = find_named_vessels(low, organs)

    assert all(found[name].mask is None and found[name].because for name in ("celiac_artery", "portal_vein"))


def test_without_spleen_nothing_of_its_vessels_is_guessed(body: ContrastBody) -> None:
    organs = organs_of(body.structures, body.organs.geometry, without=("spleen",))

    found = find_named_vessels(body.series, organs)

    assert "spleen" in found["splenic_artery"].because
    assert "spleen" in found["splenic_vein"].because


def test_unknown_name_is_refused(body: ContrastBody) -> None:
    with pytest.raises(InputError, match="no such vessel"):
        find_named_vessels(body.series, body.organs, wanted=["left renal vein"])


def _turned(volume: Volume) -> Volume:
    """The same image stored with other array axes: i and k exchanged, j backwards."""
    grid = volume.geometry
    last = grid.to_lps([0, grid.shape[1] - 1, 0])
    geometry = Geometry(
        shape=(grid.shape[2], grid.shape[1], grid.shape[0]),
        spacing_mm=(grid.spacing_mm[2], grid.spacing_mm[1], grid.spacing_mm[0]),
        origin_lps_mm=(float(last[0]), float(last[1]), float(last[2])),
        axes_lps=((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    )
    array = np.ascontiguousarray(np.transpose(volume.array, (2, 1, 0))[:, ::-1, :])
    return replace(volume, array=array, geometry=geometry)


def _planes(volume: Volume, start: int, stop: int) -> Volume:
    grid = volume.geometry
    x, y, z = (float(value) for value in grid.to_lps([start, 0, 0]))
    geometry = replace(grid, shape=(stop - start, *grid.shape[1:]), origin_lps_mm=(x, y, z))
    return replace(volume, array=volume.array[start:stop], geometry=geometry)
