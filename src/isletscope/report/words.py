"""The report's words: labels for coded values, certainty phrases, and the list of words never used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Case, EntrySubject, Role, Severity, Standing, Support, TracerClass, Verdict, standing
from isletscope.yaml_text import read_yaml


class TracerWords(BaseModel):
    """How a tracer class is called, and what its total volume and total uptake are called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    volume: str
    uptake: str


class Words(BaseModel):
    """The content of words.yaml, checked when it is read: every coded value of the model has its word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    verdicts: Mapping[Verdict, str]
    tracers: Mapping[TracerClass, TracerWords]
    sites: Mapping[str, str]
    regions: Mapping[str, str]
    roles: Mapping[Role, str]
    rules: Mapping[str, str]
    severities: Mapping[Severity, str]
    supports: Mapping[Support, str]
    entries: Mapping[EntrySubject, str]
    sexes: Mapping[str, str]
    nodal_caveat: str
    research_use: str
    state: Mapping[Standing, str]
    citations: Mapping[str, str]
    forbidden: tuple[str, ...]
    forbidden_exact_case: tuple[str, ...]

    def tracer(self, tracer_class: TracerClass) -> TracerWords:
        """Words of a tracer class."""
        return self.tracers[tracer_class]

    def site(self, code: str) -> str:
        """Printed name of a site code; the code itself, spaced, where there is none."""
        return self.sites.get(code, code.replace("_", " ") or "site not given")

    def region(self, name: str) -> str:
        """Printed name of a reference region or organ."""
        return self.regions.get(name, name.replace("_", " "))


@cache
def words() -> Words:
    """The words of the report."""
    text = resources.files("isletscope.report").joinpath("words.yaml").read_text(encoding="utf-8")
    return Words.model_validate(read_yaml(text))


def state_words(case: Case) -> str:
    """Whether the report is a draft or signed, by whom and when."""
    text = words().state[standing(case)]
    return text.format(by=case.signatures[-1].by, at=case.signatures[-1].at) if case.signatures else text


def forbidden_words(text: str) -> list[str]:
    """Which of the words never used stand in ``text``, in the order of the list."""
    found = [word for word in words().forbidden if _stands_in(word, text, re.IGNORECASE)]
    return found + [word for word in words().forbidden_exact_case if _stands_in(word, text, 0)]


def _stands_in(phrase: str, text: str, flags: int) -> bool:
    pattern = r"\s+".join(re.escape(part) for part in phrase.split())
    return re.search(rf"(?<![\w-]){pattern}(?![\w-])", text, flags) is not None
