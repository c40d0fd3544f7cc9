"""The tables of TNM: sizes, growth into structures, stations of nodes, stage groups."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, Cited, Entry, load_book
from isletscope.criteria.result import above

System = Literal["ajcc8", "ajcc9", "uicc8", "enets", "exocrine", "registry", "exocrine_registry"]
Side = Literal["head", "body_tail"]


class SizeRow(Cited):
    """Tumours up to a size; None has no upper limit."""

    t: str
    upto_mm: float | None
    including: bool

    def holds(self, size_mm: float) -> bool:
        """Whether a size lies in or below this row."""
        if self.upto_mm is None:
            return True
        return not above(size_mm, self.upto_mm) if self.including else above(self.upto_mm, size_mm)


class Structure(Entry):
    """What growth into a structure does to T by each reading; ``example``: not on the printed list of T4."""

    words: str
    net: Literal["size", "T3", "T4"]
    registry: Literal["size", "T3", "T4"]
    exocrine: Literal["size", "T4"]
    uicc: Literal["T4"] | None = None
    example: bool = False

    def effect(self, system: System) -> str:
        """``size`` where T follows size, else T3 or T4."""
        if system in ("exocrine", "exocrine_registry"):
            return self.exocrine
        if system == "registry":
            return self.registry
        return self.uicc if system == "uicc8" and self.uicc else self.net


class Station(Entry):
    """A group of nodes: regional or not for a primary in the head, and in body or tail, by two lists."""

    words: str
    jps: int | None = None
    uicc: tuple[bool, bool]
    registry: tuple[bool, bool]

    def regional(self, side: Side, system: System) -> bool:
        """Whether the nodes are regional for that side of the pancreas."""
        listed = self.registry if system in ("registry", "exocrine_registry") else self.uicc
        return listed[0 if side == "head" else 1]


class Group(Cited):
    """One row of a stage table."""

    t: tuple[str, ...]
    n: tuple[str, ...]
    m: Literal["M0", "M1"]
    stage: str


class TnmBook(Book):
    """The book with its tables."""

    version_9_from: date
    sizes: dict[str, tuple[SizeRow, ...]]
    invasion: dict[str, Structure]
    stations: dict[str, Station]
    groups: dict[str, tuple[Group, ...]] = Field(description="stage tables by edition")

    @model_validator(mode="after")
    def _sizes_rise(self) -> TnmBook:
        for name, rows in self.sizes.items():
            limits = [row.upto_mm for row in rows]
            if limits[-1] is not None or None in limits[:-1] or limits[:-1] != sorted(limits[:-1], key=float_or_zero):
                raise ValueError(f"sizes.{name}: limits rise and the last row has none")
        return self

    def t_of_size(self, size_mm: float, system: System) -> str:
        """T by the largest dimension."""
        table = {"exocrine": "exocrine", "exocrine_registry": "exocrine_registry", "uicc8": "uicc"}.get(system, "net")
        return next(row.t for row in self.sizes[table] if row.holds(size_mm))

    def stage_row(self, t: str, n: str, m: str, system: System) -> Group | None:
        """The row of a stage table; None where the edition gives no stage."""
        table = {"registry": "ajcc8", "exocrine_registry": "exocrine"}.get(system, system)
        plain_t = t[:2] if t.startswith("T1") else t
        rows = (row for row in self.groups[table] if plain_t in row.t and n in row.n and m[:2] == row.m)
        return next(rows, None)

    def station_of_jps(self, number: int) -> str | None:
        """Name of the station with that number of the Japanese scheme; None where it is not listed."""
        return next((name for name, station in self.stations.items() if station.jps == number), None)


def float_or_zero(value: float | None) -> float:
    """For sorting limits."""
    return value or 0.0


BOOK = load_book("tnm", TnmBook)
EDITIONS: dict[str, str] = {
    "ajcc8": "AJCC 8",
    "ajcc9": "AJCC Version 9",
    "uicc8": "UICC 8",
    "enets": "ENETS 2006",
    "exocrine": "AJCC 8 (exocrine pancreas)",
    "registry": "registry coding (SEER)",
    "exocrine_registry": "registry coding (SEER)",
}
