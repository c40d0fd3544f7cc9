"""Lesions of a scenario: which tumours and mimics there are, where, how large, of what nature, and how they change.

One rule is one lesion, or several of a kind (``count``, size law, pattern in the liver, burden to reach).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isletscope.phantom.appearance import CT_PHASES, MR_PHASES, TRACER_CLASSES
from isletscope.phantom.scenario_course import Course, read_course
from isletscope.phantom.scenario_place import Place, read_place
from isletscope.phantom.tumour_appearance import MR_FIGURES, Level, Levels, mimic_kinds, natures
from isletscope.phantom.yaml_node import Node, Range

SITES = ("pancreas", "liver", "node", "bone", "lung", "peritoneum", "other")
SHAPES = ("round", "ellipsoid", "lobulated")
CALCIFIED = ("rim", "flecks")
LAWS = ("lognormal", "power")
_DIAMETERS_MM = (4, 120)
_WALL_MM = 3.0


@dataclass(frozen=True)
class SizeLaw:
    """How diameters (mm) of many lesions are spread between ``limits``.

    ``lognormal``: ``median`` and standard deviation ``sigma`` of the logarithm; ``power``: density falls as diameter
    to the power of minus ``exponent``.
    """

    law: str
    limits: Range
    median: float = 0.0
    sigma: float = 0.0
    exponent: float = 0.0


@dataclass(frozen=True)
class Half:
    """The other half of a mixed tumour: volume ``share``, the side it lies on, and what differs in it."""

    share: float = 0.5
    towards: str | None = None
    nature: str | None = None
    levels: Levels = field(default_factory=dict)


@dataclass(frozen=True)
class ThrombusRule:
    """Growth into a vein, ``length_mm`` along it; ``towards`` a vessel (None: the way blood flows)."""

    vein: str
    length_mm: float
    towards: str | None = None
    line: int = 0


@dataclass(frozen=True)
class LesionRule:
    """One or more lesions to make; ranges are drawn per lesion. ``line`` is where the rule stands in the file.

    ``mimic``: kind of benign look-alike, empty for tumour. ``levels``: figures of appearance given by the scenario.
    ``hu_offset``: CT number before contrast over that of the host, None: by nature. ``burden_percent``: share of the
    liver that this rule's tumours together should fill. ``spares``: tubes painted over the tumour (None: all near it).
    """

    site: str
    place: Place
    diameter_mm: Range
    size_law: SizeLaw | None = None
    levels: Levels = field(default_factory=dict)
    id: str | None = None
    nature: str | None = None
    mimic: str = ""
    count: tuple[int, int] | None = None
    shape: str = "round"
    hu_offset: float | None = None
    margin_mm: float = 8.0
    burden_percent: float | None = None
    confluent: bool = False
    necrotic_core: float = 0.0
    cystic_wall_mm: float | None = None
    calcified: str | None = None
    half: Half | None = None
    thrombus: ThrombusRule | None = None
    spares: tuple[str, ...] | None = None
    course: Course = field(default_factory=Course)
    line: int = 0


_APPEARANCE_KEYS = ("nature", "uptake", "enhancement", "adc", "mr", "hu_offset")
_SHAPE_KEYS = ("shape", "necrotic_core", "cystic", "calcified", "halves", "thrombus", "spares")
_COURSE_KEYS = ("changes", "appears", "vanishes", "merges_into", "splits_into")
_OPTIONAL = (
    "id", "count", "margin_mm", "burden_percent", "confluent", *_APPEARANCE_KEYS, *_SHAPE_KEYS, *_COURSE_KEYS
)  # fmt: skip


def read_lesion(node: Node) -> LesionRule:
    """Check one entry of 'lesions'. Raises InputError naming file and line."""
    entries = node.mapping(("site", "place", "diameter_mm"), _OPTIONAL)
    return _rule(node, entries, entries["site"].choice(SITES), "")


def read_mimic(node: Node) -> LesionRule:
    """Check one entry of 'mimics'. Raises InputError naming file and line."""
    kinds = mimic_kinds()
    entries = node.mapping(("kind", "place", "diameter_mm"), _OPTIONAL)
    kind = entries["kind"].choice(tuple(kinds))
    return _rule(node, entries, kinds[kind]["site"], kind)


def _rule(node: Node, entries: dict[str, Node], site: str, mimic: str) -> LesionRule:
    law = _size_law(entries["diameter_mm"])
    count = entries["count"].range(0, 250) if "count" in entries else None
    if count and count[1] > 1 and "id" in entries:
        raise entries["id"].refuse("'id' names one lesion, but the rule makes several", found=f"count {count[1]:g}")
    if "burden_percent" in entries and site != "liver":
        raise entries["burden_percent"].refuse("'burden_percent' is for lesions of the liver", found=f"site {site}")
    return LesionRule(
        site=site,
        place=read_place(entries["place"], site),
        diameter_mm=law.limits if law else entries["diameter_mm"].range(*_DIAMETERS_MM),
        size_law=law,
        levels=_levels(entries),
        id=entries["id"].text() if "id" in entries else None,
        nature=entries["nature"].choice(tuple(natures())) if "nature" in entries else (mimic or None),
        mimic=mimic,
        count=(int(count[0]), int(count[1])) if count else None,
        shape=entries["shape"].choice(SHAPES) if "shape" in entries else "round",
        hu_offset=entries["hu_offset"].number(-200, 1200) if "hu_offset" in entries else None,
        margin_mm=entries["margin_mm"].number(0, 60) if "margin_mm" in entries else 8.0,
        burden_percent=entries["burden_percent"].number(0.5, 90) if "burden_percent" in entries else None,
        confluent=entries["confluent"].flag() if "confluent" in entries else False,
        course=read_course({key: entries[key] for key in _COURSE_KEYS if key in entries}),
        line=node.line,
        **_shape(entries),
    )


def _size_law(node: Node) -> SizeLaw | None:
    """A law of sizes when ``diameter_mm`` is a mapping, else None."""
    if not node.is_mapping:
        return None
    entries = node.mapping(("law", "limits"), ("median", "sigma", "exponent"))
    law, limits = entries["law"].choice(LAWS), entries["limits"].range(*_DIAMETERS_MM)
    needed = ("median", "sigma") if law == "lognormal" else ("exponent",)
    missing = [name for name in needed if name not in entries]
    if missing:
        raise node.refuse(f"the size law '{law}' lacks {', '.join(missing)}", expected=", ".join(needed))
    return SizeLaw(
        law,
        limits,
        median=entries["median"].number(*_DIAMETERS_MM) if "median" in entries else 0.0,
        sigma=entries["sigma"].number(0.01, 2.0) if "sigma" in entries else 0.0,
        exponent=entries["exponent"].number(0.0, 6.0) if "exponent" in entries else 0.0,
    )


def _shape(entries: dict[str, Node]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "necrotic_core" in entries:
        made["necrotic_core"] = entries["necrotic_core"].number(0, 0.9)
    if "cystic" in entries:
        made["cystic_wall_mm"] = _wall(entries["cystic"])
    if "calcified" in entries:
        made["calcified"] = entries["calcified"].choice(CALCIFIED)
    if "halves" in entries:
        made["half"] = _half(entries["halves"])
    if "thrombus" in entries:
        given = entries["thrombus"].mapping(("vein", "length_mm"), ("towards",))
        towards = given["towards"].text() if "towards" in given else None
        made["thrombus"] = ThrombusRule(
            given["vein"].text(), given["length_mm"].number(2, 200), towards, entries["thrombus"].line
        )
    if "spares" in entries:
        made["spares"] = tuple(item.text() for item in entries["spares"].items())
    return made


def _wall(node: Node) -> float | None:
    if not node.is_mapping:
        return _WALL_MM if node.flag() else None
    return node.mapping(("wall_mm",))["wall_mm"].number(0.5, 20)


def _half(node: Node) -> Half:
    entries = node.mapping((), ("share", "towards", *_APPEARANCE_KEYS[:-1]))
    return Half(
        share=entries["share"].number(0.05, 0.95) if "share" in entries else 0.5,
        towards=entries["towards"].choice(DIRECTIONS) if "towards" in entries else None,
        nature=entries["nature"].choice(tuple(natures())) if "nature" in entries else None,
        levels=_levels(entries),
    )


DIRECTIONS = ("left", "right", "anterior", "posterior", "superior", "inferior")


def _levels(entries: Mapping[str, Node]) -> dict[str, dict[str, Level]]:
    """Figures of appearance that a rule gives itself."""
    levels: dict[str, dict[str, Level]] = {}
    if "uptake" in entries:
        given = entries["uptake"].mapping((), TRACER_CLASSES).items()
        levels["uptake"] = {key: _uptake(item) for key, item in given}
    if "enhancement" in entries:
        levels["hu"] = {
            key: _level(item, -1000, 3000, rise=True)
            for key, item in entries["enhancement"].mapping((), CT_PHASES).items()
        }
    figures = {}
    if "mr" in entries:
        given_mr = entries["mr"].mapping((), (*MR_FIGURES, "gadolinium"))
        if "gadolinium" in given_mr:
            levels["gadolinium"] = {
                key: _level(item, 0, 40) for key, item in given_mr["gadolinium"].mapping((), MR_PHASES).items()
            }
        figures = {key: _level(item, 0, 6000) for key, item in given_mr.items() if key != "gadolinium"}
    if "adc" in entries:
        figures["adc"] = _level(entries["adc"], 0, 4000)
    if figures:
        levels["mr"] = figures
    return levels


def _uptake(node: Node) -> Level:
    given = node.mapping((), ("suv", "times_background"))
    if len(given) != 1:
        raise node.refuse(f"{node.what} needs either suv or times_background", found=", ".join(given) or "neither")
    if "suv" in given:
        return Level(*given["suv"].range(0, 400))
    return Level(*given["times_background"].range(0, 200), "times_host")


def _level(node: Node, low: float, high: float, *, rise: bool = False) -> Level:
    """A figure: number, [low, high], or relative to the host (times_host, above_host) or to itself (rise)."""
    if not node.is_mapping:
        return Level(*node.range(low, high))
    given = node.mapping((), ("times_host", "above_host", *(("rise",) if rise else ())))
    if len(given) != 1:
        raise node.refuse(f"{node.what} needs one of times_host, above_host", found=", ".join(given) or "none")
    mode, item = next(iter(given.items()))
    return Level(*(item.range(0, 200) if mode == "times_host" else item.range(-high, high)), mode)
