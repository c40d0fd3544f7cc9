"""Tables for a spreadsheet: lesions, phenotypes, and every number that any other format sends."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from isletscope.exchange.content import Content, Number, content_of
from isletscope.exchange.written import Written
from isletscope.reading import CaseFolder, write_text
from isletscope.report import write_lesion_table, write_phenotype_table

COLUMNS = (
    "patient_id",
    "time_point",
    "reference",
    "subject",
    "tracking_uid",
    "exam_key",
    "kind",
    "name",
    "value",
    "unit",
    "state",
    "missing_because",
    "limitation",
    "method",
    "code",
    "code_scheme",
    "code_meaning",
    "software_version",
)
"""Columns of ``values.csv``, one row for each number."""


def write_tables(folder: CaseFolder, out: Path) -> Written:
    """Write ``lesions.csv``, ``values.csv`` and, where there are phenotypes, ``phenotypes.csv`` into ``out``.

    Raises CaseError for a case never assessed, OutputError.
    """
    case = folder.case
    content = content_of(case, str(folder.path))
    lesions, values, phenotypes = (out / name for name in ("lesions.csv", "values.csv", "phenotypes.csv"))
    write_lesion_table(case, lesions)
    write_text(values, values_text(content))
    if not case.phenotypes:
        return Written((lesions, values), ("phenotypes.csv: the case holds no phenotypes",))
    write_phenotype_table(case, phenotypes)
    return Written((lesions, values, phenotypes))


def values_text(content: Content) -> str:
    """Every number of the content as CSV: a header row, an empty field under ``value`` where it is missing."""
    tracked = {sent.lesion.id: sent.lesion.tracking_uid for sent in content.lesions}
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for number in content.numbers():
        writer.writerow(_row(content, number, tracked.get(number.subject, "")))
    return buffer.getvalue()


def _row(content: Content, number: Number, tracking_uid: str) -> dict[str, str]:
    found = number.measurement
    return {
        "patient_id": content.patient.id,
        "time_point": content.point.name,
        "reference": number.reference,
        "subject": number.subject,
        "tracking_uid": tracking_uid,
        "exam_key": number.exam_key,
        "kind": number.kind,
        "name": found.name,
        "value": number.written,
        "unit": found.unit,
        "state": found.state.value,
        "missing_because": found.missing_because or "",
        "limitation": found.limitation or "",
        "method": found.method,
        "code": found.code.value if found.code else "",
        "code_scheme": found.code.scheme if found.code else "",
        "code_meaning": found.code.meaning if found.code else "",
        "software_version": content.case.software.version,
    }
