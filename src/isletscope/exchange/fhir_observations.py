"""FHIR BodyStructures and Observations: lesions and their looks, vessels, organs, totals, scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from isletscope.exchange.codes import code_book, concept, local, site_code
from isletscope.exchange.content import Content, LesionSent, Look, Number, Score
from isletscope.exchange.fhir_parts import (
    DICOM_UID,
    Resource,
    absent,
    codeable,
    component,
    full_url,
    identifier,
    reference,
    status,
    unique,
    updated,
)
from isletscope.model import Verdict, Visibility


@dataclass(frozen=True)
class Around:
    """What every Observation refers to: the addresses of patient, device, performers and imaging studies by exam."""

    patient: str
    device: str
    performers: tuple[str, ...]
    studies: dict[str, str]


def body_structures(content: Content, around: Around) -> Iterator[Resource]:
    """One entry for each lesion; its identifier is the tracking UID that SEG and SR carry too."""
    for sent in content.lesions:
        lesion = sent.lesion
        place = ", ".join(part for part in (lesion.site, lesion.place.region, lesion.place.side) if part)
        code = site_code(lesion)
        resource = {
            "resourceType": "BodyStructure",
            "identifier": [
                {
                    "type": codeable(concept("tracking_uid")),
                    "system": DICOM_UID,
                    "value": f"urn:oid:{lesion.tracking_uid}",
                },
                {
                    "type": codeable(concept("tracking_id")),
                    **identifier("lesion", f"{content.patient.id}/{lesion.id}"),
                },
            ],
            "active": lesion.verdict is not Verdict.PHYSIOLOGIC,
            "morphology": codeable(concept("neoplasm" if lesion.verdict is Verdict.TUMOUR else "lesion")),
            "location": codeable(*([code] if code else []), text=place),
            "description": f"{lesion.id}: {place}",
            "patient": reference(around.patient),
        }
        yield updated(_structure(content, lesion.id), resource)


def observations(content: Content, around: Around) -> Iterator[Resource]:
    """Every Observation: looks before the lesions that gather them, scores last."""
    for sent in content.lesions:
        yield from (_look(content, around, sent, look) for look in sent.looks)
        yield _lesion(content, around, sent)
    for group, what in ((content.vessels, "vessel"), (content.organs, "organ"), (content.totals, "total")):
        for (subject, exam), numbers in groupby(group, key=lambda one: (one.subject, one.exam_key)):
            yield _group(content, around, what, subject, exam, list(numbers))
    yield from (_score(content, around, score) for score in content.scores)


def _look(content: Content, around: Around, sent: LesionSent, look: Look) -> Resource:
    found, lesion = look.observation, sent.lesion
    name = f"lesion/{lesion.id}/{found.reference}"
    resource = _observation(content, around, name, found.exam_key) | {
        "code": codeable(concept("finding"), text=f"{lesion.id} on {found.kind.value.replace('_', ' ')}"),
        "focus": [reference(_structure(content, lesion.id), lesion.id)],
    }
    code = site_code(lesion)
    if code:
        resource["bodySite"] = codeable(code)
    if found.visibility in (Visibility.SEEN, Visibility.NOT_SEEN):
        seen = local(found.visibility.value.replace(" ", "_"), found.visibility.value)
        resource["valueCodeableConcept"] = codeable(seen)
    else:
        resource["dataAbsentReason"] = absent(found.because, found.visibility.value)
    parts = [component(number) for number in look.numbers]
    for key, word in found.features.items():
        said = local(f"{key}.{word}", word.replace("_", " "))
        parts.append({"code": codeable(local(key, key.replace("_", " "))), "valueCodeableConcept": codeable(said)})
    return updated(full_url(content, name), _with(resource, parts, _cautions(look.numbers)))


def _lesion(content: Content, around: Around, sent: LesionSent) -> Resource:
    lesion = sent.lesion
    name = f"lesion/{lesion.id}"
    verdict = local(f"verdict.{lesion.verdict.value}", lesion.verdict.value)
    resource = _observation(content, around, name, "") | {
        "code": codeable(concept("finding"), text=f"{lesion.id}, {lesion.site}"),
        "focus": [reference(_structure(content, lesion.id), lesion.id)],
        "valueCodeableConcept": codeable(verdict),
    }
    members = [reference(full_url(content, f"{name}/{look.observation.reference}")) for look in sent.looks]
    if members:
        resource["hasMember"] = members
    return updated(full_url(content, name), resource)


def _group(content: Content, around: Around, what: str, subject: str, exam: str, numbers: list[Number]) -> Resource:
    name = f"{what}/{subject}/{exam}/{numbers[0].kind}"
    resource = _observation(content, around, name, exam) | {
        "code": codeable(local(what, what), text=f"{what}: {subject.replace('_', ' ')}"),
    }
    return updated(full_url(content, name), _with(resource, [component(one) for one in numbers], _cautions(numbers)))


def _score(content: Content, around: Around, score: Score) -> Resource:
    one = score.conclusion
    resource = _observation(content, around, score.reference, "") | {
        "code": codeable(local(one.name, one.title or one.name), text=score.title),
    }
    if one.value is None:
        resource["dataAbsentReason"] = absent(score.missing_because)
    else:
        resource["valueCodeableConcept"] = {"text": one.value}
    if one.rule or one.version:
        resource["method"] = {"text": f"{one.rule} {one.version} ({one.support.value})".strip()}
    stage = code_book()["stage_parts"] if one.name == "tnm" else {}
    parts: list[Resource] = []
    for name, value in one.parts.items():
        codes = [local(f"{one.name}.{_slug(name)}", name), *([concept(name, "stage_parts")] if name in stage else [])]
        parts.append({"code": codeable(*codes, text=name), "valueString": value})
    lesions = {sent.lesion.id for sent in content.lesions}
    if one.subject in lesions:
        resource["focus"] = [reference(_structure(content, one.subject), one.subject)]
    notes = [one.because] if one.because else []
    if one.provisional:
        notes.append(f"Provisional, lacks {', '.join(one.missing)}.")
    behind = unique(reference(url) for url in _behind(content, one.rests_on))
    if behind:
        resource["derivedFrom"] = behind
    return updated(full_url(content, score.reference), _with(resource, parts, notes))


def _behind(content: Content, references: list[str]) -> Iterator[str]:
    """The looks that a conclusion rests on, as addresses in the bundle."""
    looks = {f"lesion/{sent.lesion.id}/{look.observation.reference}" for sent in content.lesions for look in sent.looks}
    for one in references:
        name = "/".join(one.split("/")[:4])
        if name in looks:
            yield full_url(content, name)


def _observation(content: Content, around: Around, name: str, exam_key: str) -> Resource:
    """What all Observations have. Where no exam is named, the whole time point is meant."""
    exams = [exam_key] if exam_key else list(around.studies)
    dates = {exam.key: exam.date for exam in content.exams}
    day = dates.get(exam_key) if exam_key else content.point.date
    resource: Resource = {
        "resourceType": "Observation",
        "identifier": [identifier("observation", str(content.identifier("observation", name)))],
        "status": status(content),
        "category": [{"coding": [code_book()["fhir"]["category_observation"]]}],
        "subject": reference(around.patient),
        "device": reference(around.device),
    }
    if day:
        resource["effectiveDateTime"] = day
    if around.performers:
        resource["performer"] = [reference(url) for url in around.performers]
    if exam_key:
        resource["derivedFrom"] = [reference(around.studies[key]) for key in exams]
    return resource


def _with(resource: Resource, parts: list[Resource], notes: list[str]) -> Resource:
    if parts:
        resource["component"] = parts
    if notes:
        resource["note"] = [{"text": text} for text in notes]
    return resource


def _cautions(numbers: list[Number] | tuple[Number, ...]) -> list[str]:
    """Numbers to be read with care, and why."""
    limited = [(one.measurement.name, one.measurement.limitation) for one in numbers if one.measurement.limitation]
    return [f"{name}: {why}" for name, why in limited]


def _structure(content: Content, lesion: str) -> str:
    return full_url(content, f"structure/{lesion}")


def _slug(text: str) -> str:
    return "_".join("".join(sign if sign.isalnum() else " " for sign in text).split()).lower()
