"""From what the user gave (files, folders, zips) to a flat list of files; archives are checked before unpacking."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from isletscope.errors import InputError, OutputError, Refusal, UnsafeArchive
from isletscope.intake.vocabulary import file_rules

_CHUNK = 1 << 20
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class FoundFile:
    """One file to look at: where it lies now, and the name the user knows it by."""

    path: Path
    name: str


@dataclass
class Found:
    """Files found, what was refused on the way, and the names of archives that were opened."""

    files: list[FoundFile] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)


def find_files(inputs: Sequence[Path], workspace: Path) -> Found:
    """All files of the inputs, folders walked in name order, zips unpacked below ``workspace``.

    Raises InputError when an input does not exist or a given zip is broken, UnsafeArchive when a zip given by the
    user would write outside its folder or is absurdly large. The same faults in a zip found inside a folder or
    another zip are refusals: the rest is still read.
    """
    found = Found()
    for given in inputs:
        if not given.exists():
            raise InputError(
                "there is no such file or folder", subject=str(given), remedy="Check the path and try again."
            )
        if given.is_dir():
            _walk(given, given.name, found, workspace, depth=0)
        elif is_archive(given):
            _unpack_into(found, given, given.name, workspace, depth=0)
        else:
            found.files.append(FoundFile(given, given.name))
    return found


def is_archive(path: Path) -> bool:
    """Whether the file is a zip: by its name, or without a telling name by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in file_rules().archive_suffixes:
        return True
    if suffix:
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _walk(folder: Path, label: str, found: Found, workspace: Path, depth: int) -> None:
    def unreadable(error: OSError) -> None:
        found.refused.append(
            Refusal(str(error.filename), "the folder cannot be opened", error.strerror or "", "permission to read it")
        )

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            shown = f"{label}/{path.relative_to(folder).as_posix()}"
            if not path.is_file():
                continue
            if is_archive(path):
                _try_unpack(found, path, shown, workspace, depth)
            else:
                found.files.append(FoundFile(path, shown))


def _try_unpack(found: Found, path: Path, shown: str, workspace: Path, depth: int) -> None:
    if depth >= file_rules().archive_depth:
        found.refused.append(
            Refusal(shown, "zips inside zips are opened one level deep only", remedy="Unpack it and read the folder.")
        )
        return
    try:
        _unpack_into(found, path, shown, workspace, depth)
    except InputError as error:
        found.refused.append(error.refusal)


def _unpack_into(found: Found, path: Path, shown: str, workspace: Path, depth: int) -> None:
    target = workspace / f"zip-{len(found.archives) + 1}"
    found.archives.append(shown)
    unpack(path, target, shown)
    _walk(target, shown, found, workspace, depth + 1)


def unpack(archive: Path, target: Path, shown: str) -> None:
    """Unpack a zip below ``target``, after every member was checked; nothing is written when one is unsafe.

    Raises UnsafeArchive (path outside, link, absurd size), InputError (broken or encrypted), OutputError (no room).
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            _check_names(members, shown)
            _check_sizes(members, archive.stat().st_size, shown)
            if any(member.flag_bits & _ENCRYPTED for member in members):
                raise InputError(
                    "the zip is locked by a password", subject=shown, remedy="Unpack it and read the folder."
                )
            _check_room(members, target, shown)
            for member in members:
                _extract(opened, member, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(
            "the zip is damaged or incomplete",
            subject=shown,
            found=str(error),
            expected="a whole zip file",
            remedy="Copy or pack it again.",
        ) from error
    except OSError as error:
        raise OutputError(
            "the zip could not be unpacked",
            subject=shown,
            found=error.strerror or str(error),
            remedy=f"Make room or give permission in {target.parent}.",
        ) from error


def _check_names(members: list[zipfile.ZipInfo], shown: str) -> None:
    for member in members:
        path, windows = PurePosixPath(member.filename), PureWindowsPath(member.filename)
        outside = path.is_absolute() or windows.drive or windows.root or ".." in path.parts or ".." in windows.parts
        link = stat.S_ISLNK(member.external_attr >> 16)
        if outside or link:
            raise UnsafeArchive(
                "the zip would write outside its own folder, so nothing was unpacked",
                subject=shown,
                found=f"{'a link' if link else 'the member'} {member.filename!r}",
                expected="members below the zip's own folder",
                remedy="Do not use this file; ask for the images again.",
            )


def _check_sizes(members: list[zipfile.ZipInfo], packed: int, shown: str) -> None:
    rules = file_rules()
    total = sum(member.file_size for member in members)
    ratio = total / max(packed, 1)
    absurd = total > rules.archive_ratio_from_bytes and ratio > rules.archive_limit_ratio
    if total > rules.archive_limit_bytes or len(members) > rules.archive_limit_files or absurd:
        raise UnsafeArchive(
            "the zip would unpack to an absurd size, so nothing was unpacked",
            subject=shown,
            found=f"{total / 1e9:.1f} GB in {len(members)} files from {packed / 1e6:.1f} MB",
            expected=f"at most {rules.archive_limit_bytes / 1e9:.0f} GB, {rules.archive_limit_files} files, and "
            f"{rules.archive_limit_ratio:g} times the packed size",
            remedy="If the images are really that large, unpack them yourself and read the folder.",
        )


def _check_room(members: list[zipfile.ZipInfo], target: Path, shown: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    needed = sum(member.file_size for member in members)
    free = shutil.disk_usage(target).free
    if needed > free:
        raise OutputError(
            "there is no room to unpack the zip",
            subject=shown,
            found=f"{free / 1e9:.1f} GB free in {target.parent}",
            expected=f"{needed / 1e9:.1f} GB",
            remedy="Make room, or unpack it elsewhere and read that folder.",
        )


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    path = target.joinpath(*PurePosixPath(member.filename).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, path.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
