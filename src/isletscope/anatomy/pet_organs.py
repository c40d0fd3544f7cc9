"""Organs on the PET grid, from given masks first and built-in rules else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.abdomen import find_liver, find_spleen
from isletscope.anatomy.ct_outlines import outlines_where_in_doubt
from isletscope.anatomy.found import THRESHOLDS, Found, not_found
from isletscope.anatomy.frame import NO_CT_HU, BodyFrame, working_frame
from isletscope.anatomy.given import Admitted, GivenOrgan, admit, refusal_sentences
from isletscope.anatomy.head import find_brain
from isletscope.anatomy.organs import GIVEN_SOURCE, LABELS, RULE_SOURCE, Organs
from isletscope.anatomy.shapes import Bool3D
from isletscope.anatomy.thorax import find_aorta, find_body, find_bone, find_heart, find_lungs
from isletscope.anatomy.trunk import Trunk
from isletscope.anatomy.urinary import find_bladder, find_kidneys
from isletscope.model import OrganFinding, State, TracerClass
from isletscope.spatial import Volume, resample, resample_labels

_FIRST_GIVEN_LABEL = 20


def find_organs(
    pet: Volume,
    ct: Volume | None,
    tracer_class: TracerClass,
    given: Mapping[str, GivenOrgan] | None = None,
    ct_organs: Callable[[], Organs] | None = None,
) -> Organs:
    """Organs on the grid of ``pet`` (SUVbw), each with source and confidence, or missing with the reason.

    ``ct``: CT in HU in the same frame of reference, or None: then only uptake is used and confidence is lower.
    ``ct_organs``: finds on that CT what atlases show (:func:`isletscope.anatomy.images.find_image_organs`); asked only
    where uptake leaves the liver in doubt, as it takes long. ``given``: masks by organ name (:data:`LABELS`, "lungs",
    "kidneys", or any other name); they outrank the rules, unless :func:`isletscope.anatomy.given.admit` refuses them,
    which ``limits`` tells.
    """
    frame = working_frame(pet, ct)
    found = _by_rule(frame, tracer_class, ct_organs)
    labels = np.zeros(frame.geometry.shape, dtype=np.uint8)
    for name, label in LABELS.items():
        mask = found[name].mask
        if mask is not None:
            labels[mask & (labels <= 1) if name in ("heart", "aorta") else mask] = label
    on_pet = resample_labels(labels, frame.geometry, pet.geometry).copy()
    names = {name: label for name, label in LABELS.items() if found[name].mask is not None}
    body = on_pet > 0 if found["body"].mask is not None else None
    entered, refused = admit(given or {}, pet.geometry, body)
    _lay_given(on_pet, names, entered)
    findings = [_finding(name, on_pet, pet, names, found.get(name), entered) for name in [*LABELS, *_extra(names)]]
    names = {name: label for name, label in names.items() if np.any(on_pet == label)}
    placed = None if ct is None else resample(ct, pet.geometry, order="linear", outside=NO_CT_HU)
    return Organs(on_pet, pet.geometry, names, findings, placed, refusal_sentences(refused))


def _extra(names: dict[str, int]) -> list[str]:
    return [name for name in names if name not in LABELS]


def _by_rule(frame: BodyFrame, tracer: TracerClass, ct_organs: Callable[[], Organs] | None) -> dict[str, Found]:
    """All organs by rule, on the working grid."""
    body = find_body(frame)
    if body.mask is None:
        return {name: body if name == "body" else not_found(f"no body was found: {body.because}") for name in LABELS}
    right, left = find_lungs(frame, body.mask)
    nothing = np.zeros_like(body.mask)
    right_mask, left_mask = _or(right.mask, nothing), _or(left.mask, nothing)
    bone = find_bone(frame, body.mask)
    aorta = find_aorta(frame, body.mask, right_mask | left_mask, _or(bone.mask, nothing))
    if aorta.mask is not None and frame.hu is not None:
        bone = find_bone(frame, body.mask, float(np.median(frame.hu[aorta.mask])) if aorta.mask.any() else None)
    middle = _middle_x_mm(frame, body.mask, bone.mask)
    trunk = Trunk(body.mask, right_mask, left_mask, _or(bone.mask, nothing), middle)
    brain = find_brain(frame, trunk, tracer)
    by_uptake = find_liver(frame, trunk, tracer)
    on_ct = outlines_where_in_doubt(by_uptake, ct_organs, frame)
    liver = on_ct.liver(by_uptake, frame)
    spleen = on_ct.organ("spleen", find_spleen(frame, trunk, liver, tracer))
    right_kidney, left_kidney = find_kidneys(frame, trunk, liver, spleen, tracer)
    kidney_right = on_ct.organ("kidney_right", right_kidney)
    kidney_left = on_ct.organ("kidney_left", left_kidney)
    bladder = find_bladder(frame, trunk, liver)
    taken = _or(liver.mask, nothing) | _or(spleen.mask, nothing) | _or(aorta.mask, nothing)
    heart = find_heart(frame, body.mask, trunk.lungs, trunk.bone, taken, tracer, liver)
    aorta = _checked_aorta(frame, aorta, heart, tracer)
    return {
        "body": body, "bone": bone, "lung_right": right, "lung_left": left, "heart": heart, "aorta": aorta,
        "liver": liver, "spleen": spleen, "kidney_right": kidney_right, "kidney_left": kidney_left,
        "bladder": bladder, "brain": brain,
    }  # fmt: skip


def _checked_aorta(frame: BodyFrame, aorta: Found, heart: Found, tracer: TracerClass) -> Found:
    """The aorta, refused when its uptake does not fit blood as the heart shows it (not on FDG: myocardium differs)."""
    if aorta.mask is None or heart.mask is None or tracer is TracerClass.FDG or not aorta.mask.any():
        return aorta
    ratio = float(np.median(frame.suv_3[aorta.mask])) / max(float(np.median(frame.suv_3[heart.mask])), 1e-6)
    low, high = THRESHOLDS.bounds("aorta.blood_over_heart")
    if low <= ratio <= high:
        return aorta
    return not_found(f"uptake in the supposed aorta is {ratio:.1f} times that of the heart (expected {low} to {high})")


def _or(mask: Bool3D | None, nothing: Bool3D) -> Bool3D:
    return nothing if mask is None else mask


def _middle_x_mm(frame: BodyFrame, body: Bool3D, bone: Bool3D | None) -> float:
    """LPS x of the middle of the body: the skeleton is steadier than the outline, which arms disturb."""
    return frame.centre_lps_mm(body if bone is None else bone)[0]


def _lay_given(labels: npt.NDArray[np.uint8], names: dict[str, int], given: Mapping[str, Admitted]) -> None:
    """Lays given organs over the rules' result."""
    for name, organ in given.items():
        label = names.get(name) or LABELS.get(name) or _FIRST_GIVEN_LABEL + len(_extra(names))
        labels[labels == label] = LABELS["body"]
        labels[organ.region] = label
        names[name] = label


def _finding(
    name: str,
    labels: npt.NDArray[np.uint8],
    pet: Volume,
    names: dict[str, int],
    found: Found | None,
    entered: Mapping[str, Admitted],
) -> OrganFinding:
    label = names.get(name)
    region = None if label is None else (labels > 0 if name == "body" else labels == label)
    if label is None or region is None or not region.any():
        because = found.because if found is not None and found.because else "its mask is empty on the PET grid"
        return OrganFinding(name=name, state=State.MISSING, missing_because=because)
    if name in entered:
        state, source, confidence = State.ENTERED, f"{GIVEN_SOURCE} {entered[name].source}", entered[name].confidence
    else:
        state = State.DERIVED
        source = f"{RULE_SOURCE}: {found.source}" if found else RULE_SOURCE
        confidence = found.confidence if found else "low"
    return OrganFinding(
        name=name,
        state=state,
        source=source,
        confidence=confidence,
        volume_ml=float(np.count_nonzero(region)) * pet.geometry.voxel_volume_ml,
        mean_suv=float(pet.array[region].mean(dtype=np.float64)),
        label=label,
    )
