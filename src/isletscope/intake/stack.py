"""From image planes to a voxel grid: sort along the normal, measure the spacing, find gaps, repeats and shear.

The slice spacing always comes from Image Position (Patient), never from Slice Thickness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from isletscope.errors import GeometryError
from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_number, frame_numbers, frame_type
from isletscope.model import GridDescription, QualityFinding, Severity
from isletscope.spatial import Geometry

FloatArray = npt.NDArray[np.float64]

SAME_POSITION_WITHIN_MM = 0.02
_SPACING_WITHIN = 0.05
_SHIFT_WITHIN_PIXEL = 0.25
_MOST_GAPS = 0.5
_LISTED = 8


@dataclass(frozen=True)
class Plane:
    """Where one image plane lies. Row direction is that of increasing column number, as in DICOM."""

    instance: Instance
    rows: int
    columns: int
    row_spacing_mm: float
    column_spacing_mm: float
    orientation: tuple[float, float, float, float, float, float] | None
    thickness_mm: float | None

    @property
    def position(self) -> tuple[float, float, float] | None:
        """Centre of the first voxel, LPS mm."""
        return self.instance.position_lps_mm

    @property
    def normal(self) -> FloatArray:
        """Unit normal: row direction x column direction."""
        assert self.orientation is not None
        row, column = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        normal = np.cross(row, column)
        return np.asarray(normal / np.linalg.norm(normal))


@dataclass(frozen=True)
class Stack:
    """Planes in order along the normal, and the grid they form; no grid when they form none."""

    planes: tuple[Plane, ...]
    geometry: Geometry | None
    gaps: tuple[int, ...] = ()
    findings: tuple[QualityFinding, ...] = field(default=())


def plane_of(instance: Instance) -> Plane:
    """The place of one image plane, from the header or the functional groups."""
    header = instance.header
    spacing = frame_numbers(instance, "PixelMeasuresSequence", "PixelSpacing")
    orientation = frame_numbers(instance, "PlaneOrientationSequence", "ImageOrientationPatient")
    thickness = frame_numbers(instance, "PixelMeasuresSequence", "SliceThickness")
    row_spacing, column_spacing = (spacing[0], spacing[1]) if len(spacing) == 2 else (0.0, 0.0)
    six = orientation if len(orientation) == 6 and _unit(orientation) else None
    return Plane(
        instance=instance,
        rows=values.unsigned(header, "Rows"),
        columns=values.unsigned(header, "Columns"),
        row_spacing_mm=row_spacing,
        column_spacing_mm=column_spacing,
        orientation=six,
        thickness_mm=thickness[0] if thickness else None,
    )


def _unit(orientation: tuple[float, ...]) -> bool:
    row, column = orientation[:3], orientation[3:]
    lengths = (math.hypot(*row), math.hypot(*column))
    across = sum(a * b for a, b in zip(row, column, strict=True))
    return all(abs(length - 1) < 0.01 for length in lengths) and abs(across) < 0.01


def depths_mm(planes: list[Plane]) -> FloatArray:
    """Distance of each plane from the patient origin along the first plane's normal, in mm."""
    positions = np.array([plane.position for plane in planes], dtype=np.float64)
    return np.asarray(positions @ planes[0].normal)


def build_stack(planes: list[Plane]) -> Stack:
    """Arrange planes of one orientation and matrix into a grid whose axis k runs along the normal.

    The axes of the grid are right-handed, whatever the order of the files. Findings of severity error come with no
    grid: nothing can be measured on such a series.
    """
    unplaced = [plane for plane in planes if plane.position is None or plane.orientation is None]
    if unplaced or not planes or planes[0].row_spacing_mm <= 0 or planes[0].column_spacing_mm <= 0:
        return Stack(tuple(planes), None, findings=(_no_place(planes, len(unplaced)),))
    depths = depths_mm(planes)
    order = np.argsort(depths, kind="stable")
    planes, depths = [planes[i] for i in order], depths[order]
    if any("MOSAIC" in frame_type(plane.instance).upper() for plane in planes):
        return Stack(tuple(planes), None, findings=(_mosaic(planes),))
    if len(planes) == 1:
        return _single(planes[0])
    steps = np.diff(depths)
    repeated = int(np.count_nonzero(steps < SAME_POSITION_WITHIN_MM))
    if repeated:
        return Stack(tuple(planes), None, findings=(_repeats(depths, repeated),))
    multiples, spacing = _multiples(steps)
    if multiples is None:
        return Stack(tuple(planes), None, findings=(_uneven(depths, steps),))
    plane_numbers = np.concatenate([[0], np.cumsum(multiples)])
    shear = _shear(planes, depths)
    if shear is not None:
        return Stack(tuple(planes), None, findings=(shear,))
    gaps = tuple(int(k) for k in np.setdiff1d(np.arange(plane_numbers[-1] + 1), plane_numbers))
    try:
        geometry = _geometry(planes, int(plane_numbers[-1]) + 1, spacing)
    except GeometryError as error:
        return Stack(tuple(planes), None, findings=(_finding("no_grid", Severity.ERROR, str(error)),))
    findings = (_missing(gaps, geometry),) if gaps else ()
    return Stack(tuple(planes), geometry, gaps, findings)


