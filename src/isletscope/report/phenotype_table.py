"""The phenotype table as CSV: one row per lesion and time point, a column for every cell with its unit and reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from isletscope.model import Case
from isletscope.reading import write_text

_IDENTITY = ("patient_id", "time_point", "lesion_id", "tracking_uid", "verdict", "compartment", "site")
_UNITS = {
    "[hnsf'U]": "hu",
    "mm": "mm",
    "mL": "ml",
    "g/mL": "g_per_ml",
    "10-6.mm2/s": "e-6_mm2_per_s",
    "%": "percent",
    "s/mm2": "s_per_mm2",
    "g": "ml_suv",
}


def write_phenotype_table(case: Case, path: Path) -> None:
    """Write phenotypes.csv whole or not at all: UTF-8, comma, a header row; an empty field for missing.

    After each value stands why it is missing, and what to read it with care for. Raises OutputError.
    """
    write_text(path, phenotype_table_text(case))


def phenotype_table_text(case: Case) -> str:
    """The table as text, rows in the order of the case."""
    units = {key: cell.unit for row in case.phenotypes for key, cell in row.cells.items()}
    labels = list(dict.fromkeys(key for row in case.phenotypes for key in row.labels))
    heads = {key: _head(key, unit) for key, unit in units.items()}
    columns = [name for key in heads for name in (heads[key], f"{key}_missing_because", f"{key}_limitation")]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, (*_IDENTITY, *(f"label_{key}" for key in labels), *columns), lineterminator="\n")
    writer.writeheader()
    lesions = {one.id: one for one in case.lesions}
    for row in case.phenotypes:
        lesion = lesions[row.lesion]
        found = {
            "patient_id": case.patient.id,
            "time_point": row.time_point,
            "lesion_id": row.lesion,
            "tracking_uid": lesion.tracking_uid,
            "verdict": lesion.verdict.value,
            "compartment": lesion.compartment.value,
            "site": lesion.site,
        }
        found |= {f"label_{key}": value for key, value in row.labels.items()}
        for key, cell in row.cells.items():
            found[heads[key]] = "" if cell.value is None else f"{cell.value:.6g}"
            found[f"{key}_missing_because"] = cell.missing_because or ""
            found[f"{key}_limitation"] = cell.limitation or ""
        writer.writerow(found)
    return buffer.getvalue()


def _head(key: str, unit: str) -> str:
    return key if unit == "1" else f"{key}_{_UNITS.get(unit, unit)}"
