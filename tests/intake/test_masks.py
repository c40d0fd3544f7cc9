"""Masks of SEG, RTSTRUCT and NIfTI on grids of every direction; what is said when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isletscope.errors import GeometryError, InputError
from isletscope.intake.masks import read_image, read_masks, read_regions
from isletscope.intake.masks.rtstruct import enclosed_area, inside_polygons
from isletscope.spatial import Geometry
from tests.intake.mask_files import (
    FRAME,
    OTHER_FRAME,
    all_directions,
    grid,
    images_on,
    oblique_axes,
    odd_region,
    outline,
    rectangle,
    write_nifti,
    write_seg,
    write_structure_set,
)

SHAPE = (5, 6, 7)
REGION = odd_region(SHAPE)
DIRECTIONS = [*all_directions(), oblique_axes(), oblique_axes(-2.0, 1.0)]


def turned(geometry: Geometry) -> tuple[Geometry, Any]:
    """The same voxels with two array axes swapped and one flipped, and how to take an array there."""
    k, j, i = geometry.axes_lps
    flipped = (-j[0], -j[1], -j[2])
    other = Geometry(
        (geometry.shape[0], geometry.shape[2], geometry.shape[1]),
        (geometry.spacing_mm[0], geometry.spacing_mm[2], geometry.spacing_mm[1]),
        tuple(float(v) for v in geometry.to_lps([0, geometry.shape[1] - 1, 0])),
        (k, i, flipped),
    )
    return other, lambda array: array[:, ::-1, :].transpose(0, 2, 1)


# --- every direction -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", DIRECTIONS)
def test_nifti_on_grids_of_every_direction(axes: Any, tmp_path: Path) -> None:
    geometry = grid(axes)
    path = write_nifti(tmp_path / "lesion.nii.gz", REGION.astype(np.uint8), geometry)
    (mask,) = read_masks(path, images_on(geometry))
    assert mask.name == "lesion"
    assert np.array_equal(mask.array, REGION)


@pytest.mark.parametrize("axes", [DIRECTIONS[0], oblique_axes(), oblique_axes(-2.0, 1.0)])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("reverse", [False, True])
def test_segmentations_of_every_kind(axes: Any, kind: str, reverse: bool, tmp_path: Path) -> None:
    geometry = grid(axes)
    values = REGION * (200 if kind == "FRACTIONAL" else 1)
    path = write_seg(tmp_path / "seg.dcm", {"P1": values}, geometry, kind=kind, reverse=reverse)
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ()
    assert np.array_equal(regions.masks[0].array, REGION)


@pytest.mark.parametrize("axes", [DIRECTIONS[0], DIRECTIONS[17], oblique_axes()])
def test_a_segmentation_with_turned_rows_falls_on_the_same_voxels(axes: Any, tmp_path: Path) -> None:
    geometry = grid(axes)
    other, turn = turned(geometry)
    path = write_seg(tmp_path / "seg.dcm", {"P1": turn(REGION)}, other)
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ()
    assert np.array_equal(regions.masks[0].array, REGION)


@pytest.mark.parametrize("axes", DIRECTIONS)
def test_contours_on_grids_of_every_direction(axes: Any, tmp_path: Path) -> None:
    geometry = grid(axes)
    path = write_structure_set(tmp_path / "rs.dcm", {"GTV": outline(REGION, geometry)})
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ()
    assert np.array_equal(regions.masks[0].array, REGION)


# --- segmentations ---------------------------------------------------------------------------------------------------


def test_overlapping_segments_and_equal_labels(tmp_path: Path) -> None:
    geometry = grid()
    other = np.roll(REGION, 1, axis=2)
    path = write_seg(tmp_path / "seg.dcm", {"N": REGION, "N ": other}, geometry)
    regions = read_regions(path, images_on(geometry))
    assert [mask.name for mask in regions.masks] == ["N [1]", "N [2]"]
    assert np.array_equal(regions.masks[0].array, REGION)
    assert np.array_equal(regions.masks[1].array, other)
    assert np.any(REGION & other)


def test_fractional_values_are_cut_at_one_half(tmp_path: Path) -> None:
    geometry = grid()
    values = REGION * 99
    values[1, 1, 2] = 100
    path = write_seg(tmp_path / "seg.dcm", {"P1": values}, geometry, kind="FRACTIONAL")
    regions = read_regions(path, images_on(geometry))
    assert np.argwhere(regions.masks[0].array).tolist() == [[1, 1, 2]]
    assert regions.notes == ("seg.dcm, segment 1: fractional values were cut at one half.",)


def test_a_segmentation_on_another_grid_is_resampled_and_said(tmp_path: Path) -> None:
    geometry = grid()
    fine = Geometry((10, 12, 14), (1.5, 1.0, 0.75), (-20.375, 29.5, -10.75), geometry.axes_lps)
    path = write_seg(tmp_path / "seg.dcm", {"P1": REGION.repeat(2, 0).repeat(2, 1).repeat(2, 2)}, fine)
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ("seg.dcm: its grid differs from that of the image; resampled by nearest neighbour.",)
    assert regions.masks[0].volume_ml == pytest.approx(REGION.sum() * geometry.voxel_volume_ml)
    assert np.array_equal(regions.masks[0].array, REGION)


def test_thick_slices_fill_the_thin_ones_between(tmp_path: Path) -> None:
    geometry = grid()
    thick = Geometry((2, 6, 7), (6.0, 2.0, 1.5), (-20.0, 30.0, -7.0), geometry.axes_lps)
    segment = np.zeros(thick.shape, dtype=np.bool_)
    segment[0, 2:4, 2:4] = True
    path = write_seg(tmp_path / "seg.dcm", {"P1": segment}, thick)
    mask = read_masks(path, images_on(geometry))[0]
    assert mask.volume_ml == pytest.approx(4 * thick.voxel_volume_ml)
    assert "resampled" in read_regions(path, images_on(geometry)).notes[0]


def test_frames_beyond_the_images_are_counted(tmp_path: Path) -> None:
    geometry = grid()
    longer = Geometry((8, 6, 7), geometry.spacing_mm, (-20.0, 30.0, -19.0), geometry.axes_lps)
    segment = np.zeros(longer.shape, dtype=np.bool_)
    segment[1:5, 2, 3] = True
    path = write_seg(tmp_path / "seg.dcm", {"P1": segment}, longer)
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ("seg.dcm, segment 1 P1: 2 of 4 voxels lie outside the image.",)
    assert np.argwhere(regions.masks[0].array).tolist() == [[0, 2, 3], [1, 2, 3]]


# --- structure sets --------------------------------------------------------------------------------------------------


def test_a_hole_is_a_contour_of_its_own(tmp_path: Path) -> None:
    geometry = grid(oblique_axes())
    contours = [rectangle(2, (0.5, 0.5), (4.5, 5.5), geometry), rectangle(2, (1.5, 1.5), (3.5, 3.5), geometry)]
    (mask,) = read_masks(write_structure_set(tmp_path / "rs.dcm", {"ring": contours}), images_on(geometry))
    assert mask.voxel_count == 4 * 5 - 2 * 2
    assert not mask.array[2, 2, 2]


def test_a_plane_between_slices_belongs_to_the_nearer_one(tmp_path: Path) -> None:
    geometry = grid()
    for place, slices in ((1.4, [1]), (1.6, [2]), (-0.4, [0])):
        path = write_structure_set(tmp_path / "rs.dcm", {"GTV": [rectangle(place, (0.5, 0.5), (3.5, 3.5), geometry)]})
        (mask,) = read_masks(path, images_on(geometry))
        assert np.flatnonzero(mask.array.any(axis=(1, 2))).tolist() == slices


def test_contours_of_thinner_slices_are_not_set_off_against_each_other(tmp_path: Path) -> None:
    geometry = grid()
    planes = [rectangle(k, (0.5, 0.5), (3.5, 3.5), geometry) for k in np.arange(0.9, 3.1, 0.2)]
    (mask,) = read_masks(write_structure_set(tmp_path / "rs.dcm", {"GTV": planes}), images_on(geometry))
    assert mask.array.sum(axis=(1, 2)).tolist() == [0, 9, 9, 9, 0]


def test_contours_of_thicker_slices_fill_the_slices_between(tmp_path: Path) -> None:
    geometry = grid()
    planes = [rectangle(k, (0.5, 0.5), (3.5, 3.5), geometry) for k in (0.5, 2.5)]
    regions = read_regions(write_structure_set(tmp_path / "rs.dcm", {"GTV": planes}), images_on(geometry))
    assert regions.masks[0].array.sum(axis=(1, 2)).tolist() == [9, 9, 9, 9, 0]
    assert regions.notes == (
        "rs.dcm, ROI 1 GTV: its contours are 6.00 mm apart on slices of 3.00 mm; each slice took the nearest contour.",
    )


def test_the_planimetric_volume_is_area_times_distance_of_the_planes_though_positions_are_rounded(
    tmp_path: Path,
) -> None:
    geometry = grid()
    places = (0.0, 1.0, 1.98, 3.0, 4.0)
    planes = [rectangle(k, (0.5, 0.5), (3.5, 3.5), geometry) for k in places]
    regions = read_regions(write_structure_set(tmp_path / "rs.dcm", {"GTV": planes}), images_on(geometry))
    thickness, row, column = geometry.spacing_mm
    assert regions.regions[0].planimetric_volume_ml == pytest.approx(5 * 9 * thickness * row * column / 1000)


def test_rois_without_closed_contours_are_left_out_with_the_reason(tmp_path: Path) -> None:
    geometry = grid()
    point = ("POINT", geometry.to_lps([[2, 2, 2]]))
    line = ("OPEN_PLANAR", geometry.to_lps([[2, 2, 2], [2, 3, 3], [2, 4, 2]]))
    rois = {"GTV": [rectangle(2, (0.5, 0.5), (3.5, 3.5), geometry), point], "iso": [point], "line": [line], "none": []}
    regions = read_regions(write_structure_set(tmp_path / "rs.dcm", rois), images_on(geometry))
    assert [mask.name for mask in regions.masks] == ["GTV"]
    assert regions.notes == (
        "rs.dcm, ROI 1 GTV: left out, 1 contour(s) that enclose no area (POINT).",
        "rs.dcm, ROI 2 iso: left out, it has only 1 contour(s) that enclose no area (POINT).",
        "rs.dcm, ROI 3 line: left out, it has only 1 contour(s) that enclose no area (OPEN_PLANAR).",
        "rs.dcm, ROI 4 none: left out, it has no contours.",
    )


def test_tilted_contours_are_refused(tmp_path: Path) -> None:
    geometry = grid()
    across = ("CLOSED_PLANAR", geometry.to_lps([[0, 2, 1], [4, 2, 1], [4, 2, 5], [0, 2, 5]]))
    path = write_structure_set(tmp_path / "rs.dcm", {"GTV": [across]})
    with pytest.raises(GeometryError, match=r"ROI 1 GTV: contours are tilted .* one contour crosses 4\.0 slices"):
        read_masks(path, images_on(geometry))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1), st.floats(0.3, 9.7)), min_size=3, max_size=12), st.integers(0, 99))
def test_star_polygons_hold_the_voxels_that_see_their_centre(arms: list[tuple[float, float]], seed: int) -> None:
    """Even-odd filling against triangles from the centre; where the contour begins does not matter."""
    angles = np.cumsum([step for step, _ in arms])
    angles *= 2 * np.pi / (angles[-1] + 0.5)
    radii = np.array([radius for _, radius in arms])
    centre = np.array([10.03, 9.97])
    polygon = centre + np.column_stack([radii * np.sin(angles), radii * np.cos(angles)])
    filled = inside_polygons([polygon], (21, 21))
    turn = seed % len(arms)
    assert np.array_equal(filled, inside_polygons([np.roll(polygon, turn, axis=0)], (21, 21)))
    assert np.array_equal(filled, inside_polygons([polygon[::-1]], (21, 21)))
    inside = np.zeros((21, 21), dtype=int)
    for one, two in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        inside += _in_triangle(centre, one, two)
    sure = np.abs(_distance_to_edges(polygon)) > 1e-6
    if max(np.diff(np.append(angles, angles[0] + 2 * np.pi))) < np.pi:
        assert np.array_equal(filled[sure], (inside[sure] % 2) == 1)


def _in_triangle(a: Any, b: Any, c: Any) -> Any:
    points = np.stack(np.meshgrid(np.arange(21.0), np.arange(21.0), indexing="ij"), axis=-1)

    def side(p: Any, q: Any) -> Any:
        return (q[0] - p[0]) * (points[..., 1] - p[1]) - (q[1] - p[1]) * (points[..., 0] - p[0])

    sides = np.stack([side(a, b), side(b, c), side(c, a)])
    return (np.all(sides >= 0, axis=0) | np.all(sides < 0, axis=0)).astype(int)


def _distance_to_edges(polygon: Any) -> Any:
    points = np.stack(np.meshgrid(np.arange(21.0), np.arange(21.0), indexing="ij"), axis=-1)
    nearest = np.full((21, 21), np.inf)
    centre = np.array([10.03, 9.97])
    for one, two in [*zip(polygon, np.roll(polygon, -1, axis=0), strict=True), *((centre, p) for p in polygon)]:
        along = two - one
        share = np.clip(((points - one) @ along) / max(along @ along, 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - one - share[..., None] * along, axis=-1))
    return nearest


# --- NIfTI -----------------------------------------------------------------------------------------------------------


def test_label_maps_give_one_mask_a_label(tmp_path: Path) -> None:
    geometry = grid()
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[1, 2, 3], labels[2, 3:5, 4] = 7, 30
    regions = read_regions(write_nifti(tmp_path / "map.nii", labels, geometry), images_on(geometry))
    assert [(region.number, region.mask.name) for region in regions.regions] == [(7, "map 7"), (30, "map 30")]
    assert [mask.voxel_count for mask in regions.masks] == [1, 2]


def test_names_of_labels_in_the_header(tmp_path: Path) -> None:
    geometry = grid()
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1, 2, 3], labels[2, 3, 4] = 1, 5
    path = write_nifti(tmp_path / "map.nii.gz", labels, geometry)
    image = nibabel.load(path)
    table = (
        b'<?xml version="1.0"?><CaretExtension><LabelTable><Label Key="5">liver</Label></LabelTable></CaretExtension>'
    )
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, table))
    nibabel.save(image, tmp_path / "named.nii.gz")
    assert [mask.name for mask in read_masks(tmp_path / "named.nii.gz", images_on(geometry))] == ["named 1", "liver"]


def test_float_masks(tmp_path: Path) -> None:
    geometry = grid()
    whole = write_nifti(tmp_path / "whole.nii", REGION.astype(np.float64), geometry)
    assert np.array_equal(read_masks(whole, images_on(geometry))[0].array, REGION)
    soft = write_nifti(tmp_path / "soft.nii", np.where(REGION, 0.5, 0.49).astype(np.float32), geometry)
    regions = read_regions(soft, images_on(geometry))
    assert np.array_equal(regions.masks[0].array, REGION)
    assert regions.notes == ("soft.nii: values between 0 and 1 were cut at one half.",)
    image = write_nifti(tmp_path / "image.nii", REGION * 2.5, geometry)
    with pytest.raises(InputError, match=r"image\.nii: this is neither a mask nor a label map; found values with frac"):
        read_masks(image, images_on(geometry))


def test_a_nifti_on_another_grid_is_resampled_and_said(tmp_path: Path) -> None:
    geometry = grid()
    fine = Geometry((10, 12, 14), (1.5, 1.0, 0.75), (-20.375, 29.5, -10.75), geometry.axes_lps)
    array = REGION.repeat(2, 0).repeat(2, 1).repeat(2, 2).astype(np.uint8)
    regions = read_regions(write_nifti(tmp_path / "fine.nii", array, fine), images_on(geometry))
    assert np.array_equal(regions.masks[0].array, REGION)
    assert regions.notes == (
        "fine.nii: its grid (14 x 12 x 10 voxels of 0.75 x 1 x 1.5 mm) differs from that of the image "
        "(7 x 6 x 5 voxels of 1.5 x 2 x 3 mm); resampled by nearest neighbour.",
    )


def test_a_nifti_in_another_place_is_refused(tmp_path: Path) -> None:
    geometry = grid()
    far = Geometry(SHAPE, geometry.spacing_mm, (500.0, 30.0, -10.0), geometry.axes_lps)
    path = write_nifti(tmp_path / "far.nii", REGION.astype(np.uint8), far)
    with pytest.raises(GeometryError, match=r"far\.nii: the mask lies outside the images; found x 500 to 509"):
        read_masks(path, images_on(geometry))


def test_only_three_dimensions(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3, 2), dtype=np.uint8), np.eye(4)), tmp_path / "four.nii")
    with pytest.raises(InputError, match=r"four\.nii: .*; found shape \(3, 3, 3, 2\), type uint8; expected three dim"):
        read_image(tmp_path / "four.nii")
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3, 1), dtype=np.uint8), np.eye(4)), tmp_path / "three.nii")
    assert read_image(tmp_path / "three.nii").array.shape == (3, 3, 3)


def test_a_sheared_nifti_is_refused_by_name(tmp_path: Path) -> None:
    sheared = np.array([[1, 0.3, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    nibabel.save(nibabel.Nifti1Image(np.ones((3, 3, 3), dtype=np.uint8), sheared), tmp_path / "sheared.nii")
    with pytest.raises(
        GeometryError, match=r"sheared\.nii: the axes of a voxel grid must be perpendicular unit vectors"
    ):
        read_image(tmp_path / "sheared.nii")


def test_an_empty_mask_is_said(tmp_path: Path) -> None:
    geometry = grid()
    regions = read_regions(write_nifti(tmp_path / "e.nii", np.zeros(SHAPE, np.uint8), geometry), images_on(geometry))
    assert regions.notes == ("e.nii: the mask is empty.",)
    assert regions.masks[0].voxel_count == 0


# --- what is said ----------------------------------------------------------------------------------------------------


def refused(path: Path, frame: str | None = FRAME) -> str:
    with pytest.raises(GeometryError) as caught:
        read_masks(path, images_on(grid(), frame))
    return str(caught.value)


def test_another_frame_of_reference_is_refused_with_both_uids(tmp_path: Path) -> None:
    geometry = grid()
    seg = write_seg(tmp_path / "seg.dcm", {"P1": REGION}, geometry, frame=OTHER_FRAME)
    contours = {"GTV": outline(REGION, geometry)}
    structures = write_structure_set(tmp_path / "rs.dcm", contours, OTHER_FRAME)
    for path in (seg, structures):
        assert refused(path) == (
            f"{path.name}: the mask belongs to another frame of reference (another patient position) than the images; "
            f"found Frame of Reference UID (0020,0052) {OTHER_FRAME}; expected {FRAME} of the image. "
            "Give the mask that was drawn on these images, or register it to them first."
        )


def test_only_the_rois_of_the_same_frame_are_taken(tmp_path: Path) -> None:
    geometry = grid()
    rois = {"here": outline(REGION, geometry), f"there@{OTHER_FRAME}": outline(REGION, geometry)}
    regions = read_regions(write_structure_set(tmp_path / "rs.dcm", rois), images_on(geometry))
    assert [mask.name for mask in regions.masks] == ["here"]
    assert regions.notes == (
        f"rs.dcm, ROI 2 there: left out, its frame of reference {OTHER_FRAME} is not {FRAME} of the image.",
    )


def test_a_missing_frame_of_reference_is_said(tmp_path: Path) -> None:
    geometry = grid()
    path = write_seg(tmp_path / "seg.dcm", {"P1": REGION}, geometry, frame=None)
    regions = read_regions(path, images_on(geometry))
    assert regions.notes == ("seg.dcm: the frame of reference could not be compared, because seg.dcm names none.",)
    path = write_seg(tmp_path / "seg.dcm", {"P1": REGION}, geometry)
    regions = read_regions(path, images_on(geometry, None))
    assert regions.notes == ("seg.dcm: the frame of reference could not be compared, because the image names none.",)


def test_regions_in_another_place_are_refused(tmp_path: Path) -> None:
    far = Geometry(SHAPE, (3.0, 2.0, 1.5), (-20.0, 30.0, 800.0))
    assert "seg.dcm: the segmentation lies outside the images" in refused(
        write_seg(tmp_path / "seg.dcm", {"P1": REGION}, far)
    )
    assert "the contours lie outside the images; found planes 271.0 to 273.0" in refused(
        write_structure_set(tmp_path / "rs.dcm", {"GTV": outline(REGION, far)})
    )


def test_choosing_a_region(tmp_path: Path) -> None:
    geometry = grid()
    path = write_seg(tmp_path / "seg.dcm", {"N": REGION, "N ": np.roll(REGION, 1, 2), "Liver": REGION}, geometry)
    onto = images_on(geometry)

    def names(roi: str) -> list[str]:
        return [mask.name for mask in read_masks(path, onto, roi)]

    assert names("3") == ["Liver"]
    assert names("liver") == ["Liver"]
    assert names("N [2]") == ["N [2]"]
    assert names("N") == ["N [1]", "N [2]"]
    with pytest.raises(InputError) as caught:
        names("spleen")
    assert str(caught.value) == (
        "seg.dcm: there is no region called 'spleen'; found 1 N [1], 2 N [2], 3 Liver; "
        "expected one of these, by name or number."
    )


def test_choosing_a_region_that_was_left_out_says_why(tmp_path: Path) -> None:
    geometry = grid()
    path = write_structure_set(tmp_path / "rs.dcm", {"GTV": outline(REGION, geometry), "iso": []})
    with pytest.raises(InputError, match=r"found 1 GTV; rs\.dcm, ROI 2 iso: left out, it has no contours"):
        read_masks(path, images_on(geometry), "iso")


def test_a_folder_of_masks(tmp_path: Path) -> None:
    geometry = grid()
    for name in ("liver", "spleen"):
        write_nifti(tmp_path / f"{name}.nii.gz", REGION.astype(np.uint8), geometry)
    assert [mask.name for mask in read_masks(tmp_path, images_on(geometry))] == ["liver", "spleen"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder holds no mask; found no file"):
        read_masks(tmp_path / "empty", images_on(geometry))


def test_files_that_are_no_masks(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("nothing here")
    with pytest.raises(
        InputError, match=r"note\.txt: this file holds no mask; found another kind of file; expected a D"
    ):
        read_masks(tmp_path / "note.txt", images_on(grid()))
    (tmp_path / "broken.nii.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(InputError, match=r"broken\.nii\.gz: the file cannot be read as NIfTI"):
        read_masks(tmp_path / "broken.nii.gz", images_on(grid()))
    with pytest.raises(InputError, match=r"none\.dcm: cannot be opened; found No such file or directory"):
        read_masks(tmp_path / "none.dcm", images_on(grid()))


def test_a_truncated_segmentation(tmp_path: Path) -> None:
    geometry = grid()
    path = write_seg(tmp_path / "seg.dcm", {"P1": REGION}, geometry)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError, match=r"seg\.dcm: the segmentation's pixels cannot be decoded"):
        read_masks(path, images_on(geometry))


@given(outer=st.floats(5.0, 30.0), share=st.floats(0.2, 0.8), turn=st.floats(0.0, 6.3), island=st.booleans())
def test_planimetric_area_takes_holes_off_and_islands_in_them_back_in(
    outer: float, share: float, turn: float, island: bool
) -> None:
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False) + turn
    circle = np.column_stack([np.sin(angles), np.cos(angles)])
    radii = [outer, outer * share] + ([outer * share / 2] if island else [])
    expected = np.pi * (outer**2 - (outer * share) ** 2 + ((outer * share / 2) ** 2 if island else 0.0))
    assert enclosed_area([radius * circle + 40.0 for radius in radii]) == pytest.approx(expected, rel=1e-4)
    assert enclosed_area([radius * circle[::-1] + 40.0 for radius in radii[::-1]]) == pytest.approx(expected, rel=1e-4)
