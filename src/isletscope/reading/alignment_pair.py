"""One pair of images brought onto each other, judged, and used or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from isletscope.reading.alignment_rules import alignment_rules
from isletscope.spatial import Mask, Transform
from isletscope.spatial.register import register_rigid
from isletscope.spatial.register_images import RegistrationImage
from isletscope.spatial.register_quality import information_gain, overlap_of, shared_share

_RIGID = "rigid, normalised mutual information of the body, three resolutions"


@dataclass(frozen=True)
class PairFit:
    """The mapping from the reference to an image, its figures of quality, and why it may not be used (or nothing)."""

    transform: Transform
    quality: dict[str, float]
    uncertainty_mm: float
    method: str
    why_not: str = ""
    limits: tuple[str, ...] = field(default=())


def fit_pair(reference: RegistrationImage, image: RegistrationImage) -> PairFit:
    """Register an image to the reference and judge the result."""
    rigid = register_rigid(reference, image)
    transform = Transform(rigid.matrix)
    gain = information_gain(reference, image, rigid.matrix)
    bodies = Mask(image.body, image.geometry), Mask(reference.body, reference.geometry)
    back = Transform(transform.inverse_matrix)
    overlap = overlap_of(*bodies, back)
    quality = {
        "information": rigid.information,
        "information_gain": gain,
        "rival_share": (rigid.rival_information - 1.0) / max(rigid.information - 1.0, 1e-6),
        "overlap_body": overlap or 0.0,
        "shared_share": shared_share(*bodies, back),
    }
    return PairFit(transform, quality, 4.0, _RIGID, _why_not(quality))


def _why_not(quality: dict[str, float]) -> str:
    """The first rule that the pair misses, as a sentence; empty when it misses none."""
    accept = alignment_rules().accept
    if quality["information_gain"] < accept.information_gain:
        return (
            "the images share hardly more at the best pose than at wrong ones"
            f" (factor {quality['information_gain']:.2f}, needed {accept.information_gain:g}); they may show different parts of the body"
        )
    if quality["rival_share"] > accept.rival_share:
        return "another pose, more than 30 mm away, fits nearly as well"
    if quality["overlap_body"] < accept.overlap_body:
        return f"the outlines of the body overlap by {quality['overlap_body']:.2f} only, needed {accept.overlap_body:g}"
    if quality["shared_share"] < accept.shared_share:
        return f"only {100 * quality['shared_share']:.0f} % of the body lies in both images"
    return ""
