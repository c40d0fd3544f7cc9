"""Couinaud segments against reference patients: each segment's volume and each lesion's segment, by source of the cut.

``python -m scripts.accept.liver_segments TRUTH... [--read CASE...]``: folders with the truth of a reference patient
(with a CT). Every cut gets the true masks of liver and vessels, so that only the cutting is measured. With ``--read``
the case folders that ``isletscope read`` made of the same patients, in the same order, are measured too: images alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from isletscope.model import Compartment, ReadingOfImages
from isletscope.reading import CaseFolder
from isletscope.spatial import Geometry, Mask, resample_labels
from isletscope.spatial.sitk import geometry_of, simple_itk
from isletscope.surgery import LiverMap, SegmentSource, segments_from_landmarks, segments_from_veins
from isletscope.surgery.liver_segments import VEINS

Labels = npt.NDArray[Any]
Cut = Callable[[Mask, Mapping[str, Mask], Mapping[str, Any]], LiverMap]


def read_truth(folder: Path) -> tuple[Mask, Labels, dict[str, Mask], dict[str, Labels]]:
    """Liver, its true segments, masks of vessels and landmarks, and the lesions in the liver of a patient's CT."""
    document = json.loads((folder / "truth.json").read_text())
    sitk = simple_itk()
    image = sitk.ReadImage(str(folder / "ct_ct_structures.nii.gz"))
    labels = sitk.GetArrayFromImage(image)
    geometry = geometry_of(image)
    number = {name: entry["label"] for name, entry in document["structures"].items()}
    first = number["liver_segment_1"]
    segments = np.where((labels >= first) & (labels < first + 8), labels - first + 1, 0).astype(np.uint8)
    masks = {n: Mask(labels == number[n], geometry) for n in (*VEINS, "inferior_vena_cava", "gallbladder")}
    masks["portal_bifurcation"] = _bifurcation(labels, number, geometry)
    masks["umbilical_fissure"] = _fissure(segments, geometry)
    drawn = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "ct_ct_lesions.nii.gz")))
    lesions = {
        one["id"]: drawn == one["label"]
        for one in document["lesions"]
        if one["site"] == "liver" and one["fates"].get("ct", {}).get("fate") == "present"
    }
    return Mask(segments > 0, geometry), segments, masks, lesions


def _bifurcation(labels: Labels, number: Mapping[str, int], geometry: Geometry) -> Mask:
    """Where the left and the right branch come closest to each other."""
    left, right = (np.argwhere(labels == number[f"portal_vein_{side}"]) for side in ("left", "right"))
    a, b = (geometry.to_lps(points) for points in (left, right))
    nearest = left[np.argmin(((a - b[np.argmax(b[:, 0])]) ** 2).sum(axis=1))]
    found = np.zeros(labels.shape, dtype=bool)
    found[tuple(nearest)] = True
    return Mask(found, geometry)


def _fissure(segments: Labels, geometry: Geometry) -> Mask:
    """What a reader would mark: the front tenth of the true border between segments 3 and 4."""
    border = binary_dilation(segments == 4) & (segments == 3)
    voxels = np.argwhere(border)
    front = geometry.to_lps(voxels)[:, 1]
    found = np.zeros(segments.shape, dtype=bool)
    found[tuple(voxels[front <= np.percentile(front, 10)].T)] = True
    return Mask(found, geometry)


def measure(folder: Path, cut: Cut) -> tuple[dict[int, float], int, int]:
    """Error of each segment's volume in percent, lesions in the right segment, and all lesions."""
    liver, truth, masks, lesions = read_truth(folder)
    found = cut(liver, masks, lesions)
    true_map = LiverMap(liver, truth, found.source, lesions)
    is_true, is_found = true_map.by_segment_ml(), found.by_segment_ml()
    errors = {n: 100 * (is_found[n] - is_true[n]) / is_true[n] for n in is_true if is_true[n] > 0}
    places = [(true_map.place(name), found.place(name)) for name in lesions]
    both = [(a.segment, b.segment) for a, b in places if a is not None and b is not None]
    return errors, sum(a == b for a, b in both), len(both)


