"""Runs MIRP as a program of its own: ``python mirp_runner.py JOBS RESULT``. Imports nothing of Isletscope.

MIRP brings ITK, which is kept apart from the SimpleITK of this project by the process. JOBS: a JSON list of objects
with ``image``, ``mask`` (NIfTI files) and ``settings`` (keywords of ``mirp.extract_features``). RESULT: a JSON object
with the version of MIRP and one table of features, or one reason, for each job.
"""

from __future__ import annotations

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any


def main(jobs_file: str, result_file: str) -> None:
    """Compute the features of every job; a job that fails gives its reason and does not stop the others."""
    from mirp import extract_features

    results: list[dict[str, Any]] = []
    for job in json.loads(Path(jobs_file).read_text(encoding="utf-8")):
        try:
            tables = extract_features(
                image=job["image"], mask=job["mask"], export_features=True, write_features=False, **job["settings"]
            )
        except Exception as error:  # noqa: BLE001 - a boundary to foreign code; the reason is told to the user
            results.append({"because": f"{type(error).__name__}: {error}"})
            continue
        results.append({"features": _row(tables[0])} if tables else {"because": "MIRP gave no features"})
    document = {"version": version("mirp"), "results": results}
    Path(result_file).write_text(json.dumps(document), encoding="utf-8")


def _row(table: Any) -> dict[str, Any]:
    """The first row of a table as JSON values; what is not finite is null."""
    row: dict[str, Any] = {}
    for name, value in table.iloc[0].to_dict().items():
        plain = value.item() if hasattr(value, "item") else value
        row[str(name)] = None if isinstance(plain, float) and not math.isfinite(plain) else plain
    return row


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
