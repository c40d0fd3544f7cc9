"""Heterogeneity of every time point: inside lesions, between them, over time, and the biopsy target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isletscope.assessment import LesionsAssessed, View, assess_lesions
from isletscope.criteria import REPEATABILITY_BOOK, Quantity
from isletscope.lesions import (
    Features,
    Findings,
    changes_at,
    clusters_of,
    labels_at,
    propose_biopsy,
    spread_of,
)
from isletscope.model import (
    Case,
    ExamKind,
    Heterogeneity,
    Lesion,
    LesionProfile,
    Measurement,
    State,
    TracerMap,
    derived,
    measured,
    missing,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.lesion_pixels import KeptPixels, LesionPixels
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Transform

_KINDS = {"sstr": ExamKind.SSTR_PET, "fdg": ExamKind.FDG_PET}
_HU_ERROR = 10.0
CARRIED = "mean within the outline of the other PET, through the alignment"
"""Method of an uptake where the lesion has no focus of its own."""
_UNKNOWN = "not known on both tracers"


def measure_heterogeneity(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    results: KeptResults | None = None,
) -> list[Heterogeneity]:
    """Heterogeneity of every time point of a case whose lesions are matched and observed.

    ``results``: what was measured of single lesions before. Raises InputError when the clinical file does not follow
    its schema, Refusal when a series' files form no volume.
    """
    assessed = assess_lesions(case)
    pixels = KeptPixels(folder, case, source)
    single = LesionPixels(case, pixels, transforms, results or KeptResults())
    return [_time_point(assessed, at, single) for at in range(len(assessed))]


def _time_point(assessed: Sequence[LesionsAssessed], at: int, single: LesionPixels) -> Heterogeneity:
    view = assessed[at].view
    # A verdict that makes an unsure lesion a tumour then finds its pixels measured.
    for lesion in view.unsure if single.results.ahead else []:
        single.mapped(view, lesion), single.within(view, lesion)
    mapped = {lesion.id: single.mapped(view, lesion) for lesion in view.lesions}
    maps = {name: one.document for name, one in mapped.items()}
    places = {name: one.place for name, one in mapped.items() if one.place is not None}
    profiles = [_profile(assessed[at], lesion, mapped[lesion.id].carried) for lesion in view.lesions]
    names = [lesion.id for lesion in view.lesions]
    features = _features(profiles)
    between = {key: value for one in features for key, value in spread_of(one, names).items()}
    changes = changes_at(assessed, at)
    return Heterogeneity(
        time_point=view.point.name,
        within=[single.within(view, lesion) for lesion in view.lesions],
        maps=list(maps.values()),
        profiles=profiles,
        between={**between, **_mismatch_share(maps)},
        clusters=clusters_of([one for one in features if one.name != "sstr_fdg_ratio"], names),
        changes=changes,
        biopsy=propose_biopsy(Findings(assessed[at], maps, places, changes)),
        limits=_limits(maps),
    )


def _limits(maps: Mapping[str, TracerMap]) -> list[str]:
    """Why lesions have no map, each reason once."""
    lost: dict[str, list[str]] = {}
    for name, one in maps.items():
        if one.because:
            lost.setdefault(one.because, []).append(name)
    return [f"No map of both tracers for {', '.join(names)}: {because}." for because, names in lost.items()]


def _profile(assessed: LesionsAssessed, lesion: Lesion, carried: Mapping[str, float]) -> LesionProfile:
    """What the lesion is compared by: uptake of both tracers and their ratio, ADC, arterial enhancement, size."""
    view = assessed.view
    values: dict[str, Measurement] = {}
    for name, kind in _KINDS.items():
        values[f"{name}_suv_max"] = _uptake(view, lesion, name, kind, carried)
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


def _uptake(view: View, lesion: Lesion, name: str, kind: ExamKind, carried: Mapping[str, float]) -> Measurement:
    """SUVmax of the observation; else the mean within the outline that the other PET drew."""
    title = f"{name.upper()} SUVmax"
    found = view.find(lesion, "suv_max", (kind,))
    if found is not None:
        return found.measurement
    if name not in carried:
        return missing(title, "no outline there, and no outline of the other PET could be laid over it", "g/mL")
    limitation = "no focus of its own: what is measured is what lies there"
    return measured(title, carried[name], "g/mL", method=CARRIED, limitation=limitation)


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
