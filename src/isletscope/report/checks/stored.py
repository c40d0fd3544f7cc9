"""Values that a sentence may print: those it rests on, by printed unit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from isletscope.criteria import DUAL_TRACER_BOOK, find_criterion
from isletscope.model import Conclusion, Finding, Measurement, State
from isletscope.report.checks.material import Material, Placed
from isletscope.report.checks.tokens import Token, tokens
from isletscope.report.references import Named, known_measurements
from isletscope.report.words import words

# UCUM -> printed unit and the factor from the stored to the printed number.
_PRINTED: dict[str, tuple[tuple[str, float], ...]] = {
    "mm": (("mm", 1.0),),
    "mL": (("mL", 1.0),),
    "ml": (("mL", 1.0),),
    "g/mL": (("g/mL", 1.0),),
    "[hnsf'U]": (("HU", 1.0),),
    "deg": (("°", 1.0),),
    "%": (("%", 1.0),),
    "1": (("", 1.0), ("%", 100.0)),
    "g": (("mL·SUV", 1.0),),
    "mL.g/mL": (("mL·SUV", 1.0),),
    "10-6.mm2/s": (("× 10⁻³ mm²/s", 1e-3), ("", 1e-3)),
    "MBq": (("MBq", 1.0),),
    "min": (("min", 1.0),),
    "d": (("days", 1.0),),
    "mo": (("months", 1.0),),
    "a": (("years", 1.0),),
    "kg": (("kg", 1.0),),
    "cm": (("cm", 1.0),),
    "m": (("cm", 100.0),),
    "m2": (("m²", 1.0),),
    "mmol/L": (("mmol/L", 1.0),),
    "%/mo": (("%/month", 1.0),),
    "mm/a": (("mm/y", 1.0),),
    "s/mm2": (("", 1.0),),
}
_BARE = {"g/mL", "times", ""}


@dataclass
class Pool:
    """Printable values by unit; a value without a unit is a ratio or a count."""

    by_unit: dict[str, list[float]] = field(default_factory=dict)

    def add(self, value: float | None, ucum: str | None) -> None:
        """Keep a stored value in every unit in which it may be printed."""
        if value is None:
            return
        for unit, factor in _PRINTED.get(ucum or "1", ((ucum or "", 1.0),)):
            self.by_unit.setdefault(unit, []).append(value * factor)

    def add_text(self, text: str, names: Iterable[str]) -> None:
        """Keep the numbers that a stored text prints, as they are printed there."""
        for token in tokens(text, names):
            self.by_unit.setdefault(token.unit, []).append(token.value)

    def holds(self, token: Token) -> bool:
        """Whether a kept value is printed as this number. SUV and ratios carry no unit in prose."""
        units = _BARE if token.unit in _BARE else {token.unit}
        return any(token.prints(value) for unit in units for value in self.by_unit.get(unit, ()))

    def closest(self, token: Token) -> float | None:
        """The kept value of that unit nearest to the number; None when there is none."""
        units = _BARE if token.unit in _BARE else {token.unit}
        near = [value for unit in units for value in self.by_unit.get(unit, ())]
        return min(near, key=lambda value: abs(value - token.value), default=None)


def pool_of(material: Material, placed: Placed) -> Pool:
    """The values behind a sentence: what it rests on, and everything about the lesions that it names."""
    pool = Pool()
    names = list(material.lesions)
    for named in material.references.behind(placed.sentence.rests_on):
        _add(pool, named, names)
    mentioned = [lesion for lesion in material.lesions.values() if _stands_in(lesion.id, placed.text)]
    for lesion in mentioned:
        for observation in lesion.observations:
            _add_finding(pool, observation)
        for vessel in (one for point in material.case.time_points for one in point.vessels if one.lesion == lesion.id):
            _add_finding(pool, vessel)
    pool.by_unit.setdefault("days", []).extend(exam_intervals(material))
    pool.add(DUAL_TRACER_BOOK.limit("longest_interval_days"), "d")
    pool.add_text(words().nodal_caveat, names)
    for alert in material.assessed.alerts:
        if alert.code == placed.sentence.alert:
            pool.add_text(alert.sentence(), names)
    for item in placed.sentence.items:
        answer = material.assessed.answers.get(item)
        if answer is not None:
            pool.add_text(f"{json.dumps(answer.value)} {answer.because}", names)
            for number in _numbers(answer.value):
                for unit in (answer.unit, "mm", "mL", "%", "deg", "1", "g/mL"):
                    pool.add(number, unit)
            for named in material.references.behind(answer.rests_on):
                _add(pool, named, names)
    return pool


def _stands_in(name: str, text: str) -> bool:
    return any(word.strip(".,;:()[]") == name for word in text.replace("\u00a0", " ").split())


def _add(pool: Pool, named: Named, names: list[str]) -> None:
    if named.conclusion is not None:
        _add_conclusion(pool, named.conclusion, names)
    elif named.answer is not None:
        pool.add_text(f"{json.dumps(named.answer.value)} {named.answer.because}", names)
        for number in _numbers(named.answer.value):
            pool.add(number, named.answer.unit)
    elif named.region is not None:
        for value in (named.region.mean, named.region.standard_deviation, named.region.maximum):
            pool.add(value, "g/mL")
    elif named.measurement is not None:
        _add_measurement(pool, named.measurement)
    elif named.kind == "clinical":
        for number in _numbers(named.entry):
            for unit in ("1", "%", "mm", "kg", "cm", "a", "MBq", "d", "mo", "mmol/L"):
                pool.add(number, unit)
        pool.add_text(json.dumps(named.entry), names)
    elif named.finding is not None:
        _add_finding(pool, named.finding)
    elif named.exam is not None:
        for series in named.exam.series:
            quantification = series.quantification
            if quantification is not None:
                pool.add(quantification.injected_activity_mbq, "MBq")
                pool.add(quantification.uptake_minutes, "min")
                pool.add(quantification.weight_kg, "kg")
            if series.grid is not None:
                for spacing in series.grid.spacing_kji_mm:
                    pool.add(spacing, "mm")
            pool.add(series.b_value_s_mm2, "s/mm2")


def _add_measurement(pool: Pool, measurement: Measurement) -> None:
    if measurement.state is not State.MISSING:
        pool.add(measurement.value, measurement.unit)


def _add_finding(pool: Pool, finding: object) -> None:
    """Every known value of a finding, and the ratios of a lesion to the organ around it."""
    if not isinstance(finding, Finding):
        return
    known = known_measurements(finding)
    for measurement in known.values():
        _add_measurement(pool, measurement)
    for name, measurement in known.items():
        around = known.get("organ_adc" if name == "adc_mean" else f"organ_{name}")
        if around is not None and around.value and measurement.value is not None:
            pool.add(measurement.value / around.value, "1")


def exam_intervals(material: Material) -> list[float]:
    """Days between any two exams of the case."""
    days = [date.fromisoformat(exam.date[:10]) for exam in material.case.exams if exam.date]
    return [float((second - first).days) for first in days for second in days if second >= first]


def _add_conclusion(pool: Pool, conclusion: Conclusion, names: list[str]) -> None:
    for item in conclusion.evidence:
        pool.add(item.value, item.unit)
        pool.add_text(item.text, names)
    texts = [
        conclusion.value or "",
        conclusion.because,
        *conclusion.possible,
        *conclusion.missing,
        *conclusion.parts.values(),
        *(branch.text for branch in conclusion.branches),
        *(flag.text for flag in conclusion.flags),
        *(f"{other.value} {other.because}" for other in conclusion.alternatives),
    ]
    pool.add_text(" ; ".join(texts), names)
    for value in conclusion.parts.values():
        for number in _numbers(value):
            for unit in ("1", "%", "mm", "mL", "%/mo", "mm/a", "d", "mo", "deg", "g"):
                pool.add(number, unit)
    for threshold in find_criterion(conclusion.name).book.thresholds.values():
        pool.add(threshold.value, threshold.unit)
    for lesion in conclusion.lesions:
        _add_conclusion(pool, lesion, names)


def _numbers(value: object) -> list[float]:
    """Every number in a JSON value; a text counts when it is a number."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [float(value)]
    if isinstance(value, str):
        try:
            return [float(value.replace("−", "-"))]
        except ValueError:
            return []
    if isinstance(value, dict):
        return [number for part in value.values() for number in _numbers(part)]
    if isinstance(value, list | tuple):
        return [number for part in value for number in _numbers(part)]
    return []
