"""Where the report gets its pixels from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy.typing as npt

from isletscope.reading import KeptDrawings
from isletscope.spatial import Transform, Volume
from isletscope.surgery import ContactScene, ContactView


class ImageSource(Protocol):
    """Pixels of a case by series key; a case folder is one. Any method may give None: the report then says so."""

    def volume(self, series_key: str) -> Volume | None:
        """The series' voxels: PET as SUVbw in g/mL, CT in HU."""

    def transforms(self) -> Mapping[str, Transform]:
        """The transform of every aligned series by its key: from the case's reference frame to that of the series."""

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of the foci on the grid of that series; 0 is background."""

    def organ_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of the organs on the grid of that series; 0 is background."""

    def segment_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """Label map [k, j, i] of Couinaud's segments of the liver on the grid of that series; 0 is background."""

    def contact_view(self, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
        """What the picture of a lesion's contact with a vessel shows."""

    def contact_scene(self, lesion: str, exam_key: str) -> ContactScene | None:
        """A lesion and the vessels about it in space."""

    def drawings(self) -> KeptDrawings | None:
        """Where drawings of these pixels are kept."""


class NoImages:
    """An image source without images, for a case whose pixels are gone."""

    def volume(self, series_key: str) -> Volume | None:
        """None."""
        return None

    def transforms(self) -> Mapping[str, Transform]:
        """Nothing is aligned."""
        return {}

    def foci_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """None."""
        return None

    def organ_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """None."""
        return None

    def segment_labels(self, series_key: str) -> npt.NDArray[Any] | None:
        """None."""
        return None

    def contact_view(self, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
        """None."""
        return None

    def contact_scene(self, lesion: str, exam_key: str) -> ContactScene | None:
        """None."""
        return None

    def drawings(self) -> KeptDrawings | None:
        """None."""
        return None
