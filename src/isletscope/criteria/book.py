"""A criterion's book: the YAML beside its module, checked when it is loaded, and the registry of citations.

Every threshold, sentence and citation of a criterion is data. A book that names a citation the registry lacks is
refused, and so is any key that its schema does not know.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from isletscope.model import Support
from isletscope.yaml_text import read_yaml

ROOM = "isletscope.criteria"


class Entry(BaseModel):
    """Base of all data in the books: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class Citation(Entry):
    """One source. ``support`` says how well the reference itself (not the rule) was checked."""

    text: Annotated[str, Field(min_length=8)]
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,}/\S+$")
    pmid: int | None = Field(default=None, gt=0)
    pmc: str | None = Field(default=None, pattern=r"^PMC\d+$")
    support: Support

    def printed(self) -> str:
        """Text with its identifiers; a reference known from memory says so."""
        ids = [f"doi:{self.doi}" if self.doi else "", f"PMID {self.pmid}" if self.pmid else "", self.pmc or ""]
        tail = "; ".join(part for part in ids if part)
        memory = " (reference from memory)" if self.support is Support.RECALL else ""
        return f"{self.text}{f' {tail}.' if tail else ''}{memory}"


class Cited(Entry):
    """Anything that rests on sources: its support mark and the keys of its citations."""

    support: Support
    cite: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_a_source(self) -> Cited:
        if self.support in (Support.VERIFIED, Support.VERIFIED_SECOND_HAND) and not self.cite:
            raise ValueError("what is verified names its source under cite")
        return self


class Threshold(Cited):
    """A figure with its unit, what it separates, and its source."""

    value: float
    unit: str = Field(default="1", description="UCUM; 1 for a ratio or a count")
    about: Annotated[str, Field(min_length=5)]


class Sentence(Cited):
    """The sentence of a branch; gaps in braces are filled with this patient's values."""

    text: Annotated[str, Field(min_length=8)]


class FlagText(Cited):
    """The sentence of a flag; a flag without a source is a convention."""

    text: Annotated[str, Field(min_length=8)]
    support: Support = Support.CONVENTION


class Book(Entry):
    """What every criterion's YAML holds; criteria with tables of their own extend it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Annotated[str, Field(min_length=3)]
    version: str
    group: str = Field(description="grade, stage, uptake, response, liver, surgery, therapy or hereditary")
    about: Annotated[str, Field(min_length=20, description="what the criterion answers, for its list and its page")]
    notes: tuple[str, ...] = Field(default=(), description="readings chosen where sources are silent or collide")
    thresholds: dict[str, Threshold] = Field(default_factory=dict)
    rules: dict[str, Sentence] = Field(default_factory=dict)
    flags: dict[str, FlagText] = Field(default_factory=dict)

    def limit(self, name: str) -> float:
        """The value of a threshold. Raises KeyError when the book has none of that name."""
        return self.thresholds[name].value


BookType = TypeVar("BookType", bound=Book)


def load_book(name: str, kind: type[BookType]) -> BookType:
    """The book ``NAME.yaml`` of this room.

    Raises ValidationError when it does not follow its schema, and ValueError when it cites what the registry lacks.
    """
    content = _yaml(f"{name}.yaml")
    book = kind.model_validate(content)
    unknown = sorted(set(cited_keys(content)) - set(citations()))
    if book.name != name or unknown:
        raise ValueError(f"{name}.yaml: name {book.name}; citations not in the registry: {', '.join(unknown)}")
    return book


@cache
def citations() -> dict[str, Citation]:
    """The one citation registry: key to source."""
    content = _yaml("citations.yaml")
    assert isinstance(content, dict)
    return {key: Citation.model_validate(value) for key, value in content.items()}


def printed_citation(key: str) -> str:
    """Key and reference as printed, e.g. ``Chan2017: Chan et al. ... doi:...``. Raises KeyError."""
    return f"{key}: {citations()[key].printed()}"


@cache
def common_flags() -> dict[str, FlagText]:
    """Flags that all criteria share."""
    content = _yaml("common_flags.yaml")
    assert isinstance(content, dict)
    return {code: FlagText.model_validate(value) for code, value in content.items()}


def cited_keys(content: JsonValue) -> list[str]:
    """All keys that stand under ``cite``, or a name that ends in ``_cite``, at any depth of a book, in order."""
    if isinstance(content, list):
        return [key for item in content for key in cited_keys(item)]
    if not isinstance(content, dict):
        return []
    found: list[str] = []
    for name, value in content.items():
        # Names may be numbers, as those of the liver's segments are.
        if (name == "cite" or str(name).endswith("_cite")) and isinstance(value, list):
            found.extend(str(key) for key in value)
        else:
            found.extend(cited_keys(value))
    return found


def number(value: float) -> str:
    """A number as printed: no trailing zeros, at most two decimals, the minus sign of print."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def _yaml(name: str) -> JsonValue:
    content: JsonValue = read_yaml((files(ROOM) / name).read_text(encoding="utf-8"))
    return content
