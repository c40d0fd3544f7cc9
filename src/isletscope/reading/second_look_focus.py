"""A lesion found at a known place, as a focus of the reading of the images."""

from __future__ import annotations

import numpy as np

from isletscope.errors import GeometryError
from isletscope.lesions import SeedOutline, sizes_of
from isletscope.model import (
    Assessment,
    Evidence,
    Focus,
    Lesion,
    ReadingOfImages,
    Source,
    State,
    Support,
    derived,
)
from isletscope.reading.places import Look


def found_focus(
    *,
    lesion: Lesion,
    look: Look,
    reading: ReadingOfImages,
    number: int,
    series_key: str,
    outline: SeedOutline,
    unit: str,
    away_mm: float,
) -> Focus:
    """The focus ``<grid series>/<number>`` of a lesion outlined at its known place.

    ``series_key``: the series it was outlined on; ``away_mm``: from the place that was carried over. Its verdict is
    that of the lesion; ``unit``: of that series. Raises GeometryError when there is no outline.
    """
    mask = outline.mask
    if mask is None or outline.level is None:
        raise GeometryError("a focus needs an outline", subject=lesion.id, found=outline.why_not)
    x, y, z = (round(float(v), 2) for v in mask.geometry.to_lps(np.argwhere(mask.array).mean(axis=0)))
    return Focus(
        id=f"{reading.series_key}/{number}",
        series_key=reading.series_key,
        label=number,
        site=look.focus.site,
        site_code=look.focus.site_code,
        verdict=lesion.verdict,
        assessment=Assessment(
            name="verdict",
            state=State.DERIVED,
            value=lesion.verdict.value,
            because=f"found at the place known from {look.focus.id}; its verdict is that of {lesion.id}",
            evidence=[Evidence(text="distance from the place carried over", value=round(away_mm, 1), unit="mm")],
            rule="second_look",
            support=Support.CONVENTION,
        ),
        centroid_lps_mm=(x, y, z),
        maximum_lps_mm=(x, y, z),
        threshold=derived("outline level", outline.level, unit, method=f"half contrast on {series_key}"),
        delineation=f"{outline.method}; on {series_key}; confidence {outline.confidence}",
        measurements=sizes_of(
            mask,
            Source(mask=f"{reading.foci_map}#{number}", note=series_key),
            "; ".join(outline.flags) or None,
        ),
        flags=[f"found at the place known from {look.focus.id}", *outline.flags],
    )
