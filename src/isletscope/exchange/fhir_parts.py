"""The small parts that FHIR resources are made of: concepts, quantities, identifiers, references, bundle entries."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from isletscope.exchange.codes import code_book, local, namespace, system_uri
from isletscope.exchange.content import Content, Number
from isletscope.model import Code, Standing

Resource = dict[str, Any]
DICOM_UID = "urn:dicom:uid"


def coding(code: Code) -> Resource:
    """A Coding."""
    return {"system": system_uri(code.scheme), "code": code.value, "display": code.meaning}


def codeable(*codes: Code, text: str = "") -> Resource:
    """A CodeableConcept of these codes; schemes without a FHIR system are left to the text."""
    known = [coding(code) for code in codes if code.scheme in code_book()["systems"]["uris"]]
    shown = text or (codes[0].meaning if codes else "")
    return {"coding": known, "text": shown} if known else {"text": shown}


def absent(reason: str, kind: str = "missing") -> Resource:
    """A dataAbsentReason with the reason in words. ``kind``: missing, or a visibility."""
    book = code_book()["fhir"]
    return {"coding": [{"system": book["absent_system"], "code": book["absent"][kind]}], "text": reason}


def quantity(written: str, unit: str) -> Resource:
    """A Quantity with a UCUM code; the digits are those of ``written``."""
    value = float(written) if "." in written else int(written)
    return {"value": value, "unit": unit, "system": system_uri("UCUM"), "code": unit}


def component(number: Number) -> Resource:
    """A component of an Observation: a number, or the reason why there is none.

    Its first code is local and tells it from all others of the Observation: SUVmax and SUVmean share their DICOM code.
    """
    found = number.measurement
    codes = [local(number.key, found.name), *([found.code] if found.code else [])]
    code = codeable(*(one for index, one in enumerate(codes) if one not in codes[:index]), text=found.name)
    if found.value is None:
        return {"code": code, "dataAbsentReason": absent(found.missing_because or "missing")}
    return {"code": code, "valueQuantity": quantity(number.written, found.unit)}


def identifier(kind: str, value: str) -> Resource:
    """An identifier that this program gives."""
    return {"system": namespace(kind), "value": value}


def full_url(content: Content, *parts: str) -> str:
    """The address of a resource within the bundle, the same whenever it is made."""
    return f"urn:uuid:{content.identifier('fhir', *parts)}"


def reference(url: str, display: str = "") -> Resource:
    """A reference to another entry of the bundle."""
    return {"reference": url, "display": display} if display else {"reference": url}


def updated(url: str, resource: Resource) -> Resource:
    """An entry that makes the resource, or brings the one of the same identifier up to date."""
    named = resource["identifier"][0] if isinstance(resource["identifier"], list) else resource["identifier"]
    return _entry(url, resource, {"method": "PUT", "url": f"{resource['resourceType']}?{_search(named)}"})


def tagged(url: str, resource: Resource, tag: Resource) -> Resource:
    """As :func:`updated` for a resource that has no identifier: it is found again by its tag."""
    resource["meta"] = {"tag": [tag]}
    query = f"_tag={quote(tag['system'], safe=':')}|{quote(tag['code'], safe='')}"
    return _entry(url, resource, {"method": "PUT", "url": f"{resource['resourceType']}?{query}"})


def created(url: str, resource: Resource) -> Resource:
    """An entry that makes the resource only where the server has none of the same identifier, and changes none."""
    request = {
        "method": "POST",
        "url": resource["resourceType"],
        "ifNoneExist": _search(resource["identifier"][0]),
    }
    return _entry(url, resource, request)


def _search(named: Resource) -> str:
    return f"identifier={quote(named.get('system', ''), safe=':')}|{quote(named['value'], safe=':')}"


def _entry(url: str, resource: Resource, request: Resource) -> Resource:
    return {"fullUrl": url, "resource": resource, "request": request}


def status(content: Content) -> str:
    """Preliminary for a draft, final once signed, amended when signed again."""
    found: str = code_book()["fhir"]["report_status"][Standing(content.standing).value]
    return found


def unique(items: Iterable[Any]) -> list[Any]:
    """The items, each once, in order."""
    return list({str(item): item for item in items}.values())


def stable(text: str) -> str:
    """A UUID that stands for a text."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text))
