"""Lesions of a case over several exams: places through transforms, names for life, overrides of whole lesions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isletscope.model import (
    Alignment,
    AlignmentKind,
    Assessment,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Fate,
    Focus,
    GridDescription,
    OrganFinding,
    Patient,
    ReadingOfImages,
    ReadingOfPet,
    Role,
    Series,
    Software,
    State,
    TimePoint,
    TracerClass,
    Verdict,
    VerdictOverride,
    measured,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.matching import match_lesions, renew_courses
from isletscope.reading.observations import observe
from isletscope.reading.open_items import matching_items
from isletscope.reading.overrides import override_lesions
from isletscope.reading.placing import all_readings, face_areas_mm2, place_foci
from isletscope.spatial import Geometry, Transform

GRID = Geometry((40, 60, 60), (3.0, 2.0, 2.0), (-60.0, -60.0, -60.0))
Spot = tuple[tuple[float, float, float], float, str, Verdict]
LIVER: Spot = ((-20.0, 0.0, 0.0), 9.0, "liver", Verdict.TUMOUR)
NODE: Spot = ((20.0, 10.0, 10.0), 6.0, "node", Verdict.TUMOUR)
BOWEL: Spot = ((0.0, -30.0, -20.0), 8.0, "other", Verdict.PHYSIOLOGIC)


class Builder:
    """Builds a case exam by exam; every exam is a PET of its own frame, moved by ``shift`` from the reference."""

    def __init__(self, folder: Path) -> None:
        self.folder = CaseFolder(folder)
        self.exams: list[Exam] = []
        self.readings: list[ReadingOfPet] = []
        self.on_ct: list[ReadingOfImages] = []
        self.points: list[TimePoint] = []
        self.transforms: dict[str, Transform] = {}

    def exam(
        self, name: str, spots: list[Spot], shift: tuple[float, float, float] = (0, 0, 0), *,
        tracer: TracerClass | None = TracerClass.SSTR, aligned: bool = True, date: str = "2026-01-01",
    ) -> Builder:  # fmt: skip
        """Add an exam; ``name`` tells its UIDs, its keys are numbered in the order of adding. No tracer: a CT."""
        number = len(self.exams) + 1
        key = f"pet-{number}" if tracer else f"ct-{number}"
        grid = GridDescription(
            shape_kji=GRID.shape,
            spacing_kji_mm=GRID.spacing_mm,
            origin_lps_mm=GRID.origin_lps_mm,
            axes_lps=GRID.axes_lps,
        )
        series = Series(
            key=key, series_uid=f"1.2.{name}", modality="PT" if tracer else "CT",
            role=Role.PET if tracer else Role.CT_PORTAL_VENOUS, role_because="test", instance_count=40,
            fingerprint="0", grid=grid, frame_of_reference_uid=f"1.3.{name}",
        )  # fmt: skip
        self.exams.append(
            Exam(key=f"exam-{number}", study_uid=f"1.1.{name}", patient_id="p", date=date, title=name, series=[series])
        )
        foci, foci_map = self._foci(key, spots, shift), f"masks/{key}_foci.nii.gz"
        if tracer:
            self.readings.append(ReadingOfPet(series_key=key, tracer_class=tracer, foci=foci, foci_map=foci_map))
        else:
            organs = [OrganFinding(name="liver", state=State.DERIVED, source="test", label=1)]
            self.on_ct.append(ReadingOfImages(exam_key=f"exam-{number}", kind=ExamKind.CT, series_key=key,
                                              organs=organs, foci=foci, foci_map=foci_map))  # fmt: skip
        if self.points and self.points[-1].date == date:
            self.points[-1].exam_keys.append(f"exam-{number}")
        else:
            self.points.append(TimePoint(name=date, date=date, exam_keys=[f"exam-{number}"]))
        if aligned:
            matrix = np.eye(4)
            matrix[:3, 3] = shift
            self.transforms[key] = Transform(matrix)
        return self

    def _foci(self, key: str, spots: list[Spot], shift: tuple[float, float, float]) -> list[Focus]:
        labels = np.zeros(GRID.shape, dtype=np.uint16)
        places = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1))
        foci = []
        for label, (centre, radius, site, verdict) in enumerate(spots, 1):
            there = np.asarray(centre) + shift
            labels[np.linalg.norm(places - there, axis=-1) <= radius] = label
            x, y, z = (float(value) for value in there)
            volume = float((labels == label).sum()) * GRID.voxel_volume_ml
            foci.append(
                Focus(
                    id=f"{key}/{label}",
                    series_key=key,
                    label=label,
                    site=site,
                    site_code=site,
                    verdict=verdict,
                    assessment=Assessment(name="focus", state=State.DERIVED, value=verdict.value),
                    centroid_lps_mm=(x, y, z),
                    maximum_lps_mm=(x, y, z),
                    threshold=measured("threshold", 1.0),
                    delineation="test",
                    measurements={
                        "volume": measured("volume", volume, "mL"),
                        "total_uptake": measured("total uptake", 10.0 * volume, "g"),
                    },
                )
            )
        write_label_map(self.folder.path / f"masks/{key}_foci.nii.gz", labels, GRID)
        return foci

    def case(self, earlier: Case | None = None) -> Case:
        """The case of all exams so far, matched."""
        case = Case(
            software=Software(version="0", created="2026-01-01"), patient=Patient(id="p"), exams=self.exams,
            readings=[reading.model_copy(deep=True) for reading in self.readings], time_points=self.points,
            image_readings=[reading.model_copy(deep=True) for reading in self.on_ct],
        )  # fmt: skip
        match_lesions(self.folder, case, self.transforms, earlier)
        return case


@pytest.fixture
def two(tmp_path: Path) -> Builder:
    """SSTR and FDG PET of one time point, in scanner frames that differ."""
    (tmp_path / "masks").mkdir()
    build = Builder(tmp_path).exam("sstr", [LIVER, NODE, BOWEL])
    return build.exam("fdg", [NODE, LIVER], (7.0, -12.0, 15.0), tracer=TracerClass.FDG)


def names(case: Case) -> dict[str, list[str]]:
    return {lesion.id: lesion.focus_ids for lesion in case.lesions}


def test_foci_of_two_tracers_are_one_lesion(two: Builder) -> None:
    case = two.case()
    assert names(case) == {"L1": ["pet-1/1", "pet-2/2"], "N1": ["pet-1/2", "pet-2/1"]}
    liver = case.lesions[0]
    assert (liver.compartment, liver.verdict, liver.site) == (Compartment.LIVER, Verdict.TUMOUR, "liver")
    assert [link.focus_id for link in liver.links] == liver.focus_ids
    assert liver.links[1].distance_mm < 1.5
    assert liver.links[1].overlap > 0.8
    assert [step.fate for step in liver.course] == [Fate.FIRST]


def test_points_fill_the_outline_evenly_and_lie_in_the_reference_frame(two: Builder) -> None:
    placed, _ = place_foci(two.folder, two.case(), two.transforms)
    for one in placed:
        spot = {"liver": LIVER, "node": NODE, "other": BOWEL}[one.site_code]
        assert np.linalg.norm(one.centre_mm - spot[0]) < 1.5
        assert len(one.points_mm) * one.step_mm**3 / 1000.0 == pytest.approx(one.volume_ml, rel=0.25)


@pytest.mark.parametrize("normal", [(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 2, 3), (-2, 1, 1)])
def test_the_face_between_two_outlines_has_the_area_of_the_section(normal: tuple[float, float, float]) -> None:
    """A ball of radius 12 mm cut in halves, along and across the axes of the grid."""
    spacing = (1.5, 1.0, 1.0)
    places = (np.moveaxis(np.indices((24, 36, 36)), 0, -1) - [11.5, 17.5, 17.5]) * spacing
    ball = np.linalg.norm(places, axis=-1) <= 12.0
    labels = np.where(ball, np.where(places @ np.asarray(normal) > 0.1, 1, 2), 0).astype(np.uint16)
    areas = face_areas_mm2(labels, spacing)
    assert areas == {1: {2: areas[1][2]}, 2: {1: areas[1][2]}}
    assert areas[1][2] == pytest.approx(np.pi * 12.0**2, rel=0.08)
    assert face_areas_mm2(labels[::-1, :, ::-1], spacing)[1][2] == pytest.approx(areas[1][2])


def test_outlines_with_something_between_them_share_no_face() -> None:
    labels = np.zeros((4, 4, 9), dtype=np.uint16)
    labels[..., :4], labels[..., 5:] = 1, 2
    assert face_areas_mm2(labels, (1.0, 1.0, 1.0)) == {}


def test_foci_know_the_faces_they_share(two: Builder) -> None:
    two.exam("again", [LIVER, ((-20.0, 0.0, 14.0), 8.0, "liver", Verdict.TUMOUR)], date="2026-06-01")
    placed, _ = place_foci(two.folder, two.case(), two.transforms)
    first, second = (one for one in placed if one.look.startswith("exam-3"))
    assert set(first.touching_mm2) == {second.focus_id}
    assert 0.3 < first.neck(second) < 0.7
    assert first.neck(second) == pytest.approx(second.neck(first))


def test_without_transforms_every_lesion_stands_for_itself(two: Builder) -> None:
    two.transforms.clear()
    case = two.case()
    assert sorted(len(one.focus_ids) for one in case.lesions) == [1, 1, 1, 1]
    assert "could not be aligned" in case.lesions[0].links[0].because


def test_an_exam_that_failed_to_align_is_asked_about(two: Builder) -> None:
    two.transforms.pop("pet-2")
    case = two.case()
    case.alignments = [
        Alignment(exam_key="exam-2", frame_of_reference_uid="1.3.fdg", series_key="pet-2", kind=AlignmentKind.FAILED,
                  usable=False, because="no common anatomy")
    ]  # fmt: skip
    (item,) = matching_items(case)
    assert "exam-2" in item
    assert "no common anatomy" in item


def test_names_and_uids_stay_when_the_same_images_are_read_again(two: Builder) -> None:
    first = two.case()
    again = two.case(first)
    assert [(one.id, one.tracking_uid) for one in again.lesions] == [
        (one.id, one.tracking_uid) for one in first.lesions
    ]


def test_identity_survives_an_added_exam_that_renumbers_the_series(two: Builder, tmp_path: Path) -> None:
    first = two.case()
    (tmp_path / "more" / "masks").mkdir(parents=True)
    new = ((30.0, -20.0, -20.0), 7.0, "liver", Verdict.TUMOUR)
    more = Builder(tmp_path / "more").exam("earlier", [new, LIVER], (3.0, 3.0, 3.0), date="2025-01-01")
    more.exam("sstr", [LIVER, NODE, BOWEL]).exam("fdg", [NODE, LIVER], (7.0, -12.0, 15.0), tracer=TracerClass.FDG)
    case = more.case(first)
    uids = {one.id: one.tracking_uid for one in first.lesions}
    assert {one.id: one.tracking_uid for one in case.lesions if one.id in uids} == uids
    assert names(case) == {"L2": ["pet-1/1"], "L1": ["pet-1/2", "pet-2/1", "pet-3/2"], "N1": ["pet-2/2", "pet-3/1"]}
    assert {one.id: [step.fate for step in one.course] for one in case.lesions} == {
        "L2": [Fate.FIRST, Fate.VANISHED],
        "L1": [Fate.FIRST, Fate.PERSISTENT],
        "N1": [Fate.NEW],
    }


HALVES: list[Spot] = [((-20.0, 0.0, z), radius, "liver", Verdict.UNSURE) for z, radius in ((0.0, 9.0), (14.0, 8.0))]
OVER_BOTH: Spot = ((-20.0, 0.0, 6.0), 18.0, "liver", Verdict.TUMOUR)


def test_neighbours_that_a_later_uptake_shows_grown_together_keep_their_names_and_merge(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    apart: list[Spot] = [((-20.0, 0.0, z), 6.0, "liver", Verdict.UNSURE) for z in (-1.0, 15.0)]
    build = Builder(tmp_path).exam("ct", apart, tracer=None)
    first = build.case()
    assert names(first) == {"L1": ["ct-1/1"], "L2": ["ct-1/2"]}
    build.exam("ct later", HALVES, (4.0, 0.0, 2.0), tracer=None, date="2026-09-01")
    case = build.exam("pet later", [OVER_BOTH], (1.0, 2.0, 3.0), date="2026-09-01").case(first)
    assert names(case) == {"L1": ["ct-1/1", "pet-3/1", "ct-2/1", "ct-2/2"], "L2": ["ct-1/2"]}
    assert [one.tracking_uid for one in case.lesions] == [one.tracking_uid for one in first.lesions]
    assert [one.merged_into for one in case.lesions] == ["", "L1"]
    because = {link.focus_id: link.because for link in case.lesions[0].links}
    assert "one mass with ct-2/2 on these images" in because["ct-2/1"]
    assert case.lesions[1].course[-1].because == "no longer seen apart from L1"
    renew_courses(build.folder, case, build.transforms)
    assert [one.course[-1].fate for one in case.lesions] == [Fate.PERSISTENT, Fate.MERGED]


def test_one_mass_keeps_the_name_of_its_leading_half_when_the_uptake_is_added(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    build = Builder(tmp_path).exam("ct", HALVES, tracer=None)
    first = build.case()
    assert names(first) == {"L1": ["ct-1/1"], "L2": ["ct-1/2"]}
    case = build.exam("pet", [OVER_BOTH], (1.0, 2.0, 3.0)).case(first)
    assert names(case) == {"L1": ["ct-1/1", "pet-2/1", "ct-1/2"]}
    assert case.lesions[0].tracking_uid == first.lesions[0].tracking_uid


def test_a_mass_in_pieces_is_measured_as_one(tmp_path: Path) -> None:
    """Two balls, 9 mm and 8 mm of radius, 14 mm apart along the body: 31 mm long in space, 18 mm in an axial plane."""
    (tmp_path / "masks").mkdir()
    build = Builder(tmp_path).exam("ct", HALVES, tracer=None).exam("pet", [OVER_BOTH])
    case = build.case()
    observe(case, build.transforms, tmp_path)
    on_ct = case.lesions[0].observation("exam-1", ExamKind.CT)
    assert on_ct is not None
    volumes = [focus.measurements["volume"].value or 0.0 for focus in case.image_readings[0].foci]
    assert on_ct.measurements["volume"].value == pytest.approx(sum(volumes), rel=0.01)
    assert on_ct.measurements["largest_diameter"].value == pytest.approx(31.0, abs=3.0)
    assert on_ct.measurements["long_axis"].value == pytest.approx(18.0, abs=2.5)
    assert "size of all its pieces together" in on_ct.because
    observe(case, build.transforms)
    again = case.lesions[0].observation("exam-1", ExamKind.CT)
    assert again is not None
    assert again.measurements["volume"].value == max(volumes)


def test_the_order_of_exams_and_their_names_change_nothing(tmp_path: Path) -> None:
    exams = [
        ("ct", HALVES, None),
        ("sstr", [OVER_BOTH, NODE, BOWEL], TracerClass.SSTR),
        ("fdg", [NODE], TracerClass.FDG),
    ]
    found = []
    for turn, name in enumerate(("{}", "z{}", "{}-9")):
        (tmp_path / str(turn) / "masks").mkdir(parents=True)
        build = Builder(tmp_path / str(turn))
        for exam, spots, tracer in exams[turn:] + exams[:turn]:
            build.exam(name.format(exam), spots, (2.0 * len(exam), 3.0, -2.0), tracer=tracer)
        case = build.case()
        places = {
            focus.id: (focus.site_code, focus.label, focus.id[0]) for one in all_readings(case) for focus in one.foci
        }
        found.append({tuple(sorted(places[one] for one in lesion.focus_ids)) for lesion in case.lesions})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2


def test_every_focus_is_in_one_lesion_or_set_aside_with_its_reason_or_physiologic(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    lone: Spot = ((30.0, -20.0, -20.0), 7.0, "liver", Verdict.UNSURE)
    build = Builder(tmp_path).exam("ct", [*HALVES, lone], tracer=None).exam("pet", [OVER_BOTH, NODE, BOWEL])
    case = build.case()
    in_lesions = [one for lesion in case.lesions for one in lesion.focus_ids]
    aside = {one.focus_id: one.because for one in case.unmatched}
    physiologic = [f.id for one in all_readings(case) for f in one.foci if f.verdict is Verdict.PHYSIOLOGIC]
    assert sorted([*in_lesions, *aside, *physiologic]) == sorted(f.id for one in all_readings(case) for f in one.foci)
    assert list(aside) == ["ct-1/3"]
    assert "exam-2/sstr_pet covers its place and should have shown a tumour" in aside["ct-1/3"]


def test_a_name_is_never_used_again(two: Builder) -> None:
    first = two.case()
    first.retired_names = ["L7"]
    first.lesions = [one for one in first.lesions if one.id != "L1"]
    assert sorted(names(two.case(first))) == ["L8", "N1"]


def overridden(case: Case, lesion: str, verdict: Verdict) -> VerdictOverride:
    uid = next(one.tracking_uid for one in case.lesions if one.id == lesion)
    return VerdictOverride(lesion=lesion, verdict=verdict, who="R", when="2026-02-02", why="biopsy", tracking_uid=uid)


def test_an_override_holds_for_all_foci_and_gives_the_name_back_when_it_is_withdrawn(two: Builder) -> None:
    first = two.case()
    override = overridden(first, "N1", Verdict.PHYSIOLOGIC)
    second = two.case(first)
    second.overrides = [override]
    assert override_lesions(second) == []
    assert list(names(second)) == ["L1"]
    held = [focus.verdict for reading in second.readings for focus in reading.foci if focus.site_code == "node"]
    assert held == [Verdict.PHYSIOLOGIC] * 2
    assert override.computed is Verdict.TUMOUR
    second.retired_names = ["N1"]
    third = two.case(second)
    assert sorted(names(third)) == ["L1", "N1"]


def test_an_override_whose_lesion_is_gone_is_told(two: Builder) -> None:
    case = two.case()
    case.overrides = [overridden(case, "N1", Verdict.UNSURE).model_copy(update={"tracking_uid": "2.25.1"})]
    assert [finding.code for finding in override_lesions(case)] == ["override_without_focus"]


def test_courses_are_told_again_after_a_focus_was_added(two: Builder) -> None:
    two.exam("after", [LIVER, NODE], (1.0, 1.0, 1.0), date="2026-12-01")
    case = two.case()
    untouched = [one.model_copy(deep=True) for one in case.lesions]
    renew_courses(two.folder, case, two.transforms)
    assert case.lesions == untouched
    case.lesions[1].focus_ids.remove("pet-3/2")
    renew_courses(two.folder, case, two.transforms)
    assert [step.fate for step in case.lesions[1].course] == [Fate.FIRST, Fate.VANISHED]
    case.lesions[1].focus_ids.append("pet-3/2")
    renew_courses(two.folder, case, two.transforms)
    assert case.lesions == untouched


@pytest.mark.parametrize(
    ("rule", "organ", "expected"),
    [
        ("sstr.beside_kidney", "pancreas", Verdict.TUMOUR),
        ("sstr.uncinate_band", "pancreas", Verdict.TUMOUR),
        ("sstr.beside_kidney", "other", Verdict.UNSURE),
        ("sstr.adrenal", "pancreas", Verdict.UNSURE),
    ],
)
def test_what_only_a_correlate_could_settle_is_settled_by_one(
    tmp_path: Path, rule: str, organ: str, expected: Verdict
) -> None:
    (tmp_path / "masks").mkdir()
    place = (30.0, 10.0, 0.0)
    build = Builder(tmp_path).exam("sstr", [(place, 9.0, "other", Verdict.UNSURE)])
    build.readings[0].foci[0].assessment.rule = rule
    assert [one.verdict for one in build.case().lesions] == [Verdict.UNSURE]
    build.exam("ct", [(place, 10.0, organ, Verdict.UNSURE)], tracer=None)
    lesion = build.case().lesions[0]
    assert lesion.focus_ids == ["ct-2/1", "pet-1/1"]
    assert lesion.verdict is expected
    told = [link.because for link in lesion.links if "settled by ct-2/1" in link.because]
    assert len(told) == (expected is Verdict.TUMOUR)
