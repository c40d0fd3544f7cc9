"""Key slices of one focus: CT, PET and both fused, in planes through the voxel of highest uptake."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.model import Case, Exam, Focus, Series, TracerClass, Verdict
from isletscope.report import format as fmt
from isletscope.report import keys
from isletscope.report.content.document import Figure
from isletscope.report.content.overview import NamedFocus, PetView
from isletscope.report.figures.planes import EDGE_LETTERS, Plane, outline, sample
from isletscope.report.figures.raster import colour_table, coloured, data_address, fused, grey, windowed
from isletscope.report.figures.scale import draw_scale_bar
from isletscope.report.figures.settings import CtWindow, Display, display
from isletscope.report.figures.svg import Canvas, polyline
from isletscope.report.images import ImageSource
from isletscope.spatial import Geometry, Volume

_BETWEEN = 1.4
_PIXELS = 260
_WHITE = "#FFFFFF"
_BLACK = "#000000"
_AIR_HU = -1024.0
NO_CT = "no CT"
_WITH_CT = (("CT", "axial"), ("PET", "axial"), ("fused", "axial"), ("fused", "coronal"), ("fused", "sagittal"))
_WITHOUT_CT = (("PET", "axial"), ("PET", "coronal"), ("PET", "sagittal"))


@dataclass(frozen=True)
class _Region:
    """The part of a label map that holds one focus, one voxel wider than the focus."""

    mask: npt.NDArray[np.bool_]
    geometry: Geometry


class SliceImages:
    """Pixels for the key slices of one PET, each loaded once."""

    def __init__(self, case: Case, pet: PetView, images: ImageSource) -> None:
        self.pet = pet
        self._images = images
        self._exam = case.exam_of(pet.series.key)
        self._ct: dict[str, Volume | None] = {}

    @cached_property
    def _labels(self) -> npt.NDArray[Any] | None:
        return self._images.foci_labels(self.pet.series.key)

    @cached_property
    def _boxes(self) -> list[Any]:
        return [] if self._labels is None else list(scipy.ndimage.find_objects(self._labels))

    def region(self, focus: Focus, geometry: Geometry) -> _Region | None:
        """Mask of the focus; None without a label map or when the label is not in it."""
        if self._labels is None or self._labels.shape != geometry.shape or not 0 < focus.label <= len(self._boxes):
            return None
        box = self._boxes[focus.label - 1]
        if box is None:
            return None
        start = [max(0, part.start - 1) for part in box]
        stop = [min(size, part.stop + 1) for part, size in zip(box, self._labels.shape, strict=True)]
        part = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        mask: npt.NDArray[Any] = np.pad(self._labels[part] == focus.label, 1)
        origin = geometry.to_lps([a - 1 for a in start])
        cut = Geometry(
            shape=(mask.shape[0], mask.shape[1], mask.shape[2]),
            spacing_mm=geometry.spacing_mm,
            origin_lps_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
            axes_lps=geometry.axes_lps,
        )
        return _Region(mask, cut)

    def ct_at(self, point_lps_mm: tuple[float, float, float]) -> tuple[Series, Volume] | None:
        """The best CT of the same exam and frame of reference that holds the point; None when there is none."""
        for series in _cts(self._exam, self.pet.series.frame_of_reference_uid):
            if series.key not in self._ct:
                self._ct[series.key] = self._images.volume(series.key)
            volume = self._ct[series.key]
            if volume is not None and volume.geometry.contains(point_lps_mm):
                return series, volume
        return None


def _cts(exam: Exam, frame_of_reference_uid: str | None) -> list[Series]:
    order = display().ct_order
    fitting = [
        series
        for series in exam.series
        if series.role in order and series.usable and series.frame_of_reference_uid == frame_of_reference_uid
    ]
    return sorted(fitting, key=lambda series: order.index(series.role))


def slice_figure(item: NamedFocus, pet_volume: Volume, images: SliceImages, width_mm: float) -> Figure:
    """One row of tiles for one focus, ``width_mm`` wide with a CT, three fifths of it without."""
    focus, settings = item.focus, display()
    edge = settings.field_of_view.edge_mm(keys.number_of(focus, keys.LONG_AXIS))
    ct = images.ct_at(focus.maximum_lps_mm)
    tiles = _WITH_CT if ct else _WITHOUT_CT
    tile = (width_mm - (len(_WITH_CT) - 1) * _BETWEEN) / len(_WITH_CT)
    canvas = Canvas(len(tiles) * tile + (len(tiles) - 1) * _BETWEEN, tile)
    region = images.region(focus, pet_volume.geometry)
    window = settings.ct_window(focus.site_code)
    tracer_class = images.pet.reading.tracer_class
    shown = {
        view: _Sampled.of(Plane(view, focus.maximum_lps_mm, edge, _PIXELS), pet_volume, ct[1] if ct else None, region)
        for view in dict.fromkeys(view for _, view in tiles)
    }
    for number, (kind, view) in enumerate(tiles):
        left = number * (tile + _BETWEEN)
        canvas.image(left, 0, tile, tile, data_address(_picture(kind, shown[view], tracer_class, window)))
        _draw_overlay(canvas, left, tile, shown[view], f"{kind} {view}", focus.verdict is Verdict.UNSURE)
        if number == 0:
            draw_scale_bar(canvas, left + 1.4, tile - 1.8, edge, tile / edge, _WHITE, 1.9, halo=_BLACK)
    return Figure(
        name=f"slices-{images.pet.series.key}-{focus.label}",
        svg=canvas.markup(),
        width_mm=canvas.width_mm,
        height_mm=canvas.height_mm,
        alt=_alternative_text(item, images.pet, ct[0] if ct else None),
        caption=_caption(ct[0] if ct else None, window, edge, focus.maximum_lps_mm[2]),
        tracer=images.pet.reading.tracer_class,
    )


@dataclass(frozen=True)
class _Sampled:
    """What one plane shows: uptake in g/mL, attenuation in HU where there is a CT, outlines of the focus."""

    plane: Plane
    uptake: npt.NDArray[np.float32]
    attenuation: npt.NDArray[np.float32] | None
    outlines: list[list[tuple[float, float]]]

    @classmethod
    def of(cls, plane: Plane, pet: Volume, ct: Volume | None, region: _Region | None) -> _Sampled:
        """Sample all three in the plane; outlines at half the resolution."""
        coarse = replace(plane, pixels=plane.pixels // 2)
        return cls(
            plane,
            sample(pet, plane, outside=0.0),
            sample(ct, plane, outside=_AIR_HU) if ct else None,
            outline(region.mask, region.geometry, coarse) if region else [],
        )


def _picture(kind: str, shown: _Sampled, tracer_class: TracerClass, window: CtWindow) -> npt.NDArray[np.uint8]:
    settings = display()
    tracer = settings.tracers[tracer_class]
    uptake = windowed(shown.uptake, 0.0, tracer.slice)
    if kind == "PET" or shown.attenuation is None:
        return coloured(uptake, tracer.map)
    low, high = window.level - window.width / 2, window.level + window.width / 2
    anatomy = grey(windowed(shown.attenuation, low, high))
    return anatomy if kind == "CT" else fused(anatomy, uptake, tracer.map, settings.fusion)


def _draw_overlay(canvas: Canvas, left: float, tile: float, shown: _Sampled, title: str, unsure: bool) -> None:
    for line in shown.outlines:
        data = polyline([(left + x * tile, y * tile) for x, y in line], closed=line[0] == line[-1])
        canvas.path(data, stroke=_BLACK, width=0.4)
        canvas.path(data, stroke=_WHITE, width=0.2, dash="0.8 0.5" if unsure else "")
    middle, gap = tile / 2, 0.36 * tile
    for sign in (-1, 1):
        far, near = middle + sign * (middle - 3.2), middle + sign * gap
        for stroke, width in ((_BLACK, 0.4), (_WHITE, 0.16)):
            canvas.line(left + far, middle, left + near, middle, stroke=stroke, width=width)
            canvas.line(left + middle, far, left + middle, near, stroke=stroke, width=width)
    side, top = EDGE_LETTERS[shown.plane.view]
    canvas.text(left + 1.0, middle + 0.7, side, size=1.9, fill=_WHITE, halo=_BLACK)
    canvas.text(left + middle, 2.4, top, size=1.9, fill=_WHITE, anchor="middle", halo=_BLACK)
    canvas.text(left + 1.0, 2.4, title, size=1.9, fill=_WHITE, weight=600, halo=_BLACK)


def _caption(ct: Series | None, window: CtWindow, edge_mm: float, z_mm: float) -> tuple[str, ...]:
    shown = f"field {fmt.length(edge_mm)} mm; z {fmt.number(z_mm, 0)} mm"
    if ct is None:
        return (f"{NO_CT}; {shown}",)
    return (f"{ct.key}, {window.name} {fmt.hounsfield(window.level)}/{fmt.hounsfield(window.width)} HU; {shown}",)


def _alternative_text(item: NamedFocus, pet: PetView, ct: Series | None) -> str:
    views = "CT, PET and fused images" if ct else "PET images"
    return (
        f"{item.name}, {item.focus.site}: {views} on {pet.title} through the voxel of highest uptake, "
        "axial, coronal and sagittal, with the outline of the lesion."
    )


def colour_legend(tracer_class: TracerClass, tracer_name: str, width_mm: float) -> Figure:
    """The colour bar of a tracer with the ends of its window."""
    settings: Display = display()
    tracer = settings.tracers[tracer_class]
    canvas = Canvas(width_mm, 4.6)
    table, steps, width = colour_table(tracer.map), 48, 40.0
    for step in range(steps):
        red, green, blue = table[int((step + 0.5) / steps * 255)]
        fill = f"#{red:02x}{green:02x}{blue:02x}"
        canvas.add("rect", x=width * step / steps, y=0.2, width=width / steps + 0.03, height=1.8, fill=fill)
    canvas.add("rect", x=0.06, y=0.2, width=width, height=1.8, fill="none", stroke="#8E979F", stroke_width=0.12)
    canvas.text(0, 4.3, "0", size=2.0, fill="#535C64")
    upper = fmt.significant(tracer.slice)
    canvas.text(width, 4.3, f"{upper} g/mL", size=2.0, fill="#535C64", anchor="end")
    begin = settings.fusion.begin * width
    canvas.line(begin, 0.2, begin, 2.6, stroke="#535C64", width=0.15)
    canvas.text(begin, 4.3, "fusion from here", size=2.0, fill="#535C64")
    canvas.text(
        width + 3, 1.7, "solid outline: suspicious for tumour; dashed outline: indeterminate", size=2.0, fill="#535C64"
    )
    return Figure(
        f"colours-{tracer_class}",
        canvas.markup(),
        width_mm,
        4.6,
        f"Colour bar of {tracer_name} PET from 0 to {upper} g/mL, dark to light.",
        tracer=tracer_class,
    )
