"""Rules of physiologic uptake, one by one, on landmarks of a schematic body."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from isletscope.lesions.classify import FocusFigures, RuleBook, classify, rule_book
from isletscope.lesions.landmarks import PLACES, Extent, Landmarks, in_place
from isletscope.lesions.settings import Settings
from isletscope.model import Support, TracerClass, Verdict


def extent(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> Extent:
    return Extent(x, y, z, (sum(x) / 2, sum(y) / 2, sum(z) / 2))


MARKS = Landmarks(
    {
        "body": extent((-190, 190), (-130, 130), (-500, 620)),
        "brain": extent((-70, 70), (-90, 90), (480, 610)),
        "lung_right": extent((-130, -20), (-80, 80), (110, 330)),
        "lung_left": extent((25, 130), (-80, 80), (110, 330)),
        "liver": extent((-140, 30), (-95, 80), (20, 150)),
        "spleen": extent((80, 135), (0, 80), (40, 140)),
        "kidney_right": extent((-90, -35), (30, 80), (-80, 30)),
        "kidney_left": extent((35, 90), (30, 80), (-60, 55)),
        "bladder": extent((-40, 40), (-50, 15), (-280, -215)),
        "bone": extent((-150, 150), (20, 100), (-400, 600)),
    },
    0.0,
    Settings().thresholds,
    dict.fromkeys(range(-400, 600, 10), 45.0),
)
SSTR, FDG = TracerClass.SSTR, TracerClass.FDG


def focus(
    point: tuple[float, float, float], organ: str = "body", whole: bool = False, **figures: float
) -> FocusFigures:
    usual = {
        "suv_max": 20.0,
        "over_liver": 4.0,
        "over_blood": 14.0,
        "smooth_over_blood": 12.0,
        "over_spleen": 1.4,
        "contrast": 6.0,
        "volume_ml": 1.0,
        "rise_mm": 12.0,
        "width_mm": 12.0,
        "slender": 1.0,
        "paired": 0.0,
        "retroperitoneal": 0.0,
        "bone": 0.0,
        "lung": 0.0,
        "hu": 40.0,
        "gas": 0.0,
        "kidney_mm": 60.0,
        "spleen_mm": 90.0,
        "bladder_mm": 90.0,
        "heart_mm": 90.0,
        "liver_mm": 60.0,
        "middle_mm": 60.0,
        "field_end_mm": 200.0,
        "liver_known": 1.0,
        "heart_known": 1.0,
        "kidneys_known": 2.0,
    }
    return FocusFigures(point, organ, whole, usual | figures)


CASES = [
    ("sstr.organ", SSTR, focus((60, 55, 0), "kidney_left", True)),
    ("sstr.pituitary", SSTR, focus((1, 0, 500))),
    ("sstr.salivary", SSTR, focus((55, 0, 450), paired=1.0)),
    ("sstr.salivary_single", SSTR, focus((55, 0, 450))),
    ("sstr.mouth", SSTR, focus((5, -60, 440), over_liver=0.8)),
    ("sstr.thyroid", SSTR, focus((18, -10, 340), over_liver=0.9)),
    ("sstr.kidney_rim", SSTR, focus((95, 60, 0), kidney_mm=2.0, over_liver=2.0, contrast=2.0)),
    ("sstr.renal_pelvis", SSTR, focus((35, 45, 0), kidney_mm=5.0, hu=-8.0)),
    ("sstr.renal_hilum", SSTR, focus((35, 45, 0), kidney_mm=5.0, hu=38.0)),
    ("sstr.in_liver", SSTR, focus((-80, 60, 40), kidney_mm=2.0, liver_mm=0.0, liver_rim=0.7)),
    ("sstr.kidney_bed", SSTR, focus((35, 40, -60), kidneys_known=1.0)),
    ("sstr.midline_head", SSTR, focus((1, -60, 500), middle_mm=1.0)),
    ("sstr.soft", SSTR, focus((20, 30, -100), over_liver=0.9, retroperitoneal=1.0)),
    ("sstr.bowel_long", SSTR, focus((60, -50, -150), over_liver=1.3, volume_ml=9.0, contrast=2.5)),
    ("sstr.no_landmarks", SSTR, None),
    ("sstr.adrenal", SSTR, focus((38, 45, 70), over_liver=2.0, paired=1.0)),
    ("sstr.adrenal_single", SSTR, focus((38, 45, 70), over_liver=2.0)),
    ("sstr.ureter", SSTR, focus((35, 40, -120), over_liver=1.2, slender=3.0)),
    ("sstr.uncinate_low", SSTR, focus((-25, 20, -10), suv_max=4.0, over_liver=0.8)),
    ("sstr.uncinate_band", SSTR, focus((-25, 20, -10), suv_max=9.0, over_liver=1.8)),
    ("sstr.accessory_spleen", SSTR, focus((75, 20, 80), spleen_mm=8.0, over_spleen=0.6, over_liver=2.0)),
    ("sstr.spleen", SSTR, focus((100, 40, 90), "spleen")),
    ("sstr.stomach", SSTR, focus((60, -40, 90), over_liver=0.9)),
    ("sstr.pelvis", SSTR, focus((0, 20, -260), over_liver=0.6, bladder_mm=20.0)),
    ("sstr.urine", SSTR, focus((0, -30, -330))),
    ("sstr.bowel", SSTR, focus((60, -50, -150), over_liver=0.7)),
    ("sstr.bowel_gas", SSTR, focus((100, -20, -150), over_liver=1.5, gas=0.2)),
    ("sstr.liver_edge", SSTR, focus((-80, -100, 40), over_liver=1.2, liver_mm=2.0)),
    ("sstr.liver", SSTR, focus((-80, 0, 80), "liver")),
    ("sstr.bone_faint", SSTR, focus((0, 60, 100), "bone", bone=0.9, smooth_over_blood=1.2, over_liver=0.4)),
    ("sstr.bone", SSTR, focus((0, 60, 100), "bone", bone=0.9)),
    ("sstr.faint", SSTR, focus((120, 90, 250), smooth_over_blood=1.2, over_liver=0.4)),
    ("sstr.focus", SSTR, focus((20, 30, -100), retroperitoneal=1.0)),
    ("sstr.liver_above_spleen", SSTR, focus((-80, 0, 80), "liver", liver_known=0.0, over_spleen=1.6)),
    ("sstr.above_spleen", SSTR, focus((20, 30, -100), liver_known=0.0, over_spleen=1.2)),
    ("sstr.no_liver", SSTR, focus((-80, 0, 80), "liver", liver_known=0.0, over_spleen=0.8)),
    ("sstr.no_liver", SSTR, focus((20, 30, -100), liver_known=0.0, over_spleen=0.8)),
    ("sstr.field_end", SSTR, focus((20, 30, -100), field_end_mm=2.0)),
    ("sstr.beside_kidney", SSTR, focus((95, 75, -20), kidney_mm=1.0)),
    ("sstr.kidney_missing", SSTR, focus((95, 75, -20), kidneys_known=1.0, volume_ml=20.0)),
    ("sstr.midline_neck", SSTR, focus((4, 40, 370), middle_mm=4.0)),
    ("sstr.below_liver", SSTR, focus((120, 90, 250), over_liver=0.7)),
    ("fdg.field_end", FDG, focus((20, 30, -100), field_end_mm=2.0)),
    ("fdg.heart_missing", FDG, focus((60, -20, 190), heart_known=0.0, volume_ml=80.0)),
    ("fdg.mediastinum_mild", FDG, focus((30, 10, 250), over_liver=1.5)),
    ("fdg.pancreas_or_bowel", FDG, focus((-25, 20, 10), over_liver=2.2, volume_ml=9.0)),
    ("fdg.bladder", FDG, focus((0, -60, -220), bladder_mm=3.0)),
    ("fdg.brain_edge", FDG, focus((60, -60, 560))),
    ("fdg.parotid", FDG, focus((60, 0, 450), paired=1.0, over_liver=2.0, volume_ml=20.0)),
    ("fdg.gland", FDG, focus((60, 0, 450), over_liver=2.0)),
    ("fdg.mouth_high", FDG, focus((3, -40, 430), over_liver=3.0)),
    ("fdg.neck_muscle", FDG, focus((60, 40, 345), paired=1.0, over_liver=1.6)),
    ("fdg.liver_edge", FDG, focus((-80, -100, 40), over_liver=1.2, liver_mm=2.0)),
    ("fdg.rectum", FDG, focus((10, 40, -230), over_liver=2.0, volume_ml=8.0)),
    ("fdg.rectum_small", FDG, focus((10, 40, -230), over_liver=2.0)),
    ("fdg.spleen", FDG, focus((100, 40, 90), "spleen")),
    ("fdg.stomach", FDG, focus((60, -40, 90), over_liver=1.8, volume_ml=12.0)),
    ("fdg.bowel_faint", FDG, focus((60, -50, -150), over_liver=1.3)),
    ("fdg.blood", FDG, focus((150, 60, 250), smooth_over_blood=1.2, over_liver=1.1)),
    ("fdg.no_landmarks", FDG, None),
    ("fdg.organ", FDG, focus((0, 0, 540), "brain", True)),
    ("fdg.renal_pelvis", FDG, focus((40, 50, 0), kidney_mm=8.0, hu=-5.0)),
    ("fdg.renal_hilum", FDG, focus((40, 50, 0), kidney_mm=12.0)),
    ("fdg.kidney", FDG, focus((95, 75, -20), kidney_mm=1.0, over_liver=1.2)),
    ("fdg.kidney_edge", FDG, focus((95, 75, -20), kidney_mm=1.0)),
    ("fdg.heart", FDG, focus((60, -20, 170), heart_mm=3.0)),
    ("fdg.ureter", FDG, focus((35, 40, -120), slender=3.0)),
    ("fdg.urine", FDG, focus((0, -60, -350))),
    ("fdg.tonsil", FDG, focus((20, -20, 420), paired=1.0, over_liver=2.0)),
    ("fdg.mouth", FDG, focus((3, -40, 430), over_liver=2.0)),
    ("fdg.fat", FDG, focus((90, 30, 340), hu=-90.0, paired=1.0)),
    ("fdg.oesophagus", FDG, focus((5, 30, 200), over_liver=1.3, slender=2.0, heart_mm=20.0)),
    ("fdg.liver", FDG, focus((-80, 0, 80), "liver")),
    ("fdg.liver_low", FDG, focus((-80, 0, 80), "liver", over_liver=1.2)),
    ("fdg.bowel_gas", FDG, focus((100, -20, -150), over_liver=2.4, gas=0.2)),
    ("fdg.bowel", FDG, focus((60, -50, -150), over_liver=1.7, volume_ml=9.0)),
    ("fdg.urine_round", FDG, focus((40, 30, -120), over_liver=3.0)),
    ("fdg.faint", FDG, focus((150, 60, 250), over_liver=0.8)),
    ("fdg.stomach_or_node", FDG, focus((60, -40, 90), over_liver=2.5)),
    ("fdg.bowel_or_node", FDG, focus((60, -50, -150), over_liver=2.5)),
    ("fdg.focus", FDG, focus((150, 60, 250))),
]


@pytest.mark.parametrize(("rule", "tracer", "seen"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_fires_where_it_should(rule: str, tracer: TracerClass, seen: FocusFigures | None) -> None:
    lost = Landmarks({"body": MARKS.extents["body"]}, 0.0, MARKS.thresholds)
    found = classify(seen, MARKS, tracer) if seen else classify(focus((0, 0, 0)), lost, tracer)
    assert found.assessment.rule == rule
    assert found.assessment.because.endswith(".")
    assert found.assessment.citations
    assert found.verdict.value == found.assessment.value


def test_qin_like_bilateral_nodes_are_not_taken_for_tonsils() -> None:
    assert (
        classify(focus((40, 0, 420), paired=1.0, over_liver=8.0, volume_ml=10.0), MARKS, FDG).verdict is Verdict.TUMOUR
    )


def test_hot_focus_in_the_pancreatic_head_is_tumour() -> None:
    assert classify(focus((-25, 20, -10), suv_max=25.0, over_liver=5.0), MARKS, SSTR).verdict is Verdict.TUMOUR


def test_unknown_tracer_leaves_foci_unsure_and_says_what_to_enter() -> None:
    found = classify(focus((-80, 0, 80), "liver"), MARKS, TracerClass.UNKNOWN)
    assert found.verdict is Verdict.UNSURE
    assert "tracer_class" in found.assessment.because
    assert classify(focus((0, -20, -250), "bladder", True), MARKS, TracerClass.UNKNOWN).verdict is Verdict.PHYSIOLOGIC


def test_without_organs_no_site_is_called_physiologic() -> None:
    lost = Landmarks({"body": MARKS.extents["body"]}, 0.0, MARKS.thresholds)
    found = classify(focus((0, -20, -250)), lost, FDG)
    assert found.verdict is Verdict.UNSURE
    assert "no organ was found" in found.assessment.because
    fixed = {"anywhere", "no_landmarks"}
    assert not [name for name in PLACES if name not in fixed and in_place(lost, name, (0.0, 0.0, 0.0))]


def test_a_figure_that_is_not_known_does_not_make_a_focus_physiologic() -> None:
    known = focus((60, -50, -150), over_liver=0.7)
    lacking = FocusFigures(
        known.point, known.organ, False, {k: v for k, v in known.figures.items() if k != "over_liver"}
    )
    assert classify(known, MARKS, SSTR).verdict is Verdict.PHYSIOLOGIC
    assert classify(lacking, MARKS, SSTR).verdict is not Verdict.PHYSIOLOGIC


def test_no_rule_of_sstr_and_fdg_lacks_a_case() -> None:
    book = rule_book()
    assert {rule.id for rule in (*book.sstr, *book.fdg)} == {name for name, _, _ in CASES}


def test_every_rule_has_its_support_and_unique_name() -> None:
    book = rule_book()
    names = [rule.id for rules in (book.sstr, book.fdg, book.other) for rule in rules]
    assert len(names) == len(set(names))
    assert all(isinstance(rule.support, Support) for rule in book.sstr)


@pytest.mark.parametrize(
    "change",
    [
        {"place": "nowhere"},
        {"when": {"colour": [1, 2]}},
        {"verdict": "benign"},
        {"cite": "hearsay"},
        {"when": {"suv_max": [1, 2]}},
    ],
)
def test_faulty_rules_are_refused(change: dict[str, object]) -> None:
    last = {
        "id": "x.last",
        "verdict": "tumour",
        "site": "",
        "site_code": "",
        "because": "the last rule",
        "cite": "",
        "support": "convention",
    }
    document = {"citations": {}, "sstr": [last | change], "fdg": [last], "other": [last]}
    with pytest.raises(ValidationError):
        RuleBook.model_validate(yaml.safe_load(yaml.safe_dump(document)))
