"""Whole readings of real public patients: what is found, missed, called physiologic; seconds and memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import pydicom

from scripts.accept.claims import Claim
from scripts.accept.program import Result, isletscope

REAL = "Readings of real scans"

Points = npt.NDArray[np.float64]


# The headers of the whole-body PET name the nuclide and no tracer: what a reader would enter.
TRACER_ENTRY = """entries:
  - {subject: tracer_class, value: fdg, who: A. Reader, when: 2026-01-01, why: the collection says FDG}
"""


def measure_qin(data: Path, work: Path, *, with_segmentation: bool = False, with_entry: bool = False) -> Result:
    """Read the whole-body PET: alone, with its SEG beside it, or with a reader's word that the tracer is FDG.

    The 11 segments are the truth.
    """
    folder = data / "pet_wb_qin_headneck_0139"
    truth = seg_points(folder / "mask/mask.dcm")
    inputs: list[str | Path] = [folder / "image", *([folder / "mask"] if with_segmentation else [])]
    if with_entry:
        (work / "entries.yaml").write_text(TRACER_ENTRY)
        inputs += ["--entries", work / "entries.yaml"]
    return _read(inputs, work / "case", truth)


def measure_sarcoma(data: Path, patient: str, work: Path) -> Result:
    """Read one PET/CT/MR of a limb; the contour of the tumour on PET is the truth."""
    folder = data / "petctmr_sts" / patient
    contours = folder / "PET/mask/RS.dcm"
    inputs: list[str | Path] = [folder / modality / "image" for modality in ("PET", "CT", "MR_T1")]
    return _read(inputs, work / "case", {"GTV": contours})


def _read(inputs: list[str | Path], case: Path, truth: Mapping[str, Points | Path]) -> Result:
    run = isletscope("read", *inputs, "--out", case)
    result: Result = {
        "exit_code": run.exit_code,
        "seconds": run.seconds,
        "peak_memory_mb": run.peak_memory_mb,
        "words": (run.errors.strip() or run.output.strip())[-2000:],
    }
    if run.exit_code not in (0, 1) or not (case / "case.json").is_file():
        return result
    document = json.loads((case / "case.json").read_text())
    result["report"] = sorted(path.name for path in (case / "report").glob("report.*"))
    result["supplements"] = [
        f"{item['kind']} with {len(item.get('regions', []))} regions" for item in document.get("supplements", [])
    ]
    result["readings"] = [_reading(case, reading, truth) for reading in document["readings"]]
    return result


def _reading(case: Path, reading: dict[str, Any], truth: Mapping[str, Points | Path]) -> Result:
    """What one PET's reading says, and how it meets the truth."""
    verdicts = {focus["label"]: focus["verdict"] for focus in reading["foci"]}
    names = {focus["label"]: focus for focus in reading["foci"]}
    found: dict[str, list[int]] = {}
    if reading.get("foci_map"):
        image = nibabel.nifti1.Nifti1Image.from_filename(case / reading["foci_map"])
        labels = np.asarray(image.dataobj).astype(int)
        for name, place in truth.items():
            touched = _labels_at(labels, image.affine, place)
            found[name] = [int(label) for label in touched if label]
    on_truth = {label for there in found.values() for label in there}
    return {
        "series": reading["series_key"],
        "tracer": reading["tracer_class"],
        "references": [
            {
                "name": region["name"],
                "state": region["state"],
                "because": region.get("missing_because", ""),
                "mean": region.get("mean"),
                "confidence": region.get("confidence", ""),
            }
            for region in reading["references"]
        ],
        "limits": reading.get("limits", []),
        "truth": {name: sorted({verdicts.get(label, "?") for label in there}) for name, there in found.items()},
        "truth_because": {
            name: [f"{names[label]['site']}: {names[label]['assessment'].get('because', '')}" for label in there]
            for name, there in found.items()
        },
        "foci": len(verdicts),
        "off_truth": [
            {
                "site": names[label]["site"],
                "verdict": verdict,
                "because": names[label]["assessment"].get("because", ""),
                "suv_max": _value(names[label], "suv_max"),
                "volume_ml": _value(names[label], "volume"),
            }
            for label, verdict in sorted(verdicts.items())
            if label not in on_truth
        ],
    }  # fmt: skip


def _value(focus: dict[str, Any], part: str) -> float | None:
    """The first measurement whose key holds the part."""
    for key, measurement in focus["measurements"].items():
        if part in key.lower():
            value = measurement.get("value")
            return None if value is None else float(value)
    return None


def _labels_at(labels: npt.NDArray[np.int_], affine: npt.NDArray[np.float64], place: Points | Path) -> list[int]:
    """Labels (not 0) that fill at least a tenth of the truth or lie in it by a tenth of their own size."""
    if isinstance(place, Path):
        inside = _inside_contours(labels.shape, affine, place)
    else:
        inside = np.zeros(labels.shape, dtype=bool)
        ras = place * (-1, -1, 1)
        index = np.rint(nibabel.affines.apply_affine(np.linalg.inv(affine), ras)).astype(int)
        keep = ((index >= 0) & (index < labels.shape)).all(axis=1)
        inside[tuple(index[keep].T)] = True
    counted = np.bincount(labels[inside], minlength=labels.max() + 1)
    sizes = np.bincount(labels.ravel(), minlength=labels.max() + 1)
    return [
        int(label)
        for label in np.flatnonzero(counted)
        if label and (counted[label] >= 0.1 * inside.sum() or counted[label] >= 0.1 * sizes[label])
    ]


