from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isletscope.errors import InputError
from isletscope.items import AnswerPart, Kind, ReportAnswers, catalogue, completeness, not_asked, read_answers
from isletscope.items.condition import comparisons_of
from isletscope.model import Answer, Completeness, ItemState, Need, Origin

BOOK = catalogue()
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "answers.yaml"
SURGERY = {"surgery_considered": True, "hepatectomy_considered": False}


def entered(value: Any) -> dict[str, Any]:
    return {"value": value, "source": "entered", "by": "Reader"}


def state(exams: list[str], facts: dict[str, bool] | None = None, **answers: Any) -> Completeness:
    """Completeness for answers given as PRI_seen="seen" (the first _ stands for the dot)."""
    document = {
        "exams": exams,
        "facts": facts or {},
        "answers": {name.replace("_", ".", 1): entered(value) for name, value in answers.items()},
    }
    return completeness(BOOK, read_answers(document, BOOK))


# What the states say


def test_with_no_answer_everything_that_must_be_asked_blocks() -> None:
    result = state(["ct", "mri", "sstr_pet", "fdg_pet"])
    assert not result.can_be_signed
    assert result.count(ItemState.ANSWERED) == 0
    assert result.of("PRI.seen").because == "no answer"
    assert result.of("PRI.size").because == "waits for PRI.seen"
    assert result.facts_wanted == list(BOOK.vocabulary.facts)
    assert all(status.need is not Need.OPTIONAL for status in result.blocking)


def test_an_exam_that_was_not_done_is_told_from_a_question_that_does_not_arise() -> None:
    result = state(["ct"], PRI_seen="not_seen")
    assert result.of("PRI.size").state is ItemState.NOT_APPLICABLE
    assert result.of("PRI.size").because == "no primary tumour is seen"
    assert result.of("PET.Kren").state is ItemState.NOT_ASSESSABLE
    assert result.of("PET.Kren").because == "not done: no SSTR PET"
    assert state(["sstr_pet"], PRI_seen="seen").of("PRI.size").because == "not done: no CT or MRI"


def test_an_answer_that_lacks_a_part_is_open_and_says_what_it_lacks() -> None:
    status = state(["ct"], PRI_seen="seen", PRI_size={"longest_mm": 14, "phase": "arterial"}).of("PRI.size")
    assert status.state is ItemState.OPEN
    assert status.lacking == ["second axis", "third axis"]
    assert status.blocks_signing


def test_rows_of_a_table_are_complete_or_named() -> None:
    rows = [{"vessel": "SMA", "contact_deg": 0, "length_mm": 0}, {"vessel": "SMV", "contact_deg": 110}]
    status = state(["ct"], SURGERY, PRI_seen="seen", SUR_vessel_table={"vessels": rows}).of("SUR.vessel_table")
    assert status.lacking == ["contact length in row 2"]


def test_a_part_is_not_wanted_where_another_part_leaves_no_room_for_it() -> None:
    cold = state(["ct", "sstr_pet"], PRI_seen="seen", PRI_SSTR={"level": "none"})
    faint = state(["ct", "sstr_pet"], PRI_seen="seen", PRI_SSTR={"level": "up_to_liver"})
    assert cold.of("PRI.SSTR").state is ItemState.ANSWERED
    assert faint.of("PRI.SSTR").because == "the answer lacks SUVmax"
    free = state(["ct"], BON_les={"kinds": ["none"]})
    diseased = state(["ct"], BON_les={"kinds": ["lytic"]})
    assert free.of("BON.les").state is ItemState.ANSWERED
    assert diseased.of("BON.les").because == "the answer lacks risk of fracture"


def test_a_node_on_pet_alone_has_no_short_axis_and_one_on_ct_has() -> None:
    on_pet = state(
        ["sstr_pet"],
        LN_regional={"state": "suspicious", "nodes": [{"station": "celiac", "count": 1, "seen_on": "pet"}]},
    )
    on_ct = state(["ct"], LN_regional={"state": "suspicious", "nodes": [{"station": "celiac", "count": 1}]})
    assert on_pet.of("LN.regional").state is ItemState.ANSWERED
    assert on_ct.of("LN.regional").because == "the answer lacks short axis in row 1"


