"""What was written comes back: values and places, by pydicom and by SimpleITK (GDCM), for every object and syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset

from tests.phantom import tiny
from tests.phantom.products import SYNTAXES, VENDORS, Product, products

Plane = tuple[npt.NDArray[np.float64], float, tuple[float, float, float]]
BOTH = pytest.mark.parametrize(("vendor", "syntax"), [(vendor, syntax) for vendor in VENDORS for syntax in SYNTAXES])


# Noise of 12 x 16 pixels may compress to its own size, which pydicom finds suspicious.
@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches")
@BOTH
def test_pydicom_and_simpleitk_read_what_was_written(vendor: str, syntax: str, tmp_path: Path) -> None:
    for name, product, files in _volumes(vendor, syntax, tmp_path):
        planes = list(_planes(files))
        # ITK applies the first frame's slope to all frames of one file: what it read is brought to each frame's own.
        first = planes[0][1] if len(files) == 1 else None
        planes.sort(key=lambda plane: plane[2][2])
        assert len(planes) == tiny.GRID.shape[0], name
        for k, ((values, slope, position), seen) in enumerate(zip(planes, _itk_frames(files), strict=True)):
            assert position == pytest.approx(tiny.GRID.to_lps([k, 0, 0]), abs=1e-5), name
            assert seen[1] == pytest.approx(position, abs=1e-3), name
            assert np.allclose(seen[0] * (slope / first if first else 1.0), values, rtol=1e-7, atol=0), name
            _same(values, slope, product, k, name)


def _volumes(vendor: str, syntax: str, folder: Path) -> Iterator[tuple[str, Product, list[Path]]]:
    for name, product in products(vendor, syntax).items():
        if product.values is not None:
            place = folder / name
            place.mkdir()
            yield name, product, product.write(place)


def _planes(files: list[Path]) -> Iterator[Plane]:
    """Rescaled values, slope and position of every plane, whatever the form of the object."""
    for path in files:
        dataset = pydicom.dcmread(path)
        if "NumberOfFrames" not in dataset:
            yield _rescaled(dataset.pixel_array, dataset, dataset.ImagePositionPatient)
            continue
        shared = dataset.SharedFunctionalGroupsSequence[0]
        for plane, frame in zip(dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            groups = frame if "PixelValueTransformationSequence" in frame else shared
            position = frame.PlanePositionSequence[0].ImagePositionPatient
            yield _rescaled(plane, groups.PixelValueTransformationSequence[0], position)


def _rescaled(stored: npt.NDArray[np.int32], header: Dataset, position: list[float]) -> Plane:
    slope = float(header.RescaleSlope)
    x, y, z = (float(v) for v in position)
    return stored * slope + float(header.RescaleIntercept), slope, (x, y, z)


def _itk_frames(files: list[Path]) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Values and positions of all planes from feet to head, as SimpleITK sees them."""
    frames = []
    for path in files:
        image = SimpleITK.ReadImage(str(path), SimpleITK.sitkFloat64)
        values = SimpleITK.GetArrayFromImage(image)
        frames += [(plane, np.array(image.TransformIndexToPhysicalPoint((0, 0, k)))) for k, plane in enumerate(values)]
    return sorted(frames, key=lambda frame: float(frame[1][2]))


def _same(values: npt.NDArray[np.float64], slope: float, product: Product, k: int, name: str) -> None:
    """HU exactly; activity or counts within half a step of what the true SUV stands for."""
    assert product.values is not None
    truth = product.values[k]
    if product.modality == "CT":
        assert np.array_equal(values, truth), name
        return
    counts = product.visit.vendor.units == "CNTS" and product.form != "enhanced"
    per_suv = 1000.0 if counts else 1 / product.visit.suv_factor
    step = max(slope, float(truth.max()) * per_suv / 32767)
    assert np.abs(values - truth.astype(np.float64) * per_suv).max() <= 0.5 * step * (1 + 1e-3) + 1e-5 * step, name
