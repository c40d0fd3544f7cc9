"""Both PET of one lesion brought together: outlines of its foci, thresholds from the liver, doubt of the alignment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isletscope.assessment import View
from isletscope.lesions import CLASSES, MapInput, TracerClasses, heterogeneity_rules, map_tracers
from isletscope.model import (
    AlignmentKind,
    Case,
    Focus,
    Lesion,
    Measurement,
    ReadingOfPet,
    TracerClass,
    TracerMap,
    derived,
    missing,
)
from isletscope.reading.places import grid_of
from isletscope.spatial import Mask, Transform, Volume, carried_mask, points_between


class Pixels(Protocol):
    """Where volumes and label maps come from; a case folder and the report's source of images are such."""

    def volume(self, series_key: str) -> Volume | None:
        """The series' voxels; None when they are not there."""

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of the foci of a PET on its grid."""


def outline_on(lesion: Lesion, reading: ReadingOfPet, volume: Volume, pixels: Pixels) -> Mask | None:
    """The union of the lesion's foci on one PET; None where it has none."""
    labels = [focus.label for focus in reading.foci if focus.id in lesion.focus_ids]
    found = pixels.foci_labels(reading.series_key) if labels else None
    if found is None or found.shape != volume.geometry.shape:
        return None
    array = np.isin(found, labels)
    return Mask(array, volume.geometry, name=lesion.id) if array.any() else None


def liver_limit(view: View, tracer: TracerClass) -> Measurement:
    """Liver mean + 2 SD on that tracer's PET, g/mL; missing without a liver region."""
    name = f"{tracer.value.upper()} threshold"
    region = view.reference(tracer, "liver")
    if region is None or region.mean is None or region.standard_deviation is None:
        return missing(name, "no liver region on that PET", "g/mL")
    factor = heterogeneity_rules().number("map.standard_deviations")
    value = region.mean + factor * region.standard_deviation
    return derived(name, value, "g/mL", method=f"liver mean + {factor:g} SD")


def uncertainty_mm(case: Case, first: str, second: str) -> float | None:
    """Uncertainty of the alignment between two series, mm; None when it is not known.

    Frames that were each brought to the reference frame add up by squares; two PET never lie better than patients do
    within one frame.
    """
    least = heterogeneity_rules().number("map.same_frame_uncertainty_mm")
    used = []
    for key in (first, second):
        alignment = next((one for one in case.alignments if key in (one.series_key, *one.series_keys)), None)
        if alignment is None:
            return None
        used.append(alignment)
    if used[0].frame_of_reference_uid == used[1].frame_of_reference_uid and used[0].exam_key == used[1].exam_key:
        return least
    parts = [0.0 if one.kind is AlignmentKind.REFERENCE else one.uncertainty_mm for one in used]
    known = [part for part in parts if part is not None]
    return None if len(known) < len(parts) else max(least, math.hypot(*known))


def map_of(
    case: Case, view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]
) -> tuple[TracerMap, TracerClasses | None]:
    """The map of both tracers in a lesion at a time point, and its voxels; or why there is none."""
    lost, given = _input(case, view, lesion, pixels, transforms)
    if given is None:
        return lost, None
    found = map_tracers(given)
    if found.because:
        return lost.model_copy(update={"because": found.because, "uncertainty_mm": given.uncertainty_mm}), None
    limits = [liver_limit(view, tracer) for tracer in (TracerClass.SSTR, TracerClass.FDG)]
    meant = beside(case, view, _overlaps(view, given, pixels))
    shown = _document(lost, given, found, limits)
    return shown.model_copy(update={"doubt": _uncounted(lesion, meant, given, pixels)}), found


def fdg_overlaps(
    case: Case, view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]
) -> dict[str, int]:
    """Voxels of each FDG focus that lie within the lesion's SSTR outline; foci that have none are left out."""
    given = _input(case, view, lesion, pixels, transforms)[1]
    return {} if given is None else _overlaps(view, given, pixels)


def _overlaps(view: View, given: MapInput, pixels: Pixels) -> dict[str, int]:
    fdg = view.reading(TracerClass.FDG)
    labels = pixels.foci_labels(fdg.series_key) if fdg is not None else None
    if fdg is None or labels is None or given.sstr_outline is None:
        return {}
    here = carried_mask(given.sstr_outline, given.to_sstr, given.fdg.geometry, given.to_fdg).array
    counts = np.bincount(labels[here].astype(np.int64))
    over = {one.id: int(counts[one.label]) for one in fdg.foci if one.label < len(counts)}
    return {name: count for name, count in over.items() if count}


def beside(case: Case, view: View, overlaps: Mapping[str, int]) -> list[Focus]:
    """The FDG foci of no lesion that lie within a lesion's SSTR outline with more than a sliver.

    ``overlaps``: of that lesion, see :func:`fdg_overlaps`.
    """
    fdg = view.reading(TracerClass.FDG)
    grid = grid_of(case.series(fdg.series_key)) if fdg is not None else None
    if fdg is None or grid is None:
        return []
    held = {name for one in case.lesions for name in one.focus_ids}
    least = heterogeneity_rules().number("map.smallest_overlap_ml") / grid.voxel_volume_ml
    return [one for one in fdg.foci if one.id not in held and one.id in overlaps and overlaps[one.id] >= least]


