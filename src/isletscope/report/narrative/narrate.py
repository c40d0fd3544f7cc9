"""The whole written report of one time point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from isletscope.items import catalogue
from isletscope.model import Alert, Case
from isletscope.report.narrative import closing
from isletscope.report.narrative.change_table import change_table
from isletscope.report.narrative.exam_table import exam_table
from isletscope.report.narrative.fitting import FIRST_STEP_WORDS, STEP_WORDS, Ranked, fit
from isletscope.report.narrative.heading import clinical_question, header
from isletscope.report.narrative.impression import impression
from isletscope.report.narrative.known import Known, known
from isletscope.report.narrative.lesion_table import lesion_table
from isletscope.report.narrative.liver_table import liver_table
from isletscope.report.narrative.parts import Narrative, Sentence, Step
from isletscope.report.narrative.scores import score_notes, scores
from isletscope.report.narrative.step_01 import step_01
from isletscope.report.narrative.step_02 import step_02
from isletscope.report.narrative.step_03 import step_03
from isletscope.report.narrative.step_04 import step_04
from isletscope.report.narrative.step_05 import step_05
from isletscope.report.narrative.step_06 import step_06
from isletscope.report.narrative.step_07 import step_07
from isletscope.report.narrative.step_08 import step_08
from isletscope.report.narrative.step_09 import step_09
from isletscope.report.narrative.step_10 import counts_of, step_10
from isletscope.report.narrative.summary import summary
from isletscope.report.narrative.summary_tables import summary_tables
from isletscope.report.narrative.vessel_table import vessel_table

_STEPS: tuple[Callable[[Known], Iterator[Ranked]], ...] = (
    step_01,
    step_02,
    step_03,
    step_04,
    step_05,
    step_06,
    step_07,
    step_08,
    step_09,
)


def narrate(case: Case, time_point: str) -> Narrative:
    """The written report of an assessed case at one time point; the same case gives the same text.

    Raises KeyError when the case has no assessed time point of that name.
    """
    found = known(case, time_point)
    alerts = tuple(_alert(one) for one in found.alerts)
    replaced = closing.overrides(found)
    written = Narrative(
        time_point=time_point,
        header=header(found),
        exams=exam_table(found),
        clinical_question=clinical_question(found),
        alerts=alerts,
        notes=tuple(_alert(one) for one in found.notes),
        summary=summary(found, alerts),
        summary_tables=summary_tables(found),
        steps=tuple(_steps(found, len(replaced))),
        lesions=lesion_table(found),
        vessels=vessel_table(found),
        liver=liver_table(found),
        change=change_table(found),
        scores=scores(found),
        score_notes=score_notes(found),
        impression=impression(found, alerts),
        open_items=closing.open_items(found),
        not_assessable=closing.not_assessable(found),
        overrides=replaced,
        counts=counts_of(found, len(replaced)),
        footer=closing.footer(found),
    )
    return replace(written, sources=closing.sources(written))


def _alert(alert: Alert) -> Sentence:
    return Sentence(alert.sentence(), (), tuple(alert.rests_on), alert.code)


def _steps(found: Known, overrides: int) -> Iterator[Step]:
    titles = {step.number: step.title for step in catalogue().steps}
    for number, write in enumerate(_STEPS, start=1):
        own: Iterable[Ranked] = [Ranked(_alert(one), 0) for one in found.alerts if one.step == number]
        limit = FIRST_STEP_WORDS if number == 1 else STEP_WORDS
        yield Step(number, titles[number], fit([*own, *write(found)], limit))
    yield Step(10, titles[10], fit(list(step_10(found, overrides)), STEP_WORDS))