def measure_read(truth: Path, case_folder: Path) -> tuple[dict[int, float], int, int]:
    """As :func:`measure`, of what a reading of the images found: its own liver, vessels and lesions.

    A true lesion is the one whose outline on that CT covers most of it; lesions that were not found do not count,
    found ones without a segment count as wrong. No segments at all: no errors.
    """
    liver, segments, _, lesions = read_truth(truth)
    folder = CaseFolder.open(case_folder)
    is_true = LiverMap(liver, segments, SegmentSource.IMPORTED, lesions)
    found = next((one for point in folder.case.time_points for one in point.liver if one.segments), None)
    reading = next((one for one in folder.case.image_readings if found and one.series_key == found.series_key), None)
    if found is None or reading is None:
        return {}, 0, 0
    sitk = simple_itk()
    image = sitk.ReadImage(str(case_folder / str(reading.segment_map)))
    cut = sitk.GetArrayFromImage(image)
    step_ml = geometry_of(image).voxel_volume_ml
    errors = {
        n: float(100 * (np.count_nonzero(cut == n) * step_ml - volume) / volume)
        for n, volume in is_true.by_segment_ml().items()
        if volume > 0
    }
    told = _segments_told(folder, reading, lesions, liver.geometry)
    places = {name: is_true.place(name) for name in told}
    both = [(place.segment, told[name]) for name, place in places.items() if place is not None]
    return errors, sum(str(number) == region for number, region in both), len(both)


def _segments_told(
    folder: CaseFolder, reading: ReadingOfImages, lesions: Mapping[str, Labels], geometry: Geometry
) -> dict[str, str]:
    """The segment that the case gives for each true lesion that the reading outlines."""
    image = simple_itk().ReadImage(str(folder.path / str(reading.foci_map)))
    foci = resample_labels(simple_itk().GetArrayFromImage(image).astype(np.uint16), geometry_of(image), geometry)
    label = {one.id: one.label for one in reading.foci}
    regions = {
        label[name]: lesion.place.region
        for lesion in folder.case.lesions
        if lesion.compartment is Compartment.LIVER
        for name in lesion.focus_ids
        if name in label
    }
    told = {}
    for name, mask in lesions.items():
        counts = np.bincount(foci[mask])
        covered = {number: int(counts[number]) for number in regions if number < counts.size and counts[number]}
        if covered:
            told[name] = regions[max(covered, key=covered.__getitem__)]
    return told


def _row(name: str, results: list[tuple[dict[int, float], int, int]]) -> str:
    by_segment = {n: [errors[n] for errors, _, _ in results if n in errors] for n in range(1, 9)}
    cells = [f"{median(e):+.1f} ({max(e, key=abs):+.1f})" if e else "none" for e in by_segment.values()]
    every = [abs(error) for errors in by_segment.values() for error in errors]
    right = sum(result[1] for result in results)
    total = sum(result[2] for result in results)
    return f"| {name} | {' | '.join(cells)} | {sum(e <= 10 for e in every)}/{len(every)} | {right}/{total} |"


def main(folders: list[Path], read: list[Path]) -> None:
    """Print the table: median and greatest error by segment, and lesions in the right segment, for each source."""
    cuts: tuple[tuple[str, Cut], ...] = (("veins", segments_from_veins), ("landmarks", segments_from_landmarks))
    print("| source | " + " | ".join(f"segment {n}" for n in range(1, 9)) + " | within 10 % | lesions right |")
    for name, cut in cuts:
        print(_row(name, [measure(folder, cut) for folder in folders]), flush=True)
    if read:
        results = [measure_read(folder, case) for folder, case in zip(folders, read, strict=True)]
        print(_row("from images alone", results))
        print(f"cut from images: {sum(bool(errors) for errors, _, _ in results)} of {len(results)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", nargs="+", type=Path)
    parser.add_argument("--read", nargs="*", type=Path, default=[])
    given = parser.parse_args()
    main(given.truths, given.read)
