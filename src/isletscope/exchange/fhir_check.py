"""What must hold of a bundle before it is written: the library's models, required codes, references, identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from isletscope.exchange.codes import code_book
from isletscope.exchange.fhir_parts import Resource


def faults_of(bundle: Resource) -> tuple[str, ...]:
    """Every fault of a transaction bundle as a sentence; empty when it holds.

    The library checks structure, cardinality and types; it accepts any word for a code with a required binding, so
    these are checked here against the lists of ``codes.yaml``.
    """
    return (*_structure(bundle), *_codes(bundle), *_references(bundle), *_requests(bundle), *_components(bundle))


def _structure(bundle: Resource) -> Iterator[str]:
    from fhir.resources.R4B.bundle import Bundle  # takes a second to load

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        for one in error.errors()[:10]:
            yield f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"


def _codes(bundle: Resource) -> Iterator[str]:
    required: dict[str, list[str]] = code_book()["fhir"]["required"]
    places = [("Bundle", bundle), *((one["resource"]["resourceType"], one["resource"]) for one in bundle["entry"])]
    for kind, resource in places:
        for path, value in _leaves({k: v for k, v in resource.items() if k != "entry"}, ""):
            for known in (f"{kind}.{path}", path):
                if known in required and value not in required[known]:
                    yield f"{kind}.{path}: {value} is not one of {', '.join(required[known])}"
    for entry in bundle["entry"]:
        method = entry["request"]["method"]
        if method not in required["Bundle.entry.request.method"]:
            yield f"request.method: {method}"


def _leaves(found: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Values at the ends, with the path to each without indices: ``identifier.use``."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(found, list):
        for value in found:
            yield from _leaves(value, path)
    else:
        yield path, found


def _references(bundle: Resource) -> Iterator[str]:
    urls = Counter(entry["fullUrl"] for entry in bundle["entry"])
    yield from (f"{url} stands twice" for url, count in urls.items() if count > 1)
    for entry in bundle["entry"]:
        for path, value in _leaves(entry["resource"], ""):
            if path.endswith("reference") and value not in urls:
                yield f"{entry['resource']['resourceType']}.{path}: {value} is not in the bundle"


def _requests(bundle: Resource) -> Iterator[str]:
    """Each entry says how it is found again, and no two are found by the same."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in bundle["entry"]:
        request = entry["request"]
        key = request.get("ifNoneExist") or request["url"].partition("?")[2]
        if not key:
            yield f"{entry['fullUrl']}: would be made anew each time"
        found[(entry["resource"]["resourceType"], key)] += 1
    yield from (f"{kind}?{key} stands twice" for (kind, key), count in found.items() if count > 1)


def _components(bundle: Resource) -> Iterator[str]:
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] != "Observation":
            continue
        parts = resource.get("component", [])
        codes = Counter(part["code"]["coding"][0]["code"] for part in parts)
        yield from (f"component {code} stands twice" for code, count in codes.items() if count > 1)
        for part in (resource, *parts):
            values = [key for key in part if key.startswith("value")]
            if len(values) + ("dataAbsentReason" in part) != 1 and (values or part is not resource):
                yield f"{part['code']['text']}: a value or the reason why there is none, not both"
