"""What the foci of the PETs say of each lesion, as observations."""

from __future__ import annotations

from isletscope.assessment import KIND_OF_TRACER
from isletscope.model import (
    MEASUREMENTS,
    Case,
    Compartment,
    Focus,
    Lesion,
    Observation,
    ReadingOfPet,
    Visibility,
)

# Names of a focus's measurements that differ from those of findings.
_RENAMED = {"suv_peak_global": "suv_peak"}
_COMPARTMENTS = {one.value: one for one in Compartment}


def observe(case: Case) -> None:
    """Give every lesion its compartment and one observation for each PET that shows it.

    Nothing is said of the other exams: nobody looked whether they show it. A PET
    whose tracer is not known gives no observation, as no rule could read it.
    """
    foci = {focus.id: (reading, focus) for reading in case.readings for focus in reading.foci}
    for lesion in case.lesions:
        found = [foci[focus_id] for focus_id in lesion.focus_ids if focus_id in foci]
        if found:
            lesion.compartment = _COMPARTMENTS.get(found[0][1].site_code, Compartment.OTHER)
        lesion.observations = [
            _observation(case, lesion, reading, focus)
            for reading, focus in found
            if reading.tracer_class in KIND_OF_TRACER
        ]


def _observation(case: Case, lesion: Lesion, reading: ReadingOfPet, focus: Focus) -> Observation:
    named = {_RENAMED.get(name, name): value for name, value in focus.measurements.items()}
    return Observation(
        exam_key=case.exam_of(reading.series_key).key,
        kind=KIND_OF_TRACER[reading.tracer_class],
        series_key=reading.series_key,
        visibility=Visibility.SEEN,
        measurements={name: value for name, value in named.items() if name in MEASUREMENTS},
        features={"uptake_visible": "yes"},
        mask=f"{reading.foci_map}#{focus.label}" if reading.foci_map else "",
    )
