"""SUV of a PET series: which way, with which inputs, or why not.

Rules: decisions 11 (moment of decay correction) and 12 (suspect values) of the project; definitions and digital
reference objects of the public SUV manual of the IBSI (oncoray/suv_computation). SUVbw = C * W / D, with C the activity
concentration in Bq/mL, W the body weight in g, D the injected activity in Bq decayed to the moment to which C is
decay-corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from isletscope.errors import InputError
from isletscope.intake import suv_gates as gates
from isletscope.intake.files import SeriesFiles
from isletscope.intake.load import load_volume
from isletscope.intake.suv_body import (
    body_surface_m2,
    james_mass_kg,
    james_turning_weight_kg,
    janmahasatian_mass_kg,
)
from isletscope.intake.suv_clock import seconds_between
from isletscope.intake.suv_entries import Entered
from isletscope.intake.suv_factors import Inputs, Way, compare_philips, find_way, plane_factors
from isletscope.intake.suv_header import PetHeader, read_pet_header
from isletscope.intake.suv_notes import Notes
from isletscope.intake.suv_times import Tracer, injection_time, reference_time, scan_start
from isletscope.model import PetQuantification, ReaderEntry, Severity
from isletscope.spatial import SUV_BODY_WEIGHT, Volume

FloatArray = npt.NDArray[np.float64]

_ONE_FACTOR_WITHIN = 1e-9


def quantify(files: SeriesFiles, entries: Sequence[ReaderEntry] = ()) -> PetQuantification:
    """How the voxel values of a PET series become SUV by body weight, from its headers alone.

    ``entries`` are a reader's values; those that name no series, or this one, stand in place of the header's. Never
    raises for what stands in the headers: a series that cannot be quantified comes back with ``quantified`` false and
    error findings that name tag, found value, expected value and remedy.
    """
    notes = Notes()
    entered = Entered(files, entries, notes)
    header = read_pet_header(files, notes)
    way = find_way(header, notes)
    inputs = _inputs(header, way, entered, notes)
    factors = None if way is None else plane_factors(way, header, inputs, notes)
    if factors is not None and way is not None and way.name.startswith("CNTS, Philips SUV"):
        _compare_philips(header, inputs, factors, notes)
    if notes.refused:
        factors = None
    return _result(header, way, inputs, factors, notes)


def _inputs(header: PetHeader, way: Way | None, entered: Entered, notes: Notes) -> Inputs:
    """All values through their gates; those that SUV needs refuse it when they lack, the others only tell."""
    if way is None:
        return Inputs()
    weight = gates.weight_kg(header, entered, notes, needed=way.needs_weight)
    size = gates.size_m(header, entered, notes, needed=way.needs_size)
    sex = gates.sex(header, entered, notes, needed=way.needs_sex)
    item = gates.radiopharmaceutical(header, entered, notes, needed=way.needs_activity)
    if item is None:
        return Inputs(weight, size, sex)
    activity = gates.injected_activity_mbq(header, item, entered, notes, needed=way.needs_activity)
    nuclide = gates.nuclide_of(item)
    half_life = gates.half_life_s(item, nuclide, entered, notes, needed=way.needs_times)
    tracer = Tracer(item, nuclide, half_life)
    injected = injection_time(header, tracer, entered, notes, needed=way.needs_times)
    reference = None
    if way.decay_correction == "START":
        reference = reference_time(header, tracer, injected, entered, notes)
    return Inputs(weight, size, sex, activity, half_life, injected, reference)


def _compare_philips(header: PetHeader, inputs: Inputs, by_suv_factor: FloatArray, notes: Notes) -> None:
    """Where both Philips factors are there, SUV by the activity factor should be the same."""
    activity = [plane.philips_activity_factor for plane in header.planes]
    moment = header.series_moment
    if not all(activity) or moment is None or header.decay_correction != "START":
        return
    if inputs.half_life_s is None or inputs.injected is None or not inputs.weight_kg or not inputs.activity_mbq:
        return
    decay = 2.0 ** (seconds_between(inputs.injected, moment) / inputs.half_life_s)
    by_activity = np.array(activity, dtype=np.float64) * inputs.weight_kg * 1e3 / (inputs.activity_mbq * 1e6) * decay
    compare_philips(header, by_suv_factor, by_activity, notes)


def _result(
    header: PetHeader, way: Way | None, inputs: Inputs, factors: FloatArray | None, notes: Notes
) -> PetQuantification:
    one = factors is not None and float(np.ptp(factors)) <= _ONE_FACTOR_WITHIN * float(np.max(factors))
    reference = inputs.reference.moment if inputs.reference else None
    if way is not None and way.decay_correction == "ADMIN":
        reference = inputs.injected
    start = scan_start(header)
    return PetQuantification(
        quantified=factors is not None,
        unit_in=header.units or "unknown",
        branch=_branch(way, inputs),
        factor=float(factors[0]) if factors is not None and one else None,
        factor_range=(float(factors.min()), float(factors.max())) if factors is not None and not one else None,
        slice_factors=[] if factors is None or one else [float(value) for value in factors],
        reference_time=_iso(reference),
        injection_time=_iso(inputs.injected),
        uptake_minutes=seconds_between(inputs.injected, start) / 60.0 if inputs.injected and start else None,
        injected_activity_mbq=inputs.activity_mbq,
        half_life_s=inputs.half_life_s,
        weight_kg=inputs.weight_kg,
        lean_body_mass_kg=_lean_masses(inputs),
        body_surface_m2=_surface(inputs),
        evidence=notes.evidence,
        findings=notes.findings,
    )


def _branch(way: Way | None, inputs: Inputs) -> str:
    if way is None:
        return "not quantified"
    return f"{way.name}, {inputs.reference.way}" if inputs.reference else way.name


def _lean_masses(inputs: Inputs) -> dict[str, float]:
    weight, size, sex = inputs.weight_kg, inputs.size_m, inputs.sex
    if weight is None or size is None or sex is None:
        return {}
    masses = {"janmahasatian": janmahasatian_mass_kg(weight, size, sex)}
    if weight < james_turning_weight_kg(size, sex):
        masses["james128"] = james_mass_kg(weight, size, sex)
    return masses


def _surface(inputs: Inputs) -> float | None:
    if inputs.weight_kg is None or inputs.size_m is None:
        return None
    return body_surface_m2(inputs.weight_kg, inputs.size_m)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def load_suv(
    files: SeriesFiles, quantification: PetQuantification, *, progress: Callable[[int, int], None] | None = None
) -> Volume:
    """The series as a float32 volume in SUV by body weight (g/mL), factor per plane where the way needs it.

    Raises InputError with the first refusal when the series could not be quantified.
    """
    if not quantification.quantified:
        refusal = next(f for f in quantification.findings if f.severity is Severity.ERROR)
        raise InputError(
            refusal.problem,
            subject=files.record.description or files.record.key,
            found=refusal.found,
            expected=refusal.expected,
            remedy=refusal.remedy,
        )
    volume = load_volume(files, progress=progress)
    if quantification.factor is not None:
        suv = volume.array.astype(np.float32) * np.float32(quantification.factor)
    else:
        suv = volume.array * _factors_on_grid(files, quantification)
    return volume.with_array(suv.astype(np.float32, copy=False), SUV_BODY_WEIGHT)


def _factors_on_grid(files: SeriesFiles, quantification: PetQuantification) -> npt.NDArray[np.float32]:
    """Factor of every plane k of the grid, shape [k, 1, 1]; planes without an image take those of their neighbours."""
    every = np.arange(len(files.instances) + len(files.gaps))
    factors = np.interp(every, files.planes, quantification.slice_factors)
    return factors.astype(np.float32)[:, None, None]
