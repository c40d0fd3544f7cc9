"""What the user asks about: an item, a score, a lesion, a lesion's value, an alert or a reference."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.criteria import all_criteria
from isletscope.errors import InputError
from isletscope.items import catalogue
from isletscope.model import Alert, AssessedTimePoint, Case, Lesion
from isletscope.report.references import References, known_measurements


@dataclass(frozen=True)
class Subject:
    """What was asked: its printed name, the references it starts from, and the item where it is one."""

    name: str
    title: str
    references: tuple[str, ...] = ()
    item: str = ""
    alert: str = ""


def find_subject(case: Case, references: References, words: Sequence[str]) -> Subject:
    """The subject that the words name. Raises InputError with the closest names when there is none."""
    asked = " ".join(words).strip()
    first = words[0] if words else ""
    by_letters = {name.lower(): name for name in catalogue().items}
    if first.lower() in by_letters and len(words) == 1:
        item = catalogue().find(by_letters[first.lower()])
        return Subject(item.id, item.question, (f"answer/{item.id}",), item=item.id)
    if "/" in first and len(words) == 1:
        return _reference(references, first)
    criterion = first.lower().replace("-", "_")
    if criterion in all_criteria():
        return _conclusion(references, criterion, words[1] if len(words) > 1 else "")
    lesion = next((one for one in case.lesions if one.id.lower() == first.lower()), None)
    if lesion is not None:
        return _lesion(case, references, lesion, words[1:])
    alert = next((one for one in _alerts(references.assessed) if one.code == criterion), None)
    if alert is not None:
        return Subject(alert.code, alert.sentence(), tuple(alert.rests_on), alert=alert.code)
    raise _unknown(asked, [*catalogue().items, *all_criteria(), *(one.id for one in case.lesions)])


def _alerts(assessed: AssessedTimePoint | None) -> list[Alert]:
    return assessed.alerts if assessed else []


def _reference(references: References, reference: str) -> Subject:
    if not references.resolve(reference).found:
        raise InputError("the case holds nothing under this reference", subject=reference, remedy="See docs/case.md.")
    return Subject(reference, reference, (reference,))


def _conclusion(references: References, name: str, subject: str) -> Subject:
    reference = f"conclusion/{name}/{subject}" if subject else f"conclusion/{name}"
    title = all_criteria()[name].title
    asked = [one for one in references.assessed.conclusions if one.name == name] if references.assessed else []
    if not asked:
        raise InputError(
            f"{title} was not asked at this time point",
            subject=name,
            remedy="Its question does not arise with these exams and lesions; `isletscope assess CASE` lists the rest.",
        )
    if references.resolve(reference).found:
        return Subject(" ".join(filter(None, [name, subject])), title, (reference,))
    named = [one.subject for one in asked if one.subject]
    named += [lesion.subject for one in asked for lesion in one.lesions]
    if subject:
        raise _unknown(subject, named)
    return Subject(name, title, tuple(f"conclusion/{name}/{one.subject}" for one in asked))


def _lesion(case: Case, references: References, lesion: Lesion, rest: Sequence[str]) -> Subject:
    """A lesion alone, one of its values in every exam, or a vessel beside it."""
    observed = [one for one in lesion.observations if one.exam_key in references.point.exam_keys]
    whole = tuple(f"lesion/{lesion.id}/{one.reference}" for one in observed)
    if not rest:
        return Subject(lesion.id, lesion.site, whole)
    wanted = rest[0].lower().replace("-", "_")
    values = {name for one in observed for name in (*one.measurements, *one.features)}
    if wanted in values:
        found = [one for one in observed if wanted in one.measurements or wanted in one.features]
        return Subject(
            f"{lesion.id} {wanted}",
            f"{lesion.id}, {lesion.site}: {wanted.replace('_', ' ')}",
            tuple(f"lesion/{lesion.id}/{one.reference}/{wanted}" for one in found),
        )
    vessels = {one.vessel: one for one in references.point.vessels if one.lesion == lesion.id}
    if wanted in vessels:
        beside = vessels[wanted]
        stem = f"vessel/{lesion.id}/{wanted}/{beside.exam_key}"
        names = [*known_measurements(beside), *beside.features]
        return Subject(
            f"{lesion.id} {wanted}",
            f"{lesion.id} beside the {wanted.replace('_', ' ')}",
            tuple(f"{stem}/{name}" for name in names) or (stem,),
        )
    raise _unknown(rest[0], sorted({*values, *vessels}), subject=lesion.id)


def _unknown(asked: str, known: Sequence[str], subject: str = "explain") -> InputError:
    by_letters = {name.lower(): name for name in known}
    close = [by_letters[hit] for hit in difflib.get_close_matches(asked.lower(), by_letters, n=3, cutoff=0.4)]
    if close:
        remedy = f"Did you mean {' or '.join(close)}?"
    elif len(known) <= 40 and known:
        remedy = f"Known are {', '.join(known)}."
    else:
        remedy = "`isletscope items list` and `isletscope criteria list` show what can be asked."
    return InputError(f"nothing is named {asked or '(empty)'}", subject=subject, remedy=remedy)
