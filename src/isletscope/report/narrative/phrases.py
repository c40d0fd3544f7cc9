"""Words with what they rest on, and the templates that make sentences of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.report import format as fmt
from isletscope.report.narrative.parts import Sentence
from isletscope.yaml_text import read_yaml

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_START = "^"


@dataclass(frozen=True)
class Phrase:
    """Part of a sentence: words, the references behind them and the items that they answer. Empty is false."""

    text: str
    rests_on: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


Words = str | Phrase
NOTHING = Phrase("")


class Template(BaseModel):
    """A sentence or part of one. A leading ``^`` makes its first letter a capital, whatever fills the first gap."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1)
    items: tuple[str, ...] = ()


class Templates(BaseModel):
    """The content of sentences.yaml: group -> name -> template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    groups: Mapping[str, Mapping[str, Template]]


@cache
def templates() -> Mapping[str, Template]:
    """All templates by ``group.name``."""
    text = resources.files("isletscope.report.narrative").joinpath("sentences.yaml").read_text(encoding="utf-8")
    book = Templates.model_validate(read_yaml(text))
    return {f"{group}.{name}": one for group, found in book.groups.items() for name, one in found.items()}


def phrase(template: str, /, *behind: str, **gaps: Words) -> Phrase:
    """A filled template with the references and items of all its parts; ``behind`` adds references.

    Raises KeyError when there is no such template or a gap is not filled.
    """
    chosen = templates()[template]
    text = chosen.text.removeprefix(_START).format(**{name: str(words) for name, words in gaps.items()})
    if chosen.text.startswith(_START):
        text = text[:1].upper() + text[1:]
    named = {name for _, name, _, _ in Formatter().parse(chosen.text) if name}
    parts = [words for name, words in gaps.items() if isinstance(words, Phrase) and name in named]
    return Phrase(
        re.sub(r" {2,}", " ", text),
        _unique([*behind, *(one for part in parts for one in part.rests_on)]),
        _unique([*chosen.items, *(one for part in parts for one in part.items)]),
    )


def tell(template: str, /, *behind: str, **gaps: Words) -> Sentence:
    """A sentence of a template; see :func:`phrase`."""
    return as_sentence(phrase(template, *behind, **gaps))


def as_sentence(words: Phrase, alert: str = "") -> Sentence:
    """A phrase that stands alone."""
    return Sentence(words.text, words.items, words.rests_on, alert)


def joined(parts: Iterable[Words], separator: str = ", ") -> Phrase:
    """Parts in a row, empty ones left out."""
    found = [part for part in parts if part]
    return _merged(separator.join(str(part) for part in found), found)


def listed(parts: Iterable[Words], word: str = "and") -> Phrase:
    """An enumeration: "a", "a and b", "a, b and c"."""
    found = [part for part in parts if part]
    texts = [str(part) for part in found]
    text = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}" if texts else ""
    return _merged(text, found)


def marked(words: Words, mark: str) -> Phrase:
    """Words with their mark of origin (‡ or §) put behind them."""
    found = words if isinstance(words, Phrase) else Phrase(words)
    return Phrase(f"{found.text}{mark}", found.rests_on, found.items) if mark else found


def number_word(count: int) -> str:
    """A count in prose: words up to ten, digits up to 20, above that with the automatic count."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else fmt.count(count)


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "one node", "seven metastases", "> 20 metastases (automatic count 45)"."""
    name = noun if count == 1 else plural or f"{noun}s"
    if count < fmt.COUNT_EXACT_BELOW:
        return f"{number_word(count)} {name}"
    return fmt.counted(count, noun, plural or None)


def _merged(text: str, parts: Iterable[Words]) -> Phrase:
    rich = [part for part in parts if isinstance(part, Phrase)]
    return Phrase(
        text,
        _unique(one for part in rich for one in part.rests_on),
        _unique(one for part in rich for one in part.items),
    )


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
