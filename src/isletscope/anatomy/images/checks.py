"""Self-checks of organs found on CT and MR: size, side, place among other organs, density. What fails is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.images.frame import ImageFrame
from isletscope.anatomy.images.prior import Expectation
from isletscope.anatomy.images.tissues import T, is_ct, skin_fat
from isletscope.anatomy.images.vessels import VESSELS
from isletscope.anatomy.shapes import Bool3D, Float3D, dilated, eroded, smoothed
from isletscope.model import Role

Masks = dict[str, Bool3D]
SIDES = {"liver": -1, "kidney_right": -1, "spleen": 1, "kidney_left": 1}
_TUMOURS_LIKE_LIVER = (Role.MR_DYNAMIC, Role.MR_T1_FAT_SATURATED)
_SHOWS_BLOOD = (Role.MR_HEPATOBILIARY, Role.MR_DYNAMIC, Role.MR_T1_FAT_SATURATED, Role.MR_T1)
SOURCE = "grey values and atlases"


def mirrored(expectation: Expectation) -> str:
    """Why right and left are in doubt, or an empty text."""
    gain = expectation.mirrored_score / max(expectation.score, 1e-6) - 1.0
    if gain <= T.number("check.mirrored_margin"):
        return ""
    return (
        "the body fits the anatomy better when right and left are exchanged: either the series is stored the wrong way "
        "round or the organs lie mirrored (situs inversus); a reader must decide"
    )


def checked(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> Found:
    """The organ with its standing, or why it is refused."""
    mask = masks[name]
    if not mask.any():
        return not_found("nothing of its grey lies where it is expected")
    tests: tuple[Callable[[Masks, str, ImageFrame, Bool3D, Expectation], str], ...] = (
        _size,
        _side,
        _order,
        _grey,
        _held,
    )
    for test in tests:
        because = test(masks, name, frame, body, expectation)
        if because:
            return not_found(because)
    confidence = "moderate" if is_ct(frame.role) and not frame.cut_by_edge(mask) else "low"
    return Found(mask, f"{SOURCE} ({'CT' if is_ct(frame.role) else 'MR'})", confidence)


def _size(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> str:
    volume = frame.volume_ml(masks[name])
    low, high = T.bounds(f"check.{name}_ml")
    if name.startswith("kidney") and not is_ct(frame.role):
        high = T.number("check.mr_kidney_ml")
    cut = frame.cut_by_edge(masks[name])
    least = min(low, T.number("check.cut_ml")) if cut else low
    if least <= volume <= high:
        return ""
    partly = " and the field's edge cuts it" if cut else ""
    return f"what was found has {volume:.0f} mL{partly}; expected {least:.0f} to {high:.0f} mL"


def _side(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> str:
    side = SIDES.get(name)
    if side is None:
        return ""
    middle = frame.centre_lps_mm(body)[0]
    x = frame.centre_lps_mm(masks[name])[0]
    if side * (x - middle) > 0:
        return ""
    found, expected = ("right", "left") if side > 0 else ("left", "right")
    return f"what was found lies on the patient's {found}; expected on the {expected}"


def _order(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> str:
    """Kidneys below the liver's top, vessels beside the midline, right organs right of left ones."""
    centre = frame.centre_lps_mm(masks[name])
    middle = frame.centre_lps_mm(body)[0]
    if name in ("aorta", "inferior_vena_cava", "bladder") and abs(centre[0] - middle) > 60.0:
        return (
            f"what was found lies {abs(centre[0] - middle):.0f} mm beside the middle of the body; expected up to 60 mm"
        )
    liver = masks["liver"]
    if name.startswith("kidney") and liver.any():
        top = frame.extent_z_mm(liver)[1]
        if centre[2] > top:
            return "what was found lies above the liver; a kidney lies below its top"
    if name == "bladder" and liver.any() and centre[2] > frame.extent_z_mm(liver)[0]:
        return "what was found does not lie below the liver"
    cava = masks["inferior_vena_cava"]
    if name == "aorta" and cava.any() and centre[0] < frame.centre_lps_mm(cava)[0]:
        return "what was found lies right of the inferior vena cava; the aorta lies left of it"
    return ""


