"""IHE MRRT report templates made of the item catalogue, empty and filled with the answers of a case."""

from __future__ import annotations

import fnmatch
import uuid
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from isletscope.errors import OutputError
from isletscope.exchange.content import Content, content_of, person_names, short_hash, without_controls
from isletscope.exchange.mrrt_book import template_book
from isletscope.exchange.mrrt_check import template_faults
from isletscope.exchange.mrrt_fields import Filled, coded_entries, item_block, labelled_text, mark_up
from isletscope.exchange.written import Written
from isletscope.items import Item, Step, catalogue
from isletscope.model import Standing
from isletscope.reading import CaseFolder, write_text

_DOCTYPE = "<!DOCTYPE html>\n"
_STATES = {Standing.DRAFT: "Draft, not signed", Standing.FINAL: "Signed", Standing.AMENDED: "Amended and signed"}


@dataclass(frozen=True)
class ReportTemplate:
    """One template: its name, its title, what it is for, and its items by step."""

    name: str
    title: str
    about: str
    steps: tuple[tuple[Step, tuple[Item, ...]], ...]


def report_templates() -> tuple[ReportTemplate, ...]:
    """All templates with their items in the order of the reading."""
    return tuple(_template(name, entry) for name, entry in template_book()["templates"].items())


def _template(name: str, entry: dict[str, Any]) -> ReportTemplate:
    def wanted(item: Item) -> bool:
        return _matches(item.id, entry["items"]) and not _matches(item.id, entry.get("without", []))

    steps = [(step, tuple(item for item in step.items if wanted(item))) for step in catalogue().steps]
    return ReportTemplate(name, entry["title"], entry["about"], tuple((step, items) for step, items in steps if items))


def _matches(item_id: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(item_id, pattern) for pattern in patterns)


def write_mrrt(folder: CaseFolder, out: Path) -> Written:
    """Write each template empty and filled into ``out``: ``mrrt_<name>.html``, ``mrrt_<name>_filled.html``.

    Raises CaseError for a case never assessed or changed since it was signed, OutputError where a template would break
    a rule of the profile.
    """
    content = content_of(folder.case, str(folder.path))
    files: list[Path] = []
    left: list[str] = []
    for template in report_templates():
        asked = {item.id for _, items in template.steps for item in items}
        pages = {"": template_html(template), "_filled": template_html(template, content)}
        for suffix, page in pages.items():
            path = out / f"mrrt_{template.name}{suffix}.html"
            faults = template_faults(page)
            if faults:
                raise OutputError("the template would not be valid", subject=path.name, found="; ".join(faults[:3]))
            write_text(path, page)
            files.append(path)
        others = len(set(content.assessed.answers) - asked)
        if others:
            left.append(f"{template.name}: {others} answers to items that this template does not ask for")
    return Written(tuple(files), tuple(left))


def template_html(template: ReportTemplate, content: Content | None = None) -> str:
    """A template as well-formed HTML5; with ``content`` the answers stand in its fields."""
    page = Element("html", {"lang": template_book()["metadata"]["language"]})
    title = f"{template.title}, {content.patient.id}, {content.point.date}" if content else template.title
    body = Element("body")
    _top(body, template, content)
    for step, items in template.steps:
        _section(body, step, items, content)
    head = SubElement(page, "head")
    _metadata(head, template, title, short_hash(tostring(body, "unicode")))
    page.append(body)
    return without_controls(_DOCTYPE + tostring(page, "unicode") + "\n")


def _metadata(head: Element, template: ReportTemplate, title: str, version: str) -> None:
    """Title, Dublin Core, the style, and the coded content. The identifier changes with the content."""
    book = template_book()
    SubElement(head, "meta", {"charset": "UTF-8"})
    SubElement(head, "title").text = title
    known = uuid.uuid5(uuid.NAMESPACE_OID, f"{template.name}|{title}|{book['version']}|{version}").int
    named = {"title": title, "identifier": f"2.25.{known}", **book["metadata"]}
    for name, value in named.items():
        SubElement(head, "meta", {"name": f"dcterms.{name}", "content": value})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    style = resources.files("isletscope.exchange").joinpath("mrrt.css").read_text(encoding="utf-8")
    SubElement(head, "style").text = f"\n{style}"
    script = SubElement(head, "script", {"type": "text/xml"})
    attributes = SubElement(script, "template_attributes")
    for name, value in (("top-level-flag", "true"), ("status", "DRAFT")):
        SubElement(attributes, name).text = value
    SubElement(attributes, "user-list")
    SubElement(attributes, "provider-group-list")
    schemes = SubElement(attributes, "coding_schemes")
    for name, oid in book["schemes"].values():
        SubElement(schemes, "coding_scheme", {"name": name, "designator": oid})
    for kind, value, scheme, meaning in book["terms"]:
        code = {"meaning": meaning, "value": value, "scheme": book["schemes"][scheme][0]}
        SubElement(SubElement(attributes, "term", {"type": kind}), "code", code)
    content = SubElement(attributes, "coded_content")
    for _, items in template.steps:
        for item in items:
            content.extend(coded_entries(item, book["schemes"]))


def _top(body: Element, template: ReportTemplate, content: Content | None) -> None:
    """What the report is, and about whom."""
    section = _named_section(body, "patient", template.title)
    mark_up(section, "p", template.about, "about")
    grid = SubElement(section, "div", {"class": "fields"})
    person = content.patient if content else None
    days = ", ".join(f"{exam.title} {exam.date or ''}".strip() for exam in content.exams) if content else ""
    told = {
        "id": ("Patient ID", person.id if person else ""),
        "name": ("Name", _printed_name(person.name) if person else ""),
        "birth_date": ("Date of birth", (person.birth_date or "") if person else ""),
        "sex": ("Sex", (person.sex or "") if person else ""),
        "exams": ("Exams", days),
        "state": ("State", _state(content) if content else ""),
    }
    for name, (label, value) in told.items():
        labelled_text(grid, f"patient.{name}", label, value, merged=True, wide=name in ("exams", "state"))


def _printed_name(name: str | None) -> str:
    return ", ".join(" ".join(part for part in group if part) for group in person_names(name))


def _state(content: Content) -> str:
    words = _STATES[content.standing]
    return f"{words} by {content.signature.by}, {content.signature.at}" if content.signature else words


def _section(body: Element, step: Step, items: tuple[Item, ...], content: Content | None) -> None:
    section = _named_section(body, f"step_{step.number}", f"{step.number}. {step.title}")
    mark_up(section, "mark", step.about, "about")
    for item in items:
        section.append(item_block(item, _filled(content, item.id) if content else None))


def _filled(content: Content, item_id: str) -> Filled:
    done = content.assessed.completeness
    stands = {one.id: one for one in done.items} if done else {}
    return Filled(content.assessed.answers.get(item_id), stands.get(item_id))


def _named_section(body: Element, name: str, title: str) -> Element:
    section = SubElement(body, "section", {"id": name, "class": "level1", "data-section-name": title})
    SubElement(section, "header", {"class": "level1"}).text = title
    return section
