"""The lesion table as CSV: one row per lesion and tracer, units in the column names."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from isletscope.assessment import KIND_OF_TRACER
from isletscope.model import Case, ExamKind, Focus, Lesion, Measurement
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
# Of exams without a PET focus of their own, the last observation: name of the column -> measurement.
_OBSERVED = {
    "long_axis_mm": "long_axis",
    "short_axis_mm": "short_axis",
    "volume_ml": "volume",
    "suv_max_g_per_ml": "suv_max",
}
_NOT_IN_DOCUMENT = "the case document holds no such value"


def write_lesion_table(case: Case, path: Path) -> None:
    """Write lesions.csv whole or not at all: UTF-8, comma, a header row, full precision, an empty field for missing.

    A missing value has its reason in the column of the same name with ``_missing_because``. Where lesions were observed
    on exams that have no PET focus (CT, MRI), columns of these follow, e.g. ``ct_long_axis_mm``, and a lesion without
    any focus has one row. Raises OutputError.
    """
    write_text(path, lesion_table_text(case))


def lesion_table_text(case: Case) -> str:
    """The table as text, rows in the order of the case's lesions, then tracers."""
    kinds = _kinds_without_foci(case)
    observed = [f"{kind.value}_{name}" for kind in kinds for name in ("exam_key", "visibility", *_OBSERVED)]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, (*COLUMNS, *observed), lineterminator="\n")
    writer.writeheader()
    order = {lesion.id: index for index, lesion in enumerate(case.lesions)}
    found = [(view, item) for view in pet_views(case) for item in view.named if item.lesion is not None]
    rows = [(order[item.name], _row(case, view, item), item.lesion) for view, item in found]
    if kinds:
        with_focus = {item.name for _, item in found}
        rows += [(order[one.id], _bare_row(case, one), one) for one in case.lesions if one.id not in with_focus]
    for _, row, lesion in sorted(rows, key=lambda entry: entry[0]):
        writer.writerow(row | (_observations(lesion, kinds) if lesion else {}))
    return buffer.getvalue()


def _kinds_without_foci(case: Case) -> list[ExamKind]:
    """Kinds of exam on which a lesion was observed and that have no foci of their own."""
    focal = {KIND_OF_TRACER.get(reading.tracer_class) for reading in case.readings if reading.foci}
    seen = {one.kind for lesion in case.lesions for one in lesion.observations}
    return [kind for kind in ExamKind if kind in seen and kind not in focal]


def _bare_row(case: Case, lesion: Lesion) -> dict[str, str]:
    """The row of a lesion that is no PET focus."""
    return {
        "patient_id": case.patient.id,
        "lesion_id": lesion.id,
        "tracking_uid": lesion.tracking_uid,
        "verdict": lesion.verdict.value,
        "site": lesion.site,
        "site_code": lesion.compartment.value,
        "software_version": case.software.version,
    }


def _observations(lesion: Lesion, kinds: Sequence[ExamKind]) -> dict[str, str]:
    """What the last exam of each kind shows of the lesion; an empty field where nobody looked."""
    found: dict[str, str] = {}
    for kind in kinds:
        looked = [one for one in lesion.observations if one.kind is kind]
        if not looked:
            continue
        last = looked[-1]
        found[f"{kind.value}_exam_key"] = last.exam_key
        found[f"{kind.value}_visibility"] = last.visibility.value
        for name, key in _OBSERVED.items():
            number = last.number(key)
            found[f"{kind.value}_{name}"] = "" if number is None else f"{number:.6g}"
    return found


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
