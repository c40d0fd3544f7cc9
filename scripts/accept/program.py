"""Running the program as a user does, with its time and memory; keeping results."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "isletscope"
MEASURING = ROOT / "tests" / "phantom" / "measuring"
KEPT = ROOT / ".accept"
PROGRAM = Path(sys.executable).with_name("isletscope")

Result = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """How one run of the program ended."""

    exit_code: int
    output: str
    errors: str
    seconds: float
    peak_memory_mb: float

    @property
    def document(self) -> Any:
        """The JSON document printed. Raises RuntimeError with the program's own words when there is none."""
        try:
            return json.loads(self.output)
        except json.JSONDecodeError as error:
            raise RuntimeError(f"exit code {self.exit_code}: {self.errors or self.output}") from error


def isletscope(*arguments: str | Path) -> Run:
    """Run ``isletscope`` in a process of its own; seconds are wall clock, memory the highest resident set."""
    command = [str(PROGRAM), *(str(argument) for argument in arguments)]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return Run(process.returncode, output.read(), errors.read(), seconds, usage.ru_maxrss / unit)


def source_digest() -> str:
    """Hash over the program's source and the figures' own, so that a kept result is never of another program."""
    digest = hashlib.sha256()
    for folder in (SOURCE, Path(__file__).parent, MEASURING):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kept(name: str, digest: str, measure: Callable[[Path], Result], say: Callable[[str], None]) -> Result:
    """The kept result of an item, or a new one, measured in an empty folder that is removed afterwards."""
    path = KEPT / f"{name}-{digest}.json"
    if path.is_file():
        loaded: Result = json.loads(path.read_text())
        return loaded
    for stale in KEPT.glob(f"{name}-*.json"):
        stale.unlink()
    say(f"measuring {name} ...")
    work = KEPT / "work" / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        result = measure(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(result, indent=1))
    partial.replace(path)
    return result
