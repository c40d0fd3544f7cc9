"""Case folders to send from, drafts and signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from isletscope.reading import CaseFolder
from tests.exchange.cases import kept, signed, with_a_gap


@pytest.fixture
def folder(tmp_path: Path) -> CaseFolder:
    """A draft."""
    return kept(with_a_gap(), tmp_path / "case")


@pytest.fixture
def signed_folder(tmp_path: Path) -> CaseFolder:
    """A signed case."""
    return kept(signed(with_a_gap()), tmp_path / "signed")
