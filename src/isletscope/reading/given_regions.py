"""Regions that came drawn with the images, held against the foci: a check for the reader, never an input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.errors import IsletscopeError
from isletscope.intake import SeriesFiles, SupplementFile, read_regions
from isletscope.model import Focus, GivenRegion
from isletscope.spatial import Mask

_KINDS = ("SEG", "RTSTRUCT")


def compare_given_regions(
    supplements: Sequence[SupplementFile],
    files: SeriesFiles,
    foci: Sequence[Focus],
    labels: npt.NDArray[Any],
) -> tuple[list[GivenRegion], list[str]]:
    """The regions drawn on this PET series and the foci that overlap each; and what could not be read, as sentences.

    ``labels`` is the foci label map [k, j, i] on the PET grid.
    """
    by_label = {focus.label: focus.id for focus in foci}
    regions: list[GivenRegion] = []
    limits: list[str] = []
    for item in supplements:
        if item.record.kind not in _KINDS or not _drawn_on(item, files):
            continue
        try:
            drawn = read_regions(item.path, files)
        except IsletscopeError as error:
            limits.append(f"Regions that came with the images were not compared. {error}")
            continue
        regions += [_compare(item.record.path_name, mask, labels, by_label) for mask in drawn.masks]
        limits += [f"{item.record.path_name}: {note}" for note in drawn.notes]
    return regions, limits


def _drawn_on(item: SupplementFile, files: SeriesFiles) -> bool:
    return item.record.referenced_series_uid == files.record.series_uid


def _compare(source: str, mask: Mask, labels: npt.NDArray[Any], by_label: dict[int, str]) -> GivenRegion:
    inside = labels[mask.array]
    return GivenRegion(
        source=source,
        name=mask.name,
        volume_ml=mask.volume_ml,
        focus_ids=[by_label[int(label)] for label in np.unique(inside) if int(label) in by_label],
        share_covered=float(np.count_nonzero(inside) / max(inside.size, 1)),
    )
