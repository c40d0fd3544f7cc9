"""Heterogeneity inside a lesion, between lesions and over time, and the place that a sample would tell most from.

Works on arrays, findings and numbers only; which series, outlines and alignments is the reading's part.
"""

from isletscope.lesions.heterogeneity.between import Features, clusters_of, spread_of
from isletscope.lesions.heterogeneity.biopsy import Findings, propose_biopsy, sample_place
from isletscope.lesions.heterogeneity.over_time import changes_at, labels_at
from isletscope.lesions.heterogeneity.place import SamplePlace, place_to_sample
from isletscope.lesions.heterogeneity.tracer_map import CLASSES, MapInput, TracerClasses, map_tracers
from isletscope.lesions.heterogeneity.within import heterogeneity_rules, histogram_of, uniform_spread

__all__ = [
    "CLASSES",
    "Features",
    "Findings",
    "MapInput",
    "SamplePlace",
    "TracerClasses",
    "changes_at",
    "clusters_of",
    "heterogeneity_rules",
    "histogram_of",
    "labels_at",
    "map_tracers",
    "place_to_sample",
    "propose_biopsy",
    "sample_place",
    "spread_of",
    "uniform_spread",
]
