"""Lesions of a reference patient as a case names them: place, and what every exam shows of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.case_parts import (
    Json,
    appearance,
    exam_kind,
    holds,
    level,
    level_by_ratio,
    measured,
    rules,
    series_key,
)
from isletscope.phantom.mr_physics import signal
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import mr_protocol
from isletscope.phantom.stations import stations
from isletscope.phantom.tumour_appearance import mimic_kinds
from isletscope.phantom.visit import make_uid

_SECOND_SHARE = 0.2
_RIGHT_SEGMENTS = ("5", "6", "7", "8")
_CT_FEATURES = {
    "late_arterial": "enhancement_arterial",
    "portal_venous": "enhancement_portal_venous",
    "delayed": "enhancement_delayed",
}
# Image of the MR protocol -> name of the ratio to the organ, and of the feature.
_MR_IMAGES = {
    "t1_fat_sat": ("t1_ratio", "t1"),
    "t2_fat_sat": ("t2_ratio", "t2"),
    "dwi_b800": ("dwi_ratio", "dwi"),
    "t1_late_arterial": ("arterial_ratio", "enhancement_arterial"),
    "t1_portal_venous": ("portal_venous_ratio", "enhancement_portal_venous"),
    "t1_delayed": ("", "enhancement_delayed"),
    "t1_hepatobiliary": ("hepatobiliary_ratio", "hepatobiliary"),
}
_CYSTIC, _NECROTIC = "fluid", "necrotic_core"
_HU = "[hnsf'U]"
_ADC = "10-6.mm2/s"


def lesion_documents(truth: Json) -> list[Json]:
    """All lesions and look-alikes of the truth; look-alikes are physiologic, with the explanation."""
    found = []
    for lesion in [*truth["lesions"], *truth["mimics"]]:
        document = {
            "id": lesion["id"],
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
    looks = _Looks(truth, lesion, state)
    if not _SEEN[kind](looks, exam):
        return document | {"visibility": "not seen", "because": "does not stand out from its surroundings"}
    values, features = _MEASURES[kind](looks, exam)
    sizes = {} if kind.endswith("_pet") else _sizes(lesion, state)
    return document | {
        "visibility": "seen",
        "series_key": series_key(exam, _clearest(looks, exam, kind)),
        "measurements": {**sizes, "volume": measured("volume", state["volume_ml"], "mL", 4), **values},
        "features": features,
    }


def _clearest(looks: _Looks, exam: Json, kind: str) -> str:
    """Role (and phase) of the series on which a lesion stands out most; on MR the arterial one where there is one."""
    if kind.endswith("_pet"):
        return "pet"
    if kind == "mri":
        images = _images(exam)
        return next(image for image in ("t1_late_arterial", "t1_hepatobiliary", *images) if image in images)
    around = {phase: abs(looks.main.hu[phase] - looks.against.hu[phase]) for phase in _phases(exam)}
    return f"phase {max(around, key=lambda phase: around[phase])}"


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


class _Looks:
    """A lesion's parts in one exam with what lies around: shares of the volume and appearances."""

    def __init__(self, truth: Json, lesion: Json, state: Json) -> None:
        self.site: str = lesion["site"]
        self.state = state
        self.lesion = lesion
        own = [part for part in state["parts"] if part["name"] != "thrombus"]
        total = sum(part["volume_ml"] for part in own) or 1.0
        self.parts = [(part["volume_ml"] / total, appearance(part["appearance"])) for part in own]
        self.names = {part["name"]: part["volume_ml"] / total for part in own}
        tissues = {name: appearance(look) for name, look in truth["tissues"].items()}
        self.against = tissues[rules()["seen_against"][self.site]]
        organ = rules()["organ"].get(self.site)
        self.organ = tissues[organ] if organ else None
        self.spleen = tissues["spleen"]
        self.main = self.parts[0][1]

    def mean(self, value: Callable[[Appearance], float]) -> float:
        """Mean of a value over the volume."""
        return float(sum(share * value(look) for share, look in self.parts))

    def farthest(self, value: Callable[[Appearance], float]) -> float:
        """Value of the part that stands out most from what lies around."""
        around = value(self.against)
        found: float = max((value(look) for _, look in self.parts), key=lambda one: abs(one - around))
        return found


