"""The YAML files of this room: names, orders of preference, limits and sentences of the wiring, checked when loaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TypeVar

from isletscope.criteria import Cited, Entry, citations, cited_keys, number
from isletscope.model import Evidence, ExamKind, Support
from isletscope.yaml_text import read_yaml

ROOM = "isletscope.assessment"


class Limit(Cited):
    """A figure of the wiring with its unit and what it separates."""

    value: float
    unit: str
    about: str


class Phrase(Cited):
    """A sentence of the wiring; gaps in braces are filled with this patient's values."""

    text: str


class WiringBook(Entry):
    """What both files hold."""

    about: str
    limits: dict[str, Limit]
    sentences: dict[str, Phrase]

    def limit(self, name: str) -> float:
        """The value of a limit. Raises KeyError."""
        return self.limits[name].value

    def says(self, name: str, /, **words: object) -> Evidence:
        """A sentence as evidence; conventions say so. Raises KeyError."""
        phrase = self.sentences[name]
        shown = {key: number(word) if isinstance(word, int | float) else word for key, word in words.items()}
        mark = " (convention)" if phrase.support is Support.CONVENTION else ""
        return Evidence(text=phrase.text.format(**shown).removesuffix(".") + mark)


class SurgeryBook(WiringBook):
    """Names of vessels, sites, functions and syndromes as the surgical criteria have them; worst results first."""

    vessels: dict[str, str]
    deciding_vessels: tuple[str, ...]
    other_vessels: tuple[str, ...]
    sites: dict[str, str]
    operation_sites: dict[str, str]
    surveillance_sites: dict[str, str]
    functions: dict[str, str]
    syndromes: dict[str, str]
    hormones: dict[str, str]
    entered: dict[str, dict[str, tuple[str, str]]]
    entered_vessels: dict[str, str]
    entered_syndromes: dict[str, str]
    severity: dict[str, tuple[str, ...]]
    free_class: str
    tracer_signs: dict[str, dict[str, bool]]


class Axis(Cited):
    """The diameter that is compared, by its name in the vocabulary of findings."""

    value: str
    about: str


class ResponseBook(WiringBook):
    """Order of modalities, and the axes that are compared."""

    modalities: tuple[ExamKind, ...]
    axes: dict[str, Axis]
    treatments: dict[str, str]


BookType = TypeVar("BookType", bound=WiringBook)


def _load(name: str, kind: type[BookType]) -> BookType:
    content = read_yaml((files(ROOM) / name).read_text(encoding="utf-8"))
    unknown = sorted(set(cited_keys(content)) - set(citations()))
    if unknown:
        raise ValueError(f"{name}: citations not in the registry: {', '.join(unknown)}")
    return kind.model_validate(content)


@cache
def surgery_book() -> SurgeryBook:
    """The file ``surgery.yaml``."""
    return _load("surgery.yaml", SurgeryBook)


@cache
def response_book() -> ResponseBook:
    """The file ``response.yaml``."""
    return _load("response.yaml", ResponseBook)
