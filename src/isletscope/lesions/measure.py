"""Measurements of one focus, as they enter the case document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isletscope.lesions.outline import Delineation, measure_block
from isletscope.lesions.quantify import RegionStatistics
from isletscope.lesions.uptake_words import PEAK_METHOD, TOTAL_UNIT, tracer_word
from isletscope.model import Code, Measurement, ReferenceRegion, Source, TracerClass, derived, measured, missing
from isletscope.spatial import Volume, axial_axes_mm

SUV_UNIT = "g/mL"
if TYPE_CHECKING:
    from isletscope.anatomy import Thresholds
    from isletscope.lesions.features import FocusRegion

_SUV = Code(value="126401", scheme="DCM", meaning="SUVbw")
_PEAK = Code(value="126031", scheme="DCM", meaning="Peak Value Within ROI")
_VOLUME = Code(value="118565006", scheme="SCT", meaning="Volume")
_TLG = Code(value="126033", scheme="DCM", meaning="Total Lesion Glycolysis")
_TLSRE = Code(value="tlsre", scheme="99ISLET", meaning="Total lesion somatostatin receptor expression")
_LONG = Code(value="103339001", scheme="SCT", meaning="Long Axis")
_SHORT = Code(value="103340004", scheme="SCT", meaning="Short Axis")
_RATIO = Code(value="126039", scheme="DCM", meaning="Lesion to Background SUV Ratio")
REFERENCES = {
    "to_liver": ("liver", "liver"),
    "to_blood_pool": ("blood_pool", "blood pool"),
    "to_spleen": ("spleen", "spleen"),
}


@dataclass(frozen=True)
class Measuring:
    """What all foci of one reading share when they are measured."""

    pet: Volume
    tracer_class: TracerClass
    references: list[ReferenceRegion]
    thresholds: Thresholds
    mask_path: str


def measure_focus(
    shared: Measuring, region: FocusRegion, delineation: Delineation | None, label: int
) -> dict[str, Measurement]:
    """All measurements of a focus.

    ``region`` is what was measured; ``delineation`` the default rule's outline, None for the uptake of a whole organ.
    Where that rule gives no outline, maximum and peak are measured in the rough region and the volume is missing.
    """
    statistics = measure_block(shared.pet, region.mask, region.start_kji)
    word = tracer_word(shared.tracer_class)
    source = Source(mask=f"{shared.mask_path}#{label}")
    found = _uptake(statistics, word, source)
    axes = axial_axes_mm(region.mask)[:2] if region.mask.voxel_count else (0.0, 0.0)
    limitation = _limitation(shared, axes[0], statistics)
    if delineation is not None and not delineation.valid:
        lack = delineation.why_not or "the outline is not valid"
        found |= _without_outline(word, lack, shared.tracer_class)
    else:
        found |= _extent(statistics, axes, word, source, limitation, shared.tracer_class)
    for key in ("suv_max", "suv_peak_global", "suv_peak_local"):
        if limitation and found[key].value is not None:
            found[key] = found[key].model_copy(update={"limitation": limitation})
    return found | _ratios(shared, found["suv_max"])


def _uptake(statistics: RegionStatistics, word: str, source: Source) -> dict[str, Measurement]:
    rows = (
        ("suv_max", "SUVmax", statistics.maximum, "maximum", _SUV, "highest voxel of the outline"),
        ("suv_peak_global", "SUVpeak", statistics.peak_global, "peak_global", _PEAK, PEAK_METHOD),
        (
            "suv_peak_local",
            "local SUVpeak",
            statistics.peak_local,
            "peak_local",
            _PEAK,
            "mean in a sphere of 1 cm³ by voxel centres (IBSI), local: centred on the highest voxel",
        ),
        ("suv_mean", "SUVmean", statistics.mean, "mean", _SUV, "mean over the voxels of the outline"),
    )
    found = {}
    for key, name, value, lack, code, method in rows:
        title = f"{word} {name}"
        if value is None:
            found[key] = missing(title, statistics.missing.get(lack, "not measured"), SUV_UNIT, code=code)
        else:
            found[key] = measured(title, value, SUV_UNIT, code=code, method=method, source=source)
    return found


def _extent(
    statistics: RegionStatistics,
    axes_mm: tuple[float, float],
    word: str,
    source: Source,
    limitation: str | None,
    tracer_class: TracerClass,
) -> dict[str, Measurement]:
    """Volume, total uptake and axes of a valid outline."""
    name, code = _total_name(word, tracer_class)
    found: dict[str, Measurement] = {}
    if statistics.refusal is not None:
        because = statistics.refusal.sentence()
        return _without_outline(word, because, tracer_class)
    found["volume"] = measured(
        f"{word} volume", statistics.volume_ml, "mL", code=_VOLUME, method="voxels of the outline times voxel volume",
        source=source, limitation=limitation,
    )  # fmt: skip
    if statistics.total is None:
        found["total_uptake"] = missing(name, statistics.missing.get("total", "not measured"), TOTAL_UNIT, code=code)
    else:
        found["total_uptake"] = derived(
            name, statistics.total, TOTAL_UNIT, code=code, method="volume times SUVmean", source=source,
            limitation=limitation,
        )  # fmt: skip
    long_mm, short_mm = axes_mm
    text = "longest in an axial plane of the outline"
    found["long_axis"] = measured(
        f"{word} long axis", long_mm, "mm", code=_LONG, method=text, source=source, limitation=limitation
    )
    found["short_axis"] = measured(
        f"{word} short axis", short_mm, "mm", code=_SHORT, method="longest across the long axis, same plane",
        source=source, limitation=limitation,
    )  # fmt: skip
    return found


def _total_name(word: str, tracer_class: TracerClass) -> tuple[str, Code | None]:
    if tracer_class is TracerClass.FDG:
        return "TLG", _TLG
    if tracer_class is TracerClass.SSTR:
        return "TLSRE", _TLSRE
    return f"{word} total uptake", None


def _without_outline(word: str, because: str, tracer_class: TracerClass) -> dict[str, Measurement]:
    name, code = _total_name(word, tracer_class)
    return {
        "suv_mean": missing(f"{word} SUVmean", because, SUV_UNIT, code=_SUV),
        "volume": missing(f"{word} volume", because, "mL", code=_VOLUME),
        "total_uptake": missing(name, because, TOTAL_UNIT, code=code),
        "long_axis": missing(f"{word} long axis", because, "mm", code=_LONG),
        "short_axis": missing(f"{word} short axis", because, "mm", code=_SHORT),
    }


def _limitation(shared: Measuring, long_mm: float, statistics: RegionStatistics) -> str | None:
    """Why to read the figures with care: partial volume in small foci."""
    small_ml = shared.thresholds.number("measure.partial_volume_ml")
    small_mm = shared.thresholds.number("measure.partial_volume_mm")
    if statistics.volume_ml < small_ml:
        return f"partial volume: smaller than {small_ml:g} mL"
    if long_mm < small_mm:
        return f"partial volume: smaller than {small_mm:g} mm"
    return None


def _ratios(shared: Measuring, suv_max: Measurement) -> dict[str, Measurement]:
    regions = {region.name: region for region in shared.references}
    found = {}
    for key, (name, words) in REFERENCES.items():
        title = f"{tracer_word(shared.tracer_class)} ratio to {words}"
        region = regions.get(name)
        if region is None or region.mean is None or region.mean <= 0:
            lack = region.missing_because if region is not None else "not sought"
            found[key] = missing(title, f"reference region {words} is missing: {lack}", code=_RATIO)
        elif suv_max.value is None:
            found[key] = missing(title, suv_max.missing_because or "SUVmax is missing", code=_RATIO)
        else:
            low = f"; reference: {'; '.join(region.checks)}" if region.checks else None
            found[key] = derived(
                title, suv_max.value / region.mean, code=_RATIO, method="SUVmax / SUVmean",
                limitation=low.removeprefix("; ") if low else None,
            )  # fmt: skip
    return found


def other_delineations(others: tuple[Delineation, ...], word: str) -> dict[str, Measurement]:
    """Volumes by the other rules, as a sensitivity range; a rule that does not hold here says why."""
    found = {}
    for outline in others:
        title = f"{word} volume, {outline.rule.replace('_', ' ')}"
        if outline.volume_ml is None:
            found[outline.rule] = missing(title, outline.why_not or "no outline", "mL", method=outline.method)
        else:
            found[outline.rule] = measured(title, outline.volume_ml, "mL", method=outline.method, code=_VOLUME)
    return found
