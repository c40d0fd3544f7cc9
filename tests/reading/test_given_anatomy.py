"""Given anatomy: which file belongs to which images, which region is which organ, what is refused and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from isletscope.errors import InputError
from isletscope.intake import read_image
from isletscope.model import Role
from isletscope.reading.anatomy_files import GivenAnatomy, GivenByFrame, given_by_frame
from isletscope.reading.anatomy_names import NamesTable, part_of
from isletscope.reading.first_look import Seen
from tests.intake.mask_files import (
    FRAME,
    OTHER_FRAME,
    all_directions,
    images_on,
    outline,
    write_nifti,
    write_seg,
    write_structure_set,
)
from tests.reading.given_anatomy import body_grid, liver_on, seen_of, series

GRID = body_grid()
LIVER = liver_on(GRID)


def one_ct(frame: str | None = FRAME) -> Seen:
    return seen_of(series("ct-1", "CT", Role.CT_PORTAL_VENOUS, GRID, frame))


def ct_and_mr() -> Seen:
    mr = series("mr-1", "MR", Role.MR_T2, GRID, OTHER_FRAME)
    return seen_of(series("ct-1", "CT", Role.CT_PORTAL_VENOUS, GRID, FRAME), mr)


def given(seen: Seen, *paths: Path, names: Path | None = None) -> GivenByFrame:
    return given_by_frame(paths, names, seen)


def two_labels(path: Path) -> Path:
    labels = LIVER.astype(np.uint8)
    labels[2:5, 2:5, 20:24] = 2
    return write_nifti(path, labels, GRID)


# --- names -----------------------------------------------------------------------------------------------------------


def test_several_labels_without_names_are_refused_even_under_an_organs_file_name(tmp_path: Path) -> None:
    (refused,) = given(one_ct(), two_labels(tmp_path / "liver.nii.gz")).refused
    assert refused.problem == "the label map does not say which label is which organ"
    assert refused.found == "2 labels (1, 2) without names"
    assert "--anatomy-names" in refused.remedy


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("csv", "value,name\n1,liver\n2,spleen\n"),
        ("csv", "1,Liver\n2,Spleen\n"),
        ("yaml", "1: liver\n2: spleen\n"),
        ("json", '{"1": "liver", "2": "spleen"}'),
    ],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_table_names_the_labels(suffix: str, text: str, beside: bool, tmp_path: Path) -> None:
    table = tmp_path / f"{'organs' if beside else 'table'}.{suffix}"
    table.write_text(text)
    path = two_labels(tmp_path / "organs.nii.gz")
    found = given(one_ct(), path, names=None if beside else table)
    assert not found.refused
    organs = found.by_frame[FRAME].organs_on(images_on(GRID)).organs
    assert set(organs) == {"liver", "spleen"}
    assert organs["liver"].source == f"{path.name}, label 1 {'Liver' if 'Liver' in text else 'liver'}"


def test_a_table_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("1\n")
    with pytest.raises(InputError, match="is no table of region names"):
        given(one_ct(), two_labels(tmp_path / "organs.nii.gz"), names=table)


def test_names_of_the_table_count_for_regions_of_dicom_too(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "seg.dcm", {"Leber": LIVER}, GRID)
    table = tmp_path / "table.csv"
    table.write_text("Leber,liver\n")
    assert set(given(one_ct(), path, names=table).by_frame[FRAME].organs_on(images_on(GRID)).organs) == {"liver"}
    nothing = given(one_ct(), path).by_frame[FRAME].organs_on(images_on(GRID))
    assert not nothing.organs
    assert nothing.limits == ("Given anatomy, seg.dcm: not used, no known organ: Leber.",)


def test_codes_of_segments_tell_the_organ_and_its_side(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "seg.dcm", {"Segment A": LIVER}, GRID)
    dataset = dcmread(path)
    segment = dataset.SegmentSequence[0]
    segment.SegmentAlgorithmType, segment.SegmentAlgorithmName = "AUTOMATIC", "Net 3"
    segment.SegmentedPropertyTypeCodeSequence = [_code("64033007", "SCT", "Kidney")]
    modifier = [_code("24028007", "SCT", "Right")]
    segment.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = modifier
    dataset.save_as(path)
    organs = given(one_ct(), path).by_frame[FRAME].organs_on(images_on(GRID)).organs
    assert organs["kidney_right"].source == "seg.dcm, region 1 Segment A, drawn by Net 3, automatic"
    assert organs["kidney_right"].confidence == "moderate"
    segment.SegmentLabel = "Liver"
    dataset.save_as(path)
    contradicting = given(one_ct(), path).by_frame[FRAME].organs_on(images_on(GRID))
    assert not contradicting.organs
    assert "its code stands for kidney right" in contradicting.limits[0]


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


@pytest.mark.parametrize(
    ("name", "organ"),
    [
        ("Kidney_L", "kidney_left"),
        ("urinary_bladder", "bladder"),
        ("A_Aorta", "aorta"),
        ("postcava", "inferior_vena_cava"),
        ("lung_lower_lobe_left", "lung_left"),
        ("GTV", None),
        ("vertebrae_L3", None),
    ],
)
def test_names_of_programs_and_of_radiotherapy(name: str, organ: str | None) -> None:
    assert part_of(name) == organ
    assert NamesTable(by_name={"gtv": "liver"}).part_of("GTV") == "liver"


def test_label_table_of_totalsegmentator_in_the_header(test_data: Path) -> None:
    path = test_data / "totalsegmentator" / "example_seg.nii.gz"
    image: Any = nibabel.load(path)

    volume = read_image(path)
    seen = seen_of(series("ct-1", "CT", Role.CT_UNENHANCED, volume.geometry, None))
    found = given(seen, path)
    assert not found.refused
    read = found.by_frame["ct-1"].organs_on(volume)
    assert {"liver", "spleen", "kidney_left", "aorta", "inferior_vena_cava", "pancreas"} <= set(read.organs)
    voxels = np.count_nonzero(np.asarray(image.dataobj) == 5)
    assert read.organs["liver"].mask.voxel_count == voxels
    assert read.organs["liver"].confidence == "moderate"
    assert "not used, no known organ" in read.limits[-1]


# --- places ----------------------------------------------------------------------------------------------------------


def test_dicom_goes_to_its_frame_of_reference_and_to_no_other(tmp_path: Path) -> None:
    found = given(ct_and_mr(), write_seg(tmp_path / "seg.dcm", {"liver": LIVER}, GRID))
    assert set(found.by_frame) == {FRAME}
    assert not found.refused


def test_dicom_of_a_frame_that_is_not_there_is_refused_with_both(tmp_path: Path) -> None:
    (refused,) = given(one_ct(), write_seg(tmp_path / "seg.dcm", {"liver": LIVER}, GRID, frame="1.9.9")).refused
    assert "1.9.9" in refused.found
    assert FRAME in refused.expected


def test_the_mask_of_another_patient_is_refused_with_the_identifier(tmp_path: Path) -> None:
    path = write_seg(tmp_path / "seg.dcm", {"liver": LIVER}, GRID)
    dataset = dcmread(path)
    dataset.PatientID = "P2"
    dataset.save_as(path)
    found = given(one_ct(), path)
    assert not found.by_frame
    assert found.refused[0].problem == "the mask belongs to another patient"
    assert "P2" in found.refused[0].found


def test_nifti_that_fits_two_frames_is_refused_until_the_series_is_named(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "liver.nii.gz", LIVER.astype(np.uint8), GRID)
    (refused,) = given(ct_and_mr(), path).refused
    assert refused.problem == "the mask may belong to several images"
    assert "SERIES=FILE" in refused.remedy
    assert set(given(ct_and_mr(), Path(f"mr-1={path}")).by_frame) == {OTHER_FRAME}


def test_nifti_outside_all_images_is_refused(tmp_path: Path) -> None:
    away = GRID.__class__(GRID.shape, GRID.spacing_mm, (5000.0, 0.0, 0.0), GRID.axes_lps)
    (refused,) = given(one_ct(), write_nifti(tmp_path / "liver.nii.gz", LIVER.astype(np.uint8), away)).refused
    assert refused.problem == "the mask lies outside all images of this patient"


def test_empty_and_missing_files(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "liver.nii.gz", np.zeros(GRID.shape, dtype=np.uint8), GRID)
    assert given(one_ct(), path).refused[0].problem == "the mask is empty"
    with pytest.raises(InputError, match="does not exist"):
        given(one_ct(), tmp_path / "spleen.nii.gz")


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for name in ("liver", "spleen"):
        write_nifti(tmp_path / f"{name}.nii.gz", LIVER.astype(np.uint8), GRID)
    assert set(given(one_ct(), tmp_path).by_frame[FRAME].organs_on(images_on(GRID)).organs) == {"liver", "spleen"}


# --- the same organ however it comes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", all_directions()[::5])
def test_nifti_seg_and_contours_give_the_same_organ(axes: Any, tmp_path: Path) -> None:
    turned = body_grid(axes)
    own = liver_on(turned)
    nifti = write_nifti(tmp_path / "liver.nii.gz", own.astype(np.uint8), turned)
    seg = write_seg(tmp_path / "seg.dcm", {"Liver": own}, turned)
    seen = one_ct()
    target = images_on(GRID)
    contours = write_structure_set(tmp_path / "rs.dcm", {"Liver": outline(LIVER, GRID)})
    for path in (nifti, seg, contours):
        organ = given(seen, path).by_frame[FRAME].organs_on(target).organs["liver"]
        differing = np.count_nonzero(organ.mask.array ^ LIVER)
        assert differing <= 0.02 * np.count_nonzero(LIVER)


def test_the_step_is_done_again_when_a_mask_or_a_name_changes(tmp_path: Path) -> None:
    path, table = two_labels(tmp_path / "organs.nii.gz"), tmp_path / "organs.csv"
    table.write_text("1,liver\n2,spleen\n")
    first = given(one_ct(), path).by_frame[FRAME].digest
    assert first == given(one_ct(), path).by_frame[FRAME].digest
    table.write_text("1,liver\n2,stomach\n")
    second = given(one_ct(), path).by_frame[FRAME].digest
    write_nifti(path, LIVER.astype(np.uint8) * 2, GRID)
    third = given(one_ct(), path).by_frame[FRAME].digest
    assert len({first, second, third}) == 3
    assert GivenAnatomy().digest == ""
