"""Finished steps are kept under a hash of what went into them, so that only what changed is done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from isletscope import __version__
from isletscope.reading.writing import write_text

_ROOMS_BEHIND_A_READING = ("errors.py", "model", "spatial", "intake", "anatomy", "lesions", "reading")


def digest(*parts: object) -> str:
    """A short stable hash over JSON-ready values."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def rules_digest(rooms: Sequence[str] = _ROOMS_BEHIND_A_READING) -> str:
    """Hash over the version and the code and rule tables of ``rooms``: another rule makes another result."""
    total = hashlib.sha256(__version__.encode())
    root = Path(str(resources.files("isletscope")))
    for room in rooms:
        place = root / room
        files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in {".py", ".yaml"})
        for path in files:
            total.update(path.relative_to(root).as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:24]


class StepStore:
    """Results of steps as JSON files ``<name>.json`` holding the hash of their inputs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, name: str, inputs_hash: str, needed: Sequence[Path] = ()) -> Any | None:
        """The stored result, if it was made from the same inputs and all ``needed`` files still exist."""
        path = self._folder / f"{name}.json"
        if not path.is_file() or not all(file.is_file() for file in needed):
            return None
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError):
            return None
        return stored.get("result") if stored.get("inputs") == inputs_hash else None

    def keep(self, name: str, inputs_hash: str, result: Any) -> None:
        """Store a JSON-ready result. Raises OutputError."""
        write_text(self._folder / f"{name}.json", json.dumps({"inputs": inputs_hash, "result": result}))
