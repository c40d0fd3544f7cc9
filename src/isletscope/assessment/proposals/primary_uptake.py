"""Step 2, the primary tumour on PET, and how sure it is."""

from __future__ import annotations

from typing import Any

from isletscope.assessment.grade import sampled_grades
from isletscope.assessment.proposals.known import Known, Proposer, exams_of, propose, unassessable
from isletscope.assessment.proposals.primary import BY, seen_or_hidden
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer, Compartment, ExamKind, Lesion, Visibility

_SSTR_LEVELS = {"0": "none", "1": "up_to_liver", "2": "up_to_liver", "3": "above_liver", "4": "above_spleen"}
_FDG_LEVELS = {"0": "negative", "1": "up_to_liver", "2": "up_to_liver", "3": "above_liver", "4": "above_liver"}
_SSTR_PARTS = {
    "suv_max": "suv_max",
    "suv_mean": "suv_mean",
    "to_liver": "to_liver",
    "to_spleen": "to_spleen",
    "volume_ml": "volume",
}
_FDG_PARTS = {"suv_max": "suv_max", "mtv_ml": "volume", "tlg_g": "total_uptake", "to_liver": "to_liver"}


def _uptake(
    known: Known, kind: ExamKind, criterion: str, levels: dict[str, str], parts: dict[str, str]
) -> Answer | None:
    """Level by the criterion, with the values measured on that PET; a tumour outside the PET is not assessable."""
    primary = known.primary
    if primary is None:
        return None
    one = known.view.looked(primary, kind)
    if one is not None and one.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
        return seen_or_hidden(known, (kind,))[1]
    graded = known.of_lesion(criterion, primary)
    if graded is None:
        return None
    value: dict[str, Any] = {"level": levels[str(graded.value)]}
    references = [f"conclusion/{criterion}"]
    for part, name in parts.items():
        found = known.view.find(primary, name, (kind,))
        if found is not None:
            value[part] = round(found.value, 3)
            references.append(found.reference)
    if one is not None and len(references) == 1:
        references.append(f"lesion/{primary.id}/{one.reference}")
    return propose(value, criterion, f"{primary.id}: {graded.because}", references)


def _sstr(known: Known) -> Answer | None:
    return _uptake(known, ExamKind.SSTR_PET, "krenning", _SSTR_LEVELS, _SSTR_PARTS)


def _fdg(known: Known) -> Answer | None:
    return _uptake(known, ExamKind.FDG_PET, "fdg_uptake", _FDG_LEVELS, _FDG_PARTS)


def _pattern(known: Known) -> Answer | None:
    """As read on the pancreas; else focal where a tumour takes up tracer, uncinate where such uptake is explained."""
    kinds = (ExamKind.SSTR_PET,)
    told = known.structure_word("pancreas", "uptake_pattern", kinds)
    if told is not None:
        return propose({"value": told.word}, BY, f"uptake of the pancreas: {told.word}", [told.reference])
    avid = [lesion for lesion in known.primaries if _takes_up(known, lesion)]
    if avid:
        names = ", ".join(lesion.id for lesion in avid)
        references = [f"lesion/{lesion.id}/{one.reference}" for lesion in avid for one in known.looks(lesion, kinds)]
        return propose({"value": "focal"}, BY, f"focal uptake of {names}", references)
    normal = [one for one in known.benign(Compartment.PANCREAS) if "uncinate" in one.explained_by]
    seen = [one for one in normal if known.looks(one, kinds)]
    if seen:
        references = [f"lesion/{seen[0].id}/{known.looks(seen[0], kinds)[0].reference}"]
        return propose({"value": "uncinate"}, BY, f"{seen[0].id}: {seen[0].explained_by.replace('_', ' ')}", references)
    shown = known.covered("pancreas", kinds)
    if shown:
        because = "SSTR PET shows the pancreas and no focus in it"
        return propose({"value": "none"}, BY, because, exams_of(shown))
    if known.outside("pancreas", kinds):
        return unassessable("the pancreas lies outside the SSTR PET", BY)
    return None


def _takes_up(known: Known, lesion: Lesion) -> bool:
    """Above grade 0; where the grade is missing, whether SSTR PET shows the lesion."""
    graded = known.of_lesion("krenning", lesion)
    if graded is not None:
        return graded.value != "0"
    one = known.view.looked(lesion, ExamKind.SSTR_PET)
    return one is not None and one.visibility is Visibility.SEEN and one.features.get("uptake_visible") != "no"


