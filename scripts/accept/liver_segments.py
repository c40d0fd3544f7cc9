"""Couinaud segments against reference patients: each segment's volume and each lesion's segment, by source of the cut.

``python -m scripts.accept.liver_segments TRUTH...``: folders with the truth of a reference patient (with a CT).
Every cut gets the true masks of liver and vessels, so that only the cutting is measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from isletscope.spatial import Geometry, Mask
from isletscope.spatial.sitk import geometry_of, simple_itk
from isletscope.surgery import LiverMap, segments_from_landmarks, segments_from_veins
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


def main(folders: list[Path]) -> None:
    """Print the table: median and greatest error by segment, and lesions in the right segment, for each source."""
    cuts: tuple[tuple[str, Cut], ...] = (("veins", segments_from_veins), ("landmarks", segments_from_landmarks))
    print("| source | " + " | ".join(f"segment {n}" for n in range(1, 9)) + " | within 10 % | lesions right |")
    for name, cut in cuts:
        results = [measure(folder, cut) for folder in folders]
        by_segment = {n: [errors[n] for errors, _, _ in results if n in errors] for n in range(1, 9)}
        cells = [f"{median(e):+.1f} ({max(e, key=abs):+.1f})" for e in by_segment.values()]
        every = [abs(error) for errors in by_segment.values() for error in errors]
        right = sum(result[1] for result in results)
        total = sum(result[2] for result in results)
        within = f"{sum(e <= 10 for e in every)}/{len(every)}"
        print(f"| {name} | {' | '.join(cells)} | {within} | {right}/{total} |", flush=True)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
