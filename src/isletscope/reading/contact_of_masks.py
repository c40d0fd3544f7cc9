"""Contact of a tumour with vessels from mask files alone, outside any case: from a reader, a network, a phantom."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from isletscope.errors import GeometryError, InputError
from isletscope.intake import Region as Drawn
from isletscope.intake import SeriesFiles, is_nifti, load_volume, read_image, read_label_names, read_regions
from isletscope.model import Role
from isletscope.reading.first_look import look
from isletscope.reading.measure import only_series
from isletscope.reading.near_tumour import union, with_thrombus
from isletscope.spatial import Mask, Volume
from isletscope.surgery import (
    Apart,
    ContactView,
    NotAssessable,
    VesselContact,
    contact_view,
    traced_vessel,
    vessel_contact,
)

_NAME = re.compile(r"^([A-Za-z][\w .-]*)=(.+)$")
_MOST_LISTED = 8
_CT_WINDOW_HU = (-100.0, 300.0)

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Region:
    """A region of a mask file: ``roi`` its name or number there (empty: all of them), ``name`` what it is called."""

    path: Path
    roi: str = ""
    name: str = ""

    @classmethod
    def parsed(cls, text: str) -> Region:
        """From ``[NAME=]FILE[#ROI]``."""
        named = _NAME.match(text)
        name, rest = (named[1].strip(), named[2]) if named and not Path(text).exists() else ("", text)
        path, _, roi = rest.rpartition("#") if "#" in rest and not Path(rest).exists() else (rest, "", "")
        return cls(Path(path), roi, name)


@dataclass(frozen=True)
class Trace:
    """A vessel to be traced on the images between two points inside it, LPS mm."""

    name: str
    start: Point
    end: Point
    largest_radius_mm: float


@dataclass(frozen=True)
class ContactRequest:
    """What is measured. ``images``: a DICOM series or a NIfTI image whose grid the masks are brought to."""

    tumour: Region
    vessels: Sequence[Region]
    thrombus: Region | None = None
    traces: Sequence[Trace] = ()
    images: Path | None = None


@dataclass(frozen=True)
class ContactsOfMasks:
    """What came of it: each vessel with its view where it is touched; ``notes`` on what was resampled or taken off."""

    tumour: Mask
    found: tuple[tuple[VesselContact | Apart | NotAssessable, ContactView | None], ...]
    notes: tuple[str, ...]


def contacts_of_masks(request: ContactRequest) -> ContactsOfMasks:
    """Contact of the tumour with each vessel that is given or traced.

    Raises InputError for files that cannot be read, hold no such region, or name a vessel twice; GeometryError for
    masks that belong to another place.
    """
    if not request.vessels and not request.traces:
        raise InputError(
            "no vessel is given", subject="--vessel", remedy="Add --vessel NAME=FILE, or --trace with --images."
        )
    for region in (request.tumour, *request.vessels, *([request.thrombus] if request.thrombus else [])):
        if not region.path.exists():
            raise InputError("does not exist", subject=str(region.path), remedy="Check the path.")
    with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
        images = _Images.of(request, Path(workspace))
        return _measured(request, images)


@dataclass(frozen=True)
class _Images:
    """Where masks are brought to, and what lies behind them: ``volume`` None where a mask gave the grid."""

    onto: SeriesFiles | Volume
    volume: Volume | None
    shown_on: str
    is_ct: bool

    @classmethod
    def of(cls, request: ContactRequest, workspace: Path) -> _Images:
        path = request.images
        if path is None:
            return cls._of_mask(request)
        if not path.exists():
            raise InputError("does not exist", subject=str(path), remedy="Check the path.")
        if is_nifti(path):
            image = read_image(path)
            return cls(image, image, path.name, False)
        seen = look([path], workspace)
        record = only_series([one for exam in seen.exams for one in exam.series], path)
        files = seen.files_of[record.key]
        if record.role is Role.PET:
            raise InputError(
                "PET shows no wall of a vessel", subject=str(path), found="PET", expected="a series of CT or MR"
            )
        return cls(files, load_volume(files), record.description or record.modality, record.modality == "CT")

    @classmethod
    def _of_mask(cls, request: ContactRequest) -> _Images:
        """The grid of the tumour's own file, or of the first vessel in NIfTI."""
        for region in (request.tumour, *request.vessels):
            if region.path.is_file() and is_nifti(region.path):
                return cls(read_image(region.path), None, "", False)
        raise InputError(
            "masks in DICOM lie on a series, and none is given",
            subject=request.tumour.path.name,
            expected="the images that the masks were drawn on",
            remedy="Add --images with the folder of that series.",
        )


def _measured(request: ContactRequest, images: _Images) -> ContactsOfMasks:
    notes: list[str] = []
    tumour = _tumour(request.tumour, images, notes)
    vessels = _vessels(request, images, tumour, notes)
    thrombus = None
    if request.thrombus is not None:
        drawn = _union_of(request.thrombus, images, notes)
        vessels, thrombus = with_thrombus(vessels, drawn)
    lumina = union([one.array for one in vessels.values()], tumour.geometry)
    shared_ml = float(np.count_nonzero(tumour.array & lumina)) * tumour.geometry.voxel_volume_ml
    if shared_ml > 0:
        notes.append(f"{shared_ml:.2f} mL of the tumour lay in vessels and was taken off: lumen is no tumour.")
    outside = replace(tumour, array=tumour.array & ~lumina)
    found = []
    for name, vessel in vessels.items():
        one = vessel_contact(vessel, outside, name=name, others=lumina, defect=thrombus)
        found.append((one, _view(one, outside, images)))
    return ContactsOfMasks(outside, tuple(found), tuple(dict.fromkeys(notes)))


def _view(one: VesselContact | Apart | NotAssessable, tumour: Mask, images: _Images) -> ContactView | None:
    if not isinstance(one, VesselContact):
        return None
    window = _CT_WINDOW_HU if images.is_ct else None
    return contact_view(one, tumour, image=images.volume, shown_on=images.shown_on, window=window)


def _tumour(region: Region, images: _Images, notes: list[str]) -> Mask:
    chosen = _regions(region, images, notes)
    if len(chosen) != 1:
        raise InputError(
            "one tumour is measured at a time",
            subject=region.path.name,
            found=_listed(chosen),
            expected="one region",
            remedy=f"Name it: --tumour {region.path.name}#{chosen[0].number if chosen else 1}",
        )
    return chosen[0].mask


def _vessels(request: ContactRequest, images: _Images, tumour: Mask, notes: list[str]) -> dict[str, Mask]:
    vessels: dict[str, Mask] = {}
    for region in request.vessels:
        chosen = _regions(region, images, notes)
        if region.name and len(chosen) > 1:
            raise InputError(
                "an angle is told of one vessel, and the file holds several regions",
                subject=f"{region.name}={region.path.name}",
                found=_listed(chosen),
                expected="one region",
                remedy=f"Name it: --vessel {region.name}={region.path.name}#{chosen[0].number}; "
                "or leave the name out to measure all of them under their own.",
            )
        for one in chosen:
            _add(vessels, region.name or one.mask.name, one.mask)
    for trace in request.traces:
        if images.volume is None:
            raise InputError(
                "a vessel is traced on images, and none are given", subject=trace.name, remedy="Add --images."
            )
        traced = traced_vessel(
            images.volume,
            np.asarray(trace.start),
            np.asarray(trace.end),
            largest_radius_mm=trace.largest_radius_mm,
            name=trace.name,
            tumour=tumour,
        )
        notes.append(f"{trace.name} was traced between two points: look at its wall in the picture.")
        _add(vessels, trace.name, traced.lumen)
    return vessels


def _add(vessels: dict[str, Mask], name: str, mask: Mask) -> None:
    if name in vessels:
        raise InputError(
            "two masks have the name of one vessel",
            subject=name,
            expected="one mask for each vessel",
            remedy="Give another name.",
        )
    vessels[name] = replace(mask, name=name)


def _union_of(region: Region, images: _Images, notes: list[str]) -> Mask:
    chosen = _regions(region, images, notes)
    if not chosen:
        raise GeometryError("no region of it lies on these images", subject=region.path.name)
    return replace(chosen[0].mask, array=union([one.mask.array for one in chosen], chosen[0].mask.geometry))


def _regions(region: Region, images: _Images, notes: list[str]) -> list[Drawn]:
    """The regions of a file that are meant. A number picks one label of a NIfTI map without opening the others."""
    path, roi = region.path, region.roi
    if roi.isdigit() and path.is_file() and is_nifti(path):
        present = read_label_names(path).present
        if int(roi) not in present:
            raise InputError(
                f"there is no label {roi} in this map",
                subject=path.name,
                found=", ".join(str(one) for one in present) or "no label above 0",
                expected="one of these",
            )
        found = read_regions(path, images.onto, [int(roi)])
        notes += found.notes
        return list(found.regions)
    found = read_regions(path, images.onto)
    notes += found.notes
    return found.chosen(roi, path.name) if roi else list(found.regions)


def _listed(regions: Sequence[Drawn]) -> str:
    names = ", ".join(f"{one.number} {one.mask.name}" for one in regions[:_MOST_LISTED])
    rest = len(regions) - _MOST_LISTED
    return f"{names} and {rest} more" if rest > 0 else names or "no region"
