"""From the findings of a case to conclusions, discordances, answers and what is still open, for every time point."""

from __future__ import annotations

from collections.abc import Callable

from isletscope.assessment.alerts import find_alerts
from isletscope.assessment.cytoreduction import assess_cytoreduction
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import assess_grade
from isletscope.assessment.growth import assess_growth
from isletscope.assessment.hereditary import assess_hereditary
from isletscope.assessment.liver import assess_liver
from isletscope.assessment.metabolic import assess_metabolic
from isletscope.assessment.operations import assess_operations
from isletscope.assessment.outside_liver import assess_outside_liver
from isletscope.assessment.phenotype import assess_phenotype
from isletscope.assessment.proposals import fill_items, notes_on_items
from isletscope.assessment.recist import assess_recist
from isletscope.assessment.stage import assess_stage
from isletscope.assessment.therapy import assess_therapy
from isletscope.assessment.transplant import assess_transplant
from isletscope.assessment.uptake import assess_uptake
from isletscope.assessment.vessels import assess_vessels
from isletscope.assessment.view import View, views
from isletscope.assessment.volumes import assess_volumes
from isletscope.model import AssessedTimePoint, Case

# In this order, because later groups build on earlier ones (the grade on samples, operations on the local class).
GROUPS: tuple[Callable[[View, Gathered], None], ...] = (
    assess_grade,
    assess_stage,
    assess_uptake,
    assess_phenotype,
    assess_volumes,
    assess_outside_liver,
    assess_vessels,
    assess_liver,
    assess_growth,
    assess_hereditary,
    assess_operations,
    assess_cytoreduction,
    assess_therapy,
    assess_transplant,
    assess_recist,
    assess_metabolic,
)


def assess(case: Case) -> Case:
    """The same case with its assessments made anew from its findings, clinical file and reader's answers.

    A rule that lacks an input gives a missing result that names it. Raises InputError when the clinical file does not
    follow its schema.
    """
    return case.model_copy(update={"assessments": [_assessed(view) for view in views(case)]})


def _assessed(view: View) -> AssessedTimePoint:
    gathered = Gathered()
    for group in GROUPS:
        group(view, gathered)
    filled = fill_items(view, gathered)
    return AssessedTimePoint(
        time_point=view.point.name,
        conclusions=gathered.in_order(),
        alerts=[*find_alerts(view, gathered), *notes_on_items(view, filled)],
        exams=filled.exams,
        facts=filled.facts,
        answers=filled.answers,
        set_aside=filled.set_aside,
        completeness=filled.completeness,
    )
