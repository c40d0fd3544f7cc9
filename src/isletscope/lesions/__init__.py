"""Foci on PET: detect, delineate, tell physiologic from tumour, quantify."""

from isletscope.lesions.naming import name_lesions
from isletscope.lesions.quantify import RegionStatistics, measure_region
from isletscope.lesions.read import PetReading, read_pet
from isletscope.lesions.settings import Settings

__all__ = ["PetReading", "RegionStatistics", "Settings", "measure_region", "name_lesions", "read_pet"]
