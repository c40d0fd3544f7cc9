"""Marking a reading against the truth of a reference patient.

Reads ``case.json`` and the label maps of a case folder as plain JSON and NIfTI, so that it judges the rest without
sharing code with it. A focus is matched to a true lesion by overlap of its mask with the lesion; without overlap, by
its centre lying within max(10 mm, the lesion's radius) of the lesion's centre. What the case concludes is marked
against the scenario's hand-written statements (``expected_marks``), its findings on all exams in ``check_findings``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from isletscope.errors import CaseError, InputError
from isletscope.phantom.check_findings import FindingMark, finding_lines, mark_findings, written_from_truth
from isletscope.phantom.expected_marks import ExpectedMark, expected_lines, mark_expected

MINIMUM_DIAMETER_MM = 10.0
MINIMUM_CONTRAST = 3.0
_NEAR_MM = 10.0
_ORGAN_SHARE = 0.5
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True)
class LesionMark:
    """How one true lesion fared on one exam. ``verdict`` is that of the matched focus, None when none was found."""

    lesion: str
    exam: str
    site: str
    diameter_mm: float
    tumour_to_background: float
    qualifies: bool
    shows: bool
    verdict: str | None
    focus: str | None
    volume_ml: float
    measured_volume_ml: float | None
    suv_peak: float
    measured_suv_peak: float | None

    @property
    def found(self) -> bool:
        """A focus stands for it with verdict tumour or unsure."""
        return self.verdict in ("tumour", "unsure")

    @property
    def volume_error_percent(self) -> float | None:
        """Measured minus true volume, in percent of the true one."""
        return _percent(self.measured_volume_ml, self.volume_ml)

    @property
    def peak_error_percent(self) -> float | None:
        """Measured minus noise-free SUVpeak, in percent of the noise-free one."""
        return _percent(self.measured_suv_peak, self.suv_peak)


@dataclass(frozen=True)
class WrongFocus:
    """A focus called tumour that is none: ``organ`` names the physiologic uptake it lies on, else empty."""

    exam: str
    focus: str
    site: str
    organ: str
    centre_lps_mm: tuple[float, float, float]
    volume_ml: float | None


@dataclass(frozen=True)
class ExamMark:
    """Counts of one exam: qualifying lesions, found, found as tumour, and what was wrongly called tumour."""

    exam: str
    tracer_class: str
    qualifying: int
    found: int
    called_tumour: int
    false_positives: int
    physiologic_called_tumour: int


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
    truth = _read_json(truth_folder / "truth.json", InputError, "the truth of a reference patient")
    case = _read_json(case_folder / "case.json", CaseError, "a case")
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
        marker = _Marker(truth, exam, readings[key], case_folder, truth_folder)
        marks, mistakes = marker.mark()
        lesions += marks
        wrong += mistakes
        exams.append(_count(exam, marks, mistakes))
        _add_names(names, case, marks)
    if not set(keys) & {series["uid"] for exam in truth["exams"] for series in exam.get("series", ())} and not exams:
        raise InputError(
            "the case holds no exam of this reference patient",
            subject=str(case_folder),
            found=f"{len(readings)} PET readings, none with the series of the truth",
            expected=f"the patient of {truth_folder}",
        )
    return CheckResult(
        truth["scenario"], truth["seed"], tuple(exams), tuple(lesions), tuple(wrong), tuple(unread),
        findings=mark_findings(truth, case, names), expected=mark_expected(truth, case),
    )  # fmt: skip


def _add_names(names: dict[str, list[str]], case: dict[str, Any], marks: list[LesionMark]) -> None:
    """Add to each true lesion the lesion of the case that holds the focus standing for it."""
    holders = {focus: lesion["id"] for lesion in case.get("lesions", []) for focus in lesion.get("focus_ids", ())}
    for mark in marks:
        if mark.focus in holders:
            names[mark.lesion].append(holders[mark.focus])


def _count(exam: dict[str, Any], marks: list[LesionMark], mistakes: list[WrongFocus]) -> ExamMark:
    qualifying = [mark for mark in marks if mark.qualifies]
    return ExamMark(
        exam=exam["name"],
        tracer_class=exam["tracer_class"],
        qualifying=len(qualifying),
        found=sum(mark.found for mark in qualifying),
        called_tumour=sum(mark.verdict == "tumour" for mark in qualifying),
        false_positives=sum(not mistake.organ for mistake in mistakes),
        physiologic_called_tumour=sum(bool(mistake.organ) for mistake in mistakes),
    )


@dataclass(frozen=True)
class _Map:
    """A label map with its affine from voxel [i, j, k] to LPS mm."""

    labels: Labels
    affine: npt.NDArray[np.float64]

    def at(self, points_lps_mm: npt.NDArray[np.float64]) -> Labels:
        """Labels at points [n, 3]; 0 outside."""
        inverse = np.linalg.inv(self.affine)
        index = np.rint(points_lps_mm @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
        inside = ((index >= 0) & (index < self.labels.shape)).all(axis=1)
        found = np.zeros(len(index), dtype=np.int32)
        hit = index[inside]
        found[inside] = self.labels[hit[:, 0], hit[:, 1], hit[:, 2]]
        return found

    def points(self, label: int) -> npt.NDArray[np.float64]:
        """LPS mm of a label's voxels [n, 3]."""
        index = np.argwhere(self.labels == label)
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])


