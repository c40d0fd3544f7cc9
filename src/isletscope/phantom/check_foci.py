"""Marking the foci of a PET against true lesions, by overlap of masks or else by nearness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.phantom.check_maps import read_map

MINIMUM_DIAMETER_MM = 10.0
MINIMUM_CONTRAST = 3.0
_NEAR_MM = 10.0
_ORGAN_SHARE = 0.5


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


def count_exam(exam: dict[str, Any], marks: list[LesionMark], mistakes: list[WrongFocus]) -> ExamMark:
    """Counts of one exam from its marks."""
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


class FocusMarker:
    """Marks the foci of one PET exam; reads its label maps. Raises InputError when one cannot be read."""

    def __init__(
        self, truth: dict[str, Any], exam: dict[str, Any], reading: dict[str, Any], case: Path, folder: Path
    ) -> None:
        self._truth, self._exam, self._foci = truth, exam, reading.get("foci", [])
        self._lesions = read_map(folder / exam["maps"]["lesions"])
        self._organs = read_map(folder / exam["maps"]["organs"])
        name = reading.get("foci_map") or f"masks/{reading['series_key']}_foci.nii.gz"
        self._found = read_map(case / name) if self._foci else None
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


def _percent(measured: float | None, true: float) -> float | None:
    return None if measured is None or true <= 0 else 100.0 * (measured - true) / true
