"""What intake hands on: image planes, and the series they form."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.model import Patient, RefusedInput, Series, SupplementaryObject


@dataclass(frozen=True)
class Instance:
    """One image plane: a single-frame file, or one frame of a multi-frame file.

    ``header`` holds the file's attributes without pixel data and is shared by all frames of the file;
    ``frame`` is the zero-based frame number, or None for a single-frame object.
    ``position_lps_mm`` is Image Position (Patient): the centre of the first voxel of the plane.
    ``pixel_offset`` is where the pixel values of the whole file begin, in bytes; None when they are compressed, or
    can only be reached through pydicom.
    """

    path: Path
    header: Dataset
    frame: int | None = None
    position_lps_mm: tuple[float, float, float] | None = None
    file_size: int = 0
    changed_ns: int = 0
    pixel_offset: int | None = None

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID of the file."""
        return values.text(self.header, "SOPInstanceUID")


@dataclass(frozen=True)
class SeriesFiles:
    """A series (or one part of a mixed series) with its planes in order along the slice normal.

    ``gaps`` are plane numbers k of the uniform grid for which no image was found.
    """

    record: Series
    patient: Patient
    study_uid: str
    study_date: str | None
    instances: tuple[Instance, ...]
    gaps: tuple[int, ...] = ()

    @property
    def header(self) -> Dataset:
        """Header of the first plane."""
        return self.instances[0].header

    @property
    def planes(self) -> tuple[int, ...]:
        """Plane number k of each instance on the series' grid; the numbers in ``gaps`` are left out."""
        left_out = set(self.gaps)
        count = len(self.instances) + len(left_out)
        return tuple(k for k in range(count) if k not in left_out)


@dataclass(frozen=True)
class SupplementFile:
    """A SEG, RTSTRUCT, SR or NIfTI file that came with the images."""

    record: SupplementaryObject
    path: Path
    patient_id: str | None = None


@dataclass(frozen=True)
class Inventory:
    """Everything a scan found: series, supplements, and what was refused with the reason."""

    series: tuple[SeriesFiles, ...] = ()
    supplements: tuple[SupplementFile, ...] = ()
    refused: tuple[RefusedInput, ...] = ()
    file_count: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def patient_ids(self) -> list[str]:
        """Patient identifiers of all series, in order of first appearance."""
        return list(dict.fromkeys(files.patient.id for files in self.series))
