"""Marking of readings: a perfect one, and one with every kind of fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from isletscope.errors import CaseError, InputError
from isletscope.phantom import check_case

AFFINE = np.diag([-4.0, -4.0, 4.0, 1.0])
SHAPE = (40, 30, 20)
SPLEEN = 6


def block(labels: np.ndarray, centre: tuple[int, int, int], half: int, label: int) -> None:
    x, y, z = centre
    labels[x - half : x + half + 1, y - half : y + half + 1, z - half : z + half + 1] = label


def save(labels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(labels.astype(np.uint8), AFFINE), str(path))


def lesion(label: int, centre: tuple[int, int, int], diameter: float, contrast: float) -> dict[str, Any]:
    return {
        "id": f"L{label}",
        "label": label,
        "site": "liver",
        "volume_ml": 10.0,
        "diameter_mm": diameter,
        "exams": {
            "sstr": {
                "centre_lps_mm": [4.0 * v for v in centre],
                "tumour_to_background": contrast,
                "shows": contrast >= 1.5,
                "suv_peak_noise_free": 20.0,
            }
        },
    }


def focus(
    label: int, centre: tuple[int, int, int], verdict: str, volume: float = 10.0, peak: float = 20.0
) -> dict[str, Any]:
    return {
        "id": f"pet-1/{label}",
        "label": label,
        "site": "liver",
        "verdict": verdict,
        "centroid_lps_mm": [4.0 * v for v in centre],
        "measurements": {"volume": {"value": volume}, "suv_peak_global": {"value": peak}},
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Truth: two clear lesions, one small, one faint; a spleen."""
    truth, case = tmp_path / "truth", tmp_path / "case"
    true, organs = np.zeros(SHAPE), np.zeros(SHAPE)
    lesions = [
        lesion(1, (8, 8, 8), 25, 6.0), lesion(2, (20, 8, 8), 15, 4.0), lesion(3, (8, 20, 8), 7, 5.0),
        lesion(4, (20, 20, 8), 20, 1.8),
    ]  # fmt: skip
    for item, centre in zip(lesions, [(8, 8, 8), (20, 8, 8), (8, 20, 8), (20, 20, 8)], strict=True):
        block(true, centre, 2, item["label"])
    block(organs, (32, 20, 12), 4, SPLEEN)
    save(true, truth / "lesions.nii.gz")
    save(organs, truth / "organs.nii.gz")
    exam = {
        "name": "sstr",
        "tracer_class": "sstr",
        "pet_series_uid": "1.2.3",
        "organs": {"spleen": {"label": SPLEEN}},
        "maps": {"lesions": "lesions.nii.gz", "organs": "organs.nii.gz"},
    }
    document = {"scenario": "made", "seed": 1, "exams": [exam], "lesions": lesions}
    (truth / "truth.json").write_text(json.dumps(document))
    case.mkdir()
    return case, truth


def write_case(case: Path, foci: list[tuple[dict[str, Any], int]]) -> None:
    labels = np.zeros(SHAPE)
    for item, half in foci:
        x, y, z = (int(v / 4) for v in item["centroid_lps_mm"])
        block(labels, (x, y, z), half, item["label"])
    save(labels, case / "masks" / "pet-1_foci.nii.gz")
    document = {
        "exams": [{"series": [{"key": "pet-1", "series_uid": "1.2.3"}]}],
        "readings": [{"series_key": "pet-1", "foci": [item for item, _ in foci]}],
    }
    (case / "case.json").write_text(json.dumps(document))


def test_a_perfect_reading(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    write_case(case, [(focus(1, (8, 8, 8), "tumour"), 2), (focus(2, (20, 8, 8), "tumour"), 2)])
    result = check_case(case, truth)
    assert result.sensitivity == result.strict_sensitivity == 1.0
    assert result.false_positives_per_scan == result.physiologic_per_scan == 0
    assert result.median_volume_error_percent == result.largest_peak_error_percent == 0
    assert [mark.lesion for mark in result.qualifying] == ["L1", "L2"]


def test_every_fault_is_counted_once(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    write_case(
        case,
        [
            (focus(1, (8, 8, 8), "unsure", volume=12.0, peak=21.0), 2),
            (focus(2, (20, 8, 8), "physiologic"), 2),
            (focus(3, (32, 20, 12), "tumour"), 2),
            (focus(4, (32, 5, 3), "tumour"), 1),
            (focus(5, (32, 5, 12), "physiologic"), 1),
        ],
    )
    result = check_case(case, truth)
    assert result.sensitivity == 0.5
    assert result.strict_sensitivity == 0.0
    assert result.false_positives_per_scan == 1
    assert result.physiologic_per_scan == 1
    assert result.median_volume_error_percent == pytest.approx(20.0)
    assert result.median_peak_error_percent == pytest.approx(5.0)
    text = result.to_text()
    assert "sensitivity (tumour or unsure)     50.0 %" in text
    assert "spleen" in text
    assert "Smaller or fainter lesions" in text
    assert json.loads(result.to_json())["figures"]["sensitivity"] == 0.5


def test_nearness_counts_where_masks_do_not_touch(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    near = focus(1, (8, 8, 8), "tumour")
    write_case(case, [(near, 2)])
    near["centroid_lps_mm"] = [32.0, 32.0, 40.0]
    save(np.zeros(SHAPE), case / "masks" / "pet-1_foci.nii.gz")
    document = json.loads((case / "case.json").read_text())
    document["readings"][0]["foci"] = [near]
    (case / "case.json").write_text(json.dumps(document))
    assert check_case(case, truth).lesions[0].verdict == "tumour"


def test_no_focus_at_all(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    write_case(case, [])
    result = check_case(case, truth)
    assert result.sensitivity == 0.0
    assert result.median_volume_error_percent is None
    assert "not measured" in result.to_text()


def test_another_patient_is_refused(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    write_case(case, [])
    document = json.loads((case / "case.json").read_text())
    document["exams"][0]["series"][0]["series_uid"] = "9.9"
    (case / "case.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="no exam of this reference patient"):
        check_case(case, truth)


def test_missing_files_are_named(folders: tuple[Path, Path]) -> None:
    case, truth = folders
    with pytest.raises(CaseError, match=r"case.json"):
        check_case(case, truth)
    with pytest.raises(InputError, match=r"truth.json"):
        check_case(case, case)
