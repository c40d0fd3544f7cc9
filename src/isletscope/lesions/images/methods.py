"""How candidates were sought, as sentences for the report."""

from __future__ import annotations

from collections.abc import Mapping

from isletscope.lesions.images.candidates import image_thresholds
from isletscope.lesions.images.naming import CONTRASTS


def method_sentences(names: Mapping[str, str]) -> list[str]:
    """The search in words; ``names``: short name of each series that was used, by its key."""
    rules = image_thresholds()
    smallest, largest = rules.bounds("search.radius_mm")
    series = ", ".join(f"{CONTRASTS[name]} ({key})" for key, name in names.items())
    return [
        f"Liver and pancreas were searched for round places of {2 * smallest:.0f} to {2 * largest:.0f} mm that differ "
        f"from the organ, by differences of Gaussians on every series: {series}.",
        f"Kept is what measures {rules.number('accept.least_diameter_mm'):.0f} mm or more, lies in the organ, is no "
        f"tube, and differs by {rules.number('accept.least_hu'):.0f} HU on CT, or on MR by "
        f"{rules.number('accept.least_percent'):.0f} % on T2 or diffusion with a second contrast that agrees.",
        "Outlines lie half way between a lesion's inner part and the organ around it.",
    ]
