"""Drawings of the report that need not be made again while nothing that they show has changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from isletscope.errors import OutputError
from isletscope.reading.steps import digest, rules_digest
from isletscope.reading.writing import write_text

_ROOMS_BEHIND_A_DRAWING = ("spatial", "reading", "report")

Drawings = list[dict[str, Any]]


class KeptDrawings:
    """Drawings as JSON files named by a hash of all they show, so that what is found under a name is never stale.

    ``pixels``: stamp of the images, label maps and alignments of the case; what else a drawing shows is told with it.
    """

    def __init__(self, folder: Path, pixels: str) -> None:
        self._folder = folder
        self._pixels = pixels
        self._used: set[Path] = set()

    def drawn(self, shows: Sequence[object], draw: Callable[[], Drawings]) -> Drawings:
        """The drawings of what ``shows`` (JSON-ready values) tells, kept or made now by ``draw``."""
        name = digest(rules_digest(_ROOMS_BEHIND_A_DRAWING), self._pixels, *shows)
        path = self._folder / f"{name}.json"
        self._used.add(path)
        with suppress(FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            kept: Drawings = json.loads(path.read_text(encoding="utf-8"))
            return kept
        made = draw()
        # The report is what was asked for; a folder that takes no more than that is no reason to refuse it.
        with suppress(OutputError):
            write_text(path, json.dumps(made))
        return made

    def forget_others(self) -> None:
        """Remove the drawings that were not used since this was made."""
        for path in self._folder.glob("*.json"):
            if path not in self._used:
                path.unlink(missing_ok=True)


def pixel_stamp(folders: Sequence[Path], *also: object) -> str:
    """Hash over the names, sizes and times of the files in the folders, and over what else is given (JSON-ready)."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    states = [(path, path.stat()) for path in files]
    return digest([(path.name, state.st_size, state.st_mtime_ns) for path, state in states], *also)
