"""Painting a posed body on a voxel grid, slab by slab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.phantom.body import Body
from isletscope.phantom.pose import Pose
from isletscope.phantom.shapes import Array, Image, Indices, Solid, paint, warp
from isletscope.spatial import Geometry

Labels = npt.NDArray[np.uint8]
ValueOf = Callable[[Solid], float]
_SLAB = 8
_NODE_MM = 7.0
_COARSER = 3


@dataclass(frozen=True)
class Painted:
    """Values and organ labels on a grid."""

    image: Image
    labels: Labels


@dataclass(frozen=True)
class _Table:
    """All solids as the arrays that the kernel reads."""

    rows: Array
    starts: Indices
    boxes: Array
    values: Array
    organs: Indices


def _tabulate(body: Body, value_of: ValueOf, edge_mm: float) -> _Table:
    tables = [solid.rows for solid in body.solids]
    boxes = np.array([solid.box for solid in body.solids])
    return _Table(
        rows=np.vstack(tables),
        starts=np.concatenate([[0], np.cumsum([len(table) for table in tables])]).astype(np.int64),
        boxes=boxes + edge_mm * np.array([-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]),
        values=np.array([value_of(solid) for solid in body.solids]),
        organs=np.array([body.tissues[solid.tissue].label for solid in body.solids], dtype=np.int64),
    )


def paint_body(
    body: Body, pose: Pose, geometry: Geometry, value_of: ValueOf, background: float, edge_mm: float
) -> Painted:
    """Values of every solid by ``value_of`` on an axis-aligned LPS grid; ``edge_mm`` is the width of soft edges."""
    table = _tabulate(body, value_of, edge_mm)
    spacing = np.asarray(geometry.spacing_mm, dtype=np.float64)[::-1].copy()
    first = np.asarray(geometry.origin_lps_mm, dtype=np.float64)
    last = first + spacing * (np.asarray(geometry.shape)[::-1] - 1)
    field, field_origin = _coarse_field(body, pose, first, last)
    outside = body.fat_mm + 2.0 + edge_mm
    image = np.full(geometry.shape, background, dtype=np.float32)
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    for k in range(0, geometry.shape[0], _SLAB):
        planes = min(_SLAB, geometry.shape[0] - k)
        where = np.empty((4, planes, *geometry.shape[1:]), dtype=np.float32)
        origin = first + np.array([0.0, 0.0, spacing[2] * k])
        warp(field, field_origin, _NODE_MM, origin, spacing, where)
        slab = slice(k, k + planes)
        _paint_slab(table, where, origin, spacing, (outside, edge_mm), image[slab], labels[slab])
    return Painted(image, labels)


def _coarse_field(body: Body, pose: Pose, low: Array, high: Array) -> tuple[Image, Array]:
    """Anatomical minus scanner position and surface distance, [4, k, j, i], on nodes over the box [low, high] (mm).

    Returns the field and the first node's x, y, z.
    """
    wide = _NODE_MM * _COARSER
    origin = low - _NODE_MM
    count = np.ceil((high - low + 3 * _NODE_MM) / wide).astype(int) + 1
    moved = _nodes(origin, count, wide)
    moved = pose.to_anatomical(pose.to_personal(moved)) - moved
    finer = [ndimage.zoom(column.reshape(count), ((count - 1) * _COARSER + 1) / count, order=1) for column in moved.T]
    nodes = _nodes(origin, (count - 1) * _COARSER + 1, _NODE_MM)
    depth = body.depth(nodes + np.stack([part.ravel() for part in finer], axis=1)).reshape(finer[0].shape)
    field = np.stack([*finer, depth]).astype(np.float32)
    return np.ascontiguousarray(field.transpose(0, 3, 2, 1)), origin


def _nodes(origin: Array, count: npt.NDArray[np.int_], step_mm: float) -> Array:
    """Points x, y, z of a lattice, x slowest; [n, 3]."""
    axes = [origin[n] + step_mm * np.arange(count[n]) for n in range(3)]
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


def _paint_slab(
    table: _Table,
    where: Image,
    origin: Array,
    spacing: Array,
    margins_mm: tuple[float, float],
    image: Image,
    labels: Labels,
) -> None:
    low, high = where[2].min(), where[2].max()
    here = np.flatnonzero((table.boxes[:, 2] <= high) & (table.boxes[:, 5] >= low))
    columns = origin[0] + spacing[0] * np.arange(image.shape[2])
    rows = origin[1] + spacing[1] * np.arange(image.shape[1])
    shift_x, shift_y = where[0] - columns[None, None, :], where[1] - rows[None, :, None]
    boxes = table.boxes[here]
    spans = np.column_stack(
        [
            np.searchsorted(rows, boxes[:, 1] - shift_y.max()),
            np.searchsorted(rows, boxes[:, 4] - shift_y.min()),
            np.searchsorted(columns, boxes[:, 0] - shift_x.max()),
            np.searchsorted(columns, boxes[:, 3] - shift_x.min()),
        ]
    ).astype(np.int64)
    lengths = np.diff(table.starts)[here]
    picked = np.concatenate([np.arange(table.starts[n], table.starts[n + 1]) for n in here]) if here.size else here
    paint(
        table.rows[picked],
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        boxes,
        spans,
        table.values[here],
        table.organs[here],
        where,
        margins_mm[0],
        margins_mm[1],
        image,
        labels,
    )
