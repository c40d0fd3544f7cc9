"""Organs of every CT and MR of an input as label maps and a table, outside any case."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isletscope.anatomy import GivenOrgan, Organs, find_image_organs, grid_role
from isletscope.errors import InputError, IsletscopeError, OutputError
from isletscope.intake import load_volume
from isletscope.model import ExamKind, Role, Series
from isletscope.reading.anatomy_places import frame_of
from isletscope.reading.first_look import Seen, look
from isletscope.reading.label_maps import write_label_map
from isletscope.reading.progress import Progress, silent
from isletscope.reading.totalsegmentator import TotalSegmentator
from isletscope.reading.writing import write_text
from isletscope.spatial import Volume

_KINDS = {"CT": ExamKind.CT, "MR": ExamKind.MRI}
_FEWEST_SLICES = 5
_TABLE = "organs.json"


@dataclass(frozen=True)
class OrganMaps:
    """A row for every organ of every group of series, where the table lies, and what could not be done."""

    rows: tuple[dict[str, Any], ...]
    table: Path
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """Series of one exam, kind and frame of reference, which share one organ map."""

    exam_key: str
    kind: ExamKind
    series: tuple[Series, ...]


def find_anatomy(
    inputs: Sequence[Path],
    out: Path,
    *,
    series: str | None = None,
    patient_id: str | None = None,
    program: TotalSegmentator | None = None,
    progress: Progress = silent,
) -> OrganMaps:
    """Find organs on each CT and MR (or on ``series`` alone); writes ``<series>_organs.nii.gz`` and ``organs.json``.

    Series of one frame of reference are looked at together and share the grid of the best. ``program``:
    TotalSegmentator draws first, and built-in means find what it does not draw. Raises what
    :func:`isletscope.reading.look` raises, InputError when there is no such series, OutputError.
    """
    if (out / _TABLE).exists():
        raise OutputError("the file exists", subject=str(out / _TABLE), remedy="Choose another --out.")
    rows: list[dict[str, Any]] = []
    refusals: list[str] = []
    with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        seen = look(inputs, Path(workspace), patient_id=patient_id, progress=progress)
        groups = _groups(seen, series)
        for number, group in enumerate(groups):
            progress(f"organs of {group.series[0].key}", number, len(groups))
            try:
                rows += _found(group, seen, out, program, refusals)
            except IsletscopeError as error:
                refusals.append(f"{', '.join(one.key for one in group.series)}: {error}")
    document = {"source": "totalsegmentator" if program else "built-in", "organs": rows, "refused": refusals}
    write_text(out / _TABLE, json.dumps(document, indent=1) + "\n")
    return OrganMaps(tuple(rows), out / _TABLE, tuple(refusals))


def _groups(seen: Seen, wanted: str | None) -> list[_Group]:
    found: dict[tuple[str, ExamKind, str], list[Series]] = {}
    keys = []
    for exam in seen.exams:
        for one in exam.series:
            if one.modality not in _KINDS or not one.usable or one.grid is None:
                continue
            keys.append(one.key)
            if (wanted is None and one.grid.shape_kji[0] >= _FEWEST_SLICES) or one.key == wanted:
                found.setdefault((exam.key, _KINDS[one.modality], frame_of(one)), []).append(one)
    if not found:
        raise InputError(
            "no CT or MR to find organs on" if wanted is None else "there is no such CT or MR series",
            subject=wanted or "the input",
            found=", ".join(keys) or "no CT or MR that forms a volume",
            expected=f"a series of at least {_FEWEST_SLICES} slices",
        )
    return [_Group(exam_key, kind, tuple(members)) for (exam_key, kind, _), members in found.items()]


def _found(
    group: _Group, seen: Seen, out: Path, program: TotalSegmentator | None, refusals: list[str]
) -> list[dict[str, Any]]:
    volumes: dict[Role, Volume] = {}
    keys: dict[Role, str] = {}
    for one in group.series:
        if one.role not in volumes:
            volumes[one.role] = load_volume(seen.files_of[one.key])
            keys[one.role] = one.key
    role = grid_role(volumes)
    given: dict[str, GivenOrgan] = {}
    if program is not None:
        drawn = program.organs(volumes[role], group.kind)
        given = {
            name: GivenOrgan(organ.mask, f"TotalSegmentator, {organ.source.partition(', ')[2]}", organ.confidence)
            for name, organ in drawn.organs.items()
        }
    organs = find_image_organs(volumes, group.kind, given)
    refusals += [f"{keys[role]}: {sentence}" for sentence in organs.limits]
    name = f"{keys[role]}_organs.nii.gz"
    write_label_map(out / name, organs.labels, organs.geometry)
    return _rows(organs, group, keys[role], name)


def _rows(organs: Organs, group: _Group, key: str, name: str) -> list[dict[str, Any]]:
    return [
        {"exam": group.exam_key, "series": key, "map": name} | finding.model_dump(mode="json", exclude_none=True)
        for finding in organs.findings
    ]
