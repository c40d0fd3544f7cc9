"""The case as a FHIR R4 transaction bundle that can be sent twice and makes no double."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from isletscope.errors import OutputError
from isletscope.exchange.codes import code_book, concept, local, namespace
from isletscope.exchange.content import Content, content_of, person_names
from isletscope.exchange.fhir_check import faults_of
from isletscope.exchange.fhir_observations import Around, body_structures, observations
from isletscope.exchange.fhir_parts import (
    DICOM_UID,
    Resource,
    codeable,
    coding,
    created,
    full_url,
    identifier,
    reference,
    stable,
    status,
    tagged,
    unique,
    updated,
)
from isletscope.exchange.written import Written
from isletscope.model import Code, Exam, Origin, content_sha256
from isletscope.reading import CaseFolder, write_text

_FORMS = (("report.pdf", "application/pdf"), ("report.html", "text/html"))


def write_fhir(folder: CaseFolder, out: Path) -> Written:
    """Write ``fhir.json`` into ``out``: a transaction bundle, checked before it is written.

    Raises CaseError for a case never assessed or changed since it was signed, OutputError where the bundle would not be
    valid or cannot be written.
    """
    content = content_of(folder.case, str(folder.path))
    forms = {name: folder.report_folder / name for name, _ in _FORMS}
    attached = {name: path.read_bytes() for name, path in forms.items() if path.is_file()}
    document = bundle(content, attached)
    faults = faults_of(document)
    if faults:
        raise OutputError("the FHIR bundle would not be valid", subject=str(out), found="; ".join(faults[:3]))
    path = out / "fhir.json"
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    lacking = [f"{name}: the case folder holds none; make it with `isletscope report CASE`" for name in forms]
    return Written((path,), tuple(line for line in lacking if line.split(":")[0] not in attached))


def bundle(content: Content, attached: dict[str, bytes]) -> Resource:
    """The transaction bundle. ``attached``: the printed report by file name."""
    around = Around(
        patient=full_url(content, "patient"),
        device=full_url(content, "device"),
        performers=tuple(_person_url(content, content.signature.by) for _ in "1" if content.signature),
        studies={exam.key: full_url(content, "study", exam.key) for exam in content.exams},
    )
    entries = [
        created(around.patient, _patient(content)),
        *(created(_person_url(content, name), _practitioner(content, name)) for name in _people(content)),
        updated(around.device, _device(content)),
        *(created(around.studies[exam.key], _study(exam, around)) for exam in content.exams),
        *body_structures(content, around),
    ]
    found = list(observations(content, around))
    report_url = full_url(content, "report")
    report = _report(content, around, [entry["fullUrl"] for entry in found], attached)
    entries += [*found, updated(report_url, report), _provenance(content, around, report_url)]
    return {
        "resourceType": "Bundle",
        "identifier": identifier("bundle", str(content.identifier("bundle"))),
        "type": "transaction",
        "timestamp": instant(content.told_at),
        "entry": entries,
    }


def instant(text: str) -> str:
    """An ISO date-time as FHIR wants an instant: with seconds and an offset; without one it is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return f"{moment.isoformat(timespec='seconds')}{'' if moment.tzinfo else '+00:00'}"


def _patient(content: Content) -> Resource:
    """The patient as the images' headers name it; what they do not hold is left out. No issuer of the id is known."""
    person = content.patient
    resource: Resource = {
        "resourceType": "Patient",
        "identifier": [{"value": value} for value in unique([person.id, *person.other_ids])],
    }
    names = [_name(group) for group in person_names(person.name)]
    if names:
        resource["name"] = names
    if person.sex in code_book()["fhir"]["gender"]:
        resource["gender"] = code_book()["fhir"]["gender"][person.sex]
    if person.birth_date:
        resource["birthDate"] = person.birth_date
    return resource


def _name(group: tuple[str, ...]) -> Resource:
    family, *given = group
    named: Resource = {"text": " ".join(part for part in group if part)}
    if family:
        named["family"] = family
    if any(given[:2]):
        named["given"] = [part for part in given[:2] if part]
    return named


def _people(content: Content) -> list[str]:
    """Everyone who signed or entered something, in that order."""
    signed = [content.signature.by] if content.signature else []
    entered = [answer.by for answer in content.assessed.answers.values() if answer.source is Origin.ENTERED]
    overrode = [one.who for one in content.case.overrides]
    return unique([*signed, *overrode, *(one.who for one in content.case.entries), *entered])


def _person_url(content: Content, name: str) -> str:
    return full_url(content, "person", name)


