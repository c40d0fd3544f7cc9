"""What the tests of the criteria share: how certain a conclusion is, and where JSON examples come from."""

from __future__ import annotations

from isletscope.model import Conclusion, State


def certainty(conclusion: Conclusion) -> int:
    """2 definite; 1 open: provisional, or not assessable with the results that remain; 0 not assessable."""
    if conclusion.state is State.MISSING:
        return 1 if conclusion.possible else 0
    return 1 if conclusion.provisional else 2


def sound(conclusion: Conclusion) -> bool:
    """A conclusion that could be printed: sentences without gaps, sources with texts, lacks named."""
    texts = [branch.text for branch in conclusion.branches] + [flag.text for flag in conclusion.flags]
    filled = all("{" not in text and text.endswith(".") for text in texts)
    told = bool(conclusion.because) or conclusion.state is State.MISSING
    return filled and told and len(conclusion.sources) == len(conclusion.citations)
