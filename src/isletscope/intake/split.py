"""Splitting a mixed series: parts of one matrix and orientation first, then whatever tells equal positions apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from isletscope.intake.diffusion import b_value_s_mm2
from isletscope.intake.frames import frame_numbers, frame_text, frame_type, image_text
from isletscope.intake.stack import SAME_POSITION_WITHIN_MM, Plane, depths_mm, is_even

_MOST_ORIENTATIONS = 3
_FEW_PLANES = 4
_SAME_DIRECTION = 0.02


@dataclass(frozen=True)
class Part:
    """Planes that may form one volume. ``label`` says what tells them from the other parts; None for a whole series.

    ``phase`` is (number, count) when the parts are moments of one dynamic acquisition; ``scattered`` planes lie in so
    many directions that they form no volume.
    """

    planes: tuple[Plane, ...]
    label: str | None = None
    phase: tuple[int, int] | None = None
    scattered: bool = False


@dataclass(frozen=True)
class _Discriminator:
    """One attribute that may tell images at equal positions apart, and how its value is printed."""

    value: Callable[[Plane], Hashable]
    label: Callable[[Hashable], str]
    temporal: bool = False


def split_series(planes: list[Plane]) -> list[Part]:
    """Parts of a series, each of one matrix, one orientation and one image per position where headers allow it."""
    parts: list[Part] = []
    groups = _by_grid(planes)
    orientations = {key[1] for key in groups}
    if len(orientations) > _MOST_ORIENTATIONS and all(len(group) < _FEW_PLANES for group in groups.values()):
        return [Part(tuple(planes), scattered=True)]
    labels = _grid_labels(list(groups), groups)
    for key, group in groups.items():
        for part in _by_content(group):
            label = ", ".join(text for text in (labels[key], part.label) if text) or None
            parts.append(Part(part.planes, label, part.phase))
    return parts


def _by_grid(planes: list[Plane]) -> dict[tuple[Hashable, int], list[Plane]]:
    directions: list[np.ndarray] = []
    groups: dict[tuple[Hashable, int], list[Plane]] = defaultdict(list)
    known: dict[Hashable, int] = {}
    for plane in planes:
        if plane.orientation not in known:
            known[plane.orientation] = _direction_number(plane, directions)
        matrix = (plane.rows, plane.columns, round(plane.row_spacing_mm, 4), round(plane.column_spacing_mm, 4))
        groups[matrix, known[plane.orientation]].append(plane)
    return groups


def _direction_number(plane: Plane, directions: list[np.ndarray]) -> int:
    """Number of the orientation among those seen so far; -1 for a plane without one."""
    if plane.orientation is None:
        return -1
    vector = np.asarray(plane.orientation, dtype=np.float64)
    for number, other in enumerate(directions):
        if float(np.abs(vector - other).max()) < _SAME_DIRECTION:
            return number
    directions.append(vector)
    return len(directions) - 1


def _grid_labels(
    keys: list[tuple[Hashable, int]], groups: dict[tuple[Hashable, int], list[Plane]]
) -> dict[tuple[Hashable, int], str]:
    if len(keys) == 1:
        return {keys[0]: ""}
    several_matrices = len({key[0] for key in keys}) > 1
    several_directions = len({key[1] for key in keys}) > 1
    labels: dict[tuple[Hashable, int], str] = {}
    used: dict[str, int] = defaultdict(int)
    for key in keys:
        first = groups[key][0]
        said = [_direction_name(first)] if several_directions else []
        if several_matrices:
            said.append(f"{first.rows} x {first.columns} of {first.row_spacing_mm:.3g} mm")
        label = ", ".join(said)
        used[label] += 1
        labels[key] = label if used[label] == 1 else f"{label} ({used[label]})"
    return labels


def _direction_name(plane: Plane) -> str:
    if plane.orientation is None:
        return "without position"
    normal = np.abs(plane.normal)
    name = ("sagittal", "coronal", "axial")[int(normal.argmax())]
    return name if normal.max() > 0.99 else f"oblique {name}"


def _by_content(planes: list[Plane]) -> list[Part]:
    """Split planes of one grid by what they show; never by anything else when positions do not repeat."""
    diffusion = {_b_value(plane) for plane in planes}
    most = _most_per_position(planes)
    if most <= 1:
        if len(diffusion) > 1 and None not in diffusion:
            return _parts(planes, _B_VALUE)
        return _uneven(planes)
    for discriminator in _CONTRASTS:
        if _helps(planes, discriminator, most):
            return _nested(_parts(planes, discriminator))
    for discriminator in _OTHERS:
        groups = _grouped(planes, discriminator)
        if len(groups) == most and all(_most_per_position(group) == 1 for group in groups.values()):
            return _parts(planes, discriminator)
    for discriminator in _OTHERS:
        if _helps(planes, discriminator, most):
            return _nested(_parts(planes, discriminator))
    return _by_rank(planes, most)


def _helps(planes: list[Plane], discriminator: _Discriminator, most: int) -> bool:
    """Whether the attribute leaves fewer images at one position, without cutting the series to pieces."""
    groups = _grouped(planes, discriminator)
    return 1 < len(groups) <= most and max(_most_per_position(group) for group in groups.values()) < most


def _uneven(planes: list[Plane]) -> list[Part]:
    """Planes at unequal distances: parts at equal distances, when one attribute gives just that; else one part."""
    if not _placed(planes) or is_even(planes):
        return [Part(tuple(planes))]
    for discriminator in _SLABS:
        groups = _grouped(planes, discriminator)
        if len(groups) > 1 and all(len(group) > 1 and is_even(group) for group in groups.values()):
            return _parts(planes, discriminator)
    return [Part(tuple(planes))]


def _nested(parts: list[Part]) -> list[Part]:
    nested: list[Part] = []
    for part in parts:
        for inner in _by_content(list(part.planes)):
            label = ", ".join(text for text in (part.label, inner.label) if text)
            nested.append(Part(inner.planes, label, inner.phase))
    return nested


def _grouped(planes: list[Plane], discriminator: _Discriminator) -> dict[Hashable, list[Plane]]:
    groups: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        groups[discriminator.value(plane)].append(plane)
    return groups


def _parts(planes: list[Plane], discriminator: _Discriminator) -> list[Part]:
    groups = _grouped(planes, discriminator)
    keys = sorted(groups, key=lambda value: (value is not None, _sortable(value)))
    if not discriminator.temporal:
        return [Part(tuple(groups[key]), discriminator.label(key)) for key in keys]
    return [
        Part(tuple(groups[key]), _phase_label(number, len(keys), discriminator.label(key)), (number, len(keys)))
        for number, key in enumerate(keys, start=1)
    ]


def _phase_label(number: int, count: int, more: str) -> str:
    return f"phase {number} of {count}" + (f", {more}" if more else "")


def _sortable(value: Hashable) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _placed(planes: list[Plane]) -> bool:
    return all(plane.position is not None and plane.orientation is not None for plane in planes)


def _most_per_position(planes: list[Plane]) -> int:
    """The largest number of planes at one position; 1 when planes have no position."""
    if not _placed(planes):
        return 1
    depths = np.sort(depths_mm(planes))
    starts = np.concatenate([[True], np.diff(depths) >= SAME_POSITION_WITHIN_MM])
    return int(np.bincount(np.cumsum(starts) - 1).max())


def _by_rank(planes: list[Plane], most: int) -> list[Part]:
    """The n-th moment at every position is phase n; only when every position has as many, at different times."""
    ranked: list[list[Plane]] = [[] for _ in range(most)]
    depths = depths_mm(planes)
    order = sorted(range(len(planes)), key=lambda i: float(depths[i]))
    at: list[list[Plane]] = []
    last = -np.inf
    for i in order:
        if depths[i] - last >= SAME_POSITION_WITHIN_MM:
            at.append([])
        at[-1].append(planes[i])
        last = depths[i]
    for group in at:
        times = [_time(plane) for plane in group]
        if len(group) != most or "" in times or len(set(times)) != most:
            return [Part(tuple(planes))]
        for number, (_, plane) in enumerate(sorted(zip(times, group, strict=True), key=lambda pair: pair[0])):
            ranked[number].append(plane)
    return [
        Part(tuple(group), _phase_label(number, most, ""), (number, most))
        for number, group in enumerate(ranked, start=1)
    ]


def _b_value(plane: Plane) -> Hashable:
    return b_value_s_mm2(plane.instance)


def _image_type(plane: Plane) -> Hashable:
    component = frame_text(plane.instance, "MRImageFrameTypeSequence", "ComplexImageComponent")
    return f"{frame_type(plane.instance)}\\{component}"


def _number_in(*places: tuple[str, str]) -> Callable[[Plane], Hashable]:
    def look(plane: Plane) -> Hashable:
        for group, attribute in places:
            found = frame_numbers(plane.instance, group, attribute)
            if found:
                return round(found[0], 3)
        return None

    return look


def _text_in(*places: tuple[str, str]) -> Callable[[Plane], Hashable]:
    def look(plane: Plane) -> Hashable:
        return next((said for group, name in places if (said := frame_text(plane.instance, group, name))), None)

    return look


def _time(plane: Plane) -> str:
    """Moment of the image as sortable text: acquisition, else content time; empty when there is none."""
    instance = plane.instance
    said = frame_text(instance, "FrameContentSequence", "FrameAcquisitionDateTime")
    if said:
        return said
    said = image_text(instance, "AcquisitionDateTime")
    if not said and image_text(instance, "AcquisitionTime"):
        said = image_text(instance, "AcquisitionDate") + image_text(instance, "AcquisitionTime")
    return said


def _content_time(plane: Plane) -> Hashable:
    return image_text(plane.instance, "ContentTime") or None


def _clock(value: Hashable) -> str:
    match = re.search(r"(\d{2})(\d{2})(\d{2})(\.\d+)?$", str(value or "").replace(":", ""))
    return f"{match[1]}:{match[2]}:{match[3]}" if match else ""


def _printed(prefix: str, unit: str = "") -> Callable[[Hashable], str]:
    def label(value: Hashable) -> str:
        if value is None:
            return f"without {prefix}"
        shown = f"{value:g}" if isinstance(value, float) else str(value).replace("\\", ", ")
        return f"{prefix} {shown}{unit}".strip()

    return label


def _type_label(value: Hashable) -> str:
    kept = [token for token in str(value).split("\\")[2:] if token and token not in _DULL]
    return " ".join(kept) or str(value).strip("\\")


_DULL = frozenset(("M", "ND", "NORM", "NONE", "DIS2D", "DIS3D", "OTHER", "DIXON", "M_FFE", "M_SE", "SE", "FFE"))
_B_VALUE = _Discriminator(_b_value, _printed("b =", " s/mm2"))
_IMAGE_TYPE = _Discriminator(_image_type, _type_label)
_ACQUISITION = _Discriminator(
    _number_in(("FrameContentSequence", "FrameAcquisitionNumber"), ("", "AcquisitionNumber")),
    _printed("acquisition"),
)
_KERNEL = _Discriminator(_text_in(("CTReconstructionSequence", "ConvolutionKernel")), _printed("kernel"))
_THICKNESS = _Discriminator(_number_in(("PixelMeasuresSequence", "SliceThickness")), _printed("slices of", " mm"))
_SLABS = (_IMAGE_TYPE, _THICKNESS, _KERNEL, _ACQUISITION)
_CONTRASTS = (
    _IMAGE_TYPE,
    _B_VALUE,
    _Discriminator(
        _number_in(("MREchoSequence", "EffectiveEchoTime"), ("MRTimingAndRelatedParametersSequence", "EchoTime")),
        _printed("TE", " ms"),
    ),
    _Discriminator(_number_in(("MRModifierSequence", "InversionTimes"), ("", "InversionTime")), _printed("TI", " ms")),
)
_OTHERS = (
    _Discriminator(_text_in(("MRDiffusionSequence", "DiffusionGradientOrientation")), _printed("direction")),
    _KERNEL,
    _THICKNESS,
    _Discriminator(_number_in(("", "KVP")), _printed("", " kV")),
    _Discriminator(_number_in(("", "EchoNumbers")), _printed("echo")),
    _Discriminator(
        _number_in(("FrameContentSequence", "TemporalPositionIndex"), ("", "TemporalPositionIdentifier")),
        lambda _value: "",
        temporal=True,
    ),
    _Discriminator(lambda plane: _time(plane) or None, _clock, temporal=True),
    _Discriminator(_content_time, _clock, temporal=True),
    _Discriminator(
        _number_in(("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"), ("", "TriggerTime")),
        _printed("trigger time", " ms"),
        temporal=True,
    ),
    _Discriminator(_number_in(("", "FrameReferenceTime")), lambda _value: "", temporal=True),
    _ACQUISITION,
)
