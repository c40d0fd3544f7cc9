"""Cells of the phenotype table from PET: SUVs within the lesion's own focus, else at its carried place."""

from __future__ import annotations

from isletscope.lesions import Region, RegionStatistics, levels, measure_region
from isletscope.model import (
    Exam,
    ExamKind,
    Observation,
    ReadingOfPet,
    Series,
    Source,
    Visibility,
    derived,
    measured,
)
from isletscope.reading.phenotype_anatomy import Row
from isletscope.reading.places import Look, series_of
from isletscope.spatial import Mask, Volume, cropped_volume

PET_PREFIX = {
    ExamKind.SSTR_PET: "sstr",
    ExamKind.FDG_PET: "fdg",
    ExamKind.EXENDIN_PET: "exendin",
    ExamKind.FDOPA_PET: "fdopa",
}
_TRACER = {"sstr": "SSTR", "fdg": "FDG", "exendin": "Exendin", "fdopa": "DOPA"}
_SUV = {"suv_max": "SUVmax", "suv_peak": "SUVpeak", "suv_mean": "SUVmean"}
_RATIOS = {"to_liver": "liver", "to_spleen": "spleen", "to_blood_pool": "blood_pool"}
_EXTENT = {"volume": ("volume", "mL"), "total_uptake": ("total uptake", "g")}
ALWAYS = (ExamKind.SSTR_PET, ExamKind.FDG_PET)
CARRIED = "not seen: SUV at its carried place"


def pet_cells(row: Row, exam: Exam | None, kind: ExamKind, looks: list[Look]) -> None:
    """SUVs and ratios of one tracer. A tracer other than SSTR and FDG has cells only where that PET was done."""
    prefix = PET_PREFIX[kind]
    if exam is None:
        if kind in ALWAYS:
            _lack(row, prefix, f"no {_TRACER[prefix]} PET at this time point")
        return
    one = row.lesion.observation(exam.key, kind)
    if one is not None and one.visibility is Visibility.SEEN:
        _own(row, prefix, one)
        _conspicuity(row, prefix, exam, kind, [look for look in looks if look.kind is kind])
        row.labels[prefix] = "seen"
        return
    if one is None or one.visibility in (Visibility.NOT_COVERED, Visibility.NOT_ASSESSABLE):
        why = one.because if one is not None else "nobody looked whether this PET shows it"
        _lack(row, prefix, why)
        row.labels[prefix] = one.visibility.value if one is not None else "not looked at"
        return
    row.labels[prefix] = "not seen"
    _carried(row, prefix, exam, kind, looks)


def _lack(row: Row, prefix: str, because: str) -> None:
    word = _TRACER[prefix]
    for key, name in _SUV.items():
        row.lack(f"{prefix}_{key}", f"{word} {name}", because, "g/mL")
    for key, region in _RATIOS.items():
        row.lack(f"{prefix}_{key}", f"{word} ratio to {region.replace('_', ' ')}", because)
    for key, (name, unit) in _EXTENT.items():
        row.lack(f"{prefix}_{key}", f"{word} {name}", because, unit)
    row.lack(f"conspicuity_{prefix}", f"contrast to noise, {word} PET", because)


def _own(row: Row, prefix: str, one: Observation) -> None:
    """What its focus was measured as."""
    _lack(row, prefix, "the focus has no such measurement")
    for key in (*_SUV, *_RATIOS, *_EXTENT):
        found = one.measurements.get(key)
        if found is not None:
            row.cells[f"{prefix}_{key}"] = found


def _conspicuity(row: Row, prefix: str, exam: Exam, kind: ExamKind, own: list[Look]) -> None:
    series = [one for one in series_of(exam, kind) if own and one.key == own[0].grid_key]
    reading = row.images.on(row.lesion, own, series)
    if reading.found is not None and reading.found.contrast_to_noise is not None:
        beside = "the organ around" if reading.found.in_organ else "a shell around"
        row.cells[f"conspicuity_{prefix}"] = derived(
            f"contrast to noise, {_TRACER[prefix]} PET", reading.found.contrast_to_noise,
            method=f"difference to {beside}, by its spread",
        )  # fmt: skip


def _carried(row: Row, prefix: str, exam: Exam, kind: ExamKind, looks: list[Look]) -> None:
    """SUVs within the carried outline of a lesion that shows no focus on this PET."""
    images = row.images
    read = {one.series_key: one for one in images.places.case.readings}
    why = ""
    for series in series_of(exam, kind):
        if series.key not in read:
            continue
        region = images.region(row.lesion, looks, series)
        volume = images.volume(series.key)
        if isinstance(region, Region) and isinstance(volume, Volume):
            _put_carried(row, prefix, series, region, volume, read[series.key])
            return
        why = why or (region if isinstance(region, str) else str(volume))
    _lack(row, prefix, f"not seen; {why}" if why else "not seen, and its place was not measured")


def _put_carried(row: Row, prefix: str, series: Series, region: Region, volume: Volume, reading: ReadingOfPet) -> None:
    part = cropped_volume(volume, region.box)
    statistics = measure_region(part, Mask(region.lesion, part.geometry, part.frame_of_reference_uid, row.lesion.id))
    _lack(row, prefix, "not seen on this PET")
    word = _TRACER[prefix]
    values = _values(statistics)
    source = Source(series_uid=series.series_uid)
    limit = "; ".join(filter(None, (CARRIED, region.limitation)))
    for key, name in _SUV.items():
        value = values[key]
        if value is None:
            row.lack(f"{prefix}_{key}", f"{word} {name}", "not seen; not measured at its place", "g/mL")
        else:
            row.cells[f"{prefix}_{key}"] = measured(
                f"{word} {name}", value, "g/mL", method=region.method, limitation=limit, source=source
            )
    highest = values["suv_max"]
    for key, name in _RATIOS.items():
        mean = next((one.mean for one in reading.references if one.name == name and one.mean), None)
        if mean and highest is not None:
            row.cells[f"{prefix}_{key}"] = derived(
                f"{word} ratio to {name.replace('_', ' ')}", highest / mean, method="SUVmax / SUVmean", limitation=limit
            )
    found = levels(part.array, region)
    if found is not None and found.contrast_to_noise is not None:
        row.cells[f"conspicuity_{prefix}"] = derived(
            f"contrast to noise, {word} PET", found.contrast_to_noise, method="at its carried place", limitation=limit
        )


def _values(statistics: RegionStatistics) -> dict[str, float | None]:
    return {"suv_max": statistics.maximum, "suv_peak": statistics.peak_global, "suv_mean": statistics.mean}
