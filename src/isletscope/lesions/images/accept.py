"""Which candidates are kept: large enough, round enough, inside the organ, and different enough.

On MR a place must be bright on T2 or on the diffusion weighted image where one was taken, and a second contrast must
agree: vessels are dark on both, ducts are bright on T2 alone. On CT one clear phase is enough.
"""

from __future__ import annotations

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.features import Features, Shown
from isletscope.model import ExamKind

_CT_PHASES = ("arterial", "portal_venous", "delayed", "phase_unknown", "unenhanced")


def why_not(features: Features, kind: ExamKind, thresholds: Thresholds, blood_hu: float | None = None) -> str:
    """Why a candidate is dropped, in words; empty when it is kept.

    ``blood_hu``: how much brighter the aorta is than the organ in the late arterial phase of a CT.
    """
    small = features.diameter_mm < thresholds.number("accept.small_mm")
    if features.diameter_mm < thresholds.number("accept.least_diameter_mm"):
        return "too small"
    if features.slenderness > thresholds.number("accept.most_slender_small" if small else "accept.most_slender"):
        return "a tube"
    if features.inside < thresholds.number("accept.least_inside"):
        return "mostly outside the organ"
    if features.flatness > thresholds.number(
        "accept.most_flat_small" if _is_thin(features, thresholds) else "accept.most_flat"
    ):
        return "flat"
    if _seen_alone(features, kind) and features.diameter_mm < thresholds.number("accept.large_mm"):
        return "one series alone does not tell a small lesion from vessels and ducts"
    if features.touching is not None:
        return _beside_gland(features, kind, thresholds)
    if features.embedded < _least_embedded(features, thresholds):
        return "at the edge of the organ"
    if kind is ExamKind.CT:
        return _on_ct(features, thresholds, blood_hu)
    return _on_mr(features, thresholds)


def _seen_alone(features: Features, kind: ExamKind) -> bool:
    """Whether fewer than two phases of CT, or neither diffusion nor contrast on MR, show the place."""
    if kind is ExamKind.CT:
        return sum(name in features.shown for name in _CT_PHASES) < 2
    return not {"dwi", "arterial", "hepatobiliary"} & set(features.shown)


def _least_embedded(features: Features, thresholds: Thresholds) -> float:
    """How much of the shell has to lie in the organ: more on CT for small candidates, most for small dark ones."""
    if features.diameter_mm >= thresholds.number("accept.large_mm"):
        return thresholds.number("accept.least_embedded_large")
    phases = [features.shown[name] for name in ("arterial", "portal_venous") if name in features.shown]
    medium = features.diameter_mm >= thresholds.number("accept.medium_mm")
    if medium or not phases or phases[0].unit == "%":
        return thresholds.number("accept.least_embedded")
    dark = all(one.difference < thresholds.number("accept.early_hu") for one in phases)
    return thresholds.number("accept.least_embedded_dark" if dark else "accept.least_embedded_small")


def _on_ct(features: Features, thresholds: Thresholds, blood_hu: float | None) -> str:
    least = thresholds.number("accept.least_hu")
    phases = [features.shown[name] for name in _CT_PHASES if name in features.shown]
    if not any(abs(one.difference) >= least and _stands_out(one, least) for one in phases):
        return "hardly different from the organ"
    early, late = features.shown.get("arterial"), features.shown.get("portal_venous")
    if early and late and late.difference >= least and early.difference < thresholds.number("accept.early_hu"):
        return "a vein: brighter than the organ in the portal venous phase alone"
    if early and late and early.difference <= -least and late.difference > -thresholds.number("accept.early_hu"):
        return "darker than the organ in the arterial phase alone"
    small = features.diameter_mm < thresholds.number("accept.small_mm")
    dark = all(one.difference < 0 for one in phases)
    if small and dark and features.slenderness > thresholds.number("accept.most_slender_dark"):
        return "a duct"
    if small and early and blood_hu and early.difference > thresholds.number("accept.artery_share") * blood_hu:
        return "an artery"
    slender = features.slenderness > thresholds.number("accept.artery_slender")
    thin = features.diameter_mm < thresholds.number("accept.medium_mm")
    if (
        thin
        and slender
        and early
        and blood_hu
        and early.difference > thresholds.number("accept.artery_share_slender") * blood_hu
    ):
        return "an artery"
    if any(one.value < thresholds.number("accept.fat_hu") for one in phases):
        return "fat"
    if not _is_even(features, thresholds):
        return "brighter in its middle than across its outline: a vessel crosses it"
    return ""


