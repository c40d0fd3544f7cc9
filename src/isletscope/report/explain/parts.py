"""An explanation: from the sentence back to the voxels, as data for the terminal and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Said:
    """A place of the report that uses it: where, and the words."""

    where: str
    text: str


@dataclass(frozen=True)
class GivenAnswer:
    """The answer to an item: its parts in words, who gave it, and why. ``state`` is that of the item."""

    item: str
    question: str
    state: str
    parts: tuple[str, ...] = ()
    by: str = ""
    origin: str = ""
    because: str = ""
    proposed_instead: str = ""


@dataclass(frozen=True)
class RuleLine:
    """A line of a conclusion with its support and sources."""

    text: str
    support: str = ""
    sources: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True)
class GivenConclusion:
    """A conclusion: result, the branches that fired, its inputs, flags, other systems, sources and what it lacks."""

    name: str
    title: str
    subject: str
    result: str
    rules_version: str
    branches: tuple[RuleLine, ...] = ()
    inputs: tuple[str, ...] = ()
    flags: tuple[RuleLine, ...] = ()
    other_systems: tuple[RuleLine, ...] = ()
    lesions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class UsedValue:
    """One value of a finding: its number and unit, how it is known, and by which method."""

    reference: str
    name: str
    printed: str
    state: str
    value: float | None = None
    unit: str = ""
    method: str = ""
    limitation: str = ""


@dataclass(frozen=True)
class UsedFinding:
    """A finding in one exam with the values that were used, the mask and the series it was measured on."""

    title: str
    exam: str = ""
    series: str = ""
    mask: str = ""
    outlined: str = ""
    held_to_be: str = ""
    values: tuple[UsedValue, ...] = ()


@dataclass(frozen=True)
class Entered:
    """An entry of the clinical file or of a reader."""

    reference: str
    text: str


@dataclass(frozen=True)
class UsedSeries:
    """A series behind the values: exam, identity, and for PET how stored values became SUV."""

    key: str
    exam: str
    date: str
    description: str
    series_uid: str
    study_uid: str
    images: int
    suv: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lacking:
    """What is missing, why, and what would supply it."""

    what: str
    because: str = ""
    supplied_by: str = ""


@dataclass(frozen=True)
class Explanation:
    """The whole chain of one item, score, lesion or value, from what the report says down to the files."""

    subject: str
    title: str
    time_point: str
    said: tuple[Said, ...] = ()
    answers: tuple[GivenAnswer, ...] = ()
    conclusions: tuple[GivenConclusion, ...] = ()
    findings: tuple[UsedFinding, ...] = ()
    entries: tuple[Entered, ...] = ()
    series: tuple[UsedSeries, ...] = ()
    lacking: tuple[Lacking, ...] = field(default=())
