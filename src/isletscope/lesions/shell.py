"""What lies around a focus, and whether the focus stands out from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isletscope.lesions.delineation_rules import DelineationRules, delineation_rules
from isletscope.spatial import Mask, Volume, outline_distance_mm


@dataclass(frozen=True)
class Scene:
    """A PET volume with what is known about it when foci are outlined; all arrays lie on its grid [k, j, i].

    ``foci``: label map of all foci; those of other foci are neither outlined nor counted as surroundings.
    ``allowed``: where outlines may go (everywhere when None). ``eligible``: voxels that may count as surroundings, for
    example the body without hot organs (everywhere when None).
    """

    pet: Volume
    foci: npt.NDArray[np.unsignedinteger[Any]] | None = None
    allowed: npt.NDArray[np.bool_] | None = None
    eligible: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class ShellStatistics:
    """Mean and population SD of the shell around a focus; None with the reason where there is no shell."""

    voxels: int
    mean: float | None = None
    standard_deviation: float | None = None
    missing_because: str | None = None


@dataclass(frozen=True)
class Prominence:
    """Whether a focus stands out from its shell (decided before any other rule), with the sentence that says why.

    ``discernible`` is None, with the reason, when there is no shell to compare with.
    """

    discernible: bool | None
    photopenic: bool | None
    because: str
    shell: ShellStatistics


def shell_statistics(
    scene: Scene, mask: Mask, start_kji: tuple[int, int, int], label: int = 0, rules: DelineationRules | None = None
) -> ShellStatistics:
    """Statistics 3 to 8 mm outside the outline (outer voxel faces) of a focus.

    ``mask`` lies on a block of the PET grid that begins at ``start_kji``; the block must reach at least 8 mm beyond
    the mask, or to the image edge. Voxels nearer than 3 mm to another focus, the outermost voxels of the image,
    slices that are missing, and voxels that are not eligible do not count.
    """
    figures = (rules or delineation_rules()).shell
    inner, outer = figures.inner_mm.value, figures.outer_mm.value
    values = surroundings(scene, mask, start_kji, label, (inner, outer))
    if len(values) < figures.minimum_voxels.value:
        reason = (
            f"only {len(values)} voxels lie {inner:g} to {outer:g} mm outside the outline and clear of other foci and "
            f"the image edge; at least {figures.minimum_voxels.value:g} are needed"
        )
        return ShellStatistics(len(values), missing_because=reason)
    return ShellStatistics(len(values), float(values.mean()), float(values.std()))


def surroundings(
    scene: Scene, mask: Mask, start_kji: tuple[int, int, int], label: int, range_mm: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Values of the countable voxels between two distances outside the outline; see :func:`shell_statistics`."""
    inner, outer = range_mm
    block = tuple(slice(a, a + n) for a, n in zip(start_kji, mask.array.shape, strict=True))
    distance = outline_distance_mm(mask, outer)
    around = (distance >= inner) & (distance <= outer)
    around &= _countable(scene, block)
    if scene.foci is not None:
        others = (scene.foci[block] != 0) & (scene.foci[block] != label) & ~mask.array
        if others.any():
            clear = delineation_rules().shell.inner_mm.value
            around &= outline_distance_mm(Mask(others, mask.geometry), clear) > clear
    return np.asarray(scene.pet.array[block][around], dtype=np.float64)


def _countable(scene: Scene, block: tuple[slice, ...]) -> npt.NDArray[np.bool_]:
    shape = scene.pet.array.shape
    countable: npt.NDArray[np.bool_] = np.isfinite(scene.pet.array[block])
    if scene.eligible is not None:
        countable &= scene.eligible[block]
    for axis, part in enumerate(block):
        index = np.arange(part.start, part.stop)
        edge = (index == 0) | (index == shape[axis] - 1) if shape[axis] > 2 else np.zeros(len(index), np.bool_)
        if axis == 0:
            edge |= np.isin(index, scene.pet.missing_slices)
        countable &= ~edge.reshape([-1 if a == axis else 1 for a in range(3)])
    return countable


def prominence(
    maximum: float, peak: float | None, mean: float, shell: ShellStatistics, rules: DelineationRules | None = None
) -> Prominence:
    """Whether a focus with this SUVmax, SUVpeak and SUVmean stands out from its shell, or is colder than it.

    Discernible: SUVmax above shell mean + 2 SD, and SUVpeak at least 1.1 times the shell mean. Photopenic: SUVmean
    below 0.8 times the shell mean.
    """
    figures = (rules or delineation_rules()).discernible
    if shell.mean is None or shell.standard_deviation is None:
        return Prominence(None, None, f"surroundings not measurable: {shell.missing_because}", shell)
    factor = figures.standard_deviations.value
    bar = shell.mean + factor * shell.standard_deviation
    peak_bar = figures.peak_over_shell.value * shell.mean
    around = f"surroundings {shell.mean:.2f} ± {shell.standard_deviation:.2f}"
    photopenic = mean < figures.photopenic_below.value * shell.mean
    if photopenic:
        share = f"{figures.photopenic_below.value:g} x the mean of the surroundings"
        return Prominence(False, True, f"photopenic: SUVmean {mean:.2f} is below {share} ({around})", shell)
    if maximum <= bar:
        text = f"does not stand out: SUVmax {maximum:.2f} is not above mean + {factor:g} SD = {bar:.2f} ({around})"
        return Prominence(False, False, text, shell)
    if peak is None:
        return Prominence(None, False, f"SUVpeak is not known ({around})", shell)
    if peak < peak_bar:
        share = f"{figures.peak_over_shell.value:g} x the mean = {peak_bar:.2f}"
        return Prominence(False, False, f"does not stand out: SUVpeak {peak:.2f} is below {share} ({around})", shell)
    text = f"stands out: SUVmax {maximum:.2f} > {bar:.2f} and SUVpeak {peak:.2f} ≥ {peak_bar:.2f} ({around})"
    return Prominence(True, False, text, shell)
