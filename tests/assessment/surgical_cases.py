"""Cases of one primary beside vessels that are free unless a test says otherwise."""

from __future__ import annotations

from typing import Any

from isletscope.model import Case, Lesion, StructureFinding, VesselFinding
from tests.assessment.cases import case, lesion, seen, structure, vessel

NET = {
    "histology": {"ki67_percent": 2, "mitoses_per_2mm2": 1, "differentiation": "well"},
    "hormones": {"syndrome": "none"},
    "germline": "none found",
    "symptoms": [],
    "courses": [],
}
"""Clinical file of a sporadic, non-functioning NET G1 without symptoms or treatment."""
VESSELS = (
    "celiac_artery",
    "superior_mesenteric_artery",
    "common_hepatic_artery",
    "proper_hepatic_artery",
    "gastroduodenal_artery",
    "splenic_artery",
    "aorta",
    "first_jejunal_artery",
    "superior_mesenteric_vein",
    "portal_vein",
    "splenic_vein",
    "inferior_vena_cava",
    "first_jejunal_vein",
    "portal_vein_left",
    "portal_vein_right",
)
_CLEAN = {"superior_mesenteric_vein": {"clean_below": 25.0}, "portal_vein": {"clean_above": 30.0}}


def vessels(name: str = "P1", /, without: tuple[str, ...] = (), **found: Any) -> list[VesselFinding]:
    """Every vessel beside a lesion, free and open; ``found``: degrees, or degrees with features, by vessel."""
    made = []
    for one in VESSELS:
        given = found.get(one, 0.0)
        degrees, more = given if isinstance(given, tuple) else (given, {})
        usual = {"narrowing": 0.0, "contour": "smooth", "occlusion": "no", "thrombus": "none", "radius": 4.0}
        if one not in without:
            made.append(vessel(name, one, float(degrees), **{**usual, **_CLEAN.get(one, {}), **more}))
    return made


def structures(**duct: Any) -> list[StructureFinding]:
    """A slim duct, usual arteries, no cavernous transformation."""
    width = {"calibre_upstream": 2.0, "calibre_downstream": 2.0, "dilated": "no", **duct}
    return [
        structure("pancreatic_duct", **width),
        structure("hepatic_artery", variant="none"),
        structure("cavernous_transformation", present="no"),
    ]


def primary(name: str = "P1", /, mm: float = 15.0, region: str = "body", **found: Any) -> Lesion:
    """A primary seen on CT, by default away from duct, hilum and head."""
    usual = {"main_duct_distance": 5.0, "splenic_hilum_distance": 60.0, "body_half": "distal"}
    return lesion(name, seen("ct", long_axis=mm, **{**usual, **found}), seen("sstr_pet", suv_max=30), region=region)


def surgical(*lesions: Lesion, clinical: dict[str, Any] | None = None, **more: Any) -> Case:
    """A case of these primaries (one of 15 mm in the body when none is given) with vessels and structures."""
    usual: dict[str, Any] = {"vessels": vessels(), "structures": structures()}
    return case(*(lesions or (primary(),)), clinical={**NET, **(clinical or {})}, **{**usual, **more})
