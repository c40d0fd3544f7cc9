"""Exams of a scenario: when, on which kind of scanner, and how. One set of keys per kind, checked line by line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.mr_rule import MR_FORMS, MR_READERS, MrRule, read_mr_rule
from isletscope.phantom.tracers import tracers
from isletscope.phantom.yaml_node import Node

KINDS = ("pet_ct", "ct", "mr")
VENDORS = ("siemens", "ge", "philips")
SYNTAXES = ("explicit", "implicit", "deflated", "rle", "jpeg2000", "jpegls", "jpeg")
FORMS = ("classic", "enhanced", "legacy")
COVERAGES = ("abdomen", "trunk")


@dataclass(frozen=True)
class DetailRule:
    """A second, small-field reconstruction of one CT phase around a lesion; lengths in mm, noise in HU."""

    around: str
    pixel_mm: float = 0.5
    slice_mm: float = 0.5
    field_mm: float = 100.0
    phase: str = "portal_venous"
    noise_hu: float = 0.0
    line: int = 0


@dataclass(frozen=True)
class ExamRule:
    """One visit. None means: drawn by seed, or the default of the kind of exam and size of output.

    ``kind``: pet_ct, ct or mr. ``time_point``: exams of one state of disease bear the same word. ``tracer``: None for
    ct and mr. ``breathing_mm``: largest shift of the liver between this exam's breathing state and the neutral one.
    ``respiratory_motion_mm``: how far the liver moves from end of expiration to end of inspiration while the PET is
    taken. ``phase_shift_mm``: largest difference of breath-hold between the phases of one CT. ``coverage``: abdomen
    (dome of the liver to below the kidneys) or trunk.
    """

    name: str
    tracer: str | None
    date: dt.date
    time: dt.time | None = None
    vendor: str | None = None
    pet_form: str = "classic"
    ct_form: str = "classic"
    transfer_syntax: str = "explicit"
    uncorrected_series: bool = False
    liver_noise: float | None = None
    resolution_mm: float | None = None
    breathing_mm: float = 7.0
    turn_degrees: float = 1.5
    table_shift_mm: float = 18.0
    line: int = 0
    kind: str = "pet_ct"
    time_point: str = "baseline"
    form: str = "classic"
    respiratory_motion_mm: float = 0.0
    dose_mbq: float | None = None
    bed_seconds: float | None = None
    coverage: str = "abdomen"
    phases: tuple[str, ...] = ()
    slice_mm: float | None = None
    noise_hu: float | None = None
    phase_shift_mm: float = 0.0
    detail: DetailRule | None = None
    mr: MrRule | None = None

    @property
    def what(self) -> str:
        """The exam in a few words, for lists."""
        if self.tracer:
            return f"{self.tracer} PET/CT"
        return "MR" if self.kind == "mr" else f"CT ({len(self.phases)} phase{'s' if len(self.phases) > 1 else ''})"


Reader = Callable[[Node], Any]
_ALL: dict[str, Reader] = {
    "name": Node.text,
    "kind": lambda n: n.choice(KINDS),
    "date": Node.date,
    "time_point": Node.text,
    "time": Node.clock,
    "vendor": lambda n: n.choice(VENDORS),
    "transfer_syntax": lambda n: n.choice(SYNTAXES),
    "breathing_mm": lambda n: n.number(0, 20),
    "turn_degrees": lambda n: n.number(0, 5),
    "table_shift_mm": lambda n: n.number(0, 60),
}
_PET_CT: dict[str, Reader] = {
    "tracer": lambda n: n.choice(tuple(tracers())),
    "pet_form": lambda n: n.choice(FORMS),
    "ct_form": lambda n: n.choice(FORMS),
    "uncorrected_series": Node.flag,
    "liver_noise": lambda n: n.number(0, 0.5),
    "resolution_mm": lambda n: n.number(3.5, 12),
    "respiratory_motion_mm": lambda n: n.number(0, 30),
    "dose_mbq": lambda n: n.number(20, 800),
    "bed_seconds": lambda n: n.number(30, 900),
}
_CT: dict[str, Reader] = {
    "form": lambda n: n.choice(FORMS),
    "phases": lambda n: _names(n, CT_PHASES),
    "slice_mm": lambda n: n.number(0.5, 10),
    "noise_hu": lambda n: n.number(0, 60),
    "phase_shift_mm": lambda n: n.number(0, 10),
    "coverage": lambda n: n.choice(COVERAGES),
    "detail": lambda n: _detail(n),
}
_MR: dict[str, Reader] = {"form": lambda n: n.choice(MR_FORMS), **MR_READERS}
_BY_KIND = {
    "pet_ct": (_PET_CT, ("name", "tracer", "date")),
    "ct": (_CT, ("name", "kind", "date", "phases")),
    "mr": (_MR, ("name", "kind", "date")),
}


def read_exam(node: Node) -> ExamRule:
    """Check one entry of 'exams'. Raises InputError naming file and line."""
    given = node.peek("kind")
    kind = given.choice(KINDS) if given else "pet_ct"
    own, required = _BY_KIND[kind]
    readers = _ALL | own
    entries = node.mapping(required, tuple(key for key in readers if key not in required))
    values = {key: readers[key](value) for key, value in entries.items() if kind != "mr" or key not in MR_READERS}
    if kind == "mr":
        values["mr"] = read_mr_rule(entries)
    rule = ExamRule(**{"tracer": None, "line": node.line} | values)
    if rule.detail and rule.detail.phase not in rule.phases:
        raise entries["detail"].refuse(
            "the phase of 'detail' is not among the exam's phases", rule.detail.phase, ", ".join(rule.phases)
        )
    return rule


def _names(node: Node, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Words of a list, each once, in the order of ``allowed``."""
    names = [item.choice(allowed) for item in node.items()]
    if not names or len(set(names)) < len(names):
        raise node.refuse(f"{node.what} must name each of its entries once", found=", ".join(names) or "nothing")
    return tuple(name for name in allowed if name in names)


def _detail(node: Node) -> DetailRule:
    readers: dict[str, Reader] = {
        "around": Node.text,
        "pixel_mm": lambda n: n.number(0.2, 2),
        "slice_mm": lambda n: n.number(0.2, 5),
        "field_mm": lambda n: n.number(20, 250),
        "phase": lambda n: n.choice(CT_PHASES),
        "noise_hu": lambda n: n.number(0, 60),
    }
    entries = node.mapping(("around",), tuple(key for key in readers if key != "around"))
    return DetailRule(line=node.line, **{key: readers[key](value) for key, value in entries.items()})