def seg_points(path: Path) -> dict[str, Points]:
    """Voxel centres of each segment of a binary DICOM SEG, LPS mm [n, 3], read by hand."""
    seg = pydicom.dcmread(path)
    frames = seg.pixel_array
    shared = seg.SharedFunctionalGroupsSequence[0]
    rows, columns = np.split(np.asarray(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float), 2)
    spacing = [float(value) for value in shared.PixelMeasuresSequence[0].PixelSpacing]
    points: dict[str, list[Points]] = {}
    for frame, group in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        corner = np.asarray(group.PlanePositionSequence[0].ImagePositionPatient, float)
        j, i = np.nonzero(frame)
        centres = corner + np.outer(i * spacing[1], rows) + np.outer(j * spacing[0], columns)
        points.setdefault(f"segment {number}", []).append(centres)
    return {name: np.concatenate(parts) for name, parts in sorted(points.items(), key=lambda item: int(item[0][8:]))}


def _inside_contours(shape: tuple[int, ...], affine: npt.NDArray[np.float64], path: Path) -> npt.NDArray[np.bool_]:
    """Voxels [i, j, k] of an axial grid whose centre lies inside the contours of an RTSTRUCT, even-odd by slice."""
    inside = np.zeros(shape, dtype=bool)
    plane = np.stack(np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij"), axis=-1)
    to_index = np.linalg.inv(affine)
    for contour in pydicom.dcmread(path).ROIContourSequence[0].ContourSequence:
        points = np.asarray(contour.ContourData, float).reshape(-1, 3) * (-1, -1, 1)
        index = nibabel.affines.apply_affine(to_index, points)
        k = round(float(index[:, 2].mean()))
        if 0 <= k < shape[2]:
            inside[:, :, k] ^= _inside_outline(plane, index[:, :2])
    return inside


def _inside_outline(points: npt.NDArray[np.int_], outline: Points) -> npt.NDArray[np.bool_]:
    """Whether points [..., 2] lie inside a closed outline [n, 2]: an odd number of edges to one side."""
    inside = np.zeros(points.shape[:-1], dtype=bool)
    x, y = points[..., 0], points[..., 1]
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def real_patient_claims(name: str, result: Result, *, whole_body: bool) -> Iterator[Claim]:
    """The reading ended with a report; missing reference regions say why; what was found and missed is reported."""
    ended = result["exit_code"] in (0, 1) and result.get("report") == ["report.html", "report.pdf"]
    effort = f"{result['seconds']:.0f} s, {result['peak_memory_mb'] / 1000:.1f} GB"
    yield Claim(REAL, f"{name}: a report, HTML and PDF", "written", effort if ended else result["words"][-200:], ended)
    for reading in result.get("readings", []):
        yield _reference_claim(name, reading, whole_body)
        hit = [part for part, verdicts in reading["truth"].items() if set(verdicts) & {"tumour", "unsure"}]
        wrong = [part for part, verdicts in reading["truth"].items() if verdicts == ["physiologic"]]
        missed = [part for part, verdicts in reading["truth"].items() if not verdicts]
        text = f"{len(hit)} of {len(reading['truth'])} found"
        text += f"; called physiologic: {', '.join(wrong)}" if wrong else ""
        text += f"; missed: {', '.join(missed)}" if missed else ""
        yield Claim(REAL, f"{name}: tumour of the truth, on {reading['series']}", "", text, None)
        beside = [focus["verdict"] for focus in reading["off_truth"]]
        counts = ", ".join(f"{beside.count(verdict)} {verdict}" for verdict in ("tumour", "unsure", "physiologic"))
        yield Claim(REAL, f"{name}: foci elsewhere", "", counts, None)
    if not result.get("readings"):
        yield Claim(REAL, f"{name}: a PET was read", "one", "none", False)


def _reference_claim(name: str, reading: dict[str, Any], whole_body: bool) -> Claim:
    """No region is invented where it is not in the images; on a whole body each is there or says why not."""
    texts = []
    for region in reading["references"]:
        if region["state"] == "missing":
            texts.append(f"{region['name']}: missing, {region['because']}")
        else:
            texts.append(f"{region['name']}: SUVmean {region['mean']:.2f} ({region['confidence'] or 'no'} confidence)")
    present = [region for region in reading["references"] if region["state"] != "missing"]
    explained = all(region["because"] for region in reading["references"] if region["state"] == "missing")
    holds = bool(reading["references"]) and explained and (whole_body or not present)
    bar = "found, or missing with the reason" if whole_body else "missing, because not in the images"
    return Claim(REAL, f"{name}: reference regions", bar, "; ".join(texts) or "none listed", holds)
