"""Given vessels beside the organs: which are taken, which refused and why, and how they share a label map."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.anatomy import GIVEN_SOURCE, GivenOrgan, Organs
from isletscope.model import ExamKind, OrganFinding, State
from isletscope.reading.anatomy_files import GivenOrgans
from isletscope.reading.structure_maps import structures_of
from isletscope.spatial import Geometry, Mask

SHAPE = (20, 40, 60)
STANDARD = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
TURNED = ((0.0, 0.0, -1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))


def grid(axes: tuple[tuple[float, float, float], ...] = STANDARD) -> Geometry:
    middle = (np.asarray(SHAPE) - 1) / 2
    origin = -(middle @ np.asarray(axes))
    return Geometry(SHAPE, (1.0, 1.0, 1.0), tuple(float(v) for v in origin), axes)  # type: ignore[arg-type]


def rod(on: Geometry, x: float, y: float, radius: float = 3.0) -> Mask:
    """A rod along the body at x, y (LPS mm)."""
    points = on.to_lps(np.indices(on.shape).reshape(3, -1).T)
    inside = np.hypot(points[:, 0] - x, points[:, 1] - y) <= radius
    return Mask(inside.reshape(on.shape), on)


def given(on: Geometry, mirrored: bool = False, file: str = "vessels.dcm") -> GivenOrgans:
    across = -1.0 if mirrored else 1.0
    masks = {
        "superior_mesenteric_vein": rod(on, -10 * across, -4),
        "superior_mesenteric_artery": rod(on, 8 * across, -4),
        "portal_vein": rod(on, -10 * across, 2, 5.0),
        "splenic_vein": rod(on, 12 * across, 4),
    }
    return GivenOrgans(
        structures={name: GivenOrgan(mask, f"{file}, {name}", "high", file) for name, mask in masks.items()}
    )


def organs(on: Geometry, *taken: str) -> Organs:
    rows = [OrganFinding(name="liver", state=State.ENTERED, source=f"{GIVEN_SOURCE} {one}") for one in taken]
    return Organs(np.zeros(on.shape, dtype=np.uint8), on, {}, rows)


@pytest.mark.parametrize("axes", [STANDARD, TURNED])
def test_given_vessels_keep_their_voxels_and_their_source(axes: tuple[tuple[float, float, float], ...]) -> None:
    on = grid(axes)
    found = structures_of(given(on), organs(on), {}, ExamKind.MRI)
    assert found.limits == []
    by_name = {one.name: one for one in found.findings}
    vein = by_name["superior_mesenteric_vein"]
    assert vein.source == f"{GIVEN_SOURCE} vessels.dcm, superior_mesenteric_vein"
    assert vein.volume_ml == pytest.approx(rod(on, -10, -4).volume_ml, abs=1e-3)
    assert np.array_equal(found.labels == by_name["splenic_vein"].label, rod(on, 12, 4).array)


def test_where_two_overlap_the_smaller_keeps_the_voxels() -> None:
    on = grid()
    found = structures_of(given(on), organs(on), {}, ExamKind.MRI)
    label = {one.name: one.label for one in found.findings}
    both = rod(on, -10, -4).array & rod(on, -10, 2, 5.0).array
    assert both.any()
    assert (found.labels[both] == label["superior_mesenteric_vein"]).all()


@pytest.mark.parametrize("axes", [STANDARD, TURNED])
def test_mirrored_vessels_are_refused(axes: tuple[tuple[float, float, float], ...]) -> None:
    on = grid(axes)
    found = structures_of(given(on, mirrored=True), organs(on), {}, ExamKind.MRI)
    assert found.findings == []
    assert not found.labels.any()
    assert len(found.limits) == 4
    assert all("right and left of what was given are reversed" in one for one in found.limits)


def test_vessels_of_a_file_whose_liver_was_refused_are_refused_with_it() -> None:
    on = grid()
    beside = GivenOrgan(rod(on, 0, 0), "vessels.dcm, liver", "high", "vessels.dcm")
    with_liver = GivenOrgans({"liver": beside}, given(on).structures)
    assert structures_of(with_liver, organs(on, "vessels.dcm, liver"), {}, ExamKind.MRI).limits == []
    found = structures_of(with_liver, organs(on, "built-in"), {}, ExamKind.MRI)
    assert found.findings == []
    assert "an organ of its file was refused" in found.limits[0]


def test_an_empty_mask_is_said_to_be_empty() -> None:
    on = grid()
    nothing = GivenOrgan(Mask(np.zeros(on.shape, dtype=bool), on), "v.nii.gz, 3", "high", "v.nii.gz")
    found = structures_of(GivenOrgans(structures={"portal_vein": nothing}), organs(on), {}, ExamKind.MRI)
    assert found.limits == [
        "A given mask of portal vein was not used. v.nii.gz, 3: it is empty on the grid of these images."
    ]


def test_on_ct_without_a_known_phase_every_vessel_says_why_it_is_missing() -> None:
    on = grid()
    found = structures_of(GivenOrgans(), organs(on), {}, ExamKind.CT)
    assert found.findings
    assert all(one.label is None and one.missing_because for one in found.findings)
    assert not found.labels.any()
