"""Space: voxel grids in the patient, volumes and masks on them, and the kernels that work on both.

Patient coordinates are DICOM LPS millimetres; arrays are indexed ``[k, j, i]``. Knows nothing of DICOM or medicine.
"""

from isletscope.spatial.geometry import Geometry
from isletscope.spatial.volume import (
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
    "SUV_BODY_WEIGHT",
    "Geometry",
    "Mask",
    "Quantity",
    "Volume",
]
