"""SUV against reference objects with published truth: digital reference objects, real headers, real patients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from isletscope.intake.suv import load_suv, quantify
from tests.intake.suv_series import codes, series_in

DROS = [
    *("DRO_0_0", "DRO_1_0", "DRO_2_0", "DRO_2_1", "DRO_2_2", "DRO_2_3", "DRO_2_4", "DRO_2_5"),
    *("DRO_3_0", "DRO_3_1", "DRO_3_2", "DRO_3_3", "DRO_3_4", "DRO_4_0", "DRO_4_1", "DRO_4_2", "DRO_5_0"),
]
WAYS = {
    "DRO_0_0": "BQML, START, series time",
    "DRO_2_0": "GML, body weight, as stored",
    "DRO_2_1": "GML, LBMJAMES128 to body weight",
    "DRO_2_2": "GML, IBW to body weight",
    "DRO_2_3": "CM2ML, BSA to body weight",
    "DRO_2_4": "CNTS, Philips SUV scale factor",
    "DRO_2_5": "CNTS, Philips activity scale factor, START, series time",
    "DRO_3_1": "BQML, ADMIN",
    "DRO_3_2": "BQML, START, reckoned back from the acquisition",
    "DRO_3_3": "BQML, START, vendor scan time",
    "DRO_3_4": "BQML, NONE",
}


def inside(folder: Path, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values of the digital phantom inside its mask: NIfTI [x, y, z] of a series along +z."""
    mask = np.asarray(nibabel.load(next((folder / "mask").glob("*.nii*"))).dataobj) > 0
    return array[mask.transpose(2, 1, 0)]


@pytest.mark.parametrize("name", DROS)
def test_digital_reference_object(name: str, test_data: Path) -> None:
    folder = test_data / "suv_dro" / name
    files = series_in(folder / "PT")
    quantification = quantify(files)
    values = inside(folder, load_suv(files, quantification).array)
    expected, within = ((0.189, 0.985, 3.977), 0.001) if name == "DRO_2_3" else ((0.20, 1.00, 4.00), 0.005)
    measured = float(values.min()), float(np.median(values)), float(values.max())
    assert measured == pytest.approx(expected, abs=within)
    if name in WAYS:
        assert quantification.branch == WAYS[name]


def test_the_objects_findings_are_told(test_data: Path) -> None:
    told = {name: codes(quantify(series_in(test_data / "suv_dro" / name / "PT"))) for name in DROS}
    assert "activity_in_mbq" in told["DRO_3_0"]
    assert "reference_series_time_late" in told["DRO_3_2"]
    assert "injection_previous_day" in told["DRO_4_2"]
    assert "private_creator_missing" in told["DRO_2_4"]
    assert told["DRO_0_0"] == []