class _Marker:
    """Marks one exam."""

    def __init__(
        self, truth: dict[str, Any], exam: dict[str, Any], reading: dict[str, Any], case: Path, folder: Path
    ) -> None:
        self._truth, self._exam, self._foci = truth, exam, reading.get("foci", [])
        self._lesions = _read_map(folder / exam["maps"]["lesions"])
        self._organs = _read_map(folder / exam["maps"]["organs"])
        name = reading.get("foci_map") or f"masks/{reading['series_key']}_foci.nii.gz"
        self._found = _read_map(case / name) if self._foci else None
        self._names = {int(organ["label"]): name for name, organ in exam["organs"].items()}

    def mark(self) -> tuple[list[LesionMark], list[WrongFocus]]:
        """Marks of all lesions, and the foci wrongly called tumour."""
        touching = {focus["id"]: self._touched(focus) for focus in self._foci}
        marks = []
        for lesion in self._present():
            hits = [focus for focus in self._foci if lesion["label"] in touching[focus["id"]]]
            marks.append(self._mark(lesion, _best(hits, lesion["label"], touching)))
        wrong = [
            self._wrong(focus) for focus in self._foci if focus["verdict"] == "tumour" and not touching[focus["id"]]
        ]
        return marks, wrong

    def _present(self) -> list[dict[str, Any]]:
        """The lesions that there are in this exam."""
        return [lesion for lesion in self._truth["lesions"] if self._exam["name"] in lesion["exams"]]

    def _touched(self, focus: dict[str, Any]) -> dict[int, int]:
        """Lesion labels that a focus stands for, with the number of shared voxels (1 for nearness alone)."""
        points = self._points(focus)
        labels, counts = np.unique(self._lesions.at(points), return_counts=True)
        touched = {int(n): int(c) for n, c in zip(labels, counts, strict=True) if n}
        if touched:
            return touched
        centre = np.asarray(focus["centroid_lps_mm"])
        near = {}
        for lesion in self._present():
            there = np.asarray(lesion["exams"][self._exam["name"]]["centre_lps_mm"])
            if np.linalg.norm(there - centre) <= max(_NEAR_MM, lesion["diameter_mm"] / 2):
                near[int(lesion["label"])] = 1
        return near

    def _points(self, focus: dict[str, Any]) -> npt.NDArray[np.float64]:
        points = self._found.points(int(focus["label"])) if self._found else np.zeros((0, 3))
        return points if len(points) else np.asarray([focus["centroid_lps_mm"]], dtype=np.float64)

    def _mark(self, lesion: dict[str, Any], focus: dict[str, Any] | None) -> LesionMark:
        true = {**lesion, **lesion["exams"][self._exam["name"]]}
        contrast = float(true["tumour_to_background"])
        return LesionMark(
            lesion=lesion["id"],
            exam=self._exam["name"],
            site=lesion["site"],
            diameter_mm=true["diameter_mm"],
            tumour_to_background=contrast,
            qualifies=true["diameter_mm"] >= MINIMUM_DIAMETER_MM and contrast >= MINIMUM_CONTRAST,
            shows=bool(true["shows"]),
            verdict=focus["verdict"] if focus else None,
            focus=focus["id"] if focus else None,
            volume_ml=true["volume_ml"],
            measured_volume_ml=_measured(focus, "volume"),
            suv_peak=true["suv_peak_noise_free"],
            measured_suv_peak=_measured(focus, "suv_peak_global"),
        )

    def _wrong(self, focus: dict[str, Any]) -> WrongFocus:
        labels = self._organs.at(self._points(focus))
        named = labels[labels > 0]
        organ = ""
        if len(named) >= _ORGAN_SHARE * len(labels):
            organ = self._names.get(int(np.bincount(named).argmax()), "organ")
        x, y, z = (float(v) for v in focus["centroid_lps_mm"])
        return WrongFocus(
            self._exam["name"], focus["id"], focus.get("site", ""), organ, (x, y, z), _measured(focus, "volume")
        )


def _best(hits: list[dict[str, Any]], label: int, touching: dict[str, dict[int, int]]) -> dict[str, Any] | None:
    """The focus that stands for a lesion: tumour before unsure before physiologic, then the largest overlap."""
    order = {"tumour": 2, "unsure": 1}
    return max(hits, key=lambda f: (order.get(f["verdict"], 0), touching[f["id"]][label]), default=None)


def _measured(focus: dict[str, Any] | None, name: str) -> float | None:
    measurement = (focus or {}).get("measurements", {}).get(name)
    value = measurement.get("value") if measurement else None
    return float(value) if value is not None else None


def _read_json(path: Path, kind: type[InputError] | type[CaseError], what: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise kind("the file is not there", subject=str(path), expected=what) from error
    except (OSError, ValueError) as error:
        raise kind("the file cannot be read", subject=str(path), found=str(error), expected=what) from error
    if not isinstance(document, dict):
        raise kind("the file does not hold a document", subject=str(path), expected=what)
    return document


def _read_map(path: Path) -> _Map:
    try:
        image: Any = nibabel.load(str(path))
        labels = np.asarray(image.dataobj).astype(np.int32)
    except (OSError, EOFError, nibabel.filebasedimages.ImageFileError) as error:
        raise InputError("the label map cannot be read", subject=str(path), found=str(error)) from error
    return _Map(labels, np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine))


def _percent(measured: float | None, true: float) -> float | None:
    return None if measured is None or true <= 0 else 100.0 * (measured - true) / true


def _share(hits: list[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _middle(errors: list[float | None]) -> float | None:
    known = [abs(error) for error in errors if error is not None]
    return median(known) if known else None


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
