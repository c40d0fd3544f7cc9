"""Time the alignment of one PET/CT pair and one MR to the CT, from files to displacement fields, by two processes.

    python -m benchmarks.alignment [small|full|FOLDER]

FOLDER: DICOM files of one patient with a CT, an MR and a PET/CT; else the exam set of the other benchmark is made.
Prints JSON: wall and processor seconds (of all processes), pairs and which of them can be used. It is done twice and
the second time is told, so that machine code is ready.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from isletscope.model import Case
from isletscope.phantom import generate
from isletscope.phantom.generate import Size
from isletscope.reading import CaseFolder, StepStore, silent
from isletscope.reading.alignment import Pair, pairs_to_register, register_pair
from isletscope.reading.first_look import look
from isletscope.reading.manifest import software
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.side_by_side import Job, done_side_by_side

_SCENARIO = Path(__file__).with_name("exam_set.yaml")
_PROCESSES = 2


@dataclass(frozen=True)
class AlignmentTime:
    """What the alignment took; ``pairs`` by the series that are moved and whether the result can be used."""

    size: str
    pairs: dict[str, bool]
    wall_s: float
    processor_s: float

    @property
    def text(self) -> str:
        """One line for people."""
        pairs = ", ".join(f"{name}{'' if usable else ' (refused)'}" for name, usable in self.pairs.items())
        return (
            f"alignment of one PET/CT pair and MR, {self.size}: {self.wall_s:.1f} s "
            f"({self.processor_s:.1f} s of processor, {_PROCESSES} processes): {pairs}"
        )


def alignment_time(size: Size) -> AlignmentTime:
    """Run this module in a fresh process and read its figures."""
    command = [sys.executable, "-m", "benchmarks.alignment", size]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return AlignmentTime(**json.loads(told))


def _measure(size: Size) -> AlignmentTime:
    with tempfile.TemporaryDirectory() as scratch:
        dicom = generate(_SCENARIO, Path(scratch) / "patient", size=size) / "dicom"
        return _measure_folder(dicom, size)


def _measure_folder(dicom: Path, size: str) -> AlignmentTime:
    with tempfile.TemporaryDirectory() as scratch:
        _aligned(dicom, Path(scratch) / "first", size)
        return _aligned(dicom, Path(scratch) / "timed", size)


def _aligned(dicom: Path, out: Path, size: str) -> AlignmentTime:
    seen = look([dicom], out / "unpacked")
    case = Case(software=software(datetime.now(UTC)), patient=seen.patient, exams=seen.exams)
    folder = CaseFolder.prepare(out / "case")
    store, source = StepStore(folder.cache_folder / "steps"), SeriesSource(folder, case, seen.files_of)
    pairs = _wanted(pairs_to_register(folder, store, case))
    jobs = [Job(pair.key, partial(register_pair, folder, store, pair, source), 1.0, pair.step) for pair in pairs]
    wall, processor = time.perf_counter(), _processor_s()
    done_side_by_side(jobs, _PROCESSES, silent)
    wall, processor = time.perf_counter() - wall, _processor_s() - processor
    usable = {pair.step: bool((kept := pair.kept(folder, store)) and kept.usable) for pair in pairs}
    return AlignmentTime(size, usable, round(wall, 2), round(processor, 2))


def _wanted(pairs: list[Pair]) -> list[Pair]:
    """The first MR and the first PET/CT."""
    first: dict[bool, Pair] = {}
    for pair in pairs:
        first.setdefault(pair.series.modality == "MR", pair)
    return list(first.values())


def _processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "full"
    told = _measure(given) if given in ("small", "full") else _measure_folder(Path(given), "as given")
    print(json.dumps(asdict(told)))


if __name__ == "__main__":
    main()
