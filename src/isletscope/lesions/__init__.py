"""Foci on PET: detect, delineate, tell physiologic from tumour, quantify."""

from isletscope.lesions.naming import name_lesions, tracking_uid_of
from isletscope.lesions.quantify import RegionStatistics, measure_region
from isletscope.lesions.read import PetReading, read_pet
from isletscope.lesions.settings import Settings
from isletscope.lesions.totals import totals_of

__all__ = [
    "PetReading",
    "RegionStatistics",
    "Settings",
    "measure_region",
    "name_lesions",
    "read_pet",
    "totals_of",
    "tracking_uid_of",
]