def _multiples(steps: FloatArray) -> tuple[npt.NDArray[np.int64] | None, float]:
    """Each step as a whole multiple of the slice spacing (None when they are not), and that spacing in mm."""
    smallest = float(steps.min())
    unit = float(np.median(steps[steps <= smallest * (1 + 4 * _SPACING_WITHIN)]))
    multiples = np.rint(steps / unit).astype(np.int64)
    if np.any(multiples < 1):
        return None, 0.0
    spacing = float(steps.sum() / multiples.sum())
    if np.any(np.abs(steps - multiples * spacing) > _SPACING_WITHIN * spacing):
        return None, 0.0
    missing = int(multiples.sum()) - len(steps)
    if missing > _MOST_GAPS * (len(steps) + 1) or 2 * np.count_nonzero(multiples == 1) < len(steps):
        return None, 0.0
    return multiples, spacing


def _shear(planes: list[Plane], depths: FloatArray) -> QualityFinding | None:
    """An error when planes are shifted sideways against each other: a tilted gantry, or steps aside."""
    positions = np.array([plane.position for plane in planes], dtype=np.float64)
    offset = positions - positions[0]
    aside = offset - np.outer(depths - depths[0], planes[0].normal)
    pixel = min(planes[0].row_spacing_mm, planes[0].column_spacing_mm)
    if float(np.abs(aside).max()) <= _SHIFT_WITHIN_PIXEL * pixel:
        return None
    slope = aside.T @ (depths - depths[0]) / float(((depths - depths[0]) ** 2).sum())
    left_over = aside - np.outer(depths - depths[0], slope)
    shift = float(np.linalg.norm(aside, axis=1).max())
    if float(np.abs(left_over).max()) > _SHIFT_WITHIN_PIXEL * pixel:
        return _finding(
            "shifted_planes",
            Severity.ERROR,
            "the planes are shifted sideways against each other, so they form no grid",
            f"up to {shift:.1f} mm",
            f"less than {_SHIFT_WITHIN_PIXEL * pixel:.2f} mm",
            "Not measured. Use a reconstruction with one table and field-of-view position.",
        )
    degrees = math.degrees(math.atan(float(np.linalg.norm(slope))))
    tilt = frame_number(planes[0].instance, "CTAcquisitionDetailsSequence", "GantryDetectorTilt")
    said = f"; Gantry/Detector Tilt (0018,1120) says {tilt:g} degrees" if tilt is not None else ""
    return _finding(
        "gantry_tilt",
        Severity.ERROR,
        "the planes are tilted against the direction of the table (gantry tilt), so the voxels are sheared",
        f"{degrees:.1f} degrees{said}",
        "0 degrees",
        "Not measured. Use a reconstruction without tilt.",
    )


def _geometry(planes: list[Plane], count: int, spacing: float) -> Geometry:
    first = planes[0]
    assert first.orientation is not None
    assert first.position is not None
    row, column = np.array(first.orientation[:3]), np.array(first.orientation[3:])
    row = row / np.linalg.norm(row)
    column = column - row * float(row @ column)
    column = column / np.linalg.norm(column)
    return Geometry(
        shape=(count, first.rows, first.columns),
        spacing_mm=(spacing, first.row_spacing_mm, first.column_spacing_mm),
        origin_lps_mm=first.position,
        axes_lps=(_triple(np.cross(row, column)), _triple(column), _triple(row)),
    )


