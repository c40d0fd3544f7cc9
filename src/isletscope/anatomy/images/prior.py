"""Where organs are to be expected: atlas bodies placed in the exam, bent to it and laid over each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isletscope.anatomy.images.atlas import CODES, Atlas, load_atlases
from isletscope.anatomy.images.frame import ImageFrame, coarser
from isletscope.anatomy.images.placement import Placement, Target, agreement, bent, place, refined, target_of
from isletscope.anatomy.images.tissues import T, Tissues, is_ct
from isletscope.anatomy.shapes import Bool3D, Float3D
from isletscope.spatial import ARBITRARY, Volume, gaussian, resample

# What the mixture tells apart, and the atlas codes that it stands for.
CLASSES: dict[str, tuple[str, ...]] = {
    "air": ("air",),
    "lung_right": ("lung_right",),
    "lung_left": ("lung_left",),
    "fat": ("fat",),
    "muscle": ("muscle",),
    "bone": ("bone",),
    "hollow": ("stomach", "bowel"),
    "gallbladder": ("gallbladder",),
    "heart": ("heart",),
    "aorta": ("aorta",),
    "inferior_vena_cava": ("inferior_vena_cava",),
    "liver": ("liver",),
    "spleen": ("spleen",),
    "kidney_right": ("kidney_right",),
    "kidney_left": ("kidney_left",),
    "bladder": ("bladder",),
    "pancreas": ("pancreas",),
}


@dataclass(frozen=True)
class Expectation:
    """``share``: how often the atlases have each class, float32 [k, j, i] 0 to 1 on the frame's grid; ``score``: how
    well the best one explains the image; ``mirrored_score``: how well it does when turned right to left."""

    share: dict[str, Float3D]
    score: float
    mirrored_score: float


def expectation_of(frame: ImageFrame, body: Bool3D, tissues: Tissues) -> Expectation:
    """The best fitting atlas bodies, weighted by how well they explain the image."""
    image = np.clip(frame.image, *_window(frame, body)).astype(np.float32)
    search = target_of(image, body, frame.seen, frame.geometry, 5, tissues.classes)
    fine = target_of(image, body, frame.seen, frame.geometry, 3, tissues.classes)
    trunk = coarser(tissues.trunk.astype(np.float32), 5) > 0.5
    tried = sorted((place(atlas, search, trunk) for atlas in load_atlases()), key=lambda p: -p.score)
    mirrored = place(_mirrored(tried[0].atlas), search, trunk)
    best = sorted((refined(one, fine) for one in tried[: int(T.number("prior.bodies"))]), key=lambda p: -p.score)
    share = _fused(best, fine, frame)
    return Expectation(share, agreement(tried[0].labels_at(search.points_mm), search), mirrored.score)


def _window(frame: ImageFrame, body: Bool3D) -> tuple[float, float]:
    if is_ct(frame.role):
        return T.bounds("prior.window_hu")
    low, high = np.percentile(frame.image[body], (1, 99))
    return float(low), float(high)


def _mirrored(atlas: Atlas) -> Atlas:
    """The same body turned right to left; its codes keep their names."""
    return Atlas(atlas.body, np.ascontiguousarray(atlas.labels[:, :, ::-1]), atlas.geometry)


def _fused(placed: list[Placement], target: Target, frame: ImageFrame) -> dict[str, Float3D]:
    scores = np.array([one.score for one in placed])
    weights = np.exp((scores - scores.max()) / (T.number("prior.weight_fall") * max(float(scores.max()), 1e-6)))
    weights /= weights.sum()
    share = {name: np.zeros(target.geometry.shape, dtype=np.float32) for name in CLASSES}
    for one, weight in zip(placed, weights, strict=True):
        labels = bent(one, target)
        for name, codes in CLASSES.items():
            share[name] += np.float32(weight) * np.isin(labels, [CODES[code] for code in codes])
    sigma = T.number("prior.blur_mm") / target.geometry.spacing_mm[0]
    result = {}
    for name, values in share.items():
        blurred = Volume(gaussian(values, sigma), target.geometry, ARBITRARY)
        placed_values = resample(blurred, frame.geometry, order="linear", outside=0.0).array
        result[name] = np.asarray(placed_values, dtype=np.float32)
    return result
