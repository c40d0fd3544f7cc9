"""The case as an HL7 v2.5.1 ORU^R01 message: the report's words, every number, every score, and the PDF."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import hl7

from isletscope.errors import OutputError
from isletscope.exchange.codes import LOCAL, code_book, concept, local
from isletscope.exchange.content import Content, Number, Score, content_of, person_names, without_controls
from isletscope.exchange.text import text_of
from isletscope.exchange.written import Written
from isletscope.model import Code, Standing, Visibility, content_sha256
from isletscope.reading import CaseFolder, whole_file

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_STATUS = {Standing.DRAFT: "P", Standing.FINAL: "F", Standing.AMENDED: "C"}
_SEXES = ("M", "F", "O")
_ABSENT = "X"  # table 0085: results cannot be obtained for this observation


@dataclass(frozen=True)
class _Result:
    """One OBX: data type, what was observed, which group it belongs to, its value, and notes under it.

    ``group`` is sent as a number: OBX-4 holds twenty characters, and names of vessels cut short would be mixed up.
    """

    kind: str
    code: Code
    group: str
    value: str
    unit: str = ""
    when: str = ""
    absent: bool = False
    standard: Code | None = None
    notes: tuple[str, ...] = ()


def write_hl7v2(folder: CaseFolder, out: Path) -> Written:
    """Write ``oru.hl7`` into ``out``: one message, UTF-8, segments ended by carriage returns.

    Raises CaseError for a case never assessed or changed since it was signed, OutputError.
    """
    content = content_of(folder.case, str(folder.path))
    pdf = folder.report_folder / "report.pdf"
    path = out / "oru.hl7"
    message = oru_message(content, pdf.read_bytes() if pdf.is_file() else b"")
    if str(hl7.parse(message)) != message:
        raise OutputError("the message does not survive being read again", subject=str(path))
    with whole_file(path) as temporary:
        temporary.write_bytes(message.encode("utf-8"))
    left = () if pdf.is_file() else ("report.pdf: the case folder holds none; make it with `isletscope report CASE`",)
    return Written((path,), left)


def oru_message(content: Content, pdf: bytes) -> str:
    """The message. Equal content gives an equal message with an equal control identifier."""
    results = [*_narrative(content), *_numbers(content), *_scores(content), *_signed(content)]
    if pdf:
        data = base64.b64encode(pdf).decode()
        results.append(_Result("ED", concept("report"), "pdf", f"^application^pdf^Base64^{data}"))
    body = [_pid(content), _obr(content)]
    groups = {name: str(number) for number, name in enumerate(dict.fromkeys(one.group for one in results), start=1)}
    for number, result in enumerate(results, start=1):
        body.append(_obx(number, result, groups[result.group], _STATUS[content.standing]))
        body += [_segment("NTE", str(line), "L", escaped(note)) for line, note in enumerate(result.notes, start=1)]
    control = hashlib.sha256("\r".join(body).encode()).hexdigest()[:20]
    return "\r".join([_msh(content, control), *body]) + "\r"


def escaped(text: str) -> str:
    """Text in a field: the separators as escape sequences, line breaks as HL7 writes them."""
    plain = "".join(_ESCAPES.get(sign, sign) for sign in without_controls(text))
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\.br\\")


def timestamp(text: str | None) -> str:
    """An ISO date or date-time in HL7's form, with its offset where it has one; empty where there is none."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text)
    if len(text) <= 10:
        return moment.strftime("%Y%m%d")
    return moment.strftime("%Y%m%d%H%M%S") + (moment.strftime("%z") if moment.tzinfo else "")


def _segment(*fields: str) -> str:
    return "|".join(fields).rstrip("|")


def _coded(code: Code) -> str:
    scheme = code_book()["systems"]["v2"].get(code.scheme, LOCAL)
    return f"{escaped(code.value)}^{escaped(code.meaning)}^{scheme}"


def _msh(content: Content, control: str) -> str:
    sent = timestamp(content.told_at)
    head = ["MSH", "^~\\&", "ISLETSCOPE", "", "", "", sent, "", "ORU^R01^ORU_R01", control, "P", "2.5.1"]
    return _segment(*head, "", "", "AL", "NE", "", "UNICODE UTF-8")


