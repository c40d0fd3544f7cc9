"""Ten digital reference patients, read by the program and marked against their truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.accept.claims import Claim
from scripts.accept.program import Result, isletscope

PATIENTS = "Digital reference patients of ten seeds"
SEEDS = range(101, 111)
SCENARIO = "random"


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
    """The issue's bars over all patients."""
    failed = [f"{name}: {result['failed']}" for name, result in results.items() if "failed" in result]
    yield Claim(PATIENTS, "read and marked", "all", "; ".join(failed) or f"all {len(results)}", not failed)


def patients_markdown(results: Mapping[str, Result]) -> str:
    """One row for each patient."""
    return "\n".join(results)
