"""The record of a run: versions, inputs, options, seconds and memory."""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path

from isletscope import __version__
from isletscope.model import Software
from isletscope.reading.request import ReadRequest
from isletscope.reading.writing import write_text

_LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom", "numba", "connected-components-3d", "edt", "highdicom")


def software(created: datetime) -> Software:
    """Name and versions of what makes a case."""
    return Software(
        version=__version__,
        created=created.replace(microsecond=0).isoformat(),
        libraries={name: metadata.version(name) for name in _LIBRARIES},
    )


def peak_memory_mb(*, of_workers: bool = False) -> float:
    """The most memory this process, or any one of the processes that it has ended, has held so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN if of_workers else resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


class RunRecorder:
    """Collects the seconds of each step and writes ``run.json``."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the seconds of the block to ``step``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(step, time.perf_counter() - start)

    def add(self, step: str, seconds: float) -> None:
        """Add the seconds of something that was done elsewhere to ``step``."""
        self._seconds[step] = round(self._seconds.get(step, 0.0) + seconds, 3)

    def write(self, path: Path, request: ReadRequest, file_count: int) -> None:
        """Write the record whole or not at all. Raises OutputError."""
        record = {
            "isletscope": __version__,
            "python": platform.python_version(),
            "inputs": [str(item.resolve()) for item in request.inputs],
            "anatomy": [str(item) for item in request.anatomy],
            "anatomy_names": str(request.anatomy_names) if request.anatomy_names else None,
            "patient": request.patient_id,
            "files": file_count,
            "seconds": self._seconds,
            "peak_memory_mb": round(peak_memory_mb(), 1),
            "peak_memory_of_a_worker_mb": round(peak_memory_mb(of_workers=True), 1),
        }
        write_text(path, json.dumps(record, indent=1) + "\n")
