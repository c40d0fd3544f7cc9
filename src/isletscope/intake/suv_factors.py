"""From the unit of the voxel values to SUV by body weight: which way, what it needs, and the factor of each plane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from isletscope.intake.suv_body import (
    body_surface_m2,
    dicom_lean_mass_kg,
    ideal_mass_kg,
    james_mass_kg,
    janmahasatian_mass_kg,
)
from isletscope.intake.suv_clock import decay_constant, frame_decay_factor, seconds_between
from isletscope.intake.suv_header import PetHeader
from isletscope.intake.suv_notes import Notes
from isletscope.intake.suv_times import ReferenceTime

FloatArray = npt.NDArray[np.float64]

_MASS_TYPES = ("LBM", "LBMJAMES128", "LBMJANMA", "IBW")
_SAME_WITHIN = 0.01


@dataclass(frozen=True)
class Way:
    """How the voxel values become SUV. ``scale`` (one a plane) turns rescaled values into Bq/mL, or into SUV of
    ``suv_type`` when ``normalised``."""

    name: str
    normalised: bool
    scale: FloatArray
    suv_type: str = ""
    decay_correction: str = ""

    @property
    def needs_weight(self) -> bool:
        """Whether SUV by body weight depends on the weight."""
        return not self.normalised or self.suv_type != "BW"

    @property
    def needs_size(self) -> bool:
        """Whether it depends on the height."""
        return self.normalised and self.suv_type != "BW"

    @property
    def needs_sex(self) -> bool:
        """Whether it depends on the sex."""
        return self.normalised and self.suv_type in _MASS_TYPES

    @property
    def needs_activity(self) -> bool:
        """Whether it depends on the injected activity."""
        return not self.normalised

    @property
    def needs_times(self) -> bool:
        """Whether it depends on half-life and injection time."""
        return not self.normalised and self.decay_correction != "ADMIN"


@dataclass(frozen=True)
class Inputs:
    """Values to compute with, after all gates; None where missing or refused."""

    weight_kg: float | None = None
    size_m: float | None = None
    sex: str | None = None
    activity_mbq: float | None = None
    half_life_s: float | None = None
    injected: datetime | None = None
    reference: ReferenceTime | None = None


def find_way(header: PetHeader, notes: Notes) -> Way | None:
    """The way that unit, SUV type and decay correction open; None with the reason in ``notes``."""
    if not _corrections_allow(header, notes):
        return None
    intercepts = sorted({plane.intercept for plane in header.planes})
    if any(abs(intercept) > 0 for intercept in intercepts):
        notes.say("intercept_not_zero", found=", ".join(f"{value:g}" for value in intercepts[:5]))
        return None
    units = header.units
    notes.saw(
        f"Units (0054,1001) {units or 'absent'}, Decay Correction (0054,1102) {header.decay_correction or 'absent'}"
    )
    if units == "BQML":
        return _activity_way("BQML", _mapping_scale(header, notes), header, notes)
    if units in ("GML", "CM2ML"):
        return _normalised_way(header, notes)
    if units == "CNTS":
        return _philips_way(header, notes)
    notes.say("units_not_convertible" if units else "units_missing", found=units or "no value")
    return None


def _corrections_allow(header: PetHeader, notes: Notes) -> bool:
    if not header.attenuation_corrected:
        notes.say("not_attenuation_corrected", found=header.corrections)
        return False
    if header.decay_corrected == (header.decay_correction == "NONE"):
        notes.say("decay_flags_contradict", f"{header.decay_correction or 'no value'} with {header.corrections}")
        return False
    return True


def _mapping_scale(header: PetHeader, notes: Notes) -> FloatArray | None:
    """Slope of the real-world value mapping of each plane on rescaled values; ones for classic PET."""
    mappings = [plane.real_world for plane in header.planes]
    doubts = sorted({mapping.doubt for mapping in mappings if mapping is not None and mapping.doubt})
    if doubts:
        notes.say("mapping_ambiguous", found="; ".join(doubts))
        return None
    units = {(mapping.units, mapping.suv_type) if mapping else ("", "") for mapping in mappings}
    if len(units) > 1:
        notes.say("not_homogeneous", found=f"{len(units)} units", element="the unit of the real-world value mapping")
        return None
    return np.array([mapping.slope if mapping else 1.0 for mapping in mappings], dtype=np.float64)


def _activity_way(name: str, scale: FloatArray | None, header: PetHeader, notes: Notes) -> Way | None:
    if scale is None:
        return None
    if header.decay_correction not in ("START", "ADMIN", "NONE"):
        notes.say("decay_correction_unknown", found=header.decay_correction or "no value")
        return None
    return Way(f"{name}, {header.decay_correction}", False, scale, decay_correction=header.decay_correction)


def _normalised_way(header: PetHeader, notes: Notes) -> Way | None:
    scale, suv_type = _mapping_scale(header, notes), header.suv_type
    if scale is None:
        return None
    allowed = ("", "BW", *_MASS_TYPES) if header.units == "GML" else ("", "BSA")
    if suv_type not in allowed:
        notes.say("suv_type_unknown", found=f"{suv_type} with {header.units}")
        return None
    if not suv_type and header.units == "GML":
        notes.say("suv_type_assumed", found="no value")
    suv_type = suv_type or ("BW" if header.units == "GML" else "BSA")
    notes.saw(f"SUV Type (0054,1006) {suv_type}")
    name = "body weight, as stored" if suv_type == "BW" else f"{suv_type} to body weight"
    return Way(f"{header.units}, {name}", True, scale, suv_type=suv_type)


def _philips_way(header: PetHeader, notes: Notes) -> Way | None:
    suv = [plane.philips_suv_factor for plane in header.planes]
    activity = [plane.philips_activity_factor for plane in header.planes]
    if all(suv) or all(activity):
        _tell_orphans(header, notes)
    if all(suv):
        scale = np.array(suv, dtype=np.float64)
        notes.saw("Philips SUV Scale Factor (7053,xx00)", float(scale[0]))
        return Way("CNTS, Philips SUV scale factor", True, scale, suv_type="BW")
    if all(activity):
        scale = np.array(activity, dtype=np.float64)
        notes.saw("Philips Activity Concentration Scale Factor (7053,xx09)", float(scale[0]))
        return _activity_way("CNTS, Philips activity scale factor", scale, header, notes)
    present = sum(1 for one, other in zip(suv, activity, strict=True) if one or other)
    found = "neither in any image, or zero" if not present else f"a factor in {present} of {len(suv)} images"
    notes.say("philips_factors_missing", found=found)
    return None


def _tell_orphans(header: PetHeader, notes: Notes) -> None:
    if any(plane.philips_without_creator for plane in header.planes):
        notes.say("private_creator_missing", found="group 7053", creator="Philips PET Private Group", vendor="Philips")


def plane_factors(way: Way, header: PetHeader, inputs: Inputs, notes: Notes) -> FloatArray | None:
    """Factor of each plane from rescaled values to SUV by body weight; None when an input lacks (already told)."""
    if way.normalised:
        by_weight = _to_body_weight(way.suv_type, inputs, notes)
        return None if by_weight is None else way.scale * by_weight
    if inputs.weight_kg is None or inputs.activity_mbq is None:
        return None
    per_activity = way.scale * (inputs.weight_kg * 1000.0) / (inputs.activity_mbq * 1e6)
    if way.decay_correction == "ADMIN":
        return per_activity
    if inputs.half_life_s is None or inputs.injected is None:
        return None
    if way.decay_correction == "NONE":
        return _times_undone_decay(per_activity, header, inputs.half_life_s, inputs.injected, notes)
    if inputs.reference is None:
        return None
    moments = inputs.reference.per_plane or (inputs.reference.moment,)
    elapsed = np.array([seconds_between(inputs.injected, moment) for moment in moments])
    return per_activity * np.exp(decay_constant(inputs.half_life_s) * elapsed)


def _times_undone_decay(
    per_activity: FloatArray, header: PetHeader, half_life_s: float, injected: datetime, notes: Notes
) -> FloatArray | None:
    """Decay correction NONE: bring each frame's average to its start, and its start to the injection."""
    factors = []
    for plane in header.planes:
        if plane.acquired is None or plane.duration_s is None:
            notes.say("slice_times_missing", found="no value in at least one image")
            return None
        elapsed = seconds_between(injected, plane.acquired)
        grown = np.exp(decay_constant(half_life_s) * elapsed)
        factors.append(frame_decay_factor(half_life_s, plane.duration_s) * grown)
    return per_activity * np.array(factors, dtype=np.float64)


