"""The truth of a reference patient without its images: the same document, in seconds.

Nothing is written and no CT or MR is made; PET is computed without being written, for its noise-free uptake.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.ct_series import ct_protocol
from isletscope.phantom.exams import (
    ExamOutcome,
    grid_truth,
    lesions_at,
    pet_lesions,
    pet_truth,
    series_truth,
    visit_truth,
)
from isletscope.phantom.generate import Size, patient_of
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import ADC_IMAGE, mr_protocol
from isletscope.phantom.mr_series import mr_series_facts
from isletscope.phantom.render import Scene
from isletscope.phantom.scanner import GRIDS, whole_body_grid
from isletscope.phantom.scanner_ct import phase_grid
from isletscope.phantom.scanner_mr import LIVER_UNITS, MrExam, MrHoldTruth, MrSeries, hold_pose, mr_grid
from isletscope.phantom.scanner_pet import scan_pet
from isletscope.phantom.scenario import load_scenario
from isletscope.phantom.truth import truth_document
from isletscope.phantom.visit import Visit, draw_visit, random_source

RandomOf = Callable[..., np.random.Generator]
_NO_LABELS = np.zeros((1, 1, 1), dtype=np.uint8)
_NO_IMAGE = np.zeros((1, 1, 1), dtype=np.float32)


def truth_alone(scenario: str | Path, *, seed: int = 1, size: Size = "full") -> dict[str, Any]:
    """The truth of one reference patient as ``generate`` writes it, less the names of files that were not written.

    ``scenario``: a name or a YAML file. Raises InputError for a faulty scenario or an unknown size.
    """
    plan = load_scenario(scenario)
    if size not in GRIDS:
        raise InputError("the size is not known", subject="size", found=repr(size), expected="small or full")
    patient = patient_of(plan, seed)
    outcomes = []
    for rule, scene in zip(plan.exams, patient.scenes, strict=True):
        visit = draw_visit(plan, rule, patient.person, seed, size)
        random_of = partial(random_source, seed, plan.name, size, rule.name)
        outcomes.append(_RUNNERS[rule.kind](visit, scene, size, random_of))
    return truth_document(plan, seed, size, patient.person, patient.disease, outcomes)


def _pet_ct(visit: Visit, scene: Scene, size: Size, random_of: RandomOf) -> ExamOutcome:
    grids = GRIDS[size]
    pet = scan_pet(scene, visit, grids, random_of("pet noise"))
    ct = whole_body_grid(
        scene, visit.rule.table_shift_mm, grids.ct_columns, grids.ct_pixel_mm, grids.ct_slices, grids.ct_slice_mm
    )
    truth = visit_truth(visit, scene) | pet_truth(visit, pet) | {"ct_grid": grid_truth(ct)}
    truth["series"] = [
        series_truth("pet", "PT", visit.uid("pet", "series"), "pet"),
        series_truth("low_dose_ct", "CT", visit.uid("ct", "series"), "ct"),
    ]
    truth["grids"] = {"pet": truth["pet_grid"], "ct": truth["ct_grid"]}
    uptake = pet_lesions(pet)
    return ExamOutcome(
        visit,
        scene,
        truth,
        {name: {**known, **uptake[name]} for name, known in lesions_at(scene, visit.rule.kind).items()},
    )


def _ct(visit: Visit, scene: Scene, size: Size, random_of: RandomOf) -> ExamOutcome:
    rule = visit.rule
    protocol = [entry for entry in ct_protocol(visit, rule.phases) if entry.phase in CT_PHASES]
    series = [
        series_truth(
            "phase", "CT", visit.uid(entry.key, "series"), "ct", phase=entry.phase, start=entry.start.isoformat()
        )
        for entry in protocol
    ]
    truth = visit_truth(visit, scene) | {
        "grids": {"ct": grid_truth(phase_grid(scene, rule, GRIDS[size]))},
        "series": series,
    }
    return ExamOutcome(visit, scene, truth, lesions_at(scene, visit.rule.kind))


def _mr(visit: Visit, scene: Scene, size: Size, random_of: RandomOf) -> ExamOutcome:
    exam = _unscanned(scene, visit.rule.mr or MrRule(), size, random_of)
    facts = mr_series_facts(exam, visit).items()
    truth = visit_truth(visit, scene) | {
        "agent": exam.rule.agent,
        "series": [{"role": key, "modality": "MR", "uid": f["series_uid"], "grid": f["hold"], **f} for key, f in facts],
        "grids": {key: grid_truth(hold.geometry) for key, hold in exam.holds.items()},
        "breath_holds": {key: hold.as_json() for key, hold in exam.holds.items()},
    }
    return ExamOutcome(visit, scene, truth, lesions_at(scene, visit.rule.kind))


def _unscanned(scene: Scene, rule: MrRule, size: str, random_of: RandomOf) -> MrExam:
    """An MR exam with its series, breath-holds and grids, all images empty."""
    protocol = mr_protocol()
    chosen = protocol.chosen(rule)
    series: dict[str, MrSeries] = {}
    holds: dict[str, MrHoldTruth] = {}
    for together in protocol.passes(rule, size):
        hold = together[0]
        held, (drift, breathing) = hold_pose(scene.pose, hold, random_of("mr breath-hold", hold.key))
        grid = mr_grid(scene.body, held, hold, size)
        for image in (one for one in chosen if one.hold in {other.key for other in together}):
            holds[image.hold] = MrHoldTruth(hold.key, held, grid, _NO_LABELS, _NO_LABELS, drift, breathing)
            noise = LIVER_UNITS * image.noise_factor / rule.snr if rule.snr else 0.0
            series[image.key] = MrSeries(image.key, image.hold, _NO_IMAGE, noise)
    if set(protocol.adc_from) <= set(series):
        series[ADC_IMAGE] = MrSeries(ADC_IMAGE, series[protocol.adc_from[0]].hold, _NO_IMAGE, 0.0)
    return MrExam(rule, series, holds)


_RUNNERS: dict[str, Callable[[Visit, Scene, Size, RandomOf], ExamOutcome]] = {"pet_ct": _pet_ct, "ct": _ct, "mr": _mr}
