"""Organs outside any case; TotalSegmentator by a program that stands in for it; given organs reach a reading."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from isletscope.cli import main
from isletscope.errors import InputError
from isletscope.model import ExamKind, OrganFinding, Role, State
from isletscope.reading import CaseFolder, TotalSegmentator
from isletscope.reading.anatomy_files import given_by_frame
from isletscope.reading.images import ImageTask, read_exam_images
from isletscope.reading.steps import StepStore
from isletscope.spatial import HOUNSFIELD, Volume
from tests.intake.mask_files import FRAME, write_seg
from tests.reading.given_anatomy import body_grid, liver_on, seen_of, series

_STAND_IN = """#!{python}
import json, os, sys
if sys.argv[1] == "-c":
    sys.exit({installed})
import nibabel, numpy
image = nibabel.load(sys.argv[sys.argv.index("-i") + 1])
assert sys.argv[1:3] == ["-m", "totalsegmentator.bin.TotalSegmentator"] and "--ml" in sys.argv
assert os.environ["https_proxy"] == "http://127.0.0.1:9" and "NO_PROXY" not in os.environ
assert json.load(open(os.environ["TOTALSEG_HOME_DIR"] + "/config.json"))["send_usage_stats"] is False
if not os.path.isdir(os.environ["TOTALSEG_WEIGHTS_PATH"] + "/Dataset291_part1"):
    sys.exit("no model for task " + sys.argv[-1])
labels = nibabel.Nifti1Image((image.get_fdata() > 40).astype(numpy.uint8) * 5, image.affine)
table = '<CaretExtension><VolumeInformation Index="0"><LabelTable><Label Key="5">liver</Label></LabelTable>'
table += '</VolumeInformation></CaretExtension>'
labels.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, table.encode()))
nibabel.save(labels, sys.argv[sys.argv.index("-o") + 1])
"""
GRID = body_grid()
LIVER = liver_on(GRID)


def _program(path: Path, installed: bool = True) -> str:
    program = path / "python_with_network"
    program.write_text(_STAND_IN.format(python=sys.executable, installed=0 if installed else 1))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def _ct() -> Volume:
    array = np.where(LIVER, 60.0, -1000.0).astype(np.float32)
    return Volume(array, GRID, HOUNSFIELD, FRAME)


def test_a_missing_package_and_missing_weights_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not installed.*isletscope\[totalsegmentator\]"):
        TotalSegmentator.ready(_program(tmp_path, installed=False), None)
    with pytest.raises(InputError, match=r"weights of TotalSegmentator are missing.*not given.*never fetches"):
        TotalSegmentator.ready(_program(tmp_path), None)
    with pytest.raises(InputError, match=r"weights of TotalSegmentator are missing.*no folder Dataset"):
        TotalSegmentator.ready(_program(tmp_path), tmp_path)


def test_its_label_map_comes_back_on_the_grid_of_the_images(tmp_path: Path) -> None:
    (tmp_path / "weights" / "Dataset291_part1").mkdir(parents=True)
    program = TotalSegmentator.ready(_program(tmp_path), tmp_path / "weights")
    organ = program.organs(_ct(), ExamKind.CT).organs["liver"]
    assert np.array_equal(organ.mask.array, LIVER)
    assert organ.confidence == "moderate"


def test_a_program_that_stops_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "weights" / "Dataset999_other").mkdir(parents=True)
    program = TotalSegmentator.ready(_program(tmp_path), tmp_path / "weights")
    with pytest.raises(InputError, match="no model for task total_mr"):
        program.organs(_ct(), ExamKind.MRI)


class _Source:
    def volume(self, series_key: str) -> Volume:
        return _ct()


def test_a_segmentation_reaches_the_reading_of_a_ct_and_a_changed_one_is_read_again(tmp_path: Path) -> None:
    one = series("ct-1", "CT", Role.CT_PORTAL_VENOUS, GRID, FRAME)
    folder = CaseFolder.prepare(tmp_path / "case")
    store = StepStore(folder.cache_folder / "steps")
    path = tmp_path / "seg.dcm"

    def read(region: npt.NDArray[np.bool_]) -> tuple[OrganFinding, bool]:
        write_seg(path, {"Liver": region}, GRID)
        given = given_by_frame((path,), None, seen_of(one)).of(one)
        task = ImageTask("exam-1", ExamKind.CT, (one,), given=given)
        reading, fresh = read_exam_images(folder, store, task, _Source())  # type: ignore[arg-type]
        return next(organ for organ in reading.organs if organ.name == "liver"), fresh

    liver, fresh = read(LIVER)
    assert fresh
    assert liver.state is State.ENTERED
    assert liver.source == "given mask seg.dcm, region 1 Liver"
    again = LIVER.copy()
    again[:9] = False
    less, fresh = read(again)
    assert fresh
    assert less.volume_ml < liver.volume_ml


def test_the_command_names_what_is_missing_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["anatomy", str(tmp_path / "nothing"), "--out", str(tmp_path / "out")]) == 2
    assert "does not exist" in capsys.readouterr().err
    words = ["--source", "totalsegmentator", "--python", _program(tmp_path, installed=False)]
    assert main(["anatomy", str(tmp_path), "--out", str(tmp_path / "out"), *words]) == 2
    assert "isletscope[totalsegmentator]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
