"""Ki-67 as pathology reports write it: a number, a range, or a limit."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from isletscope.criteria.book import number

_NUMBER = r"(\d{1,3}(?:[.,]\d+)?)"
_SINGLE = re.compile(rf"^{_NUMBER}$")
_RANGE = re.compile(rf"^{_NUMBER}(?:-|–|−|to){_NUMBER}$")
_BELOW = re.compile(rf"^(<=|≤|<){_NUMBER}$")
_ABOVE = re.compile(rf"^(>=|≥|>){_NUMBER}$")


class KiIndex(BaseModel):
    """Ki-67 in percent between ``low`` and ``high``; an open end does not belong to the interval."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: Annotated[float, Field(ge=0, le=100)]
    high: Annotated[float, Field(ge=0, le=100)]
    low_open: bool = False
    high_open: bool = False
    upper_end_given: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> KiIndex:
        if self.low > self.high:
            raise ValueError("the lower end of Ki-67 lies above its upper end")
        return self

    @property
    def single(self) -> bool:
        """Whether one number was given."""
        return self.low == self.high

    def printed(self) -> str:
        """As it was given, without the percent sign: 4, 3 to 5, < 3, > 20."""
        if self.single:
            return number(self.high)
        if not self.upper_end_given:
            return f"{'>' if self.low_open else '≥'} {number(self.low)}"
        if self.low == 0:
            return f"{'<' if self.high_open else '≤'} {number(self.high)}"
        return f"{number(self.low)} to {number(self.high)}"


def read_ki67(given: object) -> object:
    """A number, ``3-5 %``, ``< 3`` or ``> 20`` as :class:`KiIndex`; other values are left to the model's check.

    Raises ValueError for a text that is none of these.
    """
    if given is None or isinstance(given, KiIndex | dict | bool):
        return given
    if isinstance(given, int | float):
        return KiIndex(low=given, high=given)
    if not isinstance(given, str):
        return given
    text = given.replace("%", "").replace(" ", "").replace("\u00a0", "")
    if match := _SINGLE.match(text):
        return KiIndex(low=_value(match[1]), high=_value(match[1]))
    if match := _RANGE.match(text):
        return KiIndex(low=_value(match[1]), high=_value(match[2]))
    if match := _BELOW.match(text):
        return KiIndex(low=0, high=_value(match[2]), high_open=match[1] == "<")
    if match := _ABOVE.match(text):
        return KiIndex(low=_value(match[2]), high=100, low_open=match[1] == ">", upper_end_given=False)
    raise ValueError(f"Ki-67 is not understood: {given!r}; write 4, '3-5 %', '< 3' or '> 20'")


def _value(text: str) -> float:
    return float(text.replace(",", "."))


Ki67 = Annotated[KiIndex, BeforeValidator(read_ki67)]
"""Ki-67 in percent, read from a number or from a pathology report's text."""