def _to_body_weight(suv_type: str, inputs: Inputs, notes: Notes) -> float | None:
    """Weight divided by the mass or surface that the stored SUV was normalised by."""
    if suv_type == "BW":
        return 1.0
    weight, size, sex = inputs.weight_kg, inputs.size_m, inputs.sex
    if weight is None or size is None:
        return None
    if suv_type == "BSA":
        return weight * 1000.0 / (body_surface_m2(weight, size) * 1e4)
    if sex is None:
        return None
    mass = {
        "LBM": dicom_lean_mass_kg(weight, size, sex),
        "LBMJAMES128": james_mass_kg(weight, size, sex),
        "LBMJANMA": janmahasatian_mass_kg(weight, size, sex),
        "IBW": ideal_mass_kg(size, sex),
    }[suv_type]
    if mass <= 0:
        notes.say("body_mass_impossible", found=f"{suv_type} {mass:.1f} kg at {weight:g} kg and {size:g} m")
        return None
    notes.saw(f"Body mass of SUV Type {suv_type}", mass, "kg")
    return weight / mass


def compare_philips(header: PetHeader, by_suv_factor: FloatArray, by_activity: FloatArray, notes: Notes) -> None:
    """Warn when the activity scale factor would lead to another SUV than the SUV scale factor that was used."""
    ratio = float(np.max(np.abs(by_activity / by_suv_factor - 1.0)))
    if ratio > _SAME_WITHIN:
        found = f"{100 * ratio:.1f} % apart"
        notes.say("philips_factors_differ", found=found)
