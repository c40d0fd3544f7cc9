"""Organs and reference regions on PET/CT, diagnostic CT and MR: given masks first, built-in rules else.

Rules look at uptake, density and position together and refuse what is not plausible; what is not found is missing, with
the reason. Knows nothing of tumours.
"""

from .given import GROUPS, GivenOrgan
from .images import find_image_organs, grid_role
from .organs import GIVEN_SOURCE, LABELS, Organs
from .pet_organs import find_organs
from .references import find_references
from .thresholds import Threshold, Thresholds, load_thresholds
from .uptake_level import least_affected
from .vessels import VESSEL_NAMES, find_named_vessels

__all__ = [
    "GIVEN_SOURCE",
    "GROUPS",
    "LABELS",
    "VESSEL_NAMES",
    "GivenOrgan",
    "Organs",
    "Threshold",
    "Thresholds",
    "find_image_organs",
    "find_named_vessels",
    "find_organs",
    "find_references",
    "grid_role",
    "least_affected",
    "load_thresholds",
]
