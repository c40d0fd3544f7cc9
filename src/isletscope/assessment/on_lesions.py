"""What the rules say of the lesions themselves, before the whole assessment: uptake, phenotype and growth."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import assess_grade
from isletscope.assessment.growth import assess_growth
from isletscope.assessment.phenotype import assess_phenotype
from isletscope.assessment.uptake import assess_uptake
from isletscope.assessment.view import View, views
from isletscope.model import Case


@dataclass(frozen=True)
class LesionsAssessed:
    """One time point with the conclusions on its lesions."""

    view: View
    gathered: Gathered


def assess_lesions(case: Case) -> list[LesionsAssessed]:
    """Every time point in order with grade, uptake, phenotype and growth, the same rules as in the whole assessment.

    Raises InputError when the clinical file of the case does not follow its schema.
    """
    found = []
    for view in views(case):
        gathered = Gathered()
        for group in (assess_grade, assess_uptake, assess_phenotype, assess_growth):
            group(view, gathered)
        found.append(LesionsAssessed(view, gathered))
    return found
