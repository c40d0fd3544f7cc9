"""The report templates: valid by the rules of the profile, filled with the answers of the case, faults found."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from isletscope.exchange.content import content_of, plain
from isletscope.exchange.mrrt import report_templates, template_html, write_mrrt
from isletscope.exchange.mrrt_check import template_faults
from isletscope.items import Kind, catalogue
from isletscope.model import ItemState
from isletscope.reading import CaseFolder
from tests.exchange.cases import signed, with_a_gap


def fields(page: str) -> dict[str, Element]:
    tree = fromstring(page.removeprefix("<!DOCTYPE html>"))
    return {one.get("id", ""): one for one in tree.iter() if one.tag in ("input", "select")}


def shown(field: Element) -> str:
    """What stands in a field."""
    if field.tag == "select":
        return next((one.get("value", "") for one in field if one.get("selected") is not None), "")
    return field.get("value", "")


@pytest.mark.parametrize("template", report_templates(), ids=lambda one: one.name)
def test_every_template_holds_empty_and_filled(template: Any) -> None:
    assert template_faults(template_html(template)) == ()
    for case in (with_a_gap(), signed(with_a_gap())):
        assert template_faults(template_html(template, content_of(case))) == ()


def test_every_item_stands_in_a_template() -> None:
    asked = {item.id for template in report_templates() for _, items in template.steps for item in items}
    assert asked == set(catalogue().items)


def test_an_empty_template_holds_no_value() -> None:
    for template in report_templates():
        found = fields(template_html(template))
        assert [name for name, one in found.items() if one.get("type") != "checkbox" and shown(one)] == []
        assert not any(one.get("checked") for one in found.values())


def test_the_answers_stand_in_the_filled_template() -> None:
    content = content_of(with_a_gap())
    seen = 0
    for template in report_templates():
        found = fields(template_html(template, content))
        for _, items in template.steps:
            for item in items:
                answer = content.assessed.answers.get(item.id)
                if answer is None or not isinstance(answer.value, dict):
                    continue
                for name, value in answer.value.items():
                    part = item.answer[name]
                    if part.kind in (Kind.NUMBER, Kind.INTEGER) and isinstance(value, int | float):
                        assert shown(found[f"{item.id}.{name}"]) == plain(value)
                        seen += 1
                    elif part.kind is Kind.CHOICE:
                        assert shown(found[f"{item.id}.{name}"]) == value
                    elif part.kind is Kind.CHOICES and isinstance(value, list):
                        ticked = [key for key in part.values if found[f"{item.id}.{name}.{key}"].get("checked")]
                        assert sorted(ticked) == sorted(map(str, value))
    assert seen > 10


def test_items_without_an_answer_say_where_they_stand() -> None:
    content = content_of(with_a_gap())
    done = content.assessed.completeness
    assert done is not None
    found = fields(template_html(report_templates()[0], content))
    states = {ItemState.OPEN: "", ItemState.ANSWERED: "answered"}
    for status in done.items:
        if f"{status.id}._state" in found:
            wanted = states.get(status.state, status.state.value.replace(" ", "_"))
            assert shown(found[f"{status.id}._state"]) == wanted
            if status.state in (ItemState.NOT_APPLICABLE, ItemState.NOT_ASSESSABLE):
                assert shown(found[f"{status.id}._reason"])


def test_files_and_what_is_not_in_them(folder: CaseFolder, tmp_path: Path) -> None:
    written = write_mrrt(folder, tmp_path)
    assert [path.name for path in written.files] == [
        f"mrrt_{name}{suffix}.html"
        for name in ("initial_staging", "follow_up", "surgical_planning")
        for suffix in ("", "_filled")
    ]
    assert all(template_faults(path.read_text()) == () for path in written.files)
    again = write_mrrt(folder, tmp_path / "again")
    assert [path.read_bytes() for path in again.files] == [path.read_bytes() for path in written.files]


def test_the_identifier_changes_with_the_content() -> None:
    empty, filled = (template_html(report_templates()[0], content) for content in (None, content_of(with_a_gap())))
    assert empty.split("dcterms.identifier")[1][:70] != filled.split("dcterms.identifier")[1][:70]


BROKEN = {
    "does not begin with": ("<!DOCTYPE html>", "<!DOCTYPE xhtml>"),
    "is not well-formed": ("</section>", ""),
    "dcterms.title is not the title": ("<title>", "<title>Other "),
    "does not say once that its charset": ('charset="UTF-8"', 'charset="latin-1"'),
    "says nothing under dcterms.rights": ("dcterms.rights", "dcterms.wrongs"),
    "is not IMAGE_REPORT_TEMPLATE": ("IMAGE_REPORT_TEMPLATE", "TEMPLATE"),
    "status is not one of": ("<status>DRAFT", "<status>READY"),
    "is not declared": ('scheme="SNOMEDCT"', 'scheme="SNOMED"'),
    "has no OID": ("2.16.840.1.113883.6.96", "snomed"),
    "which is not there": ('ORIGTXT="PRI.seen.value"', 'ORIGTXT="PRI.gone.value"'),
    "has style": ("<body>", '<body style="color: red">'),
    "has onclick": ("<body>", '<body onclick="go()">'),
    "holds textarea": ("<body>", "<body><textarea>x</textarea>"),
    "no data-section-name": ('data-section-name="4. Nodes"', ""),
    "does not begin with a header": ('<header class="level1">4. Nodes</header>', ""),
    "has no label": ('for="PRI.seen.value"', 'for="PRI.number.count"'),
    "is no NUMBER": ('type="date" data-field-type="DATE"', 'type="date" data-field-type="NUMBER"'),
    "is a number without a unit": ('data-field-units="mm"', ""),
    "times": ('id="PRI.seen.value"', 'id="PRI.number.count"'),
    "offers a value twice": ('<option value="tail">', '<option value="head">'),
    "unknown completion action": ('"PROHIBIT"', '"FORBID"'),
    "parts of template_attributes": ("top-level-flag>", "flag>"),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_broken_rule_is_found(said: str) -> None:
    page = template_html(report_templates()[0])
    old, new = BROKEN[said]
    assert old in page
    everywhere = said in ("parts of template_attributes",)
    faults = template_faults(page.replace(old, new) if everywhere else page.replace(old, new, 1))
    assert any(said in fault for fault in faults), faults
