"""What a clinical criterion concludes: an assessment that shows every branch, every doubt and every other system."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from isletscope.model.knowledge import Assessment, Document, State, Support


class Flag(Document):
    """Something a reader should know beside the result; it never changes the result."""

    code: str = Field(description="stable identifier, e.g. NEAR_THRESHOLD")
    text: str
    support: Support = Support.CONVENTION
    sources: list[str] = Field(default_factory=list, description="keys of the citation registry")


class Branch(Document):
    """One branch of a rule that fired: its identifier, its sentence, its support and its sources."""

    rule: str
    text: str
    support: Support
    sources: list[str] = Field(default_factory=list, description="keys of the citation registry")


class Alternative(Document):
    """What another edition, guideline or threshold says about the same findings, printed beside the result."""

    system: str = Field(description="e.g. UICC 8")
    value: str
    because: str
    support: Support
    sources: list[str] = Field(default_factory=list)


class Conclusion(Assessment):
    """The answer of one criterion for a patient or a lesion.

    A known answer has ``value``; a provisional one rests on part of its inputs, which ``missing`` names. A missing
    answer names what is lacking and, where the known inputs leave a few, every result that remains ``possible``.
    """

    title: str = ""
    version: str = Field(default="", description="of the criterion's rules")
    subject: str = Field(default="", description="name of the lesion, empty for the patient")
    provisional: bool = False
    possible: list[str] = Field(default_factory=list, description="results that remain, when there is more than one")
    parts: dict[str, str] = Field(default_factory=dict, description="the result in parts, e.g. T, N, M, stage")
    branches: list[Branch] = Field(default_factory=list)
    flags: list[Flag] = Field(default_factory=list)
    alternatives: list[Alternative] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list, description="keys of the citations, in order")
    rests_on: list[str] = Field(
        default_factory=list,
        description="references to the findings behind its input, see docs/case.md, References",
    )
    lesions: list[Conclusion] = Field(default_factory=list, description="the same criterion for single lesions")

    @model_validator(mode="after")
    def _certain_or_open(self) -> Self:
        if self.state is not State.MISSING and self.possible:
            raise ValueError(f"{self.name}: a result that stands leaves no other result possible")
        if len(self.possible) == 1:
            raise ValueError(f"{self.name}: one possible result is the result")
        if self.provisional and (self.state is State.MISSING or not self.missing):
            raise ValueError(f"{self.name}: a provisional result has a value and names what it lacks")
        return self

    def flag_codes(self) -> set[str]:
        """Codes of all flags, those of single lesions included."""
        codes = {flag.code for flag in self.flags}
        return codes.union(*(lesion.flag_codes() for lesion in self.lesions)) if self.lesions else codes
