"""Painting a posed body with its lesions on a voxel grid, slab by slab, in several contrasts at once.

A scene is what lies in the scanner: body, pose, lesions. The geometry (which solid covers how much of which voxel) is
worked out once; every contrast turns the appearance of a tissue into one number and gets its own channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.body import Body
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.painting import TILE, paint
from isletscope.phantom.pose import Pose
from isletscope.phantom.shapes import Array, Image, Indices, Solid, warp
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tumour_paint import cover_of, paint_tumour
from isletscope.spatial import Geometry

Labels = npt.NDArray[np.uint8]
Factors = Mapping[str, float]
Contrast = Callable[[Appearance, Factors], float]
_SLAB = 8
_NODE_MM = (2.5, 12.0)
_BEYOND_MM = 1.0e6
_ROUNDING_MM = 0.01
# Structures that are painted whole and then divided.
_DIVIDED = ("liver", "pancreas_head")


@dataclass(frozen=True)
class Scene:
    """What lies in the scanner in one exam: a body in its pose, and its tumours and mimics in their state that day."""

    body: Body
    pose: Pose
    tumours: Sequence[Tumour] = ()
    mimics: Sequence[Tumour] = ()

    @property
    def lesions(self) -> tuple[Tumour, ...]:
        """All that is painted over the anatomy, in painting order: mimics, then tumours."""
        return (*self.mimics, *self.tumours)

    def without_lesions(self) -> Scene:
        """The anatomy alone."""
        return replace(self, tumours=(), mimics=())

    def centres(self, lesions: Sequence[Tumour]) -> Array:
        """Scanner LPS mm of the lesions' centres [n, 3]."""
        if not lesions:
            return np.zeros((0, 3))
        return self.pose.to_scanner(np.array([lesion.centre_personal_mm for lesion in lesions]))

    def to_anatomical(self, scanner: Array) -> Array:
        """Anatomical mm of scanner points [n, 3]."""
        return self.pose.to_anatomical(self.pose.to_personal(scanner))


@dataclass(frozen=True)
class Painted:
    """A painted grid: ``images`` float32 [channel, k, j, i]; labels uint8 [k, j, i] where at least half is covered.

    ``organs``: by tissue (tissues.yaml); ``structures``: by anatomical structure; ``lesions``: by lesion label.
    """

    images: npt.NDArray[np.float32]
    organs: Labels
    structures: Labels
    lesions: Labels

    @property
    def image(self) -> Image:
        """The first channel."""
        image: Image = self.images[0]
        return image


@dataclass(frozen=True)
class _Table:
    """All solids as the arrays that the kernel reads; ``values`` [n, channel], ``codes`` [n] organ and structure."""

    rows: Array
    starts: Indices
    boxes: Array
    values: npt.NDArray[np.float32]
    codes: Labels


def paint_scene(
    scene: Scene,
    geometry: Geometry,
    contrasts: Sequence[Contrast],
    *,
    background: float | Sequence[float],
    edge_mm: float,
) -> Painted:
    """The scene on an axis-aligned LPS grid, one channel per contrast; labels come along.

    A contrast takes an appearance and the solid's factors (multipliers of uptake by tracer class, ``hu_offset`` in HU)
    and returns a number, signed if need be. ``background``: value of air, for all channels or one each. ``edge_mm``:
    width of soft edges. The pose is taken exactly at nodes about six voxels apart, linear between.
    """
    body = scene.body
    table = _tabulate(body, contrasts, edge_mm)
    spacing = np.asarray(geometry.spacing_mm, dtype=np.float64)[::-1].copy()
    first = np.asarray(geometry.origin_lps_mm, dtype=np.float64)
    last = first + spacing * (np.asarray(geometry.shape)[::-1] - 1)
    step = float(np.clip(6.0 * spacing.min(), *_NODE_MM))
    field, field_origin = _coarse_field(scene, first, last, step)
    images = np.empty((len(contrasts), *geometry.shape), dtype=np.float32)
    images[:] = np.broadcast_to(np.asarray(background, dtype=np.float32), len(contrasts))[:, None, None, None]
    labels = np.zeros((2, *geometry.shape), dtype=np.uint8)
    margins = (body.fat_mm + 2.0 + edge_mm, edge_mm)
    room = np.empty((4, _SLAB, *geometry.shape[1:]), dtype=np.float32)
    for k in range(0, geometry.shape[0], _SLAB):
        planes = min(_SLAB, geometry.shape[0] - k)
        where = room if planes == _SLAB else np.empty((4, planes, *geometry.shape[1:]), dtype=np.float32)
        origin = first + np.array([0.0, 0.0, spacing[2] * k])
        spans = _spans(field[3], (origin - field_origin) / step, spacing / step, where.shape[1:], margins[0])
        if spans is None:
            continue
        # What the rows leave out lies beyond the body, amid the slab's height.
        where[2] = _height_amid(field[2], field_origin[2], step, float(origin[2] + spacing[2] * planes / 2))
        where[3] = _BEYOND_MM
        warp(field, field_origin, step, origin, spacing, spans, where)
        _paint_slab(table, where, margins, images[:, k : k + planes], labels[:, k : k + planes])
        _subdivide(body, where, labels[1, k : k + planes])
    painted = Painted(images, labels[0], labels[1], np.zeros(geometry.shape, dtype=np.uint8))
    paint_lesions(painted, scene, geometry, contrasts, edge_mm)
    return painted


