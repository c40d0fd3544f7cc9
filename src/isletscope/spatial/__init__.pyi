"""Space: voxel grids in the patient, volumes and masks on them, and the kernels that work on both.

Patient coordinates are DICOM LPS millimetres; arrays are indexed ``[k, j, i]``. Knows nothing of DICOM or medicine.
"""

from ._compiled import compiled
from .axes import AxialAxes, axial_axes, axial_axes_mm, extent_3d_mm
from .axes_uncertainty import Interval, SizeIntervals, size_intervals
from .components import ComponentStatistics, component_statistics, label_components
from .crop import Box, bounding_box, box_in, cropped_geometry, cropped_mask, cropped_volume
from .distance import distance_to_mm, inside_depth_mm, outline_distance_mm
from .geometry import FloatArray, Geometry
from .peak import PEAK_RADIUS_MM, Peaks, intensity_peaks, sphere_offsets
from .projection import Projection, display_array, maximum_projection, turning_projections
from .register import register_rigid
from .register_by_structure import StructureFit, register_structure
from .register_deformable import information_of, register_field
from .register_images import RegistrationImage, Window, prepare, sample_points
from .register_quality import information_gain, overlap_of, shared_share, stretch_of
from .resampling import resample, resample_labels, resample_mask
from .sitk import from_image, geometry_of, image_of, simple_itk, to_image
from .smoothing import gaussian
from .transform import Lattice, Transform, carried_mask, points_between
from .volume import (
    ACTIVITY,
    ADC,
    ARBITRARY,
    HOUNSFIELD,
    SUV_BODY_WEIGHT,
    Mask,
    Quantity,
    Volume,
)

__all__ = [
    "ACTIVITY",
    "ADC",
    "ARBITRARY",
    "HOUNSFIELD",
    "PEAK_RADIUS_MM",
    "SUV_BODY_WEIGHT",
    "AxialAxes",
    "Box",
    "ComponentStatistics",
    "FloatArray",
    "Geometry",
    "Interval",
    "Lattice",
    "Mask",
    "Peaks",
    "Projection",
    "Quantity",
    "RegistrationImage",
    "SizeIntervals",
    "StructureFit",
    "Transform",
    "Volume",
    "Window",
    "axial_axes",
    "axial_axes_mm",
    "bounding_box",
    "box_in",
    "carried_mask",
    "compiled",
    "component_statistics",
    "cropped_geometry",
    "cropped_mask",
    "cropped_volume",
    "display_array",
    "distance_to_mm",
    "extent_3d_mm",
    "from_image",
    "gaussian",
    "geometry_of",
    "image_of",
    "information_gain",
    "information_of",
    "inside_depth_mm",
    "intensity_peaks",
    "label_components",
    "maximum_projection",
    "outline_distance_mm",
    "overlap_of",
    "points_between",
    "prepare",
    "register_field",
    "register_rigid",
    "register_structure",
    "resample",
    "resample_labels",
    "resample_mask",
    "sample_points",
    "shared_share",
    "simple_itk",
    "size_intervals",
    "sphere_offsets",
    "stretch_of",
    "to_image",
    "turning_projections",
]
