"""The case folder: one patient's reading on disk, readable by people.

case.json                      the case document
lesions.csv                    one row per lesion
run.json                       how it was made: versions, inputs, options, seconds, memory
masks/<series>_foci.nii.gz     label map of the foci of a PET series
masks/<series>_organs.nii.gz   label map of the organs on the same grid
contact/<lesion>_<exam>_<vessel>.npz   what the picture of a contact with a vessel shows; scene: of all in space
report/report.html, .pdf       the report
cache/                         volumes and finished steps; may be deleted at any time
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy.typing as npt

from isletscope.errors import CaseError, OutputError
from isletscope.model import Case, ReadingOfImages, ReadingOfPet, case_from_json, case_to_json
from isletscope.reading.displacements import transforms_of
from isletscope.reading.kept_drawings import KeptDrawings, pixel_stamp
from isletscope.reading.kept_pictures import kept_picture, kept_scene
from isletscope.reading.label_maps import read_label_map, read_volume, write_volume
from isletscope.reading.writing import output_errors, write_text
from isletscope.spatial import Transform, Volume
from isletscope.surgery import ContactScene, ContactView


class CaseFolder:
    """A case folder on disk; the source of images for the report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._case: Case | None = None
        self._drawings: KeptDrawings | None = None

    @classmethod
    def prepare(cls, path: Path) -> CaseFolder:
        """Make or reuse a case folder for writing.

        Raises OutputError when the folder cannot be written, or holds files that are no case.
        """
        with output_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            foreign = not (path / "case.json").exists() and not (path / "cache").exists() and any(path.iterdir())
        if foreign:
            raise OutputError(
                "the folder holds other files and no case",
                subject=str(path),
                expected="an empty folder, a new one, or an earlier case",
                remedy="Choose another --out.",
            )
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> CaseFolder:
        """Open an existing case folder. Raises CaseError when there is none at ``path``."""
        if not (path / "case.json").is_file():
            raise CaseError(
                "is not a case folder",
                subject=str(path),
                expected="a folder with a case.json",
                remedy="Make one with: isletscope read INPUT --out CASE",
            )
        return cls(path)

    @property
    def exists(self) -> bool:
        """Whether a case document has been written here."""
        return (self.path / "case.json").is_file()

    @property
    def case(self) -> Case:
        """The case document. Raises CaseError when it cannot be read."""
        if self._case is None:
            path = self.path / "case.json"
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CaseError("cannot be read", subject=str(path), found=str(error)) from error
            self._case = case_from_json(text, subject=str(path))
        return self._case

    def save(self, case: Case) -> None:
        """Write the case document whole or not at all. Raises OutputError."""
        write_text(self.path / "case.json", case_to_json(case))
        self._case = case

    @property
    def report_folder(self) -> Path:
        """Where the report lies."""
        return self.path / "report"

    @property
    def cache_folder(self) -> Path:
        """Volumes and finished steps; may be deleted at any time."""
        return self.path / "cache"

    def run(self) -> dict[str, Any]:
        """The record of the last run; empty when there is none."""
        path = self.path / "run.json"
        if not path.is_file():
            return {}
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return loaded

    def keep_volume(self, series_key: str, volume: Volume, made_from: str = "") -> None:
        """Cache a series' volume with a hash over what it was made from. Raises OutputError."""
        write_volume(self.cache_folder / "volumes", series_key, volume, made_from)

    def volume(self, series_key: str, made_from: str | None = None) -> Volume | None:
        """The cached volume of a series (PET as SUVbw g/mL, CT in HU), memory-mapped.

        None when there is none, or when it was made from something else than ``made_from``.
        """
        return read_volume(self.cache_folder / "volumes", series_key, made_from)

    def transforms(self) -> dict[str, Transform]:
        """The transform of every series that is aligned, by series key: from the reference frame to its own."""
        return transforms_of(self.path, self.case.alignments)

    def drawings(self) -> KeptDrawings:
        """Drawings of the report that are kept while images, label maps and alignments stay as they are."""
        if self._drawings is None:
            alignments = [one.model_dump(mode="json") for one in self.case.alignments]
            folders = [self.cache_folder / "volumes", self.path / "masks", self.path / "alignment"]
            self._drawings = KeptDrawings(self.cache_folder / "figures", pixel_stamp(folders, alignments))
        return self._drawings

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of the foci of a series that was read, on its own grid; 0 is background."""
        reading = self._reading(series_key)
        return self._labels(reading.foci_map if reading else None)

    def organ_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of the organs of a series that was read, on its own grid; 0 is background."""
        reading = self._reading(series_key)
        return self._labels(reading.organ_map if reading else None)

    def segment_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of Couinaud's segments of the liver of a CT or MR that was read; 0 is background."""
        reading = self._reading(series_key)
        return self._labels(reading.segment_map if isinstance(reading, ReadingOfImages) else None)

    def contact_view(self, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
        """What the picture of a contact with a vessel shows; None where none is kept."""
        return kept_picture(self.path, lesion, vessel, exam_key)

    def contact_scene(self, lesion: str, exam_key: str) -> ContactScene | None:
        """A lesion and the vessels about it in space; None where none is kept."""
        return kept_scene(self.path, lesion, exam_key)

    def _reading(self, series_key: str) -> ReadingOfPet | ReadingOfImages | None:
        readings: tuple[ReadingOfPet | ReadingOfImages, ...] = (*self.case.readings, *self.case.image_readings)
        return next((reading for reading in readings if reading.series_key == series_key), None)

    def _labels(self, name: str | None) -> npt.NDArray[Any] | None:
        if name is None or not (self.path / name).is_file():
            return None
        return read_label_map(self.path / name)
