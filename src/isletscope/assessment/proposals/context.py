"""Step 1, what is asked and known of the patient: proposals from the clinical file."""

from __future__ import annotations

from isletscope.assessment.proposals.known import Known, Proposer, propose
from isletscope.assessment.proposals.rules import has_words, rules
from isletscope.assessment.view import View
from isletscope.criteria import questions_asked
from isletscope.model import Answer

BY = "clinical file"
_GRADES = {"NET G1": "g1", "NET G2": "g2", "NET G3": "g3", "NEC": "nec", "MiNEN": "minen"}


def _question(known: Known) -> Answer | None:
    clinical = known.view.clinical
    found = [value for asked in questions_asked(clinical) for value in rules().questions[asked]]
    if has_words(clinical.question or "", rules().facts.surgery_words):
        found.append("plan_surgery")
    if not found:
        return None
    wording = f': "{clinical.question}"' if clinical.question else ""
    where = "clinical/question" if clinical.question else "clinical/questions"
    values = list(dict.fromkeys(found))
    return propose({"value": list(values)}, BY, f"the referral asks for it{wording}", [where])


def _hormone(known: Known) -> Answer | None:
    syndrome = known.view.clinical.hormones.syndrome
    if syndrome is None:
        return None
    value = rules().hormones.get(syndrome.value, syndrome.value)
    because = f"hormone syndrome in the clinical file: {syndrome.value}"
    return propose({"value": [value]}, BY, because, ["clinical/hormones/syndrome"])


def _syndrome(known: Known) -> Answer | None:
    germline = known.view.clinical.germline
    if germline is None:
        return None
    because = f"germline result in the clinical file: {germline.value}"
    return propose({"value": rules().syndromes[germline.value]}, BY, because, ["clinical/germline"])


def _histology(known: Known) -> Answer | None:
    """The grade by the criterion, with the counts behind it; no sample named and no grade: not known, so no answer."""
    histology = known.view.clinical.histology
    grade = known.conclusion("who_grade")
    kind = _GRADES.get(grade.value or "") if grade is not None else None
    if grade is None or kind is None:
        return None
    value: dict[str, str | float | None] = {"type": kind}
    if histology.ki67_percent is not None:
        value["ki67_percent"] = histology.ki67_percent.high
    if histology.mitoses_per_2mm2 is not None:
        value["mitoses_per_2_mm2"] = histology.mitoses_per_2mm2
    if histology.sample:
        value["lesion"] = histology.sample
    if histology.sampled_on is not None:
        value["date"] = histology.sampled_on.isoformat()
    return propose(value, grade.name, grade.because, ["conclusion/who_grade", *grade.rests_on])


def _treatment(known: Known) -> Answer | None:
    """Treatments by their kind and by their words; a treatment that no word fits counts as another one."""
    clinical = known.view.clinical
    if "treatment" not in clinical.model_fields_set and clinical.courses is None:
        return None
    given = [treatment_of(text) for text in clinical.treatment]
    rows = []
    for course in clinical.courses or ():
        given.append(rules().courses[course.kind.value])
        last = course.ended_on or course.started_on
        if last is not None:
            rows.append({"treatment": course.drug or course.kind.value.replace("_", " "), "last": last.isoformat()})
    found = list(dict.fromkeys(given)) or ["none"]
    where = [f"clinical/{name}" for name in ("treatment", "courses") if name in clinical.model_fields_set]
    words = ", ".join(clinical.treatment) or ("none" if found == ["none"] else ", ".join(found))
    value = {"given": found, **({"dates": rows} if rows else {})}
    return propose(value, BY, f"treatments in the clinical file: {words}", where)


def treatment_of(text: str) -> str:
    """The kind of a treatment by its words."""
    return next((one.treatment for one in rules().treatments if has_words(text, one.words)), "other")


def has_earlier_hepatectomy(view: View) -> bool:
    """Whether the clinical file names surgery of the liver among the treatments so far."""
    clinical = view.clinical
    words = [*clinical.treatment, *(course.kind.value for course in clinical.courses or ())]
    of_liver = [one for one in rules().procedures if one.procedure == "liver"]
    return any(has_words(text, one.words) for text in words for one in of_liver)


def _previous(known: Known) -> Answer | None:
    clinical = known.view.clinical
    if "treatment" not in clinical.model_fields_set and clinical.courses is None:
        return None
    words = [*clinical.treatment, *(course.kind.value for course in clinical.courses or ())]
    found = [one.procedure for one in rules().procedures if any(has_words(text, one.words) for text in words)]
    if clinical.tumour.resected_on is not None and "pancreas" not in found:
        found.insert(0, "pancreas")
    because = f"treatments in the clinical file: {', '.join(words) or 'none'}"
    return propose({"value": list(dict.fromkeys(found)) or ["none"]}, BY, because, ["clinical/treatment"])


def _renal(known: Known) -> Answer | None:
    value = known.view.clinical.laboratory.egfr_ml_min
    if value is None:
        return None
    because = "eGFR in the clinical file"
    return propose({"egfr": value}, BY, because, ["clinical/laboratory/egfr_ml_min"])


def _allergy(known: Known) -> Answer | None:
    """Both kinds of agents must be told: one reaction that is not known leaves the question open."""
    constraints = known.view.clinical.constraints
    iodine, gadolinium = constraints.iodinated_contrast_reaction, constraints.gadolinium_reaction
    if iodine is None or gadolinium is None:
        return None
    found = [] if iodine.value == "none" else [f"iodinated_{iodine.value}"]
    found += [] if gadolinium.value == "none" else ["gadolinium"]
    where = ["clinical/constraints/iodinated_contrast_reaction", "clinical/constraints/gadolinium_reaction"]
    return propose({"value": list(found) or ["none"]}, BY, "reactions in the clinical file", where)


PROPOSERS: dict[str, Proposer] = {
    "CTX.question": _question,
    "CTX.hormone": _hormone,
    "CTX.syndrome": _syndrome,
    "CTX.histology": _histology,
    "CTX.treatment": _treatment,
    "CTX.renal": _renal,
    "CTX.allergy": _allergy,
    "SUR.previous": _previous,
}
