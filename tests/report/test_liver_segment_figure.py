"""The picture of the liver's segments: what it names, and volumes as in the map."""

from __future__ import annotations

import numpy as np

from isletscope.report.figures.liver_segments import liver_segment_figure
from isletscope.spatial import Geometry, Mask
from isletscope.surgery import LiverMap, SegmentSource


def test_the_picture_names_segments_volumes_and_flags() -> None:
    geometry = Geometry((30, 30, 30), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0))
    liver = np.zeros(geometry.shape, dtype=bool)
    liver[5:25, 5:25, 5:25] = True
    segments = np.where(liver, np.where(np.arange(30)[None, None, :] < 15, 6, 2), 0).astype(np.uint8)
    tumour = np.zeros(geometry.shape, dtype=bool)
    tumour[12:18, 8:12, 8:12] = True
    shown = LiverMap(Mask(liver, geometry), segments, SegmentSource.VEINS, {"L1": tumour}, ("TRUNCATED",))
    picture = liver_segment_figure(shown)
    for text in (">VI<", ">II<", ">500<", ">1000<", ">12.0<", "TRUNCATED", "hepatic and portal veins", ">R<"):
        assert text in picture, text
