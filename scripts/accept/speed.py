"""The project's own limits of time and memory: one program at a time, on a machine that does nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from scripts.accept.claims import Claim
from scripts.accept.program import Result, Run, isletscope

SPEED = "Time and memory, one program at a time"
# Three CT phases, the MR protocol and two PET/CT of one date: the whole set that the limits speak of.
WHOLE_SET = "g3-mixed"
SEED = "41"
READ_SECONDS, ALIGN_SECONDS, REFRESH_SECONDS = 180.0, 40.0, 3.0
MADE_SECONDS, MADE_MEMORY_MB, MADE_SMALL_SECONDS = 90.0, 6000.0, 8.0
MADE_SMALL = ("demo", WHOLE_SET)
REPEATS = 3

EDIT = """overrides:
  - {{lesion: {lesion}, verdict: unsure, who: A. Reader, when: 2026-01-0{day}, why: to be confirmed by a sample}}
"""


def measure_speed(size: str, work: Path) -> Result:
    """Make small patients, make and read the whole set at ``size``, then change one lesion and refresh the report."""
    small = {
        name: median(_made(name, "small", work / f"{name}-{number}").seconds for number in range(REPEATS))
        for name in MADE_SMALL
    }
    patient, case = work / "patient", work / "case"
    made = _made(WHOLE_SET, size, patient)
    read = isletscope("read", patient / "dicom", "--out", case)
    if read.exit_code not in (0, 1):
        raise RuntimeError(f"the whole set was not read: {read.errors.strip()[-500:]}")
    steps = json.loads((case / "run.json").read_text())["seconds"]
    return {
        "size": size,
        "small_seconds": small,
        "made": {"seconds": made.seconds, "peak_memory_mb": made.peak_memory_mb},
        "read": {"seconds": read.seconds, "peak_memory_mb": read.peak_memory_mb},
        "alignment_seconds": {name: value for name, value in steps.items() if name.startswith("alignment-")},
        "refresh_seconds": median(_refreshed(case, work, day).seconds for day in range(1, REPEATS + 1)),
    }


def _made(scenario: str, size: str, out: Path) -> Run:
    made = isletscope("phantom", out, "--scenario", scenario, "--seed", SEED, "--size", size)
    if made.exit_code:
        raise RuntimeError(f"{scenario} was not made: {made.errors.strip()[-500:]}")
    return made


def _refreshed(case: Path, work: Path, day: int) -> Run:
    """The report after a reader changed the verdict of another lesion than the time before."""
    lesions = json.loads((case / "case.json").read_text())["lesions"]
    entries = work / f"edit-{day}.yaml"
    entries.write_text(EDIT.format(lesion=lesions[-day]["id"], day=day))
    run = isletscope("assess", case, "--entries", entries)
    if run.exit_code not in (0, 1):
        raise RuntimeError(f"the edit was not taken: {run.errors.strip()[-500:]}")
    return run


def speed_claims(result: Result) -> Iterator[Claim]:
    """Each limit with what was measured; those of the whole set speak of full size and are only reported below it."""
    full = result["size"] == "full"
    for name, seconds in result["small_seconds"].items():
        yield Claim(
            SPEED,
            f"reference patient {name} made, size small",
            f"< {MADE_SMALL_SECONDS:g} s",
            f"{seconds:.1f} s",
            seconds < MADE_SMALL_SECONDS,
        )
    made, read = result["made"], result["read"]
    yield Claim(
        SPEED,
        f"whole set made ({WHOLE_SET}, size {result['size']})",
        f"≤ {MADE_SECONDS:g} s, ≤ {MADE_MEMORY_MB / 1000:g} GB",
        f"{made['seconds']:.0f} s, {made['peak_memory_mb'] / 1000:.1f} GB",
        made["seconds"] <= MADE_SECONDS and made["peak_memory_mb"] <= MADE_MEMORY_MB if full else None,
    )
    yield Claim(
        SPEED,
        f"whole set, folder to report ({WHOLE_SET}, size {result['size']})",
        f"≤ {READ_SECONDS:g} s",
        f"{read['seconds']:.0f} s, {read['peak_memory_mb'] / 1000:.1f} GB",
        read["seconds"] <= READ_SECONDS if full else None,
    )
    pairs = result["alignment_seconds"]
    together = sum(pairs.values())
    yield Claim(
        SPEED,
        "two PET/CT, one CT and one MR aligned: seconds of all pairs together",
        f"≤ {ALIGN_SECONDS:g} s",
        f"{together:.0f} s ({', '.join(f'{name} {value:.0f} s' for name, value in pairs.items()) or 'not recorded'})",
        bool(pairs) and together <= ALIGN_SECONDS if full else None,
    )
    seconds = result["refresh_seconds"]
    yield Claim(
        SPEED,
        "one lesion's verdict changed by a reader, report refreshed",
        f"≤ {REFRESH_SECONDS:g} s",
        f"{seconds:.1f} s",
        seconds <= REFRESH_SECONDS,
    )
