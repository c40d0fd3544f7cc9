"""The rules of alignment: windows, choice of series, what a pair must reach to be used."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from isletscope.model import Role
from isletscope.spatial import Window
from isletscope.yaml_text import read_yaml


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowRule(_Strict):
    """Values of the first and last bin, and the level above which the body begins; None: from the image."""

    low: float | None = None
    high: float | None = None
    body_above: float | None = None
    root: bool = False

    def window(self) -> Window:
        """As the registration takes it."""
        return Window(self.low, self.high, self.body_above, self.root)


class Acceptance(_Strict):
    """What a registered pair must reach; see ``alignment.yaml``."""

    information_gain: float
    rival_share: float
    overlap_body: float
    shared_share: float
    jacobian_smallest: float
    jacobian_largest: float
    inverse_consistency_mm: float


class UncertaintyRule(_Strict):
    """How the figures of quality become what remains."""

    floor_mm: float
    per_inverse_consistency: float


class Error95Rule(_Strict):
    """The distance (mm) that 95 % of an organ's points are expected to lie within; see ``alignment.yaml``."""

    floor_mm: float
    per_deformation: float
    mr_mm: float


class NarrowRule(_Strict):
    """The second search, by structure, of small images that the first one refused; see ``alignment.yaml``."""

    modalities: tuple[str, ...]
    largest_litres: float
    step_mm: float
    agreement: float
    agreement_gain: float
    information_gain: float
    rival_share: float
    uncertainty_mm: float


class AlignmentRules(_Strict):
    """The contents of ``alignment.yaml``."""

    windows: dict[str, WindowRule]
    step_mm: float
    roles: tuple[Role, ...]
    coverage_share: float
    reference_share: float
    accept: Acceptance
    uncertainty: UncertaintyRule
    error_95: Error95Rule
    narrow: NarrowRule
    organs: tuple[str, ...]


@cache
def alignment_rules() -> AlignmentRules:
    """The shipped rules."""
    text = files("isletscope.reading").joinpath("alignment.yaml").read_text(encoding="utf-8")
    return AlignmentRules.model_validate(read_yaml(text))
