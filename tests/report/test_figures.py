"""Pictures: labels apart, planes where they belong, windows and outlines right."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from isletscope.report.content.overview import pet_views
from isletscope.report.figures.labels import Mark, sides, spread
from isletscope.report.figures.planes import Plane, outline, sample
from isletscope.report.figures.projections import projection_figures
from isletscope.report.figures.raster import coloured, data_address, fused, grey, windowed
from isletscope.report.figures.scale import bar_length_mm
from isletscope.report.figures.settings import display
from isletscope.report.figures.slices import SliceImages, slice_figure
from isletscope.report.figures.svg import Canvas
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume
from tests.report import cases

TILTED = Geometry(
    (30, 40, 50),
    (4.0, 3.0, 2.0),
    (10.0, -60.0, 5.0),
    ((0.0, np.sin(0.3), np.cos(0.3)), (0.0, np.cos(0.3), -np.sin(0.3)), (-1.0, 0.0, 0.0)),
)


@given(st.lists(st.floats(0, 100), max_size=30), st.floats(0.5, 4))
def test_labels_keep_apart_and_inside(wanted: list[float], gap: float) -> None:
    heights = spread(sorted(wanted), 0.0, 100.0, gap)
    least = min(gap, 100.0 / max(len(wanted) - 1, 1))
    assert all(below - above >= least - 1e-6 for above, below in pairwise(heights))
    assert all(-1e-6 <= height <= 100.0 + 1e-6 for height in heights)


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([10.0, 50.0, 90.0], 0.0, 100.0, 3.0) == [10.0, 50.0, 90.0]


def test_an_over_full_side_gives_to_the_other() -> None:
    marks = [Mark(f"L{n}", 10.0 + n, float(n), 1.0, False) for n in range(6)]
    left, right = sides(marks, 50.0, 4, both=True)
    assert [mark.name for mark in left] == ["L0", "L1", "L2", "L3"]
    assert [mark.name for mark in right] == ["L4", "L5"]
    assert sides(marks, 50.0, 4, both=False) == ([], marks)


@pytest.mark.parametrize("view", ["axial", "coronal", "sagittal"])
def test_a_plane_shows_patient_coordinates_on_a_tilted_flipped_grid(view: str) -> None:
    points = TILTED.to_lps(np.moveaxis(np.indices(TILTED.shape), 0, -1))
    centre = TILTED.to_lps([15, 20, 25])
    right, down = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[view]
    plane = Plane(view, (float(centre[0]), float(centre[1]), float(centre[2])), 20.0, 20)
    steps = (np.arange(20) + 0.5) - 10
    for axis, expected in (
        (right, np.tile(centre[right] + steps, (20, 1))),
        (down, np.tile((centre[down] + (1 if down == 1 else -1) * steps)[:, None], (1, 20))),
    ):
        picture = sample(Volume(points[..., axis], TILTED, SUV_BODY_WEIGHT), plane, outside=0.0)
        np.testing.assert_allclose(picture, expected, atol=1e-3)


def test_beyond_the_grid_a_plane_shows_the_outside_value() -> None:
    grid = Geometry((10, 10, 10), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    volume = Volume(np.ones(grid.shape, np.float32), grid, SUV_BODY_WEIGHT)
    picture = sample(volume, Plane("axial", (0.0, 4.5, 4.5), 8.0, 16), outside=-7.0)
    assert picture[8, 2] == -7.0
    assert picture[8, 14] == 1.0
    assert np.all(sample(volume, Plane("axial", (0.0, 0.0, 50.0), 8.0, 16), outside=-7.0) == -7.0)


def test_the_outline_of_a_sphere_is_a_circle_at_its_place() -> None:
    grid = Geometry((40, 40, 40), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    points = grid.to_lps(np.moveaxis(np.indices(grid.shape), 0, -1))
    mask = ((points - np.array([22.0, 18.0, 20.0])) ** 2).sum(-1) <= 64
    (line,) = outline(mask, grid, Plane("axial", (20.0, 20.0, 20.0), 40.0, 120))
    x, y = np.array(line).T * 40.0
    assert line[0] == line[-1]
    np.testing.assert_allclose([x.mean(), y.mean()], [22.0, 18.0], atol=0.4)
    np.testing.assert_allclose(np.hypot(x - 22, y - 18), 8.2, atol=0.7)


def test_windows_and_maps_end_where_they_say() -> None:
    unit = windowed(np.array([-5.0, 0.0, 11.0, 22.0, 99.0, np.nan]), 0.0, 22.0)
    np.testing.assert_allclose(unit, [0, 0, 0.5, 1, 1, 0])
    assert grey(unit, inverted=True).tolist() == [255, 255, 128, 0, 0, 255]
    for tracer in display().tracers.values():
        shown = coloured(np.linspace(0, 1, 64, dtype=np.float32), tracer.map).astype(float)
        lightness = shown @ np.array([0.2126, 0.7152, 0.0722])
        assert np.all(np.diff(lightness) >= -1.0), "lightness rises along the map"


def test_fusion_leaves_the_ct_alone_below_its_threshold() -> None:
    settings = display()
    colours = next(iter(settings.tracers.values())).map
    ct = np.full((2, 2), 90, np.uint8)
    low = np.full((2, 2), settings.fusion.begin, np.float32)
    assert np.all(fused(ct, low, colours, settings.fusion) == 90)
    assert np.all(fused(ct, np.ones((2, 2), np.float32), colours, settings.fusion) > 200)


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert data_address(picture) == data_address(picture.copy())


@given(st.floats(5, 2000))
def test_the_scale_bar_takes_at_most_two_fifths(shown: float) -> None:
    assert bar_length_mm(shown) <= 0.4 * shown


def test_text_in_a_picture_is_escaped() -> None:
    canvas = Canvas(10, 10)
    canvas.text(1, 1, "<a> & b")
    assert "&lt;a&gt; &amp; b" in canvas.markup()


def test_the_field_of_view_follows_the_lesion_in_steps() -> None:
    field = display().field_of_view
    assert field.edge_mm(None) == field.smallest_mm
    assert field.edge_mm(70.0) == 180.0
    assert field.edge_mm(900.0) == field.largest_mm


def _flipped(volume: Volume) -> Volume:
    """The same voxels stored with all axes reversed and the first two exchanged."""
    grid = volume.geometry
    last = grid.to_lps([size - 1 for size in grid.shape])
    axes = tuple(tuple(-value for value in axis) for axis in grid.axes_lps)
    stored = Geometry(
        (grid.shape[1], grid.shape[0], grid.shape[2]),
        (grid.spacing_mm[1], grid.spacing_mm[0], grid.spacing_mm[2]),
        (float(last[0]), float(last[1]), float(last[2])),
        (axes[1], axes[0], axes[2]),  # type: ignore[arg-type]
    )
    return Volume(volume.array[::-1, ::-1, ::-1].transpose(1, 0, 2), stored, SUV_BODY_WEIGHT)


@pytest.mark.parametrize("stored", ["as usual", "flipped and exchanged"])
def test_a_mark_lies_on_its_lesion_in_both_views(stored: str) -> None:
    case, images = cases.one_pet_case(cases.SPOTS[2:3])
    volume = images.volumes["pet-1"]
    clean = volume.with_array(np.where(images.foci["pet-1"] == 1, volume.array, 0.5).astype(np.float32))
    shown = _flipped(clean) if stored != "as usual" else clean
    (figure,) = projection_figures([(pet_views(case)[0], shown)], 178.0)
    boxes = [
        tuple(float(v) for v in found)
        for found in re.findall(r'<image x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', figure.svg)
    ]
    pictures = [
        np.asarray(Image.open(BytesIO(base64.b64decode(data)))) for data in re.findall(r"base64,([^\"]+)", figure.svg)
    ]
    circles = sorted({(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', figure.svg)})
    assert len(boxes) == len(pictures) == len(circles) == 2
    for (left, top, width, height), picture, (x, y) in zip(sorted(boxes), pictures, circles, strict=True):
        row = int((y - top) / height * picture.shape[0])
        column = int((x - left) / width * picture.shape[1])
        assert picture[row, column] < 60, "the lesion is dark where the mark is"
        assert np.median(picture) > 200
    (left, _, width, _), (x, _) = sorted(boxes)[0], circles[0]
    assert x < left + width / 2, "a lesion on the patient's right lies on the left of the anterior picture"


def test_a_key_slice_shows_the_lesion_in_its_middle() -> None:
    case, images = cases.one_pet_case(cases.SPOTS[:1])
    (pet,) = pet_views(case)
    figure = slice_figure(pet.shown[0], images.volumes["pet-1"], SliceImages(case, pet, images), 178.0)
    pictures = [
        np.asarray(Image.open(BytesIO(base64.b64decode(data)))) for data in re.findall(r"base64,([^\"]+)", figure.svg)
    ]
    assert [picture.ndim for picture in pictures] == [2, 3, 3, 3, 3], "CT is grey, PET and fused are coloured"
    middle = pictures[1][125:135, 125:135].mean()
    assert middle > 230
    assert pictures[1][:40, :40].mean() < 40
    assert "stroke-dasharray" not in figure.svg, "suspicious for tumour: solid outline"
    assert "CT, PET and fused images" in figure.alt


def test_without_ct_only_pet_is_shown() -> None:
    case, images = cases.one_pet_case(cases.SPOTS[6:])
    (pet,) = pet_views(case)
    without = cases.FakeImages({"pet-1": images.volumes["pet-1"]}, images.foci)
    figure = slice_figure(pet.shown[0], images.volumes["pet-1"], SliceImages(case, pet, without), 178.0)
    assert figure.svg.count("<image") == 3
    assert "stroke-dasharray" in figure.svg, "indeterminate: dashed outline"
    assert figure.caption[0].startswith("no CT")
