"""A second look: lesions known from other images are looked for at their place on every CT and MR.

The lesion's place is carried over from the exam nearest in time. Where something of its size stands out, it is outlined
from that place and joins the lesion as a focus; where nothing differs from its surroundings on any series, that is
written down as looked for and not seen; everything in between stays undecided, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.errors import IsletscopeError
from isletscope.lesions import SeedOutline, Standout, outline_from_seed, outline_rules, standout
from isletscope.model import Case, Compartment, Fate, FocusLink, Lesion, ReadingOfImages, Role, Verdict
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import read_label_map, write_label_map
from isletscope.reading.matching import renew_courses
from isletscope.reading.observations import nearest_looks
from isletscope.reading.outlines import ORGAN_OF, Outlines
from isletscope.reading.places import Look, Places, Point, grid_of
from isletscope.reading.progress import Progress, silent
from isletscope.reading.second_look_focus import found_focus
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Geometry, Mask, Transform, Volume, carried_mask, resample_mask

_LEFT_OUT = (Role.MR_OTHER, Role.MR_T1_OPPOSED_PHASE, Role.MR_T1_IN_PHASE, Role.MR_ADC, Role.CT_LOW_DOSE)
_NO_SINGLE_ORGAN = ("body", "liver", "pancreas", "pancreas_region", "stomach_bowel_region")
_WITHOUT_EDGE = (Compartment.BONE, Compartment.LUNG, Compartment.BRAIN, Compartment.HEART)


@dataclass
class _Images:
    """The reading that is added to: its grid, label map of foci, and volumes of its series."""

    reading: ReadingOfImages
    geometry: Geometry
    labels: npt.NDArray[Any]
    source: SeriesSource
    changed: bool = False
    stale: bool = False
    _volumes: dict[str, Volume | None] = field(default_factory=dict)

    def volume(self, key: str) -> Volume | None:
        """The volume of a series; None when its files form none."""
        if key not in self._volumes:
            try:
                self._volumes[key] = self.source.volume(key)
            except IsletscopeError:
                # The reading of these images has said already that this series cannot be loaded, and why.
                self._volumes[key] = None
        return self._volumes[key]


@dataclass(frozen=True)
class _Place:
    """A lesion's place on a grid: the look it comes from, the point and how far it may be off, its size, its organ."""

    look: Look
    point: Point
    within_mm: float
    radius_mm: float
    organ: Mask | None


@dataclass(frozen=True)
class _Seen:
    series_key: str
    outline: SeedOutline
    mask: Mask
    unit: str
    away_mm: float


def second_look_rules() -> Thresholds:
    """The figures that come with the software, ``second_look.yaml``."""
    return load_thresholds("isletscope.reading", "second_look.yaml")


def second_look(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    progress: Progress = silent,
) -> None:
    """Look for every lesion of the case on every CT and MR reading that holds no focus of it.

    Adds foci to ``image_readings`` and their label maps, links them to ``lesions`` and tells the courses again; else
    fills ``looked_for`` (nothing differs there) and ``undecided``. Lesions held to be physiologic are not looked for.
    ``transforms``: of every series whose alignment is usable. Raises OutputError, GeometryError.
    """
    places, outlines = Places(case, transforms), Outlines(case, folder.path)
    readings = [one for one in (_opened(folder, case, source, reading) for reading in case.image_readings) if one]
    lesions = [one for one in case.lesions if one.verdict is not Verdict.PHYSIOLOGIC]
    total = len(readings) * len(lesions)
    for number, images in enumerate(readings):
        images.reading.looked_for, images.reading.undecided = {}, {}
        for done, lesion in enumerate(lesions):
            progress("Looking at known places", number * len(lesions) + done, total)
            _look_for(lesion, images, places, outlines)
        if images.changed or images.stale:
            path = folder.path / str(images.reading.foci_map)
            write_label_map(path, images.labels, images.geometry)
    if any(images.changed for images in readings):
        renew_courses(folder, case, transforms)


def _opened(folder: CaseFolder, case: Case, source: SeriesSource, reading: ReadingOfImages) -> _Images | None:
    """A reading with its label map; a fresh map where it has none; None when its series forms no grid."""
    geometry = grid_of(case.series(reading.series_key))
    if geometry is None:
        return None
    name = reading.foci_map
    if name is None or not (folder.path / name).is_file():
        reading.foci_map = f"masks/{reading.series_key}_foci.nii.gz"
        return _Images(reading, geometry, np.zeros(geometry.shape, np.uint16), source)
    labels = np.array(read_label_map(folder.path / name), dtype=np.uint16)
    # What an earlier second look has added to the map is looked for again.
    earlier = ~np.isin(labels, [0, *(focus.label for focus in reading.foci)])
    labels[earlier] = 0
    return _Images(reading, geometry, labels, source, stale=bool(earlier.any()))


