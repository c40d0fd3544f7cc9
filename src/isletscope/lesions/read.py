"""Reading one PET: foci found, outlined, judged, measured and summed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isletscope.anatomy import Organs, find_references
from isletscope.lesions.classify import Classified, FocusFigures, classify
from isletscope.lesions.delineate import Background, DelineationSet, delineate
from isletscope.lesions.detect import Candidate, Candidates, detect_foci
from isletscope.lesions.features import FocusRegion, Surroundings, with_partners
from isletscope.lesions.landmarks import Landmarks, find_landmarks
from isletscope.lesions.measure import Measuring, measure_focus, other_delineations
from isletscope.lesions.naming import site_of
from isletscope.lesions.outline import measure_block, seed_from_label
from isletscope.lesions.settings import Settings
from isletscope.lesions.shell import Scene, prominence
from isletscope.lesions.totals import limit_sentences, method_sentences, no_totals, totals_of
from isletscope.lesions.uptake_words import tracer_word
from isletscope.model import (
    Focus,
    Measurement,
    ReadingOfPet,
    ReferenceRegion,
    Tracer,
    TracerClass,
    Verdict,
    derived,
    missing,
)
from isletscope.spatial import Box, Mask, Volume, cropped_geometry

Progress = Callable[[int, int], None]
_WELL_ABOVE_BLOOD = 1.7
_LEAK_RATIO = 6.0
_LEAK_ML = 20.0
_RANK = {Verdict.TUMOUR: 0, Verdict.UNSURE: 1, Verdict.PHYSIOLOGIC: 2}


@dataclass(frozen=True)
class PetReading:
    """The reading as it enters the case, and the label map of its foci on the PET grid (uint16 [k, j, i])."""

    reading: ReadingOfPet
    foci_labels: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class _Outlined:
    """A candidate with its outlines; ``region`` is what is measured and painted."""

    region: FocusRegion
    outlines: DelineationSet | None


def read_pet(
    pet: Volume,
    organs: Organs,
    references: list[ReferenceRegion],
    tracer: Tracer,
    series_key: str,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> PetReading:
    """Foci of one PET (SUVbw) with verdict, measurements and totals.

    ``organs`` and ``references`` come from :mod:`isletscope.anatomy` on the same grid. Reference regions that overlap
    or come near a focus are placed again clear of all foci. Foci are numbered from 1: tumour, unsure, physiologic, each
    by falling SUVmax. An image without a body gives no focus, missing totals, and says so.
    """
    thresholds = (settings or Settings()).thresholds
    tell = progress or (lambda done, total: None)
    tracer_class = tracer.tracer_class
    if not organs.known("body"):
        because = organs.finding("body").missing_because or "no body was found"
        return _nothing(pet, organs, references, tracer, series_key, because)
    candidates = detect_foci(pet, organs, references, tracer_class, thresholds)
    tell(1, 4)
    references = _clear_references(pet, organs, references, tracer_class, candidates)
    outlined = _outline_all(pet, organs, references, tracer_class, candidates)
    tell(2, 4)
    marks = find_landmarks(organs, thresholds)
    around = Surroundings(pet, organs, marks, references, thresholds)
    figures = with_partners([around.figures(focus.region) for focus in outlined], marks, thresholds)
    judged = [classify(focus, marks, tracer_class) for focus in figures]
    tell(3, 4)
    order = sorted(range(len(outlined)), key=lambda n: _order(judged[n], figures[n]))
    labels = np.zeros(pet.geometry.shape, dtype=np.uint16)
    shared = Measuring(pet, tracer_class, references, thresholds, f"masks/{series_key}_foci.nii.gz")
    foci = []
    for number, n in enumerate(order, start=1):
        foci.append(_focus(shared, series_key, number, outlined[n], figures[n], judged[n], marks))
    for number, n in reversed(list(enumerate(order, start=1))):
        box = outlined[n].region.box.slices
        labels[box][outlined[n].region.mask.array] = number
    tell(4, 4)
    reading = ReadingOfPet(
        series_key=series_key,
        tracer_class=tracer_class,
        organs=organs.findings,
        references=references,
        foci=foci,
        totals=totals_of(foci, tracer_class),
        methods=method_sentences(tracer_class, thresholds),
        limits=limit_sentences(pet, organs, references, tracer),
    )
    return PetReading(reading, labels)


def _nothing(
    pet: Volume,
    organs: Organs,
    references: list[ReferenceRegion],
    tracer: Tracer,
    series_key: str,
    because: str,
) -> PetReading:
    reading = ReadingOfPet(
        series_key=series_key,
        tracer_class=tracer.tracer_class,
        organs=organs.findings,
        references=references,
        totals=no_totals(tracer.tracer_class, because),
        limits=[f"No focus was sought: {because}.", *limit_sentences(pet, organs, references, tracer)],
    )
    return PetReading(reading, np.zeros(pet.geometry.shape, dtype=np.uint16))


def _clear_references(
    pet: Volume,
    organs: Organs,
    references: list[ReferenceRegion],
    tracer_class: TracerClass,
    candidates: Candidates,
) -> list[ReferenceRegion]:
    """The references, placed again clear of foci; a reader's own region stays."""
    blood = max((r.mean or 0.0 for r in references if r.name == "blood_pool"), default=0.0)
    focal = [c.label for c in candidates.found if not c.whole_organ and c.height > _WELL_ABOVE_BLOOD * blood]
    foci = np.isin(candidates.labels, focal)
    if not foci.any():
        return references
    again = {region.name: region for region in find_references(pet, organs, tracer_class, foci)}
    return [region if region.source == "reader" else again.get(region.name, region) for region in references]


