"""Which phases and sequences the CT and MRI of a time point hold, as far as the roles of their series tell."""

from __future__ import annotations

from isletscope.assessment.proposals.known import Known
from isletscope.model import ExamKind, Role

_SHOWN_BY = {
    "arterial": {Role.CT_ARTERIAL, Role.MR_DYNAMIC},
    "portal venous": {Role.CT_PORTAL_VENOUS, Role.MR_DYNAMIC},
    "delayed": {Role.CT_DELAYED, Role.MR_DYNAMIC},
    "diffusion": {Role.MR_DWI, Role.MR_ADC},
}
_UNCLEAR = {Role.CT_PHASE_UNKNOWN, Role.MR_T1, Role.MR_T1_FAT_SATURATED, Role.MR_OTHER}


def not_acquired(known: Known, phase: str, kinds: tuple[ExamKind, ...]) -> bool:
    """Whether no exam of these kinds holds that phase. A series whose phase is not known may hold it."""
    keys = {key for kind in kinds for key in known.view.kinds.get(kind, [])}
    prefixes = tuple({ExamKind.CT: "ct_", ExamKind.MRI: "mr_"}[kind] for kind in kinds)
    series = [one for exam in known.view.exams if exam.key in keys for one in exam.series]
    roles = {one.role for one in series if one.role.value.startswith(prefixes)}
    unclear = _UNCLEAR - (set() if phase != "diffusion" else {Role.MR_T1, Role.MR_T1_FAT_SATURATED})
    return bool(roles) and not roles & (_SHOWN_BY[phase] | unclear)
