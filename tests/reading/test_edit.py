"""A reader's edits of verdicts, against the whole work from nothing: the same case, and no image opened again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isletscope.errors import CaseError, InputError
from isletscope.model import (
    Alignment,
    AlignmentKind,
    Assessment,
    Case,
    Compartment,
    Focus,
    Lesion,
    OrganFinding,
    ReaderEntries,
    ReadingOfImages,
    Software,
    State,
    Verdict,
    case_from_json,
    case_to_json,
    measured,
    missing,
)
from isletscope.reading import CaseFolder, Edit, edit_case, write_label_map
from isletscope.reading.conclude import ReaderSays, conclude_case
from isletscope.reading.displacements import transforms_of
from isletscope.reading.edit import KeptImages
from isletscope.reading.found import keep_found, recall_found
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.series_source import stamp_of
from tests.reading.small_case import EXAM_OF, ROLES, SHAPE, ct_reading, distance_mm, grid, small_case, transforms

SECOND_AT = (12, 16, 22)  # [k, j, i]: inside the liver, clear of the first lesion


def second_lesion(folder: Path) -> ReadingOfImages:
    """A reading of the CT with an unsure focus of its own."""
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), axis=-1)
    inside = np.linalg.norm((index - SECOND_AT) * 3.0, axis=-1) <= 7.0
    write_label_map(folder / "masks/ct-2_foci.nii.gz", inside.astype(np.uint16), grid("ct-2"))
    write_label_map(
        folder / "masks/ct-2_organs.nii.gz", np.where(distance_mm() <= 32.0, 7, 0).astype(np.uint8), grid("ct-2")
    )
    x, y, z = (float(value) for value in grid("ct-2").to_lps(SECOND_AT))
    focus = Focus(
        id="ct-2/1", series_key="ct-2", label=1, site="liver", site_code="liver", verdict=Verdict.UNSURE,
        assessment=Assessment(name="verdict", state=State.DERIVED, value="unsure"),
        centroid_lps_mm=(x, y, z), maximum_lps_mm=(x, y, z), threshold=missing("threshold", "test"),
        delineation="test",
        measurements={"volume": measured("volume", 1.4, "mL"), "long_axis": measured("long axis", 14.0, "mm")},
    )  # fmt: skip
    return ct_reading(
        foci=[focus],
        foci_map="masks/ct-2_foci.nii.gz",
        organ_map="masks/ct-2_organs.nii.gz",
        organs=[OrganFinding(name="liver", state=State.DERIVED, label=7)],
    )


@pytest.fixture
def read(tmp_path: Path) -> CaseFolder:
    """A case folder as a reading leaves it: a tumour on PET, an unsure lesion on CT, both PET and MR beside them."""
    case, folder = small_case(tmp_path / "case")
    for key in ROLES:
        volume = folder.volume(key)
        assert volume is not None
        folder.keep_volume(key, volume, stamp_of(case.series(key)))
    case.readings[0].foci[0].measurements["total_uptake"] = measured("total uptake", 45.0, "g")
    case.image_readings = [second_lesion(folder.path)]
    case.lesions.append(
        Lesion(
            id="L2",
            tracking_uid="2.25.2",
            site="liver",
            compartment=Compartment.LIVER,
            verdict=Verdict.UNSURE,
            focus_ids=["ct-2/1"],
        )
    )
    case.alignments = [
        Alignment(
            exam_key=EXAM_OF[key], frame_of_reference_uid=EXAM_OF[key], series_key=key, reference_series_key="pet-1",
            series_keys=[one for one in ROLES if EXAM_OF[one] == EXAM_OF[key]], usable=True, uncertainty_mm=1.0,
            kind=AlignmentKind.REFERENCE if key == "pet-1" else AlignmentKind.RIGID, matrix=there.matrix.tolist(),
        )
        for key, there in transforms().items()
        if key != "ct-1"
    ]  # fmt: skip
    keep_found(folder, case)
    folder.save(from_nothing(folder, None))
    return folder


def from_nothing(folder: CaseFolder, earlier: Case | None, **said: Any) -> Case:
    """The case with everything measured anew, as a whole reading does it."""
    found = recall_found(folder)
    assert found is not None
    found.case.software = Software(version="0", created="2026-11-01T00:00:00+00:00")
    entries = ReaderEntries.model_validate(said)
    return conclude_case(
        folder,
        found.case,
        KeptImages(folder, found.case),
        transforms_of(folder.path, found.case.alignments),
        ReaderSays(entries.overrides),
        earlier=earlier,
        results=KeptResults(),
    )


def verdict(lesion: str, value: str, why: str = "seen again") -> dict[str, str]:
    return {"lesion": lesion, "verdict": value, "who": "A. Reader", "when": "2026-11-20", "why": why}


def back(lesion: str) -> dict[str, str]:
    return {"lesion": lesion, "who": "A. Reader", "when": "2026-11-21", "why": "a mistake"}


def edited(folder: CaseFolder, **said: Any) -> Case:
    return edit_case(CaseFolder.open(folder.path), Edit(entries=ReaderEntries.model_validate(said)))


FIRST_DELETED = {"overrides": [verdict("L1", "physiologic")]}
ADD = {"overrides": [verdict("L2", "tumour")]}
CHANGE = {"overrides": [verdict("L2", "unsure")]}
DELETE = {"overrides": [verdict("L2", "physiologic")]}
BOTH = {"overrides": [verdict("L2", "tumour"), verdict("L1", "unsure")]}
WITHDRAW = {"withdrawn": [back("L2")]}


@pytest.mark.parametrize(
    ("edits", "stand"),
    [
        ([ADD], ADD),
        ([ADD, CHANGE], CHANGE),
        ([DELETE], DELETE),
        ([DELETE, ADD], ADD),
        ([BOTH], BOTH),
        ([ADD, WITHDRAW], {}),
        ([DELETE, WITHDRAW], {}),
        ([FIRST_DELETED, ADD], {"overrides": FIRST_DELETED["overrides"] + ADD["overrides"]}),
    ],
)
def test_edits_give_the_case_that_all_the_work_from_nothing_gives(
    read: CaseFolder, edits: list[dict[str, Any]], stand: dict[str, Any]
) -> None:
    unedited = CaseFolder.open(read.path).case
    for edit in edits:
        last = edited(read, **edit)
    assert case_to_json(last) == case_to_json(from_nothing(read, unedited, **stand))
    assert (read.path / "case.json").read_text() == case_to_json(last)


def test_a_verdict_opens_no_image_that_was_measured_before(read: CaseFolder) -> None:
    edited(read, **ADD)
    shutil.rmtree(read.cache_folder / "volumes")
    assert edited(read, **DELETE).lesions[0].id == "L1"
    again = edited(read, **ADD)
    assert {one.id: one.verdict for one in again.lesions} == {"L1": Verdict.TUMOUR, "L2": Verdict.TUMOUR}
    row = next(one for one in again.phenotypes if one.lesion == "L2")
    assert row.number("hu_late_arterial") is not None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"overrides": [verdict("L9", "tumour")]}, "a lesion that the case does not have"),
        (WITHDRAW, "no verdict was given that could be taken back"),
        (
            {"entries": [{"subject": "weight_kg", "value": 70.0, "who": "A", "when": "2026-11-20", "why": "scale"}]},
            "a value in place of one in the headers",
        ),
    ],
)
def test_what_fits_nothing_is_refused_and_the_case_stays(read: CaseFolder, said: dict[str, Any], problem: str) -> None:
    before = (read.path / "case.json").read_bytes()
    with pytest.raises(InputError, match=problem):
        edited(read, **said)
    assert (read.path / "case.json").read_bytes() == before


def test_a_verdict_taken_back_and_given_at_once_is_refused(read: CaseFolder) -> None:
    edited(read, **ADD)
    with pytest.raises(InputError, match="taken back and given at once"):
        edited(read, **ADD, **WITHDRAW)


@pytest.mark.parametrize("lost", ["found", "outline"])
def test_without_what_the_images_gave_a_verdict_is_refused(read: CaseFolder, lost: str) -> None:
    before = (read.path / "case.json").read_bytes()
    if lost == "found":
        shutil.rmtree(read.cache_folder)
    else:
        write_label_map(read.path / "masks/ct-2_foci.nii.gz", np.zeros(SHAPE, np.uint16), grid("ct-2"))
    with pytest.raises(CaseError, match="Read the images again"):
        edited(read, **ADD)
    assert (read.path / "case.json").read_bytes() == before


def test_results_of_lesions_that_are_damaged_are_measured_again(read: CaseFolder) -> None:
    expected = case_to_json(edited(read, **ADD))
    (read.cache_folder / "steps" / "lesions.json").write_text('{"rests_on": "')
    assert case_to_json(edited(read, **ADD)) == expected


def test_a_copied_case_folder_can_be_edited(read: CaseFolder, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(read.path, copied, copy_function=shutil.copyfile)  # other times than the original
    case = edit_case(CaseFolder.open(copied), Edit(entries=ReaderEntries.model_validate(ADD)))
    assert case_to_json(case) == case_to_json(edited(read, **ADD))
    assert case_from_json((copied / "case.json").read_text()) == case
