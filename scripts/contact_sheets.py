"""One picture of each scenario for the documentation: what its exams look like, with its lesions outlined.

python scripts/contact_sheets.py                        all scenarios, full size
python scripts/contact_sheets.py head-smv-100 --size small --patients FOLDER

Patients are made in a temporary folder, or kept in FOLDER/NAME and used again. Pictures go to docs/images/scenarios.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from isletscope.phantom import generate, scenarios
from isletscope.phantom.structures import structures
from tests.phantom.measuring.files import Series, Stack, read_folder

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "images" / "scenarios"
_PANEL = (280, 216)
_CAPTION = 17
_HEAD = 44
_LEGEND = 26
_FIELD_MM = 340.0
_GREYS, _MIXED = 36, 10
_SCALES, _LARGEST_BYTES = (1.0, 0.9, 0.8, 0.7, 0.6), 200_000
# Share of a whole-body scan, from the head down, that the projection shows.
_SHOWN_OF_BODY = 0.84
_BACK, _INK, _QUIET = (12, 13, 15), (235, 237, 240), (160, 166, 174)
_LESION = (255, 214, 10)
# Structures shown in colour in the overlay panel.
_COLOURS: dict[str, tuple[tuple[int, int, int], tuple[str, ...]]] = {
    "pancreas": ((240, 150, 90), ("pancreas_",)),
    "artery": ((235, 64, 64), ("aorta", "_artery")),
    "vein": ((80, 130, 255), ("_vein", "vena_cava")),
    "duct": ((90, 220, 150), ("_duct",)),
    "duodenum": ((190, 120, 220), ("duodenum",)),
}
_WINDOWS = {
    "CT": (-125.0, 225.0),
    "bone": (-200.0, 800.0),
    "sstr": (0.0, 18.0),
    "fdg": (0.0, 7.0),
    "exendin": (0.0, 14.0),
}
_DETAIL_WINDOW = (0.0, 220.0)
# Share of the body's pixels that a window of MR holds: fluid may glare on T2.
_MR_HELD = {"t2_fat_sat": 98.3}
_MR_WORDS = {
    "t2_fat_sat": "MR T2 fat-sat",
    "dwi_b800": "MR DWI b 800",
    "adc": "MR ADC",
    "t1_late_arterial": "MR T1 arterial",
    "t1_hepatobiliary": "MR hepatobiliary",
    "t1_delayed": "MR T1 delayed",
}

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Panel:
    """One picture of the sheet, RGB [row, column, 3], and what stands under it."""

    picture: Picture
    caption: str


class Patient:
    """A made patient: its truth, and its series read from the scanner files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.truth: dict[str, Any] = json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8"))
        shown = {"phase", "detail", "pet", *_MR_WORDS}
        uids = {entry["uid"] for exam in self.truth["exams"] for entry in exam["series"] if entry["role"] in shown}
        self._series: dict[str, Series] = read_folder(
            folder / "dicom", lambda header: str(header.SeriesInstanceUID) in uids
        )

    def exams(self, kind: str, time_point: str) -> list[dict[str, Any]]:
        """Exams of a kind at a time point."""
        return [e for e in self.truth["exams"] if e["kind"] == kind and e["time_point"] == time_point]

    def time_points(self) -> list[str]:
        """Names of time points, in order of date."""
        names = [exam["time_point"] for exam in sorted(self.truth["exams"], key=lambda exam: str(exam["date"]))]
        return list(dict.fromkeys(names))

    @property
    def followed(self) -> bool:
        """Whether there are several time points, so that each gets fewer panels."""
        return len(self.time_points()) > 1

    def stack(self, exam: dict[str, Any], role: str, phase: str | None = None) -> Stack | None:
        """A series of an exam as one volume; None where it is not there."""
        entry = next((e for e in exam["series"] if e["role"] == role and phase in (None, e.get("phase"))), None)
        if entry is None:
            return None
        together = [e for e in exam["series"] if e["uid"] == entry["uid"]]
        return self._series[entry["uid"]].stacks()[together.index(entry)]

    def mask(self, exam: dict[str, Any], grid: str, what: str) -> Stack:
        """A label map of the truth on a grid of the exam."""
        image: Any = nibabel.load(self._folder / "truth" / exam["masks"][grid][what])
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.asarray(image.affine)
        return Stack(np.asarray(image.dataobj).transpose(2, 1, 0), affine[:, [2, 1, 0, 3]])

    def place(self, lesion: dict[str, Any], exam: dict[str, Any]) -> npt.NDArray[np.float64] | None:
        """Centre of a lesion in an exam (LPS mm); None where it is absent."""
        there = lesion["exams"].get(exam["name"])
        return np.array(there["centre_lps_mm"]) if there else None

    def shown(self) -> list[dict[str, Any]]:
        """The lesions that the axial panels go through.

        The first of the pancreas, and the largest of the liver or, where that is free, of the bone.
        """
        inside = [lesion for lesion in self.truth["lesions"] if lesion["site"] == "pancreas"]
        outside = [lesion for lesion in self.truth["lesions"] if lesion["site"] == "liver"]
        outside = outside or [lesion for lesion in self.truth["lesions"] if lesion["site"] == "bone"]
        others = sorted(outside, key=lambda lesion: -float(lesion["diameter_mm"]))
        return [*inside[:1], *others[:1]]


