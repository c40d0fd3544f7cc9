"""What a check finds wrong, and the list of the checks as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from isletscope.yaml_text import read_yaml


class Level(StrEnum):
    """Weight of a fault."""

    BLOCKS_SIGNING = "blocks_signing"
    WARNS = "warns"


class Group(StrEnum):
    """What a check looks at."""

    NUMBERS = "numbers"
    RULES = "rules"
    CONTRADICTIONS = "contradictions"
    PROVENANCE = "provenance"
    LANGUAGE = "language"


class CheckEntry(BaseModel):
    """One check of the list: its id, weight, group, and what it asks of a report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^C\d\d$")
    level: Level
    group: Group
    title: str = Field(min_length=10)


class Limits(BaseModel):
    """Lengths that a part of the report keeps, in words, lines or items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sentence_words: int
    summary_lines: int
    summary_line_words: int
    alert_words: int
    step_words: int
    first_step_words: int
    impression_items: int
    impression_item_words: int
    why_words: int
    footer_words: int


class CheckList(BaseModel):
    """The content of checks.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: str
    checks: tuple[CheckEntry, ...]
    limits: Limits
    certainty: dict[str, int] = Field(description="the only phrases of certainty, with their level")
    conditional_certainty: tuple[str, ...] = Field(description="words of certainty that stand nowhere else")
    prescribing: tuple[str, ...] = Field(description="verbs that would prescribe")
    footer: dict[str, str] = Field(description="what a footer says: name -> pattern")

    def entry(self, check_id: str) -> CheckEntry:
        """The check of that id. Raises KeyError."""
        for one in self.checks:
            if one.id == check_id:
                return one
        raise KeyError(check_id)


@cache
def check_list() -> CheckList:
    """The list of checks, read once."""
    text = resources.files("isletscope.report.checks").joinpath("checks.yaml").read_text(encoding="utf-8")
    return CheckList.model_validate(read_yaml(text))


@dataclass(frozen=True)
class Fault:
    """One place of the report that does not hold: which check, where, what was found, what was expected."""

    check: str
    where: str
    found: str
    expected: str

    @property
    def level(self) -> Level:
        """Whether it blocks signing."""
        return check_list().entry(self.check).level

    @property
    def title(self) -> str:
        """What the check asks for."""
        return check_list().entry(self.check).title

    def printed(self) -> str:
        """One line: id, place, found, expected."""
        return f"{self.check} {self.where}: found {self.found}; expected {self.expected}."
