"""Surgery: contact with vessels, segments and remnant of the liver, procedures that clear most and leave enough."""

from .contact import Contact, contact_at, gaps_of
from .contact_rules import TOLERANCES_MM
from .contact_scene import contact_scene
from .contact_view import contact_view
from .findings import teardrop, vessel_finding
from .liver_cut import (
    NO_MAP,
    PORTAL_BRANCHES,
    STRUCTURES_OF_CUT,
    LiverCut,
    best_cut,
    is_guessed,
    liver_vessels,
    pedicles,
    with_tumours,
)
from .liver_map import (
    SEGMENT_NAMES,
    Body,
    FutureRemnant,
    LesionPlace,
    LiverMap,
    SegmentSource,
    future_remnant,
)
from .liver_segments import (
    segment_rules,
    segments_from_branches,
    segments_from_landmarks,
    segments_from_map,
    segments_from_veins,
    touches_edge,
)
from .near_liver import Surroundings
from .pancreas_part import KNOWN_BY, PancreasPart, part_of_pancreas
from .pictured import SCENE_STEP_MM, ContactScene, ContactView, letter_of
from .plan import Asked, Place, plan_liver
from .procedures import Offered
from .programme import (
    Combination,
    Limits,
    Plan,
    Procedure,
    ProcedureKind,
    Task,
    best_plan,
    blocking_lesions,
)
from .traced import TracedVessel, traced_vessel
from .tumour_edge import EdgeRead, edge_read_anew
from .vessel_contact import Apart, NotAssessable, VesselContact, vessel_contact

__all__ = [
    "KNOWN_BY",
    "NO_MAP",
    "PORTAL_BRANCHES",
    "SCENE_STEP_MM",
    "SEGMENT_NAMES",
    "STRUCTURES_OF_CUT",
    "TOLERANCES_MM",
    "Apart",
    "Asked",
    "Body",
    "Combination",
    "Contact",
    "ContactScene",
    "ContactView",
    "EdgeRead",
    "FutureRemnant",
    "LesionPlace",
    "Limits",
    "LiverCut",
    "LiverMap",
    "NotAssessable",
    "Offered",
    "PancreasPart",
    "Place",
    "Plan",
    "Procedure",
    "ProcedureKind",
    "SegmentSource",
    "Surroundings",
    "Task",
    "TracedVessel",
    "VesselContact",
    "best_cut",
    "best_plan",
    "blocking_lesions",
    "contact_at",
    "contact_scene",
    "contact_view",
    "edge_read_anew",
    "future_remnant",
    "gaps_of",
    "is_guessed",
    "letter_of",
    "liver_vessels",
    "part_of_pancreas",
    "pedicles",
    "plan_liver",
    "segment_rules",
    "segments_from_branches",
    "segments_from_landmarks",
    "segments_from_map",
    "segments_from_veins",
    "teardrop",
    "touches_edge",
    "traced_vessel",
    "vessel_contact",
    "vessel_finding",
    "with_tumours",
]
