"""Words and units of uptake, for measurements of foci and for totals."""

from __future__ import annotations

from isletscope.model import TracerClass

PEAK_METHOD = "mean in a sphere of 1 cm³ by voxel centres (IBSI), global: the highest over all voxels of the region"
TOTAL_UNIT = "g"
TRACER_WORD = {
    TracerClass.SSTR: "SSTR",
    TracerClass.FDG: "FDG",
    TracerClass.DOPA: "DOPA",
    TracerClass.EXENDIN: "Exendin",
}


def tracer_word(tracer_class: TracerClass) -> str:
    """The word before SUV: a SUV is never printed without its tracer."""
    return TRACER_WORD.get(tracer_class, "PET")