def _spans(surface: Image, start: Array, step: Array, shape: tuple[int, ...], outside_mm: float) -> Indices | None:
    """Columns [j, 2], first and one after the last, between which each row of a slab comes near the body.

    ``surface`` [k, j, i]: distance to the lean body surface at the coarse nodes; ``start`` and ``step``: x, y, z of the
    slab's first voxel and its spacing, in nodes. Between nodes no value is smaller than that of the nearest of them.
    Whole tiles of the painter are kept. None where the slab lies beyond ``outside_mm`` of the body.
    """
    cells = [
        np.clip((start[n] + step[n] * np.arange(count)).astype(int), 0, surface.shape[2 - n] - 2)
        for n, count in enumerate(shape[::-1])
    ]
    nodes = surface[cells[2][0] : cells[2][-1] + 2].min(axis=0)
    nodes = np.minimum(nodes[1:], nodes[:-1])
    nearest = np.minimum(nodes[:, 1:], nodes[:, :-1])
    near = nearest[cells[1]][:, cells[0]] <= outside_mm + _ROUNDING_MM
    rows, columns = near.shape
    whole = np.zeros((-(-rows // TILE[1]) * TILE[1], -(-columns // TILE[2]) * TILE[2]), dtype=bool)
    whole[:rows, :columns] = near
    tiles = np.asarray(whole.reshape(-1, TILE[1], whole.shape[1] // TILE[2], TILE[2]).any(axis=(1, 3)))
    if not tiles.any():
        return None
    any_near = tiles.any(axis=1)
    low = np.where(any_near, tiles.argmax(axis=1), 0) * TILE[2]
    high = np.where(any_near, tiles.shape[1] - tiles[:, ::-1].argmax(axis=1), 0) * TILE[2]
    spans = np.repeat(np.column_stack([low, np.minimum(high, columns)]), TILE[1], axis=0)[:rows]
    return np.ascontiguousarray(spans, dtype=np.int64)


def _height_amid(shift: Image, lowest: float, step: float, height: float) -> float:
    """Anatomical z (mm) at a scanner height in the middle of the field of shifts [k, j, i]."""
    k = int((height - lowest) / step)
    return height + float(shift[k, shift.shape[1] // 2, shift.shape[2] // 2])


def load_kernels(scene: Scene, contrast: Contrast) -> None:
    """Paint a few voxels about the body's origin, so that processes forked from here on find the kernels loaded."""
    at = scene.pose.to_scanner(np.zeros((1, 3)))[0]
    geometry = Geometry((2 * _SLAB, 2, 2), (4.0,) * 3, (float(at[0]), float(at[1]), float(at[2])))
    paint_scene(scene.without_lesions(), geometry, (contrast,), background=0.0, edge_mm=4.0)


def paint_lesions(
    painted: Painted, scene: Scene, geometry: Geometry, contrasts: Sequence[Contrast], edge_mm: float
) -> tuple[str, ...]:
    """Paint the scene's lesions over a painted anatomy, in place; returns the ids of those that lie on the grid.

    Structure labels stay as they are: an organ's mask includes its tumours.
    """
    origin, spacing = np.asarray(geometry.origin_lps_mm), np.asarray(geometry.spacing_mm)[::-1]
    met = []
    for lesion in scene.lesions:
        cover = paint_tumour(lesion, scene.pose, contrasts, painted.images, origin, spacing, edge_mm, scene.body)
        if cover is not None:
            painted.lesions[cover.box][cover.lesion >= 0.5] = lesion.label
            met.append(lesion.id)
    return tuple(met)


def lesion_labels(scene: Scene, geometry: Geometry) -> Labels:
    """Lesion labels [k, j, i]: each voxel of which a lesion fills at least half; later lesions over earlier ones."""
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    origin, spacing = np.asarray(geometry.origin_lps_mm), np.asarray(geometry.spacing_mm)[::-1]
    for lesion in scene.lesions:
        cover = cover_of(lesion, scene.pose, scene.body, labels.shape, origin, spacing, float(spacing.mean()))
        if cover is not None:
            labels[cover.box][cover.lesion >= 0.5] = lesion.label
    return labels


def _tabulate(body: Body, contrasts: Sequence[Contrast], edge_mm: float) -> _Table:
    tables = [solid.rows for solid in body.solids]
    boxes = np.array([solid.box for solid in body.solids])
    # Hundreds of solids are of a few kinds.
    known: dict[tuple[str, frozenset[tuple[str, float]]], list[float]] = {}
    values = []
    for solid in body.solids:
        factors = _factors(solid)
        kind = (solid.tissue, frozenset(factors.items()))
        if kind not in known:
            known[kind] = [contrast(body.tissues[solid.tissue].appearance, factors) for contrast in contrasts]
        values.append(known[kind])
    codes = [(body.tissues[solid.tissue].label, structure_label(solid.structure)) for solid in body.solids]
    return _Table(
        rows=np.vstack(tables),
        starts=np.concatenate([[0], np.cumsum([len(table) for table in tables])]).astype(np.int64),
        boxes=boxes + edge_mm * np.array([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]),
        values=np.array(values, dtype=np.float32).reshape(len(body.solids), len(contrasts)),
        codes=np.array(codes, dtype=np.uint8),
    )


def _factors(solid: Solid) -> Factors:
    return {**solid.factors, "hu_offset": solid.hu_offset}


def _coarse_field(scene: Scene, low: Array, high: Array, step_mm: float) -> tuple[Image, Array]:
    """Anatomical minus scanner position and surface distance, [4, k, j, i], on nodes over the box [low, high] (mm).

    Returns the field and the first node's x, y, z.
    """
    origin = low - step_mm
    count = np.ceil((high - low + 3 * step_mm) / step_mm).astype(int) + 1
    axes = [origin[n] + step_mm * np.arange(count[n]) for n in range(3)]
    nodes = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)
    anatomical = scene.to_anatomical(nodes)
    columns = np.column_stack([anatomical - nodes, scene.body.depth(anatomical)])
    field = columns.astype(np.float32).reshape(*count, 4)
    return np.ascontiguousarray(field.transpose(3, 2, 1, 0)), origin


def _paint_slab(
    table: _Table,
    where: Image,
    margins_mm: tuple[float, float],
    images: Image,
    labels: Labels,
) -> None:
    low, high = where[2].min(), where[2].max()
    here = np.flatnonzero((table.boxes[:, 2] <= high) & (table.boxes[:, 5] >= low))
    if not here.size:
        return
    boxes = table.boxes[here]
    lengths = np.diff(table.starts)
    is_here = np.zeros(lengths.size, dtype=bool)
    is_here[here] = True
    paint(
        table.rows[np.repeat(is_here, lengths)],
        np.concatenate([[0], np.cumsum(lengths[here])]).astype(np.int64),
        boxes,
        table.values[here],
        table.codes[here],
        where,
        margins_mm[0],
        margins_mm[1],
        images,
        labels,
    )


def _subdivide(body: Body, where: Image, structures: Labels) -> None:
    """Turn the labels of liver and pancreas into those of their segments and parts, in place."""
    is_divided = np.zeros(256, dtype=bool)
    is_divided[[structure_label(name) for name in _DIVIDED]] = True
    divided = np.flatnonzero(is_divided.take(structures))
    if divided.size:
        points = where.reshape(4, -1)[:3].take(divided, axis=1).T.astype(np.float64)
        structures.flat[divided] = body.subdivide(structures.take(divided), points)
