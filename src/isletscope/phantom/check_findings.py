"""Marking what a case says of the true lesions on every exam, CT and MR included: seen where a reader could see it.

A lesion of the case stands for a true lesion when a focus of it or its outline on CT or MR touches that lesion, or, in
a case that was written from the truth, by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isletscope.phantom.case_lesions import lesion_documents
from isletscope.phantom.case_parts import exam_kind

Json = dict[str, Any]
WRITTEN_FROM_TRUTH = "Isletscope reference patient"


@dataclass(frozen=True)
class FindingMark:
    """One true lesion on one exam.

    ``visible``: what a perfect reading would say (seen, not seen, not covered); ``said``: what the case says, empty
    when nobody looked. Long axes in mm, of CT and MR only.
    """

    lesion: str
    exam: str
    kind: str
    visible: str
    said: str
    long_axis_mm: float | None
    measured_long_axis_mm: float | None

    @property
    def missed(self) -> bool:
        """It could be seen and the case does not say that it is."""
        return self.visible == "seen" and self.said != "seen"


def written_from_truth(case: Json) -> bool:
    """Whether the case is no reading but was written from the truth."""
    return bool(case.get("software", {}).get("name") == WRITTEN_FROM_TRUTH)


def mark_findings(truth: Json, case: Json, names: dict[str, list[str]]) -> tuple[FindingMark, ...]:
    """Marks of all true lesions on all exams that the case holds; ``names``: true lesion -> lesions of the case.

    Truths of older versions, which lack the tissues that decide about visibility, give no marks.
    """
    if "tissues" not in truth:
        return ()
    keys = {exam["study_uid"]: exam["key"] for exam in case.get("exams", [])}
    said = {lesion["id"]: lesion.get("observations", []) for lesion in case.get("lesions", [])}
    marks = []
    for lesion in lesion_documents({**truth, "mimics": []}):
        for exam, there in zip(truth["exams"], lesion["observations"], strict=True):
            if exam["study_uid"] not in keys:
                continue
            kind = exam_kind(exam)
            own = [one for name in names.get(lesion["id"], ()) for one in said.get(name, ())]
            entry = _entry(own, keys[exam["study_uid"]], kind)
            marks.append(
                FindingMark(
                    lesion=lesion["id"],
                    exam=exam["name"],
                    kind=kind,
                    visible=there["visibility"],
                    said=str(entry.get("visibility", "")),
                    long_axis_mm=_long_axis(there),
                    measured_long_axis_mm=_long_axis(entry),
                )
            )
    return tuple(marks)


def _entry(observations: list[Json], exam_key: str, kind: str) -> Json:
    there = [one for one in observations if (one["exam_key"], one["kind"]) == (exam_key, kind)]
    return max(there, key=lambda one: one["visibility"] == "seen", default={})


def _long_axis(observation: Json) -> float | None:
    value = observation.get("measurements", {}).get("long_axis", {}).get("value")
    return None if value is None else float(value)


def finding_lines(marks: tuple[FindingMark, ...]) -> list[str]:
    """A table for people: lesions seen of those that could be seen, exam by exam, then the missed ones."""
    if not marks:
        return []
    lines = ["Lesions as findings of the case"]
    for exam in dict.fromkeys(mark.exam for mark in marks):
        own = [mark for mark in marks if mark.exam == exam]
        could = [mark for mark in own if mark.visible == "seen"]
        looked = sum(bool(mark.said) for mark in own)
        lines.append(
            f"{exam:<12} {sum(not mark.missed for mark in could)} of {len(could)} that can be seen, {looked} looked for"
        )
    return [*lines, ""]
