"""Two small assessed cases with their written reports: one look with everything, and one that is followed up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from isletscope.assessment import assess
from isletscope.criteria import find_criterion
from isletscope.model import Case, Conclusion, Lesion
from isletscope.report.narrative import Cell, Narrative, NarrativeTable, Row, Sentence, narrate
from tests.assessment.cases import case, lesion, liver, seen, structure, vessel

SEGMENTS = {
    "1": (48.0, 0.0),
    "2": (122.0, 0.0),
    "3": (158.0, 0.0),
    "4": (276.0, 0.0),
    "5": (208.0, 4.6),
    "6": (150.0, 0.0),
    "7": (282.0, 0.0),
    "8": (396.0, 17.1),
}
CLINICAL = {
    "question": "resection or PRRT?",
    "histology": {"sample": "P1", "differentiation": "well", "ki67_percent": 8},
    "hormones": {"syndrome": "none"},
}


def _lesions() -> list[Lesion]:
    return [
        lesion(
            "P1",
            seen(
                "ct",
                long_axis=34.0,
                short_axis=31.0,
                craniocaudal=28.0,
                volume=15.5,
                hu_late_arterial=168.0,
                organ_hu_late_arterial=112.0,
                main_duct_distance=3.2,
                margin="well_defined",
            ),
            seen("sstr_pet", suv_max=42.0, suv_mean=26.5, volume=14.1, to_liver=8.4),
            seen("fdg_pet", suv_max=2.0, uptake_visible="no"),
            region="uncinate",
        ),
        lesion(
            "N1",
            seen("ct", long_axis=16.0, short_axis=13.0),
            seen("sstr_pet", suv_max=24.6, suv_mean=15.5, volume=1.3, to_liver=4.92),
            seen("fdg_pet", suv_max=1.5, uptake_visible="no"),
            region="posterior_pancreaticoduodenal",
        ),
        lesion(
            "L1",
            seen("ct", long_axis=34.0, short_axis=31.0, craniocaudal=31.0, volume=17.1),
            seen("sstr_pet", suv_max=11.4, suv_mean=7.0, volume=16.0, to_liver=2.28),
            seen("fdg_pet", suv_max=3.9, suv_mean=3.0, volume=12.0),
            region="8",
        ),
        lesion(
            "L2",
            seen("ct", long_axis=22.0, short_axis=20.0, craniocaudal=20.0, volume=4.6),
            seen("sstr_pet", suv_max=1.0, uptake_visible="no"),
            seen("fdg_pet", suv_max=9.2, suv_mean=6.0, volume=4.0),
            region="5",
        ),
    ]


@cache
def whole() -> Case:
    """A primary with vein contact, a node and two liver metastases, one of them SSTR-negative and FDG-positive."""
    return assess(
        case(
            *_lesions(),
            clinical=CLINICAL,
            vessels=[
                vessel("P1", "superior_mesenteric_vein", 110.0, distance=0.0, contact_length=18.0, contour="smooth"),
                vessel("P1", "superior_mesenteric_artery", 0.0, distance=4.6),
                vessel("P1", "portal_vein", 0.0, distance=11.3),
            ],
            structures=[structure("pancreatic_duct", calibre_upstream=2.6, calibre_downstream=2.4, dilated="no")],
            liver=[liver(SEGMENTS, whole_volume=1661.7, tumour_volume=21.7)],
        )
    )


@cache
def followed_up() -> Case:
    """Two liver targets on CT half a year apart."""
    lesions = [
        lesion("P1", seen("ct", long_axis=34.0), seen("ct", "later", long_axis=35.0), region="tail"),
        lesion("L1", seen("ct", long_axis=40.0), seen("ct", "later", long_axis=52.0), region="8"),
        lesion("L2", seen("ct", long_axis=22.0), seen("ct", "later", long_axis=28.0), region="5"),
    ]
    given = case(*lesions, exams={"ct": "2026-03-02"}, followed_by={"later": {"ct": "2026-09-02"}}, clinical=CLINICAL)
    return assess(given)


@cache
def written(of: str = "whole") -> Narrative:
    """The report of the last time point of a case."""
    given = whole() if of == "whole" else followed_up()
    told = narrate(given, given.assessments[-1].time_point)
    rule = Sentence("SSTR-TV and MTV: 45 % threshold of each lesion.")
    near = tuple(replace(one, why=one.why.replace(" → ", ", NEAR_THRESHOLD → ", 1)) for one in told.scores)
    return replace(told, footer=(*told.footer, rule), scores=near)


def reworded(told: Narrative, part: str, old: str, new: str) -> Narrative:
    """The narrative with ``old`` replaced in one part: summary, impression, footer, scores or a step by number.

    A no-break space counts as a space.
    """

    def changed(sentences: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
        return tuple(replace(one, text=one.text.replace("\u00a0", " ").replace(old, new)) for one in sentences)

    if part == "scores":
        scores = tuple(
            replace(one, why=one.why.replace(old, new), result=one.result.replace(old, new)) for one in told.scores
        )
        return replace(told, scores=scores)
    if part.isdigit():
        steps = tuple(
            replace(step, sentences=changed(step.sentences)) if step.number == int(part) else step
            for step in told.steps
        )
        return replace(told, steps=steps)
    return replace(told, **{part: changed(getattr(told, part))})


def recelled(told: Narrative, table: str, subject: str, head: str, text: str) -> Narrative:
    """The narrative with one table cell printed differently."""
    found: NarrativeTable = getattr(told, table)
    at = next(index for index, one in enumerate(found.columns) if head.lower() in one.lower())
    rows = tuple(
        Row(row.subject, tuple(Cell(text) if index == at else cell for index, cell in enumerate(row.cells)))
        if row.subject == subject
        else row
        for row in found.rows
    )
    return replace(told, **{table: replace(found, rows=rows)})


def reconcluded(given: Case, name: str, **changes: object) -> Case:
    """The case with one conclusion of its last time point changed."""
    last = given.assessments[-1]
    conclusions = [_changed(one, changes) if one.name == name else one for one in last.conclusions]
    return given.model_copy(
        update={"assessments": [*given.assessments[:-1], last.model_copy(update={"conclusions": conclusions})]}
    )


def _changed(one: Conclusion, changes: dict[str, object]) -> Conclusion:
    return one.model_copy(update=changes)


def concluding(given: Case, name: str, document: dict[str, object]) -> Case:
    """The case with what a criterion concludes from this input added to its last time point."""
    last = given.assessments[-1]
    kept = [one for one in last.conclusions if one.name != name]
    found = find_criterion(name).run_document(document)  # type: ignore[arg-type]
    return given.model_copy(
        update={"assessments": [*given.assessments[:-1], last.model_copy(update={"conclusions": [*kept, found]})]}
    )
