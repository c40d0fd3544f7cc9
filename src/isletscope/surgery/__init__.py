"""Surgery: which set of procedures on the liver clears most tumour and leaves enough liver."""

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

__all__ = ["Limits", "Plan", "Procedure", "ProcedureKind", "Task", "best_plan", "blocking_lesions", "front"]
