"""Names beside a picture, each joined to its place by a leader: spread so that none covers another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """A place in a picture in print mm, its name, and how it is drawn."""

    name: str
    x: float
    y: float
    radius: float
    unsure: bool


def spread(wanted: list[float], low: float, high: float, gap: float) -> list[float]:
    """Heights as near as can be (least squares) to the wanted ones (ascending), at least ``gap`` apart, in a range.

    When they cannot all fit between ``low`` and ``high``, the gap shrinks so that they fill the range evenly.
    """
    if not wanted:
        return []
    last = len(wanted) - 1
    if last:
        gap = min(gap, (high - low) / last)
    # With the gaps taken out, heights only need to ascend: neighbours out of order share their mean.
    pools: list[tuple[float, int]] = []
    for index, value in enumerate(wanted):
        total, size = value - index * gap, 1
        while pools and pools[-1][0] / pools[-1][1] > total / size:
            more, others = pools.pop()
            total, size = total + more, size + others
        pools.append((total, size))
    level = [total / size for total, size in pools for _ in range(size)]
    return [min(max(value, low), high - last * gap) + index * gap for index, value in enumerate(level)]


def sides(marks: list[Mark], middle: float, capacity: int, *, both: bool) -> tuple[list[Mark], list[Mark]]:
    """Marks to be named on the left and on the right, each from top to bottom.

    One side (the right) when ``both`` is false. A side that is over full gives its innermost marks to the other.
    """
    ordered = sorted(marks, key=lambda mark: mark.y)
    if not both:
        return [], ordered
    left = [mark for mark in ordered if mark.x < middle]
    right = [mark for mark in ordered if mark.x >= middle]
    for full, free in ((left, right), (right, left)):
        while len(full) > capacity and len(free) < capacity:
            moved = min(full, key=lambda mark: abs(mark.x - middle))
            full.remove(moved)
            free.append(moved)
            free.sort(key=lambda mark: mark.y)
    return left, right
