"""Organs of one CT or MR exam from all its series together, by given masks first and grey values with atlases else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.given import Admitted, GivenOrgan, admit, refusal_sentences
from isletscope.anatomy.images.checks import checked, mirrored
from isletscope.anatomy.images.edges import settled
from isletscope.anatomy.images.frame import ImageFrame, working_frame
from isletscope.anatomy.images.mixture import class_shares
from isletscope.anatomy.images.prior import expectation_of
from isletscope.anatomy.images.shaping import ORGANS, even_edges, organ_masks, pancreas_region
from isletscope.anatomy.images.tissues import T, find_body, find_bone, find_lungs, is_ct, tissues_of
from isletscope.anatomy.images.vessels import VESSELS, followed, spine_x_mm
from isletscope.anatomy.organs import GIVEN_SOURCE, LABELS, RULE_SOURCE, Organs
from isletscope.anatomy.shapes import Bool3D
from isletscope.errors import InputError
from isletscope.model import ExamKind, OrganFinding, Role, State
from isletscope.spatial import (
    ARBITRARY,
    HOUNSFIELD,
    Geometry,
    Volume,
    bounding_box,
    box_in,
    cropped_geometry,
    resample,
)

IMAGE_LABELS: dict[str, int] = {
    **{name: LABELS[name] for name in ("body", "bone", "lung_right", "lung_left", "aorta", "liver", "spleen")},
    **{name: LABELS[name] for name in ("kidney_right", "kidney_left", "bladder")},
    "inferior_vena_cava": 13,
    "pancreas_region": 14,
}
_LAID = ("pancreas_region", "bone", "lung_right", "lung_left", "liver", "spleen", "kidney_right", "kidney_left")
_ORDER = ("body", *_LAID, "bladder", "inferior_vena_cava", "aorta")
_FIRST_GIVEN_LABEL = 30
_GRID_ROLES = {
    ExamKind.CT: (
        Role.CT_PORTAL_VENOUS, Role.CT_ARTERIAL, Role.CT_DELAYED, Role.CT_UNENHANCED, Role.CT_PHASE_UNKNOWN,
        Role.CT_LOW_DOSE,
    ),
    ExamKind.MRI: (
        Role.MR_HEPATOBILIARY, Role.MR_DYNAMIC, Role.MR_T1_FAT_SATURATED, Role.MR_T1_IN_PHASE, Role.MR_T1,
        Role.MR_T1_OPPOSED_PHASE, Role.MR_T2_FAT_SATURATED, Role.MR_T2, Role.MR_ADC, Role.MR_DWI, Role.MR_OTHER,
    ),
}  # fmt: skip


def grid_role(series: Mapping[Role, Volume]) -> Role:
    """Which series gives the grid of the organ map: the one that shows the organs best.

    CT: portal venous, arterial, delayed, unenhanced, unknown phase, low dose. MR: hepatobiliary, dynamic, T1 fat
    saturated, in phase, T1, opposed phase, T2, ADC, DWI. Raises InputError when none of them is there.
    """
    for role in (*_GRID_ROLES[ExamKind.CT], *_GRID_ROLES[ExamKind.MRI]):
        if role in series:
            return role
    raise InputError(
        "no series of this exam shows organs",
        found=", ".join(role.value for role in series) or "no series",
        expected="a CT or an MR of the trunk",
        remedy="Add a CT or MR series, or give organ masks.",
    )


def find_image_organs(
    series: Mapping[Role, Volume], kind: ExamKind, given: Mapping[str, GivenOrgan] | None = None
) -> Organs:
    """Organs of one exam on the grid of the series :func:`grid_role`, each with source and confidence, or why missing.

    ``series``: volumes of one exam in one frame of reference (CT in HU, MR in any intensity); ``kind``: CT or MRI.
    ``given``: masks by organ name, "lungs" and "kidneys" for pairs, any further name; they outrank what is found,
    unless :func:`isletscope.anatomy.given.admit` refuses them, which ``limits`` tells.
    The label map holds one organ per voxel; "pancreas_region" lies beneath the organs that it overlaps. Raises
    InputError when no series of that kind is there.
    """
    own = {role: volume for role, volume in series.items() if role in _GRID_ROLES.get(kind, ())}
    role = grid_role(own)
    frame = working_frame(own, role)
    found = _found(frame)
    grid = own[role].geometry
    labels = _laid(found, frame, grid)
    names = {name: label for name, label in IMAGE_LABELS.items() if found[name].mask is not None}
    body = labels > 0 if found["body"].mask is not None else None
    entered, refused = admit(given or {}, grid, body)
    _lay_given(labels, names, entered)
    listed = [*IMAGE_LABELS, *(name for name in names if name not in IMAGE_LABELS)]
    findings = [_finding(name, labels, names, found.get(name), entered, grid) for name in listed]
    names = {name: label for name, label in names.items() if np.any(labels == label)}
    placed = own[role] if own[role].quantity == HOUNSFIELD else None
    return Organs(labels, grid, names, findings, placed, refusal_sentences(refused))


def _found(frame: ImageFrame) -> dict[str, Found]:
    """All organs on the working grid."""
    body = find_body(frame)
    if body.mask is None:
        return {name: body if name == "body" else not_found(f"no trunk: {body.because}") for name in IMAGE_LABELS}
    tissues = tissues_of(frame, body.mask)
    expectation = expectation_of(frame, body.mask, tissues)
    doubt = mirrored(expectation)
    if not doubt and expectation.score < T.number("check.least_agreement"):
        doubt = f"no atlas body fits this image (agreement {expectation.score:.2f}); the trunk may not be in the field"
    if doubt:
        return {name: body if name == "body" else not_found(doubt) for name in IMAGE_LABELS}
    expected = dict(expectation.share)
    bone = find_bone(frame, body.mask, expected)
    blocked = bone.mask if bone.mask is not None else np.zeros_like(body.mask)
    spine_mm = spine_x_mm(frame, blocked)
    for name in VESSELS:
        expected[name] = followed(name, expected[name], frame, tissues, blocked, spine_mm)
        blocked = blocked | (expected[name] > 0.5)
    solid = tissues.solid if bone.mask is None else tissues.solid & ~bone.mask
    shares = class_shares(expected, tissues.features, solid, frame.spacing_mm, is_ct(frame.role))
    masks = organ_masks(shares, frame, solid, expected["liver"])
    masks = settled(masks, ORGANS, frame, tissues, _free(masks, body.mask, bone), expected)
    found = {name: checked(masks, name, frame, body.mask, expectation) for name in ORGANS}
    right, left = find_lungs(frame, body.mask, expected["lung_right"], expected["lung_left"])
    found |= {"body": body, "bone": bone, "lung_right": right, "lung_left": left}
    found["pancreas_region"] = _pancreas(expectation.share["pancreas"], shares["pancreas"], frame, body.mask, found)
    return found


def _free(masks: Mapping[str, Bool3D], body: Bool3D, bone: Found) -> Bool3D:
    """What no organ holds, bone left out."""
    held = np.any([masks[name] for name in ORGANS], axis=0)
    return np.asarray(body & ~held if bone.mask is None else body & ~held & ~bone.mask)


def _pancreas(
    expected: npt.NDArray[np.float32],
    share: npt.NDArray[np.float32],
    frame: ImageFrame,
    body: Bool3D,
    found: dict[str, Found],
) -> Found:
    """The region of the pancreas; it needs the liver as a witness that the atlases lie right."""
    if found["liver"].mask is None:
        return not_found(f"its place is judged by the liver's, and the liver is missing: {found['liver'].because}")
    mask = pancreas_region(expected, share, frame, body)
    low, high = T.bounds("check.pancreas_region_ml")
    volume = frame.volume_ml(mask)
    if volume > high or (volume < low and not frame.cut_by_edge(mask)) or not mask.any():
        return not_found(f"the expected region has {volume:.0f} mL; expected {low:.0f} to {high:.0f} mL")
    return Found(mask, "place in the fitted atlases, with a margin of 10 mm", "low")


def _laid(found: Mapping[str, Found], frame: ImageFrame, grid: Geometry) -> npt.NDArray[np.uint8]:
    """Label map on the series' own grid; later organs of ``_ORDER`` lie on top."""
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for name in _ORDER:
        mask = found[name].mask
        if mask is None:
            continue
        box = bounding_box(mask)
        if box is None:
            continue
        soft = Volume(even_edges(mask, frame), frame.geometry, ARBITRARY)
        there = box_in(grid, frame.geometry, box)
        part = resample(soft, cropped_geometry(grid, there), order="linear", outside=0.0).array
        labels[there.slices][part > 0.5] = IMAGE_LABELS[name]
    return labels


