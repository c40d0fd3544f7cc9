"""What a series is for, and why: localizer, capture, PET, CT phase, MR sequence."""

from __future__ import annotations

from isletscope.intake import values
from isletscope.intake.classify_ct import classify_ct
from isletscope.intake.classify_mr import classify_mr
from isletscope.intake.evidence import SeriesEvidence
from isletscope.intake.role_table import role_table
from isletscope.model import Role


def classify(series: SeriesEvidence) -> tuple[Role, str]:
    """Role of a series and why, in plain words that name the header entry and its value.

    Order: nuclear medicine, captures and reformations, localizers, then PET, CT or MR by their own rules. Header
    evidence only; pixels are not looked at.
    """
    if series.modality == "NM":
        return Role.NM_NOT_QUANTIFIED, f"Modality (0008,0060) is {series.modality}: listed, not quantified"
    captured = _captured(series)
    if captured:
        return Role.DERIVED, captured
    rules = role_table()
    localizer = series.typed(rules.localizer)
    if not localizer and series.modality in ("CT", "MR"):
        localizer = series.worded(rules.localizer.words, protocol=False)
    if localizer:
        return Role.LOCALIZER, localizer
    tracking = series.worded(rules.bolus_tracking.words, protocol=False) if series.modality == "CT" else None
    if tracking:
        return Role.OTHER, f"bolus tracking: {tracking}"
    if series.modality == "PT":
        return _classify_pet(series)
    if series.modality == "CT":
        return classify_ct(series)
    if series.modality == "MR":
        return classify_mr(series)
    return Role.OTHER, f"Modality (0008,0060) is {series.modality or 'empty'}"


def _captured(series: SeriesEvidence) -> str | None:
    rules = role_table().derived
    sop_class = values.text(series.header, "SOPClassUID")
    if sop_class in rules.sop_classes:
        return "SOP Class (0008,0016) is Secondary Capture"
    samples = values.unsigned(series.header, "SamplesPerPixel", 1)
    if samples > 1:
        return f"Samples per Pixel (0028,0002) is {samples}: a colour picture"
    typed = series.typed(rules)
    if typed:
        return typed
    if "REPROJECTION" in series.text("SeriesType"):
        return "Series Type (0054,1000) holds REPROJECTION"
    worded = series.worded(rules.words, protocol=False)
    original = series.image_types[:1] == ("ORIGINAL",)
    return worded if worded and not original else None


def _classify_pet(series: SeriesEvidence) -> tuple[Role, str]:
    rules = role_table().pet
    units = series.text("Units")
    if units in rules.not_tracer_units:
        return Role.OTHER, f"Units (0054,1001) is {units}: a map of attenuation, not of a tracer"
    corrected = series.text("CorrectedImage").split("\\")
    if "ATTN" in corrected:
        return Role.PET, "Corrected Image (0028,0051) holds ATTN"
    flag = series.frame_text("PETFrameCorrectionFactorsSequence", "AttenuationCorrected")
    if flag == "YES":
        return Role.PET, "Attenuation Corrected (0018,9759) is YES"
    if flag == "NO":
        return Role.PET_UNCORRECTED, "Attenuation Corrected (0018,9759) is NO"
    if corrected != [""]:
        return Role.PET_UNCORRECTED, f"Corrected Image (0028,0051) is {', '.join(corrected)}, without ATTN"
    worded = series.worded(rules.uncorrected_words)
    if worded:
        return Role.PET_UNCORRECTED, worded
    if units in rules.uncorrected_units:
        return Role.PET_UNCORRECTED, f"Units (0054,1001) is {units}"
    return Role.PET, "Modality (0008,0060) is PT; the header does not say whether attenuation was corrected"