def _greys(values: npt.NDArray[Any], low: float, high: float, *, inverse: bool = False) -> Picture:
    share = np.clip((values.astype(np.float64) - low) / max(high - low, 1e-9), 0, 1)
    grey = ((1 - share if inverse else share) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _cut(stack: Stack, centre: npt.NDArray[np.float64], plane: str, field_mm: float) -> npt.NDArray[np.float32]:
    """A plane through a point, sampled to panel size: rows down, columns to the patient's left."""
    index = _plane(stack, centre, plane, field_mm)
    sampled = ndimage.map_coordinates(stack.image, index, order=1, mode="constant", cval=-1024.0)
    return np.asarray(sampled, dtype=np.float32).reshape(_PANEL[::-1])


def _cut_labels(stack: Stack, centre: npt.NDArray[np.float64], plane: str, field_mm: float) -> npt.NDArray[np.float32]:
    """The same plane of a label map: at each pixel the label with the largest share, so that outlines are smooth."""
    index = _plane(stack, centre, plane, field_mm)
    low = np.maximum(np.floor(index.min(axis=1)).astype(int) - 1, 0)
    high = np.maximum(np.ceil(index.max(axis=1)).astype(int) + 2, low + 1)
    near = stack.image[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    best, labels = np.full(index.shape[1], 0.5), np.zeros(index.shape[1], dtype=np.float32)
    for label in np.unique(near[near > 0]):
        share = ndimage.map_coordinates((near == label).astype(np.float32), index - low[:, None], order=1)
        labels[share >= best] = label
        best = np.maximum(best, share)
    return labels.reshape(_PANEL[::-1])


def _plane(stack: Stack, centre: npt.NDArray[np.float64], plane: str, field_mm: float) -> npt.NDArray[np.float64]:
    """Continuous indices [3, row by row] of a panel's pixels in a volume."""
    width, height = _PANEL
    step = field_mm / width
    across = (np.arange(width) - (width - 1) / 2) * step
    down = (np.arange(height) - (height - 1) / 2) * step
    points = np.zeros((height, width, 3))
    points[..., 0] = centre[0] + across[None, :]
    points[..., 1] = centre[1] + (down[:, None] if plane == "axial" else 0.0)
    points[..., 2] = centre[2] - (down[:, None] if plane == "coronal" else 0.0)
    return np.asarray(stack.index(points.reshape(-1, 3)).T)


def _outlined(picture: Picture, labels: npt.NDArray[np.float32], wide: int = 1) -> Picture:
    """Lesions outlined by a line some pixels ``wide``, drawn on a copy."""
    drawn = picture.copy()
    for label in np.unique(labels[labels > 0]):
        inside = labels == label
        drawn[ndimage.binary_dilation(inside, iterations=wide) & ~inside] = _LESION
    return drawn


def _coloured(picture: Picture, labels: npt.NDArray[np.float32]) -> Picture:
    drawn = picture.astype(np.float64)
    for colour, words in _COLOURS.values():
        wanted = [s.label for key, s in structures().items() if any(word in key for word in words)]
        here = np.isin(labels.astype(int), wanted)
        drawn[here] = 0.45 * drawn[here] + 0.55 * np.array(colour)
    return drawn.astype(np.uint8)


def _middle_of_body(stack: Stack, height: float) -> npt.NDArray[np.float64]:
    """Centre of the body's section at a height (LPS mm)."""
    ends = stack.points(np.array([[0.0, 0, 0], np.array(stack.image.shape, dtype=np.float64) - 1]))
    low, high = ends.min(axis=0), ends.max(axis=0)
    return np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, height])


