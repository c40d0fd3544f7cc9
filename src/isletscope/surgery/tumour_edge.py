"""The edge of a tumour, read anew on all phases of a CT together: what is tumour is told from each tissue around it.

A tumour that is as bright as blood on one phase is not so on another. Voxels deep in the first outline are the tumour's
tissue; those some way outside fall into a few tissues by their values on all phases. A voxel near the outline belongs
to the likelier of the tumour and the nearest of these tissues (Gaussian classes with one covariance, after Fisher's
linear discriminant). The rim of a vessel is mixed and tells nothing: there the nearest voxel that does decides. What
hangs on the tumour by less than a small ball is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.cluster.vq import kmeans2

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.spatial import Box, FloatArray, Mask, bounding_box, cropped_mask

Flags = npt.NDArray[np.bool_]
_SEED = 5


@cache
def _rules() -> Thresholds:
    return load_thresholds("isletscope.surgery", "tumour_edge.yaml")


@dataclass(frozen=True)
class EdgeRead:
    """The outline read anew (the first one where it could not be), and why not in words (empty where it was)."""

    mask: Mask
    because: str = ""


def edge_read_anew(tumour: Mask, lumina: Flags, phases: Sequence[npt.NDArray[np.float32]]) -> EdgeRead:
    """The outline of a tumour on the phases of a CT.

    ``tumour``: first outline; ``lumina`` [k, j, i]: vessels, where no tumour is; ``phases``: HU on the same grid. The
    first outline is kept where a phase is lacking, where the tumour looks like a tissue around it on all of them, or
    where the new one is another thing by its volume.
    """
    rules = _rules()
    box = bounding_box(tumour.array)
    if box is None or len(phases) < rules.number("phases.least"):
        return EdgeRead(tumour, f"{len(phases)} phases; expected at least {rules.number('phases.least'):.0f}")
    box = box.grown(rules.number("reach.tissues_to_mm"), tumour.geometry)
    near = cropped_mask(tumour, box)
    scene = _Scene.of(near, lumina[box.slices], [one[box.slices] for one in phases], rules)
    if np.count_nonzero(scene.core) < rules.number("sample.least_voxels"):
        return EdgeRead(tumour, "too few voxels lie deep in the first outline")
    likelier = scene.likelier(rules)
    if likelier is None:
        return EdgeRead(tumour, "it looks like a tissue beside it on every phase")
    inside = scene.joined(likelier, rules)
    share = int(np.count_nonzero(inside)) / max(near.voxel_count, 1)
    if not rules.number("volume.least_share") <= share <= rules.number("volume.most_share"):
        return EdgeRead(tumour, f"the new outline has {share:.2f} times the volume of the first")
    return EdgeRead(_put_back(inside, box, tumour))


def _put_back(inside: Flags, box: Box, tumour: Mask) -> Mask:
    whole = np.zeros(tumour.array.shape, dtype=bool)
    whole[box.slices] = inside
    return Mask(whole, tumour.geometry, tumour.frame_of_reference_uid, tumour.name)


@dataclass(frozen=True)
class _Scene:
    """Voxels about a tumour: values by phase [k, j, i, phase], and which are what.

    ``beyond_mm``: signed distance to the first outline, negative inside; ``mute``: lumina and their mixed rims.
    """

    values: npt.NDArray[Any]
    beyond_mm: FloatArray
    lumina: Flags
    mute: Flags
    spacing_mm: tuple[float, float, float]
    core: Flags

    @classmethod
    def of(cls, near: Mask, lumina: Flags, phases: Sequence[npt.NDArray[np.float32]], rules: Thresholds) -> _Scene:
        spacing = near.geometry.spacing_mm
        away = ndimage.distance_transform_edt(~near.array, sampling=spacing)
        beyond = np.asarray(away - ndimage.distance_transform_edt(near.array, sampling=spacing))
        rim = np.asarray(ndimage.distance_transform_edt(~lumina, sampling=spacing)) if lumina.any() else np.inf
        mute = np.asarray(rim <= rules.number("reach.rim_mm") * np.ones(near.array.shape))
        smooth = [rules.number("sample.smoothing_mm") / one for one in spacing]
        values = np.stack([ndimage.gaussian_filter(one.astype(np.float32), smooth) for one in phases], axis=-1)
        core = (beyond <= -rules.number("reach.core_mm")) & ~mute
        return cls(values, beyond, lumina, mute, spacing, core)

    def likelier(self, rules: Thresholds) -> FloatArray | None:
        """By how much each voxel is likelier tumour than any tissue around (log-likelihoods); None: it is like one."""
        tumour = self.values[self.core]
        centre = np.median(tumour, axis=0)
        spread = np.cov((tumour - centre).T).reshape(len(centre), -1) + np.eye(len(centre))
        least, most = rules.number("reach.tissues_from_mm"), rules.number("reach.tissues_to_mm")
        around = self.values[(self.beyond_mm >= least) & (self.beyond_mm <= most) & ~self.mute]
        inverse = np.linalg.inv(spread)
        unlike = _squared(around, centre, inverse) > rules.number("sample.unlike") ** 2
        like = 1.0 - float(unlike.mean()) if unlike.size else 1.0
        if like > rules.number("sample.most_like") or np.count_nonzero(unlike) < rules.number("sample.least_voxels"):
            return None
        tissues = _tissues(around[unlike], int(rules.number("sample.tissues")))
        own = _squared(self.values, centre, inverse)
        others = np.min([_squared(self.values, one, inverse) for one in tissues], axis=0)
        return np.asarray((others - own) / 2)

    def joined(self, likelier: FloatArray, rules: Thresholds) -> Flags:
        """The voxels of the tumour: likely, near its first outline, hanging on its core by more than a thread."""
        told = (likelier > 0) & (self.beyond_mm <= rules.number("reach.growth_mm"))
        inside = _filled(told | self.core, self.mute) & (self.beyond_mm <= rules.number("reach.growth_mm"))
        # A vessel that runs through the tumour does not part it.
        solid = inside | (self.lumina & (self.beyond_mm <= rules.number("reach.growth_mm")))
        opened = _opened(solid, rules.number("reach.thread_mm"), self.spacing_mm) & inside
        labels, _ = ndimage.label(opened | self.core)
        held = np.bincount(labels[self.core])
        held[0] = 0
        return np.asarray((labels == int(held.argmax())) & ~self.lumina)


def _squared(values: npt.NDArray[Any], centre: npt.NDArray[Any], inverse: npt.NDArray[Any]) -> FloatArray:
    apart = values - centre
    return np.asarray(np.einsum("...a,ab,...b->...", apart, inverse, apart))


def _tissues(values: npt.NDArray[Any], count: int) -> FloatArray:
    """Centres [n, phase] of the tissues that values fall into."""
    scale = np.maximum(values.std(axis=0), 1.0)
    centres, _ = kmeans2((values / scale).astype(np.float64), count, minit="++", seed=_SEED, missing="warn")
    return np.asarray(centres * scale)


def _filled(told: Flags, mute: Flags) -> Flags:
    """Mute voxels take what the nearest voxel that is not mute says."""
    nearest = ndimage.distance_transform_edt(mute, return_distances=False, return_indices=True)
    return np.asarray(told[tuple(nearest)])


def _opened(inside: Flags, radius_mm: float, spacing_mm: tuple[float, float, float]) -> Flags:
    """What a ball of this radius reaches within a region."""
    deep = ndimage.distance_transform_edt(inside, sampling=spacing_mm) > radius_mm
    return np.asarray(inside & (ndimage.distance_transform_edt(~deep, sampling=spacing_mm) <= radius_mm))
