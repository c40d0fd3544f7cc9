"""Organ and vessel masks that the user gives: to which images each file belongs, and what each of its regions is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from isletscope.anatomy import GROUPS, GivenOrgan
from isletscope.errors import InputError, IsletscopeError
from isletscope.intake import (
    Region,
    Regions,
    SeriesFiles,
    is_nifti,
    mask_origin,
    read_label_names,
    read_regions,
)
from isletscope.model import RefusedInput, Series
from isletscope.reading.anatomy_names import (
    NamesTable,
    is_structure,
    part_of,
    part_of_codes,
    read_names_table,
    sidecar_of,
)
from isletscope.reading.anatomy_places import frame_of, frames_of_mask
from isletscope.reading.first_look import Seen
from isletscope.reading.steps import digest
from isletscope.spatial import Mask, Volume

_NAMES = "Name the labels: a table of the same name beside the file, or --anatomy-names TABLE with rows value,name."


@dataclass(frozen=True)
class GivenFile:
    """A mask file that belongs to some images. ``labels``: names by value, of NIfTI alone; ``hashed``: its content."""

    path: Path
    hashed: str
    labels: Mapping[int, str] = field(default_factory=dict)
    from_program: bool = False


@dataclass(frozen=True)
class GivenOrgans:
    """Given organs on one grid, by name; ``limits`` tells what could not be used, in sentences.

    ``structures``: vessels, ducts and segments of the liver, which are no organs of the organ map.
    """

    organs: Mapping[str, GivenOrgan] = field(default_factory=dict)
    structures: Mapping[str, GivenOrgan] = field(default_factory=dict)
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class GivenAnatomy:
    """The mask files that belong to one frame of reference, and the user's table of names."""

    files: tuple[GivenFile, ...] = ()
    table: NamesTable = field(default_factory=NamesTable)

    @property
    def digest(self) -> str:
        """Hash over the files' contents, their labels' names, and the table: a step is done again when they change."""
        told = [(one.path.name, one.hashed, sorted(one.labels.items())) for one in self.files]
        return digest(told, sorted(self.table.by_name.items())) if self.files else ""

    def organs_on(self, onto: SeriesFiles | Volume) -> GivenOrgans:
        """The organs on the grid of ``onto``; regions of one organ are joined, unknown ones named in ``limits``."""
        parts: dict[str, GivenOrgan] = {}
        limits: list[str] = []
        for file in self.files:
            wanted = [value for value, name in file.labels.items() if self.table.part_of(name)]
            unused = [name for name in file.labels.values() if not self.table.part_of(name)]
            try:
                read = Regions(()) if file.labels and not wanted else read_regions(file.path, onto, wanted or None)
            except IsletscopeError as error:
                limits.append(f"Given anatomy not used. {error}")
                continue
            limits += [f"Given anatomy: {note}" for note in read.notes]
            for region in read.regions:
                part, because = self._part(file, region)
                if part is None:
                    unused.append(because)
                else:
                    _join(parts, part, _given(file, region))
            if unused:
                limits.append(f"Given anatomy, {file.path.name}: not used, no known organ: {', '.join(unused)}.")
        structures = {name: one for name, one in parts.items() if is_structure(name)}
        organs = {name: one for name, one in parts.items() if name not in structures}
        return GivenOrgans(organs, structures, tuple(limits))

    def _part(self, file: GivenFile, region: Region) -> tuple[str | None, str]:
        """The organ or structure of a region; else its name, with the reason where name and code contradict."""
        name = file.labels.get(region.number, region.label)
        by_name, by_code = self.table.part_of(name), part_of_codes(region)
        if by_name is None or by_code is None or by_name == by_code or by_name in GROUPS.get(by_code, ()):
            return by_name or by_code, name
        if by_code in GROUPS.get(by_name, ()):
            return by_code, name
        return None, f"{name} (its code stands for {by_code.replace('_', ' ')})"


@dataclass(frozen=True)
class GivenByFrame:
    """Given anatomy by frame of reference; ``refused``: files that belong to no images of the patient, and why."""

    by_frame: Mapping[str, GivenAnatomy] = field(default_factory=dict)
    refused: tuple[RefusedInput, ...] = ()

    def of(self, series: Series) -> GivenAnatomy:
        """What was given for the frame of reference of a series."""
        return self.by_frame.get(frame_of(series), GivenAnatomy())


