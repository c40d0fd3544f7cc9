"""Places of tumour in a liver that is mostly tumour: the middles of what is thick, not what is round against liver.

Where metastases fill the organ there is little liver between them to be round against, and blobs answer to the gaps. So
tumour is told from liver at half contrast, and each voxel of it asked how far liver is: the maxima of that distance are
the middles of the masses, and the distance there their radius (the seeds of a watershed split by shape). Masses that
have grown together without a waist have one middle and stay one.
"""

from __future__ import annotations

import edt
import numpy as np
from scipy import ndimage

from isletscope.anatomy import Thresholds
from isletscope.lesions.images.blobs import Blob
from isletscope.lesions.images.contrast import Bool3D, Contrast, Float3D
from isletscope.spatial import Geometry, gaussian


def packed_blobs_of(
    contrast: Contrast,
    organ: Bool3D,
    parenchyma: Bool3D,
    geometry: Geometry,
    signs: tuple[float, ...],
    least_height: float,
    thresholds: Thresholds,
) -> list[Blob]:
    """Middles of tumour on one contrast inside the organ, the thickest first; none where tumour hardly differs.

    ``organ`` and ``parenchyma`` (the organ's own tissue): bool [k, j, i] on ``geometry``; signs: 1 bright, -1 dark.
    """
    shown = organ & contrast.covered
    tumour = shown & ~parenchyma
    if not tumour.any():
        return []
    calm = gaussian(contrast.difference, [thresholds.number("packed.calmed_mm") / s for s in geometry.spacing_mm])
    usual = float(np.median(calm[tumour]))
    clear = max(least_height, thresholds.number("packed.least_noise") * contrast.noise)
    if np.sign(usual) not in signs or abs(usual) < clear:
        return []
    beyond = shown & (calm * np.sign(usual) >= abs(usual) / 2.0)
    depth = edt.edt(np.ascontiguousarray(beyond), anisotropy=geometry.spacing_mm, black_border=False)
    return _middles(contrast, depth.astype(np.float32), calm, geometry, thresholds)


def _middles(
    contrast: Contrast, depth_mm: Float3D, calm: Float3D, geometry: Geometry, thresholds: Thresholds
) -> list[Blob]:
    """Maxima of the distance to liver that lie far enough from those of thicker masses."""
    smooth = gaussian(depth_mm, [thresholds.number("packed.rounded_mm") / s for s in geometry.spacing_mm])
    least = thresholds.number("packed.least_radius_mm")
    places = np.argwhere((smooth >= ndimage.maximum_filter(smooth, 3, mode="constant")) & (smooth >= least))
    radii = smooth[tuple(places.T)]
    kept: list[Blob] = []
    centres, sizes = np.empty((0, 3)), np.empty(0)
    for number in np.argsort(-radii, kind="stable"):
        centre, radius = geometry.to_lps(places[number]), float(radii[number])
        apart = np.linalg.norm(centres - centre, axis=1)
        if np.any(apart < thresholds.number("packed.apart") * np.maximum(sizes, radius)):
            continue
        k, j, i = (int(v) for v in places[number])
        x, y, z = (float(v) for v in centre)
        height = float(calm[k, j, i])
        kept.append(Blob(contrast.name, (k, j, i), (x, y, z), radius, height, abs(height) / contrast.noise))
        centres, sizes = np.vstack([centres, centre]), np.append(sizes, radius)
    return kept
