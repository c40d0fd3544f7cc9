"""Figures that are kept in the case folder: drawn once, and again only when something they show has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from isletscope.report.content.document import Figure
from isletscope.report.images import ImageSource


def kept_figures(images: ImageSource, shows: Sequence[object], draw: Callable[[], Iterable[Figure]]) -> list[Figure]:
    """The figures that ``draw`` makes; those made before while everything in ``shows`` and all pixels are the same.

    ``shows`` holds JSON-ready values: all that the figures depend on beside pixels, code and the report's own settings.
    """
    drawings = images.drawings()
    if drawings is None:
        return list(draw())
    made = drawings.drawn(shows, lambda: [asdict(figure) for figure in draw()])
    return [Figure(**(one | {"caption": tuple(one["caption"])})) for one in made]
