"""From files to exams: scan, classify, check, quantify, load."""

from .classifying import classify
from .evidence import SeriesEvidence
from .exams import apply_entries, group_exams
from .files import Instance, Inventory, SeriesFiles, SupplementFile
from .frames import frame_attribute
from .load import load_volume
from .masks import (
    LabelNames,
    MaskOrigin,
    Region,
    Regions,
    is_nifti,
    mask_origin,
    read_image,
    read_label_names,
    read_masks,
    read_regions,
)
from .rescale import Rescale, real_world_mappings, rescale_of
from .scanning import scan
from .stack import geometry_of
from .structured_report import MeasurementGroup, MeasurementReport, read_report
from .suv import load_suv, quantify
from .suv_body import SuvVariant, suv_variants
from .tracer import nuclide_of, tracer_of, tracer_table

__all__ = [
    "Instance",
    "Inventory",
    "LabelNames",
    "MaskOrigin",
    "MeasurementGroup",
    "MeasurementReport",
    "Region",
    "Regions",
    "Rescale",
    "SeriesEvidence",
    "SeriesFiles",
    "SupplementFile",
    "SuvVariant",
    "apply_entries",
    "classify",
    "frame_attribute",
    "geometry_of",
    "group_exams",
    "is_nifti",
    "load_suv",
    "load_volume",
    "mask_origin",
    "nuclide_of",
    "quantify",
    "read_image",
    "read_label_names",
    "read_masks",
    "read_regions",
    "read_report",
    "real_world_mappings",
    "rescale_of",
    "scan",
    "suv_variants",
    "tracer_of",
    "tracer_table",
]
