"""The case as the images alone tell it, kept before a reader's verdicts are put on it.

Foci, alignments, lesions and their courses do not depend on verdicts; with them kept, a verdict is given, changed and
taken back without the scanner files (:func:`isletscope.reading.edit_case`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from isletscope.model import Case, case_from_json, case_to_json
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.steps import StepStore, digest, rules_digest

_NAME = "found"
_ROOMS = (
    "errors.py", "model", "spatial", "intake", "anatomy", "criteria", "assessment", "lesions", "surgery", "reading",
)  # fmt: skip
_MAPS = ("masks", "alignment")


@dataclass(frozen=True)
class Found:
    """A case after matching and the second look, with verdicts by rule; ``maps``: hash of its outlines and fields."""

    text: str
    maps: str

    @cached_property
    def case(self) -> Case:
        """The document, to be gone on with; the same object each time."""
        return case_from_json(self.text, subject=_NAME)

    def results(self, folder: CaseFolder, *, ahead: bool = False) -> KeptResults:
        """The results for single lesions that rest on it."""
        rests_on = digest(rules_digest(_ROOMS), self.text, self.maps)
        return KeptResults(folder.cache_folder / "steps" / "lesions.json", rests_on, ahead=ahead)


def keep_found(folder: CaseFolder, case: Case) -> Found:
    """Keep a case whose lesions are matched and looked for, before any override. Raises OutputError.

    The text is without the time at which it was made, so that another reading of the same images keeps the same.
    """
    timeless = case.model_copy(update={"software": case.software.model_copy(update={"created": ""})})
    found = Found(case_to_json(timeless), maps_digest(folder.path))
    found.case.software = case.software
    _store(folder).keep(_NAME, _inputs(found.maps), found.text)
    return found


def recall_found(folder: CaseFolder) -> Found | None:
    """What was kept; None when nothing was, by another version, or when outlines or alignments have changed since."""
    maps = maps_digest(folder.path)
    text = _store(folder).recall(_NAME, _inputs(maps))
    return Found(text, maps) if isinstance(text, str) else None


def maps_digest(path: Path) -> str:
    """Hash over the label maps and displacement fields of a case folder: their names and what they hold."""
    total = hashlib.sha256()
    for file in sorted(file for name in _MAPS for file in (path / name).glob("*") if file.is_file()):
        total.update(file.relative_to(path).as_posix().encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:24]


def _inputs(maps: str) -> str:
    return digest(rules_digest(_ROOMS), maps)


def _store(folder: CaseFolder) -> StepStore:
    return StepStore(folder.cache_folder / "steps")
