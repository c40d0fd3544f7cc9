"""What the rules of the trunk share: its parts, its soft tissue, and cutting merged organs apart at necks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from isletscope.anatomy.found import THRESHOLDS as T
from isletscope.anatomy.frame import BodyFrame
from isletscope.anatomy.shapes import Bool3D, Parts, depth_mm


@dataclass(frozen=True)
class Trunk:
    """What the abdominal rules start from: body, lungs and bone (empty masks where unknown), the middle of the body."""

    body: Bool3D
    right_lung: Bool3D
    left_lung: Bool3D
    bone: Bool3D
    middle_x_mm: float

    @property
    def lungs(self) -> Bool3D:
        """Both lungs."""
        return self.right_lung | self.left_lung


def soft_tissue(frame: BodyFrame, trunk: Trunk) -> Bool3D:
    """Parenchyma by CT where there is CT; else the body without lungs."""
    tissue = trunk.body & ~trunk.lungs
    if frame.hu_4 is None:
        return tissue
    low, high = T.bounds("soft_tissue.hu")
    dense = (frame.hu_4 > low) & (frame.hu_4 < high) & ~trunk.bone
    return np.asarray(tissue & (dense | ~frame.ct_seen))


def split_by_shape(mask: Bool3D, frame: BodyFrame) -> list[Bool3D]:
    """Parts of a mask, cut at necks: each voxel goes to the thick core it is nearest to; largest first.

    Parts above the size of one organ are tried again with thicker cores.
    """
    pieces = _cut_at_depth(mask, frame, T.number("split.core_depth_mm"), 0.0)
    least, large = T.number("split.least_part_ml"), T.number("split.large_ml")
    done: list[Bool3D] = []
    while pieces:
        piece = pieces.pop()
        if frame.volume_ml(piece) < large:
            done.append(piece)
            continue
        depth = T.number("split.core_depth_mm") + 2.0
        parts = [piece]
        while len(parts) < 2 and depth < T.number("split.deepest_mm"):
            parts = _cut_at_depth(piece, frame, depth, least)
            depth += 2.0
        if len(parts) < 2:
            done.append(piece)
        else:
            pieces += parts
    return sorted(done, key=lambda piece: -int(np.count_nonzero(piece)))


def _cut_at_depth(mask: Bool3D, frame: BodyFrame, depth_limit_mm: float, least_ml: float) -> list[Bool3D]:
    """The mask shared out among its cores deeper than a limit; cores whose share is too small do not count."""
    whole = Parts(mask, least_voxels=8)
    cores = Parts((whole.labels > 0) & (depth_mm(mask, frame.spacing_mm) > depth_limit_mm), connectivity=26)
    if not len(cores):
        return [whole.mask(n) for n in range(min(len(whole), 12))]
    count = min(len(cores), 12)
    for _ in range(count):
        seeds = np.where(cores.labels <= count, cores.labels, 0)
        _, nearest = ndimage.distance_transform_edt(seeds == 0, sampling=frame.spacing_mm, return_indices=True)
        owner = seeds[tuple(nearest)]
        shares = [np.asarray(mask & (owner == n + 1)) for n in range(count)]
        small = [n for n, share in enumerate(shares) if frame.volume_ml(share) < least_ml]
        if not small or count == 1:
            break
        count = max(1, count - len(small))
    return shares


def others_than(pieces: list[Bool3D], chosen: Bool3D) -> Bool3D:
    """All parts but the chosen one (compared by identity), as one mask."""
    rest = np.zeros_like(chosen)
    for piece in pieces:
        if piece is not chosen:
            rest |= piece
    return rest
