"""Surgery: how a tumour lies beside vessels, and which procedures on the liver clear most and leave enough."""

from isletscope.surgery.contact import TOLERANCES_MM, Contact, contact_at, gaps_of
from isletscope.surgery.findings import vessel_finding
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
from isletscope.surgery.traced import TracedVessel, traced_vessel
from isletscope.surgery.vessel_contact import Apart, NotAssessable, VesselContact, vessel_contact

__all__ = [
    "TOLERANCES_MM",
    "Apart",
    "Contact",
    "Limits",
    "NotAssessable",
    "Plan",
    "Procedure",
    "ProcedureKind",
    "Task",
    "TracedVessel",
    "VesselContact",
    "best_plan",
    "blocking_lesions",
    "contact_at",
    "front",
    "gaps_of",
    "traced_vessel",
    "vessel_contact",
    "vessel_finding",
]
