"""The file ``change.yaml``: which measures are followed over time and when their repeatability limits hold."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from isletscope.criteria import Quantity
from isletscope.model import Compartment, ExamKind, Support
from isletscope.yaml_text import read_yaml

Property = Literal["phase", "slice_thickness", "scanner", "tracer", "reconstruction", "uptake_time"]
DIAMETER = "diameter"
"""The value of a measure that the response criteria take: longest axial axis, short axis of a node."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitChoice(_Part):
    """A limit of the criterion of repeatability, and the sites and sizes (mm, first value) it was found for."""

    quantity: Quantity
    compartments: tuple[Compartment, ...] = ()
    from_mm: float = 0.0
    below_mm: float = float("inf")

    def fits(self, compartment: Compartment, size_mm: float | None) -> bool:
        """Whether the limit was found for such a lesion; a limit bound to sizes needs one."""
        if self.compartments and compartment not in self.compartments:
            return False
        bound = self.from_mm > 0 or self.below_mm < float("inf")
        return not bound or (size_mm is not None and self.from_mm <= size_mm < self.below_mm)


class Measure(_Part):
    """One quantity of a lesion that is followed over time, on one kind of images."""

    name: str
    kind: ExamKind
    value: str = Field(description="name in the vocabulary of findings, or 'diameter'")
    title: str
    short: str
    unit: str = Field(description="UCUM")
    decimals: int
    limits: tuple[LimitChoice, ...]
    other_scanner: Quantity | None = None
    same: tuple[Property, ...] = Field(description="what must be unchanged for the limit to hold")

    @property
    def vanishes(self) -> bool:
        """Whether a lesion that is looked for and not seen counts as 0."""
        return self.value in (DIAMETER, "volume")


class _SliceThickness(_Part):
    ratio: float = Field(gt=1)
    support: Support
    about: str


class _Voxels(_Part):
    relative: float = Field(gt=0)
    support: Support
    about: str


class ChangeBook(_Part):
    """Measures in print order, limits of technique, sentences."""

    version: int
    about: str
    measures: tuple[Measure, ...]
    slice_thickness: _SliceThickness
    voxels: _Voxels
    sentences: dict[str, str]

    def measure(self, name: str) -> Measure:
        """The measure of that name. Raises KeyError."""
        for one in self.measures:
            if one.name == name:
                return one
        raise KeyError(name)

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def change_book() -> ChangeBook:
    """The checked content of ``change.yaml``."""
    text = files("isletscope.lesions").joinpath("change.yaml").read_text(encoding="utf-8")
    return ChangeBook.model_validate(read_yaml(text))