def _lay_given(labels: npt.NDArray[np.uint8], names: dict[str, int], given: Mapping[str, Admitted]) -> None:
    """Lays given organs over what was found."""
    for name, organ in given.items():
        extra = [one for one in names if one not in IMAGE_LABELS]
        label = names.get(name) or IMAGE_LABELS.get(name) or _FIRST_GIVEN_LABEL + len(extra)
        if name == "body":
            labels[organ.region & (labels == 0)] = label
        else:
            labels[labels == label] = LABELS["body"]
            labels[organ.region] = label
        names[name] = label


def _finding(
    name: str,
    labels: npt.NDArray[np.uint8],
    names: Mapping[str, int],
    found: Found | None,
    entered: Mapping[str, Admitted],
    grid: Geometry,
) -> OrganFinding:
    label = names.get(name)
    count = 0 if label is None else int(np.count_nonzero(labels > 0 if name == "body" else labels == label))
    if label is None or not count:
        because = found.because if found is not None and found.because else "its mask is empty on the series' grid"
        return OrganFinding(name=name, state=State.MISSING, missing_because=because)
    volume = count * grid.voxel_volume_ml
    if name in entered:
        return OrganFinding(
            name=name,
            state=State.ENTERED,
            source=f"{GIVEN_SOURCE} {entered[name].source}",
            confidence=entered[name].confidence,
            volume_ml=volume,
            label=label,
        )
    source, confidence = (found.source, found.confidence) if found else ("", "low")
    return OrganFinding(
        name=name,
        state=State.DERIVED,
        source=f"{RULE_SOURCE}: {source}",
        confidence=confidence,
        volume_ml=volume,
        label=label,
    )
