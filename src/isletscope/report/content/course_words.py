"""Words of the section on the course, from ``course.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class CourseWords(BaseModel):
    """The content of ``course.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    classes: Mapping[str, str]
    not_classed: str
    intro: str
    baseline: str
    no_baseline: str
    undated: str
    same_date: str
    no_common: str
    treatments_undrawn: str
    spider: str
    guides: str
    sums: str
    split: str
    not_classed_note: str
    caveat_note: str
    other_limits: str
    limit_note: str
    left_out: str
    columns_left_out: str
    images: str

    def change_class(self, value: str) -> str:
        """The printed word for a class of change; for none, that it was not classed."""
        return self.classes[value] if value else self.not_classed


@cache
def course_words() -> CourseWords:
    """The words, checked when they are read."""
    text = resources.files("isletscope.report.content").joinpath("course.yaml").read_text(encoding="utf-8")
    return CourseWords.model_validate(read_yaml(text))
