"""The page of rules and sources is what the YAML says, and holds all of it."""

from __future__ import annotations

import re

import pytest

from isletscope.assessment.wiring_book import response_book, surgery_book
from isletscope.criteria import all_criteria, citations
from isletscope.items import catalogue
from scripts import clinical_basis


def test_the_page_is_what_the_rules_say() -> None:
    assert clinical_basis.PAGE.read_text(encoding="utf-8") == clinical_basis.basis_page(), "renew it with `make docs`"


def test_the_page_holds_every_criterion_rule_limit_and_flag() -> None:
    page = clinical_basis.basis_page()
    for criterion in all_criteria().values():
        section = page.split(f"\n### {criterion.title}\n\n`{criterion.name}`")[1].split("\n### ")[0]
        for kind in ("thresholds", "rules", "flags"):
            for name in getattr(criterion.book, kind):
                assert f"| `{kind}.{name}` |" in section, f"{criterion.name}: {kind}.{name}"


def test_the_page_holds_every_item_template_and_reference() -> None:
    page = clinical_basis.basis_page()
    assert all(f"\n| `{item}` |" in page for item in catalogue().items)
    assert all(template.title in page for template in catalogue().templates.values())
    assert all(f"\n- **{key}** " in page for key in citations())


def test_the_page_holds_what_the_assessment_chooses() -> None:
    page = clinical_basis.basis_page().split("## From findings to rules")[1].split("\n## ")[0]
    for book in (surgery_book(), response_book()):
        assert all(f"| `limits.{name}` |" in page for name in book.limits)
        assert all(f"| `sentences.{name}` |" in page for name in book.sentences)


def test_every_row_of_the_page_is_whole() -> None:
    for line in clinical_basis.basis_page().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            assert len(cells) in (4, 5), line
            assert cells[1], line
            assert cells[-2] in ("verified", "verified_2nd", "recall", "convention", "computed"), line
            assert cells[-1] or cells[-2] not in ("verified", "verified_2nd"), line


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ({"a": {"value": 3, "unit": "mm", "about": "size", "support": "recall"}}, ("a", "3 mm: size", "recall", "")),
        ({"a": [{"text": "So.", "support": "verified", "cite": ["X", "Y"]}]}, ("a.1", "So.", "verified", "X, Y")),
        ({"flags": {"F": {"text": "Flag."}}}, ("flags.F", "Flag.", "convention", "")),
        ({"rows": [{"exam": "ct", "because": "It shows."}]}, ("rows.1", "It shows.", "recall", "")),
        ({"t": {"low": 1, "names": ["a", "b"], "support": "recall"}}, ("t", "low 1; names a, b", "recall", "")),
    ],
)
def test_a_statement_is_found_at_any_depth(content: object, row: tuple[str, ...]) -> None:
    assert list(clinical_basis.rows_of(content)) == [row]
