"""An outside validator (dciodvfy of dicom3tools) on a sample of each kind of object and vendor, and on every product,
vendor and transfer syntax of CT and PET."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from pydicom import uid
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from isletscope.phantom.mr_rule import MR_FORMS
from isletscope.phantom.scenario_exams import FORMS
from isletscope.phantom.writing_mr import write_mr
from tests.phantom import mr_tiny
from tests.phantom.products import SYNTAXES, VENDORS, products

# Warnings that stay, each because the makers write it so: values beside the standard's defined terms, which it allows.
HARMLESS = (
    # Siemens' and Philips' own fourth value of Image Type tells spiral, topogram and helix.
    r"ImageType\(0008,0008\)\[4\]> - Unrecognized defined term = <(CT_SOM5 SPI|CT_SOM5 TOP|HELIX)>",
    # GE's names for randoms from singles and for slice sensitivity.
    r"CorrectedImage\(0028,0051\)\[\d\]> - Unrecognized defined term = <(RANSNG|SLSENS)>",
)

# Every kind of object that the reference patient is written as: modality, form, SOP class, dciodvfy's name of the IOD.
KINDS = (
    ("CT", "classic", uid.CTImageStorage, "CTImage"),
    ("CT", "enhanced", uid.EnhancedCTImageStorage, "EnhancedCTImage"),
    ("CT", "legacy", uid.LegacyConvertedEnhancedCTImageStorage, "LegacyConvertedEnhancedCTImage"),
    ("MR", "classic", uid.MRImageStorage, "MRImage"),
    ("MR", "enhanced", uid.EnhancedMRImageStorage, "EnhancedMRImage"),
    ("MR", "legacy", uid.LegacyConvertedEnhancedMRImageStorage, "LegacyConvertedEnhancedMRImage"),
    ("PT", "classic", uid.PositronEmissionTomographyImageStorage, "PETImage"),
    ("PT", "enhanced", uid.EnhancedPETImageStorage, "EnhancedPETImage"),
    ("PT", "legacy", uid.LegacyConvertedEnhancedPETImageStorage, "LegacyConvertedEnhancedPETImage"),
)
needs_dciodvfy = pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is missing: install dicom3tools")


def test_the_table_knows_every_form() -> None:
    forms = {modality: {form for m, form, _, _ in KINDS if m == modality} for modality in ("CT", "MR", "PT")}
    assert forms == {"CT": set(FORMS), "MR": set(MR_FORMS), "PT": set(FORMS)}


@needs_dciodvfy
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(("modality", "form", "sop_class", "iod"), KINDS, ids=[kind[3] for kind in KINDS])
def test_a_sample_of_each_kind_has_no_error(
    modality: str, form: str, sop_class: str, iod: str, vendor: str, tmp_path: Path
) -> None:
    files = _written(modality, form, vendor, tmp_path)
    assert {pydicom.dcmread(path, stop_before_pixels=True).SOPClassUID for path in files} == {sop_class}
    one_of_each_series = {pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID: path for path in files}
    for path in one_of_each_series.values():
        lines = _said_of(path)
        assert iod in lines
        assert [line for line in lines if line.startswith("Error")] == []


def _written(modality: str, form: str, vendor: str, folder: Path) -> list[Path]:
    """Every series of an MR; every product of CT or PET in this form."""
    if modality == "MR":
        return write_mr(mr_tiny.exam(), mr_tiny.visit(vendor, form=form), folder, mr_tiny.name_of)
    made = [p for p in products(vendor, "explicit").values() if (p.modality, p.form) == (modality, form)]
    files = []
    for n, product in enumerate(made):
        (folder / str(n)).mkdir()
        files += product.write(folder / str(n))
    return files


@needs_dciodvfy
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
    lines = _said_of(path)
    assert any(line in ("CTImage", "PETImage") or "Enhanced" in line for line in lines), lines
    return [
        line
        for line in lines
        if line.startswith(("Error", "Warning")) and not any(re.search(pattern, line) for pattern in HARMLESS)
    ]


def _said_of(path: Path) -> list[str]:
    """The validator's lines: errors, warnings, and the name of the IOD."""
    if pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        _inflate(path)
    answer = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    return answer.stderr.decode("latin-1").splitlines()


def _inflate(path: Path) -> None:
    """Debian's dciodvfy cannot inflate: hand it the same data set as plain explicit little endian."""
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path)
