"""Clinical facts on which conditions of items rest, as far as the case tells them; what it does not tell stays out."""

from __future__ import annotations

from isletscope.assessment.proposals.known import Known
from isletscope.assessment.proposals.rules import has_words, rules
from isletscope.criteria import questions_asked
from isletscope.model import Compartment, Conclusion, ExamKind, Role

_WITH_CONTRAST = {
    Role.CT_ARTERIAL,
    Role.CT_PORTAL_VENOUS,
    Role.CT_DELAYED,
    Role.MR_DYNAMIC,
    Role.MR_HEPATOBILIARY,
}
_WITHOUT_CONTRAST = {Role.CT_UNENHANCED, Role.CT_LOW_DOSE, Role.LOCALIZER, Role.DERIVED, Role.PET, Role.PET_UNCORRECTED}


def known_facts(known: Known) -> dict[str, bool]:
    """Facts that follow from the case, a reader's on top."""
    found = {
        "contrast_planned": _contrast(known),
        "surgery_considered": _surgery(known),
        "hepatectomy_considered": _hepatectomy(known),
        "follow_up": _follow_up(known),
        "quantification": _quantification(known),
    }
    told = {name: fact for name, fact in found.items() if fact is not None}
    return {**told, **known.view.facts}


def _contrast(known: Known) -> bool | None:
    """A phase with contrast was acquired: yes; every series is of a kind without contrast: no."""
    roles = {series.role for exam in known.view.exams for series in exam.series}
    if roles & _WITH_CONTRAST:
        return True
    return False if roles and roles <= _WITHOUT_CONTRAST else None


def _surgery(known: Known) -> bool | None:
    """The referral asks for it, or the rules support its discussion. No: the rules see no reason to discuss it."""
    rule = rules().facts
    asked = set(questions_asked(known.view.clinical)) & set(rule.surgery_questions)
    entered = known.view.answer("CTX.question")
    if asked or has_words(known.view.clinical.question or "", rule.surgery_words):
        return True
    if isinstance(entered, list) and "plan_surgery" in entered:
        return True
    concluded = _value(known.conclusion("surveillance"))
    fit = _value(known.conclusion("cytoreduction_fit"))
    if concluded in rule.surgery_conclusions or fit in ("proposed", "discuss"):
        return True
    return False if concluded == "surveillance" or fit == "not_proposed" else None


def _hepatectomy(known: Known) -> bool | None:
    """The referral asks for surgery of the liver, or its metastases can be discussed for it. No: there is none."""
    wording = known.view.clinical.question or ""
    if has_words(wording, rules().facts.hepatectomy_words):
        return True
    seen = known.view.of(Compartment.LIVER)
    if not seen and known.covered("liver") and not known.doubtful(Compartment.LIVER):
        return False
    fit = _value(known.conclusion("cytoreduction_fit"))
    return {"proposed": True, "discuss": True, "not_proposed": False}.get(fit)


def _follow_up(known: Known) -> bool | None:
    """There is an earlier time point, or the question is one of follow-up. No: another question, nothing earlier."""
    if known.view.earlier is not None:
        return True
    asked = questions_asked(known.view.clinical)
    if set(asked) & set(rules().facts.follow_up_questions):
        return True
    return False if asked else None


def _quantification(known: Known) -> bool | None:
    """Attenuation of the primary tumour was measured."""
    primary = known.primary
    names = ("hu_late_arterial", "hu_portal_venous")
    if primary is not None and any(known.view.find(primary, name, (ExamKind.CT,)) for name in names):
        return True
    return None


def _value(conclusion: Conclusion | None) -> str:
    return (conclusion.value or "") if conclusion is not None else ""
