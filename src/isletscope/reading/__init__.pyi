"""The pipeline: ordered steps, caching, the reader's entries, the case folder. Knows nothing of its faces."""

from .answers import answered
from .case_folder import CaseFolder
from .compare import Compared, compare_cases
from .contact_of_masks import ContactRequest, ContactsOfMasks, Region, Trace, contacts_of_masks
from .edit import Edit, edit_case
from .first_look import Seen, look
from .heterogeneity import CARRIED, measure_heterogeneity
from .kept_drawings import KeptDrawings, pixel_stamp
from .label_maps import read_label_map, write_label_map
from .liver_plan import PlanRequest, plan_case
from .manifest import peak_memory_mb
from .measure import measure_series
from .organ_maps import OrganMaps, find_anatomy
from .pipeline import ReadOutcome, read_case
from .point_outline import PointOutline, outline_point, write_outline
from .progress import Progress, silent
from .radiomics_features import Radiomics, radiomics
from .request import ReadRequest, load_answers, load_clinical, load_entries, same_patient_statement
from .side_by_side import default_workers
from .steps import StepStore, digest, rules_digest
from .totalsegmentator import TotalSegmentator
from .tracer_maps import liver_limit, map_of
from .writing import output_errors, whole_file, write_text

__all__ = [
    "CARRIED",
    "CaseFolder",
    "Compared",
    "ContactRequest",
    "ContactsOfMasks",
    "Edit",
    "KeptDrawings",
    "OrganMaps",
    "PlanRequest",
    "PointOutline",
    "Progress",
    "Radiomics",
    "ReadOutcome",
    "ReadRequest",
    "Region",
    "Seen",
    "StepStore",
    "TotalSegmentator",
    "Trace",
    "answered",
    "compare_cases",
    "contacts_of_masks",
    "default_workers",
    "digest",
    "edit_case",
    "find_anatomy",
    "liver_limit",
    "load_answers",
    "load_clinical",
    "load_entries",
    "look",
    "map_of",
    "measure_heterogeneity",
    "measure_series",
    "outline_point",
    "output_errors",
    "peak_memory_mb",
    "pixel_stamp",
    "plan_case",
    "radiomics",
    "read_case",
    "read_label_map",
    "rules_digest",
    "same_patient_statement",
    "silent",
    "whole_file",
    "write_label_map",
    "write_outline",
    "write_text",
]
