"""Codes and namespaces that are sent, from ``codes.yaml``."""

from __future__ import annotations

import uuid
from functools import cache
from importlib import resources
from typing import Any

from isletscope.model import Code, Lesion
from isletscope.yaml_text import read_yaml

LOCAL = "99ISLET"
"""Designator of the local coding scheme."""


@cache
def code_book() -> dict[str, Any]:
    """The content of codes.yaml."""
    text = resources.files("isletscope.exchange").joinpath("codes.yaml").read_text(encoding="utf-8")
    book: dict[str, Any] = read_yaml(text)
    return book


def concept(name: str, group: str = "concepts") -> Code:
    """A concept of the book. Raises KeyError for an unknown name."""
    return _code(code_book()[group][name])


def local(value: str, meaning: str) -> Code:
    """A code of the local scheme."""
    return Code(value=value, scheme=LOCAL, meaning=meaning)


def system_uri(scheme: str) -> str:
    """The FHIR system of a coding scheme designator. Raises KeyError for a scheme that has none in the book."""
    uri: str = code_book()["systems"]["uris"][scheme]
    return uri


def namespace(name: str) -> str:
    """The namespace of an identifier that this program gives, e.g. of "report", as a URI."""
    seed = code_book()["namespaces"]["seed"]
    return f"urn:oid:2.25.{uuid.uuid5(uuid.NAMESPACE_DNS, f'{name}.{seed}').int}"


def site_code(lesion: Lesion) -> Code | None:
    """The finest standard code of a lesion's place: a liver segment, else its organ; None where there is none."""
    sites = code_book()["sites"]
    if lesion.compartment.value == "liver" and lesion.place.region in sites["liver_segments"]:
        return _code(sites["liver_segments"][lesion.place.region])
    found = sites["compartments"].get(lesion.compartment.value)
    return _code(found) if found else None


def _code(entry: list[str]) -> Code:
    value, scheme, meaning = entry
    return Code(value=value, scheme=scheme, meaning=meaning)
