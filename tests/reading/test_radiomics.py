"""Radiomics on demand: refusals in words, jobs for a library that stands in for MIRP."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from isletscope.errors import InputError
from isletscope.reading import radiomics
from tests.reading.small_case import distance_mm, small_case

_STAND_IN = """#!{python}
import json, sys
if sys.argv[1] == "-c":
    sys.exit(0)
import nibabel
rows = []
for job in json.load(open(sys.argv[2])):
    image, mask = nibabel.load(job["image"]).get_fdata(), nibabel.load(job["mask"]).get_fdata() > 0
    rows.append({{"features": {{"image_modality": job["settings"]["image_modality"],
        "morph_vol_approx": int(mask.sum()) * 27.0, "stat_mean": float(image[mask].mean())}}}})
json.dump({{"version": "stand-in", "results": rows}}, open(sys.argv[3], "w"))
"""


def _library(path: Path) -> str:
    program = path / "python_with_mirp"
    program.write_text(_STAND_IN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_features_are_asked_for_within_the_outline(tmp_path: Path) -> None:
    case, folder = small_case(tmp_path / "case")
    folder.save(case)
    found = radiomics(folder, ["L1"], _library(tmp_path))
    row = found.rows[0]
    assert row["features"]["stat_mean"] == pytest.approx(20.0, abs=0.2)
    assert row["features"]["morph_vol_approx"] == 27.0 * np.count_nonzero(distance_mm() <= 9.0)
    assert "image_modality" not in row["features"]
    assert found.table.read_text().splitlines()[0].endswith("morph_vol_approx,stat_mean")
    assert json.loads(found.document.read_text())["settings"]["pet"]["base_discretisation_bin_width"] == 0.5


def test_a_small_lesion_and_lost_images_say_so(tmp_path: Path) -> None:
    case, folder = small_case(tmp_path / "case", radius_mm=5.0)
    folder.save(case)
    assert "voxels" in radiomics(folder, (), _library(tmp_path)).rows[0]["because"]
    for kept in (tmp_path / "case/cache/volumes").glob("pet-1.*"):
        kept.unlink()
    assert "run isletscope read again" in radiomics(folder, (), _library(tmp_path)).rows[0]["because"]


def test_a_lesion_that_is_not_there_and_a_missing_library_are_refused(tmp_path: Path) -> None:
    case, folder = small_case(tmp_path / "case")
    folder.save(case)
    with pytest.raises(InputError, match="L9: is not a lesion"):
        radiomics(folder, ["L9"], _library(tmp_path))
    failing = tmp_path / "without"
    failing.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(1)\n")
    failing.chmod(0o700)
    with pytest.raises(InputError, match=r"pip install 'isletscope\[radiomics\]'"):
        radiomics(folder, ["L1"], str(failing))
