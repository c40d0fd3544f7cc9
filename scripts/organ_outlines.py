"""Outlines of the organs found on the public CT of the trunk, beside the published label map: no grey value is drawn.

    python -m scripts.organ_outlines DATA    (the folder of the public test data)

Writes docs/images/anatomy/real-ct-outlines.svg, one panel an organ, in the plane where the two differ most.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import contourpy
import numpy as np
import numpy.typing as npt

from isletscope.anatomy.images import find_image_organs
from isletscope.model import ExamKind, Role
from isletscope.spatial import HOUNSFIELD, Geometry, Volume
from scripts.accept.organs import PUBLISHED_CT, dice, read_labels

TARGET = Path(__file__).resolve().parents[1] / "docs/images/anatomy/real-ct-outlines.svg"
# Coronal for what runs along the body, axial for the rest.
PLANES = {
    "liver": "axial",
    "spleen": "axial",
    "kidney_right": "coronal",
    "kidney_left": "axial",
    "aorta": "coronal",
}
_PANEL, _HEAD, _GAP = 172.0, 34.0, 12.0
_SMALLEST_MM = 110.0
_ORGAN, _FOUND, _INK = "#d9d4c7", "#0b5fa5", "#222222"

Labels = npt.NDArray[Any]


def main() -> int:
    """Write the picture; the exit code."""
    folder = Path(sys.argv[1]) / "totalsegmentator"
    array, grid = read_labels(folder / "example_ct.nii.gz")
    true, _ = read_labels(folder / "example_seg_fast_force_split.nii.gz")
    organs = find_image_organs({Role.CT_UNENHANCED: Volume(array.astype(np.float32), grid, HOUNSFIELD)}, ExamKind.CT)
    panels = [
        _panel(number, name, organs.mask(name).array, true == PUBLISHED_CT[name], grid)
        for number, name in enumerate(PLANES)
    ]
    width = len(panels) * (_PANEL + _GAP) + _GAP
    height = _HEAD + _PANEL + 40
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'font-family="sans-serif" font-size="11" fill="{_INK}">\n'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>\n'
        + "\n".join(panels)
        + f"\n{_legend(height)}"
        "\n</svg>\n",
        encoding="utf-8",
    )
    return 0


def _panel(number: int, name: str, found: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_], grid: Geometry) -> str:
    """One organ: the label map filled, what was found as a line; L on the right as radiologists look."""
    plane = PLANES[name]
    axis = next(n for n, one in enumerate(grid.axes_lps) if abs(one[2 if plane == "axial" else 1]) > 0.9)
    at = int((found ^ true).sum(axis=tuple(n for n in range(3) if n != axis)).argmax())
    along_x = next(n for n, one in enumerate(grid.axes_lps) if abs(one[0]) > 0.9)
    down = next(n for n in range(3) if n not in (axis, along_x))
    index = [np.arange(size) for size in found.shape]
    index[axis] = np.array([at])
    points = grid.to_lps(np.stack(np.meshgrid(*index, indexing="ij"), axis=-1).reshape(-1, 3))
    points = points.reshape(*(len(one) for one in index), 3)
    order = (axis, down, along_x)
    flat = np.transpose(points, (*order, 3))[0]
    x, y = flat[..., 0], flat[..., 1] if plane == "axial" else -flat[..., 2]
    shown = [np.transpose(mask, order)[at].astype(float) for mask in (true, found)]
    either = (shown[0] + shown[1]) > 0
    middle = [(float(one[either].min()) + float(one[either].max())) / 2 for one in (x, y)]
    edge = max(_SMALLEST_MM, *(float(np.ptp(one[either])) + 20 for one in (x, y)))
    left, top = _GAP + number * (_PANEL + _GAP), _HEAD
    scale = _PANEL / edge

    def path(mask: npt.NDArray[np.float64]) -> str:
        lines = contourpy.contour_generator(x=x, y=y, z=mask, line_type=contourpy.LineType.Separate).lines(0.5)
        parts = []
        for line in lines:
            u = left + _PANEL / 2 + (np.asarray(line)[:, 0] - middle[0]) * scale
            v = top + _PANEL / 2 + (np.asarray(line)[:, 1] - middle[1]) * scale
            parts.append("M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(u, v, strict=True)) + "Z")
        return "".join(parts)

    title = f"{name.replace('_', ' ')}, {plane}"
    bar = 20 * scale
    return (
        f'<text x="{left:.0f}" y="14" font-weight="bold">{title}</text>'
        f'<text x="{left:.0f}" y="28">Dice of the whole organ {dice(found, true):.2f}</text>\n'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{_PANEL}" height="{_PANEL}" fill="none" stroke="#bbbbbb"/>\n'
        f'<path d="{path(shown[0])}" fill="{_ORGAN}" stroke="#8a8473" stroke-width="0.8" fill-rule="evenodd"/>\n'
        f'<path d="{path(shown[1])}" fill="none" stroke="{_FOUND}" stroke-width="1.6"/>\n'
        f'<text x="{left + _PANEL - 12:.1f}" y="{top + _PANEL / 2:.1f}">L</text>'
        f'<path d="M{left + 6:.1f} {top + _PANEL - 8:.1f}h{bar:.1f}" stroke="{_INK}" stroke-width="1.5"/>'
        f'<text x="{left + 10 + bar:.1f}" y="{top + _PANEL - 5:.1f}" font-size="9">20 mm</text>'
    )


def _legend(height: float) -> str:
    y = height - 14
    return (
        f'<rect x="{_GAP}" y="{y - 9:.0f}" width="16" height="10" fill="{_ORGAN}" stroke="#8a8473" stroke-width="0.8"/>'
        f'<text x="{_GAP + 22}" y="{y:.0f}">published label map (a trained network\'s output)</text>'
        f'<path d="M{_GAP + 330} {y - 4:.0f}h16" stroke="{_FOUND}" stroke-width="1.6"/>'
        f'<text x="{_GAP + 352}" y="{y:.0f}">found without weights. Seen from below and from the front; plane of the '
        "largest difference</text>"
    )


if __name__ == "__main__":
    sys.exit(main())
