"""From voxel values to picture bytes: windows, colour maps, fusion, JPEG."""

from __future__ import annotations

import base64
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from isletscope.report.figures.settings import Fusion

Unit = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
_QUALITY = 86
_MAP_STEPS = 256


def windowed(values: npt.NDArray[Any], low: float, high: float) -> Unit:
    """Values scaled so that ``low`` is 0 and ``high`` is 1, clipped; not-a-number becomes 0."""
    scaled = (np.asarray(values, dtype=np.float32) - np.float32(low)) / np.float32(high - low)
    clipped: Unit = np.clip(np.nan_to_num(scaled, nan=0.0), 0.0, 1.0)
    return clipped


def grey(unit: Unit, *, inverted: bool = False) -> Bytes:
    """Fractions as 8-bit grey; inverted: high values dark."""
    shown = 1.0 - unit if inverted else unit
    result: Bytes = (shown * 255.0 + 0.5).astype(np.uint8)
    return result


@cache
def colour_table(colours: tuple[str, ...]) -> Bytes:
    """256 x 3 table that runs evenly through the colours ("#rrggbb")."""
    points = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], dtype=float)
    at = np.linspace(0, len(colours) - 1, _MAP_STEPS)
    table = [np.interp(at, np.arange(len(colours)), points[:, channel]) for channel in range(3)]
    result: Bytes = (np.stack(table, axis=1) + 0.5).astype(np.uint8)
    return result


def coloured(unit: Unit, colours: tuple[str, ...]) -> Bytes:
    """Fractions through a colour map: [..., 3] bytes."""
    shown: Bytes = colour_table(colours)[(unit * (_MAP_STEPS - 1) + 0.5).astype(np.intp)]
    return shown


def fused(ct: Bytes, pet: Unit, colours: tuple[str, ...], fusion: Fusion) -> Bytes:
    """PET in colour over grey CT, the more opaque the higher the uptake."""
    ramp = np.clip((pet - fusion.begin) / (fusion.full_at - fusion.begin), 0.0, 1.0) * fusion.opacity
    alpha = ramp[..., None]
    mixed = alpha * coloured(pet, colours).astype(np.float32) + (1.0 - alpha) * ct[..., None].astype(np.float32)
    result: Bytes = (mixed + 0.5).astype(np.uint8)
    return result


def enlarged(picture: Bytes, width: int, height: int) -> Bytes:
    """The picture at another size in pixels, smoothly interpolated."""
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image)


def data_address(picture: Bytes) -> str:
    """The picture as a JPEG in a data: address. The same picture always gives the same text."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
