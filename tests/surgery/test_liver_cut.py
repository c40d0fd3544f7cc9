"""The choice of the cut: most data first, never planes where they do not hold, and always the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isletscope.spatial import Geometry, Mask
from isletscope.surgery import (
    LiverMap,
    SegmentSource,
    best_cut,
    is_guessed,
    liver_vessels,
    pedicles,
    segments_from_veins,
    with_tumours,
)
from isletscope.surgery.liver_cut import portal_fork
from tests.surgery.test_liver_segments import CUBE, cube, made, point

SPACING = (5.0, 5.0, 5.0)


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made liver is an ellipsoid: its shares are not those of a person."""
    from isletscope.surgery import liver_segments

    wide = liver_segments.segment_rules().model_copy(
        update={"implausible_factor": liver_segments.Setting(value=100.0, support="convention")}
    )
    monkeypatch.setattr(liver_segments, "segment_rules", lambda: wide)


def drawn(liver: Mask, share: float = 1.0) -> dict[str, Mask]:
    """Eight drawn segments along x that fill so much of the liver."""
    x = liver.geometry.to_lps(np.argwhere(liver.array))[:, 0]
    number = np.minimum((8 * (x - x.min()) / (np.ptp(x) + 1e-9)).astype(int), 7)
    number[x > x.min() + share * np.ptp(x)] = -1
    masks = {}
    for n in range(8):
        array = np.zeros(liver.array.shape, dtype=bool)
        array[liver.array] = number == n
        masks[f"liver_segment_{n + 1}"] = Mask(array, liver.geometry)
    return masks


def test_a_given_map_goes_before_veins_and_is_taken_after_a_hepatectomy() -> None:
    liver, masks, _ = made(SPACING)
    for before in (False, True):
        found = best_cut(liver, {**masks, **drawn(liver)}, previous_hepatectomy=before)
        assert found.map is not None
        assert (found.map.source, found.because) == (SegmentSource.IMPORTED, "")


def test_a_given_map_with_a_hole_is_passed_over(lenient: None) -> None:
    liver, masks, _ = made(SPACING)
    found = best_cut(liver, {**masks, **drawn(liver, share=0.7)})
    assert found.map is not None
    assert found.map.source is SegmentSource.VEINS
    assert "of the liver has no segment in the given map" in found.passed_over[SegmentSource.IMPORTED]


def test_veins_go_before_landmarks_and_what_lacks_is_named(lenient: None) -> None:
    liver, masks, _ = made(SPACING)
    veins = best_cut(liver, masks)
    assert veins.map is not None
    assert veins.map.source is SegmentSource.VEINS
    assert np.array_equal(veins.map.segments, segments_from_veins(liver, masks, {}).segments)
    del masks["hepatic_vein_left"], masks["portal_bifurcation"]
    marks = best_cut(liver, masks)
    assert marks.map is not None
    assert marks.map.source is SegmentSource.LANDMARKS
    assert is_guessed(marks.map.source)
    assert marks.passed_over[SegmentSource.VEINS] == "no hepatic vein left"
    del masks["gallbladder"]
    none = best_cut(liver, masks)
    assert none.map is None
    assert "no gallbladder" in none.because


def test_no_planes_after_a_hepatectomy_or_where_the_images_cut_the_liver_off() -> None:
    liver, masks, _ = made(SPACING)
    resected = best_cut(liver, masks, previous_hepatectomy=True)
    assert resected.map is None
    assert "a part of the liver was removed before" in resected.because
    array = liver.array.copy()
    array[:, array.shape[1] // 2 :, 0] = True
    cut_off = best_cut(replace(liver, array=array), masks)
    assert cut_off.map is None
    assert cut_off.because.count("cut off by the field of view") == 1


def test_an_implausible_share_is_passed_over_and_told() -> None:
    """The ellipsoid has no caudate lobe to speak of, and its veins cut it unlike a liver."""
    liver, masks, _ = made(SPACING)
    masks["hepatic_vein_right"], masks["hepatic_vein_middle"] = (
        masks["hepatic_vein_middle"],
        masks["hepatic_vein_right"],
    )
    found = best_cut(liver, masks)
    assert "implausible share of segment" in found.passed_over[SegmentSource.VEINS]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flip_of_the_grid_changes_neither_source_nor_volumes(axis: int, lenient: None) -> None:
    liver, masks, _ = made((6.0, 5.0, 5.0))

    def flipped(mask: Mask) -> Mask:
        old = mask.geometry
        corner = [old.shape[n] - 1 if n == axis else 0 for n in range(3)]
        axes = tuple(tuple((-1.0 if n == axis else 1.0) * np.array(old.axes_lps[n])) for n in range(3))
        grid = Geometry(old.shape, old.spacing_mm, tuple(old.to_lps(corner)), axes)  # type: ignore[arg-type]
        return Mask(np.ascontiguousarray(np.flip(mask.array, axis)), grid)

    straight = best_cut(liver, masks).map
    turned = best_cut(flipped(liver), {name: flipped(mask) for name, mask in masks.items()}).map
    assert straight is not None
    assert turned is not None
    assert turned.source is straight.source
    for number, volume in straight.by_segment_ml().items():
        assert turned.by_segment_ml()[number] == pytest.approx(volume, rel=0.01, abs=1.0)


def test_what_a_tumour_adds_to_the_liver_takes_the_nearest_segment() -> None:
    liver = cube()
    halves = np.where(liver.array, np.where(np.arange(54)[None, None, :] < 27, 6, 2), 0).astype(np.uint8)
    cut = LiverMap(liver, halves, SegmentSource.VEINS, {})
    tumour = np.zeros(CUBE.shape, dtype=bool)
    tumour[20:30, 20:30, 50:54] = True  # its outer half lies beyond the cube
    found = with_tumours(cut, {"L1": tumour})
    place = found.place("L1")
    assert place is not None
    assert (place.segment, found.source) == (2, SegmentSource.VEINS)
    assert place.volume_ml == pytest.approx(tumour.sum() * 0.008)
    assert found.volume_ml() == pytest.approx(1000 + 10 * 10 * 2 * 0.008)


def test_pedicles_end_where_branches_of_second_order_do() -> None:
    """Two straight branches from the middle: 50 mm count, what lies beyond does not; one side alone is no answer."""
    array = np.zeros((10, 10, 160), dtype=bool)
    array[5, 5, :80] = True
    grid = Geometry(array.shape, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    masks = {
        "portal_vein_right": Mask(array, grid),
        "portal_vein_left": Mask(np.ascontiguousarray(array[:, :, ::-1]), grid),
    }
    assert portal_fork(masks["portal_vein_left"], masks["portal_vein_right"])[0] == pytest.approx(79.5)
    near = pedicles(masks)
    assert near is not None
    assert np.count_nonzero(near) == 100
    del masks["portal_vein_left"]
    assert pedicles(masks) is None


def test_the_vessels_of_the_liver_are_known_only_together() -> None:
    masks = {name: point(10.0 * n, 50, 50) for n, name in enumerate(("hepatic_vein_right", "hepatic_vein_middle"))}
    assert liver_vessels(masks) is None
    masks |= {name: point(50, 50, 50) for name in ("hepatic_vein_left", "portal_vein_left", "portal_vein_right")}
    found = liver_vessels(masks)
    assert found is not None
    assert np.count_nonzero(found) == 3
