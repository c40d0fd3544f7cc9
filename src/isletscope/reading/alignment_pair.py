"""One pair of images brought onto each other, judged, and used or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from isletscope.reading.alignment_rules import alignment_rules
from isletscope.spatial import (
    FloatArray,
    Mask,
    RegistrationImage,
    Transform,
    information_gain,
    information_of,
    overlap_of,
    register_field,
    register_rigid,
    register_structure,
    sample_points,
    shared_share,
    stretch_of,
)

_RIGID = "rigid, normalised mutual information of the body, three resolutions"
_DEFORMABLE = f"{_RIGID}; then a smooth field on a 24 mm lattice, pointwise mutual information"
_BY_STRUCTURE = "rigid, local structure of a small field, from starts all over it"
_NARROW_LIMIT = "a small field placed rigidly by its structure; bending of the limb is not followed"
_MM3_PER_LITRE = 1e6
_POINTS = 3000
_OUTLINE_MM = 8.0


@dataclass(frozen=True)
class PairFit:
    """The mapping from the reference to an image, its figures of quality, and why it may not be used (or nothing)."""

    transform: Transform
    quality: dict[str, float]
    uncertainty_mm: float
    method: str
    why_not: str = ""
    limits: tuple[str, ...] = field(default=())


def fit_pair(
    reference: RegistrationImage,
    image: RegistrationImage,
    finer: Callable[[], tuple[RegistrationImage, RegistrationImage]] | None = None,
) -> PairFit:
    """Register an image to the reference, rigidly and then with a field, and judge the result.

    The field is dropped where it does not improve what the images share or folds space; the result says so.
    ``finer``: makes the two images on a finer grid; with it, a small field that is refused is searched once more by
    its structure.
    """
    first = _fit_by_values(reference, image)
    if not first.why_not or finer is None or not (_is_narrow(reference) and _is_narrow(image)):
        return first
    second = _fit_by_structure(*finer())
    return second if not second.why_not else replace(first, why_not=f"{first.why_not}; {second.why_not}")


def _is_narrow(image: RegistrationImage) -> bool:
    low, high = image.body_box_mm
    return float(np.prod(high - low)) <= alignment_rules().narrow.largest_litres * _MM3_PER_LITRE


def _fit_by_structure(reference: RegistrationImage, image: RegistrationImage) -> PairFit:
    """The rigid mapping under which local structure agrees best, used only where it stands out clearly."""
    fit = register_structure(reference, image)
    transform = Transform(fit.matrix)
    rule = alignment_rules().narrow
    quality = {
        "structure_agreement": fit.agreement,
        "structure_gain": fit.gain,
        "information_gain": information_gain(reference, image, fit.matrix),
        "rival_share": fit.rival_share,
        **_outlines(reference, image, transform),
    }
    stands_out = (
        fit.agreement >= rule.agreement
        and fit.gain >= rule.agreement_gain
        and quality["information_gain"] >= rule.information_gain
        and fit.rival_share <= rule.rival_share
        and quality["overlap_body"] >= alignment_rules().accept.overlap_body
    )
    why_not = "" if stands_out else "nor does a search by local structure find a place that stands out"
    return PairFit(transform, quality, rule.uncertainty_mm, _BY_STRUCTURE, why_not, (_NARROW_LIMIT,))


def _fit_by_values(reference: RegistrationImage, image: RegistrationImage) -> PairFit:
    rigid = register_rigid(reference, image)
    transform = Transform(rigid.matrix)
    quality = {
        "information": rigid.information,
        "information_gain": information_gain(reference, image, rigid.matrix),
        "rival_share": (rigid.rival_information - 1.0) / max(rigid.information - 1.0, 1e-6),
        **_outlines(reference, image, transform),
    }
    why_not = _why_not(quality)
    if why_not:
        return PairFit(transform, quality, float("nan"), _RIGID, why_not)
    lattice = register_field(reference, image, rigid.matrix)
    bent = Transform(rigid.matrix, lattice)
    stretch = stretch_of(lattice)
    before, after = (information_of(reference, image, mapping) for mapping in (transform, bent))
    quality |= {
        "information_deformed": after / before,
        "jacobian_smallest": stretch.smallest,
        "jacobian_largest": stretch.largest,
    }
    accept = alignment_rules().accept
    if after < before or stretch.smallest < accept.jacobian_smallest or stretch.largest > accept.jacobian_largest:
        limit = "the field was dropped: it did not improve what the images share, or folded space; breathing remains"
        quality |= _deformation(reference, image, bent)
        return PairFit(transform, quality, _uncertainty_mm(quality, dropped=True), _RIGID, "", (limit,))
    back = Transform(transform.inverse_matrix, register_field(image, reference, transform.inverse_matrix, points=80))
    quality |= _deformation(reference, image, bent) | _inverse_consistency(reference, image, bent, back)
    if quality["inverse_consistency"] > accept.inverse_consistency_mm:
        why_not = f"registered both ways the points come back {quality['inverse_consistency']:.1f} mm away"
    return PairFit(bent, quality, _uncertainty_mm(quality, dropped=False), _DEFORMABLE, why_not)


def _shared_points(reference: RegistrationImage, image: RegistrationImage, mapping: Transform) -> FloatArray:
    """Points of the reference's body (LPS mm) that lie in the other image's body."""
    points, _ = sample_points(reference, 10 * _POINTS, 1.0)
    at = np.rint(image.geometry.to_index(mapping.to_frame(points))).astype(int)
    inside = np.all((at >= 0) & (at < image.body.shape), axis=1)
    inside[inside] = image.body[tuple(at[inside].T)]
    return points[inside][:: max(1, int(inside.sum()) // _POINTS)]


def _deformation(reference: RegistrationImage, image: RegistrationImage, bent: Transform) -> dict[str, float]:
    points = _shared_points(reference, image, bent)
    if bent.displacement is None or len(points) == 0:
        return {}
    moved = np.linalg.norm(bent.displacement.at(points), axis=1)
    return {"deformation_median": float(np.median(moved)), "deformation_95": float(np.percentile(moved, 95))}


def _inverse_consistency(
    reference: RegistrationImage, image: RegistrationImage, there: Transform, back: Transform
) -> dict[str, float]:
    """How far points come back from where they began when each way is taken from its own registration (mm)."""
    points = _shared_points(reference, image, there)
    if len(points) == 0:
        return {"inverse_consistency": float("inf"), "inverse_consistency_95": float("inf")}
    apart = np.linalg.norm(back.to_frame(there.to_frame(points)) - points, axis=1)
    return {
        "inverse_consistency": float(np.median(apart)),
        "inverse_consistency_95": float(np.percentile(apart, 95)),
    }


def _outlines(reference: RegistrationImage, image: RegistrationImage, mapping: Transform) -> dict[str, float]:
    """Overlap of the outlines of the body where both were imaged, and the share of the shorter body in the other."""
    coarse = reference.coarser(_OUTLINE_MM), image.coarser(_OUTLINE_MM)
    bodies = Mask(coarse[0].body, coarse[0].geometry), Mask(coarse[1].body, coarse[1].geometry)
    back = Transform(mapping.inverse_matrix)
    return {
        "overlap_body": overlap_of(bodies[1], bodies[0], back) or 0.0,
        "shared_share": max(shared_share(bodies[1], bodies[0], back), shared_share(*bodies, mapping)),
    }


def _uncertainty_mm(quality: dict[str, float], *, dropped: bool) -> float:
    """What remains (root mean square): a floor, and what the two ways disagree by, or all that was not followed."""
    rule = alignment_rules().uncertainty
    if dropped:
        return float(np.hypot(rule.floor_mm, quality.get("deformation_95", 0.0)))
    return float(np.hypot(rule.floor_mm, rule.per_inverse_consistency * quality["inverse_consistency"]))


def _why_not(quality: dict[str, float]) -> str:
    """The first rule that the pair misses, as a sentence; empty when it misses none."""
    accept = alignment_rules().accept
    if quality["information_gain"] < accept.information_gain:
        return (
            "the images share hardly more at the best pose than at wrong ones (factor "
            f"{quality['information_gain']:.2f}, needed {accept.information_gain:g}); they may show different parts of "
            "the body"
        )
    if quality["rival_share"] > accept.rival_share:
        return "another pose, more than 30 mm away, fits nearly as well"
    if quality["overlap_body"] < accept.overlap_body:
        return f"the outlines of the body overlap by {quality['overlap_body']:.2f} only, needed {accept.overlap_body:g}"
    if quality["shared_share"] < accept.shared_share:
        return f"only {100 * quality['shared_share']:.0f} % of the body lies in both images"
    return ""
