"""Details of an exam in the plan: amounts by weight, activity and uptake time, what to look for, codes."""

from __future__ import annotations

from isletscope.criteria.book import number
from isletscope.criteria.clinical import ClinicalFile
from isletscope.criteria.imaging_book import Activity, Exam, Line, Tracer, imaging_book
from isletscope.criteria.imaging_plan import Coding, Statement, convention, stated, statement
from isletscope.model import Support

DICOM_SYSTEM = "http://dicom.nema.org/resources/ontology/DCM"
SNOMED_SYSTEM = "http://snomed.info/sct"
MODALITIES = {
    "CT": "Computed Tomography",
    "MR": "Magnetic Resonance",
    "PT": "Positron emission tomography",
    "US": "Ultrasound",
    "ES": "Endoscopy",
    "XA": "X-Ray Angiography",
    "NM": "Nuclear Medicine",
}
BODY_SITES = {"pancreas": ("15776009", "Pancreas"), "liver": ("10200004", "Liver")}
"""Body sites whose codes DICOM carries; other sites go uncoded."""


def protocol_lines(exam: Exam, weight_kg: float | None) -> list[Statement]:
    """The protocol, with amounts by weight worked out where the weight is known."""
    return [_line_for(line, weight_kg) for line in exam.protocol]


def _line_for(line: Line, weight_kg: float | None) -> Statement:
    shown = stated(line)
    if line.per_kg is None or weight_kg is None:
        return shown
    rule = line.per_kg
    amount = _bounded(rule.value * weight_kg, rule.low, rule.high)
    text = f"{line.text.rstrip('.')}: {number(round(amount, 2))} {rule.unit} for {number(weight_kg)} kg."
    return shown.model_copy(update={"text": text})


def activity_lines(exam: Exam, weight_kg: float | None, *, child: bool) -> list[Statement]:
    """Activity and uptake time of every tracer of the exam; a child gets the child's rule or is told there is none."""
    found = []
    for name in exam.tracers:
        tracer = imaging_book().tracers[name]
        found.append(_activity_of(name, tracer, weight_kg, child))
        uptake = stated(tracer.uptake)
        found.append(uptake.model_copy(update={"text": f"{name}: {uptake.text[:1].lower()}{uptake.text[1:]}"}))
    return found


def _activity_of(name: str, tracer: Tracer, weight_kg: float | None, child: bool) -> Statement:
    if child and tracer.child is None:
        if tracer.no_child is not None:
            return stated(tracer.no_child).model_copy(update={"text": f"{name}: {tracer.no_child.text}"})
        return convention(f"{name}: no activity for children was found; follow the local protocol.")
    rule: Activity = tracer.child if child and tracer.child is not None else tracer
    return statement(f"{name}: {_activity(rule, weight_kg)}.", rule, dose=True)


def _activity(rule: Activity, weight_kg: float | None) -> str:
    if rule.mbq_per_kg is None:
        assert rule.fixed_mbq is not None
        span = f" ({number(rule.low_mbq)} to {number(rule.high_mbq)})" if rule.low_mbq and rule.high_mbq else ""
        return f"{number(rule.fixed_mbq)} MBq{span}"
    top = rule.mbq_per_kg_high or rule.mbq_per_kg
    each = number(rule.mbq_per_kg) + (f" to {number(top)}" if top != rule.mbq_per_kg else "")
    limits = f", at least {number(rule.min_mbq)} MBq" if rule.min_mbq else ""
    limits += f", at most {number(rule.max_mbq)} MBq" if rule.max_mbq else ""
    if weight_kg is None:
        return f"{each} MBq/kg{limits} (weight not given)"
    amounts = [_bounded(value * weight_kg, rule.min_mbq, rule.max_mbq) for value in (rule.mbq_per_kg, top)]
    shown = " to ".join(dict.fromkeys(number(round(amount, 1)) for amount in amounts))
    return f"{shown} MBq for {number(weight_kg)} kg ({each} MBq/kg{limits})"


def _bounded(value: float, low: float | None, high: float | None) -> float:
    capped = value if high is None else min(value, high)
    return capped if low is None else max(capped, low)


def looks(exam: Exam, clinical: ClinicalFile) -> list[Statement]:
    """What to look for: on this exam, for this tumour type, for this syndrome."""
    book = imaging_book()
    found = [Statement(text=f"{text}.", support=Support.RECALL) for text in exam.look_for]
    kinds = [book.subtypes[clinical.subtype]] if clinical.subtype else []
    if clinical.germline in book.syndromes:
        kinds.append(book.syndromes[clinical.germline])
    groups = {"ALL", exam.group.value}
    return found + [stated(look) for kind in kinds for look in kind.look_for if groups & set(look.groups)]


def codings(exam: Exam) -> list[Coding]:
    """Modality, body site and tracers, as far as DICOM carries their codes."""
    found = [Coding(system=DICOM_SYSTEM, code=exam.modality, display=MODALITIES[exam.modality])]
    if exam.body_site in BODY_SITES:
        code, display = BODY_SITES[exam.body_site]
        found.append(Coding(system=SNOMED_SYSTEM, code=code, display=display))
    for name in exam.tracers:
        tracer = imaging_book().tracers[name]
        if tracer.code is not None:
            found.append(Coding(system=SNOMED_SYSTEM, code=tracer.code, display=tracer.code_meaning))
    return found
