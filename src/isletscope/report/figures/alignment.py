"""Check picture of an alignment: the reference and an exam in alternating squares, axial and coronal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.model import Alignment, Case, ReadingOfImages, ReadingOfPet, Role, Series
from isletscope.report.content.alignment_words import alignment_words
from isletscope.report.content.document import Figure
from isletscope.report.figures.planes import Plane, sample
from isletscope.report.figures.raster import data_address, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import display
from isletscope.report.figures.svg import Canvas
from isletscope.report.images import ImageSource
from isletscope.spatial import Geometry, Transform, Volume

_VIEWS = ("axial", "coronal")
_PIXELS = 320
_SQUARES = 8
_EDGE_MM = 380.0
_BETWEEN = 1.0
_HEAD_MM = 3.4
LIVER = "liver"
_WHITE, _BLACK, _GREY = "#FFFFFF", "#000000", "#535C64"
_PATIENT = Geometry((1, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Pair:
    """Two volumes with their series, the mapping from the first's space to the second's, and where to look (LPS mm)."""

    first: Volume
    second: Volume
    transform: Transform
    first_series: Series
    second_series: Series
    centre_lps_mm: Point | None


def alignment_figure(pair: Pair, name: str, first: str, second: str, width_mm: float) -> Figure:
    """Both views of a pair side by side; ``name`` is unique among pairs, ``first`` and ``second`` name the exams."""
    tile = (width_mm - (len(_VIEWS) - 1) * _BETWEEN) / len(_VIEWS)
    words = alignment_words()
    canvas = Canvas(width_mm, tile + _HEAD_MM)
    centre = _centre(pair)
    for number, view in enumerate(_VIEWS):
        left = number * (tile + _BETWEEN)
        canvas.text(left, 2.4, words.views[view], size=2.1, fill=_GREY, weight=600)
        plane = Plane(view, centre, _EDGE_MM, _PIXELS)
        canvas.image(left, _HEAD_MM, tile, tile, data_address(_checkerboard(pair, plane)))
        if number == 0:
            scale = tile / _EDGE_MM
            draw_scale_bar(canvas, left + 1.2, _HEAD_MM + tile - 1.4, _EDGE_MM, scale, _WHITE, 1.7, halo=_BLACK)
    return Figure(
        name=f"alignment-{name}",
        svg=canvas.markup(),
        width_mm=canvas.width_mm,
        height_mm=canvas.height_mm,
        alt=words.says("alternative", reference=first, exam=second, views=" and ".join(words.views.values())),
        title=second,
        caption=(words.says("figure", reference=first, exam=second),),
    )


def middle_of_liver(case: Case, reference: Alignment, images: ImageSource) -> Point | None:
    """Centre (LPS mm) of the liver on a series of the reference frame; None where none was found."""
    readings: list[ReadingOfImages | ReadingOfPet] = [*case.image_readings, *case.readings]
    for reading in readings:
        organ = next((one for one in reading.organs if one.name == LIVER and one.label is not None), None)
        if reading.series_key not in reference.series_keys or organ is None:
            continue
        labels, grid = images.organ_labels(reading.series_key), case.series(reading.series_key).grid
        if labels is None or grid is None or labels.shape != grid.shape_kji:
            continue
        inside = labels == organ.label
        if inside.any():
            geometry = Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)
            x, y, z = (float(v) for v in geometry.to_lps(scipy.ndimage.center_of_mass(inside)))
            return x, y, z
    return None


def _centre(pair: Pair) -> Point:
    """In the middle of the body at the height of the liver; the middle of the exam where its liver is not known."""
    middle = (np.asarray(pair.second.geometry.shape) - 1) / 2
    x, y, z = (float(v) for v in pair.transform.to_reference(pair.second.geometry.to_lps(middle))[0])
    liver = pair.centre_lps_mm
    if liver is None or not pair.second.geometry.contains(pair.transform.to_frame(liver)[0]):
        return x, y, z
    return x, liver[1], liver[2]


def _checkerboard(pair: Pair, plane: Plane) -> npt.NDArray[np.uint8]:
    """The first volume in every other square, the second carried to it in the others."""
    first = sample(pair.first, plane, outside=np.nan)
    second = _carried(pair, plane)
    step = plane.pixels // _SQUARES
    rows, columns = np.indices(first.shape) // step
    own = (rows + columns) % 2 == 0
    shown = np.where(own, _shown(first, pair.first_series), _shown(second, pair.second_series))
    return grey(shown.astype(np.float32))


def _carried(pair: Pair, plane: Plane) -> npt.NDArray[np.float32]:
    """The second volume in a plane of the first one's space, linearly interpolated; not-a-number outside it."""
    corner, row, column = plane.frame(_PATIENT)
    steps = np.arange(plane.pixels, dtype=np.float64)
    zyx = corner + steps[:, None, None] * row + steps[None, :, None] * column
    index = pair.second.geometry.to_index(pair.transform.to_frame(zyx.reshape(-1, 3)[:, ::-1]))
    shape = np.asarray(pair.second.array.shape)
    inside = np.all((index >= 0) & (index <= shape - 1), axis=1)
    values = np.full(len(index), np.nan, dtype=np.float32)
    if inside.any():
        low = np.floor(index[inside].min(axis=0)).astype(int)
        high = np.ceil(index[inside].max(axis=0)).astype(int) + 1
        part = np.asarray(pair.second.array[low[0] : high[0], low[1] : high[1], low[2] : high[2]], dtype=np.float32)
        values[inside] = scipy.ndimage.map_coordinates(part, (index[inside] - low).T, order=1, mode="nearest")
    return values.reshape(plane.pixels, plane.pixels)


def _shown(values: npt.NDArray[np.float32], series: Series) -> npt.NDArray[np.float32]:
    """Values as fractions of the window: soft tissue for CT, the tracer's for PET, percentiles else; 0 where none."""
    if series.modality == "CT":
        window = display().ct_windows["soft"]
        return windowed(values, window.level - window.width / 2, window.level + window.width / 2)
    if series.role is Role.PET and series.tracer is not None and series.tracer.tracer_class in display().tracers:
        return windowed(values, 0.0, display().tracers[series.tracer.tracer_class].slice)
    known = values[np.isfinite(values)]
    if known.size == 0:
        return np.zeros_like(values)
    low, high = (float(v) for v in np.percentile(known, (2.0, 99.0)))
    return windowed(values, low, max(high, low + 1e-6))
