"""From an inventory to the exams of one patient, and a reader's entries of role and tracer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from isletscope.errors import InputError, MixedPatients
from isletscope.intake.assemble import NO_VOLUME
from isletscope.intake.files import Inventory, SeriesFiles
from isletscope.intake.stack import build_stack, describe, plane_of
from isletscope.model import (
    EntrySubject,
    Exam,
    QualityFinding,
    ReaderEntry,
    Role,
    SamePatient,
    Series,
    Severity,
    Tracer,
    TracerClass,
)

Choice = TypeVar("Choice", Role, TracerClass)

_ONE_VISIT = timedelta(hours=6)


def group_exams(
    inventory: Inventory, patient_id: str | None = None, same_patient: Sequence[SamePatient] = ()
) -> list[Exam]:
    """The exams of one patient in order of time, their series in order of acquisition.

    An exam is one study, or several studies of one patient on one frame of reference within six hours. Identifiers
    that ``same_patient`` joins count as one person. Series of one identifier whose names or birth dates differ are
    kept together with a warning.

    Raises MixedPatients when images of several persons lie together and ``patient_id`` does not choose one, and
    InputError when there is no image of the patient asked for.
    """
    chosen = _of_one_patient(inventory, patient_id, same_patient)
    _warn_of_names(chosen)
    visits: list[list[SeriesFiles]] = []
    for study in _studies(chosen):
        home = next((visit for visit in visits if _one_visit(visit, study)), None)
        if home is None:
            visits.append(list(study))
        else:
            home.extend(study)
    return [_exam(visit, number) for number, visit in enumerate(visits, start=1)]


def _of_one_patient(
    inventory: Inventory, patient_id: str | None, same_patient: Sequence[SamePatient]
) -> list[SeriesFiles]:
    persons = _persons(inventory.patient_ids, same_patient)
    if patient_id is None:
        if len(persons) > 1:
            raise MixedPatients(inventory.patient_ids, subject="the input")
        return list(inventory.series)
    wanted = next((person for person in persons if patient_id in person), None)
    if wanted is None:
        raise InputError(
            "there is no image of this patient in the input",
            subject=f"patient {patient_id}",
            found=", ".join(inventory.patient_ids) or "no patient",
            expected="one of these identifiers",
            remedy="Give one of the identifiers found with --patient ID.",
        )
    return [files for files in inventory.series if files.patient.id in wanted]


def _persons(ids: list[str], same_patient: Sequence[SamePatient]) -> list[set[str]]:
    """Identifiers gathered by person."""
    persons = [{identifier} for identifier in ids]
    for statement in same_patient:
        joined = [person for person in persons if person & set(statement.ids)]
        if len(joined) > 1:
            persons = [person for person in persons if person not in joined] + [set().union(*joined)]
    return persons


def _warn_of_names(chosen: list[SeriesFiles]) -> None:
    """A warning on every series of an identifier under which more than one name or birth date occurs."""
    by_id: dict[str, list[SeriesFiles]] = defaultdict(list)
    for files in chosen:
        by_id[files.patient.id].append(files)
    for group in by_id.values():
        names = list(dict.fromkeys(_same_name(files.patient.name) for files in group if files.patient.name))
        births = list(dict.fromkeys(files.patient.birth_date for files in group if files.patient.birth_date))
        if len(names) < 2 and len(births) < 2:
            continue
        said = [f"{len(names)} names"] if len(names) > 1 else []
        said += [f"birth dates {', '.join(map(str, births))}"] if len(births) > 1 else []
        for files in group:
            if not any(finding.code == "patient_differs" for finding in files.record.findings):
                files.record.findings.append(_differs(" and ".join(said)))


def _same_name(name: str | None) -> str:
    return " ".join((name or "").replace("^", " ").replace(",", " ").lower().split())


def _differs(found: str) -> QualityFinding:
    return QualityFinding(
        code="patient_differs",
        severity=Severity.WARNING,
        problem="images with this patient identifier do not agree on who the patient is",
        found=found,
        expected="one name and one birth date",
        remedy="Make sure that all images are of one person.",
    )


def _studies(chosen: list[SeriesFiles]) -> list[list[SeriesFiles]]:
    studies: dict[tuple[str, str], list[SeriesFiles]] = defaultdict(list)
    for files in chosen:
        studies[files.patient.id, files.study_uid].append(files)
    return sorted(studies.values(), key=lambda study: min(_moment(files) or datetime.max for files in study))


def _moment(files: SeriesFiles) -> datetime | None:
    return datetime.fromisoformat(files.record.acquired) if files.record.acquired else None


def _one_visit(visit: list[SeriesFiles], study: list[SeriesFiles]) -> bool:
    frames = {files.record.frame_of_reference_uid for files in visit} - {None}
    if not frames & {files.record.frame_of_reference_uid for files in study}:
        return False
    before, after = [m for f in visit if (m := _moment(f))], [m for f in study if (m := _moment(f))]
    if not before or not after:
        return False
    return min(after) - max(before) <= _ONE_VISIT and min(before) - max(after) <= _ONE_VISIT


def _exam(visit: list[SeriesFiles], number: int) -> Exam:
    visit = sorted(visit, key=lambda files: _moment(files) or datetime.max)
    first = visit[0]
    dates = [files.record.acquired[:10] for files in visit if files.record.acquired]
    return Exam(
        key=f"exam-{number}",
        study_uid=first.study_uid,
        patient_id=first.patient.id,
        date=first.study_date or min(dates, default=None),
        title=exam_title([files.record for files in visit]),
        series=[files.record for files in visit],
    )


def exam_title(series: Sequence[Series]) -> str:
    """What was done, in a few words: '68Ga-DOTATATE PET/CT', 'MR', 'CT, NM'."""
    images = [one for one in series if one.role not in (Role.DERIVED, Role.LOCALIZER)] or list(series)
    modalities = list(dict.fromkeys(one.modality for one in images))
    tracers = list(dict.fromkeys(one.tracer.name for one in images if one.tracer is not None))
    frames = {one.frame_of_reference_uid for one in images if one.modality == "PT"}
    partners = [
        name
        for name in ("CT", "MR")
        if any(one.modality == name and one.frame_of_reference_uid in frames for one in images)
    ]
    titles = []
    if "PT" in modalities:
        titles.append(f"{' and '.join(tracers)} {'/'.join(['PET', *partners])}".strip())
    titles += [name for name in modalities if name != "PT" and not ("PT" in modalities and name in partners)]
    return ", ".join(titles)


def apply_entries(inventory: Inventory, entries: Sequence[ReaderEntry]) -> Inventory:
    """The inventory with a reader's roles and tracer classes in place of the computed ones, saying who and why.

    An entry without a series counts for every PET (tracer class); a role must name its series. Raises InputError for
    a role or class that does not exist, or a series that is not there.
    """
    series = list(inventory.series)
    for entry in entries:
        if entry.subject not in (EntrySubject.SERIES_ROLE, EntrySubject.TRACER_CLASS):
            continue
        hits = [number for number, files in enumerate(series) if _concerns(entry, files.record)]
        if not hits:
            raise InputError(
                "the entry names a series that is not in the input",
                subject=f"entry {entry.subject}",
                found=entry.series or "no series named",
                expected=", ".join(files.record.key for files in series),
                remedy="Name the series by its key, number, description or Series Instance UID.",
            )
        for number in hits:
            if entry.subject is EntrySubject.SERIES_ROLE:
                series[number] = _with_role(series[number], entry)
            else:
                series[number] = replace(series[number], record=_with_tracer(series[number].record, entry))
    return replace(inventory, series=tuple(series))


def _concerns(entry: ReaderEntry, record: Series) -> bool:
    if entry.series is None:
        return entry.subject is EntrySubject.TRACER_CLASS and record.modality == "PT"
    return entry.series in {record.series_uid, record.key, str(record.number), record.description}


def _with_role(files: SeriesFiles, entry: ReaderEntry) -> SeriesFiles:
    """The series in its entered role; one that was left aside as a picture gets its grid now, if it forms one."""
    role, record = _choice(entry, Role), files.record
    because = f"entered by {entry.who} on {entry.when}: {entry.why} (computed: {record.role}, {record.role_because})"
    update: dict[str, object] = {"role": role, "role_because": because, "role_entered": True}
    if record.grid is not None or role in NO_VOLUME or record.findings:
        return replace(files, record=record.model_copy(update=update))
    stack = build_stack([plane_of(instance) for instance in files.instances])
    update["grid"] = describe(stack.geometry) if stack.geometry is not None else None
    update["findings"] = list(stack.findings)
    return replace(
        files,
        record=record.model_copy(update=update),
        instances=tuple(plane.instance for plane in stack.planes),
        gaps=stack.gaps,
    )


def _with_tracer(record: Series, entry: ReaderEntry) -> Series:
    tracer_class = _choice(entry, TracerClass)
    before = record.tracer
    nuclide = before.nuclide if before else None
    name = before.name if before and before.tracer_class is tracer_class else _plain_name(tracer_class, nuclide)
    said = f" (header: {before.because})" if before else ""
    because = f"entered by {entry.who} on {entry.when}: {entry.why}{said}"
    tracer = Tracer(tracer_class=tracer_class, name=name, nuclide=nuclide, because=because)
    return record.model_copy(update={"tracer": tracer})


_PRINTED = {
    TracerClass.SSTR: "somatostatin receptor",
    TracerClass.FDG: "FDG",
    TracerClass.DOPA: "FDOPA",
    TracerClass.EXENDIN: "exendin",
    TracerClass.OTHER: "other tracer",
    TracerClass.UNKNOWN: "unknown tracer",
}


def _plain_name(tracer_class: TracerClass, nuclide: str | None) -> str:
    return f"{nuclide}-{_PRINTED[tracer_class]}" if nuclide else _PRINTED[tracer_class]


def _choice(entry: ReaderEntry, kind: type[Choice]) -> Choice:
    try:
        return kind(str(entry.value))
    except ValueError:
        raise InputError(
            "the entered value is not known",
            subject=f"entry {entry.subject} by {entry.who}",
            found=str(entry.value),
            expected=", ".join(item.value for item in kind),
            remedy="Choose one of these.",
        ) from None
