"""Mixed series come apart by what tells their images apart, and each part says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from isletscope.intake import load_volume, scan
from isletscope.intake.diffusion import b_value_with_source
from isletscope.intake.files import Instance
from isletscope.model import Role
from tests.intake.builders import Grid, Maker, write

UID = generate_uid()


def parts_of(folder: Path) -> list[str | None]:
    series = scan([folder]).series
    assert all(files.record.usable for files in series), [f.record.findings for f in series]
    assert len({files.record.series_uid for files in series}) == 1
    return [files.record.part for files in series]


def together(*groups: dict[str, Any], modality: str = "MR", grid: Grid | None = None) -> list[Dataset]:
    """One series of several groups of images at the same positions."""
    maker = Maker()
    return [one for group in groups for one in maker.series(modality, grid, SeriesInstanceUID=UID, **group)]


def test_b_values_come_apart_and_are_recorded(tmp_path: Path) -> None:
    write(together(*({"DiffusionBValue": b} for b in (800.0, 0.0, 50.0))), tmp_path)
    assert parts_of(tmp_path) == ["b = 0 s/mm2", "b = 50 s/mm2", "b = 800 s/mm2"]
    series = scan([tmp_path]).series
    assert [files.record.b_value_s_mm2 for files in series] == [0.0, 50.0, 800.0]
    assert {files.record.role for files in series} == {Role.MR_DWI}


def test_b_values_with_directions_come_apart_twice(tmp_path: Path) -> None:
    directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    weighted = [{"DiffusionBValue": 800.0, "DiffusionGradientOrientation": one} for one in directions]
    write(together({"DiffusionBValue": 0.0}, *weighted), tmp_path)
    parts = parts_of(tmp_path)
    assert len(parts) == 4
    assert sum(str(part).startswith("b = 800 s/mm2, direction") for part in parts) == 3


def test_dixon_images_come_apart_by_image_type(tmp_path: Path) -> None:
    kinds = ["IN_PHASE", "OPP_PHASE", "WATER", "FAT"]
    types = [{"ImageType": ["DERIVED", "PRIMARY", "M", "DIXON", kind]} for kind in kinds]
    write(together(*types), tmp_path)
    assert set(parts_of(tmp_path)) == set(kinds)
    roles = {files.record.part: files.record.role for files in scan([tmp_path]).series}
    assert roles == {
        "IN_PHASE": Role.MR_T1_IN_PHASE,
        "OPP_PHASE": Role.MR_T1_OPPOSED_PHASE,
        "WATER": Role.MR_T1_FAT_SATURATED,
        "FAT": Role.MR_OTHER,
    }


def test_echoes_come_apart(tmp_path: Path) -> None:
    common = {"SeriesDescription": "T1 in/opp phase", "MagneticFieldStrength": "1.5"}
    write(together({"EchoTime": "2.3", **common}, {"EchoTime": "4.6", **common}), tmp_path)
    assert parts_of(tmp_path) == ["TE 2.3 ms", "TE 4.6 ms"]
    roles = [files.record.role for files in scan([tmp_path]).series]
    assert roles == [Role.MR_T1_OPPOSED_PHASE, Role.MR_T1_IN_PHASE]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"TemporalPositionIdentifier": "1"}, {"TemporalPositionIdentifier": "2"}),
        ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101600"}),
        ({"TriggerTime": "100"}, {"TriggerTime": "30100"}),
    ],
)
def test_moments_come_apart_in_order(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    write(together(second, first), tmp_path)
    parts = parts_of(tmp_path)
    assert [str(part)[:12] for part in parts] == ["phase 1 of 2", "phase 2 of 2"]
    assert [files.record.role for files in scan([tmp_path]).series] == [Role.MR_DYNAMIC] * 2


def test_moments_with_a_time_for_every_slice_come_apart_by_rank(tmp_path: Path) -> None:
    datasets = together({}, {})
    for number, dataset in enumerate(datasets):
        dataset.AcquisitionTime = f"1015{number:02d}"
    write(datasets, tmp_path)
    assert parts_of(tmp_path) == ["phase 1 of 2", "phase 2 of 2"]


def test_a_phase_that_lacks_a_slice_still_comes_apart(tmp_path: Path) -> None:
    datasets = together({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101600"}, grid=Grid(slices=7))
    del datasets[3]
    write(datasets, tmp_path)
    first, second = scan([tmp_path]).series
    assert first.gaps == (3,)
    assert second.gaps == ()


def test_orientations_come_apart_with_their_names(tmp_path: Path) -> None:
    maker = Maker()
    axial = maker.series("MR", SeriesInstanceUID=UID)
    coronal = maker.series("MR", Grid(orientation=(1, 0, 0, 0, 0, -1)), SeriesInstanceUID=UID)
    write(axial, tmp_path / "a")
    write(coronal, tmp_path / "b")
    assert set(parts_of(tmp_path)) == {"axial", "coronal"}


def test_many_directions_with_few_planes_are_no_volume(tmp_path: Path) -> None:
    maker = Maker()
    for number, row in enumerate(
        [(1, 0, 0, 0, 1, 0), (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (0.6, 0.8, 0, 0, 0, -1)]
    ):
        write(maker.series("MR", Grid(orientation=row, slices=1), SeriesInstanceUID=UID), tmp_path / str(number))
    (files,) = scan([tmp_path]).series
    assert files.record.findings[0].code == "mixed_orientation"
    assert not files.record.usable


def test_thick_and_thin_slices_of_one_series_come_apart(tmp_path: Path) -> None:
    maker = Maker()
    thick = maker.series("CT", Grid(slices=5, step_mm=5), SeriesInstanceUID=UID, SliceThickness="5")
    thin = maker.series("CT", Grid(slices=21, step_mm=1), SeriesInstanceUID=UID, SliceThickness="1")
    write(thick, tmp_path / "a")
    write(thin, tmp_path / "b")
    assert parts_of(tmp_path) == ["slices of 1 mm", "slices of 5 mm"]


def test_two_slabs_at_unlike_distances_come_apart_by_acquisition(tmp_path: Path) -> None:
    maker = Maker()
    chest = maker.series("CT", Grid(slices=5, step_mm=2), SeriesInstanceUID=UID, AcquisitionNumber="1")
    belly = Grid(slices=5, step_mm=5, origin=(-20, -10, -61.3))
    write(chest, tmp_path / "a")
    write(maker.series("CT", belly, SeriesInstanceUID=UID, AcquisitionNumber="2"), tmp_path / "b")
    assert parts_of(tmp_path) == ["acquisition 1", "acquisition 2"]


def test_a_whole_series_has_no_part(tmp_path: Path) -> None:
    write(together({"AcquisitionTime": "101500"}), tmp_path)
    assert parts_of(tmp_path) == [None]


def test_frames_of_an_enhanced_object_come_apart_by_b_value(tmp_path: Path) -> None:
    dataset = Maker().enhanced("MR", Grid(slices=3), order=[0, 1, 2, 2, 1, 0])
    for number, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        diffusion = Dataset()
        diffusion.DiffusionBValue = 0.0 if number < 3 else 600.0
        groups.MRDiffusionSequence = Sequence([diffusion])
    write([dataset], tmp_path)
    assert parts_of(tmp_path) == ["b = 0 s/mm2", "b = 600 s/mm2"]
    low, high = (load_volume(files) for files in scan([tmp_path]).series)
    assert (low.array == high.array).all()


def private(group: int, creator: str, element: int, vr: str, value: Any) -> Dataset:
    dataset = Dataset()
    dataset.Modality = "MR"
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    return dataset


@pytest.mark.parametrize(
    ("header", "expected", "vendor"),
    [
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "800"), 800, "Siemens"),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", ["1000000600", "8", "0", "0"]), 600, "GE"),
        (private(0x0043, "GEMS_PARM_01", 0x39, "IS", ["12000", "8", "0", "0"]), 12000, "GE"),
        (private(0x2001, "Philips Imaging DD 001", 0x03, "FL", 50.0), 50, "Philips"),
        (private(0x2001, "Philips Imaging DD 001", 0x03, "UN", b"\x00\x00\x48\x44"), 800, "Philips"),
        (private(0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"400 "), 400, "Siemens"),
    ],
)
def test_b_values_in_private_tags(header: Dataset, expected: float, vendor: str) -> None:
    found = b_value_with_source(Instance(Path("x"), header))
    assert found is not None
    assert found[0] == expected
    assert vendor in found[1]


def test_the_public_b_value_comes_first() -> None:
    header = private(0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "800")
    header.DiffusionBValue = 750.0
    assert b_value_with_source(Instance(Path("x"), header)) == (750.0, "Diffusion b-value (0018,9087)")
