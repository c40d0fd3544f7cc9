"""The names under which findings are kept: measurements with their units, coded features with their words.

One list, so that the part that measures, the rules and the report cannot drift apart. New names are added here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

CONTACT_TOLERANCES_MM = ("0.0", "0.5", "1.0", "1.5")

REGIONS = (
    "pancreas",
    "abdominal_nodes",
    "liver",
    "peritoneum",
    "chest",
    "bone",
    "pelvis",
    "brain",
    "neck",
)
"""Regions of the body that an exam covers or not."""

MEASUREMENTS = {
    # lesion: size; long and short axis in an axial plane, largest diameter in space
    "long_axis": "mm",
    "short_axis": "mm",
    "largest_diameter": "mm",
    "craniocaudal": "mm",
    "volume": "mL",
    # lesion: CT numbers and those of the organ around it
    "hu_unenhanced": "[hnsf'U]",
    "hu_late_arterial": "[hnsf'U]",
    "hu_portal_venous": "[hnsf'U]",
    "hu_delayed": "[hnsf'U]",
    "organ_hu_unenhanced": "[hnsf'U]",
    "organ_hu_late_arterial": "[hnsf'U]",
    "organ_hu_portal_venous": "[hnsf'U]",
    "organ_hu_delayed": "[hnsf'U]",
    # lesion: MR; ADC in 10^-6 mm2/s, signals as ratios to the organ around the lesion
    "adc_mean": "10-6.mm2/s",
    "adc_lowest_tenth": "10-6.mm2/s",
    "organ_adc": "10-6.mm2/s",
    "spleen_adc": "10-6.mm2/s",
    "t1_ratio": "1",
    "t2_ratio": "1",
    "dwi_ratio": "1",
    "arterial_ratio": "1",
    "portal_venous_ratio": "1",
    "hepatobiliary_ratio": "1",
    "highest_b_value": "s/mm2",
    # lesion: PET
    "suv_max": "g/mL",
    "suv_peak": "g/mL",
    "suv_mean": "g/mL",
    "late_suv_max": "g/mL",
    "total_uptake": "g",
    "to_liver": "1",
    "to_spleen": "1",
    "to_blood_pool": "1",
    # lesion: neighbours
    "main_duct_distance": "mm",
    "bile_duct_distance": "mm",
    "exophytic_share": "1",
    "necrotic_share": "1",
    "splenic_hilum_distance": "mm",
    "distal_remnant": "mm",
    "right_cut_clearance": "mm",
    "soft_tissue_part": "mm",
    "viable_long_axis": "mm",
    # vessel beside a lesion
    "distance": "mm",
    "contact_length": "mm",
    "contact_length_over_90": "mm",
    "contact_length_over_180": "mm",
    "narrowing": "%",
    "radius": "mm",
    "thrombus_to_bifurcation": "mm",
    "clean_below": "mm",
    "clean_above": "mm",
    "followed_length": "mm",
    "contact_low": "deg",
    "contact_high": "deg",
    # structures
    "calibre_upstream": "mm",
    "calibre_downstream": "mm",
    "calibre": "mm",
    "fat_fraction": "%",
    # liver
    "whole_volume": "mL",
    "tumour_volume": "mL",
    "functional_volume": "mL",
    "right_tumour_share": "%",
    "left_tumour_share": "%",
    "spleen_volume": "mL",
}
"""Name of a measurement -> its UCUM unit."""

_YES_NO = ("yes", "no")
_LEVEL = ("lower", "equal", "higher")

FEATURES = {
    "nature": ("solid", "cystic", "mixed", "necrotic"),
    "margin": ("well_defined", "lobulated", "ill_defined"),
    "calcification": ("none", "present", "punctate", "coarse"),
    "exophytic": _YES_NO,
    "enhancement_arterial": _LEVEL,
    "enhancement_portal_venous": _LEVEL,
    "enhancement_delayed": _LEVEL,
    "enhancement_pattern": ("homogeneous", "heterogeneous", "rim"),
    "like_spleen": _YES_NO,
    "t1": _LEVEL,
    "t2": _LEVEL,
    "dwi": _LEVEL,
    "hepatobiliary": _LEVEL,
    "uptake_visible": _YES_NO,
    "uptake_pattern": ("none", "focal", "diffuse", "uncinate"),
    "correlate": ("definite", "none", "not looked for"),
    "suspicious_on_anatomy": _YES_NO,
    "body_half": ("proximal", "distal"),
    "lower_head": _YES_NO,
    "inner_nodule": ("none", "new_or_growing"),
    "typicality": ("typical", "not_atypical", "atypical", "highly_atypical"),
    "contour": ("smooth", "irregular"),
    "wall": ("intact", "invaded"),
    "occlusion": _YES_NO,
    "thrombus": ("none", "bland", "tumour"),
    "below_duodenum": _YES_NO,
    "reconstructible": _YES_NO,
    "relation": ("none", "abut", "invade"),
    "dilated": _YES_NO,
    "transition": ("none", "at_tumour", "remote"),
    "atrophy": ("none", "upstream", "diffuse"),
    "present": _YES_NO,
    "variant": ("none", "replaced_right", "replaced_left", "replaced_common", "accessory", "other"),
    "cirrhosis": _YES_NO,
    "steatosis": _YES_NO,
    "splenomegaly": _YES_NO,
    # nodes and bone
    "shape": ("oval", "round", "irregular"),
    "necrosis": _YES_NO,
    "bone_texture": ("sclerotic", "lytic", "mixed"),
    "fracture_risk": _YES_NO,
    # vessels and ducts on their own, and vessels beside a lesion
    "michels": ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "unclassified"),
    "course": ("dorsal", "ventral", "behind_portal_vein", "behind_head", "through_head", "away"),
    "branching": ("usual", "trifurcation", "right_posterior", "other"),
    "biliary_branching": ("usual", "variant"),
    "stenosis_cause": ("ligament", "atheroma", "tumour", "unclear"),
    "collaterals": ("none", "gastric", "omental", "other"),
    "sides": ("one", "both"),
    "teardrop": _YES_NO,
    "thrombus_uptake": _YES_NO,
    "heterogeneous": _YES_NO,
    "stent": _YES_NO,
    # organs elsewhere
    "pancreatitis": ("none", "acute", "chronic"),
    "gallstones": ("none", "stones", "removed"),
    "extent": ("none", "small", "moderate", "large"),
    "enlarged": ("none", "one", "both"),
    "nodule": _YES_NO,
    "kidney_tumour": ("none", "carcinoma", "angiomyolipoma", "cysts"),
    "bowel": ("none", "ulcer", "folds", "wall_tumour"),
}
"""Name of a feature -> the words it may have."""


def unknown_keys(given: Iterable[str], known: Collection[str]) -> list[str]:
    """Names that the vocabulary lacks, in order."""
    return [name for name in given if name not in known]
