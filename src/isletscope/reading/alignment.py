"""Every frame of reference of a case brought to one: the step of the reading, kept and written to the case folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isletscope.errors import GeometryError, InputError
from isletscope.model import Alignment, AlignmentKind, Case, Measurement, Series, measured
from isletscope.reading.alignment_frames import Frame, frames_of, reference_of
from isletscope.reading.alignment_organs import organ_overlaps
from isletscope.reading.alignment_pair import PairFit, fit_pair
from isletscope.reading.alignment_rules import alignment_rules
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.displacements import write_displacement
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource
from isletscope.reading.steps import StepStore, digest, rules_digest
from isletscope.spatial import RegistrationImage, prepare

_ROOMS = ("errors.py", "model/alignment.py", "spatial", "reading/alignment.yaml")
_LENGTHS = ("inverse_consistency", "inverse_consistency_95", "deformation_median", "deformation_95", "error_95")


def align_exams(
    folder: CaseFolder, store: StepStore, case: Case, source: SeriesSource, progress: Progress = silent
) -> list[Alignment]:
    """One alignment for every frame of reference of the case, in the order of the exams.

    Frames that cannot be registered are kept with the reason; displacement fields are written to ``alignment/`` in
    the case folder. A pair is registered again only when its images or the rules changed. Raises OutputError.
    """
    frames = frames_of(case)
    reference = reference_of(frames)
    images = _Images(source)
    alignments = []
    for number, frame in enumerate(frames):
        progress("Aligning exams", number, len(frames))
        alignment = _aligned(folder, store, frame, reference, images)
        if alignment.usable and reference is not None and frame is not reference:
            alignment.quality.update(organ_overlaps(folder, case, reference, frame, alignment))
        alignments.append(alignment)
    progress("Aligning exams", len(frames), len(frames))
    return alignments


class _Images:
    """Images ready for registration, made once."""

    def __init__(self, source: SeriesSource) -> None:
        self._source = source
        self._made: dict[str, RegistrationImage] = {}

    def of(self, series: Series) -> RegistrationImage:
        """Raises GeometryError or InputError when the series cannot be registered."""
        if series.key not in self._made:
            rules = alignment_rules()
            window = rules.windows[series.modality].window()
            self._made[series.key] = prepare(self._source.volume(series.key), window, rules.step_mm)
        return self._made[series.key]

    def finer_pair(
        self, reference: Series, series: Series
    ) -> Callable[[], tuple[RegistrationImage, RegistrationImage]] | None:
        """Makes both images on the grid of the search by structure; None where that search does not apply."""
        rule = alignment_rules().narrow
        if not {reference.modality, series.modality} <= set(rule.modalities):
            return None

        def finer(one: Series) -> RegistrationImage:
            window = alignment_rules().windows[one.modality].window()
            return prepare(self._source.volume(one.key), window, rule.step_mm)

        return lambda: (finer(reference), finer(series))


def _aligned(folder: CaseFolder, store: StepStore, frame: Frame, reference: Frame | None, images: _Images) -> Alignment:
    if reference is None or reference.chosen is None or frame.chosen is None:
        return _failed(frame, reference, "no series of this frame can be registered: none is a CT, MR or PET volume")
    if frame is reference:
        return _identity(frame, frame.chosen, AlignmentKind.REFERENCE, "the frame that the others are brought to", 0.0)
    if frame.uid == reference.uid:
        because = "same DICOM frame of reference as the reference: taken as the scanner states it"
        return _identity(frame, reference.chosen, AlignmentKind.RIGID, because, None)
    pair = Pair(frame, frame.chosen, reference, reference.chosen)
    return pair.kept(folder, store) or _registered(folder, store, pair, images)


@dataclass(frozen=True)
class Pair:
    """A frame that is registered to the reference frame, by one series of each."""

    frame: Frame
    series: Series
    reference: Frame
    onto: Series

    @property
    def key(self) -> str:
        """Name of the step."""
        return f"alignment-{self.frame.exam.key}-{self.series.key}"

    @property
    def step(self) -> str:
        """Name in the record of the run: from the frame that is moved to the one that it is brought to."""
        return f"alignment-{self.series.key}-to-{self.onto.key}"

    @property
    def inputs_hash(self) -> str:
        """Hash over everything that goes in."""
        return digest(
            rules_digest(_ROOMS),
            [one.key for one in self.frame.series],
            self.series.fingerprint,
            self.onto.key,
            self.onto.fingerprint,
        )

    def kept(self, folder: CaseFolder, store: StepStore) -> Alignment | None:
        """The alignment of an earlier run with the same inputs."""
        kept = store.recall(self.key, self.inputs_hash)
        if kept is None:
            return None
        alignment = Alignment.model_validate(kept)
        file = alignment.displacement_file
        return alignment if not file or (folder.path / file).is_file() else None


def pairs_to_register(folder: CaseFolder, store: StepStore, case: Case) -> list[Pair]:
    """The pairs whose alignment is not kept from an earlier run."""
    frames = frames_of(case)
    reference = reference_of(frames)
    if reference is None or reference.chosen is None:
        return []
    pairs = [
        Pair(frame, frame.chosen, reference, reference.chosen)
        for frame in frames
        if frame.chosen is not None and frame is not reference and frame.uid != reference.uid
    ]
    return [pair for pair in pairs if pair.kept(folder, store) is None]


def register_pair(folder: CaseFolder, store: StepStore, pair: Pair, source: SeriesSource) -> bool:
    """Register one pair and keep its alignment in the case folder; always true. Raises OutputError."""
    _registered(folder, store, pair, _Images(source))
    return True


def _registered(folder: CaseFolder, store: StepStore, pair: Pair, images: _Images) -> Alignment:
    try:
        finer = images.finer_pair(pair.onto, pair.series)
        fit = fit_pair(images.of(pair.onto), images.of(pair.series), finer)
    except (GeometryError, InputError) as error:
        alignment = _failed(pair.frame, pair.reference, str(error))
    else:
        alignment = _found(folder, pair.frame, pair.onto, fit)
    store.keep(pair.key, pair.inputs_hash, alignment.model_dump(mode="json"))
    return alignment


def _found(folder: CaseFolder, frame: Frame, reference: Series, fit: PairFit) -> Alignment:
    lattice = fit.transform.displacement
    file = ""
    if lattice is not None:
        file = f"alignment/{frame.exam.key}-{frame.chosen.key if frame.chosen else ''}_displacement.nii.gz"
        write_displacement(folder.path / file, lattice)
    kind = AlignmentKind.RIGID if lattice is None else AlignmentKind.DEFORMABLE
    return Alignment(
        **_of(frame),
        reference_series_key=reference.key,
        kind=AlignmentKind.FAILED if fit.why_not else kind,
        usable=not fit.why_not,
        because=fit.why_not,
        matrix=[[float(value) for value in row] for row in fit.transform.matrix],
        displacement_file=file,
        uncertainty_mm=None if fit.why_not else round(fit.uncertainty_mm, 1),
        quality={
            name: _measured(name, value) for name, value in (fit.quality | _error_95(frame, reference, fit)).items()
        },
        method=fit.method,
        limits=list(fit.limits),
    )


def _error_95(frame: Frame, reference: Series, fit: PairFit) -> dict[str, float]:
    """The distance (mm) that 95 % of points are expected to lie within; empty where no field was sought or used."""
    bent = fit.quality.get("deformation_95")
    if fit.why_not or bent is None or fit.transform.displacement is None:
        return {}
    rule = alignment_rules().error_95
    with_mr = "MR" in (reference.modality, frame.chosen.modality if frame.chosen else "")
    return {"error_95": rule.floor_mm + rule.per_deformation * bent + (rule.mr_mm if with_mr else 0.0)}


def _identity(
    frame: Frame, reference: Series, kind: AlignmentKind, method: str, uncertainty_mm: float | None
) -> Alignment:
    return Alignment(
        **_of(frame),
        reference_series_key=reference.key,
        kind=kind,
        usable=True,
        matrix=np.eye(4).tolist(),
        uncertainty_mm=uncertainty_mm,
        method=method,
    )


def _failed(frame: Frame, reference: Frame | None, because: str) -> Alignment:
    return Alignment(
        **_of(frame),
        reference_series_key=reference.chosen.key if reference is not None and reference.chosen is not None else "",
        kind=AlignmentKind.FAILED,
        usable=False,
        because=because,
    )


def _of(frame: Frame) -> dict[str, Any]:
    chosen = frame.chosen or frame.series[0]
    return {
        "exam_key": frame.exam.key,
        "frame_of_reference_uid": frame.uid,
        "series_key": chosen.key,
        "series_keys": [one.key for one in frame.series],
    }


def _measured(name: str, value: float) -> Measurement:
    return measured(name.replace("_", " "), round(value, 3), "mm" if name in _LENGTHS else "1")
