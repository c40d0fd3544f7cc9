"""Ten digital reference patients, read by the program and marked against their truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from scripts.accept.claims import Claim
from scripts.accept.program import Result, isletscope

PATIENTS = "Digital reference patients of ten seeds"
# Fresh: no patient of these seeds was looked at while rules were written (those were 1 to 30, 101 to 110, 201 to 204).
SEEDS = range(301, 311)
SCENARIO = "random"
SENSITIVITY, FALSE_POSITIVES, PHYSIOLOGIC, VOLUME_PERCENT, PEAK_PERCENT = 0.95, 1.0, 0.5, 15.0, 5.0

Mark = dict[str, Any]


def measure_patient(seed: int, size: str, work: Path) -> Result:
    """Make the patient, read it, mark it."""
    images, case = work / "patient", work / "case"
    made = isletscope("phantom", images, "--scenario", SCENARIO, "--seed", str(seed), "--size", size)
    if made.exit_code:
        return {"failed": made.errors.strip()[-500:]}
    read = isletscope("read", images / "dicom", "--out", case)
    if read.exit_code not in (0, 1):
        return {"failed": read.errors.strip()[-500:]}
    checked = isletscope("phantom-check", case, "--json")
    if checked.exit_code:
        return {"failed": checked.errors.strip()[-500:]}
    return {
        "seconds_made": made.seconds,
        "seconds": read.seconds,
        "peak_memory_mb": read.peak_memory_mb,
        "check": checked.document,
    }


def reference_patient_claims(results: Mapping[str, Result]) -> Iterator[Claim]:
    """The bars over all scans of all patients, and what is reported beside them."""
    failed = [f"{name}: {result['failed']}" for name, result in results.items() if "failed" in result]
    unread = [f"{name}: {exam}" for name, check in checks(results) for exam in check["unmatched_exams"]]
    scans = [exam for _, check in checks(results) for exam in check["exams"]]
    text = "; ".join(failed + unread) or f"{len(results)} patients, {len(scans)} scans"
    yield Claim(PATIENTS, "every patient made, read and marked", "all", text, not failed and not unread)
    if not scans:
        return
    marks = [mark for _, check in checks(results) for mark in check["lesions"]]
    qualifying = [mark for mark in marks if mark["qualifies"]]
    yield from _detection_claims(scans, qualifying)
    yield from _measurement_claims([mark for mark in qualifying if is_found(mark)])
    for name, group in lesser_groups(marks).items():
        yield Claim(PATIENTS, f"found, {name}", "", share_text(group, is_found), None)
    yield _effort_claim([result for result in results.values() if "check" in result])


def _detection_claims(scans: Sequence[Mark], qualifying: Sequence[Mark]) -> Iterator[Claim]:
    sensitivity = sum(map(is_found, qualifying)) / max(len(qualifying), 1)
    called = [mark for mark in qualifying if mark["verdict"] == "tumour"]
    false = sum(scan["false_positives"] for scan in scans) / len(scans)
    physiologic = sum(scan["physiologic_called_tumour"] for scan in scans) / len(scans)
    yield Claim(
        PATIENTS,
        "sensitivity for foci of 10 mm and more, 3 times their background and more (tumour or unsure)",
        f"≥ {SENSITIVITY:.2f}",
        f"{sensitivity:.3f} ({share_text(qualifying, is_found)})",
        bool(qualifying) and sensitivity >= SENSITIVITY,
    )
    yield Claim(PATIENTS, "of these, called tumour outright", "", f"{len(called)} of {len(qualifying)}", None)
    yield Claim(
        PATIENTS,
        "called tumour, and nothing is there, per scan",
        f"≤ {FALSE_POSITIVES:g}",
        f"{false:.2f}",
        false <= FALSE_POSITIVES,
    )
    yield Claim(
        PATIENTS,
        "physiologic uptake called tumour, per scan",
        f"≤ {PHYSIOLOGIC:g}",
        f"{physiologic:.2f}",
        physiologic <= PHYSIOLOGIC,
    )


def _measurement_claims(found: Sequence[Mark]) -> Iterator[Claim]:
    volumes = [abs(error) for mark in found if (error := volume_error(mark)) is not None]
    peaks = [abs(error) for mark in found if (error := peak_error(mark)) is not None]
    for what, errors, bar in (
        ("volume error, median of the foci found", volumes, VOLUME_PERCENT),
        ("SUVpeak against the noise-free image, median of the foci found", peaks, PEAK_PERCENT),
    ):
        middle = median(errors) if errors else float("inf")
        inside = sum(error <= bar for error in errors)
        text = f"{middle:.1f} % ({inside} of {len(errors)} within {bar:g} %)"
        yield Claim(PATIENTS, what, f"≤ {bar:g} %", text, middle <= bar)
    unmeasured = len(found) - len(volumes)
    if unmeasured:
        yield Claim(PATIENTS, "found, and no volume given", "", f"{unmeasured} of {len(found)}", None)


def _effort_claim(results: Sequence[Result]) -> Claim:
    seconds = [result["seconds"] for result in results]
    memory = max(result["peak_memory_mb"] for result in results)
    text = f"{median(seconds):.0f} s (at most {max(seconds):.0f} s), at most {memory / 1000:.1f} GB"
    return Claim(PATIENTS, "from folder to report, median", "", text, None)


def checks(results: Mapping[str, Result]) -> Iterator[tuple[str, Result]]:
    """Patient and marking, of those that were marked."""
    for name, result in results.items():
        if "check" in result:
            yield name, result["check"]


def is_found(mark: Mark) -> bool:
    """A focus with verdict tumour or unsure stands for the lesion."""
    return mark["verdict"] in ("tumour", "unsure")


def volume_error(mark: Mark) -> float | None:
    """Measured minus true volume in percent."""
    return _error_percent(mark["measured_volume_ml"], mark["volume_ml"])


def peak_error(mark: Mark) -> float | None:
    """Measured minus noise-free SUVpeak in percent."""
    return _error_percent(mark["measured_suv_peak"], mark["suv_peak"])


def _error_percent(measured: float | None, true: float) -> float | None:
    return None if measured is None or true <= 0 else 100 * (measured - true) / true


def lesser_groups(marks: Sequence[Mark]) -> dict[str, list[Mark]]:
    """Lesions that show but do not qualify, by what they lack."""
    groups: dict[str, list[Mark]] = {
        "under 10 mm, 3 times background and more": [],
        "10 mm and more, under 3 times background": [],
        "under 10 mm and under 3 times background": [],
    }
    for mark in marks:
        if mark["qualifies"] or not mark["shows"]:
            continue
        small, faint = mark["diameter_mm"] < 10, mark["tumour_to_background"] < 3
        names = list(groups)
        groups[names[2] if small and faint else names[0] if small else names[1]].append(mark)
    return {name: group for name, group in groups.items() if group}


def share_text(marks: Sequence[Mark], holds: Any) -> str:
    """How many of how many."""
    return f"{sum(bool(holds(mark)) for mark in marks)} of {len(marks)}"


def patients_markdown(results: Mapping[str, Result]) -> str:
    """One row for each scan, then what was missed and what was wrongly called tumour."""
    lines = [
        "## Digital reference patients, scan by scan",
        "",
        "*Qualifying*: 10 mm and more, 3 times the background and more. *Found*: read as tumour or unsure. Errors are",
        "medians over the qualifying foci found.",
        "",
        "| patient | scan | qualifying | found | as tumour | nothing there | physiologic | volume | SUVpeak |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    missed, wrong = [], []
    for _, check in checks(results):
        seed = check["seed"]
        for exam in check["exams"]:
            marks = [mark for mark in check["lesions"] if mark["exam"] == exam["exam"] and mark["qualifies"]]
            found = [mark for mark in marks if is_found(mark)]
            lines.append(
                f"| {seed} | {exam['exam']} | {exam['qualifying']} | {exam['found']} | {exam['called_tumour']} "
                f"| {exam['false_positives']} | {exam['physiologic_called_tumour']} "
                f"| {_middle(found, volume_error)} | {_middle(found, peak_error)} |"
            )
            missed += [_missed_line(seed, mark) for mark in marks if not is_found(mark)]
        wrong += [
            f"- {seed}, {focus['exam']}: read as {focus['site'] or 'a focus'}, "
            f"in truth {focus['organ'] or 'nothing'}, {_volume_text(focus['volume_ml'])}"
            for focus in check["wrong"]
        ]
    lines += ["", "Qualifying foci not found:", "", *(missed or ["- none"])]
    lines += ["", "Called tumour, and none:", "", *(wrong or ["- none"])]
    return "\n".join(lines) + "\n"


def _missed_line(seed: int, mark: Mark) -> str:
    verdict = f"read as {mark['verdict']}" if mark["verdict"] else "no focus"
    contrast = f"{mark['tumour_to_background']:.1f} times background"
    return f"- {seed}, {mark['exam']}: {mark['site']}, {mark['diameter_mm']:.0f} mm, {contrast}: {verdict}"


def _volume_text(volume_ml: float | None) -> str:
    return "no volume given" if volume_ml is None else f"{volume_ml:.1f} mL"


def _middle(marks: Sequence[Mark], error: Any) -> str:
    known = [abs(value) for mark in marks if (value := error(mark)) is not None]
    return f"{median(known):.1f} %" if known else ""
