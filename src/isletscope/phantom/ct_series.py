"""The CT series of one exam as a maker's scanner would run them: names, numbers, clock, contrast, technique.

Tables in ``writing_ct.yaml``. One exam without tracer runs: localizer, unenhanced spiral, bolus tracking, contrast
phases, and reconstructions made from them. A PET/CT has one low-dose spiral.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from isletscope.errors import InputError
from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.tables import read_table
from isletscope.phantom.tracers import Code
from isletscope.phantom.visit import Visit, random_source


@dataclass(frozen=True)
class ContrastAgent:
    """A contrast agent: trade name, code of the substance, iodine in mg/mL, volume in mL, flow in mL/s."""

    name: str
    code: Code
    iodine_mg_ml: float
    volume_ml: float
    flow_ml_s: float


@dataclass(frozen=True)
class Technique:
    """Tube and table: kV, mA, rotation in s, pitch, collimation in mm, CTDIvol in mGy."""

    kvp: str
    current_ma: int
    rotation_s: float
    pitch: float
    single_mm: float
    total_mm: float
    ctdi_mgy: float

    @property
    def exposure_mas(self) -> int:
        """Current times time of one rotation, over pitch where there is one, in mAs."""
        return round(self.current_ma * self.rotation_s / (self.pitch or 1.0))


@dataclass(frozen=True)
class CtHabits:
    """One maker's habits; see ``writing_ct.yaml`` for the meaning of each table."""

    model: str
    software: str
    study: str
    protocol: str
    signed: bool
    bits_stored: int
    intercept: int
    descending: bool
    patient_position: str
    slice_location_sign: int
    table: dict[str, Any]
    agent: ContrastAgent


@dataclass(frozen=True)
class CtSeries:
    """One CT series of a visit.

    ``key``: unique in the visit, source of the series UID (``visit.uid(key, "series")``). ``phase``: of CT_PHASES, None
    for the low-dose CT of a PET, a localizer or bolus tracking. ``file_kind``: two letters for file names. ``delay_s``:
    from the start of the injection to the first slice. ``description`` may hold ``{slice}``, the slice thickness in mm.
    """

    key: str
    phase: str | None
    number: int
    file_kind: str
    description: str
    start: dt.datetime
    use: str
    kernel: tuple[str, ...]
    image_type: tuple[str, ...]
    acquisition: int = 1
    injection: dt.datetime | None = None
    delay_s: float | None = None
    second_per_slice: float = 0.05


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = read_table("writing_ct.yaml")
    return tables


@lru_cache(maxsize=8)
def ct_habits(vendor: str) -> CtHabits:
    """The habits of one maker. Raises InputError when the table is not complete."""
    try:
        entry = _tables()["vendors"][vendor]
        agent = _tables()["agents"][vendor]
        missing = [phase for phase in CT_PHASES if phase not in entry["phases"]]
        if missing:
            raise KeyError(f"phases: {', '.join(missing)}")
        return CtHabits(
            model=entry["model"],
            software=entry["software"],
            study=entry["study"],
            protocol=entry["protocol"],
            descending=entry["descending"],
            patient_position=entry["patient_position"],
            slice_location_sign=entry["slice_location_sign"],
            table=entry,
            agent=ContrastAgent(**{**agent, "code": tuple(agent["code"])}),
            **entry["storage"],
        )
    except (KeyError, TypeError) as error:
        raise InputError(
            "the table of CT habits is not complete", subject="phantom/writing_ct.yaml", found=str(error)
        ) from error


def technique(series: CtSeries) -> Technique:
    """Tube and table settings of a series."""
    return Technique(**_tables()["technique"][series.use])


def low_dose_series(visit: Visit) -> CtSeries:
    """The CT of a PET/CT."""
    habits = ct_habits(visit.vendor.key)
    return CtSeries(
        key="ct",
        phase=None,
        number=2,
        file_kind="CT",
        description=habits.table["low_dose"],
        start=visit.scan_start - dt.timedelta(minutes=4),
        use="low_dose",
        kernel=tuple(habits.table["kernels"]["low_dose"]),
        image_type=tuple(habits.table["image_type"]),
    )


