"""Candidates for lesions in one organ on the CT or the MR series of an exam.

Bright and dark blobs are sought on every series at every size; blobs of several series at one place are one candidate.
What follows vessels, touches only the organ's edge, or stands out too little is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isletscope.anatomy import Organs, Thresholds, load_thresholds
from isletscope.lesions.images.accept import why_not
from isletscope.lesions.images.blobs import Blob, blobs_of, radii_mm
from isletscope.lesions.images.contrast import Bool3D, Contrast, Float3D, contrasts_of, search_grid
from isletscope.lesions.images.crowded import clearest, parts_of
from isletscope.lesions.images.extent import Extent, Place, extent_of
from isletscope.lesions.images.features import Features, FloatArray, features_of
from isletscope.lesions.images.gland import gland_in
from isletscope.lesions.images.joined import Piece, groups_of, place_of
from isletscope.lesions.images.parenchyma import parenchyma_in
from isletscope.lesions.images.tubes import is_part_of_a_tube
from isletscope.lesions.images.vessels import blood_difference, vessels_of, without
from isletscope.lesions.images.wanted import wanted_contrasts
from isletscope.model import ExamKind
from isletscope.spatial import Geometry, Mask, Volume, resample_mask

_ORGANS = {"liver": ("liver",), "pancreas": ("pancreas", "pancreas_region")}
_LEAST_VOXELS = 5
_SAME_PLACE_MM = 6.0


def image_thresholds() -> Thresholds:
    """The thresholds of ``candidates.yaml``."""
    return load_thresholds("isletscope.lesions.images", "candidates.yaml")


@dataclass(frozen=True)
class Candidate:
    """One place that stands out.

    ``extent``: its voxels on the organ's grid, outlined on the series ``series_key``; ``names``: the contrasts on which
    a blob was found there, the strongest first.
    """

    organ: str
    series_key: str
    names: tuple[str, ...]
    extent: Extent
    features: Features


@dataclass(frozen=True)
class Search:
    """What the search of one organ works on: the search grid, the organ on it, and the contrast of every series.

    ``gland``: voxels that look like pancreas, where the organ is only a region around it; ``blood_hu``: how much
    brighter the aorta is than the organ in the late arterial phase of a CT; ``parenchyma``: what is no tumour, where
    tumour fills most of the organ, else None.
    """

    organ_name: str
    geometry: Geometry
    organ: Bool3D
    contrasts: list[Contrast]
    gland: Bool3D | None = None
    blood_hu: float | None = None
    parenchyma: Bool3D | None = None

    def background(self, name: str) -> Float3D:
        """The organ's value at every voxel on the series of that contrast, which is there."""
        return next(one.background for one in self.contrasts if one.name == name)


def prepared(
    organ_name: str,
    series: Mapping[str, Volume],
    names: Mapping[str, str],
    organ: Mask,
    blood: Mask | None,
    thresholds: Thresholds,
    region: bool = False,
) -> Search:
    """The search grid with the contrasts of all series, vessels taken out. ``organ`` is not empty.

    ``region``: the mask is a region around the pancreas, not the gland; without contrasts where no series tells it.
    """
    geometry = search_grid(organ, thresholds)
    inside = resample_mask(organ, geometry).array
    gland = gland_in(series, names, inside, geometry, thresholds) if region else None
    parenchyma = parenchyma_in(series, names, inside, geometry, thresholds) if organ_name == "liver" else None
    contrasts = (
        contrasts_of(series, names, inside, geometry, thresholds, gland, parenchyma)
        if gland is not None or not region
        else []
    )
    vessels = vessels_of(contrasts, series, blood, thresholds)
    early = next((one for one in contrasts if one.name == "arterial" and one.unit != "%"), None)
    blood_hu = None if early is None else blood_difference(early, series[early.series_key], blood)
    calm = [without(contrast, vessels) for contrast in contrasts]
    return Search(organ_name, geometry, inside, calm, gland, blood_hu, parenchyma)


