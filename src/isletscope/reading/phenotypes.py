"""The phenotype table: one row for every lesion and time point, with everything that all images say of it.

A lesion is measured on every series: within its own outline where it has one on those images, else within the outline
of its best look, carried over through the alignment. A cell without a value says why. Values measured within the
lesion's own outline on CT and MR also enter its observation there, so that the rules read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isletscope.assessment import concordance_labels, kinds_of
from isletscope.lesions import Size, size_of
from isletscope.model import (
    MEASUREMENTS,
    Case,
    Compartment,
    Exam,
    ExamKind,
    Lesion,
    Measurement,
    Observation,
    Phenotype,
    Series,
    TimePoint,
    Verdict,
    Visibility,
    measured,
    missing,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.image_columns import columns_of
from isletscope.reading.kept_results import KeptResults
from isletscope.reading.outlines import Outlines
from isletscope.reading.phenotype_anatomy import Row, ct_cells, mr_cells
from isletscope.reading.phenotype_images import ImageMeasures
from isletscope.reading.phenotype_pet import PET_PREFIX, pet_cells
from isletscope.reading.phenotype_pictures import pictures
from isletscope.reading.places import Look, Places
from isletscope.reading.progress import Progress, silent
from isletscope.reading.series_source import SeriesSource
from isletscope.spatial import Transform

# Best look first: the images on which a lesion's size is told, and whose outline is carried to the others.
BEST_FIRST = (
    ExamKind.CT,
    ExamKind.MRI,
    ExamKind.SSTR_PET,
    ExamKind.FDG_PET,
    ExamKind.EXENDIN_PET,
    ExamKind.FDOPA_PET,
)
_SIZES = ("long_axis", "short_axis", "largest_diameter", "craniocaudal", "volume")
_UNIT = {"volume": "mL"}
CONSPICUOUS = "conspicuity_"


def measure_phenotypes(
    folder: CaseFolder,
    case: Case,
    source: SeriesSource,
    transforms: Mapping[str, Transform],
    progress: Progress = silent,
    results: KeptResults | None = None,
) -> None:
    """Set ``case.phenotypes``, and complete the observations on CT and MR with what their own outlines hold.

    Needs lesions, time points and observations. Lesions held to be physiologic have no row. Raises OutputError when
    the cache of volumes cannot be written. ``results``: rows that were measured before; no row depends on verdicts.
    """
    results = results or KeptResults()
    places = Places(case, transforms)
    images = ImageMeasures(places, Outlines(case, folder.path), source)
    lesions = [one for one in case.lesions if one.verdict is not Verdict.PHYSIOLOGIC]
    rows: list[Phenotype] = []
    total = len(case.time_points) * len(lesions)
    for point in case.time_points:
        here: list[Phenotype] = []
        for lesion in lesions:
            progress("phenotype of lesions", len(rows) + len(here), total)
            if any(one.exam_key in point.exam_keys for one in lesion.observations):
                here.append(_kept_row(images, point, lesion, results))
        rows += here
    _label_concordance(case, rows)
    for point in case.time_points:
        pictures(images, [one for one in rows if one.time_point == point.name], point, looks_at, results)
    case.phenotypes = rows


def _kept_row(images: ImageMeasures, point: TimePoint, lesion: Lesion, results: KeptResults) -> Phenotype:
    """The row of a lesion, measured now or before; its observations are completed with it."""

    def measure() -> dict[str, Any]:
        row = _row(images, point, lesion)
        completed = [one.model_dump(mode="json") for one in lesion.observations]
        return {"row": row.model_dump(mode="json"), "observations": completed}

    # A verdict is given on what was measured: no number rests on it.
    measured_on = lesion.model_dump(mode="json", exclude={"verdict"})
    kept = results.of(["row", point.name, measured_on], measure)
    lesion.observations = [Observation.model_validate(one) for one in kept["observations"]]
    return Phenotype.model_validate(kept["row"])


def _row(images: ImageMeasures, point: TimePoint, lesion: Lesion) -> Phenotype:
    case = images.places.case
    exams = [exam for exam in case.exams if exam.key in point.exam_keys]
    row = Row(lesion, images)
    _size(row, looks_at(images.places, lesion, point))
    for kind, cells in ((ExamKind.CT, ct_cells), (ExamKind.MRI, mr_cells)):
        exam = _exam_of(exams, kind, lesion)
        own = images.places.own(lesion, exam, kind) if exam is not None else []
        looks = [*own, *looks_at(images.places, lesion, point)]
        columns: dict[str, list[Series]] = columns_of(exam, kind) if exam is not None else {}
        lack = "" if exam is not None else f"no {'CT' if kind is ExamKind.CT else 'MRI'} at this time point"
        before = set(row.cells)
        features = cells(row, looks, columns, lack)
        if own and exam is not None:
            _complete(lesion.observation(exam.key, kind), row, set(row.cells) - before, features)
    for kind in PET_PREFIX:
        exam = _exam_of(exams, kind, lesion)
        pet_cells(row, exam, kind, looks_at(images.places, lesion, point))
    _place_labels(row)
    _clearest(row)
    return Phenotype(lesion=lesion.id, time_point=point.name, cells=row.cells, labels=row.labels)


def looks_at(places: Places, lesion: Lesion, point: TimePoint) -> list[Look]:
    """The foci of a lesion at a time point, the best look first; where it has none, those of other time points."""
    looks = sorted(places.looks(lesion), key=lambda one: (bool(one.no_outline), BEST_FIRST.index(one.kind)))
    now = [one for one in looks if one.exam.key in point.exam_keys]
    return now or looks


def _exam_of(exams: list[Exam], kind: ExamKind, lesion: Lesion) -> Exam | None:
    """The exam of that kind that shows the lesion, else the last one of that kind."""
    done = [exam for exam in exams if kind in kinds_of(exam)]
    shown = [
        exam
        for exam in done
        if (one := lesion.observation(exam.key, kind)) is not None and one.visibility is Visibility.SEEN
    ]
    ordered = sorted(shown or done, key=lambda exam: exam.date or "")
    return ordered[-1] if ordered else None


def _size(row: Row, looks: list[Look]) -> None:
    """Size on the best look: as observed there (all pieces of a mass together), as measured, else from its outline."""
    if not looks:
        for name in _SIZES:
            row.lack(name, _printed(name), "the lesion has no outline", _UNIT.get(name, "mm"))
        return
    look = looks[0]
    outlined = row.images.outlined(look, row.lesion)
    size = size_of(outlined.mask) if outlined is not None else None
    refused = look.no_outline
    observed = row.lesion.observation(look.exam.key, look.kind)
    sizes = look.focus.measurements | (observed.measurements if observed is not None else {})
    for name in _SIZES:
        known = sizes.get(name)
        if known is None and refused:
            known = missing(_printed(name), refused, _UNIT.get(name, "mm"))
        row.cells[name] = known if known is not None else _from_outline(name, size, look)
    row.labels["best_look"] = f"{look.kind.value} {look.focus.series_key}"


def _from_outline(name: str, size: Size | None, look: Look) -> Measurement:
    unit = _UNIT.get(name, "mm")
    if size is None:
        return missing(_printed(name), "its outline is not in the case folder", unit)
    value = {
        "long_axis": size.long_mm,
        "short_axis": size.short_mm,
        "largest_diameter": size.largest_mm,
        "craniocaudal": size.craniocaudal_mm,
        "volume": size.volume_ml,
    }[name]
    source = {"mask": look.mask} if look.mask else None
    return measured(_printed(name), value, unit, method=f"outline on {look.focus.series_key}", source=source)


def _printed(name: str) -> str:
    return name.replace("_", " ")


def _complete(observation: Observation | None, row: Row, names: set[str], features: dict[str, str]) -> None:
    """Values and words within the lesion's own outline, in its observation there."""
    if observation is None or observation.visibility is not Visibility.SEEN:
        return
    found = {name: row.cells[name] for name in sorted(names) if name in MEASUREMENTS}
    if _own(row, observation):
        found |= {name: row.cells[name] for name in _SIZES}
    observation.measurements = {**found, **observation.measurements}
    observation.features = {**features, **observation.features}


def _own(row: Row, observation: Observation) -> bool:
    """Whether the row's size was told on that very kind of images."""
    return row.labels.get("best_look", "").startswith(f"{observation.kind.value} ")


def _place_labels(row: Row) -> None:
    lesion = row.lesion
    row.labels["site"] = lesion.site
    if lesion.place.region:
        name = "segment" if lesion.compartment is Compartment.LIVER else "region"
        row.labels[name] = lesion.place.region


def _clearest(row: Row) -> None:
    """The series on which the lesion stands out most."""
    known = {key.removeprefix(CONSPICUOUS): one.value for key, one in row.cells.items() if key.startswith(CONSPICUOUS)}
    values = {key: value for key, value in known.items() if value is not None}
    if values:
        row.labels["clearest_on"] = max(values, key=lambda key: values[key])


def _label_concordance(case: Case, rows: list[Phenotype]) -> None:
    labels = concordance_labels(case)
    for row in rows:
        label, because = labels.get((row.time_point, row.lesion), ("", "not seen at this time point"))
        if label:
            row.labels["concordance"] = label
        row.labels["concordance_because"] = because
