"""Vessels, ducts and organs beside the lesions of a reference patient, and the liver, as findings of a case."""

from __future__ import annotations

from typing import Any

from isletscope.phantom.case_parts import Json, exam_kind, holds, measured, rules

_TOLERANCES = ("0.0", "0.5", "1.0", "1.5")
_LENGTHS = {
    "contact_length": "length_any_mm",
    "contact_length_over_90": "length_gt90_mm",
    "contact_length_over_180": "length_gt180_mm",
}
_TOLERANCE = "1.0"
_VEINS = {"superior_mesenteric_vein", "portal_vein"}
_MAIN_DUCT_WIDE_MM, _BILE_DUCT_WIDE_MM = 3.5, 8.0


def vessel_findings(truth: Json, exams: list[Json]) -> list[Json]:
    """Every named vessel and organ beside every lesion of pancreas and liver, in every CT and MR that shows it."""
    found = []
    for exam in exams:
        if exam["kind"] == "pet_ct":
            continue
        for lesion in truth["lesions"]:
            state = lesion["exams"].get(exam["name"])
            if (
                state is None
                or "shares" not in state.get("surroundings", {})
                or not holds(exam, state["centre_lps_mm"])
            ):
                continue
            base = {"lesion": lesion["id"], "exam_key": exam["name"]}
            known = [name for name in rules()["vessels"][lesion["site"]] if name in truth["vessels"]]
            found += [base | _vessel(truth, lesion, state, name) for name in known]
            if lesion["site"] == "pancreas":
                found += [base | organ for organ in _organs(state)]
    return found


def _vessel(truth: Json, lesion: Json, state: Json, name: str) -> Json:
    around = state["surroundings"]
    grown_into = state["thrombus_in"] == name
    # Contact angles are told of tumours of the pancreas alone; liver lesions have distances.
    contact = None
    if lesion["site"] == "pancreas":
        contact = state.get("thrombus_contact") if grown_into else state["vessel_contact"].get(name)
    narrowed = max((item["percent"] for item in truth["anatomy"]["narrowed"] if item["vessel"] == name), default=0.0)
    bland = [item["kind"] for item in truth["anatomy"]["thrombi"] if item["vein"] == name]
    distance = contact["gap_mm"] if contact else 0.0 if grown_into else around["tube_distance_mm"][name]
    values = {"distance": measured("distance", distance, "mm", 1), "narrowing": measured("narrowing", narrowed, "%", 0)}
    values["radius"] = measured("radius", truth["calibres_mm"][name] / 2.0, "mm")
    document: Json = {"vessel": name, "measurements": values}
    if lesion["site"] == "pancreas":
        document["contact_deg"] = _contact(contact)
        for key, length in _LENGTHS.items():
            value = contact["by_tolerance_mm"][_TOLERANCE][length] if contact else 0.0
            values[key] = measured(key, value, "mm")
    thrombus = "tumour" if grown_into else bland[0] if bland else "none"
    document["features"] = {"contour": "smooth", "occlusion": "no", "thrombus": thrombus}
    if grown_into and around["thrombus_to_bifurcation_mm"] is not None:
        end = around["thrombus_to_bifurcation_mm"]
        values["thrombus_to_bifurcation"] = measured("thrombus_to_bifurcation", end, "mm", 1)
    if name in _VEINS and name in around.get("veins", {}):
        vein = around["veins"][name]
        for key in ("clean_below", "clean_above"):
            values[key] = measured(key, vein[f"{key}_mm"], "mm", 1)
        document["features"]["below_duodenum"] = "yes" if vein["below_duodenum"] else "no"
    return document


def _contact(contact: Json | None) -> dict[str, Json]:
    """Angle by tolerance; 0 where the truth has no contact within 4 mm."""
    table = contact["by_tolerance_mm"] if contact else {}
    return {key: measured("contact", table[key]["degrees_max"] if table else 0.0, "deg", 1) for key in _TOLERANCES}


def _organs(state: Json) -> list[Json]:
    around = state["surroundings"]
    distances = {
        name: min(around["organ_distance_mm"][one] for one in pair) for name, pair in rules()["organs"].items()
    }
    distances |= {
        name: state["duct_distance_mm"].get(name, around["tube_distance_mm"][name]) for name in rules()["ducts"]
    }
    return [
        {
            "vessel": name,
            "measurements": {"distance": measured("distance", value, "mm", 1)},
            # A tumour of this body pushes its neighbours away and never grows into them, but for the stated thrombus.
            "features": {"relation": "abut" if value <= 0 else "none"},
        }
        for name, value in distances.items()
    ]


def structure_findings(truth: Json, exams: list[Json]) -> list[Json]:
    """Ducts with their calibre, variants, and what this body lacks, each in the first exam that shows it."""
    found = []
    for row in rules()["structures"]:
        exam = _best(exams, row["shown_by"])
        if exam is not None:
            found.append({"structure": row["structure"], "exam_key": exam["name"], "features": dict(row["features"])})
    exam = _best(exams, ("ct", "mri"))
    if exam is not None:
        found += [{"exam_key": exam["name"], **part} for part in _measured_structures(truth, exam)]
    sstr = _best(exams, ("sstr_pet",))
    if sstr is not None:
        pattern = {"uptake_pattern": _uptake_pattern(truth, sstr)}
        found.append({"structure": "pancreas", "exam_key": sstr["name"], "features": pattern})
    return found


