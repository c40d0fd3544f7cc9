"""What one piece of tissue looks like to every scanner: the physical properties that images are computed from."""

from __future__ import annotations

from dataclasses import dataclass, field

CT_PHASES = ("unenhanced", "late_arterial", "portal_venous", "delayed")
MR_PHASES = ("late_arterial", "portal_venous", "delayed", "hepatobiliary")
TRACER_CLASSES = ("sstr", "fdg", "exendin")


@dataclass(frozen=True)
class Appearance:
    """Properties of a tissue, or of one part of a tumour.

    ``hu``: CT number by contrast phase (CT_PHASES). ``uptake``: SUVbw by tracer class. ``t1_ms``, ``t2_ms``: relaxation
    times at 1.5 T before contrast. ``proton_density``: relative to water (0 to 1). ``fat_fraction``: proton density fat
    fraction (0 to 1). ``adc``: apparent diffusion coefficient, 1e-6 mm2/s. ``gadolinium``: increase of the longitudinal
    relaxation rate 1/T1 over the unenhanced state, 1/s, by phase (MR_PHASES).
    """

    hu: dict[str, float] = field(default_factory=dict)
    uptake: dict[str, float] = field(default_factory=dict)
    t1_ms: float = 800.0
    t2_ms: float = 45.0
    proton_density: float = 0.8
    fat_fraction: float = 0.0
    adc: float = 1300.0
    gadolinium: dict[str, float] = field(default_factory=dict)