def _pid(content: Content) -> str:
    person = content.patient
    ids = "~".join(f"{escaped(value)}^^^^PI" for value in dict.fromkeys([person.id, *person.other_ids]))
    name = "~".join("^".join(escaped(part) for part in group).rstrip("^") for group in person_names(person.name))
    sex = person.sex if person.sex in _SEXES else ""
    return _segment("PID", "1", "", ids, "", name, "", timestamp(person.birth_date), sex)


def _obr(content: Content) -> str:
    """The report as a whole; OBR-3 is its identifier, the same for draft, final and amendment."""
    fields = [""] * 33
    fields[0], fields[1] = "OBR", "1"
    fields[3] = f"{content.identifier('report')}^ISLETSCOPE"
    fields[4] = _coded(concept("report"))
    fields[7] = timestamp(content.point.date)
    fields[22] = timestamp(content.told_at)
    fields[25] = _STATUS[content.standing]
    if content.signature:
        fields[32] = f"&{escaped(content.signature.by)}"
    return _segment(*fields)


def _obx(number: int, result: _Result, group: str, status: str) -> str:
    unit = f"{escaped(result.unit)}^{escaped(result.unit)}^UCUM" if result.unit else ""
    value = result.value if result.kind in ("ED", "NM") else escaped(result.value)
    if result.absent:
        value, status = "", _ABSENT
    code = _coded(result.code) + (f"^{_coded(result.standard)}" if result.standard else "")
    fields = ["OBX", str(number), result.kind, code, group, value, unit, "", "", "", ""]
    return _segment(*fields, status, "", "", result.when)


def _narrative(content: Content) -> Iterator[_Result]:
    """The impression on its own, then the whole text, one OBX a line, as receivers print them."""
    for line in (one.text for one in content.narrative.impression):
        yield _Result("TX", concept("impression"), "impression", line)
    for line in text_of(content).splitlines():
        yield _Result("TX", concept("findings"), "report", line or " ")


def _numbers(content: Content) -> Iterator[_Result]:
    days = {exam.key: timestamp(exam.date) for exam in content.exams}
    for sent in content.lesions:
        lesion = sent.lesion
        site = f"{lesion.site}; {lesion.verdict.value}"
        yield _Result("ST", concept("tracking_uid"), lesion.id, lesion.tracking_uid, notes=(site,))
        for look in sent.looks:
            found = look.observation
            group = f"{lesion.id}/{found.reference}"
            possible = found.visibility in (Visibility.SEEN, Visibility.NOT_SEEN)
            seen = local("visibility", f"{lesion.id} on {found.kind.value}")
            why = (found.because,) if found.because else ()
            when = days[found.exam_key]
            yield _Result("ST", seen, group, found.visibility.value, when=when, absent=not possible, notes=why)
            yield from (_number(one, group, when) for one in look.numbers)
    for one in (*content.vessels, *content.organs, *content.totals):
        yield _number(one, one.reference.rpartition("/")[0], days.get(one.exam_key, ""))


def _number(number: Number, group: str, when: str) -> _Result:
    """A number under its local code, which tells all numbers of a group apart; its standard code comes second."""
    found = number.measurement
    notes = [f"not known: {found.missing_because}"] if found.missing_because else []
    notes += [found.limitation] if found.limitation else []
    where = " ".join(part for part in (number.subject, number.kind, number.exam_key) if part).replace("_", " ")
    code = local(number.key, f"{where}: {found.name}")
    absent = found.value is None
    return _Result("NM", code, group, number.written, found.unit, when, absent, found.code, tuple(notes))


def _scores(content: Content) -> Iterator[_Result]:
    for score in content.scores:
        yield _score(score)
        for name, value in score.conclusion.parts.items():
            part = local(f"{score.conclusion.name}.{name}", f"{score.title}: {name}")
            yield _Result("ST", part, score.reference, value)


def _score(score: Score) -> _Result:
    one = score.conclusion
    notes = tuple(text for text in (one.because, score.missing_because) if text)
    return _Result(
        "ST", local(one.name, score.title), score.reference, one.value or "", absent=one.value is None, notes=notes
    )


def _signed(content: Content) -> Iterator[_Result]:
    if content.signature:
        digest = local("content_sha256", "SHA-256 of the signed case")
        yield _Result("ST", digest, "signature", content_sha256(content.case))