def _outline_all(
    pet: Volume,
    organs: Organs,
    references: list[ReferenceRegion],
    tracer_class: TracerClass,
    candidates: Candidates,
) -> list[_Outlined]:
    """Outlines of all candidates; those that do not stand out from their shell are dropped."""
    scene = Scene(pet, candidates.labels, eligible=organs.labels > 0)
    boxes = ndimage.find_objects(candidates.labels)
    liver = _background("liver reference", references, "liver")
    levels = {name: _background(name, references, name) for name in ("liver", "spleen")}
    kept = []
    for candidate in candidates.found:
        part = boxes[candidate.label - 1]
        if part is None:
            continue
        box = Box(tuple(s.start for s in part), tuple(s.stop for s in part))
        rough = _rough(pet, candidates, candidate, box)
        if candidate.whole_organ:
            kept.append(_Outlined(rough, None))
            continue
        seed = seed_from_label(pet, candidates.labels, candidate.label, box)
        outlines = delineate(scene, seed, tracer=tracer_class, liver=liver, organ=levels.get(candidate.organ))
        outlines = _without_leak(outlines, rough)
        mask = outlines.default.mask
        region = rough
        if mask is not None:
            region = FocusRegion(
                mask, outlines.default.start_kji, rough.organ, False, candidate.contrast, candidate.height
            )
        if _discernible(pet, region, outlines):
            kept.append(_Outlined(region, outlines))
    return kept


def _without_leak(outlines: DelineationSet, rough: FocusRegion) -> DelineationSet:
    """The outlines, the default taken back when it spreads far beyond the region above half of the contrast."""
    volume = outlines.default.volume_ml
    if volume is None or volume < _LEAK_ML or volume < _LEAK_RATIO * rough.mask.volume_ml:
        return outlines
    because = f"the outline spreads into its surroundings ({volume:.0f} mL)"
    return replace(outlines, default=replace(outlines.default, mask=None, why_not=because))


def _discernible(pet: Volume, region: FocusRegion, outlines: DelineationSet) -> bool:
    """Whether the focus stands out from its shell; where there is no shell, detection has the last word."""
    shell = outlines.default.shell
    if shell is None:
        return True
    statistics = measure_block(pet, region.mask, region.start_kji)
    if statistics.maximum is None or statistics.mean is None:
        return True
    return prominence(statistics.maximum, statistics.peak_global, statistics.mean, shell).discernible is not False


def _rough(pet: Volume, candidates: Candidates, candidate: Candidate, box: Box) -> FocusRegion:
    inside = candidates.labels[box.slices] == candidate.label
    mask = Mask(inside, cropped_geometry(pet.geometry, box), pet.frame_of_reference_uid)
    return FocusRegion(
        mask, box.start, candidate.organ or "body", candidate.whole_organ, candidate.contrast, candidate.height
    )


def _background(words: str, references: list[ReferenceRegion], name: str) -> Background | None:
    for region in references:
        if region.name == name and region.mean is not None and region.standard_deviation is not None:
            return Background(words, region.mean, region.standard_deviation)
    return None


def _order(judged: Classified, figures: FocusFigures) -> tuple[int, float, float, float, float]:
    return (_RANK[judged.verdict], -round(figures.figures["suv_max"], 4), *figures.point)


def _focus(
    shared: Measuring,
    series_key: str,
    number: int,
    outlined: _Outlined,
    figures: FocusFigures,
    judged: Classified,
    marks: Landmarks,
) -> Focus:
    """The focus as it enters the case."""
    default = outlined.outlines.default if outlined.outlines else None
    site, site_code = judged.site, judged.site_code
    if not site:
        site, site_code = site_of(figures, marks, shared.thresholds)
    x, y, z = (float(v) for v in outlined.region.points.mean(axis=0))
    word = tracer_word(shared.tracer_class)
    return Focus(
        id=f"{series_key}/{number}",
        series_key=series_key,
        label=number,
        site=site,
        site_code=site_code,
        verdict=judged.verdict,
        assessment=judged.assessment,
        centroid_lps_mm=(x, y, z),
        maximum_lps_mm=figures.point,
        threshold=_threshold(outlined, word),
        delineation=default.method if default else "outline of the organ as found in the organ map",
        measurements=measure_focus(shared, outlined.region, default, number),
        other_delineations=other_delineations(outlined.outlines.others, word) if outlined.outlines else {},
        flags=list(outlined.outlines.flags) if outlined.outlines else [],
    )


def _threshold(outlined: _Outlined, word: str) -> Measurement:
    name = f"{word} threshold"
    if outlined.outlines is None:
        return missing(name, "the organ's own outline was taken", "g/mL")
    default = outlined.outlines.default
    if default.threshold is None or not default.valid:
        return missing(name, default.why_not or "no outline", "g/mL")
    return derived(name, default.threshold, "g/mL", method=default.method)
