"""How a lesion changes from exam to exam, as a scenario tells it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from isletscope.phantom.yaml_node import Node

_FACTORS = {
    "diameter_factor": (0.2, 4.0),
    "diameter_mm": (3.0, 150.0),
    "uptake_factor": (0.0, 20.0),
    "enhancement_factor": (0.0, 5.0),
    "adc": (0.0, 4000.0),
    "adc_factor": (0.2, 4.0),
    "necrosis": (0.0, 0.95),
}


@dataclass(frozen=True)
class Change:
    """A lesion's state against its first one. None: unchanged.

    ``uptake_factor``: one factor for all tracer classes, or by class. ``enhancement_factor`` multiplies the rise over
    the unenhanced CT number (and the gadolinium uptake). ``necrosis``: volume share of a dead core.
    """

    diameter_factor: float | None = None
    diameter_mm: float | None = None
    uptake_factor: Mapping[str, float] | None = None
    enhancement_factor: float | None = None
    adc: float | None = None
    adc_factor: float | None = None
    necrosis: float | None = None
    absent: bool | None = None
    line: int = 0


@dataclass(frozen=True)
class Moment:
    """When something happens: an exam's name, a time point's name or a date; ``line`` in the file."""

    when: str | dt.date
    line: int = 0


@dataclass(frozen=True)
class Course:
    """Everything that happens to a lesion. Changes and events at a time point or date last from then on."""

    changes: tuple[tuple[Moment, Change], ...] = ()
    appears: Moment | None = None
    vanishes: Moment | None = None
    merges: tuple[str, Moment] | None = None
    splits: tuple[int, Moment] | None = None
    lines: Mapping[str, int] = field(default_factory=dict)


def read_course(entries: Mapping[str, Node]) -> Course:
    """Check the keys of a course. Raises InputError naming file and line."""
    merges = splits = None
    if "merges_into" in entries:
        given = entries["merges_into"].mapping(("id", "at"))
        merges = (given["id"].text(), _moment(given["at"]))
    if "splits_into" in entries:
        given = entries["splits_into"].mapping(("number", "at"))
        splits = (int(given["number"].number(2, 6)), _moment(given["at"]))
    return Course(
        changes=_changes(entries["changes"]) if "changes" in entries else (),
        appears=_moment(entries["appears"]) if "appears" in entries else None,
        vanishes=_moment(entries["vanishes"]) if "vanishes" in entries else None,
        merges=merges,
        splits=splits,
    )


def _moment(node: Node) -> Moment:
    value = node.value()
    return Moment(value if isinstance(value, dt.date) else node.text(), node.line)


def _changes(node: Node) -> tuple[tuple[Moment, Change], ...]:
    made = []
    for key, item in node.pairs():
        when = _date_or_name(key)
        made.append((Moment(when, item.line), _change(item)))
    return tuple(made)


def _date_or_name(key: str) -> str | dt.date:
    try:
        return dt.date.fromisoformat(key)
    except ValueError:
        return key


def _change(node: Node) -> Change:
    entries = node.mapping((), (*_FACTORS, "absent"))
    if "diameter_factor" in entries and "diameter_mm" in entries:
        raise node.refuse("a change needs either diameter_factor or diameter_mm", found="both")
    if "adc" in entries and "adc_factor" in entries:
        raise node.refuse("a change needs either adc or adc_factor", found="both")
    figures = {
        key: item.number(*_FACTORS[key]) for key, item in entries.items() if key not in ("absent", "uptake_factor")
    }
    return Change(
        uptake_factor=_uptake_factor(entries["uptake_factor"]) if "uptake_factor" in entries else None,
        absent=entries["absent"].flag() if "absent" in entries else None,
        line=node.line,
        **figures,
    )


def _uptake_factor(node: Node) -> dict[str, float]:
    classes = ("sstr", "fdg", "exendin")
    if not node.is_mapping:
        return dict.fromkeys(classes, node.number(*_FACTORS["uptake_factor"]))
    return {key: item.number(*_FACTORS["uptake_factor"]) for key, item in node.mapping((), classes).items()}
