"""An outside validator (dciodvfy of dicom3tools) on every object, vendor and transfer syntax of CT and PET."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from tests.phantom.products import SYNTAXES, VENDORS, products

# Warnings that stay, each because the makers write it so: values beside the standard's defined terms, which it allows.
HARMLESS = (
    # Siemens' and Philips' own fourth value of Image Type tells spiral, topogram and helix.
    r"ImageType\(0008,0008\)\[4\]> - Unrecognized defined term = <(CT_SOM5 SPI|CT_SOM5 TOP|HELIX)>",
    # GE's names for randoms from singles and for slice sensitivity.
    r"CorrectedImage\(0028,0051\)\[\d\]> - Unrecognized defined term = <(RANSNG|SLSENS)>",
)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is missing: install dicom3tools")
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("vendor", VENDORS)
def test_the_validator_has_nothing_to_say(vendor: str, syntax: str, tmp_path: Path) -> None:
    complaints = {}
    for name, product in products(vendor, syntax).items():
        folder = tmp_path / name
        folder.mkdir()
        found = _complaints(product.write(folder)[-1])
        if found:
            complaints[name] = found
    assert complaints == {}


def _complaints(path: Path) -> list[str]:
    if pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        _inflate(path)
    answer = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    lines = answer.stderr.decode("latin-1").splitlines()
    assert any(line in ("CTImage", "PETImage") or "Enhanced" in line for line in lines), lines
    return [
        line
        for line in lines
        if line.startswith(("Error", "Warning")) and not any(re.search(pattern, line) for pattern in HARMLESS)
    ]


def _inflate(path: Path) -> None:
    """Debian's dciodvfy cannot inflate: hand it the same data set as plain explicit little endian."""
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path)