def _look_for(lesion: Lesion, images: _Images, places: Places, outlines: Outlines) -> None:
    """One lesion on one reading: a new focus, or a sentence under looked_for or undecided, or nothing to be said."""
    reading = images.reading
    exam = places.case.exam(reading.exam_key)
    if places.own(lesion, exam, reading.kind) or _gone(places.case, lesion, reading):
        return
    place = _place(lesion, images, places, outlines)
    if place is None:
        return
    if isinstance(place, str):
        reading.undecided[lesion.id] = place
        return
    ranked = _ranked(images, place, places)
    clearest = ranked[0][1] if ranked else None
    if clearest is None:
        reading.undecided[lesion.id] = "no series of this exam shows its place well enough to compare it"
        return
    # Without an organ the variety of tissues around hides a lesion from this figure: then the outlines decide.
    if place.organ is not None and clearest.to_noise < second_look_rules().number("series.noise"):
        reading.looked_for[lesion.id] = _nothing(ranked[0][0], clearest)
        return
    found = _found(lesion, images, place, outlines, ranked)
    if isinstance(found, _Seen):
        _add(lesion, images, place, places, outlines, found)
    elif all(outline.no_contrast for outline in found):
        reading.looked_for[lesion.id] = f"{_nothing(ranked[0][0], clearest)}; {found[0].why_not}"
    else:
        reason = next(outline.why_not for outline in found if not outline.no_contrast)
        reading.undecided[lesion.id] = f"its place was looked at, but it cannot be told whether it is there: {reason}"


def _nothing(key: str, clearest: Standout) -> str:
    return (
        f"nothing stands out at its place: clearest on {key}, {clearest.inner:.4g} against {clearest.around:.4g} "
        f"around it, {clearest.to_noise:.1f} times the noise"
    )


def _gone(case: Case, lesion: Lesion, reading: ReadingOfImages) -> bool:
    """Whether the lesion is part of others at the moment of a reading."""
    point = next((one.name for one in case.time_points if reading.exam_key in one.exam_keys), None)
    course = next((one for one in lesion.course if one.time_point == point), None)
    return course is not None and course.fate in (Fate.MERGED, Fate.SPLIT) and not course.focus_ids


def _place(lesion: Lesion, images: _Images, places: Places, outlines: Outlines) -> _Place | str | None:
    """Where the lesion should be; why that cannot be used; None where the images do not show or cannot tell it."""
    key = images.reading.series_key
    for look in nearest_looks(places, lesion, key):
        point = places.carried(look.focus.centroid_lps_mm, look.grid_key, key)
        if point is None:
            continue
        if not images.geometry.contains(point):
            return None
        if lesion.compartment in _WITHOUT_EDGE:
            return f"lesions of {lesion.compartment.value} are not outlined on CT and MR from a place known elsewhere"
        name = ORGAN_OF.get(lesion.compartment, "")
        organ = outlines.organ(key, name)
        if organ is None and lesion.verdict is Verdict.UNSURE:
            return "it is unsure itself and lies in no organ that is known here: nothing was outlined at its place"
        radius = _radius_mm(look)
        if radius is None:
            return f"its size is not known well enough to look for it ({look.focus.id})"
        rules = second_look_rules()
        if radius < rules.number("place.smallest_radius_mm"):
            return f"too small to be looked for: {2 * radius:.1f} mm on {look.focus.id}"
        within = places.uncertainty_mm(look.grid_key, key) + rules.number("place.margin_mm")
        if organ is not None and not _in_reach(organ, point, radius + within):
            return f"its place lies outside the {name} on these images: the alignment does not hold there"
        return _Place(look, point, within, radius, organ)
    return None


def _radius_mm(look: Look) -> float | None:
    """Radius of the ball of the volume that a look measured; None when it measured none."""
    volume = look.focus.measurements.get("volume")
    if volume is None or volume.value is None or volume.value <= 0:
        return None
    return float(np.cbrt(3000.0 * volume.value / (4.0 * np.pi)))


def _in_reach(organ: Mask, point: Point, reach_mm: float) -> bool:
    """Whether a point (LPS mm) lies within a distance of an organ."""
    index = organ.geometry.to_index(np.asarray(point))
    margin = reach_mm / np.asarray(organ.geometry.spacing_mm) + 1
    low = np.clip(np.floor(index - margin), 0, np.asarray(organ.geometry.shape)).astype(int)
    high = np.clip(np.ceil(index + margin) + 1, 0, np.asarray(organ.geometry.shape)).astype(int)
    around = np.argwhere(organ.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]]) + low
    if not len(around):
        return False
    return bool(np.linalg.norm(organ.geometry.to_lps(around) - np.asarray(point), axis=1).min() <= reach_mm)