def _other_tracer(kind: ExamKind, name: str) -> Proposer:
    """Positive where that PET shows a tumour of the pancreas, negative where it shows the pancreas and none."""

    def proposer(known: Known) -> Answer | None:
        shown = [
            (lesion, one)
            for lesion in known.primaries
            for one in known.looks(lesion, (kind,))
            if one.visibility is Visibility.SEEN and one.features.get("uptake_visible") != "no"
        ]
        if shown:
            lesion, one = shown[0]
            value: dict[str, Any] = {"value": "positive"}
            references = [f"lesion/{lesion.id}/{one.reference}"]
            for part, measure in (("suv_max_early", "suv_max"), ("suv_max_late", "late_suv_max")):
                found = known.view.find(lesion, measure, (kind,))
                if found is not None:
                    value[part] = round(found.value, 3)
                    references.append(found.reference)
            return propose(value, BY, f"{lesion.id} takes up {name}", references)
        covered = known.covered("pancreas", (kind,))
        if covered:
            because = f"{name} PET shows the pancreas and no uptake of a tumour"
            return propose({"value": "negative"}, BY, because, [f"exam/{entry.partition('/')[0]}" for entry in covered])
        return (
            unassessable(f"the pancreas lies outside the {name} PET", BY)
            if known.outside("pancreas", (kind,))
            else None
        )

    return proposer


def _differential(known: Known) -> Answer | None:
    """Tumour alone where PET is typical or tissue proves it; the accessory spleen where MRI follows the spleen."""
    primary = known.primary
    if primary is None:
        return None
    spleen = known.feature(primary, "like_spleen", ANATOMICAL)
    if spleen is not None and spleen.word == "yes":
        because = f"{primary.id} follows the spleen on every sequence"
        return propose({"value": ["accessory_spleen", "net"]}, BY, because, [spleen.reference])
    rated = known.of_lesion("sstr_rads", primary)
    if rated is not None and (rated.value or "")[:1] in ("4", "5"):
        because = f"{primary.id}: SSTR-RADS {rated.value}"
        return propose({"value": ["net"]}, "sstr_rads", because, ["conclusion/sstr_rads"])
    exendin = known.view.looked(primary, ExamKind.EXENDIN_PET)
    if exendin is not None and exendin.visibility is Visibility.SEEN:
        because = f"{primary.id} takes up exendin"
        return propose({"value": ["net"]}, BY, because, [f"lesion/{primary.id}/{exendin.reference}"])
    grade = known.conclusion("who_grade")
    if grade is not None:
        because = f"a tissue sample shows {grade.value}"
        return propose({"value": ["net"]}, "who_grade", because, ["conclusion/who_grade"])
    return None


def _confidence(known: Known) -> Answer | None:
    """Almost certain where tissue of this tumour shows it, else its SSTR-RADS category without the letter.

    Without SSTR uptake the category says little when another tracer shows the tumour: then the reader says.
    """
    primary = known.primary
    if primary is None:
        return None
    sampled = [one for one in sampled_grades(known.view, known.gathered) if one["lesion"] == primary.id]
    if sampled:
        because = f"a tissue sample of {primary.id} shows {sampled[0]['grade']}"
        return propose({"value": "5"}, "who_grade", because, ["conclusion/who_grade"])
    rated = known.of_lesion("sstr_rads", primary)
    digit = (rated.value or "")[:1] if rated is not None else ""
    other = known.shown(primary, (ExamKind.EXENDIN_PET, ExamKind.FDOPA_PET))
    if rated is None or not digit.isdigit() or (rated.value == "3D" and other):
        return None
    return propose({"value": digit}, "sstr_rads", f"{primary.id}: SSTR-RADS {rated.value}", ["conclusion/sstr_rads"])


PROPOSERS: dict[str, Proposer] = {
    "PRI.SSTR": _sstr,
    "PRI.SSTR_pattern": _pattern,
    "PRI.FDG": _fdg,
    "PRI.exend": _other_tracer(ExamKind.EXENDIN_PET, "exendin"),
    "PRI.DOPA": _other_tracer(ExamKind.FDOPA_PET, "FDOPA"),
    "PRI.diff": _differential,
    "PRI.conf": _confidence,
}