def _hu_at(phase: str) -> Callable[[Appearance], float]:
    return lambda look: look.hu[phase]


def _phases(exam: Json) -> list[str]:
    return list(dict.fromkeys(series["phase"] for series in exam["series"] if series["role"] == "phase"))


def _seen_on_ct(looks: _Looks, exam: Json) -> bool:
    step = rules()["seen"]["hu_in_bone" if looks.site == "bone" else "hu"]
    return any(abs(looks.farthest(_hu_at(phase)) - looks.against.hu[phase]) >= step for phase in _phases(exam))


def _seen_on_mr(looks: _Looks, exam: Json) -> bool:
    for image in _images(exam):
        around = abs(_signal(looks.against, image, exam))
        there = abs(looks.farthest(partial(_signal, image=image, exam=exam)))
        if level_by_ratio(there / around if around else 9.0) != "equal":
            return True
    return False


def _seen_on_pet(looks: _Looks, exam: Json) -> bool:
    """The uptake of some part stands out, truly and blurred, from the tissue and from the image around it."""
    tracer, ratio = exam["tracer_class"], rules()["seen"]["uptake_ratio"]
    around = max(looks.against.uptake[tracer], looks.state["background_suv"])
    highest = max(look.uptake[tracer] for _, look in looks.parts)
    blurred: float = looks.state["suv_max_noise_free"]
    return bool(highest >= ratio * around and blurred >= ratio * looks.against.uptake[tracer])


def _images(exam: Json) -> list[str]:
    there = {series["role"] for series in exam["series"]}
    return [image for image in _MR_IMAGES if image in there]


def _signal(look: Appearance, image: str, exam: Json) -> float:
    settings = mr_protocol().images[image]
    rule = MrRule(agent=exam["agent"])
    rate = look.gadolinium.get(settings.phase or "", 0.0) * mr_protocol().gadolinium_factor(settings, rule)
    return signal(look, settings.excitation, rate)


