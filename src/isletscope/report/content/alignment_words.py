"""Words of the section on alignment, from ``alignment.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from isletscope.model import Support
from isletscope.yaml_text import read_yaml


class AlignmentWords(BaseModel):
    """The content of ``alignment.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    sentences: Mapping[str, str]
    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    organs: Mapping[str, str]
    views: Mapping[str, str]

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def alignment_words() -> AlignmentWords:
    """The words, checked when they are read."""
    text = resources.files("isletscope.report.content").joinpath("alignment.yaml").read_text(encoding="utf-8")
    return AlignmentWords.model_validate(read_yaml(text))
