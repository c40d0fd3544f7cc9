"""From the referral's question and the clinical facts to the pathways of the imaging rules."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.criteria.clinical import (
    ClinicalFile,
    Differentiation,
    Germline,
    Grade,
    Question,
    Subtype,
    Syndrome,
    Treatment,
)
from isletscope.criteria.imaging_book import imaging_book
from isletscope.criteria.imaging_facts import Facts
from isletscope.errors import InputError

SMALL_MM = 20.0
HIGH_RISK_KI67_PERCENT = 5.0
HIGH_RISK_MM = 40.0
_HEREDITARY = {
    Germline.MEN1: "men1_surveillance",
    Germline.MEN4: "men1_surveillance",
    Germline.VHL: "vhl_surveillance",
    Germline.TSC: "tsc_surveillance",
    Germline.NF1: "nf1_surveillance",
    Germline.MAFA: "mafa_surveillance",
    Germline.MAHVASH: "mahvash_surveillance",
}
_RESPONSE = {
    Treatment.PRRT: "response_prrt",
    Treatment.SOMATOSTATIN_ANALOGUE: "response_analogue",
    Treatment.CHEMOTHERAPY: "response_chemotherapy",
    Treatment.TARGETED: "response_targeted",
    Treatment.EMBOLISATION: "response_embolisation",
}
_OF_SUBTYPE = {
    Subtype.INSULINOMA: "insulinoma",
    Subtype.GASTRINOMA: "gastrinoma",
    Subtype.ACTHOMA: "ectopic_acth",
    Subtype.NON_FUNCTIONING: "staging",
}


@dataclass(frozen=True)
class Way:
    """A pathway and the reason why this patient follows it."""

    pathway: str
    because: str


@dataclass(frozen=True)
class Ways:
    """All pathways of the patient, the question as it was read, and what was missing to choose better."""

    ways: tuple[Way, ...]
    question: str
    missing: tuple[str, ...] = ()


def choose_pathways(clinical: ClinicalFile, facts: Facts) -> Ways:
    """The pathways in the order of the questions. Raises InputError when the file says too little to plan at all."""
    questions = questions_asked(clinical)
    missing: list[str] = []
    if not questions:
        questions = [_question_of_facts(clinical, facts)]
        read = f"not stated; drawn from the findings: {questions[0]}"
    else:
        read = ", ".join(questions)
    ways: list[Way] = []
    for question in questions:
        for way in _ways(question, clinical, facts, missing):
            if way.pathway not in [known.pathway for known in ways]:
                ways.append(way)
    printed = f"{clinical.question} (read as: {read})" if clinical.question else read
    return Ways(tuple(ways), printed, tuple(dict.fromkeys(missing)))


def questions_asked(clinical: ClinicalFile) -> list[Question]:
    """The questions as stated, else as the wording of the referral names them; empty when neither says any."""
    return list(clinical.questions) or _read_wording(clinical.question)


def _read_wording(text: str | None) -> list[Question]:
    if not text:
        return []
    lowered = text.lower().replace("_", " ")
    found = [(lowered.find(words), question) for words, question in imaging_book().wording.items() if words in lowered]
    ordered = [question for _, question in sorted(found, key=lambda item: item[0])]
    questions = list(dict.fromkeys(ordered))
    if Question.RESPONSE in questions:
        return [Question.RESPONSE]
    return questions


def _question_of_facts(clinical: ClinicalFile, facts: Facts) -> Question:
    subtype = clinical.subtype
    if clinical.treatment_kind is not None:
        return Question.RESPONSE
    if clinical.tumour.resected_on is not None:
        return Question.AFTER_RESECTION
    if subtype not in (None, Subtype.NON_FUNCTIONING):
        return Question.LOCALISATION
    if clinical.germline in _HEREDITARY:
        return Question.SURVEILLANCE
    if (
        subtype is None
        and clinical.tumour.largest_mm is None
        and not clinical.tumour.sites
        and facts["high_grade"] is None
    ):
        raise InputError(
            "says too little to plan imaging",
            subject="clinical file",
            expected="at least one of: a question, a hormone syndrome, a tumour, histology, a hereditary syndrome",
            remedy="`isletscope schema clinical` prints every key and value.",
        )
    return Question.STAGING


def _ways(question: Question, clinical: ClinicalFile, facts: Facts, missing: list[str]) -> list[Way]:
    simple = {
        Question.RESECTABILITY: "resectability",
        Question.LIVER_MAPPING: "liver_mapping",
        Question.UNKNOWN_PRIMARY: "unknown_primary",
        Question.TAIL_NODULE: "tail_nodule",
    }
    if question in simple:
        return [Way(simple[question], f"The question is {question.replace('_', ' ')}.")]
    if question is Question.PRRT_SELECTION:
        graded = [Way("high_grade", "G3 or carcinoma.")] if facts["high_grade"] else []
        return [Way("prrt_selection", "The question is radioligand treatment."), *graded]
    if question is Question.RISING_MARKERS:
        proven = clinical.hormones.syndrome is Syndrome.INSULIN
        more = [Way("insulinoma", "The syndrome is hypoglycaemia with insulin.")] if proven else []
        return [*more, Way("rising_markers", "Markers rise without a visible tumour.")]
    if question is Question.SURVEILLANCE:
        return _surveillance(clinical, facts, missing)
    if question is Question.AFTER_RESECTION:
        return [_after_resection(clinical, facts, missing)]
    if question is Question.RESPONSE:
        return [_response(clinical, facts, missing)]
    return _detection(question, clinical, facts, missing)


def _detection(question: Question, clinical: ClinicalFile, facts: Facts, missing: list[str]) -> list[Way]:
    subtype = clinical.subtype
    if subtype is Subtype.INSULINOMA and facts["infant"]:
        return [Way("infant_hyperinsulinism", "An infant with hyperinsulinism.")]
    if subtype is Subtype.INSULINOMA and clinical.germline is Germline.MAFA:
        return [Way("mafa_surveillance", "Insulinomatosis: several insulinomas are expected.")]
    ways = [Way("high_grade", "G3 or carcinoma, by histology.")] if facts["high_grade"] else []
    if subtype is None:
        missing.append("hormones.syndrome (insulin, gastrin, ..., or none)")
    if clinical.tumour.cystic and subtype in (None, Subtype.NON_FUNCTIONING):
        ways.append(Way("cystic_lesion", "The lesion is cystic."))
    pathway = _OF_SUBTYPE.get(subtype, "functioning") if subtype else "staging"
    if pathway == "staging" and ways:
        return ways
    shown = subtype.replace("_", " ") if subtype else "type not given"
    return [*ways, Way(pathway, f"The question is {question}; {shown}.")]


def _surveillance(clinical: ClinicalFile, facts: Facts, missing: list[str]) -> list[Way]:
    if clinical.germline in _HEREDITARY:
        return [Way(_HEREDITARY[clinical.germline], f"Hereditary syndrome: {clinical.germline}.")]
    if clinical.tumour.resected_on is not None:
        return [_after_resection(clinical, facts, missing)]
    if facts["high_grade"]:
        return [Way("high_grade", "G3 or carcinoma is not a matter of surveillance.")]
    if facts["spread"]:
        return [Way("observed_metastatic", "Metastatic disease under observation.")]
    size = clinical.tumour.largest_mm
    if size is None:
        missing.append("tumour.largest_mm")
    elif size > SMALL_MM or clinical.tumour.duct_dilated:
        reason = f"{size:g} mm, above {SMALL_MM:g} mm" if size > SMALL_MM else "The duct is dilated"
        return [Way(name, f"{reason}: not for surveillance.") for name in ("staging", "resectability")]
    if clinical.germline in (None, Germline.NOT_TESTED):
        missing.append("germline (tested or not; under 40 years or several tumours: think hereditary)")
    return [Way("small_tumour", "Surveillance without a hereditary syndrome.")]


def _after_resection(clinical: ClinicalFile, facts: Facts, missing: list[str]) -> Way:
    tissue, tumour = clinical.histology, clinical.tumour
    poor = tissue.differentiation in (Differentiation.POOR, Differentiation.MIXED)
    if tissue.grade in (Grade.NEC, Grade.MINEN) or poor:
        return Way("after_resection_nec", "Neuroendocrine carcinoma or mixed tumour.")
    if facts["high_grade"]:
        return Way("after_resection_g3", "NET G3.")
    top = tissue.ki67_percent.high if tissue.ki67_percent is not None else None
    if tumour.nodes_positive or (top is not None and top > HIGH_RISK_KI67_PERCENT):
        return Way("after_resection_high", "Positive nodes, or Ki-67 above 5 %.")
    if tumour.largest_mm is not None and tumour.largest_mm > HIGH_RISK_MM:
        return Way("after_resection_high", "Size above 40 mm, a risk of its own.")
    known = {
        "tumour.nodes_positive": tumour.nodes_positive,
        "tumour.resection_complete": tumour.resection_complete,
        "tumour.largest_mm": tumour.largest_mm,
        "histology.grade or ki67_percent": tissue.grade or top,
    }
    missing.extend(name for name, value in known.items() if value is None)
    first_grade = tissue.grade is Grade.G1 or (tissue.grade is None and top is not None and top < 3)
    small = tumour.largest_mm is not None and tumour.largest_mm < SMALL_MM
    if first_grade and small and tumour.resection_complete and tumour.nodes_positive is False:
        return Way("after_resection_low", "G1, complete, node-negative, under 20 mm.")
    return Way("after_resection_standard", "G1 or G2 without the marks of low or of high risk.")


def _response(clinical: ClinicalFile, facts: Facts, missing: list[str]) -> Way:
    if clinical.treatment_kind is not None:
        return Way(_RESPONSE[clinical.treatment_kind], f"Response to {clinical.treatment_kind.replace('_', ' ')}.")
    missing.append(f"treatment_kind ({', '.join(Treatment)})")
    return Way("observed_metastatic", "Course under treatment; the kind of treatment is not given.")
