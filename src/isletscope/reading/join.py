"""Several case folders of one patient joined to one, so that lesions can be followed from exam to exam.

Exams, series, readings, masks and kept volumes are taken over without loss, the earliest case first: where keys or
names clash, those of the earlier case stay. An exam that two cases hold is taken once. Of what a reader entered
nothing is lost; two answers to one item are told. Lesions, course and conclusions are made anew from all exams.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from isletscope.assessment import assess
from isletscope.errors import CaseError, InputError, MixedPatients
from isletscope.model import (
    Answer,
    Case,
    Lesion,
    Patient,
    QualityFinding,
    ReaderEntry,
    SamePatient,
    Severity,
    TimePoint,
)
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.join_keys import (
    JoinedExams,
    Renamed,
    rename_images,
    rename_lesion,
    rename_overrides,
    rename_pet,
    rename_time_point,
    tracking_uids,
)
from isletscope.reading.manifest import software
from isletscope.reading.time_points import time_points
from isletscope.reading.writing import output_errors


@dataclass(frozen=True)
class JoinedCase:
    """The joined case, not yet matched, and what its sources knew.

    ``points``: their time points with the findings on vessels, organs and liver. ``earlier``: lesions of the sources by
    the names that they may keep. ``bare``: lesions that no focus shows (entered or made otherwise). ``former``: source,
    name there, its focus ids in the joined case. ``said``: what was done, as sentences.
    """

    case: Case
    earlier: Case
    points: tuple[TimePoint, ...]
    bare: tuple[Lesion, ...]
    former: tuple[tuple[str, str, tuple[str, ...]], ...]
    said: tuple[str, ...]


@dataclass
class _Gathering:
    """What has been taken over so far."""

    exams: JoinedExams = field(default_factory=JoinedExams)
    case: dict[str, list[Any]] = field(default_factory=dict)
    points: list[TimePoint] = field(default_factory=list)
    lesions: list[Lesion] = field(default_factory=list)
    answers: list[tuple[str, dict[str, Answer]]] = field(default_factory=list)
    facts: list[tuple[str, dict[str, bool]]] = field(default_factory=list)
    clinical: dict[str, Any] = field(default_factory=dict)
    former: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def extend(self, name: str, items: Sequence[Any]) -> None:
        """Add to a list of the case."""
        self.case.setdefault(name, []).extend(items)


def join_cases(
    sources: Sequence[CaseFolder], target: CaseFolder, same_patient: Sequence[SamePatient] = ()
) -> JoinedCase:
    """Join the cases of one patient into the folder ``target``, which holds files and no case document yet.

    Raises MixedPatients when the cases are of different persons and ``same_patient`` does not join them; InputError
    when one identifier has two birth dates; CaseError for a case that cannot be read; OutputError for ``target``.
    """
    ordered = sorted(sources, key=lambda one: _first_date(one.case))
    statements = _statements(ordered, same_patient)
    patient = _one_patient(ordered, statements)
    found = _Gathering()
    for source in ordered:
        _take(found, source, target)
    case = Case(
        software=software(datetime.now(UTC)),
        patient=patient,
        clinical=found.clinical,
        exams=found.exams.exams,
        same_patient=statements,
        **found.case,
    )
    case.time_points = time_points(case)
    _put_answers(case, found)
    case.findings += [
        QualityFinding(code="joined_cases", severity=Severity.INFO, problem=sentence) for sentence in found.said
    ]
    bare = [one for one in found.lesions if not one.focus_ids]
    earlier = case.model_copy(update={"lesions": [one for one in found.lesions if one.focus_ids]})
    return JoinedCase(case, earlier, tuple(found.points), tuple(bare), tuple(found.former), tuple(found.said))


def _first_date(case: Case) -> tuple[str, str]:
    """Cases without any date come last: their place in time is not known."""
    dates = sorted(exam.date for exam in case.exams if exam.date)
    return (dates[0] if dates else "9999", case.software.created)


def _statements(sources: Sequence[CaseFolder], given: Sequence[SamePatient]) -> list[SamePatient]:
    found: list[SamePatient] = []
    for one in [*(item for source in sources for item in source.case.same_patient), *given]:
        if one not in found:
            found.append(one)
    return found


def _one_patient(sources: Sequence[CaseFolder], statements: Sequence[SamePatient]) -> Patient:
    """The person of all cases, as the latest case describes them."""
    people = [source.case.patient for source in sources]
    known = {people[0].id, *people[0].other_ids}
    waiting = [{one.id, *one.other_ids} for one in people[1:]] + [set(one.ids) for one in statements]
    while any(known & group for group in waiting):
        known |= set().union(*(group for group in waiting if known & group))
        waiting = [group for group in waiting if not known & group]
    strangers = [one.id for one in people if one.id not in known]
    if strangers:
        raise MixedPatients(list(dict.fromkeys([people[0].id, *strangers])), subject="the cases")
    births = sorted({one.birth_date for one in people if one.birth_date})
    said = any(set(one.ids) <= known for one in statements)
    if len(births) > 1 and not said:
        raise InputError(
            "the cases name one patient identifier with different birth dates; they are not joined",
            subject=f"patient {people[0].id}",
            found=", ".join(births),
            expected="one birth date",
            remedy="If they are one person, say so: --same-patient ID=ID --reason TEXT.",
        )
    last = people[-1]
    return last.model_copy(update={"other_ids": sorted((known - {last.id}) & _named(people))})


def _named(people: Sequence[Patient]) -> set[str]:
    return {name for one in people for name in (one.id, *one.other_ids)}


def _take(found: _Gathering, source: CaseFolder, target: CaseFolder) -> None:
    """Take over one case: its exams under free keys, its readings, files, and what readers entered."""
    case, label = source.case, source.path.name
    renamed = found.exams.add(case)
    _say_what_was_taken(found, case, renamed, label)
    tracking = tracking_uids(case, renamed)
    found.extend("readings", [rename_pet(one, renamed) for one in case.readings if one.series_key not in renamed.taken])
    images = [one for one in case.image_readings if one.series_key not in renamed.taken]
    found.extend("image_readings", [rename_images(one, renamed) for one in images])
    _copy_files(source, target, renamed)
    found.extend("supplements", _fresh(found.case.get("supplements", []), case.supplements, label))
    found.extend("overrides", rename_overrides(case, tracking))
    found.extend("entries", [_entry(one, renamed) for one in case.entries])
    found.extend("retired_names", [one for one in case.retired_names if one not in found.case.get("retired_names", [])])
    found.extend("findings", [one for one in case.findings if one not in found.case.get("findings", [])])
    found.extend("refused", [one for one in case.refused if one not in found.case.get("refused", [])])
    points = [rename_time_point(one, renamed) for one in case.time_points]
    found.points += points
    new_name = {old.name: new for old, new in zip(case.time_points, points, strict=True)}
    for name, point in new_name.items():
        if name in case.answers:
            found.answers.append((point.exam_keys[0], case.answers[name]))
        if name in case.facts:
            found.facts.append((point.exam_keys[0], case.facts[name]))
    _merge_clinical(found, case, label)
    _take_lesions(found, [rename_lesion(one, renamed, tracking) for one in case.lesions], label)


def _say_what_was_taken(found: _Gathering, case: Case, renamed: Renamed, label: str) -> None:
    for exam in case.exams:
        same = [one.key for one in exam.series if one.key in renamed.taken]
        new, words = renamed.exams[exam.key], f"{exam.title}, {exam.date or 'no date'}"
        if same and len(same) == len(exam.series):
            found.said.append(f"{label}: {exam.key} ({words}) is {new} of an earlier case and was taken once")
        elif same:
            found.said.append(f"{label}: {len(same)} series of {exam.key} ({words}) lie in {new} already; taken once")
        elif new != exam.key:
            found.said.append(f"{label}: {exam.key} ({words}) is now {new}")


def _fresh(held: Sequence[Any], given: Sequence[Any], label: str) -> list[Any]:
    """Supplements under keys that are not held yet."""
    keys = {one.key for one in held}
    return [one if one.key not in keys else one.model_copy(update={"key": f"{one.key} ({label})"}) for one in given]


def _entry(entry: ReaderEntry, renamed: Renamed) -> ReaderEntry:
    """An entry for every series was one for the series of its own case."""
    return (
        entry if entry.series else entry.model_copy(update={"series": ", ".join(dict.fromkeys(renamed.exams.values()))})
    )


def _take_lesions(found: _Gathering, lesions: Sequence[Lesion], label: str) -> None:
    """Lesions under their names where these are free; what is called otherwise is named by the matching."""
    held = {one.id for one in found.lesions}
    found.former += [(label, one.id, tuple(one.focus_ids)) for one in lesions]
    for lesion in lesions:
        if lesion.id not in held:
            found.lesions.append(lesion)
        elif not lesion.focus_ids:
            number = 2
            while f"{lesion.id}.{number}" in held:
                number += 1
            found.lesions.append(lesion.model_copy(update={"id": f"{lesion.id}.{number}"}))
            held.add(f"{lesion.id}.{number}")


def _merge_clinical(found: _Gathering, case: Case, label: str) -> None:
    """Clinical facts: the later case says it where both say something; treatments of both are kept."""
    for key, value in case.clinical.items():
        before = found.clinical.get(key)
        if key == "courses" and isinstance(before, list) and isinstance(value, list):
            found.clinical[key] = [*before, *(one for one in value if one not in before)]
            continue
        if before is not None and before != value:
            found.said.append(f"{label}: its clinical entry {key} replaces the one of an earlier case")
        found.clinical[key] = value


def _with_findings(point: TimePoint, taken: Sequence[TimePoint]) -> TimePoint:
    """A time point with what the cases had found on its exams."""
    own = [one for one in taken if set(one.exam_keys) & set(point.exam_keys)]
    coverage = {region: list(shown) for region, shown in point.coverage.items()}
    for one in own:
        for region, shown in one.coverage.items():
            held = coverage.setdefault(region, [])
            held += [entry for entry in shown if entry not in held]
    parts = {name: [item for one in own for item in getattr(one, name)] for name in ("vessels", "structures", "liver")}
    return point.model_copy(update={"coverage": coverage, **parts})


def with_findings(case: Case, joined: JoinedCase) -> Case:
    """The case with what its sources had found beside foci (lesions without one, vessels, organs), assessed with it."""
    held = {lesion.id for lesion in case.lesions}
    bare = [lesion for lesion in joined.bare if lesion.id not in held]
    points = [_with_findings(point, joined.points) for point in case.time_points]
    if not bare and points == case.time_points:
        return case
    return assess(case.model_copy(update={"lesions": [*case.lesions, *bare], "time_points": points}))


def _put_answers(case: Case, found: _Gathering) -> None:
    """Answers and facts at the time point that now holds their exams; of two answers the one of the later case."""
    name_of = {key: point.name for point in case.time_points for key in point.exam_keys}
    for exam_key, items in found.answers:
        held = case.answers.setdefault(name_of[exam_key], {})
        for item, answer in items.items():
            if item in held and held[item] != answer:
                found.said.append(f"two answers to {item} at {name_of[exam_key]}: that of the later case stands")
            held[item] = answer
    for exam_key, facts in found.facts:
        case.facts.setdefault(name_of[exam_key], {}).update(facts)


def _copy_files(source: CaseFolder, target: CaseFolder, renamed: Renamed) -> None:
    """Label maps and kept volumes under their new names; linked where the disk allows it."""
    pairs: dict[Path, Path] = {source.path / old: target.path / new for old, new in renamed.files.items()}
    for old, new in renamed.series.items():
        if old in renamed.taken:
            continue
        for ending in (".npy", ".json"):
            volumes = (source.cache_folder / "volumes", target.cache_folder / "volumes")
            pairs[volumes[0] / f"{old}{ending}"] = volumes[1] / f"{new}{ending}"
    for origin, copy in pairs.items():
        if not origin.is_file() or origin.resolve() == copy.resolve():
            continue
        with output_errors(copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            _link_or_copy(origin, copy)


def _link_or_copy(origin: Path, copy: Path) -> None:
    """Files of a case are only ever replaced whole, so that one file may stand in two cases."""
    try:
        os.link(origin, copy)
    except OSError:
        shutil.copy2(origin, copy)


def former_names(joined: JoinedCase, lesions: Sequence[Lesion]) -> Mapping[tuple[str, str], str]:
    """(source, name there) -> name in the joined case, for the lesions of the sources whose name has changed."""
    owner = {focus_id: lesion.id for lesion in lesions for focus_id in lesion.focus_ids}
    found = {}
    for source, name, focus_ids in joined.former:
        now = next((owner[one] for one in focus_ids if one in owner), None)
        if now is not None and now != name:
            found[source, name] = now
    return found


def check_sources(paths: Sequence[Path]) -> list[CaseFolder]:
    """The case folders, each opened and read. Raises CaseError, also when one folder is named twice."""
    folders = [CaseFolder.open(path) for path in paths]
    places = [folder.path.resolve() for folder in folders]
    for place in places:
        if places.count(place) > 1:
            raise CaseError("is named twice", subject=str(place), remedy="Name each case once.")
    for folder in folders:
        if not folder.case.exams:
            raise CaseError("holds no exam", subject=str(folder.path), expected="a case with at least one exam")
    return folders