def _input(
    case: Case, view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]
) -> tuple[TracerMap, MapInput | None]:
    """Both PET with the lesion's outlines; or a map that says why they cannot be brought together."""
    sstr, fdg = (view.reading(tracer) for tracer in (TracerClass.SSTR, TracerClass.FDG))
    if sstr is None or fdg is None:
        lacking = " and ".join(name for name, one in (("SSTR", sstr), ("FDG", fdg)) if one is None)
        return TracerMap(lesion=lesion.id, because=f"no {lacking} PET was read at this time point"), None
    keys = (sstr.series_key, fdg.series_key)
    lost = TracerMap(lesion=lesion.id, because="-", sstr_series_key=keys[0], fdg_series_key=keys[1])
    unsure = uncertainty_mm(case, *keys)
    if any(key not in transforms for key in keys) or unsure is None:
        why = "the two PET are not aligned, or the uncertainty of their alignment is not known"
        return lost.model_copy(update={"because": why}), None
    volumes = [pixels.volume(key) for key in keys]
    if volumes[0] is None or volumes[1] is None:
        return lost.model_copy(update={"because": "the images of a PET are not in the case folder"}), None
    limits = [liver_limit(view, tracer) for tracer in (TracerClass.SSTR, TracerClass.FDG)]
    return lost, MapInput(
        sstr=volumes[0],
        fdg=volumes[1],
        sstr_outline=outline_on(lesion, sstr, volumes[0], pixels),
        fdg_outline=outline_on(lesion, fdg, volumes[1], pixels),
        to_sstr=transforms[keys[0]],
        to_fdg=transforms[keys[1]],
        sstr_threshold=limits[0].value,
        fdg_threshold=limits[1].value,
        uncertainty_mm=unsure,
    )


def _uncounted(lesion: Lesion, meant: Sequence[Focus], given: MapInput, pixels: Pixels) -> str:
    """FDG foci of no lesion that overlap the SSTR outline, and what the map would be with them; empty without any.

    Such a focus is held to be physiologic or left alone by the reading of the PET. It may be the part of the tumour
    that lost its receptors: the map does not guess, and says what a reader's verdict would change.
    """
    labels = pixels.foci_labels(meant[0].series_key) if meant else None
    if labels is None:
        return ""
    joined = np.isin(labels, [focus.label for focus in meant])
    if given.fdg_outline is not None:
        joined |= given.fdg_outline.array
    volume = map_tracers(replace(given, fdg_outline=Mask(joined, given.fdg.geometry))).volumes["fdg_only"]
    named = ", ".join(f"{focus.id}, {focus.site}, held to be {focus.verdict.value}" for focus in meant)
    return (
        f"an FDG focus that belongs to no lesion overlaps {lesion.id} ({named}) and is not counted; counted, FDG alone "
        f"would be {volume.volume_ml:.1f} mL ({volume.low_ml:.1f} to {volume.high_ml:.1f}): a reader's verdict decides"
    )


def _document(lost: TracerMap, given: MapInput, found: TracerClasses, limits: list[Measurement]) -> TracerMap:
    known = found.by_threshold is not None
    centre = _shown_at(found)
    moved = points_between(centre, given.to_sstr, given.to_fdg)[0]
    told = [] if known else ["No liver region on one of the PET: classes by outlines alone, without thresholds."]
    return TracerMap(
        lesion=lost.lesion,
        sstr_series_key=lost.sstr_series_key,
        fdg_series_key=lost.fdg_series_key,
        sstr_threshold=limits[0],
        fdg_threshold=limits[1],
        uncertainty_mm=given.uncertainty_mm,
        classes=dict(found.volumes),
        by_contours=dict(found.by_contours or {}),
        centre_sstr_lps_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
        centre_fdg_lps_mm=(float(moved[0]), float(moved[1]), float(moved[2])),
        method="above liver mean + 2 SD on each PET" if known else "inside the outline on each PET",
        limits=told,
    )


def _shown_at(found: TracerClasses) -> npt.NDArray[np.float64]:
    """Centre of the lesion in the plane that shows most of it, weighted so that both kinds of uptake are seen."""
    assert found.labels is not None
    assert found.geometry is not None
    counts = np.stack([(found.labels == 1 + index).sum(axis=(1, 2)) for index in range(len(CLASSES))])
    alone = np.minimum(counts[2], counts[0] + counts[1])
    plane = int(np.argmax(alone + 0.01 * counts.sum(axis=0)))
    rows, columns = np.nonzero(found.labels[plane])
    point: npt.NDArray[np.float64] = found.geometry.to_lps((plane, float(rows.mean()), float(columns.mean())))
    return point