def _grey(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> str:
    if not is_ct(frame.role):
        return _signal(masks[name], name, frame, body)
    plain = frame.role in (Role.CT_UNENHANCED, Role.CT_LOW_DOSE)
    bounds = "bladder_hu" if name == "bladder" else "unenhanced_hu" if plain else "enhanced_hu"
    low, high = T.bounds(f"check.{bounds}")
    middle = float(np.median(frame.image[masks[name]]))
    if low <= middle <= high:
        return ""
    return f"what was found has {middle:.0f} HU; expected {low:.0f} to {high:.0f} HU"


def _signal(mask: Bool3D, name: str, frame: ImageFrame, body: Bool3D) -> str:
    """On MR an organ has an even signal that differs from what surrounds it; vessels are judged on T1 alone."""
    if name in VESSELS and frame.role not in _SHOWS_BLOOD:
        return "blood flow is dark or bright by chance on this weighting; vessels are looked for on T1-weighted MR"
    values = smoothed(frame.image, T.number("mixture.smoothing_mm"), frame.spacing_mm)
    low, high = np.percentile(values[body], (10, 90))
    middle = float(np.median(values[mask]))
    core = _core(mask, frame)
    uneven = _spread(values, core, body)
    if uneven > T.number("check.mr_uneven") and not (name == "liver" and _even_elsewhere(core, frame, body)):
        return f"its signal spreads over {100 * uneven:.0f} % of the body's; it holds more than one tissue"
    fat = skin_fat(frame, body)
    if fat is not None and abs(middle - fat) < T.number("check.mr_fat") * (high - low):
        return "its signal is that of the fat under the skin"
    edge = max(_edges(mask, frame, body), default=np.inf)
    if edge < T.number("check.mr_edge"):
        return f"its signal differs from what surrounds it by {100 * edge:.0f} % of the body's spread only"
    return ""


def _edges(mask: Bool3D, frame: ImageFrame, body: Bool3D) -> Iterator[float]:
    """How much the organ differs from what surrounds it, as a share of the body's spread, in each series that took it.

    One series is enough: a spleen beside muscle of the same grey on a hepatobiliary image stands out on T2.
    """
    shell = dilated(mask, 8.0, frame.spacing_mm) & ~dilated(mask, 3.0, frame.spacing_mm) & body
    for image in frame.images.values():
        taken = ~np.isnan(image)
        if not shell.any() or float(taken[mask].mean()) < T.number("check.mr_taken"):
            continue
        low, high = np.percentile(image[body & taken], (10, 90))
        apart = np.abs(image[shell & taken] - np.median(image[mask & taken]))
        if apart.size:
            yield float(np.median(apart) / max(high - low, 1e-6))


def _core(mask: Bool3D, frame: ImageFrame) -> Bool3D:
    """The mask without its outermost voxels, whose signal is partly that of what lies beside it."""
    core = eroded(mask, T.number("check.core_mm"), frame.spacing_mm)
    return core if core.any() else mask


def _spread(values: Float3D, mask: Bool3D, body: Bool3D) -> float:
    """Signal from the 10th to the 90th percentile in the mask, as a share of that in the body."""
    low, high = np.percentile(values[body], (10, 90))
    least, most = np.percentile(values[mask], (10, 90))
    return float((most - least) / max(high - low, 1e-6))


def _even_elsewhere(liver: Bool3D, frame: ImageFrame, body: Bool3D) -> bool:
    """Whether the liver is even on a T1-weighted series where tumours differ from it less than other organs do.

    Many tumours make a true liver uneven on a hepatobiliary image; what is laid wrongly is uneven on every series.
    """
    for role in _TUMOURS_LIKE_LIVER:
        image = frame.images.get(role)
        if image is None or role is frame.role:
            continue
        taken = ~np.isnan(image)
        if float(taken[liver].mean()) < T.number("check.mr_taken"):
            continue
        filled = np.where(taken, image, np.nanmin(image))
        values = smoothed(filled, T.number("mixture.smoothing_mm"), frame.spacing_mm)
        if _spread(values, liver & taken, body & taken) <= T.number("check.mr_uneven"):
            return True
    return False


def _held(masks: Masks, name: str, frame: ImageFrame, body: Bool3D, expectation: Expectation) -> str:
    share = float(expectation.share[name][_core(masks[name], frame)].mean())
    least = T.number("check.held_ratio")
    if share >= least:
        return ""
    return f"only {100 * share:.0f} % of the fitted atlases have it where it was found (expected {100 * least:.0f} %)"
