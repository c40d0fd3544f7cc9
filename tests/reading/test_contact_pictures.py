"""What the pictures of contacts show is kept in the case folder, drawn from there, and gone with the contact."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from isletscope.model import Verdict
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_pictures import FOLDER, keep_pictures, packed
from isletscope.reading.kept_results import KeptResults
from isletscope.report.content.contact_section import contact_section
from isletscope.report.images import NoImages
from tests.reading.test_vessel_contacts import contacts, folder_of

VEIN, ARTERY = "superior_mesenteric_vein", "superior_mesenteric_artery"
BESIDE = {VEIN: (16.0, 0.0), ARTERY: (-32.0, 0.0)}


def names(folder: CaseFolder) -> set[str]:
    return {path.stem for path in (folder.path / FOLDER).glob("*")}


def test_a_touched_vessel_has_a_picture_and_one_that_lies_apart_has_none(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    found = contacts(folder, case)
    assert names(folder) == {f"P1_exam-1_{VEIN}", "P1_exam-1_scene"}
    view = folder.contact_view("P1", VEIN, "exam-1")
    assert view is not None
    assert view.degrees_max == found[VEIN].contact_deg["1.0"].value
    assert view.gaps_mm.shape == (len(view.arc_mm), 180)
    assert folder.contact_view("P1", ARTERY, "exam-1") is None


def test_a_kept_view_is_the_view(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    contacts(folder, case)
    view = folder.contact_view("P1", VEIN, "exam-1")
    assert view is not None
    content = packed(view)
    keep_pictures(folder.path, {f"P1_exam-1_{VEIN}": content})
    again = folder.contact_view("P1", VEIN, "exam-1")
    assert again is not None
    assert packed(again) == content
    for one in fields(view):
        np.testing.assert_array_equal(getattr(view, one.name), getattr(again, one.name))


def test_a_picture_comes_back_without_the_masks_and_vanishes_with_its_contact(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    results = KeptResults()
    contacts(folder, case, results)
    picture = folder.path / FOLDER / f"P1_exam-1_{VEIN}.npz"
    content = picture.read_bytes()
    picture.unlink()
    (folder.path / "masks" / "ct-1_structures.nii.gz").unlink()
    contacts(folder, case, results)
    assert picture.read_bytes() == content
    case.lesions[0].verdict = Verdict.PHYSIOLOGIC
    contacts(folder, case, results)
    assert names(folder) == set()


def test_the_report_draws_the_picture_from_the_case_folder_alone(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    vein = contacts(folder, case)[VEIN]
    folder.save(case)
    section = contact_section(case, folder)
    assert section is not None
    figure, scene = section.figures
    assert scene.name == "contact-scene-P1"
    assert figure.name == f"vessel-contact-P1-{VEIN}"
    assert figure.title == "P1, SMV"
    low, high = vein.number("contact_low"), vein.number("contact_high")
    assert low is not None
    assert high is not None
    assert f"95 % interval {low:.0f} to {high:.0f}°" in section.text[0]
    assert f"{vein.number('clean_below'):.0f} mm caudal" in section.text[0]
    assert f"followed for {vein.number('followed_length'):.0f} mm" in section.text[0]


def test_a_picture_of_another_measurement_is_not_shown(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    vein = contacts(folder, case)[VEIN]
    assert vein.contact_deg["1.0"].value is not None
    vein.contact_deg["1.0"].value += 5.0
    folder.save(case)
    for images in (folder, NoImages()):
        section = contact_section(case, images)
        assert section is not None
        assert not [one for one in section.figures if one.name.startswith("vessel-contact")]
        assert "no picture of this measurement is in the case folder" in section.text[1]


def test_a_damaged_picture_is_none(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    contacts(folder, case)
    path = folder.path / FOLDER / f"P1_exam-1_{VEIN}.npz"
    for content in (b"", b"no zip at all", path.read_bytes()[:-200]):
        path.write_bytes(content)
        assert folder.contact_view("P1", VEIN, "exam-1") is None


def test_without_contact_the_section_says_so_and_without_masks_there_is_none(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels={ARTERY: (-32.0, 0.0)})
    assert contact_section(case, folder) is None
    contacts(folder, case)
    section = contact_section(case, folder)
    assert section is not None
    assert section.text == ("No vessel that decides on resection is touched; see the tumour-vessel table.",)


def test_the_worst_four_are_pictured_and_the_others_named(tmp_path: Path) -> None:
    around = [(16.0, 0.0), (-16.5, 0.0), (0.0, 17.0), (0.0, -17.5), (12.0, 12.3)]
    vessels = [VEIN, ARTERY, "portal_vein", "celiac_artery", "common_hepatic_artery"]
    folder, case = folder_of(tmp_path / "case", vessels=dict(zip(vessels, around, strict=True)))
    found = contacts(folder, case)
    folder.save(case)
    section = contact_section(case, folder)
    assert section is not None
    degrees = {name: found[name].contact_deg["1.0"].value or 0.0 for name in vessels}
    worst = sorted(vessels, key=lambda name: -degrees[name])
    assert [one.name for one in section.figures] == [
        *(f"vessel-contact-P1-{name}" for name in worst[:4]),
        "contact-scene-P1",
    ]
    assert "touched as well" in section.text[4]


def test_the_scene_holds_tumour_arteries_and_veins_where_they_lie(tmp_path: Path) -> None:
    folder, case = folder_of(tmp_path / "case", vessels=BESIDE)
    contacts(folder, case)
    scene = folder.contact_scene("P1", "exam-1")
    assert scene is not None
    left = {name: np.argwhere(getattr(scene, name) > 127)[:, 2].mean() for name in ("tumour", "arteries", "veins")}
    assert left["arteries"] < left["tumour"] < left["veins"]  # the artery lies to the right of it, the vein to the left
    ball_ml = np.count_nonzero(scene.tumour > 127) / 1000
    assert abs(ball_ml - 4 / 3 * np.pi * 15**3 / 1000) < 2.0