def _practitioner(content: Content, name: str) -> Resource:
    value = str(content.identifier("person", name))
    return {"resourceType": "Practitioner", "identifier": [identifier("reader", value)], "name": [{"text": name}]}


def _device(content: Content) -> Resource:
    software = content.case.software
    return {
        "resourceType": "Device",
        "identifier": [identifier("device", f"{software.name} {software.version}")],
        "status": "active",
        "deviceName": [{"name": software.name, "type": "manufacturer-name"}],
        "version": [{"value": software.version}],
        "note": [{"text": "Research use; not a medical device."}],
    }


def _study(exam: Exam, around: Around) -> Resource:
    series = {one.series_uid: one for one in reversed(exam.series)}
    listed = []
    for uid in unique(one.series_uid for one in exam.series):
        one = series[uid]
        images = sum(part.instance_count for part in exam.series if part.series_uid == uid)
        entry: Resource = {
            "uid": uid,
            "modality": coding(Code(value=one.modality, scheme="DCM", meaning=one.modality)),
            "numberOfInstances": images,
        }
        if one.description:
            entry["description"] = one.description
        if one.number is not None and one.number >= 0:
            entry["number"] = one.number
        listed.append(entry)
    resource: Resource = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": DICOM_UID, "value": f"urn:oid:{exam.study_uid}"}],
        "status": "available",
        "modality": unique(entry["modality"] for entry in listed),
        "subject": reference(around.patient),
        "description": exam.title,
        "numberOfSeries": len(listed),
        "series": listed,
    }
    if exam.date:
        resource["started"] = exam.date
    return resource


def _report(content: Content, around: Around, results: list[str], attached: dict[str, bytes]) -> Resource:
    book = code_book()["fhir"]
    resource: Resource = {
        "resourceType": "DiagnosticReport",
        "identifier": [identifier("report", str(content.identifier("report")))],
        "status": status(content),
        "category": [{"coding": [book["category_report"]]}],
        "code": codeable(concept("report")),
        "subject": reference(around.patient),
        "effectiveDateTime": content.point.date,
        "issued": instant(content.told_at),
        "result": [reference(url) for url in results],
        "imagingStudy": [reference(around.studies[exam.key], exam.title) for exam in content.exams],
        "conclusion": "\n".join(one.text for one in content.narrative.impression),
        "conclusionCode": list(_conclusion_codes(content)),
    }
    if around.performers:
        resource["performer"] = [reference(url) for url in around.performers]
        resource["resultsInterpreter"] = [reference(url) for url in around.performers]
    forms = [_form(content, name, kind, attached[name]) for name, kind in _FORMS if name in attached]
    if forms:
        resource["presentedForm"] = forms
    return {key: value for key, value in resource.items() if value not in ("", [])}


def _conclusion_codes(content: Content) -> Iterator[Resource]:
    """Each known conclusion about the patient: which criterion, and its result in words."""
    for score in content.scores:
        if score.conclusion.value is not None and not score.conclusion.subject:
            one = score.conclusion
            yield codeable(local(one.name, one.title or one.name), text=f"{score.title}: {one.value}")


def _form(content: Content, name: str, kind: str, data: bytes) -> Resource:
    return {
        "contentType": kind,
        "language": "en",
        "data": base64.b64encode(data).decode(),
        "size": len(data),
        "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),  # as R4 defines it
        "title": f"{name}, time point {content.point.name}",
        "creation": instant(content.told_at),
    }


def _provenance(content: Content, around: Around, report_url: str) -> Resource:
    """Who made and who signed the report, and the SHA-256 of the case it was made from."""
    signer = content.signature.by if content.signature else ""
    people = {name: _person_url(content, name) for name in _people(content)}
    readers = [_agent("verifier" if name == signer else "enterer", url) for name, url in people.items()]
    agents = [_agent("assembler", around.device), *readers]
    sources: list[Resource] = [{"role": "source", "what": reference(url)} for url in around.studies.values()]
    digest = {"identifier": identifier("content-sha256", content_sha256(content.case)), "display": "case document"}
    resource = {
        "resourceType": "Provenance",
        "target": [reference(report_url)],
        "recorded": instant(content.told_at),
        "agent": agents,
        "entity": [*sources, {"role": "source", "what": digest}],
    }
    tag = {"system": namespace("provenance"), "code": stable(f"provenance/{content.identifier('report')}")}
    return tagged(full_url(content, "provenance"), resource, tag)


def _agent(role: str, url: str) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    return {"type": {"coding": [{"system": system, "code": role}]}, "who": reference(url)}
