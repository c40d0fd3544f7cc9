"""What can be said of one candidate: its contrast on every series, its shape, and how far it lies inside the organ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isletscope.lesions.images.contrast import Bool3D, Contrast
from isletscope.lesions.images.extent import Extent, distances_mm
from isletscope.spatial import Geometry

_LEAST_AROUND = 5
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """What one series shows at a candidate: ``difference`` from the organ (HU or percent) in its inner part, and that
    difference over the noise of one voxel; ``around`` is the difference just outside, from the organ too. ``value`` and
    ``organ_value`` are in the unit of the series."""

    name: str
    series_key: str
    unit: str
    difference: float
    around: float
    contrast_to_noise: float
    value: float
    organ_value: float


@dataclass(frozen=True)
class Features:
    """Figures of one candidate.

    ``diameter_mm`` of the sphere of its volume; ``slenderness``: longest over middle standard deviation of its voxels;
    ``flatness``: middle over shortest; ``inside``: share of its voxels in the organ; ``embedded``: share of the shell
    around it in the organ; ``touching``: share of that shell that looks like gland, where the organ is only a region
    around it, else None; ``shown``: by contrast; ``outlined``: the contrast on which the outline was made, and ``step``
    that between the shell and the middle there, in the unit of the series.
    """

    diameter_mm: float
    volume_ml: float
    slenderness: float
    flatness: float
    inside: float
    embedded: float
    touching: float | None
    shown: dict[str, Shown]
    outlined: str = ""
    step: float = 0.0


def features_of(
    extent: Extent,
    outlined: str,
    organ: Bool3D,
    search_grid: Geometry,
    organ_there: Bool3D,
    contrasts: Sequence[Contrast],
    gland: Bool3D | None = None,
    parenchyma: Bool3D | None = None,
) -> Features:
    """Features of an extent, ``outlined`` on that contrast, on the grid of ``organ``.

    The contrasts lie on ``search_grid`` with ``organ_there``.

    ``parenchyma``: where tumour fills most of the organ, the rest of it: what lies around is told by it where it can.
    """
    (long, middle, short), _, centre = principal_axes(extent)
    radius = (3000.0 * extent.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0)
    distance = distances_mm(search_grid, centre)
    step = float(np.partition(distance, 6, axis=None)[6]) if distance.size > 6 else float(distance.max())
    inner = distance <= max(0.6 * radius, 0.7 * step)
    shell = (distance > 1.2 * radius + 1.0) & (distance <= 1.2 * radius + 6.0)
    embedded = float(np.count_nonzero(shell & organ_there)) / max(1, int(np.count_nonzero(shell)))
    beside = shell & organ_there
    if parenchyma is not None and np.count_nonzero(beside & parenchyma) >= _LEAST_AROUND:
        beside = beside & parenchyma
    return Features(
        diameter_mm=2.0 * radius,
        volume_ml=extent.volume_ml,
        slenderness=float(long / middle),
        flatness=float(middle / short),
        inside=float(organ[extent.box.slices][extent.inside].mean()),
        embedded=embedded,
        touching=None
        if gland is None
        else float(np.count_nonzero(shell & gland)) / max(1, int(np.count_nonzero(shell))),
        shown={one.name: shown for one in contrasts if (shown := _shown(one, inner, beside)) is not None},
        outlined=outlined,
        step=extent.inner - extent.outer,
    )


def principal_axes(extent: Extent) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Standard deviations (mm) of the voxels along their principal axes, longest first; the axes as rows of unit LPS
    vectors; and the centre (LPS mm)."""
    index = np.argwhere(extent.inside)
    points = extent.geometry.to_lps(index)
    centre = points.mean(axis=0)
    spread: FloatArray = np.cov(points.T) if len(points) > 1 else np.zeros((3, 3))
    grid = np.abs(np.asarray(extent.geometry.axes_lps))
    spread = spread + np.diag(grid.T @ (np.square(extent.geometry.spacing_mm) / 12.0))
    squares, axes = np.linalg.eigh(spread)
    return np.sqrt(squares[::-1]), axes.T[::-1], centre


def _shown(contrast: Contrast, inner: Bool3D, shell: Bool3D) -> Shown | None:
    there = inner & contrast.covered
    around = shell & contrast.covered
    if not there.any() or np.count_nonzero(around) < _LEAST_AROUND:
        return None
    difference = float(np.median(contrast.full[there]))
    organ_value = float(np.median(contrast.background[there]))
    return Shown(
        contrast.name,
        contrast.series_key,
        contrast.unit,
        difference,
        float(np.median(contrast.full[around])),
        abs(difference) / contrast.noise,
        _value(contrast, difference, organ_value),
        organ_value,
    )


def _value(contrast: Contrast, difference: float, organ_value: float) -> float:
    return organ_value + (difference if contrast.unit != "%" else difference * organ_value / 100.0)