def _is_even(features: Features, thresholds: Thresholds) -> bool:
    """Whether the step across the outline is that of the middle; asked below the size at which tumours are uneven."""
    outlined = features.shown.get(features.outlined)
    if outlined is None or features.diameter_mm >= thresholds.number("accept.large_mm"):
        return True
    return abs(features.step) >= thresholds.number("accept.least_own_step") * abs(outlined.difference)


def _is_thin(features: Features, thresholds: Thresholds) -> bool:
    """Whether flatness is judged as of a small one: all below the large in the liver, the small beside the gland."""
    size = "accept.large_mm" if features.touching is None else "accept.small_mm"
    return features.diameter_mm < thresholds.number(size)


def _beside_gland(features: Features, kind: ExamKind, thresholds: Thresholds) -> str:
    """In a region around the pancreas: bright against the gland and touching it; other organs lie there too."""
    large = features.diameter_mm >= thresholds.number("accept.large_mm")
    least = thresholds.number("gland.least_touching_large" if large else "gland.least_touching")
    if features.touching is None or features.touching < least:
        return "does not touch the gland"
    if kind is ExamKind.CT:
        phases = [features.shown[name] for name in _CT_PHASES[:3] if name in features.shown]
        if not any(one.difference >= thresholds.number("gland.least_hu") for one in phases):
            return "not brighter than the gland"
        return ""
    shown = features.shown
    low, high = thresholds.bounds("gland.t1_percent")
    if "t1" not in shown or not low <= shown["t1"].difference <= high:
        return "not darker than the gland on T1"
    if "dwi" not in shown or shown["dwi"].difference < thresholds.number("gland.least_dwi_percent"):
        return "not bright on diffusion"
    if "adc" in shown and shown["adc"].difference > thresholds.number("gland.most_adc_percent"):
        return "free diffusion, as in fluid"
    return ""


def _on_mr(features: Features, thresholds: Thresholds) -> str:
    least, second = thresholds.number("accept.least_percent"), thresholds.number("accept.second_percent")
    signs = _mr_signs(features, second)
    bright = [name for name in ("t2", "dwi") if name in features.shown]
    if bright:
        if not any(features.shown[name].difference >= least for name in bright):
            return "not bright on T2 or diffusion"
    elif not any(abs(one.difference) >= least for one in features.shown.values()):
        return "hardly different from the organ"
    if "dwi" in features.shown and _is_fluid_outside(features, thresholds):
        return "fluid beside the organ or in a duct"
    comparable = {"t2", "dwi", "hepatobiliary", "t1", "arterial"} & set(features.shown)
    if len(signs) < min(2, len(comparable)):
        return "no second contrast agrees"
    return ""


def _is_fluid_outside(features: Features, thresholds: Thresholds) -> bool:
    """Neither bright on diffusion nor fluid deep inside the organ, as a cyst is: gallbladder, duct, bowel."""
    shown = features.shown
    if shown["dwi"].difference >= thresholds.number("accept.least_dwi_percent"):
        return False
    bright = "t2" in shown and shown["t2"].difference >= thresholds.number("accept.fluid_t2_percent")
    return not (bright and features.embedded >= thresholds.number("accept.cyst_embedded"))


def _mr_signs(features: Features, second: float) -> list[str]:
    """Contrasts that speak for something solid or fluid rather than a vessel or a duct."""
    wanted = {"t2": 1.0, "dwi": 1.0, "hepatobiliary": -1.0, "t1": -1.0, "arterial": 1.0}
    return [
        name
        for name, sign in wanted.items()
        if name in features.shown and sign * features.shown[name].difference >= second
    ]


def _stands_out(shown: Shown, least: float) -> bool:
    """Different from what lies around it too, not only from the organ's usual value."""
    return (shown.difference - shown.around) * shown.difference > 0 and abs(shown.difference - shown.around) >= least