def test_an_answer_to_a_question_that_may_not_arise_rules_out_what_it_denies_and_settles_nothing_else() -> None:
    open_vein: Any = {"contact_deg": 0, "narrowing_percent": 0, "lumen": "open"}
    full_vein = {"contact_deg": 0, "narrowing_percent": 0, "lumen": "tumour_thrombus"}
    veins: dict[str, Any] = {"VES_PV": open_vein, "VES_SMV": open_vein, "VES_splenicV": open_vein}
    without_fact = state(["ct"], PRI_seen="seen", **veins)
    assert without_fact.of("SUR.thrombus_extent").state is ItemState.NOT_APPLICABLE
    doubtful = state(["ct"], PRI_seen="seen", **{**veins, "VES_PV": full_vein})
    assert doubtful.of("SUR.thrombus_extent").because == "waits for VES.PV"


def test_items_that_are_known_not_to_be_asked() -> None:
    given = ReportAnswers(exams=["ct"], facts={"surgery_considered": False})
    found = not_asked(BOOK, given)
    assert {"VES.PV", "SUR.operations"} <= found
    assert "PRI.size" not in found


def test_a_date_after_the_day_of_the_reading_is_refused_and_that_day_is_not() -> None:
    document = {"answers": {"PET.timing": entered({"ssa": "before", "ssa_date": "2026-03-02"})}}
    assert read_answers(document, BOOK, not_after=date(2026, 3, 2)).answers
    with pytest.raises(InputError) as error:
        read_answers(document, BOOK, not_after=date(2026, 3, 1))
    assert "is a date in the future" in str(error.value)
    assert "up to 2026-03-01" in str(error.value)


def test_a_date_in_a_row_of_a_table_is_checked_too() -> None:
    rows = [{"treatment": "octreotide", "last": "2026-05-01"}]
    document = {"answers": {"CTX.treatment": entered({"given": ["ssa"], "dates": rows})}}
    with pytest.raises(InputError, match=r"CTX\.treatment\.dates row 1"):
        read_answers(document, BOOK, not_after=date(2026, 4, 30))


def test_a_reason_settles_an_item_and_what_hangs_on_it() -> None:
    document = {
        "exams": ["ct"],
        "answers": {"PRI.seen": {"not_assessable": "motion", "source": "entered", "by": "Reader"}},
    }
    result = completeness(BOOK, read_answers(document, BOOK))
    assert result.of("PRI.seen").because == "motion"
    assert result.of("PRI.size").state is ItemState.NOT_ASSESSABLE
    assert result.of("PRI.size").because == "it depends on PRI.seen, which is not assessable"
    assert not result.of("PRI.size").blocks_signing


def test_an_answer_that_contradicts_the_exams_or_the_question_is_remarked() -> None:
    assert state(["mri"], LNG_nod={"count": 0}).of("LNG.nod").remark.startswith("answered, but no CT or SSTR PET")
    status = state(["ct"], PRI_seen="not_seen", PRI_margin="lobulated").of("PRI.margin")
    assert status.remark == "answered, but no primary tumour is seen"


@pytest.mark.parametrize(
    ("facts", "answers", "item", "expected"),
    [
        (SURGERY, {"PRI_seen": "seen", "PRI_site": {"region": "head"}}, "SUR.CBD_dist", ItemState.OPEN),
        (SURGERY, {"PRI_seen": "seen", "PRI_site": {"region": "tail"}}, "SUR.CBD_dist", ItemState.NOT_APPLICABLE),
        (SURGERY, {"PRI_seen": "seen", "PRI_site": {"region": "tail"}}, "SUR.splenic_occlusion", ItemState.OPEN),
        ({}, {"CTX_hormone": ["acth"]}, "ADR.hyper", ItemState.OPEN),
        ({}, {"CTX_hormone": ["unknown"]}, "ADR.hyper", ItemState.NOT_APPLICABLE),
        ({}, {"CTX_syndrome": "vhl"}, "KID", ItemState.OPEN),
        ({}, {"CTX_syndrome": "men1"}, "PTH", ItemState.OPEN),
        ({"follow_up": False}, {}, "SUM.response", ItemState.NOT_APPLICABLE),
        ({"follow_up": True}, {}, "SUM.response", ItemState.OPEN),
        ({"surgery_considered": False}, {}, "VES.SMA", ItemState.NOT_APPLICABLE),
    ],
)
def test_what_is_asked_follows_the_patient(
    facts: dict[str, bool], answers: dict[str, Any], item: str, expected: ItemState
) -> None:
    assert state(["ct"], facts, **answers).of(item).state is expected


