"""From stored integers to meant values: the straight line of each plane, and where it was written."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import frame_attribute, frame_numbers, frame_text, functional_groups


@dataclass(frozen=True)
class Rescale:
    """value = stored x slope + intercept; ``unit`` as written (UCUM code of a mapping, or Rescale Type), may be empty.

    ``source`` names the header entry: 'rescale', 'real world value mapping' or 'none'.
    """

    slope: float
    intercept: float
    unit: str
    source: str


_IDENTITY = Rescale(1.0, 0.0, "", "none")


def rescale_of(instance: Instance) -> Rescale:
    """The line from stored to meant values of one plane.

    Classic images: Rescale Slope and Intercept. Multi-frame: Pixel Value Transformation of the frame; for PET the
    Real World Value Mapping of the frame comes first, because it says the unit.
    """
    if instance.frame is not None and values.text(instance.header, "Modality") == "PT":
        mapped = _real_world(instance)
        if mapped is not None:
            return mapped
    slope = frame_numbers(instance, "PixelValueTransformationSequence", "RescaleSlope")
    intercept = frame_numbers(instance, "PixelValueTransformationSequence", "RescaleIntercept")
    if not slope and not intercept:
        return _IDENTITY
    unit = frame_text(instance, "PixelValueTransformationSequence", "RescaleType")
    return Rescale(slope[0] if slope else 1.0, intercept[0] if intercept else 0.0, unit, "rescale")


def real_world_mappings(instance: Instance) -> list[Dataset]:
    """Items of Real World Value Mapping (0040,9096) of this frame: per-frame, then shared, then top level."""
    for groups in functional_groups(instance):
        found = values.items(groups, "RealWorldValueMappingSequence")
        if found:
            return list(found)
    return list(values.items(instance.header, "RealWorldValueMappingSequence"))


def _real_world(instance: Instance) -> Rescale | None:
    """The linear mapping to activity, else the first linear one; None when there is none."""
    found = []
    for item in real_world_mappings(instance):
        slope, intercept = (values.number(item, f"RealWorldValue{name}") for name in ("Slope", "Intercept"))
        if slope is None:
            continue
        codes = values.items(item, "MeasurementUnitsCodeSequence")
        unit = values.words(codes[0], "CodeValue") if codes else ""
        found.append(Rescale(slope, intercept or 0.0, unit, "real world value mapping"))
    if not found:
        return None
    return next((mapping for mapping in found if mapping.unit.lower() == "bq/ml"), found[0])


def has_lookup_table(instance: Instance) -> bool:
    """Whether a Modality LUT stands in place of the straight line."""
    return bool(frame_attribute(instance, "PixelValueTransformationSequence", "ModalityLUTSequence"))