def all_blobs(search: Search, thresholds: Thresholds) -> list[Blob]:
    """Blobs of every contrast."""
    radii = radii_mm(*thresholds.bounds("search.radius_mm"))
    wanted = wanted_contrasts(search.organ_name, {contrast.name for contrast in search.contrasts})
    found: list[Blob] = []
    for contrast in search.contrasts:
        if contrast.name not in wanted:
            continue
        least = thresholds.number("search.least_hu" if contrast.unit != "%" else "search.least_percent")
        clear = thresholds.number("search.least_clearness")
        signs = wanted[contrast.name].signs
        found += blobs_of(contrast, search.organ, search.geometry, radii, signs, least, clear)
    return found


def grouped(blobs: Sequence[Blob]) -> list[dict[str, Blob]]:
    """Blobs at one place as one group, the strongest of each contrast; places are those of the strongest blobs."""
    groups: list[dict[str, Blob]] = []
    heads: list[Blob] = []
    for blob in sorted(blobs, key=lambda one: -strength(one)):
        joined = False
        for group, head in zip(groups, heads, strict=True):
            apart = float(np.linalg.norm(np.subtract(blob.centre_lps_mm, head.centre_lps_mm)))
            if apart <= max(_SAME_PLACE_MM, (0.95 if blob.radius_mm < 0.7 * head.radius_mm else 0.7) * head.radius_mm):
                group.setdefault(blob.name, blob)
                joined = True
                break
        if not joined:
            groups.append({blob.name: blob})
            heads.append(blob)
    return groups


def strength(blob: Blob) -> float:
    """Contrast over noise times the root of the size: what a matched filter would answer."""
    return blob.clearness * float(np.sqrt(blob.radius_mm))


def find_candidates(
    series: Mapping[str, Volume],
    names: Mapping[str, str],
    organs: Organs,
    kind: ExamKind,
    thresholds: Thresholds | None = None,
) -> list[Candidate]:
    """Candidates in liver and pancreas, the largest first in each organ.

    ``series``: volumes by key, in one frame of reference; ``names``: what each shows (:func:`name_series`); ``organs``
    on the grid of one of them. An organ without a mask is not searched.
    """
    rules = thresholds or image_thresholds()
    found: list[Candidate] = []
    for organ_name, mask_names in _ORGANS.items():
        mask = next((organs.mask(name) for name in mask_names if organs.known(name)), None)
        if mask is not None and mask.array.any():
            blood = organs.mask("aorta") if organs.known("aorta") else None
            region = mask.name == "pancreas_region"
            found += candidates_in(organ_name, series, names, mask, blood, kind, rules, region)
    return found


def candidates_in(
    organ_name: str,
    series: Mapping[str, Volume],
    names: Mapping[str, str],
    organ: Mask,
    blood: Mask | None,
    kind: ExamKind,
    thresholds: Thresholds,
    region: bool = False,
) -> list[Candidate]:
    """Candidates of one organ (liver or pancreas), the largest first; ``organ`` is not empty.

    ``region``: the mask is a region that holds the pancreas and its neighbours.
    """
    search = prepared(organ_name, series, names, organ, blood, thresholds, region)
    look = _Look(search, series, organ, kind, thresholds, region)
    if search.parenchyma is not None:
        return sorted(look.parts(search.parenchyma), key=lambda one: -one.extent.volume_ml)
    groups = grouped(all_blobs(search, thresholds))[: int(thresholds.number("accept.most_candidates"))]
    heads = [max(group.values(), key=strength) for group in groups]
    kept: list[Candidate] = []
    for number, head in enumerate(heads):
        order = tuple(sorted(groups[number], key=lambda name: -strength(groups[number][name])))
        found = look.at(_place(heads, number), (head.name, *(name for name in order if name != head.name)))
        if found is not None:
            kept.append(found)
    return without_doubles(_with_pieces_joined(kept, look))


