"""Which candidates are kept: large enough, round enough, inside the organ, and different enough.

On MR a place must be bright on T2 or on the diffusion weighted image where one was taken, and a second contrast must
agree: vessels are dark on both, ducts are bright on T2 alone. On CT one clear phase is enough.
"""

from __future__ import annotations

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.features import Features, Shown
from isletscope.model import ExamKind

_CT_PHASES = ("arterial", "portal_venous", "delayed", "phase_unknown", "unenhanced")


def why_not(features: Features, kind: ExamKind, thresholds: Thresholds) -> str:
    """Why a candidate is dropped, in words; empty when it is kept."""
    small = features.diameter_mm < thresholds.number("accept.small_mm")
    if features.diameter_mm < thresholds.number("accept.least_diameter_mm"):
        return "too small"
    if features.slenderness > thresholds.number("accept.most_slender_small" if small else "accept.most_slender"):
        return "a tube"
    if features.inside < thresholds.number("accept.least_inside"):
        return "mostly outside the organ"
    large = features.diameter_mm >= thresholds.number("accept.large_mm")
    if features.embedded < thresholds.number("accept.least_embedded_large" if large else "accept.least_embedded"):
        return "at the edge of the organ"
    if features.touching is not None:
        return _beside_gland(features, kind, thresholds)
    if kind is ExamKind.CT:
        return _on_ct(features, thresholds)
    return _on_mr(features, thresholds)


def _on_ct(features: Features, thresholds: Thresholds) -> str:
    least = thresholds.number("accept.least_hu")
    phases = [features.shown[name] for name in _CT_PHASES if name in features.shown]
    if not any(abs(one.difference) >= least and _stands_out(one, least) for one in phases):
        return "hardly different from the organ"
    if any(one.value is not None and one.value < thresholds.number("accept.fat_hu") for one in phases):
        return "fat"
    return ""


def _beside_gland(features: Features, kind: ExamKind, thresholds: Thresholds) -> str:
    """In a region around the pancreas: bright against the gland and touching it; other organs lie there too."""
    if features.touching is None or features.touching < thresholds.number("gland.least_touching"):
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
    comparable = {"t2", "dwi", "hepatobiliary", "t1", "arterial"} & set(features.shown)
    if len(signs) < min(2, len(comparable)):
        return "no second contrast agrees"
    return ""


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
