"""Series that form no plain grid: gaps, repeats, uneven distances, tilt, single slices, missing positions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.intake import SeriesFiles, load_volume, scan
from isletscope.model import Severity
from tests.intake.builders import AXIAL, Grid, Maker, ramp, write


def only_series(folder: Path) -> SeriesFiles:
    (files,) = scan([folder]).series
    return files


def finding_of(files: SeriesFiles, code: str) -> str:
    (found,) = [item for item in files.record.findings if item.code == code]
    return f"{found.severity}: {found.problem}; found {found.found}"


def test_rounded_positions_are_one_even_spacing(tmp_path: Path) -> None:
    maker, grid = Maker(), Grid(slices=9)
    heights = np.cumsum([0, *[2.02, 2.03] * 4])
    write([maker.slice("CT", grid, k, "1.2.3", position=(0, 0, z)) for k, z in enumerate(heights)], tmp_path)
    files = only_series(tmp_path)
    assert files.record.usable
    assert not files.record.findings
    assert files.record.grid is not None
    assert files.record.grid.spacing_kji_mm[0] == pytest.approx(2.025)


def test_missing_slices_are_named_and_interpolated_for_display_only(tmp_path: Path) -> None:
    write([one for k, one in enumerate(Maker().series("CT", Grid(slices=10))) if k not in (2, 5, 6)], tmp_path)
    files = only_series(tmp_path)
    assert files.gaps == (2, 5, 6)
    assert files.planes == (0, 1, 3, 4, 7, 8, 9)
    assert finding_of(files, "missing_slices") == (
        "warning: slices are missing; they are interpolated for display and nothing is measured in them; "
        "found 3 of 10 missing: plane 3, 6, 7"
    )
    volume = load_volume(files)
    assert volume.missing_slices == (2, 5, 6)
    expected = ramp(volume.geometry.to_lps(np.stack(np.indices(volume.array.shape), axis=-1)))
    assert np.abs(volume.array - expected).max() < 1.01


def test_too_many_gaps_are_uneven_distances(tmp_path: Path) -> None:
    maker, grid = Maker(), Grid()
    for k, z in enumerate([0, 3, 6, 20, 41, 65]):
        write([maker.slice("CT", grid, k, "1.2.3", position=(0, 0, z))], tmp_path / str(k))
    files = only_series(tmp_path)
    assert not files.record.usable
    assert finding_of(files, "non_uniform_spacing") == (
        "error: the distances between slices differ; found 6 slices, 3 to 24 mm apart"
    )
    with pytest.raises(InputError, match="the distances between slices differ"):
        load_volume(files)


def test_repeated_positions_without_a_difference_are_not_measured(tmp_path: Path) -> None:
    maker = Maker()
    write(maker.series("CT", SeriesInstanceUID="1.2.3"), tmp_path / "a")
    write(maker.series("CT", SeriesInstanceUID="1.2.3", of=lambda points: ramp(points) + 5), tmp_path / "b")
    files = only_series(tmp_path)
    assert finding_of(files, "duplicate_positions") == (
        "error: several images lie at the same position and nothing in their headers tells them apart; "
        "found 5 of 10 images repeat a position"
    )
    assert not files.record.usable


def test_images_sent_twice_under_two_identifiers_are_used_once(tmp_path: Path) -> None:
    maker = Maker()
    write(maker.series("CT", SeriesInstanceUID="1.2.3"), tmp_path / "a")
    write(maker.series("CT", SeriesInstanceUID="1.2.3")[1:3], tmp_path / "b")
    files = only_series(tmp_path)
    assert files.record.instance_count == 5
    assert files.record.usable
    assert finding_of(files, "copied_images") == (
        "warning: images were sent twice under two identifiers with equal values; one of each is used; "
        "found 2 copies among 7 images"
    )


def test_a_tilted_gantry_is_named_with_its_angle(tmp_path: Path) -> None:
    maker = Maker()
    tilt = np.radians(12)
    grid = Grid(orientation=(1, 0, 0, 0, np.cos(tilt), -np.sin(tilt)), rows=64)
    slices = [maker.slice("CT", grid, k, "1.2.3", position=(0, 0, 5.0 * k), GantryDetectorTilt="-12") for k in range(5)]
    write(slices, tmp_path)
    files = only_series(tmp_path)
    assert finding_of(files, "gantry_tilt") == (
        "error: the planes are tilted against the direction of the table (gantry tilt), so the voxels are sheared; "
        "found 12.0 degrees; Gantry/Detector Tilt (0018,1120) says -12 degrees"
    )
    assert not files.record.usable


def test_planes_that_step_aside_form_no_grid(tmp_path: Path) -> None:
    maker, grid = Maker(), Grid()
    aside = [0, 0, 4, 4, 0]
    write([maker.slice("CT", grid, k, "1.2.3", position=(x, 0, 3 * k)) for k, x in enumerate(aside)], tmp_path)
    assert finding_of(only_series(tmp_path), "shifted_planes").startswith("error: the planes are shifted sideways")


def test_a_single_slice_takes_its_depth_from_the_slice_thickness(tmp_path: Path) -> None:
    write(Maker().series("CT", Grid(slices=1), SliceThickness="4"), tmp_path)
    files = only_series(tmp_path)
    assert files.record.usable
    assert load_volume(files).geometry.spacing_mm[0] == 4
    assert finding_of(files, "single_slice").startswith("warning: the series has one slice")


@pytest.mark.parametrize("lost", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_images_without_a_place_are_listed_and_not_measured(tmp_path: Path, lost: str) -> None:
    datasets = Maker().series("CT")
    for dataset in datasets:
        delattr(dataset, lost)
    write(datasets, tmp_path)
    files = only_series(tmp_path)
    assert files.record.grid is None
    assert files.record.findings[0].severity is Severity.ERROR
    assert "do not say where they lie" in files.record.findings[0].problem


def test_one_image_with_a_broken_orientation_does_not_spoil_the_others(tmp_path: Path) -> None:
    datasets = Maker().series("CT")
    datasets[0].ImageOrientationPatient = ["0"] * 6
    write(datasets, tmp_path)
    series = scan([tmp_path]).series
    assert sorted(files.record.usable for files in series) == [False, True]
    assert AXIAL[0] == 1


def test_a_mosaic_forms_no_volume_and_says_why(tmp_path: Path) -> None:
    image = Maker().slice("MR", Grid(slices=1), 0, "1.2.3")
    image.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND", "MOSAIC"]
    write([image], tmp_path)
    files = only_series(tmp_path)
    assert files.record.grid is None
    assert "many slices side by side" in finding_of(files, "mosaic")
