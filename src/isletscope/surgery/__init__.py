"""Surgery: segments and remnant of the liver, and which procedures clear most tumour and leave enough of it."""

from isletscope.surgery.liver_map import (
    SEGMENT_NAMES,
    Body,
    FutureRemnant,
    LesionPlace,
    LiverMap,
    SegmentSource,
    future_remnant,
)
from isletscope.surgery.liver_segments import (
    segments_from_branches,
    segments_from_landmarks,
    segments_from_map,
    segments_from_veins,
)
from isletscope.surgery.programme import (
    Limits,
    Plan,
    Procedure,
    ProcedureKind,
    Task,
    best_plan,
    blocking_lesions,
    front,
)

__all__ = [
    "SEGMENT_NAMES",
    "Body",
    "FutureRemnant",
    "LesionPlace",
    "Limits",
    "LiverMap",
    "Plan",
    "Procedure",
    "ProcedureKind",
    "SegmentSource",
    "Task",
    "best_plan",
    "blocking_lesions",
    "front",
    "future_remnant",
    "segments_from_branches",
    "segments_from_landmarks",
    "segments_from_map",
    "segments_from_veins",
]
