"""Time the making of one reference patient with a whole exam set, in a process of its own.

    python -m benchmarks.patient [small|full]

Prints JSON: wall and processor seconds, peak memory. A small patient is made first, so that machine code is ready.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from isletscope.phantom import generate
from isletscope.phantom.generate import Size

_SCENARIO = Path(__file__).with_name("exam_set.yaml")


@dataclass(frozen=True)
class PatientTime:
    """What one patient took. ``peak_mb``: largest memory of the process."""

    size: str
    files: int
    wall_s: float
    processor_s: float
    peak_mb: int

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"reference patient, whole exam set, {self.size}: {self.wall_s:.1f} s "
            f"({self.processor_s:.1f} s of processor), {self.files} files, {self.peak_mb} MB at most"
        )


def patient_time(size: Size) -> PatientTime:
    """Run this module in a fresh process and read its figures."""
    command = [sys.executable, "-m", "benchmarks.patient", size]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return PatientTime(**json.loads(told))


def _measure(size: Size) -> PatientTime:
    with tempfile.TemporaryDirectory() as scratch:
        generate(_SCENARIO, Path(scratch) / "first", size="small")
        wall, processor = time.perf_counter(), time.process_time()
        out = generate(_SCENARIO, Path(scratch) / "timed", size=size)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        files = sum(1 for _ in (out / "dicom").iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return PatientTime(size, files, round(wall, 2), round(processor, 2), peak)


if __name__ == "__main__":
    print(json.dumps(asdict(_measure("small" if "small" in sys.argv[1:] else "full"))))