def given_by_frame(paths: Sequence[Path], names: Path | None, seen: Seen) -> GivenByFrame:
    """Which given files belong to which images; a folder stands for all files in it.

    A file belongs to every series of its frame of reference. Raises InputError when a path does not exist or the
    table cannot be used; a file that belongs nowhere is refused and the reading goes on.
    """
    table = read_names_table(names) if names is not None else NamesTable()
    files: dict[str, list[GivenFile]] = {}
    refused: list[RefusedInput] = []
    for wanted, path in (one for given in paths for one in _files(given, seen)):
        try:
            file = given_file(path, table)
            places = frames_of_mask(path, mask_origin(path), seen, wanted)
        except IsletscopeError as error:
            told = error.refusal
            refused.append(
                RefusedInput(
                    subject=f"--anatomy {path.name}",
                    problem=told.problem,
                    found=told.found,
                    expected=told.expected,
                    remedy=told.remedy,
                )
            )
            continue
        for place in places:
            files.setdefault(place, []).append(file)
    return GivenByFrame({place: GivenAnatomy(tuple(one), table) for place, one in files.items()}, tuple(refused))


def _files(given: Path, seen: Seen) -> list[tuple[str | None, Path]]:
    """The files of one --anatomy, with the key of the series that the user names as ``SERIES=FILE``."""
    wanted: str | None = None
    path = given
    key, equals, rest = str(given).partition("=")
    if equals and not given.exists() and key in seen.files_of:
        wanted, path = key, Path(rest)
    if not path.exists():
        raise InputError("does not exist", subject=f"--anatomy {path}", remedy="Check the path.")
    if not path.is_dir():
        return [(wanted, path)]
    inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    masks = [one for one in inside if is_nifti(one) or one.suffix.lower() in (".dcm", "")]
    if not masks:
        raise InputError("the folder holds no mask", subject=f"--anatomy {path}", found=f"{len(inside)} files")
    return [(wanted, one) for one in masks]


def given_file(path: Path, table: NamesTable | None = None) -> GivenFile:
    """The file with the names of its labels. Raises InputError for several labels without names."""
    table = table or NamesTable()
    try:
        hashed = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError("cannot be opened", subject=path.name, found=error.strerror or str(error)) from error
    if not is_nifti(path):
        return GivenFile(path, hashed)
    labels = read_label_names(path)
    if labels.names:
        named = {value: labels.names.get(value, f"label {value}") for value in labels.present}
        return GivenFile(path, hashed, named, from_program=True)
    beside = sidecar_of(path)
    by_value = read_names_table(beside).by_value if beside is not None else table.by_value
    if by_value and (len(labels.present) > 1 or set(labels.present) <= set(by_value)):
        return GivenFile(path, hashed, {value: by_value.get(value, f"label {value}") for value in labels.present})
    stem = path.name.split(".")[0]
    if len(labels.present) > 1:
        shown = ", ".join(str(value) for value in labels.present[:6])
        raise InputError(
            "the label map does not say which label is which organ",
            subject=path.name,
            found=f"{len(labels.present)} labels ({shown}{', ...' if len(labels.present) > 6 else ''}) without names",
            expected="one label, or names in the header as TotalSegmentator writes them",
            remedy=_NAMES,
        )
    if not labels.present:
        raise InputError("the mask is empty", subject=path.name, found="no voxel above zero")
    if part_of(stem) is None and table.part_of(stem) is None:
        raise InputError(
            "the file does not say which organ it is",
            subject=path.name,
            found=f"one label without a name, and {stem!r} is no known organ",
            expected="a file name such as liver.nii.gz",
            remedy=f"Rename the file. Or: {_NAMES}",
        )
    return GivenFile(path, hashed, {labels.present[0]: stem})


def _given(file: GivenFile, region: Region) -> GivenOrgan:
    name = file.labels.get(region.number, region.label)
    kind = "label" if file.labels else "region"
    words = f"{file.path.name}, {kind} {region.number} {name}"
    if region.algorithm:
        words += f", drawn by {region.algorithm}"
    automatic = region.automatic or file.from_program
    return GivenOrgan(
        region.mask, f"{words}, automatic" if region.automatic else words, _confidence(automatic), file.path.name
    )


def _confidence(automatic: bool) -> str:
    return "moderate" if automatic else "high"


def _join(organs: dict[str, GivenOrgan], organ: str, new: GivenOrgan) -> None:
    old = organs.get(organ)
    if old is None:
        organs[organ] = new
        return
    joined = Mask(
        np.logical_or(old.mask.array, new.mask.array), old.mask.geometry, old.mask.frame_of_reference_uid, organ
    )
    least = "moderate" if "moderate" in (old.confidence, new.confidence) else old.confidence
    organs[organ] = GivenOrgan(joined, f"{old.source}; {new.source}", least, old.file)
