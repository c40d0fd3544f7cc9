"""Length limits by construction: sentences have a rank; what does not fit is dropped, the least important first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import tell

SUMMARY_LINES = 12
SUMMARY_LINE_WORDS = 30
ALERT_WORDS = 60
STEP_WORDS = 120
FIRST_STEP_WORDS = 80
SENTENCE_WORDS = 32
IMPRESSION_ITEMS = 8
IMPRESSION_WORDS = 45
WHY_WORDS = 60
FOOTER_WORDS = 160
_POINTER_WORDS = 9


@dataclass(frozen=True)
class Ranked:
    """A sentence and its rank: 0 is never dropped, higher ranks are dropped first."""

    sentence: Sentence
    rank: int = 1


def word_count(text: str) -> int:
    """Words of a text; signs that stand alone, as in "34 × 31 mm", are no words."""
    return sum(any(letter.isalnum() for letter in part) for part in text.split())


def fit(sentences: Sequence[Ranked], words: int, pointer: str = "fitting.further") -> tuple[Sentence, ...]:
    """The sentences in order within so many words; a pointer says how many were left out.

    Sentences of rank 0 always stay; an alert has its own limit and is not counted.
    """
    kept = list(sentences)
    dropped: list[Sentence] = []
    while _counted(kept) + (_POINTER_WORDS if dropped else 0) > words:
        weakest = max((one for one in kept if one.rank), key=lambda one: one.rank, default=None)
        if weakest is None:
            break
        last = max(place for place, one in enumerate(kept) if one.rank == weakest.rank)
        dropped.append(kept.pop(last).sentence)
    found = tuple(one.sentence for one in kept)
    return found if not dropped else (*found, _pointer(dropped, pointer))


def _counted(sentences: Sequence[Ranked]) -> int:
    return sum(word_count(one.sentence.text) for one in sentences if not one.sentence.alert)


def _pointer(dropped: Sequence[Sentence], template: str) -> Sentence:
    items = tuple(dict.fromkeys(item for one in dropped for item in one.items))
    behind = tuple(dict.fromkeys(reference for one in dropped for reference in one.rests_on))
    statements = "1 further statement" if len(dropped) == 1 else f"{len(dropped)} further statements"
    return replace(tell(template, *behind, statements=statements), items=items)


def shortened(text: str, words: int) -> str:
    """A text of at most so many words, cut at the last clause that fits; the whole text when it fits."""
    if word_count(text) <= words:
        return text
    clauses = text.split("; ")
    while len(clauses) > 1 and word_count("; ".join(clauses)) > words:
        clauses.pop()
    return "; ".join(clauses)