def _triple(vector: FloatArray) -> tuple[float, float, float]:
    return float(vector[0]) + 0.0, float(vector[1]) + 0.0, float(vector[2]) + 0.0


def is_even(planes: list[Plane]) -> bool:
    """Whether the planes, one per position, lie at equal distances but for gaps."""
    steps = np.diff(np.sort(depths_mm(planes)))
    return len(steps) == 0 or (float(steps.min()) >= SAME_POSITION_WITHIN_MM and _multiples(steps)[0] is not None)


def describe(geometry: Geometry) -> GridDescription:
    """The grid as the case document keeps it."""
    return GridDescription(
        shape_kji=geometry.shape,
        spacing_kji_mm=geometry.spacing_mm,
        origin_lps_mm=geometry.origin_lps_mm,
        axes_lps=geometry.axes_lps,
    )


def geometry_of(grid: GridDescription) -> Geometry:
    """The grid of a case document as a Geometry."""
    return Geometry(grid.shape_kji, grid.spacing_kji_mm, grid.origin_lps_mm, grid.axes_lps)


def _single(plane: Plane) -> Stack:
    thickness = plane.thickness_mm
    if thickness is None or thickness <= 0:
        finding = _finding(
            "single_slice",
            Severity.ERROR,
            "the series has one slice and no slice thickness, so it has no volume",
            "no Slice Thickness (0018,0050)",
        )
        return Stack((plane,), None, findings=(finding,))
    finding = _finding(
        "single_slice",
        Severity.WARNING,
        "the series has one slice; its depth is taken from the slice thickness",
        f"Slice Thickness (0018,0050) {thickness:g} mm",
        "two slices or more",
        "Volumes are areas times this thickness.",
    )
    return Stack((plane,), _geometry([plane], 1, thickness), findings=(finding,))


def _no_place(planes: list[Plane], count: int) -> QualityFinding:
    lacking = count or len(planes)
    return _finding(
        "no_position",
        Severity.ERROR,
        "the images do not say where they lie in the patient",
        f"{lacking} of {len(planes)} without usable Image Position (0020,0032), Image Orientation (0020,0037) or Pixel "
        "Spacing (0028,0030)",
        "all three in every image",
        "Not measured. Export the original series.",
    )


def _mosaic(planes: list[Plane]) -> QualityFinding:
    return _finding(
        "mosaic",
        Severity.ERROR,
        "each image holds many slices side by side (mosaic), so its pixels lie elsewhere than its header says",
        f"MOSAIC in Image Type (0008,0008), {planes[0].rows} x {planes[0].columns} pixels",
        "one slice an image, or an enhanced multi-frame image",
        "Not measured. Export the series without the mosaic option.",
    )


def _repeats(depths: FloatArray, repeated: int) -> QualityFinding:
    return _finding(
        "duplicate_positions",
        Severity.ERROR,
        "several images lie at the same position and nothing in their headers tells them apart",
        f"{repeated} of {len(depths)} images repeat a position",
        "one image per position",
        "Not measured. Export the series once, or each phase as its own series.",
    )


def _uneven(depths: FloatArray, steps: FloatArray) -> QualityFinding:
    return _finding(
        "non_uniform_spacing",
        Severity.ERROR,
        "the distances between slices differ",
        f"{len(depths)} slices, {steps.min():.3g} to {steps.max():.3g} mm apart",
        "equal distances",
        "Not measured. Use a reconstruction with equal distances.",
    )


def _missing(gaps: tuple[int, ...], geometry: Geometry) -> QualityFinding:
    listed = ", ".join(str(k + 1) for k in gaps[:_LISTED]) + (", ..." if len(gaps) > _LISTED else "")
    return _finding(
        "missing_slices",
        Severity.WARNING,
        "slices are missing; they are interpolated for display and nothing is measured in them",
        f"{len(gaps)} of {geometry.shape[0]} missing: plane {listed}",
        f"a slice every {geometry.spacing_mm[0]:.4g} mm",
        "Send the series again if the slices exist.",
    )


def _finding(
    code: str, severity: Severity, problem: str, found: str = "", expected: str = "", remedy: str = ""
) -> QualityFinding:
    return QualityFinding(code=code, severity=severity, problem=problem, found=found, expected=expected, remedy=remedy)