@dataclass(frozen=True)
class _Look:
    """What is needed to outline and judge one place of one organ."""

    search: Search
    series: Mapping[str, Volume]
    organ: Mask
    kind: ExamKind
    thresholds: Thresholds
    region: bool

    def at(self, place: Place, names: tuple[str, ...]) -> Candidate | None:
        """The candidate at a place, outlined on the first of the contrasts ``names``; None where there is none."""
        name, search, organ = names[0], self.search, self.organ
        series_key = next(one.series_key for one in search.contrasts if one.name == name)
        level = float(np.median(search.background(name))) if self.region else None
        extent = extent_of(self.series[series_key], organ.array, organ.geometry, place, level)
        if extent is None or np.count_nonzero(extent.inside) < _LEAST_VOXELS:
            return None
        features = features_of(extent, name, organ.array, search.geometry, search.organ, search.contrasts, search.gland)
        if why_not(features, self.kind, self.thresholds, search.blood_hu):
            return None
        radius_mm = features.diameter_mm / 2.0
        if is_part_of_a_tube(self.series[series_key], organ, place.centre_lps_mm, radius_mm, level, self.thresholds):
            return None
        return Candidate(search.organ_name, series_key, names, extent, features)

    def parts(self, parenchyma: Bool3D) -> Iterator[Candidate]:
        """The candidates where tumour fills most of the organ: its parts, told apart at their necks."""
        search = self.search
        wanted = wanted_contrasts(search.organ_name, {contrast.name for contrast in search.contrasts})
        searched = [one for one in search.contrasts if one.name in wanted]
        contrast = clearest(searched, search.organ & ~parenchyma)
        if contrast is None:
            return
        grid = self.organ.geometry
        geometry, rules = search.geometry, self.thresholds
        for extent in parts_of(contrast, searched, search.organ, parenchyma, geometry, grid, rules):
            features = features_of(
                extent, contrast.name, self.organ.array, geometry, search.organ, search.contrasts, None, parenchyma
            )
            if not why_not(features, self.kind, self.thresholds, search.blood_hu):
                yield Candidate(search.organ_name, contrast.series_key, (contrast.name,), extent, features)


def _with_pieces_joined(found: Sequence[Candidate], look: _Look) -> list[Candidate]:
    """Candidates with those that are pieces of one tumour outlined again as one; pieces stay where that fails."""
    pieces = [Piece(one.series_key, one.extent) for one in found]
    whole: list[Candidate] = []
    for group in groups_of(pieces, look.series, look.organ.geometry, look.thresholds):
        parts = [found[n] for n in group]
        largest = max(parts, key=lambda one: one.extent.volume_ml)
        joined = None
        if len(parts) > 1:
            others = [piece for n, piece in enumerate(pieces) if n not in group]
            joined = look.at(place_of([pieces[n] for n in group], others), largest.names)
        whole += parts if joined is None else [joined]
    return whole


def _place(heads: Sequence[Blob], number: int) -> Place:
    others = [head for n, head in enumerate(heads) if n != number]
    return Place(
        np.asarray(heads[number].centre_lps_mm),
        heads[number].radius_mm,
        np.asarray([head.centre_lps_mm for head in others]).reshape(-1, 3),
        np.asarray([head.radius_mm for head in others]),
    )


def without_doubles(found: Sequence[Candidate]) -> list[Candidate]:
    """The largest first; one that lies for half or more in a larger one, or on its rim, is the same place."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda one: -one.extent.volume_ml):
        if not any(_shared(candidate.extent, other.extent) >= 0.5 or _on_rim(candidate, other) for other in kept):
            kept.append(candidate)
    return kept


def _on_rim(small: Candidate, large: Candidate) -> bool:
    """Whether a much smaller candidate's centre lies within 1.2 radii of a larger one: its unevenness or its rim."""
    apart = float(np.linalg.norm(_centre(small.extent) - _centre(large.extent)))
    sizes = small.features.diameter_mm, large.features.diameter_mm
    return sizes[0] < 0.6 * sizes[1] and apart < 0.6 * sizes[1]


def _centre(extent: Extent) -> FloatArray:
    return np.asarray(extent.geometry.to_lps(np.argwhere(extent.inside)).mean(axis=0))


def _shared(small: Extent, large: Extent) -> float:
    """Share of the smaller extent's voxels that lie in the other; both on blocks of one grid."""
    index = np.argwhere(small.inside) + np.asarray(small.start_kji) - np.asarray(large.start_kji)
    inside = np.all((index >= 0) & (index < large.inside.shape), axis=1)
    return float(np.count_nonzero(large.inside[tuple(index[inside].T)])) / max(1, len(index))
