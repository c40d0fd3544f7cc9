"""Anatomy of a scenario: variants of vessels, narrowed vessels, thrombi. YAML, checked line by line."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.phantom.yaml_node import Node

VARIANTS = ("replaced_right_hepatic_artery",)
# Vessels that may be narrowed: those that pancreatic tumours press upon.
NARROWABLE = (
    "superior_mesenteric_vein",
    "splenic_vein",
    "portal_vein",
    "portal_vein_right",
    "portal_vein_left",
    "first_jejunal_vein",
    "inferior_mesenteric_vein",
    "inferior_vena_cava",
    "renal_vein_left",
    "celiac_artery",
    "common_hepatic_artery",
    "proper_hepatic_artery",
    "gastroduodenal_artery",
    "splenic_artery",
    "superior_mesenteric_artery",
    "common_bile_duct",
    "pancreatic_duct",
)
VEINS = (
    "superior_mesenteric_vein",
    "splenic_vein",
    "portal_vein",
    "portal_vein_right",
    "portal_vein_left",
    "portal_vein_right_anterior",
    "portal_vein_right_posterior",
    "first_jejunal_vein",
    "inferior_mesenteric_vein",
    "inferior_vena_cava",
    "hepatic_vein_right",
    "hepatic_vein_middle",
    "hepatic_vein_left",
    "renal_vein_left",
    "renal_vein_right",
)
THROMBI = ("tumour", "bland")


@dataclass(frozen=True)
class Narrowing:
    """A waist of a vessel: ``percent`` of the diameter lost, ``at`` this share of its course (0 to 1)."""

    vessel: str
    percent: float
    at: float = 0.5
    length_mm: float = 15.0
    line: int = 0


@dataclass(frozen=True)
class Thrombus:
    """A thrombus in a named vein: middle ``at`` this share of its course, length, share of the diameter it fills."""

    vessel: str
    kind: str
    at: float = 0.5
    length_mm: float = 20.0
    fill_percent: float = 100.0
    line: int = 0


@dataclass(frozen=True)
class AnatomyRule:
    """What is special about this person's anatomy; by default nothing."""

    variants: tuple[str, ...] = ()
    narrowed: tuple[Narrowing, ...] = ()
    thrombi: tuple[Thrombus, ...] = ()


USUAL_ANATOMY = AnatomyRule()


def read_anatomy(node: Node) -> AnatomyRule:
    """Check the 'anatomy' block. Raises InputError naming file and line.

    Keys: ``variants`` (list of names), ``narrowed`` (list of vessel, percent, at, length_mm) and ``thrombi`` (list of
    vessel, kind tumour or bland, at, length_mm, fill_percent).
    """
    entries = node.mapping((), ("variants", "narrowed", "thrombi"))
    narrowings = tuple(_narrowing(item) for item in entries["narrowed"].items()) if "narrowed" in entries else ()
    thrombi = tuple(_thrombus(item) for item in entries["thrombi"].items()) if "thrombi" in entries else ()
    seen: set[str] = set()
    for thrombus, item in zip(thrombi, entries["thrombi"].items() if thrombi else [], strict=True):
        if thrombus.vessel in seen:
            raise item.refuse("a vein can hold one thrombus only", found=f"a second one in {thrombus.vessel}")
        seen.add(thrombus.vessel)
    return AnatomyRule(
        variants=tuple(item.choice(VARIANTS) for item in entries["variants"].items()) if "variants" in entries else (),
        narrowed=narrowings,
        thrombi=thrombi,
    )


def _narrowing(node: Node) -> Narrowing:
    entries = node.mapping(("vessel", "percent"), ("at", "length_mm"))
    return Narrowing(
        vessel=entries["vessel"].choice(NARROWABLE),
        percent=entries["percent"].number(1, 95),
        at=entries["at"].number(0, 1) if "at" in entries else 0.5,
        length_mm=entries["length_mm"].number(4, 60) if "length_mm" in entries else 15.0,
        line=node.line,
    )


def _thrombus(node: Node) -> Thrombus:
    entries = node.mapping(("vessel", "kind"), ("at", "length_mm", "fill_percent"))
    return Thrombus(
        vessel=entries["vessel"].choice(VEINS),
        kind=entries["kind"].choice(THROMBI),
        at=entries["at"].number(0, 1) if "at" in entries else 0.5,
        length_mm=entries["length_mm"].number(3, 120) if "length_mm" in entries else 20.0,
        fill_percent=entries["fill_percent"].number(10, 100) if "fill_percent" in entries else 100.0,
        line=node.line,
    )
