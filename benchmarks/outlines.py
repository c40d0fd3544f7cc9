"""How well foci are outlined on analytic PET: ``python -m benchmarks.outlines [--tracer fdg] [--repeats N] ...``.

Spheres and ellipsoids of known volume, blurred by a Gaussian, between the voxel centres, on a background of 1, with
noise of the grain of a reconstructed PET whose variance grows with uptake (CoV given for the background). Printed are
the median error of volume and (in brackets) the median of its absolute value, in percent, for each diameter (mm) and
tumour-to-background ratio: the default rule, the plain percentage, and the extra rule that knows the resolution; then
SUVpeak against the image without noise.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter

from isletscope.lesions.delineate import Scene, background_adapted, percent_of_maximum, seed_from_point
from isletscope.lesions.resolution import edge_of_blurred_sphere
from isletscope.model import TracerClass
from isletscope.spatial import SUV_BODY_WEIGHT, Geometry, Volume

DIAMETERS_MM = (8, 10, 12, 15, 20, 30, 45)
CONTRASTS = (2, 3, 5, 10, 20)
_FWHM_PER_SIGMA = float(np.sqrt(8.0 * np.log(2.0)))
_FINE = 4
_NOISE_GRAIN_MM = 5.0


@dataclass(frozen=True)
class Setting:
    """Resolution, voxels and noise of the simulated scanner, and the shape of the foci."""

    fwhm_mm: float
    voxel_mm: float
    cov: float
    stretch: float
    fwhm_wrong_by_mm: float = 0.0


def simulate(
    diameter_mm: float, contrast: float, setting: Setting, rng: np.random.Generator
) -> tuple[Volume, Volume, npt.NDArray[np.float64], float]:
    """Noisy image, image without noise, centre (LPS mm) and true volume (mL) of one focus.

    The focus is drawn on a grid four times finer, blurred there, and averaged into voxels. ``stretch`` makes it an
    ellipsoid of the same volume.
    """
    voxel, fine = setting.voxel_mm, setting.voxel_mm / _FINE
    count = int(np.ceil((diameter_mm * max(1.0, setting.stretch) + 70.0) / voxel)) | 1
    centre = (count - 1) / 2 * voxel + rng.uniform(-0.5, 0.5, 3) * voxel
    axis = (np.arange(count * _FINE) + 0.5) * fine - voxel / 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij", sparse=True)
    narrow = setting.stretch**-0.5
    scaled = (
        ((x - centre[0]) / setting.stretch) ** 2 + ((y - centre[1]) / narrow) ** 2 + ((z - centre[2]) / narrow) ** 2
    )
    shape = gaussian_filter(
        (scaled <= (diameter_mm / 2) ** 2).astype(np.float32), setting.fwhm_mm / _FWHM_PER_SIGMA / fine
    )
    clean = 1.0 + (contrast - 1.0) * shape.reshape(count, _FINE, count, _FINE, count, _FINE).mean(axis=(1, 3, 5))
    noise = gaussian_filter(rng.standard_normal(clean.shape), _NOISE_GRAIN_MM / _FWHM_PER_SIGMA / voxel)
    noisy = clean + setting.cov * np.sqrt(clean) * noise / noise.std()
    grid = Geometry((count, count, count), (voxel, voxel, voxel), (0.0, 0.0, 0.0))
    images = [Volume(a.astype(np.float32), grid, SUV_BODY_WEIGHT) for a in (noisy, clean)]
    return images[0], images[1], centre, np.pi * diameter_mm**3 / 6000.0


@dataclass
class Errors:
    """Relative errors gathered over repeats."""

    adapted: list[float]
    plain: list[float]
    edge: list[float]
    peak: list[float]
    without: int = 0


def errors_of(diameter: float, contrast: float, setting: Setting, tracer: TracerClass, repeats: int) -> Errors:
    """Outline ``repeats`` foci of one size and contrast by the default rule and by the plain percentage."""
    rng = np.random.default_rng([int(diameter), int(contrast)])
    errors = Errors([], [], [], [])
    for _ in range(repeats):
        noisy, clean, centre, volume_ml = simulate(diameter, contrast, setting, rng)
        scene = Scene(noisy)
        seed = seed_from_point(noisy, centre, 6.0)
        found = background_adapted(scene, seed, tracer=tracer)
        if found.volume_ml is None:
            errors.without += 1
            continue
        errors.adapted.append(found.volume_ml / volume_ml - 1)
        plain = percent_of_maximum(scene, seed, tracer=tracer, adapted=found)
        if plain.volume_ml is not None:
            errors.plain.append(plain.volume_ml / volume_ml - 1)
        edge = edge_of_blurred_sphere(scene, seed, found, setting.fwhm_mm + setting.fwhm_wrong_by_mm)
        if edge.volume_ml is not None:
            errors.edge.append(edge.volume_ml / volume_ml - 1)
        here, there = found.measure(noisy).peak_global, found.measure(clean).peak_global
        if here is not None and there is not None:
            errors.peak.append(here / there - 1)
    return errors


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    return f"{100 * np.median(values):+.0f} ({100 * np.median(np.abs(values)):.0f})"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outlines", description="Error curve of outlines.")
    parser.add_argument("--tracer", choices=["sstr", "fdg"], default="sstr")
    parser.add_argument("--fwhm", type=float, default=6.0, help="resolution, mm (default 6)")
    parser.add_argument("--voxel", type=float, default=4.0, help="voxel edge, mm (default 4)")
    parser.add_argument("--cov", type=float, default=0.12, help="noise in the background (default 0.12)")
    parser.add_argument("--stretch", type=float, default=1.0, help="1 spheres, 2 ellipsoids of the same volume")
    parser.add_argument(
        "--fwhm-wrong-by", type=float, default=0.0, help="error of the resolution that the edge rule gets"
    )
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args(arguments)
    setting = Setting(options.fwhm, options.voxel, options.cov, options.stretch, options.fwhm_wrong_by)
    table = Table(title=f"Error in percent: median (median of absolute); {options.tracer}, {setting}")
    for heading in ("contrast", "rule", *(f"{d} mm" for d in DIAMETERS_MM)):
        table.add_column(heading, justify="right")
    wanted: list[float] = []
    edges: list[float] = []
    peaks: list[float] = []
    for contrast in CONTRASTS:
        row = [errors_of(d, contrast, setting, TracerClass(options.tracer), options.repeats) for d in DIAMETERS_MM]
        table.add_row(str(contrast), "adapted", *(_cell(e.adapted) for e in row))
        table.add_row("", "plain %", *(_cell(e.plain) for e in row))
        table.add_row("", "edge", *(_cell(e.edge) for e in row))
        table.add_row("", "SUVpeak", *(_cell(e.peak) for e in row))
        table.add_row("", "no volume", *(str(e.without or "") for e in row), end_section=True)
        for diameter, errors in zip(DIAMETERS_MM, row, strict=True):
            if diameter >= 10 and contrast >= 3:
                wanted += errors.adapted
                edges += errors.edge
                peaks += errors.peak
    console = Console(width=120)
    console.print(table)
    console.print(
        f"At least 10 mm and contrast 3: median absolute error of volume {100 * np.median(np.abs(wanted)):.1f} %, "
        f"of SUVpeak {100 * np.median(np.abs(peaks)):.1f} % ({len(wanted)} foci); "
        f"edge of a blurred sphere where valid {100 * np.median(np.abs(edges)):.1f} % ({len(edges)} foci)"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
