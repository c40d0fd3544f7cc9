"""One visit of one person to one scanner: everything the headers say, drawn once."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from dataclasses import dataclass

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.physics import PetPhysics, liver_noise
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.sketch import Person
from isletscope.phantom.tracers import Tracer, tracers


@dataclass(frozen=True)
class Vendor:
    """A maker's habits. ``series_time_lead_s``: how long before the scan the series was opened."""

    key: str
    manufacturer: str
    ct_model: str
    pet_model: str
    software: str
    units: str
    signed: bool
    slope_per_slice: bool


VENDORS = {
    "siemens": Vendor("siemens", "SIEMENS", "Biograph64_mCT", "Biograph64_mCT", "VG60A", "BQML", False, False),
    "ge": Vendor("ge", "GE MEDICAL SYSTEMS", "Discovery MI", "Discovery MI", "62.00", "BQML", True, True),
    "philips": Vendor("philips", "Philips", "Vereos PET/CT", "Vereos PET/CT", "2.0.0", "CNTS", False, True),
}


@dataclass(frozen=True)
class Visit:
    """One exam's facts: person, tracer, clock times, dose, physics, vendor, and the identifiers made from them.

    ``tracer`` is None for CT and MR; there ``injection`` is that of the contrast agent, and ``dose_bq`` is 0.
    ``scan_start``: start of the PET scan, or of the first series of a CT or MR.
    """

    rule: ExamRule
    person: Person
    tracer: Tracer | None
    vendor: Vendor
    identity: str
    patient_id: str
    patient_name: str
    birth_date: dt.date
    dose_bq: float
    injection: dt.datetime
    scan_start: dt.datetime
    series_lead_s: int
    bed_seconds: float
    physics: PetPhysics

    def uid(self, *parts: object) -> str:
        """A UID under 2.25 that depends on this exam and ``parts`` only."""
        return make_uid(self.identity, self.rule.name, *parts)

    @property
    def radiotracer(self) -> Tracer:
        """The tracer of a PET/CT. Raises InputError for an exam without one."""
        if self.tracer is None:
            raise InputError(
                "this exam has no tracer", subject=f"exam '{self.rule.name}'", found=self.rule.kind, expected="pet_ct"
            )
        return self.tracer

    @property
    def uptake_seconds(self) -> float:
        """Time from injection to the start of the PET scan, in s."""
        return (self.scan_start - self.injection).total_seconds()

    @property
    def decayed_dose_bq(self) -> float:
        """Injected activity at the start of the PET scan (the reference time of the images), in Bq."""
        return float(self.dose_bq * 2.0 ** (-self.uptake_seconds / self.radiotracer.half_life_s))

    @property
    def suv_factor(self) -> float:
        """SUVbw per Bq/mL."""
        return self.person.weight_kg * 1000.0 / self.decayed_dose_bq


def make_uid(*parts: object) -> str:
    """A deterministic UID of the UUID kind (root 2.25) from a hash of ``parts``."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def random_source(seed: int, *purpose: object) -> np.random.Generator:
    """A random generator that depends on seed and purpose only, so that one part never shifts another."""
    key = zlib.crc32("|".join(str(part) for part in purpose).encode())
    return np.random.default_rng([seed, key])


def draw_visit(scenario: Scenario, rule: ExamRule, person: Person, seed: int, size: str) -> Visit:
    """Draw what the scenario leaves open for one exam."""
    rng = random_source(seed, scenario.name, "visit", rule.name)
    tracer = tracers()[rule.tracer] if rule.tracer else None
    vendor = VENDORS[rule.vendor or str(rng.choice(list(VENDORS), p=[0.4, 0.35, 0.25]))]
    dose_mbq = rule.dose_mbq or (round(float(rng.uniform(*tracer.dose_mbq)), 1) if tracer else 0.0)
    clock = rule.time or dt.time(int(rng.integers(8, 16)), int(rng.integers(0, 60)))
    injection = dt.datetime.combine(rule.date, clock) + dt.timedelta(seconds=int(rng.integers(0, 60)))
    minutes = float(rng.uniform(*tracer.uptake_minutes)) if tracer else 0.0
    lead = int(rng.choice([0, 0, 95])) if vendor.key == "ge" else 0
    spread = float(rng.uniform(0.85, 1.15))
    resolution, noise_width = float(rng.uniform(5.0, 6.4)), float(rng.uniform(5.0, 6.5))
    bed_seconds = rule.bed_seconds or float(rng.choice([120.0, 150.0, 180.0]))
    noise = rule.liver_noise
    if noise is None and tracer:
        noise = spread * liver_noise(tracer, dose_mbq, 60 * minutes, bed_seconds, person.weight_kg, person.height_cm)
    first_year = min(exam.date for exam in scenario.exams).year
    born = dt.date(first_year - person.age_years - 1, 1 + seed % 12, 1 + seed % 27)
    return Visit(
        rule=rule,
        person=person,
        tracer=tracer,
        vendor=vendor,
        identity=f"isletscope-phantom|{scenario.name}|{seed}|{size}",
        patient_id=f"REF-{scenario.name}-{seed}",
        patient_name=f"REFERENCE^PATIENT^{abs(seed):02d}",
        birth_date=born,
        dose_bq=dose_mbq * 1e6,
        injection=injection,
        scan_start=injection + dt.timedelta(seconds=round(60 * minutes)),
        series_lead_s=lead,
        bed_seconds=bed_seconds,
        physics=PetPhysics(rule.resolution_mm or resolution, noise_width, noise or 0.0, 216.0, 0.35),
    )
