"""The imaging advisor: from the clinical file to a ranked plan with reasons, protocol, cautions and next steps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from isletscope.criteria.book import number, printed_citation
from isletscope.criteria.clinical import Analogue, ClinicalFile, ExamGroup, Germline
from isletscope.criteria.clinical_check import age_years, check_clinical
from isletscope.criteria.imaging_book import Exam, Pathway, imaging_book
from isletscope.criteria.imaging_detail import activity_lines, codings, looks, protocol_lines
from isletscope.criteria.imaging_facts import CHILD_YEARS, Facts, gather_facts
from isletscope.criteria.imaging_pathways import Ways, choose_pathways
from isletscope.criteria.imaging_plan import (
    ImagingPlan,
    Outcome,
    PathwayTaken,
    Recommendation,
    Statement,
    convention,
    stated,
    statement,
)
from isletscope.criteria.imaging_ranking import Ranked, Ranking, applying_cautions, rank_exams
from isletscope.model import Support

HEREDITARY_AGE_YEARS = 40.0


def advise(clinical: ClinicalFile, *, today: date, available: Iterable[ExamGroup] | None = None) -> ImagingPlan:
    """The imaging plan for one patient.

    ``available`` names what exists; without it, what the clinical file names, or everything. Raises InputError when the
    file contradicts itself or says too little to plan.
    """
    check_clinical(clinical, today=today)
    given = available if available is not None else clinical.available
    groups = set(ExamGroup) if given is None else set(given)
    facts = gather_facts(clinical, today=today, available=groups)
    chosen = choose_pathways(clinical, facts)
    names = [way.pathway for way in chosen.ways]
    ranking = rank_exams(names, clinical, facts, available=groups, today=today)
    book = imaging_book()
    pathways = [book.pathways[name] for name in names]
    plan = ImagingPlan(
        title=book.title,
        version=book.version,
        today=str(today),
        patient=_patient_line(clinical, today),
        question=chosen.question,
        pathways=[_taken(way.pathway, way.because) for way in chosen.ways],
        about=_about(clinical),
        recommendations=_recommendations(ranking, clinical, facts, today, groups),
        done=ranking.done,
        schedule=[stated(line) for pathway in pathways for line in pathway.schedule],
        notes=[*_notes(pathways), *_doubts(clinical, today, ranking, groups)],
        missing=_missing(chosen, ranking, clinical, facts),
    )
    keys = dict.fromkeys(key for item in plan.statements() for key in item.sources)
    plan.citations = [printed_citation(key) for key in keys]
    return plan


def _taken(name: str, because: str) -> PathwayTaken:
    return PathwayTaken(name=name, title=imaging_book().pathways[name].title, because=because)


def _patient_line(clinical: ClinicalFile, today: date) -> str:
    age, patient = age_years(clinical, today), clinical.patient
    parts = [
        f"{number(age)} years" if age is not None else "age not given",
        f"sex {patient.sex}" if patient.sex else "sex not given",
        f"{number(patient.weight_kg)} kg" if patient.weight_kg else "weight not given",
    ]
    if clinical.laboratory.egfr_ml_min is not None:
        parts.append(f"eGFR {number(clinical.laboratory.egfr_ml_min)} mL/min/1.73 m2")
    return ", ".join(parts)


def _about(clinical: ClinicalFile) -> list[Statement]:
    book = imaging_book()
    found = [book.subtypes[clinical.subtype]] if clinical.subtype else []
    if clinical.germline in book.syndromes:
        found.append(book.syndromes[clinical.germline])
    return [stated(kind.about) for kind in found]


def _notes(pathways: Iterable[Pathway]) -> list[Statement]:
    notes = [stated(line) for pathway in pathways for line in pathway.notes]
    return [note for index, note in enumerate(notes) if note not in notes[:index]]


def _doubts(clinical: ClinicalFile, today: date, ranking: Ranking, groups: set[ExamGroup]) -> list[Statement]:
    """What the plan says beside the rows: radiation, hereditary, a Ki-67 range, nothing available."""
    found = []
    age = age_years(clinical, today)
    syndromic = clinical.germline not in (None, Germline.NOT_TESTED, Germline.NONE_FOUND)
    if age is not None and age < HEREDITARY_AGE_YEARS and not syndromic:
        found.append(
            Statement(
                text="Under 40 years: think of a hereditary syndrome (about 10 % of tumours).", support=Support.RECALL
            )
        )
    if syndromic or (age is not None and age < HEREDITARY_AGE_YEARS):
        found.append(Statement(text="MRI before CT where both answer: radiation adds up.", support=Support.RECALL))
    index = clinical.histology.ki67_percent
    if index is not None and not index.single:
        found.append(convention(f"Ki-67 is given as {index.printed()} %: read at its upper end, provisional."))
    needed = [item for item in ranking.exams if item.role != "avoid"]
    if needed and not any(imaging_book().exams[item.exam].group in groups for item in needed):
        found.append(convention("None of the exams of this plan is available here: refer the patient."))
    return found


def _missing(chosen: Ways, ranking: Ranking, clinical: ClinicalFile, facts: Facts) -> list[str]:
    found = [*chosen.missing, *ranking.missing]
    exams = [imaging_book().exams[item.exam] for item in ranking.exams if item.role != "avoid"]
    touched = set().union(*(exam.touched() for exam in exams)) if exams else set()
    if not facts["egfr"] and touched & {"iodinated", "gadolinium", "gadoxetate"}:
        found.append("laboratory.egfr_ml_min")
    if clinical.patient.weight_kg is None and touched & {"nuclear", "iodinated", "gadolinium", "gadoxetate"}:
        found.append("patient.weight_kg")
    if facts["pregnancy_unasked"]:
        found.append("constraints.pregnant")
    asks = {"iodinated_contrast_reaction": "iodinated", "somatostatin_analogue": "SSTR"}
    found += [f"constraints.{name}" for name, kind in asks.items() if not facts[name] and kind in touched]
    if facts["implant_unasked"] and "MR" in touched:
        found.append("constraints.implant")
    return list(dict.fromkeys(found))


def _recommendations(
    ranking: Ranking, clinical: ClinicalFile, facts: Facts, today: date, groups: set[ExamGroup]
) -> list[Recommendation]:
    book = imaging_book()
    usable = [item for item in ranking.exams if item.role != "avoid" and book.exams[item.exam].group in groups]
    found = []
    for item in ranking.exams:
        rank = usable.index(item) + 1 if item in usable else None
        after = next((later for later in usable[rank:] if not later.condition), None) if rank else None
        found.append(_recommendation(item, rank, after, clinical, facts, today, groups))
    return found


def _recommendation(
    item: Ranked,
    rank: int | None,
    after: Ranked | None,
    clinical: ClinicalFile,
    facts: Facts,
    today: date,
    groups: set[ExamGroup],
) -> Recommendation:
    book = imaging_book()
    exam = book.exams[item.exam]
    recommended = item.role != "avoid"
    age = age_years(clinical, today)
    child = age is not None and age < CHILD_YEARS
    protocol = protocol_lines(exam, clinical.patient.weight_kg) + activity_lines(
        exam, clinical.patient.weight_kg, child=child
    )
    return Recommendation(
        exam=item.exam,
        name=exam.name,
        role=item.role,
        rank=rank,
        condition=item.condition,
        available=exam.group in groups,
        reasons=list(item.reasons),
        yields=[stated(book.yields[name]) for name in item.yields],
        protocol=protocol if recommended else [],
        preparation=[stated(line) for line in exam.preparation] if recommended else [],
        cautions=_cautions(exam, clinical, facts) if recommended else [],
        look_for=looks(exam, clinical) if recommended else [],
        outcomes=_outcomes(book.pathways[item.pathway], after) if recommended else [],
        codes=codings(exam),
    )


def _cautions(exam: Exam, clinical: ClinicalFile, facts: Facts) -> list[Statement]:
    found = []
    for _, caution in applying_cautions(exam, facts):
        text = caution.text.format(next_dose=_next_dose(clinical))
        found.append(statement(text, caution, dose=caution.dose))
    return found


def _next_dose(clinical: ClinicalFile) -> str:
    analogue = clinical.constraints.somatostatin_analogue
    if not isinstance(analogue, Analogue) or analogue.last_dose_on is None or analogue.interval_days is None:
        return " Last dose and interval are not given."
    due = date.fromordinal(analogue.last_dose_on.toordinal() + analogue.interval_days)
    return f" Next dose due {due}: best from {date.fromordinal(due.toordinal() - 7)}."


def _outcomes(pathway: Pathway, after: Ranked | None) -> list[Outcome]:
    found = [
        Outcome(finding="positive", next_step=stated(pathway.outcomes.positive)),
        Outcome(finding="negative", next_step=stated(pathway.outcomes.negative)),
        Outcome(finding="equivocal", next_step=stated(pathway.outcomes.equivocal)),
    ]
    if after is not None:
        negative = found[1].next_step
        following = imaging_book().exams[after.exam].name
        text = f"{negative.text} Next in this plan: {following}."
        found[1] = Outcome(finding="negative", next_step=negative.model_copy(update={"text": text}))
    return found
