"""Scanner files to arrays, with pydicom and NumPy alone: nothing of the program under test is used.

Arrays are [k, j, i] (slice, row, column); ``affine`` takes (k, j, i, 1) to LPS mm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset

# Where three makers keep the b-value of classic MR images: group, creator, element.
_PRIVATE_B_VALUES = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
)
Array = npt.NDArray[np.float64]
Image = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Frame:
    """One slice: where it lies, its stored values with slope and intercept applied, and its facts.

    ``b_value`` in s/mm2 (-1 where not diffusion), ``echo_ms``, ``moment``: what tells repeats of one place apart.
    """

    position: Array
    row_step: Array
    column_step: Array
    values: Image
    image_type: tuple[str, ...]
    b_value: float
    echo_ms: float
    moment: int

    @property
    def kind(self) -> tuple[float, float, int]:
        """What tells images of one series apart: b-value, echo time, moment."""
        return self.b_value, self.echo_ms, self.moment


@dataclass(frozen=True)
class Stack:
    """Slices in order of place, evenly spaced."""

    image: Image
    affine: Array

    @property
    def spacing_mm(self) -> Array:
        """Voxel sizes (k, j, i)."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel in mL."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    def index(self, points_lps_mm: Array) -> Array:
        """Continuous (k, j, i) of points [n, 3]."""
        inverse = np.linalg.inv(self.affine)
        return np.asarray(points_lps_mm @ inverse[:3, :3].T + inverse[:3, 3])

    def points(self, index: Array) -> Array:
        """LPS mm of indices (k, j, i) [n, 3]."""
        return np.asarray(index @ self.affine[:3, :3].T + self.affine[:3, 3])

    def box(self, centre_lps_mm: Array, reach_mm: float) -> tuple[tuple[slice, slice, slice], Array]:
        """Slices of the array within ``reach_mm`` of a point, and the LPS mm of every voxel there [k, j, i, 3]."""
        middle = self.index(np.asarray(centre_lps_mm, dtype=np.float64)[None])[0]
        half = reach_mm / self.spacing_mm
        low = np.maximum(np.floor(middle - half).astype(int), 0)
        high = np.minimum(np.ceil(middle + half).astype(int) + 1, self.image.shape)
        grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), axis=-1)
        window = (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2]))
        return window, self.points(grid.reshape(-1, 3)).reshape(*grid.shape[:3], 3)


@dataclass
class Series:
    """All frames of one series, and the header of its first file."""

    uid: str
    header: Dataset
    paths: list[Path] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def stacks(self) -> list[Stack]:
        """The series' images, one for each b-value, echo and moment, in that order."""
        kinds = sorted({frame.kind for frame in self.frames})
        return [self.stack(kind) for kind in kinds]

    def stack(self, kind: tuple[float, float, int] | None = None) -> Stack:
        """The frames of a kind (all when None) as one volume.

        Raises AssertionError when they do not lie evenly, one at each place.
        """
        frames = [frame for frame in self.frames if kind in (None, frame.kind)]
        normal = np.cross(frames[0].column_step, frames[0].row_step)
        normal /= np.linalg.norm(normal)
        frames.sort(key=lambda frame: float(frame.position @ normal))
        heights = np.array([frame.position @ normal for frame in frames])
        steps = np.diff(heights)
        assert len(frames) > 1, "a single slice"
        assert steps.min() > 0.01, "two frames at one place"
        assert steps.max() - steps.min() < 0.01, "slices are unevenly spaced"
        affine = np.eye(4)
        affine[:3, 0] = (frames[-1].position - frames[0].position) / (len(frames) - 1)
        affine[:3, 1], affine[:3, 2], affine[:3, 3] = frames[0].row_step, frames[0].column_step, frames[0].position
        return Stack(np.stack([frame.values for frame in frames]), affine)


def read_folder(folder: Path, wanted: Callable[[Dataset], bool] = lambda header: True) -> dict[str, Series]:
    """Series by UID of all files under ``folder``; ``wanted`` looks at a header before pixels are read."""
    found: dict[str, Series] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if "SeriesInstanceUID" not in header or not wanted(header):
            continue
        uid = str(header.SeriesInstanceUID)
        series = found.setdefault(uid, Series(uid, header))
        series.paths.append(path)
        if "Rows" in header:
            series.frames += _frames(pydicom.dcmread(path))
    return found


def _frames(file: Dataset) -> Iterator[Frame]:
    stored = file.pixel_array
    if "PerFrameFunctionalGroupsSequence" not in file:
        if "ImagePositionPatient" in file:
            yield _frame(lambda group, keyword: file.get(keyword), file, stored)
        return
    shared = file.SharedFunctionalGroupsSequence[0]
    for n, own in enumerate(file.PerFrameFunctionalGroupsSequence):

        def value(group: str, keyword: str, own: Dataset = own) -> Any:
            for place in (own, shared):
                if group in place and keyword in place[group].value[0]:
                    return place[group].value[0].get(keyword)
            return file.get(keyword)

        yield _frame(value, file, stored[n])


def _frame(value: Callable[[str, str], Any], file: Dataset, stored: npt.NDArray[Any]) -> Frame:
    spacing = [float(v) for v in value("PixelMeasuresSequence", "PixelSpacing")]
    directions = np.array(
        [float(v) for v in value("PlaneOrientationSequence", "ImageOrientationPatient")], dtype=np.float64
    )
    slope = float(value("PixelValueTransformationSequence", "RescaleSlope") or 1.0)
    intercept = float(value("PixelValueTransformationSequence", "RescaleIntercept") or 0.0)
    moment = value("FrameContentSequence", "TemporalPositionIndex") or file.get("TemporalPositionIdentifier")
    frame_type = value("MRImageFrameTypeSequence", "FrameType") or value("CTImageFrameTypeSequence", "FrameType")
    echo = value("MREchoSequence", "EffectiveEchoTime") or file.get("EchoTime")
    return Frame(
        position=np.array([float(v) for v in value("PlanePositionSequence", "ImagePositionPatient")]),
        row_step=directions[3:] * spacing[0],
        column_step=directions[:3] * spacing[1],
        values=(stored * slope + intercept).astype(np.float32),
        image_type=tuple(str(v) for v in (frame_type or file.get("ImageType", ()))),
        b_value=_b_value(value("MRDiffusionSequence", "DiffusionBValue"), file),
        echo_ms=float(echo or 0.0),
        moment=int(moment or 0),
    )


def _b_value(standard: Any, file: Dataset) -> float:
    """b-value by the standard's attribute or a maker's own; -1 where there is none."""
    if standard is not None:
        return float(standard)
    for group, creator, element in _PRIVATE_B_VALUES:
        try:
            stated = file.private_block(group, creator)[element].value
        except KeyError:
            continue
        return float(stated[0] if isinstance(stated, pydicom.multival.MultiValue) else stated) % 1e9
    return -1.0
