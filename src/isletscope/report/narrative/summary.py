"""The one-page summary: at most twelve lines, alerts first, then what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isletscope.report.narrative import headlines
from isletscope.report.narrative.fitting import ALERT_WORDS, SUMMARY_LINE_WORDS, SUMMARY_LINES, shortened
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Sentence
from isletscope.report.narrative.phrases import tell

_ALERTS = 3
# In print order with a rank: the highest ranks leave first when there are more than twelve lines.
_LINES = (
    (headlines.response, 0),
    (headlines.new_and_gone, 1),
    (headlines.primary, 0),
    (headlines.exendin, 2),
    (headlines.nodes, 0),
    (headlines.liver, 0),
    (headlines.elsewhere, 0),
    (headlines.indeterminate, 0),
    (headlines.no_metastasis, 1),
    (headlines.tracers, 1),
    (headlines.missing_tracers, 3),
    (headlines.stage, 0),
    (headlines.growth, 2),
    (headlines.local, 1),
    (headlines.classes, 4),
    (headlines.surgery, 1),
    (headlines.cytoreduction, 1),
    (headlines.prrt, 1),
    (headlines.open_items, 1),
)


def summary(known: Known, alerts: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The lines in print order."""
    loud = list(alerts[:_ALERTS])
    if len(alerts) > _ALERTS:
        behind = [reference for one in alerts[_ALERTS:] for reference in one.rests_on]
        loud[-1] = loud[-1]
        loud.append(tell("summary.more_alerts", *behind, count=str(len(alerts) - _ALERTS)))
    lines = [(one, rank) for write, rank in _LINES if (one := write(known)) is not None]
    while len(loud) + len(lines) > SUMMARY_LINES:
        weakest = max(rank for _, rank in lines)
        last = max(place for place, (_, rank) in enumerate(lines) if rank == weakest)
        lines.pop(last)
    shown = [_line(one) for one, _ in lines]
    return (*(alert_line(one) for one in loud), *shown)


def alert_line(sentence: Sentence) -> Sentence:
    """An alert within its own limit of words."""
    return replace(sentence, text=shortened(sentence.text, ALERT_WORDS))


def _line(sentence: Sentence) -> Sentence:
    found = headlines.within(sentence, SUMMARY_LINE_WORDS)
    assert found is not None
    return found
