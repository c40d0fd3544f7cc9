"""SUV factors of eight real PET headers of four vendors, against the figures of another implementation."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from isletscope.intake.suv import quantify
from tests.intake.suv_series import codes, headers_only, pet_header

NAMES = [
    "BQML_AC_DT_lessThan_S_DT_SIEMENS",
    "CPS_AND_BQML_AC_DT_-_S_DT",
    "GE_MEDICAL_AND_BQML",
    "PHILIPS_BQML",
    "PHILIPS_CNTS_AND_BQML_SUV",
    "PHILIPS_CNTS_AND_SUV",
    "RADIOPHARM_DATETIME_UNDEFINED",
    "SIEMENS",
]
IN_ITEM = (
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "RadiopharmaceuticalStartTime",
    "RadiopharmaceuticalStartDateTime",
)


def header_of(told: dict[str, Any]) -> Dataset:
    """A DICOM header with the values that one JSON object holds, and no others."""
    item = Dataset()
    values = {"PatientSize": None} | {key: value for key, value in told.items() if key != "PhilipsPETPrivateGroup"}
    for keyword in IN_ITEM:
        if keyword in values:
            value = values.pop(keyword)
            setattr(item, keyword, value.strip() if isinstance(value, str) else str(value))
    for keyword in ("FrameReferenceTime", "ActualFrameDuration"):
        values[keyword] = f"{values[keyword]:.10g}"
    header = pet_header(item, **values)
    factors = told["PhilipsPETPrivateGroup"]
    if factors:
        block = header.private_block(0x7053, "Philips PET Private Group", create=True)
        for element, name in ((0x00, "SUVScaleFactor"), (0x09, "ActivityConcentrationScaleFactor")):
            if name in factors:
                block.add_new(element, "DS", factors[name].strip())
    return header


@pytest.mark.parametrize("name", NAMES)
def test_factor_of_a_real_header(name: str, test_data: Path, reference: dict[str, Any]) -> None:
    told = json.loads((test_data / "suv_headers" / f"{name}-instances.json").read_text())
    quantification = quantify(headers_only(*[header_of(one) for one in told]))
    peer = float(reference["suv_headers"][f"{name}-instances.json"]["first"]["suvbw"])
    expected = peer
    if name.startswith("CPS"):
        # The peer takes the first acquisition when Series Time is late. Here the moment is reckoned back instead
        # (acquisition + average-count offset - Frame Reference Time, which is 0), and the difference is told.
        rate = math.log(2) / 6586.2
        decay = rate * 180.0
        expected = peer * math.exp(math.log(decay / -math.expm1(-decay)))
        assert "reference_after_acquisition" in codes(quantification)
    assert quantification.factor == pytest.approx(expected, rel=2e-4)


def test_both_philips_factors_agree_in_a_real_header(test_data: Path) -> None:
    told = json.loads((test_data / "suv_headers" / "PHILIPS_CNTS_AND_BQML_SUV-instances.json").read_text())
    quantification = quantify(headers_only(*[header_of(one) for one in told]))
    assert quantification.branch == "CNTS, Philips SUV scale factor"
    assert "philips_factors_differ" not in codes(quantification)
