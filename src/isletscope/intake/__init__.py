"""From files to exams: scan, classify, check, quantify, load."""

from isletscope.intake.classify import classify
from isletscope.intake.evidence import SeriesEvidence
from isletscope.intake.exams import apply_entries, group_exams
from isletscope.intake.files import Instance, Inventory, SeriesFiles, SupplementFile
from isletscope.intake.frames import frame_attribute
from isletscope.intake.load import load_volume
from isletscope.intake.masks import (
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
from isletscope.intake.rescale import Rescale, real_world_mappings, rescale_of
from isletscope.intake.scan import scan
from isletscope.intake.stack import geometry_of
from isletscope.intake.structured_report import MeasurementGroup, MeasurementReport, read_report
from isletscope.intake.suv import load_suv, quantify
from isletscope.intake.suv_body import SuvVariant, suv_variants
from isletscope.intake.tracer import nuclide_of, tracer_of, tracer_table

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
