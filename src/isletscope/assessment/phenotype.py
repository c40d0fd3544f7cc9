"""Grade of the samples against what PET shows of every lesion."""

from __future__ import annotations

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.grade import sampled_grades
from isletscope.assessment.uptake import put_lesions
from isletscope.assessment.view import View


def assess_phenotype(view: View, gathered: Gathered) -> None:
    """Ask whether phenotype and histology agree, for the grade hint and the most informative site."""
    asking = Asking("phenotype_histology")
    put_lesions(asking, view, gathered)
    asking.put("samples", sampled_grades(view, gathered) or None, "conclusion/who_grade")
    gathered.add(asking.conclude())
