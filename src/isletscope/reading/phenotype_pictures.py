"""Which lesions are pictured on all images, and where: centre and outline on each series of the row of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import contourpy
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.assessment import kinds_of
from isletscope.lesions import Region
from isletscope.model import ExamKind, Lesion, Series, Shown, TimePoint
from isletscope.reading.image_columns import columns_of, diffusion_of
from isletscope.reading.phenotype_images import ImageMeasures
from isletscope.reading.phenotype_row import looks_at
from isletscope.reading.places import Look, series_of
from isletscope.spatial import Geometry

FloatArray = npt.NDArray[np.float64]
_COLUMNS = {
    ExamKind.SSTR_PET: ("sstr",),
    ExamKind.FDG_PET: ("fdg",),
    ExamKind.CT: ("ct_late_arterial", "ct_portal_venous", "ct_phase_unknown"),
    ExamKind.MRI: ("mr_t2", "mr_dwi", "mr_hepatobiliary"),
}
_HALF_FIELD_MM = 40.0
_PIXEL_MM = 0.8


def shown_on(images: ImageMeasures, lesion: Lesion, point: TimePoint) -> Iterator[Shown]:
    """The lesion's centre and outline on each series of the row of pictures of a time point."""
    looks = looks_at(images.places, lesion, point)
    exams = [exam for exam in images.places.case.exams if exam.key in point.exam_keys]
    for kind, columns in _COLUMNS.items():
        for exam in reversed(exams):
            if kind not in kinds_of(exam):
                continue
            own = images.places.own(lesion, exam, kind)
            on_pet = kind not in (ExamKind.CT, ExamKind.MRI)
            chosen = {} if on_pet else columns_of(exam, kind)
            for column in columns:
                series = series_of(exam, kind) if on_pet else chosen.get(column, [])
                if column == "mr_dwi":
                    by_b = diffusion_of(series)
                    series = [by_b[max(by_b)]] if by_b else []
                found = _first(images, lesion, [*own, *looks], series)
                if found is not None:
                    yield _picture(column, *found)
            break


def _first(
    images: ImageMeasures, lesion: Lesion, looks: list[Look], series: list[Series]
) -> tuple[Series, Region] | None:
    for one in series:
        region = images.region(lesion, looks, one)
        if isinstance(region, Region) and not isinstance(images.volume(one.key), str):
            return one, region
    return None


def _picture(column: str, series: Series, region: Region) -> Shown:
    centre = region.geometry.to_lps(np.argwhere(region.outline).mean(axis=0))
    x, y, z = (float(v) for v in centre)
    return Shown(
        column=column,
        series_key=series.key,
        centre_lps_mm=(round(x, 2), round(y, 2), round(z, 2)),
        outlines_mm=_lines(region, (x, y, z)),
        carried=region.carried,
    )


def _lines(region: Region, centre: tuple[float, float, float]) -> list[list[tuple[float, float]]]:
    """Outline in the axial plane through the centre, as closed lines of (x, y) LPS mm."""
    inside = region.geometry.to_lps(np.argwhere(region.outline))
    half = max(_HALF_FIELD_MM, float(np.abs(inside[:, :2] - centre[:2]).max()) + 4.0)
    steps = np.arange(-half, half + _PIXEL_MM, _PIXEL_MM)
    x, y = np.meshgrid(centre[0] + steps, centre[1] + steps)
    points = np.stack([x, y, np.full_like(x, centre[2])], axis=-1)
    values = _linear(region.outline, region.geometry, points)
    generator = contourpy.contour_generator(x=x, y=y, z=values, line_type=contourpy.LineType.Separate)
    lines = cast("list[FloatArray]", generator.lines(0.5))
    return [[(round(float(a), 1), round(float(b), 1)) for a, b in line] for line in lines if len(line) > 3]


def _linear(mask: npt.NDArray[np.bool_], geometry: Geometry, points: FloatArray) -> FloatArray:
    index = np.moveaxis(geometry.to_index(points), -1, 0)
    values: FloatArray = ndimage.map_coordinates(mask.astype(np.float64), index, order=1, cval=0.0)
    return values
