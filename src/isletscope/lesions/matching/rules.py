"""Rules of matching as data: thresholds and what each kind of images can tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pydantic import Field

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.model import Document, Support
from isletscope.yaml_text import read_yaml

_PACKAGE = "isletscope.lesions.matching"


class Looks(Document):
    """What each kind of images can tell, as in ``looks.yaml``."""

    support: Support
    source: str = Field(min_length=3)
    reliability: list[str]
    site_reliability: list[str]
    sites_told_by_outline: list[str]
    resolution_mm: dict[str, float]
    tells_necks: list[str]
    should_have_shown: dict[str, list[str]]
    stands_in_for: dict[str, list[str]]
    searched_sites: dict[str, dict[str, list[str]]]
    names: dict[str, str]
    neighbouring_sites: list[tuple[str, str]]

    def rank(self, kind: str) -> int:
        """Place in the order of reliability, 0 the most reliable."""
        return self.reliability.index(kind)

    def searched(self, kind: str, organs: Collection[str]) -> frozenset[str] | None:
        """Sites at which foci were looked for, given the organs that were found; None: everywhere."""
        if kind not in self.searched_sites:
            return None
        return frozenset(site for site, any_of in self.searched_sites[kind].items() if set(any_of) & set(organs))

    def border(self, one: str, other: str) -> bool:
        """Whether two sites border on each other."""
        return (one, other) in self.neighbouring_sites or (other, one) in self.neighbouring_sites


@dataclass(frozen=True)
class Rules:
    """Thresholds (``matching.yaml``) and looks (``looks.yaml``)."""

    thresholds: Thresholds
    looks: Looks

    def number(self, key: str) -> float:
        """The threshold of that name. Raises KeyError when there is none."""
        return self.thresholds.number(key)


@cache
def matching_rules() -> Rules:
    """The rules that come with the program."""
    text = resources.files(_PACKAGE).joinpath("looks.yaml").read_text(encoding="utf-8")
    return Rules(load_thresholds(_PACKAGE, "matching.yaml"), Looks.model_validate(read_yaml(text)))
