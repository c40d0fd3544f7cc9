"""The case document: everything known about one patient's exams, without pixels.

Pydantic models; the JSON Schema is printed by ``isletscope schema``. Knows nothing of files, pixels or the web.
"""

from isletscope.model.case import SCHEMA_VERSION, Case, Software
from isletscope.model.conclusion import Alternative, Branch, Conclusion, Flag
from isletscope.model.entry import EntrySubject, ReaderEntries, ReaderEntry, SamePatient, VerdictOverride
from isletscope.model.exam import (
    Exam,
    GridDescription,
    Patient,
    PetQuantification,
    QualityFinding,
    RefusedInput,
    Role,
    Series,
    Severity,
    SupplementaryObject,
    Tracer,
    TracerClass,
)
from isletscope.model.knowledge import (
    Assessment,
    Code,
    Document,
    Evidence,
    Measurement,
    Source,
    State,
    Support,
    derived,
    measured,
    missing,
)
from isletscope.model.lesion import (
    Focus,
    GivenRegion,
    Lesion,
    OrganFinding,
    ReadingOfPet,
    ReferenceRegion,
    Verdict,
)
from isletscope.model.migrate import case_from_json, case_to_json

__all__ = [
    "SCHEMA_VERSION",
    "Alternative",
    "Assessment",
    "Branch",
    "Case",
    "Code",
    "Conclusion",
    "Document",
    "EntrySubject",
    "Evidence",
    "Exam",
    "Flag",
    "Focus",
    "GivenRegion",
    "GridDescription",
    "Lesion",
    "Measurement",
    "OrganFinding",
    "Patient",
    "PetQuantification",
    "QualityFinding",
    "ReaderEntries",
    "ReaderEntry",
    "ReadingOfPet",
    "ReferenceRegion",
    "RefusedInput",
    "Role",
    "SamePatient",
    "Series",
    "Severity",
    "Software",
    "Source",
    "State",
    "SupplementaryObject",
    "Support",
    "Tracer",
    "TracerClass",
    "Verdict",
    "VerdictOverride",
    "case_from_json",
    "case_to_json",
    "derived",
    "measured",
    "missing",
]
