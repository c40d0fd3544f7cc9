"""The lesion table as CSV: one row per lesion and tracer, units in the column names."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from isletscope.model import Case, Focus, Lesion, Measurement
from isletscope.reading import write_text
from isletscope.report import keys
from isletscope.report.content.overview import NamedFocus, PetView, pet_views

_MEASURED = {
    "volume_ml": keys.VOLUME,
    "long_axis_mm": keys.LONG_AXIS,
    "short_axis_mm": keys.SHORT_AXIS,
    "suv_max_g_per_ml": keys.SUV_MAX,
    "suv_peak_g_per_ml": keys.SUV_PEAK,
    "suv_mean_g_per_ml": keys.SUV_MEAN,
    "ratio_to_liver": keys.ratio_key("liver"),
    "ratio_to_spleen": keys.ratio_key("spleen"),
    "ratio_to_blood_pool": keys.ratio_key("blood_pool"),
    "total_uptake_ml_suv": keys.TOTAL_UPTAKE,
}
_IDENTITY = (
    "patient_id",
    "lesion_id",
    "tracking_uid",
    "verdict",
    "site",
    "site_code",
    "tracer_class",
    "tracer_name",
    "exam_key",
    "exam_date",
    "series_key",
    "series_uid",
    "focus_id",
    "focus_label",
)
_PLACE = tuple(f"{point}_{axis}_lps_mm" for point in ("centroid", "maximum") for axis in "xyz")
_RULE = ("threshold_g_per_ml", "delineation", "rule", "because", "flags", "software_version")
COLUMNS = (
    *_IDENTITY,
    *(name for measured in _MEASURED for name in (measured, f"{measured}_missing_because")),
    *_PLACE,
    *_RULE,
)
_NOT_IN_DOCUMENT = "the case document holds no such value"


def write_lesion_table(case: Case, path: Path) -> None:
    """Write lesions.csv whole or not at all: UTF-8, comma, a header row, full precision, an empty field for missing.

    A missing value has its reason in the column of the same name with ``_missing_because``. Raises OutputError.
    """
    write_text(path, lesion_table_text(case))


def lesion_table_text(case: Case) -> str:
    """The table as text, rows in the order of the case's lesions, then tracers."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    order = {lesion.id: index for index, lesion in enumerate(case.lesions)}
    found = [(view, item) for view in pet_views(case) for item in view.named if item.lesion is not None]
    for view, item in sorted(found, key=lambda pair: order[pair[1].name]):
        writer.writerow(_row(case, view, item))
    return buffer.getvalue()


def _row(case: Case, view: PetView, item: NamedFocus) -> dict[str, str]:
    focus = item.focus
    row = _identity(case, view, focus, item.lesion)
    for column, key in _MEASURED.items():
        row[column], row[f"{column}_missing_because"] = _value(keys.value_of(focus, key))
    for point, place in (("centroid", focus.centroid_lps_mm), ("maximum", focus.maximum_lps_mm)):
        for axis, value in zip("xyz", place, strict=True):
            row[f"{point}_{axis}_lps_mm"] = f"{value:.2f}"
    row["threshold_g_per_ml"] = _value(focus.threshold)[0]
    row["delineation"] = focus.delineation
    row["rule"] = focus.assessment.rule
    row["because"] = focus.assessment.because
    row["flags"] = ";".join(focus.flags)
    row["software_version"] = case.software.version
    return row


def _identity(case: Case, view: PetView, focus: Focus, lesion: Lesion | None) -> dict[str, str]:
    return {
        "patient_id": case.patient.id,
        "lesion_id": lesion.id if lesion else "",
        "tracking_uid": lesion.tracking_uid if lesion else "",
        "verdict": focus.verdict.value,
        "site": focus.site,
        "site_code": focus.site_code,
        "tracer_class": view.reading.tracer_class.value,
        "tracer_name": view.series.tracer.name if view.series.tracer else "",
        "exam_key": view.exam.key,
        "exam_date": view.exam.date or "",
        "series_key": view.series.key,
        "series_uid": view.series.series_uid,
        "focus_id": focus.id,
        "focus_label": str(focus.label),
    }


def _value(measurement: Measurement | None) -> tuple[str, str]:
    if measurement is None:
        return "", _NOT_IN_DOCUMENT
    if measurement.value is None:
        return "", measurement.missing_because or _NOT_IN_DOCUMENT
    return f"{measurement.value:.6g}", ""
