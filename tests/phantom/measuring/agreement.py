"""Whether what a scenario states by hand is what its patient was built to be: figures of the truth, plainly compared.

Each function gives the faults found, as sentences; none means agreement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_BANDS = ((0.0, "0"), (10.0, ">0-10"), (25.0, ">10-25"), (50.0, ">25-50"), (75.0, ">50-75"), (100.0, ">75"))
_SIZE_MM = 0.8
_TOLERANCE = "1.0"

Truth = dict[str, Any]


def faults_of(truth: Truth) -> list[str]:
    """Everything stated under 'expected' that the truth contradicts."""
    found: list[str] = []
    for name, point in truth["expected"].items():
        exam = next(e for e in truth["exams"] if e["name"] == point["exams"][0])["name"]
        for check in (_burden, _count, _contact, _thrombus, _targets, _size_of_primary):
            found += [f"{name}: {fault}" for fault in check(truth, point, exam)]
    return found


def _burden(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    percent = float(truth["liver_burden"][exam]["percent"])
    band = next(text for upper, text in _BANDS if percent <= upper)
    if "burden" in point and point["burden"]["value"] != band:
        yield f"burden {point['burden']['value']} stated, {percent:.1f} % built"


def _count(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    built = truth["liver_burden"][exam]["lesions"]
    if "liver_lesions" in point and point["liver_lesions"]["value"] != built:
        yield f"{point['liver_lesions']['value']:g} liver lesions stated, {built} built"


def _contact(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    for vessel, stated in point.get("contact", {}).get("value", {}).items():
        degrees = max(_degrees(lesion, exam, vessel) for lesion in truth["lesions"] if exam in lesion["exams"])
        built = "none" if degrees <= 0 else "abutment" if degrees <= 180 else "encasement"
        if built != stated:
            yield f"{vessel}: {stated} stated, {degrees:.0f} degrees built"


def _degrees(lesion: Truth, exam: str, vessel: str) -> float:
    contact = lesion["exams"][exam].get("vessel_contact", {}).get(vessel)
    return float(contact["by_tolerance_mm"][_TOLERANCE]["degrees_max"]) if contact else 0.0


def _thrombus(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    built = {lesion["exams"][exam]["thrombus_in"] for lesion in truth["lesions"] if exam in lesion["exams"]} - {None}
    stated = set(point.get("thrombus", {}).get("value", {}))
    if built != stated:
        yield f"thrombus in {sorted(stated)} stated, in {sorted(built)} built"


def _targets(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    lesions = {lesion["id"]: lesion for lesion in truth["lesions"]}
    for name, stated in point.get("recist_targets", {}).get("value", {}).items():
        there = lesions[name]["exams"][exam]
        built = there["short_axis_mm" if lesions[name]["site"] == "node" else "long_axis_mm"]
        if abs(built - stated) > _SIZE_MM:
            yield f"{name}: {stated:g} mm stated, {built:g} mm built"


def _size_of_primary(truth: Truth, point: Truth, exam: str) -> Iterator[str]:
    sizes = [
        float(lesion["exams"][exam]["largest_diameter_mm"])
        for lesion in truth["lesions"]
        if lesion["site"] == "pancreas" and exam in lesion["exams"]
    ]
    by_size = "T1" if max(sizes) < 20 else "T2" if max(sizes) <= 40 else "T3"
    if "t" not in point:
        return
    stated = str(point["t"]["value"])[:2]
    if stated == "T4":
        stated = point["t"].get("also", {}).get("by size alone", "T4")
    if stated != by_size:
        yield f"{stated} stated, largest tumour {max(sizes):.1f} mm built"
