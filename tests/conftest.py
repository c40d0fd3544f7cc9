"""Fixtures shared by all rooms' tests.

``test_data``           folder of the public test data (ISLETSCOPE_TEST_DATA, default ../shared/data); skips without it
``reference``           the figures of reference.json in that folder
``reference_patient``   folder of a small digital reference patient (dicom/, truth/); made once, not to be changed
``reference_case``      case folder read from it; made once, not to be changed
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def _data_folder() -> Path:
    return Path(os.environ.get("ISLETSCOPE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def test_data() -> Path:
    folder = _data_folder()
    if not (folder / "reference.json").is_file():
        pytest.skip("public test data not found: set ISLETSCOPE_TEST_DATA (see docs/test-data.md)")
    return folder


@pytest.fixture(scope="session")
def reference(test_data: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((test_data / "reference.json").read_text())
    return loaded


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder made by the first of all parallel test processes that asks for it; the others wait."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            building = shared / f"{name}.building"
            make(building)
            building.rename(folder)
    return folder


@pytest.fixture(scope="session")
def reference_patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        from isletscope.phantom import generate

        generate("demo", folder, seed=1, size="small")

    return _made_once(tmp_path_factory, "reference-patient", make)


@pytest.fixture(scope="session")
def reference_case(tmp_path_factory: pytest.TempPathFactory, reference_patient: Path) -> Path:
    def make(folder: Path) -> None:
        from isletscope.cli import main

        assert main(["read", str(reference_patient / "dicom"), "--out", str(folder), "--quiet"]) == 0

    return _made_once(tmp_path_factory, "reference-case", make)
