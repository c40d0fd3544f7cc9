"""Every check passes a sound report and finds a report that was changed in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from isletscope.model import Case, Compartment, State, Verdict
from isletscope.report.checks import Fault, Level, check_list, function_of, run_checks
from isletscope.report.checks.material import Material
from isletscope.report.checks.tokens import tokens, words_of
from isletscope.report.narrative import Counts, Narrative, Override, ScoreLine, Sentence
from tests.report.narrated_cases import (
    concluding,
    followed_up,
    recelled,
    reconcluded,
    reworded,
    whole,
    written,
)

Changed = Callable[[], tuple[Case, Narrative]]
RECIST = {
    "targets": [
        {"id": "L1", "baseline_mm": 40.0, "current_mm": 52.0},
        {"id": "L2", "baseline_mm": 22.0, "current_mm": 28.0},
    ],
    "non_target": "none",
    "new_lesions": [],
}
GROWTH = {"first_sum_mm": 62.0, "second_sum_mm": 80.0, "interval_days": 184.0}
REMNANT = {"remnant_ml": 562.0, "expected_liver_ml": 1658.0, "measured_liver_ml": 1889.0, "tumour_ml": 249.0}
PLAN = {
    "lesions": [
        {"id": "L1", "volume_ml": 17.1, "plan": "resect"},
        {"id": "L2", "volume_ml": 4.6, "plan": "leave"},
    ]
}


def text(part: str, old: str, new: str) -> Changed:
    """The whole case with a report that is worded differently in one place."""

    def make() -> tuple[Case, Narrative]:
        told = written()
        changed = reworded(told, part, old, new)
        assert changed != reworded(told, part, old, old), f"{old} does not stand in {part}"
        return whole(), changed

    return make


def cell(table: str, subject: str, head: str, printed: str) -> Changed:
    """The whole case with one table cell printed differently."""
    return lambda: (whole(), recelled(written(), table, subject, head, printed))


def added(part: str, sentence: str) -> Changed:
    """The whole case with one more sentence in a part or step."""

    def make() -> tuple[Case, Narrative]:
        told = written()
        more = Sentence(sentence, rests_on=("conclusion/tnm",))
        if part.isdigit():
            steps = tuple(
                replace(one, sentences=(*one.sentences, more)) if one.number == int(part) else one for one in told.steps
            )
            return whole(), replace(told, steps=steps)
        return whole(), replace(told, **{part: (*getattr(told, part), more)})

    return make


def told_with(**changes: object) -> Changed:
    """The whole case with other parts of the narrative."""
    return lambda: (whole(), replace(written(), **changes))  # type: ignore[arg-type]


def case_with(change: Callable[[Case], Case]) -> Changed:
    """Another case under the same report."""
    return lambda: (change(whole().model_copy(deep=True)), written())


def later_with(name: str, document: dict[str, object], **evidence: float) -> Changed:
    """The followed-up case with a conclusion in which one input was exchanged."""

    def make() -> tuple[Case, Narrative]:
        given = concluding(followed_up(), name, document)
        found = given.assessments[-1].conclusion(name)
        assert found is not None
        changed = [
            one.model_copy(update={"value": evidence[key]}) if (key := one.text.replace(" ", "_")) in evidence else one
            for one in found.evidence
        ]
        return reconcluded(given, name, evidence=changed), written("later")

    return make


def _parts(name: str, document: dict[str, object], **parts: str) -> Changed:
    def make() -> tuple[Case, Narrative]:
        given = concluding(whole(), name, document)
        found = given.assessments[-1].conclusion(name)
        assert found is not None
        return reconcluded(given, name, parts={**found.parts, **parts}), written()

    return make


def _lesion(case: Case, name: str, **changes: object) -> Case:
    lesions = [one.model_copy(update=changes) if one.id == name else one for one in case.lesions]
    return case.model_copy(update={"lesions": lesions})


def _volume_of_l1(case: Case) -> Case:
    case.lesions[2].observations[0].measurements["volume"].value = 40.0
    return case


def _suv_of_l1(case: Case) -> Case:
    case.lesions[2].observations[1].measurements["suv_max"].value = 24.0
    return case


def _distance_of_smv(case: Case) -> Case:
    case.time_points[0].vessels[0].measurements["distance"].value = 3.0
    return case


def _dilated(case: Case) -> Case:
    case.time_points[0].structures[0].measurements["calibre_upstream"].value = 5.1
    return case


def _whole_liver(case: Case) -> Case:
    case.time_points[0].liver[0].measurements["whole_volume"].value = 2400.0
    return case


def _segment_of_l1(case: Case) -> Case:
    case.lesions[2].place.side = "left"
    return case


def _without(*names: str) -> Callable[[Case], Case]:
    return lambda case: case.model_copy(update={"lesions": [one for one in case.lesions if one.id not in names]})


def _without_alert() -> tuple[Case, Narrative]:
    told = written()
    return whole(), replace(told, summary=told.summary[1:])


def _blank() -> tuple[Case, Narrative]:
    return whole(), recelled(written(), "lesions", "P1", "certainty", " ")


def _two_why_lines() -> tuple[Case, Narrative]:
    told = written()
    return whole(), replace(told, scores=(*told.scores, ScoreLine("tnm", told.scores[1].title, "T2", "no arrow here")))


FAULTS: list[tuple[str, Changed]] = [
    ("C01", text("2", "15.5 mL", "16.5 mL")),
    ("C01", text("2", "168 against", "158 against")),
    ("C01", text("summary", "110°", "120.5°")),
    ("C01", text("2", "42.0", "43.0")),
    ("C01", text("2", "42.0", "42")),
    ("C02", text("summary", "34 ×", "35 ×")),
    ("C02", text("impression", "9.2", "9.7")),
    ("C03", text("summary", "Two liver metastases", "Three liver metastases")),
    ("C03", lambda: (whole(), replace(written(), lesions=replace(written().lesions, rows=written().lesions.rows[1:])))),  # type: ignore[type-var, union-attr]
    ("C04", case_with(_volume_of_l1)),
    ("C05", cell("liver", "8", "total", "423")),
    ("C05", cell("liver", "all", "parenchyma", "1740")),
    ("C06", case_with(_whole_liver)),
    ("C07", _parts("remnant", REMNANT, rflr="44.3")),
    ("C08", _parts("cytoreduction", PLAN, by_volume_percent="91.0")),
    ("C09", text("7", "SSTR-TV 31.4 mL", "SSTR-TV 33.4 mL")),
    ("C09", told_with(footer=())),
    ("C10", later_with("recist", RECIST, sum=70.0)),
    ("C11", later_with("growth_rate", GROWTH, growth_rate=9.0)),
    ("C11", later_with("growth_rate", {**GROWTH, "interval_days": 150.0})),
    ("C12", text("2", "ratio 1.50", "ratio 1.60")),
    ("C13", case_with(_volume_of_l1)),
    ("C14", added("5", "P1 has an SUVmax of high value.")),
    ("C14", added("3", "The contact 110 is smooth.")),
    ("C15", case_with(_distance_of_smv)),
    ("C15", cell("vessels", "P1/superior_mesenteric_vein", "contact", "120 / 110 / 100")),
    ("C16", text("summary", "cT2", "cT3")),
    ("C16", text("impression", "stage IV", "stage III")),
    ("C16", case_with(lambda case: reconcluded(case, "zidan", value="2"))),
    ("C17", text("summary", "NET G2", "NET G3")),
    ("C18", case_with(_suv_of_l1)),
    ("C18", cell("lesions", "P1", "Krenning", "3†")),
    ("C19", text("summary", "Karfis C3", "Karfis C2")),
    ("C19", case_with(lambda case: reconcluded(case, "zidan", value="2"))),
    ("C20", added("7", "Median survival was 11.5 months in NETPET P5.")),
    ("C21", text("9", "PRRT alone is not supported by imaging", "Imaging supports discussion of PRRT")),
    ("C22", case_with(lambda case: reconcluded(case, "netpet", value="P3a"))),
    ("C23", _two_why_lines),
    ("C23", text("scores", "→", "so")),
    ("C24", text("scores", "NEAR_THRESHOLD", "inputs")),
    ("C25", text("4", "[DETECTYON]", "[Detection2031]")),
    ("C26", added("4", "No suspicious node is seen.")),
    ("C26", case_with(_without("N1"))),
    ("C27", case_with(_without("L1", "L2"))),
    ("C27", case_with(lambda case: _lesion(case, "L2", compartment=Compartment.BONE))),
    ("C28", case_with(_dilated)),
    ("C28", added("3", "No vessel contact.")),
    ("C29", text("6", "are not seen on CT, SSTR and FDG PET", "are not seen on CT and MRI")),
    ("C29", added("5", "L1 is seen on CT and MRI.")),
    ("C30", added("8", "P1 from 33 to 34 mm, unchanged.")),
    ("C30", added("8", "L2 is new.")),
    ("C31", added("8", "The disease shows partial response.")),
    ("C32", added("5", "L7 lies beside the vein.")),
    ("C32", case_with(lambda case: case.model_copy(update={"retired_names": ["L2"]}))),
    ("C33", case_with(_segment_of_l1)),
    ("C33", added("5", "L1 lies in the left lobe, segment 8.")),
    ("C34", told_with(impression=(Sentence("P1 is large."),))),
    ("C34", lambda: (whole(), replace(written(), impression=(Sentence("P9.", rests_on=("lesion/P9/ct/ct",)),)))),
    ("C35", _without_alert),
    ("C36", told_with(counts=Counts(answered=99))),
    ("C36", _blank),
    ("C37", text("2", "NET G2", "NET G2§")),
    ("C37", told_with(overrides=(Override("L1 was changed"),), counts=replace(written().counts, overrides=1))),
    ("C38", cell("lesions", "P1", "volume", "n/a")),
    ("C38", added("7", "Concordance is not assessable.")),
    ("C39", added("5", "The liver is unremarkable.")),
    ("C39", added("5", "The finding is probably a cyst.")),
    ("C39", added("5", "It is suspicious for typical of metastasis.")),
    ("C39", added("9", "Resect the tail.")),
    ("C39", added("9", " ".join(["word"] * 40))),
    ("C40", text("4", "Imaging does not exclude", "Nothing is said of")),
    ("C40", text("footer", "Research use", "Clinical use")),
]


@pytest.fixture(scope="module")
def sound() -> list[Fault]:
    """Faults of the report as it is written."""
    return run_checks(whole(), written())


@pytest.mark.parametrize("check_id", [one.id for one in check_list().checks])
def test_a_sound_report_passes(check_id: str, sound: list[Fault]) -> None:
    assert [fault.printed() for fault in sound if fault.check == check_id] == []


@pytest.mark.parametrize(("check_id", "change"), FAULTS, ids=[f"{one}-{at}" for at, (one, _) in enumerate(FAULTS)])
def test_a_changed_report_is_found(check_id: str, change: Changed) -> None:
    case, told = change()
    faults = list(function_of(check_id)(Material(case, told, "Draft, not signed")))
    assert [fault.check for fault in faults] != []
    assert all(fault.check == check_id and fault.found and fault.expected for fault in faults)


def test_results_of_prrt_that_remain_are_no_wording_of_one() -> None:
    """Without its inputs the rule leaves results; the step names them with what would settle it."""
    remain = ["imaging supports discussion of PRRT", "uptake borderline for discussion of PRRT"]
    case = reconcluded(
        whole(), "prrt", state=State.MISSING, value=None, parts={}, possible=remain, provisional=False, branches=[]
    )
    _, told = added("9", f"Imaging and PRRT: {remain[0]}, {remain[1]}; needed: liver reference.")()
    steps = tuple(
        replace(step, sentences=step.sentences[-1:]) if step.number == 9 else replace(step, sentences=())
        for step in told.steps
    )
    assert list(function_of("C21")(Material(case, Narrative(time_point=told.time_point, steps=steps)))) == []


def test_every_check_has_its_function_and_a_failing_text() -> None:
    ids = [one.id for one in check_list().checks]
    assert ids == [f"C{number:02}" for number in range(1, 41)]
    assert sorted({check_id for check_id, _ in FAULTS}) == ids
    assert {one.id for one in check_list().checks if one.level is Level.WARNS} == {"C13", "C24"}


def test_what_does_not_arise_passes_in_silence() -> None:
    alone = _without("N1", "L1", "L2")(whole())
    bare = Narrative(time_point="baseline")
    for check_id in ("C04", "C05", "C07", "C08", "C10", "C11", "C15"):
        assert list(function_of(check_id)(Material(alone, bare))) == []


def test_an_unsure_lesion_needs_no_row() -> None:
    case = _lesion(whole(), "L2", verdict=Verdict.UNSURE)
    told = written()
    assert told.lesions is not None
    rows = tuple(row for row in told.lesions.rows if row.subject != "L2")
    material = Material(case, replace(told, lesions=replace(told.lesions, rows=rows)))
    assert [fault for fault in function_of("C03")(material) if "L2" in fault.found] == []


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("34 × 31 × 28 mm (15.5 mL)", ["34 mm", "31 mm", "28 mm", "15.5 mL"]),
        ("contact 110° (94 to 127) over 18 mm", ["110 °", "94", "127", "18 mm"]),
        ("68Ga-DOTATATE on 2026-03-09, segment 8, 14 mm", ["14 mm"]),
        ("Krenning 4, NETPET P3a, SSTR-RADS 3A, G2, cT2, AJCC 8, RECIST 1.1", []),
        ("−3.8 % from baseline in 184 days", ["−3.8 %", "184 days"]),
        ("“7 kg” were lost; SSTR SUVmax 9.7", ["9.7"]),
        ("segments 3, 7 and 8, 249 mL", ["249 mL"]),
    ],
)
def test_numbers_are_read_with_their_units(printed: str, found: list[str]) -> None:
    assert [token.printed for token in tokens(printed)] == found


def test_words_are_counted_without_signs_and_sources() -> None:
    assert words_of("P1, 34 × 31 mm, touches the SMV [WHO2022].") == 7


def test_the_page_on_the_report_lists_every_check() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    for entry in check_list().checks:
        mark = " (warns)" if entry.level is Level.WARNS else ""
        assert f"| {entry.id}{mark} | {entry.title} |" in page
