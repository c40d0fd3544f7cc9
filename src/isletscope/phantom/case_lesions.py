"""Lesions of a reference patient as a case names them: place, and what every exam shows of each."""

from __future__ import annotations

from isletscope.phantom.case_looks import Looks, clearest, measures, stands_out
from isletscope.phantom.case_parts import Json, exam_kind, holds, measured, rules, series_key
from isletscope.phantom.stations import stations
from isletscope.phantom.tumour_appearance import mimic_kinds
from isletscope.phantom.visit import make_uid

_SECOND_SHARE = 0.2
_RIGHT_SEGMENTS = ("5", "6", "7", "8")


def lesion_documents(truth: Json) -> list[Json]:
    """All lesions and look-alikes of the truth; look-alikes are physiologic, with the explanation."""
    found = []
    for lesion in [*truth["lesions"], *truth["mimics"]]:
        document = {
            "id": case_name(lesion),
            "tracking_uid": make_uid("isletscope-phantom", truth["scenario"], truth["seed"], lesion["id"]),
            "site": _site(lesion),
            "compartment": rules()["compartments"][lesion["site"]],
            "place": place_of(lesion),
            "verdict": "physiologic" if lesion["mimic"] else "tumour",
            "observations": [_observation(truth, lesion, exam) for exam in truth["exams"]],
        }
        if lesion["mimic"]:
            document["explained_by"] = mimic_kinds()[lesion["mimic"]]["text"]
        found.append(document | _kin(truth, lesion))
    return found


def case_name(lesion: Json) -> str:
    """The truth's name; look-alikes are X1, X2 ... as cases name what is no tumour, where the truth says M1, M2 ..."""
    name: str = lesion["id"]
    return f"X{name[1:]}" if lesion["mimic"] and name.startswith("M") else name


def _kin(truth: Json, lesion: Json) -> Json:
    """Lesions that a lesion was split from or has merged into."""
    for other in truth["lesions"]:
        if any(lesion["id"] in fate.get("with", ()) for fate in other["fates"].values() if fate["fate"] == "split"):
            return {"split_from": other["id"]}
    merged = [fate["with"][0] for fate in lesion["fates"].values() if fate["fate"] == "merged"]
    return {"merged_into": merged[0]} if merged else {}


def _first(lesion: Json) -> Json:
    state: Json = next(iter(lesion["exams"].values()))
    return state


def _site(lesion: Json) -> str:
    place = place_of(lesion)
    if lesion["site"] == "liver":
        return f"liver segment {place['region']}"
    if lesion["site"] == "pancreas":
        return f"pancreas, {place['region']}"
    if lesion["place"] in stations():
        return f"node, {stations()[lesion['place']].name}"
    return f"{lesion['site']}, {lesion['place'].replace('_', ' ')}"


def place_of(lesion: Json) -> Json:
    """Where a lesion lies: region, a second region with at least a fifth of the volume, side."""
    site, built_in = lesion["site"], str(lesion["place"])
    known = {"known_by": "reference patient"}
    if site == "node":
        return {"region": rules()["stations"].get(built_in, ""), **known}
    shares: dict[str, float] = _first(lesion).get("surroundings", {}).get("shares", {})
    if site == "liver" and shares:
        segment = next(iter(shares))
        side = "caudate" if segment == "1" else "right" if segment in _RIGHT_SEGMENTS else "left"
        return {"region": segment, **_second(shares, segment), "side": side, **known}
    if site == "pancreas":
        part = built_in
        if part == "pancreas_head" and shares.get("pancreas_uncinate", 0.0) > shares.get(part, 0.0):
            part = "pancreas_uncinate"
        if part not in shares and shares:
            part = next(iter(shares))
        second = {key: value.removeprefix("pancreas_") for key, value in _second(shares, part).items()}
        return {"region": part.removeprefix("pancreas_"), **second, **known}
    return {"region": built_in.replace("_", " "), **known}


def _second(shares: dict[str, float], first: str) -> dict[str, str]:
    others = {name: share for name, share in shares.items() if name != first and share >= _SECOND_SHARE}
    return {"second_region": max(others, key=lambda name: others[name])} if others else {}


def _observation(truth: Json, lesion: Json, exam: Json) -> Json:
    kind = exam_kind(exam)
    document: Json = {"exam_key": exam["name"], "kind": kind}
    state = lesion["exams"].get(exam["name"])
    if state is None:
        fate = lesion["fates"].get(exam["name"], {})
        others = f" {'and '.join(fate['with'])}" if fate.get("with") else ""
        words = {"merged": "merged into", "split": "split into"}.get(fate.get("fate", ""), "not there")
        return document | {"visibility": "not seen", "because": words + others}
    if not holds(exam, state["centre_lps_mm"]):
        return document | {"visibility": "not covered", "because": "outside the images"}
    looks = Looks(truth, lesion, state)
    if not stands_out(looks, exam, kind):
        return document | {"visibility": "not seen", "because": "does not stand out from its surroundings"}
    values, features = measures(looks, exam, kind)
    sizes = {} if kind.endswith("_pet") else _sizes(lesion, state)
    return document | {
        "visibility": "seen",
        "series_key": series_key(exam, clearest(looks, exam, kind)),
        "measurements": {**sizes, "volume": measured("volume", state["volume_ml"], "mL", 4), **values},
        "features": features,
    }


def _sizes(lesion: Json, state: Json) -> dict[str, Json]:
    around = state.get("surroundings", {})
    sizes = {
        "long_axis": state["long_axis_mm"],
        "short_axis": state["short_axis_mm"],
        "largest_diameter": state["largest_diameter_mm"],
        "craniocaudal": around.get("craniocaudal_mm"),
    }
    if lesion["site"] == "pancreas":
        tubes = around.get("tube_distance_mm", {})
        ducts = state["duct_distance_mm"]
        sizes |= {
            "main_duct_distance": ducts.get("pancreatic_duct", tubes.get("pancreatic_duct")),
            "bile_duct_distance": ducts.get("common_bile_duct", tubes.get("common_bile_duct")),
            "splenic_hilum_distance": around.get("splenic_hilum_mm"),
            "distal_remnant": around.get("duct_left_of_it_mm"),
        }
        if tubes:
            sizes["right_cut_clearance"] = min(tubes["gastroduodenal_artery"], tubes["common_bile_duct"])
    found = {name: measured(name, value, "mm") for name, value in sizes.items() if value is not None}
    if "surface_outside" in around:
        found["exophytic_share"] = measured("exophytic_share", around["surface_outside"])
    return found
