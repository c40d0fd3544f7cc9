"""The dendrogram of the lesions with the values they are compared by; one row a lesion, 5 to 45 and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isletscope.model import Clusters
from isletscope.report.content.document import Figure
from isletscope.report.figures.svg import Canvas

_INK, _GREY, _PALE = "#16191C", "#535C64", "#A9B1B8"
_ROW_MOST, _ROW_LEAST, _HEIGHT_MOST = 4.2, 2.2, 120.0
_HEAD = 5.0
_COLUMN = 19.0
_NAME = 12.0
_STRIP = 6.0


def tree_figure(
    clusters: Clusters, titles: Mapping[str, str], cells: Mapping[str, Sequence[str]], width_mm: float
) -> Figure:
    """``titles``: feature -> heading; ``cells``: lesion -> printed values in the order of the features."""
    count = len(clusters.lesions)
    row = max(min(_ROW_MOST, (_HEIGHT_MOST - _HEAD) / count), _ROW_LEAST)
    height = _HEAD + row * count + 1.0
    size = min(2.4, 0.72 * row)
    canvas = Canvas(width_mm, height)
    order = _leaf_order(clusters)
    y_of = {leaf: _HEAD + row * (place + 0.5) for place, leaf in enumerate(order)}
    columns = len(clusters.features)
    right = _NAME + _STRIP + _COLUMN * columns
    _draw_rows(canvas, clusters, order, y_of, cells, size)
    for number, feature in enumerate(clusters.features):
        x = _NAME + _STRIP + _COLUMN * (number + 1) - 3
        canvas.text(x, 3.0, titles.get(feature, feature), size=2.0, fill=_GREY, anchor="end")
    if clusters.group_of:
        canvas.text(_NAME, 3.0, "group", size=2.0, fill=_GREY)
    _draw_joins(canvas, clusters, y_of, right + 2, width_mm - 1)
    groups = len(set(clusters.group_of.values()))
    told = f"{groups} groups" if groups else "no groups stand out"
    return Figure(
        name="heterogeneity-tree",
        svg=canvas.markup(),
        width_mm=width_mm,
        height_mm=height,
        alt=f"Dendrogram of {count} lesions by {', '.join(titles.get(one, one) for one in clusters.features)}: {told}.",
        title="Lesions that are alike",
        caption=(f"{clusters.method}. The further right two lesions join, the less they are alike.",),
    )


def _leaf_order(clusters: Clusters) -> list[int]:
    """Leaves from top to bottom as the joins bring them together."""
    count = len(clusters.lesions)
    members: dict[int, list[int]] = {leaf: [leaf] for leaf in range(count)}
    for number, join in enumerate(clusters.joins):
        members[count + number] = [*members[join.first], *members[join.second]]
    return members[count + len(clusters.joins) - 1] if clusters.joins else list(range(count))


def _draw_rows(
    canvas: Canvas,
    clusters: Clusters,
    order: Sequence[int],
    y_of: Mapping[int, float],
    cells: Mapping[str, Sequence[str]],
    size: float,
) -> None:
    before = None
    for leaf in order:
        name, y = clusters.lesions[leaf], y_of[leaf]
        canvas.text(0, y + 0.35 * size, name, size=size, fill=_INK, weight=600)
        group = clusters.group_of.get(name)
        if group is not None:
            canvas.text(_NAME + 2, y + 0.35 * size, str(group) if group != before else "·", size=size, fill=_INK)
        before = group
        for number, text in enumerate(cells.get(name, ())):
            x = _NAME + _STRIP + _COLUMN * (number + 1) - 3
            canvas.text(x, y + 0.35 * size, text, size=size, fill=_GREY, anchor="end")


def _draw_joins(canvas: Canvas, clusters: Clusters, y_of: Mapping[int, float], left: float, right: float) -> None:
    """Brackets: each join at its height, on an axis from 0 (left) to the highest."""
    count = len(clusters.lesions)
    highest = max((join.height for join in clusters.joins), default=1.0) or 1.0
    groups = len(set(clusters.group_of.values()))
    place = {leaf: (left, y) for leaf, y in y_of.items()}
    for number, join in enumerate(clusters.joins):
        x = left + (right - left) * join.height / highest
        (x1, y1), (x2, y2) = place[join.first], place[join.second]
        between_groups = groups > 0 and number >= len(clusters.joins) - (groups - 1)
        ink, width = (_PALE, 0.3) if between_groups else (_INK, 0.35)
        for begin, y in ((x1, y1), (x2, y2)):
            canvas.line(begin, y, x, y, stroke=ink, width=width)
        canvas.line(x, y1, x, y2, stroke=ink, width=width)
        place[count + number] = (x, (y1 + y2) / 2)
