"""Marking a reading against the truth of a reference patient.

Reads ``case.json`` and the label maps of a case folder as plain JSON and NIfTI, so that it judges the rest without
sharing code with it. A focus is matched to a true lesion by overlap of its mask with the lesion; without overlap, by
its centre lying within max(10 mm, the lesion's radius) of the lesion's centre. What the case concludes is marked
against the scenario's hand-written statements (``expected_marks``), its findings on all exams in ``check_findings``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from isletscope.errors import CaseError, InputError
from isletscope.phantom.check_findings import FindingMark, finding_lines, mark_findings, written_from_truth
from isletscope.phantom.check_foci import ExamMark, FocusMarker, LesionMark, WrongFocus, count_exam
from isletscope.phantom.check_maps import read_document, read_map
from isletscope.phantom.check_matching import MatchingMark, mark_matching, matching_lines
from isletscope.phantom.expected_marks import ExpectedMark, expected_lines, mark_expected


@dataclass(frozen=True)
class CheckResult:
    """The whole marking. ``unmatched_exams`` are PET of the truth whose foci the case does not hold."""

    scenario: str
    seed: int
    exams: tuple[ExamMark, ...]
    lesions: tuple[LesionMark, ...]
    wrong: tuple[WrongFocus, ...]
    unmatched_exams: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    findings: tuple[FindingMark, ...] = ()
    expected: tuple[ExpectedMark, ...] = ()
    matching: MatchingMark | None = None

    @property
    def qualifying(self) -> tuple[LesionMark, ...]:
        """Lesions of at least 10 mm and three times their background, by exam."""
        return tuple(mark for mark in self.lesions if mark.qualifies)

    @property
    def sensitivity(self) -> float | None:
        """Share of qualifying lesions with a focus called tumour or unsure; None without any."""
        return _share([mark.found for mark in self.qualifying])

    @property
    def strict_sensitivity(self) -> float | None:
        """Share of qualifying lesions with a focus called tumour; None without any."""
        return _share([mark.verdict == "tumour" for mark in self.qualifying])

    @property
    def false_positives_per_scan(self) -> float:
        """Foci called tumour that match no lesion and no physiologic organ, per scan."""
        return sum(exam.false_positives for exam in self.exams) / max(len(self.exams), 1)

    @property
    def physiologic_per_scan(self) -> float:
        """Foci called tumour on physiologic uptake, per scan."""
        return sum(exam.physiologic_called_tumour for exam in self.exams) / max(len(self.exams), 1)

    @property
    def median_volume_error_percent(self) -> float | None:
        """Median absolute volume error of the qualifying lesions that were found, %."""
        return _middle([mark.volume_error_percent for mark in self.qualifying if mark.found])

    @property
    def median_peak_error_percent(self) -> float | None:
        """Median absolute SUVpeak error against the noise-free image, %."""
        return _middle([mark.peak_error_percent for mark in self.qualifying if mark.found])

    @property
    def largest_peak_error_percent(self) -> float | None:
        """Largest absolute SUVpeak error against the noise-free image, %."""
        errors = [abs(e) for mark in self.qualifying if mark.found and (e := mark.peak_error_percent) is not None]
        return max(errors) if errors else None

    def to_json(self) -> str:
        """All marks and figures as JSON."""
        figures = (
            "sensitivity",
            "strict_sensitivity",
            "false_positives_per_scan",
            "physiologic_per_scan",
            "median_volume_error_percent",
            "median_peak_error_percent",
            "largest_peak_error_percent",
        )
        outcomes = [mark.outcome for mark in self.expected]
        statements = {outcome: outcomes.count(outcome) for outcome in ("equal", "differs", "missing")}
        found = {"figures": {name: getattr(self, name) for name in figures}, "statements": statements}
        document = asdict(self) | found
        return json.dumps(document, indent=1)

    def to_text(self) -> str:
        """A table for people: figures, lesions, wrong foci, findings on all exams, statements."""
        lines = [f"Reference patient {self.scenario}, seed {self.seed}", ""]
        lines += [
            f"{exam.exam:<10} {exam.tracer_class:<5} {exam.found}/{exam.qualifying} found "
            f"({exam.called_tumour} as tumour), {exam.false_positives} false positive, "
            f"{exam.physiologic_called_tumour} physiologic called tumour"
            for exam in self.exams
        ]
        lines += [f"{name:<10} was not read" for name in self.unmatched_exams]
        lines += ["", *self._figure_lines(), ""] if self.exams else [""]
        lines += _table("Lesions of at least 10 mm and 3 x background", list(self.qualifying))
        rest = [mark for mark in self.lesions if not mark.qualifies and mark.shows]
        lines += _table("Smaller or fainter lesions", rest)
        if self.wrong:
            lines += ["Called tumour, but none", *(_wrong_line(focus) for focus in self.wrong), ""]
        lines += matching_lines(self.matching)
        lines += finding_lines(self.findings) + expected_lines(self.expected)
        return "\n".join([*lines, *self.notes]).rstrip() + "\n"

    def _figure_lines(self) -> list[str]:
        return [
            f"sensitivity (tumour or unsure)     {_percent_text(self.sensitivity)}",
            f"sensitivity (tumour only)          {_percent_text(self.strict_sensitivity)}",
            f"false positives per scan           {self.false_positives_per_scan:.2f}",
            f"physiologic called tumour per scan {self.physiologic_per_scan:.2f}",
            f"median volume error                {_error_text(self.median_volume_error_percent)}",
            f"SUVpeak error, median              {_error_text(self.median_peak_error_percent)}",
            f"SUVpeak error, largest             {_error_text(self.largest_peak_error_percent)}",
        ]


def check_case(case_folder: Path, truth_folder: Path) -> CheckResult:
    """Mark a case against the truth of the reference patient it was read from.

    ``truth_folder`` holds ``truth.json`` and label maps. Raises CaseError or InputError when either cannot be read or
    they are not of the same patient.
    """
    truth = read_document(truth_folder / "truth.json", InputError, "the truth of a reference patient")
    case = read_document(case_folder / "case.json", CaseError, "a case")
    keys = {series["series_uid"]: series["key"] for exam in case.get("exams", []) for series in exam.get("series", [])}
    perfect = written_from_truth(case)
    readings = {one["series_key"]: one for one in case.get("readings", [])}
    exams, lesions, wrong, unread = [], [], [], []
    names = {lesion["id"]: [lesion["id"]] if perfect else [] for lesion in truth["lesions"]}
    for exam in (one for one in truth["exams"] if "pet_series_uid" in one and not perfect):
        key = keys.get(exam["pet_series_uid"])
        if key is None or key not in readings:
            unread.append(exam["name"])
            continue
        marker = FocusMarker(truth, exam, readings[key], case_folder, truth_folder)
        marks, mistakes = marker.mark()
        lesions += marks
        wrong += mistakes
        exams.append(count_exam(exam, marks, mistakes))
        _add_names(names, case, marks)
    if not set(keys) & {series["uid"] for exam in truth["exams"] for series in exam.get("series", ())} and not exams:
        raise InputError(
            "the case holds no exam of this reference patient",
            subject=str(case_folder),
            found=f"{len(readings)} PET readings, none with the series of the truth",
            expected=f"the patient of {truth_folder}",
        )
    for lesion, name in _by_masks(truth, case, case_folder, truth_folder):
        names[lesion].append(name)
    return CheckResult(
        truth["scenario"], truth["seed"], tuple(exams), tuple(lesions), tuple(wrong), tuple(unread),
        findings=mark_findings(truth, case, names), expected=mark_expected(truth, case),
        matching=None if perfect else mark_matching(truth, case, case_folder, truth_folder),
    )  # fmt: skip


def _add_names(names: dict[str, list[str]], case: dict[str, Any], marks: list[LesionMark]) -> None:
    """Add to each true lesion the lesion of the case that holds the focus standing for it."""
    holders = {focus: lesion["id"] for lesion in case.get("lesions", []) for focus in lesion.get("focus_ids", ())}
    for mark in marks:
        if mark.focus in holders:
            names[mark.lesion].append(holders[mark.focus])


def _share(hits: list[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _middle(errors: list[float | None]) -> float | None:
    known = [abs(error) for error in errors if error is not None]
    return median(known) if known else None


def _by_masks(
    truth: dict[str, Any], case: dict[str, Any], case_folder: Path, truth_folder: Path
) -> Iterator[tuple[str, str]]:
    """True lesions and the lesions of the case whose outlines on CT or MR lie on them."""
    ids = {int(lesion["label"]): lesion["id"] for lesion in truth["lesions"]}
    keys = {exam.get("study_uid"): exam.get("key") for exam in case.get("exams", [])}
    for exam in truth["exams"]:
        if exam.get("kind") not in ("ct", "mr") or not exam.get("masks") or exam["study_uid"] not in keys:
            continue
        outlined = [
            (lesion["id"], seen["mask"])
            for lesion in case.get("lesions", [])
            for seen in lesion.get("observations", [])
            if seen["exam_key"] == keys[exam["study_uid"]] and seen.get("mask")
        ]
        true = read_map(truth_folder / next(iter(exam["masks"].values()))["lesions"]) if outlined else None
        for name, mask in outlined:
            path, _, label = mask.partition("#")
            touched = true.at(read_map(case_folder / path).points(int(label or 1))) if true else np.zeros(0, dtype=int)
            for number in np.unique(touched[touched > 0]):
                if int(number) in ids:
                    yield ids[int(number)], name


def _percent_text(share: float | None) -> str:
    return "none to find" if share is None else f"{100 * share:.1f} %"


def _error_text(error: float | None) -> str:
    return "not measured" if error is None else f"{error:.1f} %"


def _signed(error: float | None) -> str:
    return "-" if error is None else f"{error:+.1f} %"


def _table(title: str, marks: list[LesionMark]) -> list[str]:
    if not marks:
        return []
    head = f"{'exam':<10} {'lesion':<7} {'site':<10} {'mm':>5} {'T/B':>6} {'verdict':<12} {'volume':>9} {'SUVpeak':>9}"
    rows = [
        f"{mark.exam:<10} {mark.lesion:<7} {mark.site:<10} {mark.diameter_mm:>5.1f} {mark.tumour_to_background:>6.1f} "
        f"{mark.verdict or 'missed':<12} {_signed(mark.volume_error_percent):>9} {_signed(mark.peak_error_percent):>9}"
        for mark in marks
    ]
    return [title, head, *rows, ""]


def _wrong_line(focus: WrongFocus) -> str:
    place = ", ".join(f"{value:.0f}" for value in focus.centre_lps_mm)
    return f"{focus.exam:<10} {focus.focus:<12} at {place} mm, named '{focus.site}', {focus.organ or 'no organ'}"
