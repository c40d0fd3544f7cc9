"""Step 10, sign-off: who signed, how many items are answered, what blocks signing."""

from __future__ import annotations

from collections.abc import Iterator

from isletscope.model import ItemState
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Counts
from isletscope.report.narrative.phrases import tell
from isletscope.report.words import state_words


def step_10(known: Known, overrides: int) -> Iterator[Ranked]:
    """The sentences of the step."""
    behind = f"time_point/{known.view.point.name}"
    if known.case.signatures:
        yield Ranked(tell("signing.signed", behind, state=_small(state_words(known.case))), 0)
    else:
        yield Ranked(tell("signing.draft", behind), 0)
    counts = counts_of(known, overrides)
    if known.assessed.completeness is not None:
        numbers = {
            "answered": str(counts.answered),
            "not_applicable": str(counts.not_applicable),
            "not_assessable": str(counts.not_assessable),
            "open": str(counts.open),
        }
        yield Ranked(tell("signing.counts", behind, **numbers), 0)
        blocking = len(known.assessed.completeness.blocking)
        if blocking:
            yield Ranked(tell("signing.blocking", behind, count=fmt.counted_exactly(blocking, "open item")), 0)
    yield Ranked(tell("signing.overrides", behind, count=str(overrides)), 0)


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def counts_of(known: Known, overrides: int) -> Counts:
    """How many items are in each state."""
    found = known.assessed.completeness
    if found is None:
        return Counts(overrides=overrides)
    return Counts(
        answered=found.count(ItemState.ANSWERED),
        not_applicable=found.count(ItemState.NOT_APPLICABLE),
        not_assessable=found.count(ItemState.NOT_ASSESSABLE),
        open=found.count(ItemState.OPEN),
        overrides=overrides,
    )
