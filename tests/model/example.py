"""A case that uses every part of the document, made of invented facts."""

from __future__ import annotations

from isletscope.model import (
    Assessment,
    Case,
    Code,
    EntrySubject,
    Evidence,
    Exam,
    Focus,
    GivenRegion,
    GridDescription,
    OrganFinding,
    Patient,
    PetQuantification,
    QualityFinding,
    ReaderEntry,
    ReadingOfPet,
    ReferenceRegion,
    RefusedInput,
    Role,
    SamePatient,
    Series,
    Severity,
    Signature,
    Software,
    Source,
    State,
    SupplementaryObject,
    Support,
    Tracer,
    TracerClass,
    Verdict,
    VerdictOverride,
    derived,
    measured,
    missing,
)
from tests.model.example_findings import (
    example_answers,
    example_assessment,
    example_lesions,
    example_time_point,
)
from tests.model.example_heterogeneity import example_heterogeneity
from tests.model.example_many_exams import example_alignments, example_image_reading, example_unmatched
from tests.model.example_phenotype import example_phenotype

PET_UID = "2.25.101"
SUV_MAX = Code(value="126401", scheme="DCM", meaning="SUVbw")


def example_case() -> Case:
    """One SSTR PET with one tumour, one physiologic focus and one thing that could not be measured."""
    return Case(
        software=Software(version="0.1.0", created="2026-01-02T03:04:05+00:00", libraries={"numpy": "2.4.6"}),
        patient=Patient(
            id="REF-1", other_ids=["REF-01"], name="Reference^Patient", sex="F", birth_date="1961-05-04",
            age_years=64.6, weight_kg=70.0, size_m=1.68,
        ),
        clinical={"grade": "G2", "ki67_percent": 5.0, "surgery": {"planned": False, "dates": []}},
        exams=[_exam()],
        supplements=[_supplement()],
        readings=[_reading()],
        image_readings=[example_image_reading(_focus())],
        alignments=example_alignments(),
        unmatched=example_unmatched(),
        lesions=example_lesions(),
        time_points=[example_time_point()],
        phenotypes=[example_phenotype()],
        heterogeneity=[example_heterogeneity()],
        answers={"baseline": example_answers()},
        facts={"baseline": {"surgery_considered": True}},
        assessments=[example_assessment()],
        retired_names=["N1"],
        overrides=[
            VerdictOverride(
                lesion="L1", verdict=Verdict.TUMOUR, who="A. Reader", when="2026-01-02", why="seen on MR too",
                tracking_uid="2.25.900", computed=Verdict.UNSURE,
            )
        ],
        open_items=["Is the focus pet-1/2 the gallbladder?"],
        entries=[
            ReaderEntry(
                subject=EntrySubject.WEIGHT_KG, value=70.0, series="PET WB", who="A. Reader", when="2026-01-02",
                why="weight left out at the scanner; taken from the chart",
            )
        ],
        same_patient=[SamePatient(ids=("REF-1", "REF-01"), reason="typing error at the second scanner")],
        findings=[
            QualityFinding(
                code="duplicates", severity=Severity.INFO, problem="files came twice", found="3 copies",
                expected="one of each", remedy="Nothing to do.",
            )
        ],
        refused=[
            RefusedInput(
                subject="IM0007", problem="ends early", found="1000 bytes", expected="66000 bytes", remedy="Copy again."
            )
        ],
        signatures=[Signature(by="A. Reader", at="2026-01-03T09:00:00+01:00", sha256="0" * 64)],
    )  # fmt: skip


def _exam() -> Exam:
    return Exam(
        key="exam-1", study_uid="2.25.1", patient_id="REF-1", date="2026-01-01", title="68Ga-DOTATATE PET/CT",
        series=[
            Series(
                key="pet-1", series_uid=PET_UID, part="time 1", modality="PT", sop_class="1.2.840.10008.5.1.4.1.1.128",
                description="PET WB", number=3, manufacturer="MAKER", model="SCANNER",
                acquired="2026-01-01T10:00:00", frame_of_reference_uid="2.25.5", role=Role.PET,
                role_because="Modality PT, CorrectedImage holds ATTN", role_entered=False,
                tracer=Tracer(
                    tracer_class=TracerClass.SSTR, name="68Ga-DOTATATE", nuclide="68Ga",
                    because="Radiopharmaceutical (0018,0031) = DOTATATE",
                ),
                b_value_s_mm2=800.0, body_part="ABDOMEN", instance_count=100, grid=_grid(),
                quantification=_quantification(),
                findings=[QualityFinding(code="assumed", severity=Severity.WARNING, problem="dose read as MBq")],
                fingerprint="00ff",
            )
        ],
    )  # fmt: skip


