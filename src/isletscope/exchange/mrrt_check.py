"""Checks a report template against the rules of IHE MRRT; the profile has no validator of its own.

Rules as far as they could be read: the supplement of 2017 through the guideline of the German radiology society, the
connectathon samples and the structure test of the profile. Decoding is strict: what this program writes is well-formed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring

_FIELD_TYPES = {
    ("input", "text"): {"TEXT", "MERGE"},
    ("input", "number"): {"NUMBER"},
    ("input", "date"): {"DATE"},
    ("input", "time"): {"TIME"},
    ("input", "checkbox"): {"CHECKBOX"},
    ("select", ""): {"SELECTION_LIST"},
}
_METADATA = ("title", "identifier", "type", "language", "publisher", "rights", "license", "date", "creator")
_FOREIGN = ("textarea", "button", "form", "iframe", "object", "img", "link")
_ORDER = ("top-level-flag", "status", "user-list", "provider-group-list", "coding_schemes", "term", "coded_content")
_COMPLETION = ("NONE", "ALERT", "PROHIBIT")


def template_faults(text: str) -> tuple[str, ...]:
    """Every broken rule as a sentence; empty when the template holds."""
    if not text.startswith("<!DOCTYPE html>"):
        return ("does not begin with <!DOCTYPE html>",)
    try:
        page = fromstring(text.removeprefix("<!DOCTYPE html>"))
    except ParseError as error:
        return (f"is not well-formed: {error}",)
    if page.tag != "html" or [part.tag for part in page] != ["head", "body"]:
        return ("is not one html with one head and one body",)
    head, body = page[0], page[1]
    found = (_head(head), _script(page, head), _body(body), _sections(body), _fields(body), _names(page))
    return tuple(fault for part in found for fault in part)


def _head(head: Element) -> Iterator[str]:
    titles = [one.text or "" for one in head.iter("title")]
    if len(titles) != 1:
        yield f"has {len(titles)} titles, not one"
    if any(sign in (one.text or "") for one in head.iter("style") for sign in "<>&"):
        yield "the style holds a sign that XML and HTML read differently"
    charsets = [one.get("charset") for one in head.iter("meta") if one.get("charset")]
    if charsets != ["UTF-8"]:
        yield "does not say once that its charset is UTF-8"
    named = {one.get("name", ""): one.get("content", "") for one in head.iter("meta")}
    for name in _METADATA:
        if not named.get(f"dcterms.{name}"):
            yield f"says nothing under dcterms.{name}"
    if titles and named.get("dcterms.title") != titles[0]:
        yield "dcterms.title is not the title"
    if named.get("dcterms.type") != "IMAGE_REPORT_TEMPLATE":
        yield "dcterms.type is not IMAGE_REPORT_TEMPLATE"
    if len(named.get("dcterms.language", "")) != 2:
        yield "dcterms.language has not two letters"


def _script(page: Element, head: Element) -> Iterator[str]:
    scripts = [one for one in head.iter("script") if one.get("type") == "text/xml"]
    if len(scripts) != 1 or len(list(page.iter("script"))) != 1:
        yield "does not hold exactly one script, text/xml, in its head"
        return
    roots = list(scripts[0])
    if [root.tag for root in roots] != ["template_attributes"]:
        yield "the script does not hold template_attributes"
        return
    parts = [part.tag for part in roots[0]]
    if sorted(set(parts), key=parts.index) != [name for name in _ORDER if name in parts] or set(parts) - set(_ORDER):
        yield "the parts of template_attributes are unknown or not in their order"
    yield from (f"template_attributes lacks {name}" for name in _ORDER[:2] + _ORDER[-1:] if name not in parts)
    if roots[0].findtext("top-level-flag") not in ("true", "false"):
        yield "top-level-flag is neither true nor false"
    if roots[0].findtext("status") not in ("DRAFT", "ACTIVE", "RETIRED"):
        yield "status is not one of DRAFT, ACTIVE, RETIRED"
    yield from _coded(page, roots[0])


def _coded(page: Element, attributes: Element) -> Iterator[str]:
    """Schemes are declared with an OID, and what is coded is there."""
    schemes = {one.get("name"): one.get("designator", "") for one in attributes.iter("coding_scheme")}
    for name, oid in schemes.items():
        if not name or not oid.replace(".", "").isdigit():
            yield f"coding scheme {name} has no OID"
    for code in attributes.iter("code"):
        if code.get("scheme") not in schemes:
            yield f"code {code.get('value')}: scheme {code.get('scheme')} is not declared"
        if not code.get("value") or not code.get("meaning"):
            yield "a code has no value or no meaning"
    ids = {one.get("id") for one in page.iter() if one.get("id")}
    for entry in attributes.iter("entry"):
        if entry.get("ORIGTXT") not in ids:
            yield f"coded content names {entry.get('ORIGTXT')}, which is not there"


def _body(body: Element) -> Iterator[str]:
    for one in body.iter():
        if one.tag in _FOREIGN:
            yield f"holds {one.tag}, which templates do not know"
        yield from (f"{one.tag} has {name}" for name in dict(one.items()) if name == "style" or name.startswith("on"))


def _sections(body: Element) -> Iterator[str]:
    if not list(body.iter("section")):
        yield "has no section"
    for one in body.iter("section"):
        name = one.get("id", "without id")
        if not one.get("id") or not one.get("data-section-name"):
            yield f"section {name} has no id or no data-section-name"
        level = one.get("class", "")
        if not level.startswith("level"):
            yield f"section {name} says no level"
        if not len(one) or one[0].tag != "header" or one[0].get("class") != level:
            yield f"section {name} does not begin with a header of its level"


def _fields(body: Element) -> Iterator[str]:
    labelled = {one.get("for") for one in body.iter("label")}
    for one in body.iter():
        if one.tag not in ("input", "select"):
            continue
        name = one.get("id", "")
        kind = one.get("type", "") if one.tag == "input" else ""
        if one.get("data-field-type") not in _FIELD_TYPES.get((one.tag, kind), set()):
            yield f"field {name}: {one.tag} {kind} is no {one.get('data-field-type')}"
        if not name or not one.get("name"):
            yield f"field {name or 'without id'} has no id or no name"
        if name not in labelled and not one.get("aria-label"):
            yield f"field {name} has no label"
        if one.get("data-field-completion-action", "NONE") not in _COMPLETION:
            yield f"field {name}: unknown completion action"
        if one.tag == "select":
            yield from _options(name, one)
        elif kind == "number":
            yield from _limits(name, one)


def _options(name: str, select: Element) -> Iterator[str]:
    options = list(select)
    values = [one.get("value") for one in options]
    if len(options) < 2 or any(one.tag != "option" or not one.text for one in options):
        yield f"field {name} offers no choice"
    if len(set(values)) != len(values):
        yield f"field {name} offers a value twice"
    if sum(one.get("selected") is not None for one in options) > 1:
        yield f"field {name} has two values"


def _limits(name: str, one: Element) -> Iterator[str]:
    if not one.get("data-field-units"):
        yield f"field {name} is a number without a unit"
    try:
        low, high = float(one.get("min", "-inf")), float(one.get("max", "inf"))
        value = float(one.get("value") or "nan")
    except ValueError:
        yield f"field {name} holds no number"
        return
    if low > high or value < low or value > high:
        yield f"field {name}: {one.get('value')} is not within {one.get('min')} and {one.get('max')}"


def _names(page: Element) -> Iterator[str]:
    ids = Counter(one.get("id") for one in page.iter() if one.get("id"))
    yield from (f"id {name} stands {count} times" for name, count in ids.items() if count > 1)
    for one in page.iter("label"):
        if one.get("for") not in ids:
            yield f"a label is for {one.get('for')}, which is not there"
