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

# A reader's answer to one item of the report; each time another one, so that something changes.
EDIT = "answers: {{PRI.seen: {{value: seen, source: entered, by: Reader {number}}}}}\n"
# A reader's verdict on one lesion; each time another one.
VERDICT = "overrides: [{{lesion: {lesion}, verdict: {verdict}, who: A. Reader, when: 2026-11-20, why: seen again}}]\n"
VERDICTS = ("unsure", "physiologic", "tumour")


def measure_speed(size: str, work: Path) -> Result:
    """Make small patients, make and read the whole set at ``size``, then answer one item and refresh the report."""
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
        "refresh_seconds": median(_refreshed(case, work, number).seconds for number in range(REPEATS)),
        "verdict_seconds": median(_judged(case, work, number).seconds for number in range(REPEATS)),
    }


def _made(scenario: str, size: str, out: Path) -> Run:
    made = isletscope("phantom", out, "--scenario", scenario, "--seed", SEED, "--size", size)
    if made.exit_code:
        raise RuntimeError(f"{scenario} was not made: {made.errors.strip()[-500:]}")
    return made


def _refreshed(case: Path, work: Path, number: int) -> Run:
    """The report after a reader answered one of its items."""
    answers = work / f"answers-{number}.yaml"
    answers.write_text(EDIT.format(number=number))
    run = isletscope("assess", case, "--answers", answers)
    if run.exit_code not in (0, 1):
        raise RuntimeError(f"the edit was not taken: {run.errors.strip()[-500:]}")
    return run


def _judged(case: Path, work: Path, number: int) -> Run:
    """The report after a reader gave another verdict on the first lesion."""
    document = json.loads((case / "case.json").read_text())
    named = [*(one["lesion"] for one in document["overrides"]), *(one["id"] for one in document["lesions"])]
    entries = work / f"verdict-{number}.yaml"
    entries.write_text(VERDICT.format(lesion=named[0], verdict=VERDICTS[number % len(VERDICTS)]))
    run = isletscope("assess", case, "--entries", entries)
    if run.exit_code not in (0, 1):
        raise RuntimeError(f"the verdict was not taken: {run.errors.strip()[-500:]}")
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
    # The two processes align pairs at the same time; the claim counts them one after the other.
    pairs = {name.removeprefix("alignment-"): seconds for name, seconds in result["alignment_seconds"].items()}
    together = sum(pairs.values())
    yield Claim(
        SPEED,
        "two PET/CT, one CT and one MR aligned: seconds of all pairs together",
        f"≤ {ALIGN_SECONDS:g} s",
        f"{together:.0f} s ({', '.join(f'{name} {value:.0f} s' for name, value in pairs.items()) or 'not recorded'})",
        bool(pairs) and together <= ALIGN_SECONDS if full else None,
    )
    edits = {"one item answered by a reader": "refresh_seconds", "one verdict changed by a reader": "verdict_seconds"}
    for edit, name in edits.items():
        yield Claim(
            SPEED,
            f"{edit}, report refreshed",
            f"≤ {REFRESH_SECONDS:g} s",
            f"{result[name]:.1f} s",
            result[name] <= REFRESH_SECONDS,
        )