def _ct_panels(patient: Patient, exam: dict[str, Any]) -> Iterable[Panel]:
    phases = [entry["phase"] for entry in exam["series"] if entry["role"] == "phase"]
    early = "late_arterial" if "late_arterial" in phases else phases[0]
    late = "portal_venous" if "portal_venous" in phases else phases[-1]
    lesions, structure = patient.mask(exam, "ct", "lesions"), patient.mask(exam, "ct", "structures")
    first, wide = True, 2 if patient.followed else 1
    for lesion in patient.shown():
        centre = patient.place(lesion, exam)
        if centre is None:
            continue
        bone = lesion["site"] == "bone"
        for phase in (early, late):
            stack = patient.stack(exam, "phase", phase)
            if stack is None:
                continue
            middle = _middle_of_body(stack, centre[2])
            picture = _greys(_cut(stack, middle, "axial", _FIELD_MM), *_WINDOWS["bone" if bone else "CT"])
            if phase == late:
                picture = _outlined(picture, _cut_labels(lesions, middle, "axial", _FIELD_MM), wide)
            yield Panel(picture, f"CT {phase.replace('_', ' ')}, {lesion['id']}{', bone window' if bone else ''}")
        if first and (stack := patient.stack(exam, "phase", late)) is not None:
            if not patient.followed:
                picture = _greys(_cut(stack, centre, "axial", 130.0), *_WINDOWS["CT"])
                picture = _coloured(picture, _cut_labels(structure, centre, "axial", 130.0))
                yield Panel(_outlined(picture, _cut_labels(lesions, centre, "axial", 130.0)), "structures of the truth")
            middle = np.array([_middle_of_body(stack, centre[2])[0], centre[1], centre[2]])
            picture = _greys(_cut(stack, middle, "coronal", _FIELD_MM), *_WINDOWS["CT"])
            yield Panel(
                _outlined(picture, _cut_labels(lesions, middle, "coronal", _FIELD_MM), wide),
                f"CT {late.replace('_', ' ')}",
            )
        first = False
    detail = patient.stack(exam, "detail")
    if detail is not None and (centre := patient.place(patient.truth["lesions"][0], exam)) is not None:
        field_mm = min(96.0, float(detail.spacing_mm[2]) * detail.image.shape[2])
        yield Panel(_greys(_cut(detail, centre, "axial", field_mm), *_DETAIL_WINDOW), "CT detail, 0.5 mm")


def _mr_panels(patient: Patient, exam: dict[str, Any]) -> Iterable[Panel]:
    roles = [entry["role"] for entry in exam["series"]]
    last = "t1_hepatobiliary" if "t1_hepatobiliary" in roles else "t1_delayed"
    shown = patient.shown()
    centre = patient.place(shown[-1], exam) if shown else None
    for role in ("t2_fat_sat", last) if patient.followed else ("t2_fat_sat", "dwi_b800", "adc", last):
        stack = patient.stack(exam, role) if role in roles else None
        if stack is None:
            continue
        height = centre[2] if centre is not None else float(_middle_of_body(stack, 0.0)[2])
        values = _cut(stack, _middle_of_body(stack, height), "axial", _FIELD_MM)
        values[values < -1000] = 0.0
        body = values[values > np.percentile(values, 40)]
        high = 2600.0 if role == "adc" else float(np.percentile(body, _MR_HELD.get(role, 99.3)))
        yield Panel(_greys(values, 0.0, high), f"{_MR_WORDS[role]}, {shown[-1]['id'] if shown else ''}")


def _pet_panels(patient: Patient, exam: dict[str, Any]) -> Iterable[Panel]:
    stack = patient.stack(exam, "pet")
    if stack is None:
        return
    suv = stack.image * float(exam["suv_per_bq_ml"])
    projection = suv.max(axis=1)[::-1]
    k, _, i = stack.spacing_mm
    width, height = _PANEL
    tall = _SHOWN_OF_BODY * projection.shape[0] * k
    step = tall / height
    rows = np.clip((np.arange(height) * step / k), 0, projection.shape[0] - 1)
    middle = projection.shape[1] / 2
    columns = middle + (np.arange(width) - width / 2) * step / i
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"))
    picture = ndimage.map_coordinates(projection, grid, order=1, mode="constant")
    low, high = _WINDOWS[exam["tracer_class"]]
    yield Panel(_greys(picture, low, high, inverse=True), f"{exam['tracer']} MIP, SUV 0 to {high:g}")


