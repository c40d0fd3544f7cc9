"""Invented patients for the written report: assessed cases made by hand, each for one kind of report."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from isletscope.assessment import assess
from isletscope.model import Case, Verdict
from tests.assessment.cases import case, lesion, not_covered, not_seen, seen, structure, vessel

_PANCREAS_CT: dict[str, Any] = {"margin": "well_defined", "nature": "solid", "calcification": "none"}


def insulinoma() -> Case:
    """One small functioning tumour that CT and SSTR PET hardly show, near the main duct."""
    primary = lesion(
        "P1",
        seen("ct", long_axis=11, short_axis=10, craniocaudal=9, volume=0.52, main_duct_distance=2.4,
             hu_late_arterial=112, organ_hu_late_arterial=110, enhancement_arterial="equal", **_PANCREAS_CT),
        seen("mri", long_axis=11, short_axis=10, adc_mean=1120, organ_adc=1410, t1="lower", t2="higher", dwi="higher"),
        seen("sstr_pet", suv_max=4.6, to_liver=0.9),
        seen("exendin_pet", suv_max=13.8, late_suv_max=18.6),
        region="body",
    )  # fmt: skip
    return case(
        primary,
        exams={"ct": "2026-03-02", "mri": "2026-03-05", "sstr_pet": "2026-03-09", "exendin_pet": "2026-03-16"},
        clinical={
            "patient": {"sex": "F", "age_years": 46, "height_cm": 168, "weight_kg": 64},
            "question": "Where is the source, is it single, can it be enucleated?",
            "symptoms": ["fasting hypoglycaemia"],
            "hormones": {"syndrome": "insulin", "biochemically_proven": True},
            "treatment": ["diazoxide until 2026-03-01"],
        },
        vessels=[
            vessel("P1", "splenic_vein", 0, distance=3.8, narrowing=0, contour="smooth", thrombus="none"),
            vessel(
                "P1", "superior_mesenteric_artery", 0, distance=31.2, narrowing=0, contour="smooth", thrombus="none"
            ),
            vessel("P1", "portal_vein", 0, distance=26.5, narrowing=0, contour="smooth", thrombus="none"),
        ],
        structures=[structure("pancreatic_duct", calibre_upstream=2.0, calibre_downstream=2.0)],
    )


def discordant() -> Case:
    """A sampled G2 primary, and metastases of liver and bone without SSTR uptake that FDG shows."""
    both = {"H5": (31, 28, 14.2, "6"), "H6": (24, 21, 11.8, "7"), "H7": (16, 15, 9.1, "2")}
    liver = [
        lesion(name.replace("H", "L"), seen("ct", long_axis=long, short_axis=short), not_seen("sstr_pet"),
               seen("fdg_pet", suv_max=suv), region=segment)
        for name, (long, short, suv, segment) in both.items()
    ]  # fmt: skip
    return case(
        lesion(
            "P1",
            seen("ct", long_axis=46, short_axis=41, craniocaudal=38, volume=37.5, hu_late_arterial=82,
                 organ_hu_late_arterial=114, margin="ill_defined", nature="necrotic", calcification="none"),
            seen("sstr_pet", suv_max=9.8),
            seen("fdg_pet", suv_max=7.2, to_liver=3.3),
            region="tail",
        ),
        lesion("N1", seen("ct", long_axis=17, short_axis=13), seen("sstr_pet", suv_max=5.4),
               seen("fdg_pet", suv_max=6.4), region="splenic_artery"),
        lesion("L1", seen("ct", long_axis=34, short_axis=31), seen("sstr_pet", suv_max=11.4), not_seen("fdg_pet"),
               region="8"),
        *liver,
        lesion("O1", seen("ct", long_axis=19, short_axis=16, bone_texture="lytic"), not_seen("sstr_pet"),
               seen("fdg_pet", suv_max=8.4), place={"region": "L1"}),
        lesion("L9", seen("ct", long_axis=9), not_seen("sstr_pet"), not_seen("fdg_pet"), region="3",
               verdict=Verdict.PHYSIOLOGIC, explained_by="cyst"),
        clinical={
            "questions": ["staging", "prrt_selection"],
            "hormones": {"syndrome": "none"},
            "histology": {
                "sample": "EUS-guided needle biopsy of the primary",
                "sampled_on": "2026-02-10",
                "differentiation": "well",
                "ki67_percent": 12,
                "mitoses_per_2mm2": 9,
            },
        },
        vessels=[
            vessel("P1", "splenic_vein", 360, occlusion="yes", contact_length=31, distance=0.0, thrombus="none"),
            vessel("P1", "splenic_artery", 190, contact_length=26, narrowing=12, contour="irregular", distance=0.0,
                   thrombus="none"),
            vessel("P1", "celiac_artery", 0, distance=18.3, narrowing=0, contour="smooth", thrombus="none"),
        ],
    )  # fmt: skip


def after_treatment() -> Case:
    """Two time points: targets shrink, one metastasis is gone, a new one has come."""

    def both(name: str, before: float, now: float, suv: tuple[float, float], region: str, **more: Any) -> Any:
        return lesion(
            name,
            seen("ct", long_axis=before, short_axis=before - 2), seen("sstr_pet", suv_max=suv[0]),
            seen("ct", "after", long_axis=now, short_axis=now - 2), seen("sstr_pet", "after", suv_max=suv[1]),
            region=region, **more,
        )  # fmt: skip

    return case(
        both("P1", 31, 24, (38.2, 24.6), "tail"),
        both("L1", 58, 40, (52.4, 33.5), "7"),
        both("L2", 36, 31, (41.0, 27.2), "4"),
        both("L3", 16, 16, (28.9, 20.4), "6"),
        lesion("L4", seen("ct", long_axis=12), seen("sstr_pet", suv_max=16.0), not_seen("ct", "after"),
               not_seen("sstr_pet", "after"), region="2"),
        lesion("L5", not_seen("ct"), not_seen("sstr_pet"), seen("ct", "after", long_axis=14, short_axis=13),
               seen("sstr_pet", "after", suv_max=22.0), region="8"),
        exams={"ct": "2025-06-02", "sstr_pet": "2025-06-03"},
        followed_by={"after": {"ct": "2026-03-09", "sstr_pet": "2026-03-10"}},
        clinical={"question": "response", "treatment": ["177Lu-DOTATATE, four cycles"]},
    )  # fmt: skip


def several_primaries() -> Case:
    """Three pancreatic tumours in MEN1, one of them near the size limit."""
    sizes = {"P1": (19, "tail", 36.4), "P2": (14, "body", 24.8), "P3": (6, "tail", 4.3)}
    lesions = [
        lesion(name, seen("mri", long_axis=size, short_axis=size - 1), seen("sstr_pet", suv_max=suv), region=region)
        for name, (size, region, suv) in sizes.items()
    ]
    return case(
        *lesions,
        exams={"mri": "2026-03-13", "sstr_pet": "2026-03-20"},
        clinical={"germline": "MEN1", "hormones": {"syndrome": "none"}},
        vessels=[vessel("P1", "splenic_vein", 34, at="baseline-mri", distance=0.3, contact_length=5, contour="smooth")],
    )


def uptake_alone() -> Case:
    """Foci of one PET, as a reading of the images gives them; nothing else was done."""
    return case(
        lesion("P1", seen("sstr_pet", suv_max=20.4, long_axis=22, short_axis=18), region="tail"),
        lesion("L1", seen("sstr_pet", suv_max=30.1, long_axis=30)),
        lesion("X1", seen("sstr_pet", suv_max=6.1, long_axis=9), verdict=Verdict.UNSURE),
        exams={"sstr_pet": "2026-03-09"},
    )


def nothing_found() -> Case:
    """CT and SSTR PET of the trunk without a tumour; the brain lies outside the images."""
    regions = {name: ["baseline-ct/ct"] for name in ("pancreas", "abdominal_nodes", "liver", "peritoneum")}
    return case(
        exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"},
        coverage={**regions, "bone": ["baseline-sstr_pet/sstr_pet"], "chest": [], "brain": []},
    )


def liver_outside_the_images() -> Case:
    """A pelvic exam that shows neither pancreas nor liver."""
    return case(
        lesion("O1", seen("ct", long_axis=14), not_covered("sstr_pet"), place={"region": "right ilium"}),
        exams={"ct": "2026-03-02", "sstr_pet": "2026-03-09"},
        coverage={"pelvis": ["baseline-ct/ct"], "bone": ["baseline-ct/ct"], "liver": [], "pancreas": []},
    )


PATIENTS: dict[str, Callable[[], Case]] = {
    "insulinoma": insulinoma,
    "discordant": discordant,
    "after treatment": after_treatment,
    "several primaries": several_primaries,
    "uptake alone": uptake_alone,
    "nothing found": nothing_found,
    "liver outside the images": liver_outside_the_images,
}


@cache
def assessed_patient(name: str) -> Case:
    """The patient of that name with all assessments."""
    return assess(PATIENTS[name]())
