"""What holds for every written report: limits, references, order, words, honesty about what was not seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from isletscope.assessment import assess
from isletscope.items import catalogue
from isletscope.model import Case, Verdict
from isletscope.report import narrative as room
from isletscope.report.narrative import Narrative, Sentence, fitting, narrate
from isletscope.report.narrative.fitting import Ranked, fit, word_count
from isletscope.report.narrative.phrases import counted, listed, phrase, tell, templates
from isletscope.report.words import forbidden_words
from tests.assessment.cases import case, lesion, not_seen, seen, vessel
from tests.report.narrative.patients import PATIENTS, assessed_patient

_QUOTED = re.compile(r"“[^”]*”")
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
# The name of a published cohort may hold a word that is never used otherwise.
_COHORT = "metastatic or unresectable GEP-NEN"


@cache
def reports() -> tuple[tuple[str, Narrative], ...]:
    """Every report of every patient, with its name."""
    found = []
    for name in PATIENTS:
        patient = assessed_patient(name)
        found += [(f"{name}, {point.name}", narrate(patient, point.name)) for point in patient.time_points]
    return tuple(found)


REPORTS = [pytest.param(written, id=name) for name, written in reports()]


def step_text(written: Narrative, number: int) -> str:
    return " ".join(one.text for one in written.step(number).sentences)


def report_of(given: Case) -> Narrative:
    assessed = assess(given)
    return narrate(assessed, assessed.time_points[-1].name)


@pytest.mark.parametrize("written", REPORTS)
def test_lengths_stay_within_their_limits(written: Narrative) -> None:
    assert len(written.summary) <= fitting.SUMMARY_LINES
    assert len(written.impression) <= fitting.IMPRESSION_ITEMS
    for one in written.summary:
        assert word_count(one.text) <= (fitting.ALERT_WORDS if one.alert else fitting.SUMMARY_LINE_WORDS), one.text
    assert all(word_count(one.text) <= fitting.IMPRESSION_WORDS for one in written.impression)
    assert all(word_count(line.why) <= fitting.WHY_WORDS for line in written.scores)
    assert sum(word_count(one.text) for one in written.footer) <= fitting.FOOTER_WORDS
    for step in written.steps:
        own = [one for one in step.sentences if not one.alert]
        limit = fitting.FIRST_STEP_WORDS if step.number == 1 else fitting.STEP_WORDS
        assert sum(word_count(one.text) for one in own) <= limit
        for one in own:
            assert all(word_count(part) <= fitting.SENTENCE_WORDS for part in _SENTENCE_END.split(one.text)), one.text


@pytest.mark.parametrize("written", REPORTS)
def test_every_sentence_rests_on_an_item_or_a_reference(written: Narrative) -> None:
    for one in written.sentences():
        assert one.items or one.rests_on, one.text
    for step in written.steps[1:9]:
        assert step.sentences
    for line in written.scores:
        assert line.rests_on
        assert line.why.startswith("why: ")


@pytest.mark.parametrize("written", REPORTS)
def test_the_impression_rests_on_steps_two_to_nine(written: Narrative) -> None:
    told = {item for step in written.steps[1:9] for one in step.sentences for item in one.items}
    behind = {reference for step in written.steps[1:9] for one in step.sentences for reference in one.rests_on}
    for one in written.impression:
        assert told & set(one.items) or behind & set(one.rests_on), one.text


@pytest.mark.parametrize("written", REPORTS)
def test_texts_are_well_formed_and_use_no_forbidden_word(written: Narrative) -> None:
    for one in written.sentences():
        text = _QUOTED.sub("quoted", one.text).replace(_COHORT, "a published cohort")
        assert not forbidden_words(text), text
        assert not re.search(r"  |\.\.| [,.;]|\(\)|_|\{|\}", text), text
        assert one.text[-1] in ".?”)"
        assert one.text[0].isupper() or one.text[0] in "(>0123456789†cy“", one.text


@pytest.mark.parametrize("written", REPORTS)
def test_tables_have_no_blank_cell_and_every_letter_its_reason(written: Narrative) -> None:
    for table in written.tables:
        notes = " ".join(note.text for note in table.notes)
        for row in table.rows:
            assert len(row.cells) == len(table.columns)
            for cell in row.cells:
                assert cell.text.strip()
                assert not cell.mark.startswith("(") or f"{cell.mark} " in notes


@pytest.mark.parametrize("written", REPORTS)
def test_nodes_always_carry_their_caveat_and_alerts_come_first(written: Narrative) -> None:
    assert "does not exclude" in step_text(written, 4)
    for place, alert in enumerate(written.alerts[:2]):
        assert written.summary[place].alert == alert.alert
        assert written.impression[place].alert == alert.alert
    for alert in written.alerts:
        assert any(one.alert == alert.alert for step in written.steps for one in step.sentences)


@pytest.mark.parametrize("name", PATIENTS)
def test_the_order_of_lesions_does_not_matter(name: str) -> None:
    patient = PATIENTS[name]()
    turned = patient.model_copy(update={"lesions": list(reversed(patient.lesions))})
    point = patient.time_points[-1].name
    one, other = narrate(assessed_patient(name), point), narrate(assess(turned), point)
    assert [sentence.text for sentence in one.sentences()] == [sentence.text for sentence in other.sentences()]
    assert one.tables == other.tables
    assert one.scores == other.scores


def test_the_same_case_gives_the_same_report() -> None:
    assert narrate(assessed_patient("discordant"), "baseline") == narrate(assessed_patient("discordant"), "baseline")


def test_an_unknown_time_point_is_refused() -> None:
    with pytest.raises(KeyError):
        narrate(assessed_patient("insulinoma"), "next year")


def test_what_no_exam_shows_is_never_called_not_seen() -> None:
    written = narrate(assessed_patient("liver outside the images"), "baseline")
    assert "not assessable" in step_text(written, 2)
    assert "not assessable" in step_text(written, 5)
    assert "not seen" not in step_text(written, 5)
    assert not any("No liver" in one.text for one in (*written.summary, *written.impression))


def test_not_seen_names_the_exams_that_show_the_region() -> None:
    written = narrate(assessed_patient("nothing found"), "baseline")
    assert "A primary tumour is not seen on CT." in step_text(written, 2)
    assert "Bone lesions are not seen on SSTR PET." in step_text(written, 6)
    assert "The chest and brain were not examined." in step_text(written, 6)


def test_uptake_alone_says_what_was_not_done() -> None:
    written = narrate(assessed_patient("uptake alone"), "baseline")
    assert "not assessable because neither CT nor MRI was done" in step_text(written, 3)
    assert "PET extent 22" in step_text(written, 2)
    assert any("indeterminate: X1" in one.text for one in written.summary)


def test_foci_that_were_not_matched_are_an_upper_bound() -> None:
    foci = [
        lesion("L1", seen("sstr_pet", suv_max=20.0), region="5"),
        lesion("L2", seen("fdg_pet", suv_max=9.0), region="6"),
    ]
    apart = report_of(case(*foci, exams={"sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"}))
    assert "Up to two metastases" in step_text(apart, 5)
    assert "one lesion may be counted twice" in step_text(apart, 1)
    matched = [
        lesion("L1", seen("sstr_pet", suv_max=20.0), not_seen("fdg_pet"), region="5"),
        lesion("L2", not_seen("sstr_pet"), seen("fdg_pet", suv_max=9.0), region="6"),
    ]
    together = report_of(case(*matched, exams={"sstr_pet": "2026-03-09", "fdg_pet": "2026-03-12"}))
    assert step_text(together, 5).startswith("Two metastases")


def test_an_indeterminate_finding_is_neither_a_tumour_nor_nothing() -> None:
    doubtful = [
        lesion("P1", seen("sstr_pet", suv_max=5.0), region="uncinate", verdict=Verdict.UNSURE),
        lesion("N1", seen("sstr_pet", suv_max=4.0), region="celiac", verdict=Verdict.UNSURE),
    ]
    written = report_of(case(*doubtful, exams={"sstr_pet": "2026-03-09"}))
    assert "beyond the indeterminate findings" in step_text(written, 2)
    summary = " ".join(one.text for one in written.summary)
    assert "No suspicious node, one indeterminate" in summary
    assert "Two findings are indeterminate" in summary


def test_a_thrombus_is_told_although_no_angle_was_measured() -> None:
    filled = vessel("P1", "portal_vein", distance=0.0, thrombus="tumour").model_copy(update={"contact_deg": {}})
    written = report_of(case(lesion("P1", seen("ct", long_axis=44), region="neck"), vessels=[filled]))
    assert "The portal vein holds a tumour thrombus." in step_text(written, 3)
    assert any("portal vein with tumour thrombus" in one.text for one in written.summary)


def test_a_vessel_without_an_angle_is_never_called_free() -> None:
    free = vessel("P1", "superior_mesenteric_artery", 0, distance=12.0)
    unknown = vessel("P1", "portal_vein", distance=2.0).model_copy(update={"contact_deg": {}})
    written = report_of(case(lesion("P1", seen("ct", long_axis=20), region="head"), vessels=[free, unknown]))
    text = step_text(written, 3)
    assert "Contact with portal vein was not measured." in text
    assert "The SMA is not touched." in text
    assert not any("No vessel contact" in one.text for one in written.summary)


def test_contact_is_told_with_its_pair_and_decisive_vessels_come_first() -> None:
    contacts = [vessel("P1", "splenic_vein", 300), vessel("P1", "superior_mesenteric_artery", 90)]
    written = report_of(case(lesion("P1", seen("ct", long_axis=30), region="head"), vessels=contacts))
    text = step_text(written, 3)
    assert text.index("P1 touches the SMA by 90° (80 to 100)") < text.index("P1 encases the splenic vein by 300°")


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (20, 20, "P1 is unchanged"),
        (20, 22, "P1 20 to 22 mm, within measurement error"),
        (20, 22.5, "P1 20 to 23 mm, larger"),
        (40, 35.5, "P1 40 to 36 mm, smaller"),
        (40, 36, "P1 40 to 36 mm, within measurement error"),
    ],
)
def test_change_uses_the_allowed_words(before: float, now: float, words: str) -> None:
    one = lesion("P1", seen("ct", long_axis=before), seen("ct", "after", long_axis=now), region="tail")
    written = report_of(case(one, exams={"ct": "2025-03-02"}, followed_by={"after": {"ct": "2026-03-02"}}))
    assert words in step_text(written, 8).replace("\u00a0", " ")


def test_new_needs_a_prior_exam_that_looked_there() -> None:
    exams: dict[str, Any] = {"exams": {"ct": "2025-03-02"}, "followed_by": {"after": {"ct": "2026-03-02"}}}
    fresh = seen("ct", "after", long_axis=14)
    known = lesion("P1", seen("ct", long_axis=20), seen("ct", "after", long_axis=20), region="tail")
    looked = report_of(case(known, lesion("L1", not_seen("ct"), fresh, region="5"), **exams))
    blind = report_of(case(known, lesion("L1", fresh, region="5"), **exams))
    assert "New: L1" in step_text(looked, 8)
    assert "New:" not in step_text(blind, 8)
    assert "L1: first seen; prior not comparable" in step_text(blind, 8)


def test_a_sampled_lesion_is_proven_and_only_that_one() -> None:
    written = narrate(assessed_patient("discordant"), "baseline")
    assert "P1 is NET G2, proven (histology, 2026-02-10‡)." in step_text(written, 2)
    assert "proven" not in step_text(written, 5)


def test_more_than_twenty_lesions_are_told_with_their_automatic_count() -> None:
    many = [lesion(f"L{n}", seen("ct", long_axis=10 + n), region="5") for n in range(1, 25)]
    written = report_of(case(*many, exams={"ct": "2026-03-02"}))
    assert step_text(written, 5).startswith("> 20 metastases (automatic count 24)")
    assert "L2 " not in "".join(one.text for one in written.summary)


def test_every_template_is_used_and_names_known_items() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(str(room.__file__)).parent.glob("*.py"))
    for name, template in templates().items():
        assert f'"{name}"' in code, name
        for item in template.items:
            assert catalogue().find(item)


def test_a_template_merges_what_its_parts_rest_on() -> None:
    size = phrase("primary.unenhanced", "lesion/P1/exam-1/ct/hu_unenhanced", tumour="42")
    told = tell("primary.ct", "exam/exam-1", description=size)
    assert told.text == "CT: unenhanced 42 HU."
    assert told.rests_on == ("exam/exam-1", "lesion/P1/exam-1/ct/hu_unenhanced")
    assert "PRI.HU" in told.items


def test_a_gap_without_words_is_an_error() -> None:
    with pytest.raises(KeyError):
        tell("primary.judged", lesion="P1")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "no nodes"), (1, "one node"), (10, "ten nodes"), (11, "11 nodes"), (21, "> 20 nodes (automatic count 21)")],
)
def test_counts_in_words(count: int, words: str) -> None:
    assert counted(count, "node") == words


def test_enumerations() -> None:
    assert str(listed([])) == ""
    assert str(listed(["a"])) == "a"
    assert str(listed(["a", "", "b", "c"])) == "a, b and c"


def _ranked(*ranks: int) -> Iterator[Ranked]:
    for place, rank in enumerate(ranks):
        yield Ranked(Sentence(f"Sentence number {place} has ten words to be dropped here.", ("PRI.size",)), rank)


def test_what_does_not_fit_is_dropped_from_the_least_important_and_told() -> None:
    kept = fit(list(_ranked(0, 2, 1, 3)), 30)
    assert [one.text[16] for one in kept[:-1]] == ["0", "2"]
    assert kept[-1].text == "2 further statements: see the tables."
    assert kept[-1].items == ("PRI.size",)


def test_what_must_stay_stays() -> None:
    assert len(fit(list(_ranked(0, 0, 0)), 5)) == 3
    assert not any(gap for one in templates().values() for _, gap, _, _ in Formatter().parse(one.text) if gap == "")
