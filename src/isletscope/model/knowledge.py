"""What is known, how it is known, and how well supported the rule behind it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Document(BaseModel):
    """Base of all parts of the case document.

    Unknown keys are refused, so that a typing error is never lost; so are NaN and infinity, which JSON cannot hold: a
    value that could not be computed is missing, with its reason.
    """

    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, use_enum_values=False, allow_inf_nan=False, defer_build=True
    )


class State(StrEnum):
    """How a value is known (law 3 of the house: missing data never becomes a normal finding)."""

    MEASURED = "measured"
    DERIVED = "derived"
    ENTERED = "entered"
    MISSING = "missing"


class Support(StrEnum):
    """How well a rule is supported; printed with every rule down to the report."""

    VERIFIED = "verified"
    VERIFIED_SECOND_HAND = "verified_2nd"
    RECALL = "recall"
    CONVENTION = "convention"
    COMPUTED = "computed"


class Code(Document):
    """A coded concept: compare ``value`` and ``scheme`` only, the meaning is display text."""

    value: str
    scheme: str = Field(description="DICOM coding scheme designator, e.g. DCM, SCT, UCUM, IBSI, 99ISLET")
    meaning: str


class Source(Document):
    """Where a value came from."""

    series_uid: str | None = None
    mask: str | None = Field(default=None, description="path inside the case folder, with #label after a label map")
    author: str | None = Field(default=None, description="reader's name when the value was entered")
    note: str | None = None


class Measurement(Document):
    """A value with unit, code, method and source; or the reason why there is none."""

    name: str = Field(description="printed name, e.g. 'SSTR SUVmax'")
    state: State
    value: float | None = None
    unit: str = Field(default="1", description="UCUM unit; '1' for a ratio or a count")
    code: Code | None = None
    method: str = ""
    source: Source | None = None
    missing_because: str | None = None
    limitation: str | None = Field(default=None, description="why to read it with care, e.g. partial volume")

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if self.state is State.MISSING and (self.value is not None or not self.missing_because):
            raise ValueError(f"{self.name}: a missing value has no number and says why it is missing")
        if self.state is not State.MISSING and (self.value is None or self.missing_because):
            raise ValueError(f"{self.name}: a known value has a number and no reason for being missing")
        return self


def measured(name: str, value: float, unit: str = "1", **more: object) -> Measurement:
    """A value read off the images."""
    return Measurement.model_validate({"name": name, "state": State.MEASURED, "value": value, "unit": unit, **more})


def derived(name: str, value: float, unit: str = "1", **more: object) -> Measurement:
    """A value that a rule made of other values."""
    return Measurement.model_validate({"name": name, "state": State.DERIVED, "value": value, "unit": unit, **more})


def missing(name: str, because: str, unit: str = "1", **more: object) -> Measurement:
    """No value, and why."""
    return Measurement.model_validate(
        {"name": name, "state": State.MISSING, "unit": unit, "missing_because": because, **more}
    )


class Evidence(Document):
    """One input of a conclusion, as it was when the rule fired."""

    text: str
    value: float | None = None
    unit: str | None = None


class Assessment(Document):
    """A conclusion that explains itself: inputs, the branch that fired, source and support of the rule."""

    name: str
    state: State
    value: str | None = None
    because: str = Field(default="", description="the branch that fired, as one sentence")
    evidence: list[Evidence] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list, description="what is lacking, when the state is missing")
    rule: str = Field(default="", description="identifier of the rule, e.g. sstr.kidney")
    citations: list[str] = Field(default_factory=list)
    support: Support = Support.CONVENTION

    @model_validator(mode="after")
    def _value_or_lack(self) -> Self:
        if self.state is State.MISSING and (self.value is not None or not self.missing):
            raise ValueError(f"{self.name}: a conclusion that is missing names what it lacks")
        if self.state is not State.MISSING and self.value is None:
            raise ValueError(f"{self.name}: a conclusion has a value")
        return self
