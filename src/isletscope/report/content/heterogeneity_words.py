"""Words of the section on heterogeneity, from ``heterogeneity.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class HeterogeneityWords(BaseModel):
    """The content of ``heterogeneity.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    sentences: Mapping[str, str]
    notes: Mapping[str, str]
    titles: Mapping[str, str]

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def heterogeneity_words() -> HeterogeneityWords:
    """The words, checked when they are read."""
    text = resources.files("isletscope.report.content").joinpath("heterogeneity.yaml").read_text(encoding="utf-8")
    return HeterogeneityWords.model_validate(read_yaml(text))
