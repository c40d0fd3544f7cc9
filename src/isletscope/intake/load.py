"""Pixels of a series into one array: CT numbers, activity, diffusion coefficients or arbitrary intensities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.pixels.processing import apply_modality_lut
from pydicom.pixels.utils import pixel_array

from isletscope.errors import InputError
from isletscope.intake import values
from isletscope.intake.files import Instance, SeriesFiles
from isletscope.intake.frames import frame_attribute, image_text
from isletscope.intake.headers import expected_pixel_bytes
from isletscope.intake.rescale import Rescale, has_lookup_table, rescale_of
from isletscope.intake.stack import geometry_of
from isletscope.model import Role
from isletscope.spatial import ACTIVITY, ADC, ARBITRARY, HOUNSFIELD, SUV_BODY_WEIGHT, Quantity, Volume

Progress = Callable[[int, int], None]
AnyArray = npt.NDArray[Any]

LOWEST_CT_NUMBER = -1024
_INT16 = np.iinfo(np.int16)
_STORED_TYPES = {(8, 0): "u1", (8, 1): "i1", (16, 0): "u2", (16, 1): "i2", (32, 0): "u4", (32, 1): "i4"}


def load_volume(files: SeriesFiles, *, progress: Progress | None = None) -> Volume:
    """The series as a Volume on its grid, array [k, j, i] in LPS mm.

    CT in HU (int16 where slopes and intercepts are whole numbers and the values fit, else float32; declared padding
    becomes -1024 HU); PET in its unit after the slope of each plane (float32; quantity ACTIVITY for Bq/mL); ADC in
    10^-6 mm2/s; others arbitrary (float32). Missing planes are interpolated between their neighbours for display and
    named in ``missing_slices``. MONOCHROME1 changes the display only, so values stay as they are.

    Raises InputError when the series forms no grid, or a file cannot be decoded.
    """
    grid = files.record.grid
    if grid is None:
        problems = "; ".join(finding.problem for finding in files.record.findings) or "it has no voxel grid"
        raise InputError("the series cannot be loaded as a volume", subject=_subject(files), found=problems)
    geometry = geometry_of(grid)
    rescales = [rescale_of(instance) for instance in files.instances]
    whole = files.record.modality == "CT" and all(_is_whole(line) for line in rescales)
    lookup = any(has_lookup_table(instance) for instance in files.instances[:1])
    if whole and not lookup:
        array = _load_whole_numbers(files, geometry.shape, rescales, progress)
    else:
        array = _load_real_numbers(files, geometry.shape, rescales, progress, lookup)
    _fill_gaps(array, files.gaps, files.planes)
    quantity = _quantity(files, rescales)
    if quantity == ADC:
        array *= np.float32(_adc_scale(files, rescales))
    return Volume(array, geometry, quantity, files.record.frame_of_reference_uid, files.gaps)


def _subject(files: SeriesFiles) -> str:
    record = files.record
    return f"series {record.key} ({record.description or record.modality})"


def _is_whole(line: Rescale) -> bool:
    return line.slope == 1.0 and line.intercept == int(line.intercept)


def _load_whole_numbers(
    files: SeriesFiles, shape: tuple[int, int, int], rescales: list[Rescale], progress: Progress | None
) -> AnyArray:
    """CT whose slope is 1: read the stored integers in place and add the intercept."""
    reader = PlaneReader(files)
    array = np.zeros(shape, dtype=reader.stored_type)
    for k, plane in zip(files.planes, reader.planes(progress, into=array, at=files.planes), strict=True):
        if plane is not None:
            array[k] = plane
    array = reader.trimmed(array)
    padding = reader.padding(array)
    intercepts = {line.intercept for line in rescales}
    low = min(int(array.min()), 0) + int(min(intercepts))
    high = max(int(array.max()), 0) + int(max(intercepts))
    wanted: type[Any] = np.int16 if _INT16.min <= low and high <= _INT16.max else np.int32
    if array.dtype != np.dtype(wanted):
        array = array.view(np.int16) if array.dtype == np.uint16 and wanted is np.int16 else array.astype(wanted)
    if len(intercepts) == 1:
        array += wanted(int(intercepts.pop()))
    else:
        for k, line in zip(files.planes, rescales, strict=True):
            array[k] += wanted(int(line.intercept))
    if padding is not None:
        array[padding] = LOWEST_CT_NUMBER
    return array


def _load_real_numbers(
    files: SeriesFiles,
    shape: tuple[int, int, int],
    rescales: list[Rescale],
    progress: Progress | None,
    lookup: bool,
) -> AnyArray:
    """Slope and intercept of each plane in float64, kept as float32."""
    reader = PlaneReader(files)
    array = np.zeros(shape, dtype=np.float32)
    is_ct = files.record.modality == "CT"
    for k, instance, line, read in zip(files.planes, files.instances, rescales, reader.planes(progress), strict=True):
        assert read is not None
        stored = reader.trimmed(read)
        if lookup:
            plane = np.asarray(apply_modality_lut(stored, instance.header), dtype=np.float64)
        elif line.slope == 1.0 and line.intercept == 0.0:
            plane = stored
        else:
            plane = stored.astype(np.float64) * line.slope + line.intercept
        array[k] = plane
        padding = reader.padding(stored) if is_ct else None
        if padding is not None:
            array[k][padding] = LOWEST_CT_NUMBER
    return array


class PlaneReader:
    """Reads the stored integers of a series plane by plane: straight from the file, or through a decoder."""

    def __init__(self, files: SeriesFiles) -> None:
        self._files = files
        header = files.header
        self._rows, self._columns = values.unsigned(header, "Rows"), values.unsigned(header, "Columns")
        self._allocated = values.unsigned(header, "BitsAllocated", 16)
        self._stored = values.unsigned(header, "BitsStored", self._allocated) or self._allocated
        self._high = values.unsigned(header, "HighBit", self._stored - 1)
        self._signed = values.unsigned(header, "PixelRepresentation")
        if (self._allocated, self._signed) not in _STORED_TYPES:
            raise InputError(
                "pixel values of this kind are not read",
                subject=_subject(files),
                found=f"Bits Allocated (0028,0100) {self._allocated}",
                expected="8, 16 or 32 bits, one sample per pixel",
            )

    @cached_property
    def stored_type(self) -> np.dtype[Any]:
        """Integer type of the stored values."""
        return np.dtype(_STORED_TYPES[self._allocated, self._signed])

    def planes(
        self, progress: Progress | None, into: AnyArray | None = None, at: tuple[int, ...] = ()
    ) -> Iterator[AnyArray | None]:
        """Stored values of each plane [j, i], in the series' order.

        With ``into``, native planes are read straight into ``into[at[n]]`` and None is given instead.
        """
        total = len(self._files.instances)
        decoded: tuple[Path, AnyArray] | None = None
        for number, instance in enumerate(self._files.instances):
            if _is_native(instance) and self._same_kind(instance):
                target = into[at[number]] if into is not None else None
                plane = self._native(instance, target)
            else:
                if decoded is None or decoded[0] != instance.path:
                    decoded = (instance.path, self._decoded(instance))
                plane = decoded[1][instance.frame or 0]
            if progress is not None:
                progress(number + 1, total)
            yield plane

    def _same_kind(self, instance: Instance) -> bool:
        header = instance.header
        return header is self._files.header or (
            values.unsigned(header, "BitsAllocated", 16),
            values.unsigned(header, "PixelRepresentation"),
        ) == (self._allocated, self._signed)

    def _native(self, instance: Instance, target: AnyArray | None) -> AnyArray | None:
        assert instance.pixel_offset is not None
        size = self._rows * self._columns * self._allocated // 8
        plane = np.empty((self._rows, self._columns), self.stored_type) if target is None else target
        try:
            with instance.path.open("rb", buffering=0) as stream:
                stream.seek(instance.pixel_offset + (instance.frame or 0) * size)
                count = stream.readinto(plane.data.cast("B"))
        except OSError as error:
            raise self._unreadable(instance, error.strerror or str(error)) from error
        if count != size:
            raise self._unreadable(instance, f"{count} of {size} bytes")
        return plane if target is None else None

    def _decoded(self, instance: Instance) -> AnyArray:
        """All frames of a compressed, deflated or big-endian file, [frame, j, i]."""
        try:
            array = pixel_array(dcmread(instance.path), raw=True)
        except (OSError, ValueError, RuntimeError, AttributeError, KeyError, EOFError, NotImplementedError) as error:
            raise self._unreadable(instance, _first_line(error)) from error
        array = np.asarray(array)
        if array.ndim == 2:
            array = array[None]
        if array.ndim != 3 or array.shape[1:] != (self._rows, self._columns):
            raise self._unreadable(instance, f"an image of shape {array.shape}")
        return array

    def _unreadable(self, instance: Instance, found: str) -> InputError:
        syntax = instance.header.file_meta.TransferSyntaxUID
        return InputError(
            "the image cannot be decoded",
            subject=f"{instance.path.name} of {_subject(self._files)}",
            found=f"{found} ({getattr(syntax, 'name', syntax)})",
            expected=f"{expected_pixel_bytes(instance.header)} bytes of pixel values",
            remedy="Send or export this series again, uncompressed if you can.",
        )

    def trimmed(self, stored: AnyArray) -> AnyArray:
        """Stored values with the bits above High Bit (old overlays) taken away and the sign restored."""
        if self._stored >= self._allocated:
            return stored
        if self._high != self._stored - 1 and self._high < self._allocated:
            stored = stored >> (self._high + 1 - self._stored)
        limit = 1 << (self._stored - 1 if self._signed else self._stored)
        if int(stored.max()) < limit and int(stored.min()) >= (-limit if self._signed else 0):
            return stored
        if not self._signed:
            return np.asarray(np.bitwise_and(stored, limit - 1))
        shift = self._allocated - self._stored
        return np.asarray(np.right_shift(np.left_shift(stored, shift), shift))

    def padding(self, stored: AnyArray) -> npt.NDArray[np.bool_] | None:
        """Where stored values are declared padding: Pixel Padding Value (0028,0120), with its range limit."""
        first = self._files.instances[0]
        value = _stored_number(first, "PixelPaddingValue")
        if value is None:
            return None
        limit = _stored_number(first, "PixelPaddingRangeLimit")
        low, high = (value, value) if limit is None else sorted((value, limit))
        where = (stored >= low) & (stored <= high)
        return np.asarray(where) if where.any() else None


def _stored_number(instance: Instance, keyword: str) -> int | None:
    value = frame_attribute(instance, "", keyword)
    return int(value) if isinstance(value, int | float) else None


def _is_native(instance: Instance) -> bool:
    if instance.pixel_offset is None:
        return False
    syntax = instance.header.file_meta.TransferSyntaxUID
    return bool(syntax.is_little_endian) and not syntax.is_compressed


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _fill_gaps(array: AnyArray, gaps: tuple[int, ...], planes: tuple[int, ...]) -> None:
    """Linear interpolation between the nearest planes that exist; for display only."""
    present = np.array(planes)
    for k in gaps:
        below, above = int(present[present < k].max()), int(present[present > k].min())
        share = (k - below) / (above - below)
        mixed = array[below].astype(np.float64) * (1 - share) + array[above].astype(np.float64) * share
        array[k] = mixed if array.dtype.kind == "f" else np.rint(mixed)


def _quantity(files: SeriesFiles, rescales: list[Rescale]) -> Quantity:
    record = files.record
    if record.modality == "CT":
        return HOUNSFIELD if _hounsfield(rescales) else ARBITRARY
    if record.modality == "PT":
        return _pet_quantity(files, rescales[0])
    return ADC if record.role is Role.MR_ADC else ARBITRARY


def _hounsfield(rescales: list[Rescale]) -> bool:
    return rescales[0].source == "rescale" and rescales[0].unit.upper() in ("", "HU", "US")


def _pet_quantity(files: SeriesFiles, rescale: Rescale) -> Quantity:
    unit = rescale.unit.lower()
    if rescale.source == "real world value mapping":
        if unit == "bq/ml":
            return ACTIVITY
        return SUV_BODY_WEIGHT if unit in ("g/ml{suvbw}", "{suvbw}g/ml") else Quantity("PET intensity", rescale.unit)
    units = image_text(files.instances[0], "Units") or rescale.unit
    return ACTIVITY if units.upper() == "BQML" else Quantity("PET intensity", units or "1")


def _adc_scale(files: SeriesFiles, rescales: list[Rescale]) -> float:
    """Factor to 10^-6 mm2/s, by the unit that the header names; 1 where it names none (the custom of all vendors)."""
    for line in rescales[:1]:
        unit = line.unit.lower().replace(" ", "")
        if unit in ("mm2/s", "mm^2/s"):
            return 1e6
        if unit in ("10-3mm2/s", "1e-3mm2/s", "10^-3mm^2/s"):
            return 1e3
    return 1.0