def _ct(looks: _Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
    values, features = {}, _anatomy(looks)
    calcium = looks.names.get("calcium", 0.0)
    features["calcification"] = "coarse" if calcium else "none"
    for phase in _phases(exam):
        values[f"hu_{phase}"] = measured(f"hu_{phase}", looks.mean(_hu_at(phase)), _HU, 1)
        if looks.organ:
            around = looks.organ.hu[phase]
            values[f"organ_hu_{phase}"] = measured(f"organ_hu_{phase}", around, _HU, 1)
            if phase in _CT_FEATURES:
                features[_CT_FEATURES[phase]] = level(looks.main.hu[phase], around, rules()["seen"]["hu"])
    if looks.site == "bone" and _phases(exam):
        phase = _phases(exam)[0]
        gain = looks.main.hu[phase] - looks.against.hu[phase]
        features["bone_texture"] = "sclerotic" if gain > 0 else "lytic"
    return values, features


def _mr(looks: _Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
    values, features = {}, _anatomy(looks)
    levels_of_spleen = []
    for image in _images(exam):
        name, feature = _MR_IMAGES[image]
        main = _signal(looks.main, image, exam)
        levels_of_spleen.append(level_by_ratio(main / _signal(looks.spleen, image, exam)))
        if looks.organ:
            around = _signal(looks.organ, image, exam)
            features[feature] = level_by_ratio(main / around)
            if name:
                mean = looks.mean(partial(_signal, image=image, exam=exam))
                values[name] = measured(name, mean / around)
    if levels_of_spleen:
        features["like_spleen"] = "yes" if set(levels_of_spleen) == {"equal"} else "no"
    if "adc" in {series["role"] for series in exam["series"]}:
        values["adc_mean"] = measured("adc_mean", looks.mean(lambda one: one.adc), _ADC, 0)
        values["adc_lowest_tenth"] = measured("adc_lowest_tenth", min(one.adc for _, one in looks.parts), _ADC, 0)
        values["spleen_adc"] = measured("spleen_adc", looks.spleen.adc, _ADC, 0)
        if looks.organ:
            values["organ_adc"] = measured("organ_adc", looks.organ.adc, _ADC, 0)
        highest = max(series.get("b_s_mm2", 0.0) for series in exam["series"])
        values["highest_b_value"] = measured("highest_b_value", highest, "s/mm2", 0)
    return values, features


def _pet(looks: _Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
    state, tracer = looks.state, exam["tracer_class"]
    uptake = sum(part["volume_ml"] * part["appearance"]["suv"][tracer] for part in state["parts"])
    highest = state["suv_max_noise_free"]
    values = {
        "suv_max": measured("suv_max", highest, "g/mL"),
        "suv_peak": measured("suv_peak", state["suv_peak_noise_free"], "g/mL"),
        "total_uptake": measured("total_uptake", uptake, "g"),
    }
    if "suv_mean_noise_free" in state:
        values["suv_mean"] = measured("suv_mean", state["suv_mean_noise_free"], "g/mL")
    for name, organ in (("to_liver", "liver"), ("to_spleen", "spleen"), ("to_blood_pool", "aorta")):
        if organ in exam["organs"]:
            values[name] = measured(name, highest / exam["organs"][organ]["mean_suv"])
    features = {"uptake_visible": "yes", **_mixed(looks)}
    thrombus = [part["appearance"]["suv"][tracer] for part in state["parts"] if part["name"] == "thrombus"]
    if thrombus:
        stands_out = thrombus[0] >= rules()["seen"]["uptake_ratio"] * exam["organs"]["blood"]["mean_suv"]
        features["thrombus_uptake"] = "yes" if stands_out else "no"
    return values, features


def _anatomy(looks: _Looks) -> dict[str, str]:
    """Margin, nature and pattern; lesions of this body have sharp margins."""
    cystic, necrotic = looks.names.get(_CYSTIC, 0.0), looks.names.get(_NECROTIC, 0.0)
    features = {
        "margin": "lobulated" if looks.lesion["lobulated"] else "well_defined",
        "nature": "cystic" if cystic >= 0.5 else "mixed" if cystic else "necrotic" if necrotic else "solid",
        "enhancement_pattern": "rim"
        if cystic or necrotic
        else "heterogeneous"
        if len(looks.parts) > 1
        else "homogeneous",
        "inner_nodule": "none",
        **_mixed(looks),
    }
    around: dict[str, Any] = looks.state.get("surroundings", {})
    if looks.site == "pancreas" and around:
        features["exophytic"] = "yes" if around["surface_outside"] > 0.5 else "no"
        features["body_half"] = "proximal" if around["proximal_half"] else "distal"
        features["lower_head"] = "yes" if around["lower_half_of_head"] else "no"
    if looks.site == "node":
        round_shape = looks.state["short_axis_mm"] > 0.8 * looks.state["long_axis_mm"]
        features |= {"shape": "round" if round_shape else "oval", "necrosis": "yes" if necrotic else "no"}
    return features


def _mixed(looks: _Looks) -> dict[str, str]:
    """Said only of a lesion that is built of unlike parts."""
    return {"heterogeneous": "yes"} if len(looks.parts) > 1 else {}


_SEEN: dict[str, Callable[[_Looks, Json], bool]] = {
    "ct": _seen_on_ct,
    "mri": _seen_on_mr,
    "sstr_pet": _seen_on_pet,
    "fdg_pet": _seen_on_pet,
    "exendin_pet": _seen_on_pet,
}
_MEASURES: dict[str, Callable[[_Looks, Json], tuple[dict[str, Json], dict[str, str]]]] = {
    "ct": _ct,
    "mri": _mr,
    "sstr_pet": _pet,
    "fdg_pet": _pet,
    "exendin_pet": _pet,
}
