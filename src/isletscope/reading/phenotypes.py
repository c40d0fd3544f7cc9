"""The phenotype table: one row for every lesion and time point, with everything that all images say of it.

A lesion is measured on every series: within its own outline where it has one on those images, else within the outline
of its best look, carried over through the alignment. A cell without a value says why. Values measured within the
lesion's own outline on CT and MR also enter its observation there, so that the rules read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from isletscope.assessment import concordance_labels
from isletscope.criteria import CONCORDANCE_BOOK, MISMATCH
from isletscope.model import Case, Compartment, Lesion, Observation, Phenotype, Shown, TimePoint, Verdict
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Transform

if TYPE_CHECKING:
    from isletscope.reading.phenotype_images import ImageMeasures

MOST_PICTURED = 6


def measure_phenotypes(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    progress: Progress = silent,
    results: KeptResults | None = None,
) -> None:
    """Set ``case.phenotypes``, and complete the observations on CT and MR with what their own outlines hold.

    Needs lesions, time points and observations. Lesions held to be physiologic have no row. Raises OutputError when
    the cache of volumes cannot be written. ``results``: rows that were measured before; no row depends on verdicts.
    """
    results = results or KeptResults()
    images = _Images(folder, case, source, transforms)
    lesions = [one for one in case.lesions if one.verdict is not Verdict.PHYSIOLOGIC]
    rows: list[Phenotype] = []
    total = len(case.time_points) * len(lesions)
    for point in case.time_points:
        here: list[Phenotype] = []
        for lesion in lesions:
            progress("phenotype of lesions", len(rows) + len(here), total)
            if any(one.exam_key in point.exam_keys for one in lesion.observations):
                here.append(_kept_row(images, point, lesion, results))
        rows += here
    _label_concordance(case, rows)
    for point in case.time_points:
        _picture(images, [one for one in rows if one.time_point == point.name], point, results)
    case.phenotypes = rows


class _Images:
    """What measures on images, loaded and made when something must be measured."""

    def __init__(
        self, folder: CaseFolder, case: Case, source: SeriesSource, transforms: Mapping[str, Transform]
    ) -> None:
        self.case = case
        self._given = folder, source, transforms

    @cached_property
    def measures(self) -> ImageMeasures:
        """The measures of the case."""
        from isletscope.reading.outlines import Outlines
        from isletscope.reading.phenotype_images import ImageMeasures
        from isletscope.reading.places import Places

        folder, source, transforms = self._given
        return ImageMeasures(Places(self.case, transforms), Outlines(self.case, folder.path), source)

    def row(self, point: TimePoint, lesion: Lesion) -> dict[str, Any]:
        """The row of a lesion and its completed observations, JSON-ready."""
        from isletscope.reading.phenotype_row import measured_row

        row = measured_row(self.measures, point, lesion)
        completed = [one.model_dump(mode="json") for one in lesion.observations]
        return {"row": row.model_dump(mode="json"), "observations": completed}

    def shown(self, point: TimePoint, lesion: Lesion) -> list[dict[str, Any]]:
        """Where pictures of a lesion lie, JSON-ready."""
        from isletscope.reading.phenotype_pictures import shown_on

        return [one.model_dump(mode="json") for one in shown_on(self.measures, lesion, point)]


def _kept_row(images: _Images, point: TimePoint, lesion: Lesion, results: KeptResults) -> Phenotype:
    """The row of a lesion, measured now or before; its observations are completed with it."""

    # A verdict is given on what was measured: no number rests on it.
    measured_on = lesion.model_dump(mode="json", exclude={"verdict"})
    kept = results.of(["row", point.name, measured_on], lambda: images.row(point, lesion))
    lesion.observations = [Observation.model_validate(one) for one in kept["observations"]]
    return Phenotype.model_validate(kept["row"])


def _picture(images: _Images, rows: list[Phenotype], point: TimePoint, results: KeptResults) -> None:
    """Give the most important lesions of a time point their places on the images."""
    lesions = {one.id: one for one in images.case.lesions}

    def shown(lesion: Lesion) -> list[dict[str, Any]]:
        named = ["shown", point.name, lesion.id, lesion.compartment.value, lesion.focus_ids]
        found: list[dict[str, Any]] = results.of(named, lambda: images.shown(point, lesion))
        return found

    # Another verdict makes other lesions the most important.
    for row in rows if results.ahead else []:
        shown(lesions[row.lesion])
    for row in most_important(rows, lesions):
        row.shown = [Shown.model_validate(one) for one in shown(lesions[row.lesion])]


def most_important(rows: list[Phenotype], lesions: dict[str, Lesion], most: int = MOST_PICTURED) -> list[Phenotype]:
    """The largest lesion of the pancreas, then mismatched lesions, then the largest of each place, then the largest."""
    seen = [row for row in rows if "seen" in row.labels.values() or row.number("volume") is not None]
    unsure = {one.id for one in lesions.values() if one.verdict is not Verdict.TUMOUR}
    by_size = sorted(seen, key=lambda row: (row.lesion in unsure, -(row.number("volume") or 0.0)))
    label = CONCORDANCE_BOOK.labels[MISMATCH]
    first = [row for row in by_size if lesions[row.lesion].compartment is Compartment.PANCREAS][:1]
    apart = [row for row in by_size if row.labels.get("concordance") == label and row.lesion not in unsure]
    places: dict[Compartment, Phenotype] = {}
    for row in by_size:
        if row.lesion in unsure:
            continue
        places.setdefault(lesions[row.lesion].compartment, row)
    ordered = {row.lesion: row for row in [*first, *apart[:2], *places.values(), *by_size]}
    return list(ordered.values())[:most]


def _label_concordance(case: Case, rows: list[Phenotype]) -> None:
    labels = concordance_labels(case)
    for row in rows:
        label, because = labels.get((row.time_point, row.lesion), ("", "not seen at this time point"))
        if label:
            row.labels["concordance"] = label
        row.labels["concordance_because"] = because