def _grid() -> GridDescription:
    return GridDescription(
        shape_kji=(100, 128, 128),
        spacing_kji_mm=(3.0, 4.0, 4.0),
        origin_lps_mm=(-256.0, -256.0, -800.0),
        axes_lps=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    )


def _quantification() -> PetQuantification:
    return PetQuantification(
        quantified=True, unit_in="BQML", branch="BQML, START, series time", factor=0.0005,
        factor_range=(0.0005, 0.0006), slice_factors=[0.0005, 0.0006],
        reference_time="2026-01-01T10:00:00", injection_time="2026-01-01T09:00:00",
        uptake_minutes=60.0, injected_activity_mbq=150.0, half_life_s=4070.0, weight_kg=70.0,
        lean_body_mass_kg={"janmahasatian": 45.0}, body_surface_m2=1.8,
        evidence=[Evidence(text="Patient's Weight (0010,1030)", value=70.0, unit="kg")],
        findings=[QualityFinding(code="dose_unit", severity=Severity.WARNING, problem="dose read as MBq")],
    )  # fmt: skip


def _supplement() -> SupplementaryObject:
    return SupplementaryObject(
        key="seg-1", kind="SEG", path_name="SEG1", series_uid="2.25.11", referenced_series_uid=PET_UID,
        frame_of_reference_uid="2.25.5", label="liver by hand", regions=["Liver"],
        codes=[Code(value="10200004", scheme="SCT", meaning="Liver")],
    )  # fmt: skip


def _reading() -> ReadingOfPet:
    return ReadingOfPet(
        series_key="pet-1", tracer_class=TracerClass.SSTR,
        organs=[
            OrganFinding(
                name="liver", state=State.DERIVED, source="built-in rule", confidence="moderate", volume_ml=1500.0,
                mean_suv=5.0, label=1,
            ),
            OrganFinding(name="spleen", state=State.MISSING, missing_because="not in the field of view"),
        ],
        references=[
            ReferenceRegion(
                name="liver", state=State.MEASURED, geometry="sphere of 30 mm", centre_lps_mm=(-60.0, 0.0, -500.0),
                source="built-in rule", confidence="moderate", mean=5.0, standard_deviation=0.6, maximum=7.0,
                voxel_count=295, volume_ml=14.1, checks=["close to a lesion"],
            ),
            ReferenceRegion(name="blood_pool", state=State.MISSING, missing_because="the aorta was not found"),
        ],
        foci=[_focus()],
        totals={"tumour_volume": derived("SSTR-TV", 4.0, "mL", method="sum over tumour foci")},
        methods=["Contours: background-adapted, 45 % of what stands above background."],
        limits=["Lungs were not searched."],
        given_regions=[
            GivenRegion(source="SEG1", name="lesion", volume_ml=3.8, focus_ids=["pet-1/1"], share_covered=0.9)
        ],
        foci_map="masks/pet-1_foci.nii.gz", organ_map="masks/pet-1_organs.nii.gz",
    )  # fmt: skip


def _focus() -> Focus:
    return Focus(
        id="pet-1/1", series_key="pet-1", label=1, site="liver, right lobe", site_code="liver", verdict=Verdict.TUMOUR,
        computed_verdict=Verdict.UNSURE,
        assessment=Assessment(
            name="verdict", state=State.DERIVED, value="tumour", because="stands out in the liver",
            evidence=[Evidence(text="SUVmax", value=20.0, unit="g/mL")], rule="sstr.liver", citations=["a guideline"],
            support=Support.VERIFIED,
        ),
        centroid_lps_mm=(-60.0, 0.0, -520.0), maximum_lps_mm=(-60.0, 0.0, -520.0),
        threshold=derived("threshold", 11.0, "g/mL"), delineation="45 % above background",
        measurements={
            "suv_max": measured(
                "SSTR SUVmax", 20.0, "g/mL", code=SUV_MAX, method="largest voxel", limitation="partial volume",
                source=Source(
                    series_uid=PET_UID, mask="masks/pet-1_foci.nii.gz#1", author="A. Reader", note="by the program"
                ),
            ),
            "ratio": missing("tumour to blood pool", "the aorta was not found"),
        },
        other_delineations={"percent_of_maximum": measured("volume by 45 % of the maximum", 3.5, "mL")},
        flags=["faint"],
    )  # fmt: skip
