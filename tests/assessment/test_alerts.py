"""Alerts and notes: each kind arises where it should, only there, in the fixed form, and short enough."""

from __future__ import annotations

import re

import pytest

from isletscope.assessment.alert_book import alert_texts, listed
from isletscope.assessment.alerts import find_alerts
from isletscope.assessment.grade import assess_grade
from isletscope.assessment.hereditary import assess_hereditary
from isletscope.assessment.phenotype import assess_phenotype
from isletscope.assessment.stage import assess_stage
from isletscope.assessment.uptake import assess_uptake
from isletscope.assessment.view import views
from isletscope.model import Alert, AlertKind, Case, Verdict, VerdictOverride
from tests.assessment.cases import case, gathered, lesion, not_seen, seen, vessel

GROUPS = (assess_grade, assess_stage, assess_uptake, assess_phenotype, assess_hereditary)
EXAMS = {"ct": "2026-03-02", "mri": "2026-03-04", "sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"}
LATER = {"follow_up": {"ct": "2026-09-02", "sstr_pet": "2026-09-09"}}
G2 = {"histology": {"sample": "P1", "sampled_on": "2026-02-10", "ki67_percent": 8, "differentiation": "well"}}
P1 = lesion(
    "P1", seen("ct", long_axis=30), seen("mri", long_axis=30), seen("sstr_pet", suv_max=30), not_seen("fdg_pet"),
    region="tail",
)  # fmt: skip
COLD = lesion("L1", seen("ct", long_axis=25), not_seen("sstr_pet"), seen("fdg_pet", suv_max=12.0), region="7")


def alerts(given: Case) -> list[Alert]:
    return find_alerts(views(given)[-1], gathered(given, *GROUPS))


def codes(given: Case) -> list[str]:
    return [alert.code for alert in alerts(given)]


def test_an_ordinary_case_has_none() -> None:
    assert alerts(case(P1, exams=EXAMS, clinical=G2)) == []


def test_tracer_against_tracer() -> None:
    (alert,) = alerts(case(P1, COLD, exams=EXAMS))
    assert (alert.code, alert.kind, alert.step, alert.lesions) == (
        "sstr_negative_fdg_positive",
        AlertKind.ALERT,
        7,
        ["L1"],
    )
    assert alert.sentence() == (
        "ALERT, discordance: FDG-positive L1 (FDG SUVmax up to 12.0) against SSTR-negative there (Krenning 0). "
        "Meaning: suspicious for a part of the disease without receptors and of higher grade; SSTR PET alone does not "
        "show it. Would be settled by: biopsy of L1."
    )
    assert "conclusion/concordance" in alert.rests_on


def test_the_scores_behind_sstr_negative_are_printed() -> None:
    faint = lesion("N1", seen("ct", short_axis=14), seen("sstr_pet", suv_max=1.2), seen("fdg_pet", suv_max=6.0))
    (alert,) = alerts(case(P1, COLD, faint, exams=EXAMS))
    assert alert.against == "SSTR-negative there (Krenning 0 and 1)"


def test_histology_against_phenotype_says_it_once() -> None:
    (alert,) = alerts(case(P1, COLD, exams=EXAMS, clinical=G2))
    assert alert.code == "phenotype_against_histology"
    assert alert.finding == "histology G2 at P1 (2026-02-10)"
    assert alert.lesions == ["L1"]
    assert alert.sources


