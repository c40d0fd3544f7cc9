"""Fixtures shared by all rooms' tests.

``test_data``   folder of the public test data (ISLETSCOPE_TEST_DATA, default ../shared/data); skips where it is missing
``reference``   the figures of reference.json in that folder
"""

from __future__ import annotations

import json
import os
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
