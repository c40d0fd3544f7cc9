"""The pipeline: ordered steps, caching, the reader's entries, the case folder. Knows nothing of its faces."""

from isletscope.reading.answers import answered
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.compare import Compared, compare_cases
from isletscope.reading.heterogeneity import CARRIED, measure_heterogeneity
from isletscope.reading.label_maps import read_label_map, write_label_map
from isletscope.reading.look import Seen, look
from isletscope.reading.manifest import peak_memory_mb
from isletscope.reading.measure import measure_series
from isletscope.reading.organ_maps import OrganMaps, find_anatomy
from isletscope.reading.outline_point import PointOutline, outline_point, write_outline
from isletscope.reading.pipeline import ReadOutcome, read_case
from isletscope.reading.progress import Progress, silent
from isletscope.reading.radiomics import Radiomics, radiomics
from isletscope.reading.request import ReadRequest, load_answers, load_clinical, load_entries, same_patient_statement
from isletscope.reading.side_by_side import default_workers
from isletscope.reading.steps import StepStore, digest, rules_digest
from isletscope.reading.totalsegmentator import TotalSegmentator
from isletscope.reading.tracer_maps import liver_limit, map_of
from isletscope.reading.writing import output_errors, whole_file, write_text

__all__ = [
    "CARRIED",
    "CaseFolder",
    "Compared",
    "OrganMaps",
    "PointOutline",
    "Progress",
    "Radiomics",
    "ReadOutcome",
    "ReadRequest",
    "Seen",
    "StepStore",
    "TotalSegmentator",
    "answered",
    "compare_cases",
    "default_workers",
    "digest",
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
