"""One row of the phenotype table: a lesion measured on every series of a time point."""

from __future__ import annotations

from isletscope.assessment import kinds_of
from isletscope.lesions import Size, size_of
from isletscope.model import (
    MEASUREMENTS,
    Compartment,
    Exam,
    ExamKind,
    Lesion,
    Measurement,
    Observation,
    Phenotype,
    Series,
    TimePoint,
    Visibility,
    measured,
    missing,
)
from isletscope.reading.image_columns import columns_of
from isletscope.reading.phenotype_anatomy import Row, ct_cells, mr_cells
from isletscope.reading.phenotype_images import ImageMeasures
from isletscope.reading.phenotype_pet import PET_PREFIX, pet_cells
from isletscope.reading.places import Look, Places

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


def measured_row(images: ImageMeasures, point: TimePoint, lesion: Lesion) -> Phenotype:
    """The row of a lesion at a time point; what its own outlines hold also enters its observations there."""
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
