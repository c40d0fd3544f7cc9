"""The impression: at most eight items, alerts first, each resting on something of steps 2 to 9."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from isletscope.report.narrative import headlines
from isletscope.report.narrative.fitting import IMPRESSION_ITEMS, IMPRESSION_WORDS, word_count
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Sentence

Headline = Callable[[Known], Sentence | None]

# Statements that belong together share an item where they fit; the rank says which items leave first.
_ITEMS: tuple[tuple[tuple[Headline, ...], int], ...] = (
    ((headlines.response, headlines.new_and_gone), 0),
    ((headlines.primary, headlines.exendin), 0),
    ((headlines.local,), 1),
    ((headlines.liver, headlines.cytoreduction), 0),
    ((headlines.elsewhere,), 0),
    ((headlines.indeterminate,), 1),
    ((headlines.stage, headlines.nodes), 0),
    ((headlines.tracers,), 2),
    ((headlines.growth,), 2),
    ((headlines.surgery,), 1),
    ((headlines.prrt, headlines.sampling), 1),
    ((headlines.no_metastasis,), 3),
)


def impression(known: Known, alerts: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The items in print order."""
    items = [(found, rank) for writers, rank in _ITEMS for found in _together(known, writers)]
    loud = [_short(one) for one in alerts[:2]]
    while len(loud) + len(items) > IMPRESSION_ITEMS:
        weakest = max(rank for _, rank in items)
        last = max(place for place, (_, rank) in enumerate(items) if rank == weakest)
        items.pop(last)
    return (*loud, *(one for one, _ in items))


def _together(known: Known, writers: Sequence[Headline]) -> list[Sentence]:
    """One item of all statements that fit, else the first alone."""
    found = [one for write in writers if (one := headlines.within(write(known), IMPRESSION_WORDS)) is not None]
    if not found:
        return []
    kept = found[:1]
    for one in found[1:]:
        if word_count(" ".join(other.text for other in [*kept, one])) <= IMPRESSION_WORDS:
            kept.append(one)
    return [
        Sentence(
            " ".join(one.text for one in kept),
            tuple(dict.fromkeys(item for one in kept for item in one.items)),
            tuple(dict.fromkeys(reference for one in kept for reference in one.rests_on)),
        )
    ]


def _short(alert: Sentence) -> Sentence:
    """An alert without its meaning: finding against finding, and what would settle it."""
    head, _, tail = alert.text.partition(" Meaning:")
    _, _, settled = tail.partition("Would be settled by:")
    text = f"{head} Would be settled by:{settled}" if settled else head
    return replace(alert, text=text if word_count(text) <= IMPRESSION_WORDS else head)
