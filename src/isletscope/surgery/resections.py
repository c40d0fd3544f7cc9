"""Anatomical resections: sets of Couinaud's segments with their names, and which sets leave a liver that lives.

Names after Brisbane 2000 (surgery rule SURG-502). A set is offered when every segment that stays keeps a hepatic vein
(rule SURG-601); inflow and bile ducts of what stays enter at the hilum, which no resection of segments takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from isletscope.model import Support
from isletscope.surgery.liver_map import SEGMENT_NAMES
from isletscope.yaml_text import read_yaml

Segment = Annotated[int, Field(ge=1, le=8)]
ALL_SEGMENTS = frozenset(range(1, 9))
CAUDATE = 1


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Names(_Told):
    support: Support
    note: str
    sets: Mapping[str, tuple[Segment, ...]]


class _Veins(_Told):
    support: Support
    note: str
    given_up_with: Mapping[str, tuple[tuple[Segment, Segment], ...]]
    drain: Mapping[Segment, tuple[str, ...]]


class Limit(_Told):
    """One length with how well it is supported."""

    value: Annotated[float, Field(ge=0)]
    support: Support
    note: str


class ResectionRules(_Told):
    """``resections.yaml``: names, veins and limits. Lengths in mm."""

    source: str
    names: _Names
    veins: _Veins
    largest_wedge_mm: Limit
    deepest_wedge_mm: Limit
    wedge_margin_mm: Limit
    ablation_margin_mm: Limit
    pedicle_mm: Limit


@dataclass(frozen=True)
class Resection:
    """Segments that go together; ``names``: the fewest named resections that make the set, as a surgeon would say."""

    segments: frozenset[int]
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """ "right posterior sectionectomy, segmentectomy III"; "none" for the empty set."""
        return ", ".join(self.names) or "none"


@cache
def resection_rules() -> ResectionRules:
    """The rules in force."""
    text = files("isletscope.surgery").joinpath("resections.yaml").read_text(encoding="utf-8")
    return ResectionRules.model_validate(read_yaml(text))


@cache
def resections() -> tuple[Resection, ...]:
    """Every set of segments, the empty one first, that can be taken with the rest kept alive."""
    sets = (frozenset(one) for count in range(8) for one in combinations(sorted(ALL_SEGMENTS), count))
    return tuple(Resection(one, resection_names(one)) for one in sets if not undrained(one) and _enough_stays(one))


@cache
def resection_names(segments: frozenset[int]) -> tuple[str, ...]:
    """The fewest names that make up the set, each segment in one of them; larger resections first."""
    found = _cover(segments)
    if found is None:
        raise AssertionError("every segment has a name of its own")
    return found


def _cover(segments: frozenset[int]) -> tuple[str, ...] | None:
    if not segments:
        return ()
    best: tuple[str, ...] | None = None
    first = max(segments)
    for name, members in resection_rules().names.sets.items():
        if first in members and segments.issuperset(members):
            rest = _cover(segments - frozenset(members))
            if rest is not None and (best is None or len(rest) + 1 < len(best)):
                best = (name, *rest)
    return best


def undrained(taken: frozenset[int]) -> frozenset[int]:
    """Segments that would stay without a hepatic vein."""
    veins = resection_rules().veins
    lost = {vein for vein, pairs in veins.given_up_with.items() if any(taken.issuperset(pair) for pair in pairs)}
    return frozenset(one for one, by in veins.drain.items() if one not in taken and lost.issuperset(by))


def _enough_stays(taken: frozenset[int]) -> bool:
    """The caudate lobe alone is no remnant."""
    return bool(ALL_SEGMENTS - taken - {CAUDATE})


def roman(segments: frozenset[int]) -> str:
    """ "II, III" for segments 2 and 3."""
    return ", ".join(SEGMENT_NAMES[one - 1] for one in sorted(segments))