def _best(exams: list[Json], kinds: Any) -> Json | None:
    """The last exam of the first kind that was done."""
    for kind in kinds:
        for exam in reversed(exams):
            if exam_kind(exam) == kind:
                return exam
    return None


def _measured_structures(truth: Json, exam: Json) -> list[Json]:
    widths = truth["calibres_mm"]
    primaries = [one["exams"][exam["name"]] for one in truth["lesions"] if _is_primary(one, exam)]
    largest = max(primaries, key=lambda state: state["volume_ml"], default=None)
    duct = {"calibre": widths["pancreatic_duct"]}
    if largest is not None:
        sides = largest["surroundings"]["main_duct_mm"]
        duct |= {"calibre_upstream": sides["upstream"], "calibre_downstream": sides["downstream"]}
    narrowed = {item["vessel"]: item for item in truth["anatomy"]["narrowed"]}
    wide = {"pancreatic_duct": max(duct.values()) > _MAIN_DUCT_WIDE_MM}
    replaced = "replaced_right_hepatic_artery" in truth["anatomy"]["variants"]
    found: list[Json] = [
        {
            "structure": "pancreatic_duct",
            "measurements": {key: measured(key, value, "mm", 1) for key, value in duct.items()},
            "features": {
                "dilated": "yes" if wide["pancreatic_duct"] else "no",
                "transition": "at_tumour" if "pancreatic_duct" in narrowed else "none",
            },
        },
        {
            "structure": "common_bile_duct",
            "measurements": {"calibre": measured("calibre", widths["common_bile_duct"], "mm", 1)},
            "features": {
                "dilated": "yes" if widths["common_bile_duct"] > _BILE_DUCT_WIDE_MM else "no",
                "stent": "no",
            },
        },
        {
            "structure": "hepatic_artery",
            "features": {"variant": "replaced_right" if replaced else "none", "michels": "III" if replaced else "I"},
        },
        {
            "structure": "first_jejunal_trunk",
            "measurements": {"calibre": measured("calibre", widths["first_jejunal_vein"], "mm", 1)},
            "features": {"course": "dorsal"},
        },
    ]
    for artery in ("celiac_artery", "superior_mesenteric_artery"):
        percent = narrowed.get(artery, {"percent": 0.0})["percent"]
        found.append({"structure": artery, "measurements": {"narrowing": measured("narrowing", percent, "%", 0)}})
    return found


def _is_primary(lesion: Json, exam: Json) -> bool:
    return lesion["site"] == "pancreas" and exam["name"] in lesion["exams"]


def _uptake_pattern(truth: Json, exam: Json) -> str:
    """Uptake of the pancreas on SSTR PET: focal where a lesion there shows."""
    states = [one["exams"][exam["name"]] for one in truth["lesions"] if _is_primary(one, exam)]
    if any(state["shows"] for state in states):
        return "focal"
    uncinate = [one for one in truth["mimics"] if one["mimic"] == "uncinate_uptake" and exam["name"] in one["exams"]]
    return "uncinate" if uncinate else "none"


def liver_findings(truth: Json, exams: list[Json]) -> list[Json]:
    """The liver in every CT and MR: volumes with and without tumour, by segment, and its tissue."""
    found = []
    for exam in exams:
        if exam["kind"] == "pet_ct":
            continue
        tumour = _tumour_by_segment(truth, exam)
        whole, inside = truth["anatomy"]["liver_ml"], truth["liver_burden"][exam["name"]]["volume_ml"]
        volumes = {"whole_volume": whole, "tumour_volume": inside, "functional_volume": whole - inside}
        volumes["spleen_volume"] = truth["anatomy"]["volumes_ml"]["spleen"]
        values = {key: measured(key, value, "mL", 1) for key, value in volumes.items()}
        fat = 100.0 * truth["tissues"]["liver"]["fat_fraction"]
        if exam["kind"] == "mr":
            values["fat_fraction"] = measured("fat_fraction", fat, "%", 1)
        found.append(
            {
                "exam_key": exam["name"],
                "measurements": values,
                "features": dict(rules()["liver"]),
                "segments": [
                    {
                        "segment": segment,
                        "parenchyma": measured("parenchyma", max(volume - tumour.get(segment, 0.0), 0.0), "mL", 1),
                        "tumour": measured("tumour", tumour.get(segment, 0.0), "mL"),
                    }
                    for segment, volume in truth["anatomy"]["liver_segments_ml"].items()
                ],
            }
        )
    return found


def _tumour_by_segment(truth: Json, exam: Json) -> dict[str, float]:
    found: dict[str, float] = {}
    for lesion in truth["lesions"]:
        state = lesion["exams"].get(exam["name"])
        if lesion["site"] != "liver" or state is None:
            continue
        for segment, share in state.get("surroundings", {}).get("shares", {}).items():
            found[segment] = found.get(segment, 0.0) + share * state["volume_ml"]
    return found
