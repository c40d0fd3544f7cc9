"""Tables of the section on heterogeneity: both tracers by lesion, inside lesions, between lesions, growth."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.lesions import CLASSES
from isletscope.model import Heterogeneity, LesionChange, Measurement, TracerMap, VolumeInterval, WithinLesion
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Table
from isletscope.report.content.heterogeneity_words import heterogeneity_words

MOST_ROWS = 25
_HEADS = {"receptor_only": "SSTR alone", "both": "both", "fdg_only": "FDG alone", "neither": "neither"}
_MISSING = "–"
_SPREAD = ("lowest", "lower_quartile", "median", "upper_quartile", "highest")
_GROWTH = ("ct_size", "mri_size", "sstr_volume", "fdg_volume")
_QUANTITIES = {
    "ct_size": "size on CT",
    "mri_size": "size on MRI",
    "sstr_volume": "SSTR volume",
    "fdg_volume": "FDG volume",
    "sstr_suv_max": "SSTR SUVmax",
    "fdg_suv_max": "FDG SUVmax",
    "adc": "ADC",
}


def shown_maps(found: Heterogeneity) -> list[TracerMap]:
    """The maps that are printed, those with most FDG alone first, then those that could not be made."""

    def order(one: TracerMap) -> tuple[bool, float]:
        alone = one.classes.get("fdg_only")
        return (alone is None, -(alone.volume_ml if alone is not None else 0.0))

    return sorted(found.maps, key=order)[:MOST_ROWS]


def tracer_table(found: Heterogeneity) -> Table | None:
    """Uptake of both tracers and the volumes of the four classes, by lesion; None without any value."""
    profiles = {one.lesion: one for one in found.profiles}
    rows = []
    for one in shown_maps(found):
        profile = profiles[one.lesion]
        rows.append(
            (
                Cell(one.lesion, strong=True),
                Cell(profile.label or "not known"),
                Cell(printed(profile.values.get("sstr_suv_max"))),
                Cell(printed(profile.values.get("fdg_suv_max"))),
                *(_volume_cell(one, name) for name in CLASSES),
            )
        )
    if not any(one.classes for one in found.maps):
        return None
    columns = (
        Column("Lesion", 13),
        Column("Concordance"),
        Column("SSTR SUVmax", 15, "right"),
        Column("FDG SUVmax", 15, "right"),
        *(Column(_HEADS[name], 23, "right", "Volume, mL") for name in CLASSES),
    )
    notes = [heterogeneity_words().notes["interval"]]
    left = len(found.maps) - len(rows)
    if left > 0:
        notes.append(heterogeneity_words().notes["cut"].format(count=left))
    return Table("SSTR and FDG inside each lesion", columns, tuple(rows), tuple(notes))


def _volume_cell(one: TracerMap, name: str) -> Cell:
    found = one.classes.get(name)
    if found is None:
        return Cell(_MISSING)
    if found.high_ml == 0:
        return Cell("0")
    return Cell(fmt.volume(found.volume_ml, pet=True), (interval(found),), strong=name == "fdg_only")


def interval(found: VolumeInterval) -> str:
    """Least to most volume, as printed."""
    return fmt.span(fmt.volume(found.low_ml, pet=True), fmt.volume(found.high_ml, pet=True))


def printed(one: Measurement | None) -> str:
    """A value under the rounding of its unit; a dash where it is missing."""
    if one is None or one.value is None:
        return _MISSING
    if one.unit == "g/mL":
        return fmt.suv(one.value)
    if one.unit == "10-6.mm2/s":
        return fmt.diffusion(one.value)
    if one.unit == "[hnsf'U]":
        return fmt.hounsfield(one.value)
    if one.unit == "mm":
        return fmt.length(one.value)
    return fmt.ratio(one.value)


def within_table(found: Heterogeneity) -> Table | None:
    """Histograms of the lesions that are large enough; None when none is."""
    rows = [row for one in found.within for row in _within_rows(one)]
    if not rows:
        return None
    columns = (
        Column("Lesion", 13),
        Column("Image", 27),
        Column("10th, 50th, 90th percentile", 36, "right"),
        Column("Coefficient of variation", 25, "right"),
        Column("same, uniform lesion", 25, "right"),
        Column("Skewness", 17, "right"),
        Column("Excess kurtosis", 17, "right"),
        Column("AUC-CSH", 17, "right"),
    )
    return Table("Inside lesions", columns, tuple(rows), (heterogeneity_words().notes["exploratory"],))


def _within_rows(one: WithinLesion) -> list[tuple[Cell, ...]]:
    rows = []
    for kind, title in (("sstr", "SSTR SUV"), ("fdg", "FDG SUV"), ("adc", "ADC, 10⁻³ mm²/s")):
        values = {name.removeprefix(f"{kind}_"): value for name, value in one.measurements.items()}
        if f"{kind}_p50" not in one.measurements or values["p50"].value is None:
            continue
        thirds = " / ".join(printed(values[name]) for name in ("p10", "p50", "p90"))
        figures = (_number(values.get(name)) for name in ("cov", "cov_uniform", "skewness", "kurtosis", "auc_csh"))
        rows.append((Cell(one.lesion, strong=True), Cell(title), Cell(thirds), *(Cell(text) for text in figures)))
    return rows


def _number(one: Measurement | None) -> str:
    return _MISSING if one is None or one.value is None else fmt.number(one.value, 2)


def between_table(found: Heterogeneity) -> Table | None:
    """Spread of each property over the lesions; None with fewer than two lesions."""
    if len(found.profiles) < 2:
        return None
    titles = heterogeneity_words().titles
    rows = []
    for name, title in titles.items():
        count = found.between.get(f"{name}_count")
        if count is None or not count.value:
            continue
        least, lower, median, upper, most = (printed(found.between.get(f"{name}_{part}")) for part in _SPREAD)
        rows.append(
            (
                Cell(title),
                Cell(f"{fmt.number(count.value, 0)} of {len(found.profiles)}"),
                Cell(median),
                Cell(fmt.span(lower, upper)),
                Cell(fmt.span(least, most)),
                Cell(_number(found.between.get(f"{name}_cov"))),
            )
        )
    if not rows:
        return None
    columns = (
        Column("Property"),
        Column("Lesions", 24, "right"),
        Column("Median", 22, "right"),
        Column("Quartiles", 32, "right"),
        Column("Range", 32, "right"),
        Column("Coefficient of variation", 34, "right"),
    )
    return Table("Between lesions", columns, tuple(rows), (heterogeneity_words().notes["variation"],))


def growth_table(found: Heterogeneity) -> Table | None:
    """Size and volume of each lesion since the time point before, with its growth rate; None without any."""
    grown = [one for one in found.changes if one.quantity in _GROWTH and one.before and one.after is not None]
    kept = _first_of_each(grown)
    if not kept:
        return None
    rows = tuple(
        (
            Cell(one.lesion, strong=True),
            Cell(_QUANTITIES[one.quantity]),
            Cell(_sized(one.before or 0.0, one.unit)),
            Cell(_sized(one.after or 0.0, one.unit)),
            Cell(_MISSING if one.change_percent is None else f"{fmt.number(one.change_percent, 0, signed=True)} %"),
            Cell(
                _MISSING
                if one.growth_percent_per_month is None
                else f"{fmt.number(one.growth_percent_per_month, 1, signed=True)} %"
            ),
            Cell(one.verdict.replace("_", " ") or "not classed"),
        )
        for one in kept[:MOST_ROWS]
    )
    columns = (
        Column("Lesion", 13),
        Column("Quantity", 28),
        Column("Before", 22, "right"),
        Column("Now", 22, "right"),
        Column("Change", 18, "right"),
        Column("Volume growth per month", 28, "right"),
        Column("Against repeatability"),
    )
    return Table(f"Growth by lesion since {fmt.day(kept[0].since)}", columns, rows)


def _first_of_each(changes: Sequence[LesionChange]) -> list[LesionChange]:
    """One quantity for each lesion, CT before MRI before PET volumes."""
    best: dict[str, tuple[int, LesionChange]] = {}
    for one in changes:
        rank = _GROWTH.index(one.quantity)
        if one.lesion not in best or rank < best[one.lesion][0]:
            best[one.lesion] = (rank, one)
    return [found for _, found in best.values()]


def _sized(value: float, unit: str) -> str:
    return f"{fmt.length(value)} mm" if unit == "mm" else f"{fmt.volume(value, pet=True)} mL"
