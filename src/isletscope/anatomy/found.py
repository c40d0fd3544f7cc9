"""What an organ rule gives back: a mask with its standing, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.anatomy.shapes import Bool3D
from isletscope.anatomy.thresholds import load_thresholds

THRESHOLDS = load_thresholds("isletscope.anatomy", "rules.yaml")


@dataclass(frozen=True)
class Found:
    """An organ on the working grid, or why it was not found.

    ``confidence``: high, moderate or low; ``source``: the rule in words.
    """

    mask: Bool3D | None = None
    source: str = ""
    confidence: str = ""
    because: str = ""


def not_found(because: str) -> Found:
    """No mask, and why."""
    return Found(because=because)
