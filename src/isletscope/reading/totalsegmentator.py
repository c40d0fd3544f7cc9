"""TotalSegmentator on one CT or MR, an optional extra: a program of its own, without network, weights from a folder."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from isletscope.errors import InputError
from isletscope.model import ExamKind
from isletscope.reading.anatomy_files import GivenAnatomy, GivenOrgans, given_file
from isletscope.reading.label_maps import nifti_affine
from isletscope.reading.optional_part import require_package
from isletscope.spatial import Volume

_PROGRAM = "totalsegmentator.bin.TotalSegmentator"
_TASKS = {ExamKind.CT: "total", ExamKind.MRI: "total_mr"}
# Nothing listens on the discard port of this machine: what asks for the network fails at once.
_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NO_STATISTICS = {"totalseg_id": "totalseg_offline", "send_usage_stats": False, "prediction_counter": 0}


@dataclass(frozen=True)
class TotalSegmentator:
    """The program, ready to run: ``python`` has it installed, ``weights`` is the folder of its models."""

    python: str
    weights: Path

    @classmethod
    def ready(cls, python: str, weights: Path | None) -> TotalSegmentator:
        """The program after a look at package and weights. Raises InputError that says what is missing."""
        require_package(
            "TotalSegmentator",
            python=python,
            extra="totalsegmentator",
            subject="--source totalsegmentator",
            otherwise="Or use --source built-in.",
        )
        if weights is None or not any(weights.glob("Dataset*")):
            raise InputError(
                "the weights of TotalSegmentator are missing",
                subject="--weights",
                found="not given" if weights is None else f"no folder Dataset... in {weights}",
                expected="the folder of its models, as it stores them (Dataset291_... and so on)",
                remedy="Fetch the weights with its own program on a machine with a network, copy the folder, and name "
                "it with --weights. Isletscope never fetches them.",
            )
        return cls(python, weights.resolve())

    def organs(self, volume: Volume, kind: ExamKind) -> GivenOrgans:
        """The organs that it draws on a CT (HU) or MR, on the volume's grid.

        Raises InputError when it ends without a label map, with its last line.
        """
        with tempfile.TemporaryDirectory(prefix="isletscope-") as workspace:
            image, labels = Path(workspace, "image.nii.gz"), Path(workspace, "totalsegmentator.nii.gz")
            array = np.ascontiguousarray(np.asarray(volume.array, dtype=np.float32).T)
            nibabel.save(nibabel.Nifti1Image(array, nifti_affine(volume.geometry)), image)
            self._run(image, labels, kind, Path(workspace))
            return GivenAnatomy((given_file(labels),)).organs_on(volume)

    def _run(self, image: Path, labels: Path, kind: ExamKind, workspace: Path) -> None:
        home = workspace / "home"
        home.mkdir()
        (home / "config.json").write_text(json.dumps(_NO_STATISTICS), encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if key.lower() != "no_proxy"}
        environment |= dict.fromkeys(_PROXIES, _NOWHERE)
        environment |= {"TOTALSEG_WEIGHTS_PATH": str(self.weights), "TOTALSEG_HOME_DIR": str(home)}
        call = [self.python, "-m", _PROGRAM, "-i", str(image), "-o", str(labels), "--ml", "--task", _TASKS[kind]]
        done = subprocess.run(call, capture_output=True, text=True, check=False, env=environment, cwd=workspace)
        if done.returncode == 0 and labels.is_file():
            return
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no message"]
        raise InputError(
            "TotalSegmentator stopped without a label map",
            subject=f"task {_TASKS[kind]}",
            found=last[0],
            expected="a label map",
            remedy=f"Check that {self.weights} holds the models of this task. The network is closed to it.",
        )
