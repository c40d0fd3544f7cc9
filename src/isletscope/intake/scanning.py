"""From files, folders and zips to an inventory of series, supplements and refusals."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from isletscope.errors import NothingReadable, Refusal
from isletscope.intake import values
from isletscope.intake.archive import FoundFile, find_files
from isletscope.intake.assemble import assemble
from isletscope.intake.files import Inventory, SupplementFile
from isletscope.intake.headers import FileHeader, is_index, read_header
from isletscope.intake.supplements import kind_of, nifti_supplement, supplement_of
from isletscope.intake.vocabulary import file_rules
from isletscope.model import RefusedInput

Progress = Callable[[int, int], None]

_DICOM_SUFFIXES = (".dcm", ".dicom", ".ima", ".img", ".dc3")
_NO_IMAGES = ("1.2.840.10008.5.1.4.1.1.481.2",)
_PROGRESS_STEP = 16


@dataclass
class _Collected:
    """What has been found so far."""

    images: list[FileHeader] = field(default_factory=list)
    supplements: list[SupplementFile] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    uids: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    indexes: int = 0
    duplicates: list[str] = field(default_factory=list)
    other_objects: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)


def scan(
    inputs: Sequence[Path],
    *,
    progress: Callable[[int, int], None] | None = None,
    workspace: Path | None = None,
) -> Inventory:
    """Everything readable in files, folders and zips, whatever the files are called and however they are nested.

    ``progress(done, total)`` counts files. Zips are unpacked below ``workspace``; without one, below a temporary
    folder that lives until the program ends. One bad file never stops the others: it is refused with its reason.

    Raises NothingReadable when no image and no supplement is found, InputError when an input does not exist,
    UnsafeArchive when a zip given by the user is unsafe.
    """
    found = find_files(inputs, workspace if workspace is not None else _own_workspace())
    collected = _Collected(refused=list(found.refused))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, file in enumerate(found.files):
            _look_at(file, collected)
            if progress is not None and (number % _PROGRESS_STEP == 0 or number + 1 == len(found.files)):
                progress(number + 1, len(found.files))
        series = assemble(collected.images)
    refused = [_refused(refusal) for refusal in collected.refused]
    if not series and not collected.supplements:
        raise _nothing(inputs, len(found.files), refused)
    return Inventory(
        series=tuple(series),
        supplements=tuple(collected.supplements),
        refused=tuple(refused),
        file_count=len(found.files),
        notes=tuple(_notes(collected, found.archives)),
    )


def _own_workspace() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="isletscope-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _look_at(file: FoundFile, collected: _Collected) -> None:
    lower = file.path.name.lower()
    if lower.endswith(file_rules().nifti_suffixes):
        _add_nifti(file, collected)
        return
    try:
        header = read_header(file.path, file.name)
    except OSError as error:
        reason = error.strerror or str(error)
        collected.refused.append(Refusal(file.name, "the file cannot be opened", reason, "permission to read it"))
        return
    if header is None:
        _not_dicom(file, lower, collected)
    elif isinstance(header, Refusal):
        if is_index(header):
            collected.indexes += 1
        else:
            collected.refused.append(header)
    else:
        _add_dicom(header, file, collected)


def _add_nifti(file: FoundFile, collected: _Collected) -> None:
    collected.kinds["NIFTI"] += 1
    supplement = nifti_supplement(file.path, f"nifti-{collected.kinds['NIFTI']}", file.name)
    if isinstance(supplement, Refusal):
        collected.refused.append(supplement)
    else:
        collected.supplements.append(supplement)


def _not_dicom(file: FoundFile, lower: str, collected: _Collected) -> None:
    rules = file_rules()
    suffix = Path(lower).suffix
    if suffix in rules.closed_archives:
        collected.refused.append(
            Refusal(file.name, "archives of this kind are not opened", suffix, ".zip or a folder", "Unpack it first.")
        )
        return
    meant = suffix in _DICOM_SUFFIXES or not suffix or suffix[1:].isdigit()
    named = lower in rules.ignored_names or lower.startswith("._") or lower.split(".")[0] in rules.ignored_names
    if not meant or named or suffix in rules.ignored_suffixes:
        collected.ignored += 1
        return
    size = file.path.stat().st_size
    problem = "the file is empty" if size == 0 else "the file is not DICOM, or its beginning is lost"
    collected.refused.append(
        Refusal(file.name, problem, f"{size} bytes without the DICOM mark", "a DICOM file", "Copy or export it again.")
    )


def _add_dicom(header: FileHeader, file: FoundFile, collected: _Collected) -> None:
    dataset = header.dataset
    uid = values.text(dataset, "SOPInstanceUID")
    identity = f"{values.text(dataset, 'PatientID')}|{uid}"
    if uid and identity in collected.uids:
        collected.duplicates.append(file.name)
        return
    collected.uids[identity] = file.name
    kind = kind_of(dataset)
    if kind is not None:
        collected.kinds[kind] += 1
        key = f"{kind.lower()}-{collected.kinds[kind]}"
        collected.supplements.append(supplement_of(header, kind, key, file.name))
    elif not header.has_pixels or values.text(dataset, "SOPClassUID") in _NO_IMAGES:
        collected.other_objects[_object_name(dataset)] += 1
    else:
        collected.images.append(header)


def _object_name(dataset: Dataset) -> str:
    return values.uid_name(dataset, "SOPClassUID").removesuffix(" Storage")


def _refused(refusal: Refusal) -> RefusedInput:
    return RefusedInput(
        subject=refusal.subject,
        problem=refusal.problem,
        found=refusal.found,
        expected=refusal.expected,
        remedy=refusal.remedy,
    )


def _notes(collected: _Collected, archives: list[str]) -> list[str]:
    notes = [f"{name} was unpacked." for name in archives]
    if collected.ignored:
        notes.append(f"{collected.ignored} files that are not images were left aside (documents, programs).")
    if collected.indexes:
        notes.append("A DICOMDIR was found and not needed: every file was looked at.")
    if collected.duplicates:
        notes.append(
            f"{len(collected.duplicates)} files repeat an image that was already read (same SOP Instance UID) and were "
            f"left aside, the first being {collected.duplicates[0]}."
        )
    notes += [f"{count} of {name}: not used." for name, count in sorted(collected.other_objects.items())]
    return notes


def _nothing(inputs: Sequence[Path], count: int, refused: list[RefusedInput]) -> NothingReadable:
    subject = ", ".join(str(path) for path in inputs)
    if refused:
        first = refused[0]
        found = f"{count} files, {len(refused)} refused; the first: {first.subject}, {first.problem}"
    else:
        found = f"{count} files, none of them DICOM" if count else "an empty folder"
    return NothingReadable(
        "no image was found",
        subject=subject,
        found=found,
        expected="DICOM files, in folders or in a zip",
        remedy="Choose the folder or disc that holds the scans.",
    )
