"""Time our kernels beside their peers in one run and print the ratios.

    python -m benchmarks [--small] [--repeats N] [--only WORD] [--json FILE]

Each side runs once unmeasured (files cached, machine code made) and then ``repeats`` times, turn by turn; the medians
are compared. A side that takes over 20 s runs once. Making a whole reference patient and the alignment of one
PET/CT pair and MR are timed alone (patient.py, alignment.py). Nothing here is a test: figures depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.alignment import alignment_time
from benchmarks.cases import Comparison, comparisons
from benchmarks.patient import patient_time

_SLOW_S = 20.0
_PATIENT = "reference patient"
_ALIGNMENT = "alignment"


@dataclass(frozen=True)
class Outcome:
    """Medians of one comparison; ``ratio`` above 1 means that ours is faster."""

    name: str
    size: str
    peer: str
    ours_s: float
    peer_s: float
    ratio: float
    repeats: int
    difference: str


def measure(comparison: Comparison, repeats: int) -> Outcome:
    """Run both sides in turns and compare their results."""
    ours = comparison.ours()
    first_peer_s, theirs = _timed(comparison.peer)
    difference = comparison.difference(ours, theirs)
    del ours, theirs
    ours_s: list[float] = []
    peer_s: list[float] = []
    for _ in range(repeats):
        ours_s.append(_timed(comparison.ours)[0])
        if first_peer_s < _SLOW_S:
            peer_s.append(_timed(comparison.peer)[0])
    here, there = statistics.median(ours_s), statistics.median(peer_s or [first_peer_s])
    return Outcome(
        comparison.name, comparison.size, comparison.peer_name, here, there, there / here, repeats, difference
    )


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="Ours beside the straight way (median seconds, one run)")
    for heading in ("task", "size (k x j x i)", "ours s", "peer s", "times faster", "peer", "same result?"):
        table.add_column(heading, justify="right" if heading in {"ours s", "peer s", "times faster"} else "left")
    for o in outcomes:
        table.add_row(o.name, o.size, f"{o.ours_s:.3f}", f"{o.peer_s:.3f}", f"{o.ratio:.1f}", o.peer, o.difference)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed beside the straight way.")
    parser.add_argument("--small", action="store_true", help="small sizes, a few seconds in all (for CI)")
    parser.add_argument("--repeats", type=int, default=3, help="measured runs of each side (default 3)")
    parser.add_argument("--only", default="", metavar="WORD", help="only comparisons whose name holds this word")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a JSON file")
    options = parser.parse_args(arguments)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch:
        for comparison in comparisons(options.small, Path(scratch), options.only):
            print(f"{comparison.name} ...", file=sys.stderr, flush=True)
            outcomes.append(measure(comparison, max(1, options.repeats)))
    console = Console(width=max(160, Console().width))
    if outcomes:
        console.print(_table(outcomes))
    patients = []
    if options.only.lower() in _PATIENT:
        print(f"{_PATIENT} ...", file=sys.stderr, flush=True)
        patients = [patient_time("small" if options.small else "full")]
        console.print(patients[0].text)
    alignments = []
    if options.only.lower() in _ALIGNMENT:
        print(f"{_ALIGNMENT} ...", file=sys.stderr, flush=True)
        alignments = [alignment_time("small" if options.small else "full")]
        console.print(alignments[0].text)
    if options.json:
        machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
        text = json.dumps({"machine": machine, "outcomes": [asdict(o) for o in outcomes],
                           "patients": [asdict(p) for p in patients],
                           "alignments": [asdict(a) for a in alignments]}, indent=2)  # fmt: skip
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
