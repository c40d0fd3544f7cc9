"""A candidate as it enters the case document: outline, verdict, measurements."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isletscope.lesions.images.candidates import Candidate
from isletscope.lesions.images.naming import CONTRASTS
from isletscope.lesions.images.natures import judge
from isletscope.model import Code, ExamKind, Focus, Measurement, Source, derived, measured
from isletscope.spatial import HOUNSFIELD, Mask, Volume, axial_axes, extent_3d_mm

_LONG = Code(value="103339001", scheme="SCT", meaning="Long Axis")
_SHORT = Code(value="103340004", scheme="SCT", meaning="Short Axis")
_VOLUME = Code(value="118565006", scheme="SCT", meaning="Volume")
_HU_NAMES = {
    "unenhanced": "unenhanced",
    "arterial": "late_arterial",
    "portal_venous": "portal_venous",
    "delayed": "delayed",
}
_RATIOS = {
    "t1": "t1_ratio",
    "t2": "t2_ratio",
    "dwi": "dwi_ratio",
    "arterial": "arterial_ratio",
    "portal_venous": "portal_venous_ratio",
    "hepatobiliary": "hepatobiliary_ratio",
}
_METHOD = "median of the inner part (0.6 of the radius)"
_ORGAN_METHOD = "smooth value of the organ at this place, what stands out left aside"


def focus_of(
    candidate: Candidate, number: int, grid_key: str, kind: ExamKind, volumes: Mapping[str, Volume], mask_path: str
) -> Focus:
    """The candidate as focus ``<grid_key>/<number>``; ``number`` is its value in the label map on that grid.

    ``volumes``: by series key; ``mask_path``: the label map inside the case folder.
    """
    verdict, assessment = judge(candidate.organ, kind, candidate.features)
    extent = candidate.extent
    index = np.argwhere(extent.inside)
    centre = extent.geometry.to_lps(index).mean(axis=0)
    x, y, z = (round(float(v), 2) for v in centre)
    volume = volumes[candidate.series_key]
    unit = volume.quantity.unit
    where = CONTRASTS[candidate.names[0]]
    source = Source(mask=f"{mask_path}#{number}")
    outline = Mask(candidate.extent.inside, candidate.extent.geometry)
    return Focus(
        id=f"{grid_key}/{number}",
        series_key=grid_key,
        label=number,
        site=candidate.organ,
        site_code=candidate.organ,
        verdict=verdict,
        assessment=assessment,
        centroid_lps_mm=(x, y, z),
        maximum_lps_mm=(x, y, z),
        threshold=derived("outline level", extent.threshold, unit, method=f"half contrast on {where}"),
        delineation=(
            f"half contrast between its inner part ({extent.inner:.0f}) and the organ around it ({extent.outer:.0f}) "
            f"on {where}, connected, inside the organ"
        ),
        measurements=sizes_of(outline, source, _limitation(candidate)) | _values(candidate, kind),
        flags=[f"stands out on {', '.join(CONTRASTS[name] for name in candidate.names)}"],
    )


def sizes_of(mask: Mask, source: Source, limitation: str | None) -> dict[str, Measurement]:
    """Long and short axis and largest diameter (mm) and volume (mL) of an outline, on the grid of its series."""
    axes = axial_axes(mask)
    about = {"source": source, "limitation": limitation}
    return {
        "long_axis": measured(
            "long axis", axes.long_mm, "mm", code=_LONG, method="longest in an axial plane of the outline", **about
        ),
        "short_axis": measured(
            "short axis", axes.short_mm, "mm", code=_SHORT, method="longest across the long axis, same plane", **about
        ),
        "largest_diameter": measured(
            "largest diameter", extent_3d_mm(mask), "mm", method="longest in space of the outline", **about
        ),
        "volume": measured(
            "volume", mask.volume_ml, "mL", code=_VOLUME, method="voxels of the outline times voxel volume", **about
        ),
    }


def _limitation(candidate: Candidate) -> str | None:
    """Why the size is to be read with care."""
    slice_mm = max(candidate.extent.geometry.spacing_mm)
    if candidate.features.diameter_mm < 2.0 * slice_mm:
        return f"smaller than two slices of {slice_mm:.1f} mm"
    return None


def _values(candidate: Candidate, kind: ExamKind) -> dict[str, Measurement]:
    """CT numbers, ADC and ratios to the organ under the names of the vocabulary, and the clearest contrast to noise."""
    found: dict[str, Measurement] = {}
    for name, shown in candidate.features.shown.items():
        words = CONTRASTS[name]
        source = Source(note=shown.series_key)
        if kind is ExamKind.CT and name in _HU_NAMES:
            key = f"hu_{_HU_NAMES[name]}"
            found[key] = measured(f"density, {words}", shown.value, HOUNSFIELD.unit, method=_METHOD, source=source)
            found[f"organ_{key}"] = measured(
                f"density of the {candidate.organ}, {words}", shown.organ_value, HOUNSFIELD.unit, method=_ORGAN_METHOD,
                source=source,
            )  # fmt: skip
        elif name == "adc":
            unit = "10-6.mm2/s"
            found["adc_mean"] = measured("ADC", shown.value, unit, method=_METHOD, source=source)
            found["organ_adc"] = measured(
                f"ADC of the {candidate.organ}", shown.organ_value, unit, method=_ORGAN_METHOD, source=source
            )
        elif kind is ExamKind.MRI and name in _RATIOS and shown.organ_value > 0:
            found[_RATIOS[name]] = derived(
                f"{words}, ratio to the {candidate.organ}", shown.value / shown.organ_value, "1", method=_METHOD,
                source=source,
            )  # fmt: skip
    found["series_count"] = derived("series it stands out on", float(len(candidate.names)), "1")
    clearest = max(candidate.features.shown.values(), key=lambda one: one.contrast_to_noise)
    found["contrast_to_noise"] = derived(
        f"contrast to noise on {CONTRASTS[clearest.name]}", clearest.contrast_to_noise, "1",
        method="difference from the organ over the noise of one voxel of about 2 mm",
    )  # fmt: skip
    return found
