"""The benchmarks run and both sides agree; nothing here looks at the time they took."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.run import main


@pytest.mark.parametrize("only", ["load ct", "peaks", "components", "gaussian", "resample ct to pet", "truth map"])
def test_a_small_comparison_gives_the_same_on_both_sides(only: str, tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    assert main(["--small", "--repeats", "1", "--only", only, "--json", str(report)]) == 0
    written = json.loads(report.read_text())
    (outcome,) = written["outcomes"]
    assert set(outcome) == {"name", "size", "peer", "ours_s", "peer_s", "ratio", "repeats", "difference"}
    words = outcome["difference"].split()
    assert words[:2] == ["largest", "difference"]
    assert float(words[2]) < 1e-6
    assert set(written["machine"]) == {"python", "system", "cores"}