def _ranked(images: _Images, place: _Place, places: Places) -> list[tuple[str, Standout]]:
    """Series of the reading with what stands out near the place, the clearest first."""
    found = []
    for key in images.reading.series_keys or [images.reading.series_key]:
        if places.case.series(key).role in _LEFT_OUT:
            continue
        volume = images.volume(key)
        if volume is None:
            continue
        shown = standout(
            volume, np.asarray(place.point), place.organ, place.radius_mm, place.within_mm, outline_rules()
        )
        if shown is not None:
            found.append((key, shown))
    return sorted(found, key=lambda pair: -pair[1].to_noise)


def _found(
    lesion: Lesion, images: _Images, place: _Place, outlines: Outlines, ranked: list[tuple[str, Standout]]
) -> _Seen | list[SeedOutline]:
    """The first outline that is the lesion by place and size; else the refused outlines, one for each try."""
    refused: list[SeedOutline] = []
    for key, shown in ranked[: int(second_look_rules().number("series.tried"))]:
        volume = images.volume(key)
        if volume is None:
            continue
        outline = outline_from_seed(volume, shown.point_lps_mm, place.organ, place.radius_mm)
        seen = _accepted(lesion, images, place, (key, volume.quantity.unit), outline)
        if isinstance(seen, _Seen):
            healthy = _healthy_organ(lesion, images, outlines, seen.mask)
            if not healthy:
                return seen
            seen = f"what stands out at its place is the {healthy}"
        refused.append(outline if not seen else SeedOutline(None, "", why_not=seen))
    return refused


def _accepted(
    lesion: Lesion, images: _Images, place: _Place, series: tuple[str, str], outline: SeedOutline
) -> _Seen | str:
    """The outline as the lesion; or why it is not (empty when there is no outline at all). ``series``: key, unit."""
    if outline.mask is None:
        return ""
    if outline.confidence == "low" and place.organ is None:
        return "what stands out at its place has no clear edge"
    index = np.argwhere(outline.mask.array).mean(axis=0)
    away = float(np.linalg.norm(outline.mask.geometry.to_lps(index) - np.asarray(place.point)))
    if away > place.within_mm:
        return f"what stands out lies {away:.1f} mm from its place, more than {place.within_mm:.1f} mm"
    mask = resample_mask(outline.mask, images.geometry)
    if not mask.array.any():
        return "its outline holds no voxel of the grid of these images"
    others = np.bincount(images.labels[mask.array])
    taken = int(others[1:].max()) if len(others) > 1 else 0
    if taken > second_look_rules().number("place.overlap") * mask.voxel_count:
        label = int(others[1:].argmax()) + 1
        focus = next((one.id for one in images.reading.foci if one.label == label), "another focus")
        return f"what stands out at its place is {focus}, which was not held to be {lesion.id}"
    key, unit = series
    return _Seen(key, outline, mask, unit, away)


def _healthy_organ(lesion: Lesion, images: _Images, outlines: Outlines, mask: Mask) -> str:
    """The organ, other than the lesion's own, that holds half of an outline; empty when none does."""
    own = ORGAN_OF.get(lesion.compartment, "")
    for finding in images.reading.organs:
        if finding.label is None or finding.name in (own, *_NO_SINGLE_ORGAN):
            continue
        organ = outlines.organ(images.reading.series_key, finding.name)
        if organ is not None and np.count_nonzero(organ.array & mask.array) > 0.5 * mask.voxel_count:
            return finding.name.replace("_", " ")
    return ""


def _add(lesion: Lesion, images: _Images, place: _Place, places: Places, outlines: Outlines, seen: _Seen) -> None:
    """Write the outline into the label map, add the focus and link it to the lesion."""
    number = 1 + max(int(images.labels.max()), *(one.label for one in images.reading.foci), 0)
    free = seen.mask.array & (images.labels == 0)
    images.labels[free] = number
    images.changed = True
    focus = found_focus(
        lesion=lesion,
        look=place.look,
        reading=images.reading,
        number=number,
        series_key=seen.series_key,
        outline=seen.outline,
        unit=seen.unit,
        away_mm=seen.away_mm,
    )
    images.reading.foci.append(focus)
    lesion.focus_ids.append(focus.id)
    lesion.links.append(
        FocusLink(
            focus_id=focus.id,
            distance_mm=round(seen.away_mm, 2),
            overlap=round(_overlap(lesion, images, place, places, outlines, seen.mask), 3),
            cost=round(seen.away_mm / place.within_mm, 3),
            because=f"found at the place known from {place.look.focus.id}",
        )
    )


def _overlap(lesion: Lesion, images: _Images, place: _Place, places: Places, outlines: Outlines, mask: Mask) -> float:
    """Share of the smaller outline that lies in the larger, on the grid of the images; 0 where there is no outline."""
    carried_from = outlines.of(place.look, lesion.compartment)
    pair = places.between(place.look.grid_key, images.reading.series_key)
    if carried_from is None or pair is None:
        return 0.0
    there = carried_mask(carried_from.mask, pair[0], images.geometry, pair[1])
    smaller = min(there.voxel_count, mask.voxel_count)
    return float(np.count_nonzero(there.array & mask.array)) / smaller if smaller else 0.0
