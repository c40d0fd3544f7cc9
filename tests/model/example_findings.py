"""Findings, answers and assessments of the example case, made of invented facts."""

from __future__ import annotations

from isletscope.model import (
    Alert,
    AlertKind,
    Alternative,
    Answer,
    AssessedTimePoint,
    Branch,
    Compartment,
    Completeness,
    Conclusion,
    Evidence,
    ExamKind,
    Flag,
    ItemState,
    ItemStatus,
    Lesion,
    LiverFinding,
    Need,
    Observation,
    Origin,
    Place,
    SegmentVolume,
    State,
    StructureFinding,
    Support,
    TemplateScore,
    TimePoint,
    Verdict,
    VesselFinding,
    Visibility,
    measured,
)
from tests.model.example_many_exams import example_course, example_links
from tests.model.example_plan import example_plan


def example_lesions() -> list[Lesion]:
    """A metastasis with its focus, and what it was split into; a benign look-alike."""
    seen = Observation(
        exam_key="exam-1", kind=ExamKind.SSTR_PET, series_key="pet-1", visibility=Visibility.SEEN,
        mask="masks/pet-1_foci.nii.gz#1", measurements={"suv_max": measured("SSTR SUVmax", 20.0, "g/mL")},
        features={"uptake_visible": "yes"},
    )  # fmt: skip
    outside = Observation(
        exam_key="exam-1", kind=ExamKind.CT, visibility=Visibility.NOT_COVERED, because="outside the images"
    )
    return [
        Lesion(
            id="L1", tracking_uid="2.25.900", site="liver, right lobe", compartment=Compartment.LIVER,
            place=Place(region="7", second_region="8", side="right", known_by="reader"), verdict=Verdict.TUMOUR,
            focus_ids=["pet-1/1"], links=example_links(), course=example_course(), observations=[seen, outside],
        ),
        Lesion(id="L2", tracking_uid="2.25.901", site="liver", verdict=Verdict.TUMOUR, split_from="L1"),
        Lesion(id="L3", tracking_uid="2.25.902", site="liver", verdict=Verdict.TUMOUR, merged_into="L1"),
        Lesion(
            id="X1", tracking_uid="2.25.903", site="liver", verdict=Verdict.PHYSIOLOGIC, explained_by="simple cyst"
        ),
    ]  # fmt: skip


def example_time_point() -> TimePoint:
    """One look at the disease, with a vessel, a duct and the liver."""
    return TimePoint(
        name="baseline", date="2026-01-01", exam_keys=["exam-1"], coverage={"liver": ["exam-1/sstr_pet"]},
        vessels=[
            VesselFinding(
                lesion="P1", vessel="superior_mesenteric_vein", exam_key="exam-1",
                contact_deg={"1.0": measured("contact", 100.0, "deg")},
                measurements={"distance": measured("distance", 0.0, "mm")}, features={"contour": "smooth"},
            )
        ],
        structures=[
            StructureFinding(
                structure="pancreatic_duct", exam_key="exam-1",
                measurements={"calibre": measured("calibre", 3.0, "mm")}, features={"dilated": "no"},
            )
        ],
        liver=[
            LiverFinding(
                exam_key="exam-1", measurements={"whole_volume": measured("liver", 1500.0, "mL")}, series_key="ct-1",
                segments_from="landmarks and typical shares", segment_map="masks/ct-1_segments.nii.gz",
                segments_because="hepatic and portal veins: no hepatic_vein_left",
                features={"steatosis": "no"},
                segments=[
                    SegmentVolume(
                        segment="7",
                        parenchyma=measured("parenchyma", 300.0, "mL"),
                        tumour=measured("tumour", 4.0, "mL"),
                    )
                ],
            )
        ],
        plan=example_plan(),
    )  # fmt: skip


def example_answers() -> dict[str, Answer]:
    """One answer of each kind."""
    return {
        "PRI.seen": Answer(
            value="seen",
            source=Origin.PROPOSED,
            by="Isletscope",
            because="seen on CT",
            rests_on=["lesion/P1/exam-1/ct"],
        ),
        "PRI.size": Answer(value=30.0, unit="mm", source=Origin.ENTERED, by="A. Reader"),
        "PRI.calc": Answer(not_applicable="resected before", source=Origin.ENTERED, by="A. Reader"),
        "PRI.margin": Answer(not_assessable="motion", source=Origin.ENTERED, by="A. Reader"),
    }


def example_assessment() -> AssessedTimePoint:
    """A result that stands, one that is open, an alert, and the state of the report."""
    return AssessedTimePoint(
        time_point="baseline",
        conclusions=[_stands(), _open()],
        alerts=[
            Alert(
                code="sstr_negative_fdg_positive", kind=AlertKind.ALERT, step=8, finding="FDG uptake of L1",
                against="no SSTR uptake of L1", meaning="a part of the disease has lost receptors",
                settled_by="a sample of L1", lesions=["L1"], support=Support.RECALL, sources=["Chan2017"],
                rests_on=["lesion/L1/exam-1/sstr_pet"], closed_by="A. Reader, 2026-01-03: sampled",
            )
        ],
        exams=["sstr_pet"],
        facts={"surgery_considered": True},
        answers=example_answers(),
        set_aside={"PRI.size": Answer(value=28.0, unit="mm", source=Origin.PROPOSED, by="Isletscope", because="on CT")},
        completeness=Completeness(items=[_status()], facts_wanted=["surgery_considered"], templates=_templates()),
    )  # fmt: skip


def _stands() -> Conclusion:
    return Conclusion(
        name="krenning", title="Krenning score", version="2.0", state=State.DERIVED, value="4", provisional=True,
        because="SUVmax above spleen", evidence=[Evidence(text="SUVmax", value=20.0, unit="g/mL")],
        missing=["spleen of the second scan"], rule="score_4", citations=["a guideline"], support=Support.VERIFIED,
        parts={"highest": "4"}, sources=["Krenning2002"], rests_on=["lesion/L1/exam-1/sstr_pet/suv_max"],
        branches=[Branch(rule="score_4", text="Above spleen.", support=Support.CONVENTION, sources=["Krenning2002"])],
        flags=[Flag(code="borderline", text="Close to spleen.", support=Support.RECALL, sources=["Krenning2002"])],
        alternatives=[
            Alternative(
                system="planar score", value="3", because="one step less", support=Support.RECALL, sources=["Hope2019"]
            )
        ],
        lesions=[
            Conclusion(name="krenning", state=State.DERIVED, value="4", subject="L1"),
        ],
    )  # fmt: skip


def _open() -> Conclusion:
    return Conclusion(name="tnm", state=State.MISSING, missing=["size of the primary"], possible=["T1", "T2"])


def _status() -> ItemStatus:
    return ItemStatus(
        id="PRI.seen", step=2, question="Is a primary tumour seen?", need=Need.MANDATORY, state=ItemState.OPEN,
        because="nobody answered", blocks_signing=True, waits_for=["CTX.question"], lacking=["value"],
        origin=Origin.PROPOSED, remark="the reader says otherwise",
    )  # fmt: skip


def _templates() -> list[TemplateScore]:
    return [
        TemplateScore(name="a", title="A template", covered=["size"], uncovered=["site"]),
        TemplateScore(name="b", title="Another", not_assessable="no items answer it"),
    ]
