"""The foci of a PET of a reference patient, as a case holds them: one for each lesion and look-alike that is seen."""

from __future__ import annotations

from isletscope.phantom.case_lesions import case_name
from isletscope.phantom.case_parts import Json, measured

_DELINEATION = "true outline of the reference patient"
# Names of total volume and total uptake by tracer class, as a case knows them.
_TOTALS = {"sstr": ("sstr_tv", "SSTR-TV", "tlsre", "TLSRE"), "fdg": ("mtv", "MTV", "tlg", "TLG")}
_OTHER_TOTALS = ("tracer_volume", "volume", "total_uptake", "total uptake")


def foci_of(truth: Json, exam: Json, lesions: list[Json], series_key: str) -> list[Json]:
    """Foci of one PET from the observations of ``lesions`` (documents of the case), which get the foci's names."""
    true = {case_name(lesion): lesion for lesion in (*truth["lesions"], *truth["mimics"])}
    found: list[Json] = []
    for lesion in lesions:
        for seen in lesion["observations"]:
            if seen["exam_key"] != exam["name"] or seen["visibility"] != "seen":
                continue
            state = true[lesion["id"]]["exams"][exam["name"]]
            name = f"{series_key}/{len(found) + 1}"
            lesion.setdefault("focus_ids", []).append(name)
            found.append(_focus(lesion, seen, state, (name, series_key, len(found) + 1)))
    return found


def _focus(lesion: Json, seen: Json, state: Json, place: tuple[str, str, int]) -> Json:
    name, series_key, label = place
    values = {**seen["measurements"], "long_axis": measured("long_axis", state["long_axis_mm"], "mm")}
    values["suv_peak_global"] = values.pop("suv_peak")
    because = f"true for the reference patient{': ' + lesion['explained_by'] if 'explained_by' in lesion else ''}"
    return {
        "id": name,
        "series_key": series_key,
        "label": label,
        "site": lesion["site"],
        "site_code": lesion["compartment"],
        "verdict": lesion["verdict"],
        "assessment": {
            "name": "physiologic or tumour",
            "state": "derived",
            "value": lesion["verdict"],
            "because": because,
        },
        "centroid_lps_mm": state["centre_lps_mm"],
        "maximum_lps_mm": state["centre_lps_mm"],
        "threshold": {
            "name": "threshold",
            "state": "missing",
            "unit": "g/mL",
            "missing_because": "the outline is the true one",
        },
        "delineation": _DELINEATION,
        "measurements": values,
    }


def totals_of(exam: Json, foci: list[Json]) -> Json:
    """Total volume and uptake of the tumours among the foci, and counts by verdict."""
    tumours = [focus["measurements"] for focus in foci if focus["verdict"] == "tumour"]
    volume_key, volume_name, uptake_key, uptake_name = _TOTALS.get(exam["tracer_class"], _OTHER_TOTALS)
    volume = sum(one["volume"]["value"] for one in tumours)
    uptake = sum(one["total_uptake"]["value"] for one in tumours)
    counts = {
        verdict: sum(focus["verdict"] == verdict for focus in foci) for verdict in ("tumour", "unsure", "physiologic")
    }
    totals = {
        volume_key: measured(volume_name, volume, "mL"),
        uptake_key: measured(uptake_name, uptake, "g"),
        **{f"count_{verdict}": measured(f"foci held to be {verdict}", count) for verdict, count in counts.items()},
    }
    if volume > 0:
        totals["mean_uptake"] = measured("mean uptake", uptake / volume, "g/mL")
    return totals
