"""Alarms in their fixed form, the informative site, the grade hint, and what is missing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.criteria.phenotype_histology import CRITERION
from isletscope.model import Conclusion
from tests.criteria.support import certainty, sound

FORM = re.compile(r"^ALERT, discordance: .+ against .+\. Meaning: .+\. Would be settled by: .+\.$")
NEVER = ("must", "should", "recommend", "cured", "unresectable", "candidate")


def lesion(name: str, sstr: int | None, fdg: int | None, suv: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "site": "liver",
        "longest_mm": 25,
        "sstr": None if sstr is None else {"reader_score": sstr},
        "fdg": None if fdg is None else {"reader_score": fdg, "suv_max_g_ml": suv},
        **more,
    }


def compared(lesions: list[dict[str, Any]], *grades: str, **more: Any) -> Conclusion:
    samples = [{"lesion": "P1", "grade": grade, "sampled": "2026-06-10"} for grade in grades]
    document = {"lesions": lesions, "samples": samples, "sstr_done": True, "fdg_done": True, **more}
    result = CRITERION.run_document(document)
    assert sound(result)
    return result


REPORT_C = [
    lesion("P1", 2, 3, 5.0),
    lesion("H5", 0, 4, 14.2, longest_mm=31),
    lesion("H6", 0, 4, 9.1),
    lesion("O1", 0, 4, 8.0),
]


def test_low_grade_histology_against_fdg_positive_sstr_negative_lesions() -> None:
    result = compared(REPORT_C, "G2")
    assert result.value == "discordant"
    alarm = result.branches[0].text
    assert FORM.match(alarm)
    assert alarm.startswith(
        "ALERT, discordance: histology G2 at P1 (2026-06-10) against FDG-positive and SSTR-negative H5, H6, O1 "
        "(FDG SUVmax up to 14.2)."
    )
    assert alarm.endswith("Would be settled by: sampling of H5.")
    assert result.parts["most informative site if sampling is discussed"] == "H5, liver, 31 mm, FDG SUVmax 14.2"
    assert result.parts["grade hint"] == "high-grade-leaning"
    assert {"tracer_discordance", "not_histology"} <= result.flag_codes()


@pytest.mark.parametrize("grade", ["G1", "G2"])
@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (lesion("L1", 0, 3), "mismatch"),
        (lesion("L1", 1, 1), "mismatch"),
        (lesion("L1", 3, 4), "fdg_dominant"),
        (lesion("L1", 4, 3, relation="fdg_higher"), "fdg_dominant"),
        (lesion("L1", 4, 4, 9.1), "high_fdg"),
    ],
)
def test_each_alarm_has_the_fixed_form_and_length(grade: str, found: dict[str, Any], rule: str) -> None:
    result = compared([lesion("P1", 4, 0), found], grade)
    (branch,) = result.branches
    assert branch.rule == f"phenotype_histology.{rule}"
    assert FORM.match(branch.text)
    assert len(branch.text.split()) <= 60
    assert not any(word in branch.text for word in NEVER)


def test_an_alarm_over_many_lesions_stays_short() -> None:
    text = compared([lesion(f"H{n:02}", 0, 4, 8.0) for n in range(18)], "G2").branches[0].text
    assert "18 lesions (H00, H01, H02, H03, H04, H05 and others)" in text
    assert len(text.split()) <= 60


@pytest.mark.parametrize(("suv", "value"), [(9.0, "concordant"), (9.1, "discordant")])
def test_the_limit_of_fdg_from_both_sides(suv: float, value: str) -> None:
    assert compared([lesion("L1", 4, 3, suv)], "G1").value == value


def test_high_grade_histology_against_quiet_lesions() -> None:
    quiet = [lesion("P1", 4, 0), lesion("L1", 3, 0)]
    result = compared(quiet, "G3")
    assert result.value == "discordant"
    assert FORM.match(result.branches[0].text)
    assert compared(quiet, "G2").value == "concordant"
    assert compared([*quiet, lesion("L2", 2, 0)], "G3").value == "concordant"


def test_no_alarm_where_the_discordant_lesion_itself_is_of_high_grade() -> None:
    lesions = [lesion("P1", 4, 0), lesion("H5", 0, 4)]
    samples = [{"lesion": "P1", "grade": "G2"}, {"lesion": "H5", "grade": "G3"}]
    result = CRITERION.run_document({"lesions": lesions, "samples": samples})
    assert result.value == "concordant"
    assert "sampled_itself" in result.flag_codes()


@pytest.mark.parametrize(
    ("lesions", "hint"),
    [
        ([lesion("L1", 4, 0)], "low-grade-leaning"),
        ([lesion("L1", 4, 2)], "intermediate"),
        ([lesion("L1", 2, 0)], "insufficient"),
        ([lesion("L1", 0, 2)], "high-grade-leaning"),
    ],
)
def test_grade_hints(lesions: list[dict[str, Any]], hint: str) -> None:
    assert compared(lesions, "G1").parts["grade hint"] == hint


def test_the_hint_needs_no_tissue_sample() -> None:
    document = {"lesions": [lesion("L1", 4, 0)]}
    found = CRITERION.run_document(document)
    assert found.missing == ["grade of a tissue sample"]
    assert found.parts["grade hint"] == "low-grade-leaning"


def test_what_is_missing_is_named() -> None:
    assert compared(REPORT_C).missing == ["grade of a tissue sample"]
    assert compared([], "G1").missing == ["a lesion"]
    assert CRITERION.run_document({"lesions": [lesion("L1", 4, None)]}).missing == [
        "grade of a tissue sample",
        "FDG PET",
    ]
    unseen = compared([lesion("L1", 4, 0), lesion("L2", None, 3)], "G1")
    assert unseen.possible == ["concordant", "discordant"]
    assert "sample_not_among_lesions" in unseen.flag_codes()


def test_low_receptor_uptake_is_noted_from_one_centimetre() -> None:
    assert "receptor_loss" in compared([lesion("L1", 2, 0, longest_mm=10)], "G1").flag_codes()
    assert "receptor_loss" not in compared([lesion("L1", 2, 0, longest_mm=9.9)], "G1").flag_codes()


levels = st.one_of(st.none(), st.integers(0, 4))


@given(st.lists(st.tuples(levels, levels), min_size=1, max_size=4), st.sampled_from(["G1", "G2", "G3"]), st.randoms())
def test_properties(many: list[tuple[int | None, int | None]], grade: str, random: Any) -> None:
    lesions = [lesion(f"L{n}", sstr, fdg) for n, (sstr, fdg) in enumerate(many)]
    full = compared(lesions, grade)
    assert full == compared(random.sample(lesions, len(lesions)), grade)
    for name in ("sstr", "fdg"):
        assert certainty(compared([{**lesions[0], name: None}, *lesions[1:]], grade)) <= certainty(full)
    if full.value == "discordant" and grade != "G3":
        assert compared([*lesions, lesion("L9", 4, 0)], grade).value == "discordant"