def ct_protocol(
    visit: Visit, phases: Sequence[str], *, detail_phase: str | None = None, silent: bool = False
) -> tuple[CtSeries, ...]:
    """The diagnostic series of a CT exam, one for each of ``phases``, in order of time.

    Keys are ``ct_PHASE``; with ``detail_phase`` a series ``ct_detail`` follows, the small-field reconstruction of that
    phase. ``silent``: descriptions that do not name the phase, which then follows from the times alone. Raises
    InputError for an unknown phase.
    """
    unknown = [phase for phase in phases if phase not in CT_PHASES]
    if unknown:
        raise InputError("not a CT phase", subject="phases", found=", ".join(unknown), expected=", ".join(CT_PHASES))
    ordered = [phase for phase in CT_PHASES if phase in phases]
    series = [_phase_series(visit, phase, number, ordered, silent) for number, phase in enumerate(ordered, start=1)]
    if detail_phase is not None:
        parent = next(entry for entry in series if entry.phase == detail_phase)
        series.append(_reconstruction(visit, parent, "detail", number=len(series) + 1))
    return tuple(series)


def thick_series(visit: Visit, parent: CtSeries, number: int) -> CtSeries:
    """A second reconstruction of a phase in thick slices, series ``KEY_thick``."""
    thick = _reconstruction(visit, parent, "thick", number)
    return replace(thick, key=f"{parent.key}_thick")


def localizer_series(visit: Visit) -> CtSeries:
    """The localizer (topogram, scout, surview) of a CT exam or a PET/CT."""
    return _aid(visit, "localizer", 1, "LO", visit.scan_start - dt.timedelta(minutes=5), "localizer_type")


def tracking_series(visit: Visit, protocol: Sequence[CtSeries]) -> CtSeries:
    """Bolus tracking: one position, again and again, after the injection. Raises InputError without an injection."""
    injection = next((entry.injection for entry in protocol if entry.injection is not None), None)
    if injection is None:
        raise InputError("bolus tracking needs a contrast phase", subject=f"exam '{visit.rule.name}'")
    series = _aid(visit, "tracking", 3, "BT", injection + dt.timedelta(seconds=10), "image_type")
    return replace(series, injection=injection, delay_s=10.0, second_per_slice=1.0)


def _phase_series(visit: Visit, phase: str, number: int, phases: Sequence[str], silent: bool) -> CtSeries:
    habits, clock = ct_habits(visit.vendor.key), _tables()["clock_s"]
    words = habits.table["silent"] if silent else habits.table["phases"][phase]
    series = CtSeries(
        key=f"ct_{phase}",
        phase=phase,
        number=3 + number,
        file_kind=f"C{number}",
        description=words,
        start=visit.scan_start + dt.timedelta(seconds=clock["unenhanced"]),
        use="diagnostic",
        kernel=tuple(habits.table["kernels"]["soft"]),
        image_type=tuple(habits.table["image_type"]),
        acquisition=number,
        second_per_slice=clock["second_per_slice"],
    )
    if phase == "unenhanced":
        return series
    wait = clock["injection_after_unenhanced" if "unenhanced" in phases else "injection_alone"]
    injection = visit.scan_start + dt.timedelta(seconds=wait)
    early, late = _tables()["delays_s"][phase]
    delay = round(float(random_source(0, visit.identity, visit.rule.name, phase).uniform(early, late)), 1)
    return replace(series, start=injection + dt.timedelta(seconds=delay), injection=injection, delay_s=delay)


def _reconstruction(visit: Visit, parent: CtSeries, kind: str, number: int) -> CtSeries:
    words = ct_habits(visit.vendor.key).table[kind].format(phase=parent.description)
    return replace(
        parent, key=f"ct_{kind}", number=10 + parent.number + number, file_kind=f"C{number}", description=words
    )


def _aid(visit: Visit, kind: str, number: int, file_kind: str, start: dt.datetime, image_type: str) -> CtSeries:
    table = ct_habits(visit.vendor.key).table
    return CtSeries(
        key=f"ct_{kind}",
        phase=None,
        number=number,
        file_kind=file_kind,
        description=table[kind],
        start=start,
        use=kind,
        kernel=tuple(table["kernels"][kind]),
        image_type=tuple(table[image_type]),
        second_per_slice=0.0,
    )
