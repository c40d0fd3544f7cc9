"""Heterogeneity of every time point: inside lesions, between them, over time, and the biopsy target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.assessment import LesionsAssessed, View, assess_lesions
from isletscope.criteria import REPEATABILITY_BOOK, Quantity
from isletscope.lesions import (
    Features,
    Findings,
    TracerClasses,
    changes_at,
    clusters_of,
    histogram_of,
    labels_at,
    propose_biopsy,
    spread_of,
    uniform_spread,
)
from isletscope.model import (
    Case,
    ExamKind,
    Heterogeneity,
    Lesion,
    LesionProfile,
    Measurement,
    ReadingOfImages,
    Role,
    State,
    TracerClass,
    TracerMap,
    WithinLesion,
    derived,
    measured,
    missing,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.label_maps import read_label_map
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.tracer_maps import Pixels, map_of, outline_on
from isletscope.spatial import Mask, Transform, Volume, carried_mask

_PETS = {"sstr": TracerClass.SSTR, "fdg": TracerClass.FDG}
_KINDS = {"sstr": ExamKind.SSTR_PET, "fdg": ExamKind.FDG_PET}
_HU_ERROR = 10.0
CARRIED = "mean within the outline of the other PET, through the alignment"
"""Method of an uptake where the lesion has no focus of its own."""
_UNKNOWN = "not known on both tracers"


class _Kept:
    """Volumes and label maps of a case in the making, each read once."""

    def __init__(self, folder: CaseFolder, case: Case, source: SeriesSource) -> None:
        self._folder, self._case, self._source = folder, case, source
        self._labels: dict[str, npt.NDArray[Any] | None] = {}

    def volume(self, series_key: str) -> Volume | None:
        """The series' voxels."""
        return self._source.volume(series_key)

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map of the foci of that PET, or of that CT or MR."""
        if series_key not in self._labels:
            named = {one.series_key: one.foci_map for one in self._case.image_readings}
            named |= {one.series_key: one.foci_map for one in self._case.readings}
            name = named.get(series_key)
            there = name is not None and (self._folder.path / name).is_file()
            self._labels[series_key] = read_label_map(self._folder.path / name) if name and there else None
        return self._labels[series_key]


def measure_heterogeneity(
    folder: CaseFolder, case: Case, source: SeriesSource, transforms: Mapping[str, Transform]
) -> list[Heterogeneity]:
    """Heterogeneity of every time point of a case whose lesions are matched and observed.

    Raises InputError when the clinical file does not follow its schema, Refusal when a series' files form no volume.
    """
    assessed = assess_lesions(case)
    pixels = _Kept(folder, case, source)
    return [_time_point(case, assessed, at, pixels, transforms) for at in range(len(assessed))]


def _time_point(
    case: Case, assessed: Sequence[LesionsAssessed], at: int, pixels: Pixels, transforms: Mapping[str, Transform]
) -> Heterogeneity:
    view = assessed[at].view
    maps: dict[str, TracerMap] = {}
    classes: dict[str, TracerClasses] = {}
    for lesion in view.lesions:
        maps[lesion.id], found = map_of(case, view, lesion, pixels, transforms)
        if found is not None:
            classes[lesion.id] = found
    profiles = [_profile(assessed[at], lesion, classes.get(lesion.id)) for lesion in view.lesions]
    names = [lesion.id for lesion in view.lesions]
    features = _features(profiles)
    between = {key: value for one in features for key, value in spread_of(one, names).items()}
    changes = changes_at(assessed, at)
    return Heterogeneity(
        time_point=view.point.name,
        within=[_within(view, lesion, pixels, transforms) for lesion in view.lesions],
        maps=list(maps.values()),
        profiles=profiles,
        between={**between, **_mismatch_share(maps)},
        clusters=clusters_of([one for one in features if one.name != "sstr_fdg_ratio"], names),
        changes=changes,
        biopsy=propose_biopsy(Findings(assessed[at], maps, classes, changes)),
        limits=_limits(maps),
    )


def _limits(maps: Mapping[str, TracerMap]) -> list[str]:
    """Why lesions have no map, each reason once."""
    lost: dict[str, list[str]] = {}
    for name, one in maps.items():
        if one.because:
            lost.setdefault(one.because, []).append(name)
    return [f"No map of both tracers for {', '.join(names)}: {because}." for because, names in lost.items()]


def _within(view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]) -> WithinLesion:
    """Histograms of a lesion on both PET within its own outlines, and of its ADC."""
    found: dict[str, Measurement] = {}
    for kind, tracer in _PETS.items():
        reading = view.reading(tracer)
        volume = pixels.volume(reading.series_key) if reading is not None else None
        mask = outline_on(lesion, reading, volume, pixels) if reading is not None and volume is not None else None
        if mask is None or volume is None:
            continue
        values = volume.array[mask.array]
        found |= histogram_of(kind, values, mask.volume_ml)
        liver = view.reference(tracer, "liver")
        known = liver is not None and bool(liver.mean) and liver.standard_deviation is not None
        noise = (liver.standard_deviation or 0.0) / (liver.mean or 1.0) if liver is not None and known else None
        found[f"{kind}_cov_uniform"] = uniform_spread(kind, values, mask.volume_ml, noise)
    found |= _diffusion(view, lesion, pixels, transforms)
    return WithinLesion(lesion=lesion.id, time_point=view.point.name, measurements=found)


def _diffusion(
    view: View, lesion: Lesion, pixels: Pixels, transforms: Mapping[str, Transform]
) -> dict[str, Measurement]:
    """Histogram of the ADC map within the outline on MR of the same exam; nothing where MR does not outline it."""
    for reading in reversed(view.case.image_readings):
        labels = [focus.label for focus in reading.foci if focus.id in lesion.focus_ids]
        if reading.kind is not ExamKind.MRI or reading.exam_key not in view.point.exam_keys or not labels:
            continue
        maps = [one for one in view.case.exam(reading.exam_key).series if one.role is Role.MR_ADC and one.usable]
        volume = pixels.volume(maps[0].key) if maps else None
        mask = _on_grid(reading, labels, pixels, volume, maps[0].key, transforms) if volume is not None else None
        if volume is not None and mask is not None and mask.voxel_count:
            return histogram_of("adc", volume.array[mask.array], mask.volume_ml)
    return {}


def _on_grid(
    reading: ReadingOfImages,
    labels: Sequence[int],
    pixels: Pixels,
    target: Volume,
    target_key: str,
    transforms: Mapping[str, Transform],
) -> Mask | None:
    """Foci of a reading as a mask on the grid of another series of the same exam."""
    drawn_on, found = pixels.volume(reading.series_key), pixels.foci_labels(reading.series_key)
    if drawn_on is None or found is None or found.shape != drawn_on.geometry.shape:
        return None
    mask = Mask(np.isin(found, labels), drawn_on.geometry)
    own = transforms.get(reading.series_key)
    other = transforms.get(target_key)
    if own is None or other is None:
        if drawn_on.frame_of_reference_uid != target.frame_of_reference_uid:
            return None
        own = other = Transform.identity()
    return carried_mask(mask, own, target.geometry, other)


def _profile(assessed: LesionsAssessed, lesion: Lesion, classes: TracerClasses | None) -> LesionProfile:
    """What the lesion is compared by: uptake of both tracers and their ratio, ADC, arterial enhancement, size."""
    view = assessed.view
    values: dict[str, Measurement] = {}
    for name, kind in _KINDS.items():
        values[f"{name}_suv_max"] = _uptake(view, lesion, name, kind, classes)
    sstr, fdg = values["sstr_suv_max"].value, values["fdg_suv_max"].value
    title = "SSTR SUVmax over FDG SUVmax"
    if sstr and fdg:
        values["sstr_fdg_ratio"] = derived(title, sstr / fdg, method="SUVmax over SUVmax, each on its own PET")
    else:
        values["sstr_fdg_ratio"] = missing(title, "one of the two is not known")
    adc = view.find(lesion, "adc_mean", (ExamKind.MRI,))
    if adc is not None:
        values["adc_mean"] = adc.measurement
    enhancement = _arterial(view, lesion)
    if enhancement is not None:
        values["arterial_difference"] = enhancement
    size = view.find(lesion, "long_axis", (ExamKind.CT, ExamKind.MRI, ExamKind.SSTR_PET, ExamKind.FDG_PET))
    if size is not None:
        values["long_axis"] = size.measurement
    label = labels_at(assessed).get(lesion.id)
    if label is None or label.state is State.MISSING or label.value is None:
        whole = assessed.gathered.get("concordance")
        lacking = label.missing if label is not None else (whole.missing if whole is not None else [])
        because = f"lacking: {', '.join(lacking)}" if lacking else _UNKNOWN
        return LesionProfile(lesion=lesion.id, because=because, values=values)
    return LesionProfile(lesion=lesion.id, label=label.value, because=label.because, values=values)


def _uptake(view: View, lesion: Lesion, name: str, kind: ExamKind, classes: TracerClasses | None) -> Measurement:
    """SUVmax of the observation; else the mean within the outline that the other PET drew."""
    title = f"{name.upper()} SUVmax"
    found = view.find(lesion, "suv_max", (kind,))
    if found is not None:
        return found.measurement
    block = None if classes is None else (classes.sstr if name == "sstr" else classes.fdg)
    if classes is None or block is None or classes.labels is None:
        return missing(title, "no outline there, and no outline of the other PET could be laid over it", "g/mL")
    inside = block[(classes.labels > 0) & np.isfinite(block)]
    limitation = "no focus of its own: what is measured is what lies there"
    return measured(title, float(inside.mean()), "g/mL", method=CARRIED, limitation=limitation)


def _arterial(view: View, lesion: Lesion) -> Measurement | None:
    """Difference of the lesion to the organ around it in the arterial phase, HU."""
    own, organ = (view.find(lesion, name, (ExamKind.CT,)) for name in ("hu_late_arterial", "organ_hu_late_arterial"))
    if own is None or organ is None:
        return None
    method = "mean of the lesion less mean of the organ around it, late arterial phase"
    return derived("arterial difference to the organ", own.value - organ.value, "[hnsf'U]", method=method)


def _features(profiles: Sequence[LesionProfile]) -> list[Features]:
    """The properties that some lesion has, with what repeated measurement allows."""

    def values(name: str) -> dict[str, float]:
        found = {one.lesion: one.values[name].value for one in profiles if name in one.values}
        return {lesion: value for lesion, value in found.items() if value is not None}

    uptake, ratio = _error("sstr_suv"), _error("sstr_suv") + _error("fdg_suv")
    listed = [
        Features("sstr_suv_max", "SSTR SUVmax", "g/mL", values("sstr_suv_max"), uptake),
        Features("fdg_suv_max", "FDG SUVmax", "g/mL", values("fdg_suv_max"), _error("fdg_suv")),
        Features("sstr_fdg_ratio", "SSTR over FDG SUVmax", "1", values("sstr_fdg_ratio"), ratio),
        Features("adc_mean", "ADC", "10-6.mm2/s", values("adc_mean"), _error("adc_liver")),
        Features(
            "arterial_difference", "arterial difference", "[hnsf'U]", values("arterial_difference"), _HU_ERROR, False
        ),
    ]
    return [one for one in listed if one.values]


def _error(quantity: Quantity) -> float:
    """Rise that repeated measurement allows, as a share."""
    return REPEATABILITY_BOOK.limits[quantity][0].rise / 100.0


def _mismatch_share(maps: Mapping[str, TracerMap]) -> dict[str, Measurement]:
    """Volume with FDG alone over all volume that takes up a tracer, with its bounds and what is not known."""
    name = "volume with FDG alone over all volume with uptake"
    known = [one for one in maps.values() if one.classes]
    lost = [one.lesion for one in maps.values() if not one.classes]
    if not known:
        why = "no lesion has a map of both tracers" if maps else "no lesion held to be tumour is seen"
        return {"mismatch_share": missing(name, why, "%")}
    alone = sum(one.classes["fdg_only"].volume_ml for one in known)
    low = sum(one.classes["fdg_only"].low_ml for one in known)
    high = sum(one.classes["fdg_only"].high_ml for one in known)
    total = sum(one.classes[part].volume_ml for one in known for part in ("receptor_only", "both", "fdg_only"))
    method = f"sum over {len(known)} lesions with a map of both tracers"
    limitation = f"not known, and not counted: {', '.join(lost)}" if lost else None
    found = {
        "fdg_only_volume": derived("volume with FDG alone", alone, "mL", method=method, limitation=limitation),
        "fdg_only_volume_low": derived("volume with FDG alone, least", low, "mL", method="alignment shifted"),
        "fdg_only_volume_high": derived("volume with FDG alone, most", high, "mL", method="alignment shifted"),
        "uptake_volume": derived("volume with uptake of a tracer", total, "mL", method=method, limitation=limitation),
    }
    if total <= 0:
        return {**found, "mismatch_share": missing(name, "no voxel lies above a threshold", "%")}
    rest = total - alone
    shares = {"mismatch_share": alone, "mismatch_share_low": low, "mismatch_share_high": high}
    return {
        **found,
        **{
            key: derived(
                name, 100.0 * volume / (rest + volume) if volume else 0.0, "%", method=method, limitation=limitation
            )
            for key, volume in shares.items()
        },
    }