# Vectors of the surgeon's list


def test_coeliac_stenosis_by_the_ligament_is_an_answer_and_asks_for_the_other_artery() -> None:
    given_answers = {"PRI_seen": "seen", "SUR_coeliac_stenosis": {"degree": "50_to_80", "cause": "ligament"}}
    result = state(["ct"], SURGERY, **given_answers)
    assert result.of("SUR.coeliac_stenosis").state is ItemState.ANSWERED
    assert result.of("SUR.SMA_stenosis").state is ItemState.OPEN


@pytest.mark.parametrize("kind", ["III", "VII", "VIII", "IX", "unclassified"])
def test_every_type_of_hepatic_artery_can_be_said_and_a_variant_asks_for_its_contact(kind: str) -> None:
    result = state(["ct"], SURGERY, PRI_seen="seen", VES_variant={"michels": kind, "variant": "right"})
    assert result.of("VES.variant").state is ItemState.ANSWERED
    assert result.of("SUR.variant_contact").state is ItemState.OPEN


def test_an_occluded_splenic_vein_with_varices() -> None:
    occlusion = {"occluded": True, "collaterals": ["gastric_varices"]}
    answers = {"PRI_seen": "seen", "PRI_site": {"region": "tail"}, "SUR_splenic_occlusion": occlusion}
    assert state(["ct"], SURGERY, **answers).of("SUR.splenic_occlusion").state is ItemState.ANSWERED


def test_without_sstr_pet_the_pattern_of_the_tracers_is_not_assessed_and_never_blank() -> None:
    result = state(["ct"], SURGERY, PRI_seen="seen")
    for name in ("PRI.dual", "PET.NETPET"):
        assert result.of(name).state is ItemState.NOT_ASSESSABLE
        assert result.of(name).because == "not done: no SSTR PET and FDG PET"
    assert state(["sstr_pet"], PRI_seen="seen").of("PRI.dual").because == "not done: no FDG PET"
    assert state(["sstr_pet", "fdg_pet"], PRI_seen="seen").of("PRI.dual").blocks_signing
    assert all(status.because for status in result.items if status.state is not ItemState.ANSWERED)


def test_a_report_without_the_liver_burden_is_incomplete() -> None:
    result = state(["ct"], SURGERY, LIV_count={"group": "4-10"})
    assert result.of("LIV.burden").blocks_signing
    assert not state(["ct"], SURGERY, LIV_count={"group": "0"}).of("LIV.burden").blocks_signing


# Properties


def made_up(part: AnswerPart, source: random.Random) -> Any:
    if part.kind is Kind.CHOICE:
        return source.choice(list(part.values))
    if part.kind is Kind.CHOICES:
        return [source.choice(list(part.values))]
    if part.kind is Kind.YES_NO:
        return source.random() < 0.5
    if part.kind in (Kind.NUMBER, Kind.INTEGER):
        low = part.minimum or 0
        return source.randint(int(low) + 1 if low % 1 else int(low), int(min(part.maximum or 100, low + 90)))
    if part.kind is Kind.DATE:
        return "2024-05-06"
    if part.kind is Kind.TABLE:
        return [{name: made_up(column, source) for name, column in part.columns.items()}]
    return "words"


def made_up_answer(item_id: str, source: random.Random) -> dict[str, Any]:
    reason = source.random()
    if reason < 0.08:
        return {"not_applicable": "so the reader says", "source": "entered", "by": "Reader"}
    if reason < 0.16:
        return {"not_assessable": "so the reader says", "source": "entered", "by": "Reader"}
    parts = BOOK.items[item_id].answer
    kept = {name: made_up(part, source) for name, part in parts.items() if source.random() < 0.85}
    return entered(kept or {name: made_up(part, source) for name, part in parts.items()})