def test_3d_and_insulinoma() -> None:
    cold = lesion("P1", seen("ct", long_axis=14), not_seen("sstr_pet"), region="body")
    given = case(cold, exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"})
    (alert,) = alerts(given)
    assert (alert.code, alert.settled_by) == ("sstr_rads_3d", "FDG PET or biopsy of P1")
    hormone = {"hormones": {"syndrome": "insulin"}}
    (alert,) = alerts(case(cold, exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"}, clinical=hormone))
    assert (alert.code, alert.settled_by) == ("sstr_rads_3d_insulinoma", "exendin PET")


def test_3c() -> None:
    odd = lesion("X1", seen("ct", long_axis=14), seen("sstr_pet", suv_max=30, typicality="highly_atypical"))
    assert codes(case(P1, odd, exams=EXAMS)) == ["sstr_rads_3c"]


def test_ct_negative_mri_and_exendin_positive() -> None:
    hidden = lesion(
        "P1",
        not_seen("ct"),
        seen("mri", long_axis=11),
        seen("sstr_pet", suv_max=4.6),
        seen("exendin_pet", suv_max=18.6),
        region="body",
    )
    exams = {"ct": "2026-03-02", "mri": "2026-03-05", "sstr_pet": "2026-03-09", "exendin_pet": "2026-03-16"}
    (alert,) = alerts(case(hidden, exams=exams))
    assert (alert.code, alert.step) == ("primary_against_exam", 2)
    assert alert.finding == "P1 seen on MRI, SSTR PET and exendin PET"
    assert alert.against == "not seen on CT"


def test_fdg_negative_is_the_rule_and_no_alert() -> None:
    assert codes(case(P1, exams=EXAMS)) == []


def test_spread_that_one_exam_would_miss() -> None:
    only_pet = lesion("L1", not_seen("ct"), seen("sstr_pet", suv_max=30, uptake_visible="yes"), region="7")
    other = lesion("L2", seen("ct", long_axis=12), seen("sstr_pet", suv_max=30), region="6")
    (alert,) = alerts(case(P1, only_pet, exams=EXAMS))
    assert (alert.code, alert.against) == ("spread_against_exam", "not seen on CT")
    assert codes(case(P1, only_pet, other, exams=EXAMS)) == []


@pytest.mark.parametrize(("mri_mm", "raised"), [(19.5, False), (18.0, False), (17.9, True)])
def test_t_that_depends_on_the_exam(mri_mm: float, raised: bool) -> None:
    measured = lesion("P1", seen("ct", long_axis=20.0), seen("mri", long_axis=mri_mm), region="body")
    assert ("size_against_exam" in codes(case(measured, exams=EXAMS))) == raised


def test_contact_that_depends_on_the_exam() -> None:
    def raised(ct: float, mri: float) -> bool:
        beside = [
            vessel("P1", "superior_mesenteric_vein", ct),
            vessel("P1", "superior_mesenteric_vein", mri, at="baseline-mri"),
        ]
        return "contact_against_exam" in codes(case(P1, exams=EXAMS, vessels=beside))

    assert raised(150, 210)
    assert not raised(175, 190)
    assert not raised(60, 120)


def followed(*sizes: tuple[float, float]) -> Case:
    lesions = [
        lesion(f"L{i}", seen("ct", long_axis=one), seen("ct", at="follow_up", long_axis=other), region="7")
        for i, (one, other) in enumerate(sizes, 1)
    ]
    return case(*lesions, exams=EXAMS, followed_by=LATER)


def test_mixed_response() -> None:
    assert "mixed_response" in codes(followed((30, 40), (30, 20)))
    assert "mixed_response" not in codes(followed((30, 33), (30, 20)))
    assert "mixed_response" not in codes(followed((30, 40), (30, 34)))
    new = lesion("L9", not_seen("ct"), seen("ct", at="follow_up", long_axis=14), region="8")
    shrinking = lesion("L1", seen("ct", long_axis=30), seen("ct", at="follow_up", long_axis=20), region="7")
    (alert,) = alerts(case(shrinking, new, exams=EXAMS, followed_by=LATER))
    assert (alert.finding, alert.against, alert.step) == ("L9 new", "L1 smaller", 8)
    part = new.model_copy(update={"split_from": "L1"})
    assert codes(case(shrinking, part, exams=EXAMS, followed_by=LATER)) == []


def test_a_merged_lesion_is_neither_gone_nor_growth() -> None:
    merged = lesion("L2", seen("ct", long_axis=14), not_seen("ct", at="follow_up"), merged_into="L1", region="8")
    grown = lesion("L1", seen("ct", long_axis=20), seen("ct", at="follow_up", long_axis=32), region="8")
    assert codes(case(grown, merged, exams=EXAMS, followed_by=LATER)) == []


def test_a_lesion_that_split_is_not_gone() -> None:
    whole = lesion("L1", seen("ct", long_axis=30), not_seen("ct", at="follow_up"), region="8")
    parts = [lesion(f"L1.{i}", seen("ct", at="follow_up", long_axis=10), split_from="L1", region="8") for i in (1, 2)]
    new = lesion("L9", not_seen("ct"), seen("ct", at="follow_up", long_axis=14), region="8")
    assert codes(case(whole, *parts, new, exams=EXAMS, followed_by=LATER)) == []


def test_a_changed_verdict_is_a_note() -> None:
    given = case(P1, exams=EXAMS)
    override = VerdictOverride(
        lesion="P1",
        verdict=Verdict.TUMOUR,
        who="N. N.",
        when="2026-03-20",
        why="dark in the hepatobiliary phase.",
        computed=Verdict.UNSURE,
    )
    (note,) = alerts(given.model_copy(update={"overrides": [override]}))
    assert (note.code, note.kind) == ("reader_against_rule", AlertKind.NOTE)
    assert note.sentence().startswith("Note: P1: tumour by the reader against unsure by rule.")


def test_editions_that_differ_are_a_note_and_finer_groups_are_not() -> None:
    on_the_limit = lesion("P1", seen("ct", long_axis=20.0), region="body")
    (note,) = alerts(case(on_the_limit, exams={"ct": "2026-03-02"}))
    assert (note.code, note.kind) == ("two_systems", AlertKind.NOTE)
    assert "UICC 8" in note.against
    assert codes(case(P1, exams=EXAMS)) == []


def test_the_older_men1_limit_is_a_note() -> None:
    clinical = {"germline": "MEN1", "hormones": {"syndrome": "none"}}
    assert codes(case(lesion("P1", seen("ct", long_axis=14)), exams=EXAMS, clinical=clinical)) == ["older_limit"]


def test_alerts_come_before_notes_whatever_the_order_of_lesions() -> None:
    on_the_limit = lesion("P1", seen("ct", long_axis=20.0), seen("sstr_pet", suv_max=30), region="body")
    node = lesion("N1", seen("ct", short_axis=12), seen("sstr_pet", suv_max=9), region="celiac")
    first = alerts(case(on_the_limit, node, COLD))
    assert [alert.kind for alert in first] == [AlertKind.ALERT, AlertKind.NOTE]
    assert alerts(case(COLD, node, on_the_limit)) == first


def test_texts_are_short_and_have_the_fixed_form() -> None:
    for code, text in alert_texts().items():
        joined = " ".join([text.finding, text.against, text.meaning, text.settled_by])
        assert len(joined.split()) <= 48, code
        assert not any(part.endswith(".") for part in (text.finding, text.against, text.meaning, text.settled_by))
        assert not re.search(r"\b(must|should|recommend|unresectable|candidate)\b", joined)


def test_long_lists_are_cut() -> None:
    assert listed(["L1", "L2"]) == "L1 and L2"
    assert listed([f"L{i}" for i in range(1, 9)]) == "8 lesions (L1, L2, L3, L4, L5, L6 and others)"
