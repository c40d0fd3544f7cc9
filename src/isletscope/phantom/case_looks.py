"""What a lesion of a reference patient looks like in one exam: seen or not, measurements, coded features."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.case_parts import Json, appearance, level, level_by_ratio, measured, rules
from isletscope.phantom.mr_physics import signal
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import mr_protocol

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


class Looks:
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


def clearest(looks: Looks, exam: Json, kind: str) -> str:
    """Role (and phase) of the series on which a lesion stands out most; on MR the arterial one where there is one."""
    if kind.endswith("_pet"):
        return "pet"
    if kind == "mri":
        images = _images(exam)
        return next(image for image in ("t1_late_arterial", "t1_hepatobiliary", *images) if image in images)
    around = {phase: abs(looks.main.hu[phase] - looks.against.hu[phase]) for phase in _phases(exam)}
    return f"phase {max(around, key=lambda phase: around[phase])}"


def _hu_at(phase: str) -> Callable[[Appearance], float]:
    return lambda look: look.hu[phase]


def _phases(exam: Json) -> list[str]:
    return list(dict.fromkeys(series["phase"] for series in exam["series"] if series["role"] == "phase"))


def _seen_on_ct(looks: Looks, exam: Json) -> bool:
    step = rules()["seen"]["hu_in_bone" if looks.site == "bone" else "hu"]
    return any(abs(looks.farthest(_hu_at(phase)) - looks.against.hu[phase]) >= step for phase in _phases(exam))


def _seen_on_mr(looks: Looks, exam: Json) -> bool:
    for image in _images(exam):
        around = abs(_signal(looks.against, image, exam))
        there = abs(looks.farthest(partial(_signal, image=image, exam=exam)))
        if level_by_ratio(there / around if around else 9.0) != "equal":
            return True
    return False


def _seen_on_pet(looks: Looks, exam: Json) -> bool:
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


def _ct(looks: Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
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


def _mr(looks: Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
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


def _pet(looks: Looks, exam: Json) -> tuple[dict[str, Json], dict[str, str]]:
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


def _anatomy(looks: Looks) -> dict[str, str]:
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


def _mixed(looks: Looks) -> dict[str, str]:
    """Said only of a lesion that is built of unlike parts."""
    return {"heterogeneous": "yes"} if len(looks.parts) > 1 else {}


def stands_out(looks: Looks, exam: Json, kind: str) -> bool:
    """Whether a reader of that kind of images could tell the lesion from what lies around."""
    return _SEEN[kind](looks, exam)


def measures(looks: Looks, exam: Json, kind: str) -> tuple[dict[str, Json], dict[str, str]]:
    """Measurements and features of a lesion that is seen on that kind of images."""
    return _MEASURES[kind](looks, exam)


_SEEN: dict[str, Callable[[Looks, Json], bool]] = {
    "ct": _seen_on_ct,
    "mri": _seen_on_mr,
    "sstr_pet": _seen_on_pet,
    "fdg_pet": _seen_on_pet,
    "exendin_pet": _seen_on_pet,
}
_MEASURES: dict[str, Callable[[Looks, Json], tuple[dict[str, Json], dict[str, str]]]] = {
    "ct": _ct,
    "mri": _mr,
    "sstr_pet": _pet,
    "fdg_pet": _pet,
    "exendin_pet": _pet,
}