def made_up_report(seed: int) -> dict[str, Any]:
    source = random.Random(seed)
    share = source.choice((0.3, 0.7, 0.95))
    return {
        "exams": [exam for exam in BOOK.vocabulary.exams if source.random() < 0.6],
        "facts": {fact: source.random() < 0.6 for fact in BOOK.vocabulary.facts if source.random() < 0.8},
        "answers": {name: made_up_answer(name, source) for name in BOOK.items if source.random() < share},
    }


def judged(document: dict[str, Any]) -> Completeness:
    return completeness(BOOK, read_answers(document, BOOK))


def settled(result: Completeness) -> set[str]:
    return {status.id for status in result.items if status.state is not ItemState.OPEN}


SEEDS = st.integers(0, 10**9)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(SEEDS)
def test_taking_an_answer_away_never_completes_a_report(seed: int) -> None:
    document = made_up_report(seed)
    before = judged(document)
    source = random.Random(seed)
    for name in source.sample(sorted(document["answers"]), min(12, len(document["answers"]))):
        answers = {key: value for key, value in document["answers"].items() if key != name}
        after = judged({**document, "answers": answers})
        assert settled(after) <= settled(before), name
        assert {status.id for status in before.blocking} <= {status.id for status in after.blocking}, name
        for old, new in zip(before.templates, after.templates, strict=True):
            assert set(new.covered) <= set(old.covered)


@QUICK
@given(SEEDS)
def test_forgetting_a_fact_or_a_part_never_completes_a_report(seed: int) -> None:
    document = made_up_report(seed)
    before = settled(judged(document))
    for fact in document["facts"]:
        facts = {key: value for key, value in document["facts"].items() if key != fact}
        assert settled(judged({**document, "facts": facts})) <= before, fact
    source = random.Random(seed)
    whole = [name for name, answer in document["answers"].items() if len(answer.get("value") or ()) > 1]
    for name in source.sample(sorted(whole), min(6, len(whole))):
        value = document["answers"][name]["value"]
        left_out = source.choice(sorted(value))
        fewer = entered({key: part for key, part in value.items() if key != left_out})
        assert settled(judged({**document, "answers": {**document["answers"], name: fewer}})) <= before, name


def hangs_on(item_id: str) -> set[str]:
    """The item and every item whose condition asks for it, directly or through others."""
    found = {item_id}
    while True:
        more = {
            other
            for other, condition in BOOK.conditions.items()
            if any((part := BOOK.part(c.reference)) and part[0].id in found for c in comparisons_of(condition))
        }
        if more <= found:
            return found
        found |= more


@QUICK
@given(SEEDS)
def test_an_answer_changes_nothing_that_does_not_hang_on_it(seed: int) -> None:
    document = made_up_report(seed)
    before = {status.id: status for status in judged(document).items}
    source = random.Random(seed)
    for name in source.sample(sorted(BOOK.items), 8):
        answers = {**document["answers"], name: made_up_answer(name, source)}
        after = judged({**document, "answers": answers})
        changed = {status.id for status in after.items if status != before[status.id]}
        assert changed <= hangs_on(name)


@QUICK
@given(SEEDS)
def test_order_never_matters(seed: int) -> None:
    document = made_up_report(seed)
    source = random.Random(seed)
    shuffled = {
        "exams": source.sample(document["exams"], len(document["exams"])),
        "facts": dict(source.sample(list(document["facts"].items()), len(document["facts"]))),
        "answers": dict(source.sample(list(document["answers"].items()), len(document["answers"]))),
    }
    assert judged(shuffled) == judged(document)


@QUICK
@given(SEEDS)
def test_every_item_has_one_state_with_its_reason(seed: int) -> None:
    result = judged(made_up_report(seed))
    assert [status.id for status in result.items] == list(BOOK.items)
    assert sum(result.count(kind) for kind in ItemState) == len(BOOK.items)
    for status in result.items:
        assert (status.state is ItemState.ANSWERED) or status.because
        assert not (status.blocks_signing and status.need is Need.OPTIONAL)


# Templates