def _rows(patient: Patient) -> list[tuple[str, list[Panel]]]:
    rows = []
    for point in patient.time_points():
        panels: list[Panel] = []
        for exam in patient.exams("ct", point):
            panels += _ct_panels(patient, exam)
        for exam in patient.exams("mr", point):
            panels += _mr_panels(patient, exam)
        for exam in patient.exams("pet_ct", point):
            panels += _pet_panels(patient, exam)
        rows.append((point, panels))
    return rows


def sheet(patient: Patient) -> Image.Image:
    """The whole sheet of a patient."""
    rows = _rows(patient)
    wide = 4 if patient.followed else 5
    lines: list[tuple[str, list[Panel]]] = []
    for point, panels in rows:
        starts = range(0, len(panels), wide)
        lines += [(point if start == 0 else "", panels[start : start + wide]) for start in starts]
    named = len(rows) > 1
    width, height = _PANEL
    line_height = height + _CAPTION + 4
    size = (wide * (width + 4) + 4, _HEAD + len(lines) * line_height + _LEGEND)
    canvas = Image.new("RGB", size, _BACK)
    draw = ImageDraw.Draw(canvas)
    draw.text((8, 5), patient.truth["scenario"], fill=_INK, font=ImageFont.load_default(18))
    draw.text((8, 26), patient.truth["title"], fill=_QUIET, font=ImageFont.load_default(13))
    font = ImageFont.load_default(12)
    for n, (point, panels) in enumerate(lines):
        top = _HEAD + n * line_height
        for m, panel in enumerate(panels):
            left = 4 + m * (width + 4)
            canvas.paste(Image.fromarray(panel.picture), (left, top))
            caption = f"{point.replace('_', ' ')}: {panel.caption}" if named and point and m == 0 else panel.caption
            draw.text((left + 2, top + height + 1), caption, fill=_QUIET, font=font)
            draw.text((left + 4, top + 2), "R", fill=_QUIET, font=font)
    _legend(draw, size[1] - _LEGEND + 6, font)
    return canvas


def _legend(draw: ImageDraw.ImageDraw, top: int, font: Any) -> None:
    left = 8
    for name, colour in (("lesion", _LESION), *((name, entry[0]) for name, entry in _COLOURS.items())):
        draw.rectangle((left, top + 2, left + 10, top + 12), fill=colour)
        draw.text((left + 15, top), name, fill=_QUIET, font=font)
        left += 30 + 8 * len(name)
    draw.text(
        (left + 10, top), "digital reference patient, not a person; CT window -125 to 225 HU", fill=_QUIET, font=font
    )


def _palette() -> Image.Image:
    """Greys, the colours, and the colours over greys: few enough for small files, enough for the overlay."""
    greys = [(n, n, n) for n in np.linspace(0, 255, _GREYS).astype(int)]
    mixed = [
        tuple(int(0.45 * grey + 0.55 * part) for part in colour)
        for colour, _ in _COLOURS.values()
        for grey in np.linspace(0, 255, _MIXED)
    ]
    entries = [*greys, *mixed, _LESION, _INK, _QUIET, _BACK, *(colour for colour, _ in _COLOURS.values())]
    palette = Image.new("P", (1, 1))
    palette.putpalette([int(part) for entry in entries for part in entry])
    return palette


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="scenarios; all that state what is expected when none is named")
    parser.add_argument("--size", choices=("small", "full"), default="full")
    parser.add_argument("--patients", type=Path, help="keep patients here and use those that are there")
    parser.add_argument("--out", type=Path, default=PICTURES)
    options = parser.parse_args()
    names = options.names or [plan.name for plan in scenarios() if plan.expected]
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in names:
            folder = (options.patients or Path(temporary)) / name
            if not folder.exists():
                generate(name, folder, size=options.size)
            print(name, _save(sheet(Patient(folder)), options.out / f"{name}.png") // 1024, "KB")
    return 0


def _save(picture: Image.Image, path: Path) -> int:
    """Write a sheet with few colours, smaller when its file would be large. Returns the file's size in bytes."""
    for scale in _SCALES:
        wide, high = (round(scale * side) for side in picture.size)
        small = picture.resize((wide, high), Image.Resampling.LANCZOS) if scale < 1 else picture
        small.quantize(palette=_palette(), dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= _LARGEST_BYTES:
            break
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
