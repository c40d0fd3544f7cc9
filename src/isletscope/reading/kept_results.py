"""What was worked out of the pixels for single lesions, kept under a hash of all that it rests on.

A reader's verdict changes the list of lesions and hardly a number: with these results only what rests on the verdict
is worked out again, and no image is opened for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from isletscope.errors import OutputError
from isletscope.reading.steps import digest
from isletscope.reading.writing import write_text


class KeptResults:
    """Results as one JSON file, each under a hash of its inputs, so that what is found there is never stale.

    ``rests_on``: hash over everything that all results rest on: pixels, outlines, alignments, rules. Without ``path``
    nothing is kept beyond this object. ``ahead``: whether to work out now what another verdict would ask for.
    """

    def __init__(self, path: Path | None = None, rests_on: str = "", *, ahead: bool = False) -> None:
        self.ahead = ahead
        self._path = path
        self._rests_on = rests_on
        self._results: dict[str, Any] = {}
        self._used: set[str] = set()
        self._fresh = False
        if path is None:
            return
        with suppress(OSError, UnicodeDecodeError, json.JSONDecodeError):
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["rests_on"] == rests_on:
                self._results = stored["results"]

    def of(self, inputs: list[Any], make: Callable[[], Any]) -> Any:
        """The JSON-ready result of JSON-ready inputs (the first names the kind): kept, or made now by ``make``."""
        name = digest(inputs)
        self._used.add(name)
        if name not in self._results:
            self._results[name] = make()
            self._fresh = True
        return self._results[name]

    def save(self, *, forget_others: bool = False) -> None:
        """Write what is new, whole or not at all; with ``forget_others`` without what was not asked for since."""
        unused = set(self._results) - self._used if forget_others else set()
        if self._path is None or not (self._fresh or unused):
            return
        results = {name: result for name, result in self._results.items() if name not in unused}
        # What was asked for is the case; a folder that takes no more than that is no reason to refuse it.
        with suppress(OutputError):
            write_text(self._path, json.dumps({"rests_on": self._rests_on, "results": results}))
        self._fresh = False