def test_templates_are_scored_for_the_exams_that_were_done() -> None:
    names = {score.name for score in state(["ct"]).templates}
    assert names == {"pdac_expert", "ct_minimum"}
    result = state(["ct"], {"surgery_considered": False}, MPD_cal={"upstream_mm": 2}, PAR_atrophy="none")
    score = next(score for score in result.templates if score.name == "pdac_expert")
    assert {"pancreatic duct", "atrophy of the pancreas", "arteries", "veins"} == set(score.covered)
    assert score.printed() == "4 of 12"


def test_a_template_that_nobody_could_read_has_no_score() -> None:
    score = next(score for score in state(["sstr_pet"]).templates if score.name == "enets_molecular")
    assert score.printed() == "not assessable: the template exists, what it asks for could not be read"


# Answers that do not fit


@pytest.mark.parametrize(
    ("item", "answer", "said"),
    [
        ("PRI.sizes", entered(3), "no item is named PRI.sizes. Did you mean PRI.size?"),
        ("PRI.margin", entered("lobulatd"), "no value is named lobulatd. Did you mean lobulated?"),
        ("PRI.size", entered({"longest": 3}), "no part is named longest. Did you mean longest_mm?"),
        ("PRI.size", entered(14), "has several parts and only one value was given"),
        ("PRI.size", entered({"longest_mm": 1400}), "found 1400 mm; expected 1 to 400 mm. Check its unit."),
        ("PRI.size", entered({"longest_mm": "14"}), "expected a number in mm"),
        ("PRI.number", entered(1.5), "is a whole number"),
        ("PRI.number", entered(True), "is a whole number"),
        ("CTX.renal", {**entered(70), "unit": "mL/s"}, "the unit is not that of the item; found mL/s"),
        ("LN.caveat", entered("yes"), "is answered by yes or no"),
        ("CTX.hormone", entered([]), "is an empty list"),
        ("CTX.hormone", entered(["none", "insulin"]), "says none and something else"),
        ("CTX.prior", entered({"available": True, "date": "2024-13-01"}), "is not a date"),
        ("MPD.dist", {**entered(None)}, "exactly one of"),
        ("MPD.dist", {**entered(3), "not_applicable": "no tumour"}, "exactly one of"),
        ("MPD.dist", {"value": 3, "source": "proposed", "by": "rule"}, "says under because what it rests on"),
        ("MPD.dist", {"value": 3, "source": "guessed", "by": "rule"}, "answers.MPD.dist.source does not fit"),
        ("MPD.dist", {**entered(3), "bie": "x"}, "no key is named bie"),
        ("SUM.next", entered({"exam": " ", "interval": "1 year"}), "is answered in words"),
        ("SUR.vessel_table", entered({"vessels": {"vessel": "SMA"}}), "is a list of rows"),
        ("SUR.vessel_table", entered({"vessels": [{"vesel": "SMA"}]}), "row 1: no part is named vesel"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_place(item: str, answer: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_answers({"answers": {item: answer}}, BOOK, subject="a.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith("a.yaml")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"exams": ["pt"]}, "no exam is named pt"),
        ({"facts": {"folow_up": True}}, "no fact is named folow_up. Did you mean follow_up?"),
        ({"answer": {}}, "no key is named answer. Did you mean answers?"),
        ([], "the document does not fit"),
    ],
)
def test_a_document_that_does_not_fit_is_refused(document: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        read_answers(document, BOOK)
    assert said in str(error.value)


def test_an_answer_keeps_who_gave_it_and_why() -> None:
    answer = Answer(value=3, unit="mm", source=Origin.PROPOSED, by="distance", because="outline of P1")
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    assert ReportAnswers(answers={"MPD.dist": answer}).parts(BOOK.items["MPD.dist"]) == {"distance_mm": 3}


def test_the_example_lacks_one_answer() -> None:
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    result = judged(document)
    assert [status.id for status in result.blocking] == ["SUM.next"]
    assert result.facts_wanted == []
    assert [status.remark for status in result.items if status.remark] == []
    document["answers"]["SUM.next"] = entered({"exam": "MRI", "interval": "12 months"})
    assert judged(document).can_be_signed
