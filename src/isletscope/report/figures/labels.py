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
    """Heights near the wanted ones (ascending), at least ``gap`` apart, between ``low`` and ``high``.

    When they cannot all fit, the gap shrinks so that they fill the range evenly.
    """
    if not wanted:
        return []
    if len(wanted) > 1:
        gap = min(gap, (high - low) / (len(wanted) - 1))
    placed = []
    floor = low
    for value in wanted:
        floor = max(value, floor)
        placed.append(floor)
        floor += gap
    ceiling = high
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return placed


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
