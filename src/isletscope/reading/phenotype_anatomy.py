"""Cells of the phenotype table from CT and MR: levels by phase and weighting, ratios, words, ADC, conspicuity."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from isletscope.lesions import Levels, enhancement, inside, level_word_hu, level_word_signal
from isletscope.model import Code, Lesion, Measurement, Series, Source, derived, measured, missing
from isletscope.reading.image_columns import diffusion_of
from isletscope.reading.outlines import ORGAN_OF
from isletscope.reading.phenotype_images import ImageMeasures, Reading
from isletscope.reading.places import Look

HU = "[hnsf'U]"
ADC_UNIT = "10-6.mm2/s"
_PHASES = ("unenhanced", "late_arterial", "portal_venous", "delayed")
_PHASE_WORD = {
    "late_arterial": "enhancement_arterial",
    "portal_venous": "enhancement_portal_venous",
    "delayed": "enhancement_delayed",
}
# Column of MR -> ratio to the organ (empty: none), coded word.
_MR = {
    "mr_t1": ("t1_ratio", "t1"),
    "mr_t2": ("t2_ratio", "t2"),
    "mr_late_arterial": ("arterial_ratio", "enhancement_arterial"),
    "mr_portal_venous": ("portal_venous_ratio", "enhancement_portal_venous"),
    "mr_delayed": ("", "enhancement_delayed"),
    "mr_hepatobiliary": ("hepatobiliary_ratio", "hepatobiliary"),
}
_NAMES = {
    "ct_unenhanced": "unenhanced CT",
    "ct_late_arterial": "late arterial CT",
    "ct_portal_venous": "portal venous CT",
    "ct_delayed": "delayed CT",
    "mr_t1": "T1",
    "mr_t2": "T2",
    "mr_dwi": "DWI",
    "mr_adc": "ADC",
    "mr_late_arterial": "late arterial MR",
    "mr_portal_venous": "portal venous MR",
    "mr_delayed": "delayed MR",
    "mr_hepatobiliary": "hepatobiliary MR",
}
_ADC = Code(value="113041", scheme="DCM", meaning="Apparent Diffusion Coefficient")


@dataclass
class Row:
    """One row in the making."""

    lesion: Lesion
    images: ImageMeasures
    cells: dict[str, Measurement] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def lack(self, key: str, name: str, because: str, unit: str = "1") -> None:
        """A cell without a value."""
        self.cells[key] = missing(name, because, unit)

    def put(self, key: str, name: str, value: float, unit: str, reading: Reading, *, ratio: bool = False) -> None:
        """A cell with a value, how it was taken and from where."""
        make = derived if ratio else measured
        limits = reading.region.limitation if reading.region is not None else None
        source = Source(series_uid=reading.series.series_uid) if reading.series is not None else None
        code = _ADC if unit == ADC_UNIT else None
        self.cells[key] = make(name, value, unit, method=reading.method, limitation=limits, source=source, code=code)

    def conspicuity(self, column: str, reading: Reading) -> None:
        """Contrast to noise on one series."""
        name = f"contrast to noise, {_NAMES[column]}"
        found = reading.found.contrast_to_noise if reading.found is not None else None
        if found is None:
            why = reading.why_not or "too little of what lies around it is known"
            self.lack(f"conspicuity_{column}", name, why)
            return
        beside = "the organ around" if reading.found is not None and reading.found.in_organ else "a shell around"
        self.cells[f"conspicuity_{column}"] = derived(
            name, found, method=f"difference to {beside}, by its spread", limitation=_limit(reading)
        )


def _limit(reading: Reading) -> str | None:
    return reading.region.limitation if reading.region is not None else None


def ct_cells(row: Row, looks: list[Look], columns: dict[str, list[Series]], lack: str) -> dict[str, str]:
    """CT numbers by phase of lesion and organ, wash-in and wash-out; returns the coded words."""
    readings: dict[str, Reading] = {}
    features: dict[str, str] = {}
    for phase in _PHASES:
        column = f"ct_{phase}"
        reading = _read(row, looks, columns, column, lack)
        readings[phase] = reading
        row.conspicuity(column, reading)
        _ct_phase(row, phase, reading)
        word = level_word_hu(reading.found) if reading.found is not None else None
        if word and phase in _PHASE_WORD:
            features[_PHASE_WORD[phase]] = word
            row.labels[f"ct_{_PHASE_WORD[phase]}"] = word
    _wash(row, {phase: one for phase, one in readings.items() if one.found is not None}, lack)
    features |= _nature(row, readings)
    return features


def _read(row: Row, looks: list[Look], columns: dict[str, list[Series]], column: str, lack: str) -> Reading:
    series = columns.get(column, [])
    if lack or not series:
        return Reading(None, why_not=lack or f"no such series: {_NAMES[column]}")
    return row.images.on(row.lesion, looks, series)


def _ct_phase(row: Row, phase: str, reading: Reading) -> None:
    word = phase.replace("_", " ")
    name, organ_name = f"CT number, {word}", f"CT number of the organ around, {word}"
    if reading.found is None:
        row.lack(f"hu_{phase}", name, reading.why_not, HU)
        row.lack(f"organ_hu_{phase}", organ_name, reading.why_not, HU)
        return
    row.put(f"hu_{phase}", name, reading.found.mean, HU, reading)
    _organ(row, f"organ_hu_{phase}", organ_name, HU, reading, reading.found)


def _organ(row: Row, key: str, name: str, unit: str, reading: Reading, found: Levels) -> None:
    """The level of the organ around; missing where no organ is known."""
    if found.in_organ and found.around is not None:
        row.cells[key] = measured(
            name, found.around, unit, method="median of the organ within 20 mm, clear of all foci", limitation=None,
            source=Source(series_uid=reading.series.series_uid) if reading.series else None,
        )  # fmt: skip
        return
    row.lack(key, name, _no_organ(row), unit)


def _no_organ(row: Row) -> str:
    organ = ORGAN_OF.get(row.lesion.compartment)
    return f"the {organ} around it is not outlined" if organ else "it lies in no organ of comparison"


def _wash(row: Row, known: dict[str, Reading], lack: str) -> None:
    names = {"wash_in": "wash-in", "wash_out": "wash-out"}
    found = enhancement({phase: one.found.mean for phase, one in known.items() if one.found is not None})
    limits = "; ".join(dict.fromkeys(limit for one in known.values() if (limit := _limit(one)))) or None
    if found.wash_in_hu is None:
        row.lack("wash_in", names["wash_in"], lack or found.why_no_wash_in, HU)
    else:
        method = f"{found.wash_in_phase.replace('_', ' ')} minus unenhanced"
        row.cells["wash_in"] = derived(names["wash_in"], found.wash_in_hu, HU, method=method, limitation=limits)
    if found.wash_out_percent is None:
        row.lack("wash_out", names["wash_out"], lack or found.why_no_wash_out, "%")
    else:
        method = f"share of the late arterial gain that is gone in the {found.wash_out_phase.replace('_', ' ')} phase"
        row.cells["wash_out"] = derived(
            names["wash_out"], found.wash_out_percent, "%", method=method, limitation=limits
        )


def _nature(row: Row, readings: dict[str, Reading]) -> dict[str, str]:
    """What the lesion is built of, on the last enhanced phase within its own outline."""
    enhanced = next((readings[p] for p in ("portal_venous", "delayed", "late_arterial") if _own(readings[p])), None)
    if enhanced is None or enhanced.region is None or enhanced.values is None or enhanced.found is None:
        return {}
    plain = readings["unenhanced"]
    same = _own(plain) and plain.values is not None and plain.region is not None
    before = plain.values if same and plain.region is not None and plain.region.box == enhanced.region.box else None
    found = inside(before, np.asarray(enhanced.values), enhanced.region, enhanced.found.noise or 0.0)
    if found is None:
        return {}
    row.cells["necrotic_share"] = derived(
        "share without enhancement", found.necrotic_share, method="voxels that gain less than 10 HU", limitation=None
    )
    row.labels |= {"nature": found.nature, "enhancement_pattern": found.pattern}
    return {"nature": found.nature, "enhancement_pattern": found.pattern}


def _own(reading: Reading) -> bool:
    return reading.region is not None and reading.found is not None and not reading.region.carried


def mr_cells(row: Row, looks: list[Look], columns: dict[str, list[Series]], lack: str) -> dict[str, str]:
    """Signals as ratios to the organ around and to muscle or spleen, DWI, ADC; returns the coded words."""
    features: dict[str, str] = {}
    beside_spleen: list[str] = []
    for column, (ratio, word) in _MR.items():
        reading = _read(row, looks, columns, column, lack)
        row.conspicuity(column, reading)
        _signal(row, column, ratio, word, reading, features)
        if reading.found is not None and reading.series is not None:
            spleen = row.images.organ_level(reading.series, "spleen")
            if spleen:
                beside_spleen.append(_against(reading.found, spleen))
        if column in ("mr_t1", "mr_t2"):
            _normalised(row, column, reading)
    _dwi(row, looks, columns, lack, features)
    _diffusion(row, looks, columns, lack)
    if len(beside_spleen) >= 3:
        features["like_spleen"] = "yes" if set(beside_spleen) == {"equal"} else "no"
    return features


def _against(found: Levels, spleen: float) -> str:
    return level_word_signal(Levels(found.mean, found.spread, found.voxels, spleen, found.noise, True)) or "equal"


def _signal(row: Row, column: str, ratio: str, word: str, reading: Reading, features: dict[str, str]) -> None:
    """Ratio to the organ around, and the coded word."""
    found = reading.found
    name = f"{_NAMES[column]} signal to the organ around"
    if found is None:
        why = reading.why_not
    elif not found.in_organ or found.ratio is None:
        why = _no_organ(row)
    else:
        if ratio:
            row.put(ratio, name, found.ratio, "1", reading, ratio=True)
        said = level_word_signal(found)
        if said:
            features[word] = said
            row.labels[column] = said
        return
    if ratio:
        row.lack(ratio, name, why)


def _normalised(row: Row, column: str, reading: Reading) -> None:
    """Signal to that of muscle, else of the spleen."""
    key = f"{column.removeprefix('mr_')}_normalised"
    name = f"{_NAMES[column]} signal to muscle or spleen"
    if reading.found is None or reading.series is None:
        row.lack(key, name, reading.why_not)
        return
    reference = row.images.reference(reading.series)
    if reference is None:
        row.lack(key, name, "neither muscle nor spleen is outlined on this MRI")
        return
    organ, level = reference
    row.cells[key] = derived(
        f"{_NAMES[column]} signal to {organ}", reading.found.mean / level, limitation=_limit(reading),
        method=f"{reading.method}, by the median of the {organ}",
    )  # fmt: skip


def _dwi(row: Row, looks: list[Look], columns: dict[str, list[Series]], lack: str, features: dict[str, str]) -> None:
    """The highest b-value against the organ around."""
    by_b = diffusion_of(columns.get("mr_dwi", []))
    highest = max(by_b, default=0.0)
    if lack or not by_b or highest < 100.0:
        why = lack or ("no such series: DWI" if not by_b else f"no b-value above {highest:g} s/mm²")
        reading = Reading(None, why_not=why)
    else:
        reading = row.images.on(row.lesion, looks, [by_b[highest]])
        row.cells["highest_b_value"] = measured("highest b-value", highest, "s/mm2", method="from the header")
    row.conspicuity("mr_dwi", reading)
    _signal(row, "mr_dwi", "dwi_ratio", "dwi", reading, features)


def _diffusion(row: Row, looks: list[Look], columns: dict[str, list[Series]], lack: str) -> None:
    """ADC: mean and lowest tenth of the lesion, of the organ around and of the spleen."""
    cells = {
        "adc_mean": "ADC, mean",
        "adc_lowest_tenth": "ADC, lowest tenth",
        "organ_adc": "ADC of the organ around",
        "spleen_adc": "ADC of the spleen",
    }
    if lack:
        reading = Reading(None, why_not=lack)
    else:
        reading = row.images.adc(row.lesion, looks, columns.get("mr_adc", []), columns.get("mr_dwi", []))
    row.conspicuity("mr_adc", reading)
    if reading.found is None or reading.values is None or reading.region is None:
        for key, name in cells.items():
            row.lack(key, name, reading.why_not, ADC_UNIT)
        return
    inside_values = np.asarray(reading.values[reading.region.outline], dtype=np.float64)
    row.put("adc_mean", cells["adc_mean"], reading.found.mean, ADC_UNIT, reading)
    lowest = float(np.nanpercentile(inside_values, 10.0))
    row.put("adc_lowest_tenth", cells["adc_lowest_tenth"], lowest, ADC_UNIT, reading)
    _organ(row, "organ_adc", cells["organ_adc"], ADC_UNIT, reading, reading.found)
    spleen = row.images.organ_level(reading.series, "spleen") if reading.series and columns.get("mr_adc") else None
    if spleen is None:
        row.lack("spleen_adc", cells["spleen_adc"], "the spleen is not outlined on an ADC map", ADC_UNIT)
    else:
        row.cells["spleen_adc"] = measured(cells["spleen_adc"], spleen, ADC_UNIT, method="median away from its edge")
