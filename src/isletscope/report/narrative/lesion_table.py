"""The lesion table: one row for each tumour and each finding left open, the same columns for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isletscope.assessment import ANATOMICAL
from isletscope.model import Compartment, ExamKind, Lesion, State, Verdict, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.cells import Reasons, cell
from isletscope.report.narrative.known import DERIVED, Known, name_key
from isletscope.report.narrative.lesion_words import SMALL_MM, certainty, near, pattern, place, size_of
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.phrases import Phrase, tell
from isletscope.report.narrative.vocabulary import vocabulary

_PET = {
    ExamKind.SSTR_PET: "SSTR SUVmax",
    ExamKind.FDG_PET: "FDG SUVmax",
    ExamKind.EXENDIN_PET: "exendin SUVmax",
    ExamKind.FDOPA_PET: "FDOPA SUVmax",
}


@dataclass(frozen=True)
class _Writer:
    """What a cell is made from."""

    known: Known
    reasons: Reasons


CellOf = Callable[[_Writer, Lesion], Cell]


def lesion_table(known: Known) -> NarrativeTable | None:
    """The table; None when nothing was found."""
    order = list(Compartment)
    lesions = sorted(
        [*known.tumours, *known.view.unsure], key=lambda one: (order.index(one.compartment), name_key(one.id))
    )
    if not lesions:
        return None
    writer = _Writer(known, Reasons())
    columns = _columns(known)
    rows = tuple(Row(one.id, tuple(write(writer, one) for _, write in columns)) for one in lesions)
    notes = list(writer.reasons.notes())
    small = [one.id for one in lesions if _small(known, one)]
    if small:
        behind = [reference for one in lesions if (found := size_of(known, one)) for reference in found.references[:1]]
        notes.append(tell("tables.partial_volume", *behind))
    return NarrativeTable("lesions", "Lesion table", tuple(head for head, _ in columns), rows, tuple(notes))


def _columns(known: Known) -> list[tuple[str, CellOf]]:
    columns: list[tuple[str, CellOf]] = [("ID", _name), ("site", _site), ("size mm", _size)]
    anatomical = any(known.view.done(kind) for kind in ANATOMICAL)
    if anatomical:
        columns.append(("volume mL", _volume))
    if known.view.done(ExamKind.MRI):
        columns.append(("ADC (ratio)", _adc))
    for kind, head in _PET.items():
        if known.view.done(kind):
            columns.append((head, _suv(kind)))
            if kind is ExamKind.SSTR_PET:
                columns += [("Krenning", _score("krenning")), ("SSTR-TV mL", _pet_volume(kind))]
            if kind is ExamKind.FDG_PET:
                columns.append(("FDG level", _score("fdg_uptake")))
    if known.view.done(ExamKind.SSTR_PET) and known.view.done(ExamKind.FDG_PET):
        columns.append(("pattern", _pattern))
    if known.view.done(ExamKind.SSTR_PET):
        columns.append(("SSTR-RADS", _score("sstr_rads")))
    return [*columns, ("certainty", _certainty), ("flags", _flags)]


def _name(writer: _Writer, lesion: Lesion) -> Cell:
    return Cell(lesion.id, "", (f"lesion/{lesion.id}",))


def _site(writer: _Writer, lesion: Lesion) -> Cell:
    return Cell(place(lesion, short=True) or "not given")


def _size(writer: _Writer, lesion: Lesion) -> Cell:
    found = size_of(writer.known, lesion)
    if found is None:
        return writer.reasons.missing("no axis was measured", f"lesion/{lesion.id}")
    text = fmt.axes(found.axes_mm, vocabulary().limits_mm(lesion.compartment))
    return Cell(f"PET {text}" if found.on_pet else text, "", found.references)


def _volume(writer: _Writer, lesion: Lesion) -> Cell:
    found = writer.known.view.find(lesion, "volume", ANATOMICAL)
    if found is not None:
        return Cell(fmt.volume(found.value), near(found), (found.reference,))
    return writer.reasons.missing(_why(writer.known, lesion, "volume", ANATOMICAL), f"lesion/{lesion.id}")


def _adc(writer: _Writer, lesion: Lesion) -> Cell:
    tumour = writer.known.view.find(lesion, "adc_mean", (ExamKind.MRI,))
    organ = writer.known.view.find(lesion, "organ_adc", (ExamKind.MRI,))
    if tumour is None:
        return writer.reasons.missing(_why(writer.known, lesion, "adc_mean", (ExamKind.MRI,)), f"lesion/{lesion.id}")
    ratio = f" ({fmt.number(tumour.value / organ.value, 2)})" if organ is not None and organ.value else ""
    behind = (tumour.reference, *((organ.reference,) if organ else ()))
    return Cell(f"{fmt.diffusion(tumour.value)}{ratio}", near(tumour), behind)


def _suv(kind: ExamKind) -> CellOf:
    def write(writer: _Writer, lesion: Lesion) -> Cell:
        one = writer.known.view.looked(lesion, kind)
        if one is not None and one.visibility is Visibility.NOT_SEEN:
            return Cell("not seen", "", (f"lesion/{lesion.id}/{one.reference}",))
        found = writer.known.view.find(lesion, "suv_max", (kind,))
        if found is not None:
            invisible = one is not None and one.features.get("uptake_visible") == "no"
            text = fmt.suv(found.value)
            return Cell(f"neg ({text})" if invisible else text, near(found), (found.reference,))
        return writer.reasons.missing(_why(writer.known, lesion, "suv_max", (kind,)), f"lesion/{lesion.id}")

    return write


def _pet_volume(kind: ExamKind) -> CellOf:
    def write(writer: _Writer, lesion: Lesion) -> Cell:
        one = writer.known.view.looked(lesion, kind)
        if one is not None and one.visibility is Visibility.NOT_SEEN:
            return Cell("not seen", "", (f"lesion/{lesion.id}/{one.reference}",))
        found = writer.known.view.find(lesion, "volume", (kind,))
        if found is not None:
            return Cell(fmt.volume(found.value, pet=True), near(found), (found.reference,))
        return writer.reasons.missing(_why(writer.known, lesion, "volume", (kind,)), f"lesion/{lesion.id}")

    return write


def _score(criterion: str) -> CellOf:
    def write(writer: _Writer, lesion: Lesion) -> Cell:
        found = writer.known.asked(criterion, lesion.id)
        behind = f"conclusion/{criterion}/{lesion.id}"
        if found is None:
            unsure = lesion.verdict is Verdict.UNSURE
            because = "not rated because the finding is indeterminate" if unsure else "not rated for this lesion"
            return writer.reasons.missing(because, f"lesion/{lesion.id}")
        if found.value is None:
            return writer.reasons.missing(f"needed: {', '.join(found.missing)}", behind)
        return Cell(found.value, DERIVED, (behind,))

    return write


def _pattern(writer: _Writer, lesion: Lesion) -> Cell:
    found = pattern(writer.known, lesion)
    behind = f"conclusion/concordance/{lesion.id}"
    if found:
        return Cell(vocabulary().patterns[found], DERIVED, (behind,))
    if lesion.verdict is Verdict.UNSURE:
        return writer.reasons.missing("not rated because the finding is indeterminate", f"lesion/{lesion.id}")
    asked = writer.known.asked("concordance", lesion.id)
    lacking = ", ".join(asked.missing) if asked is not None and asked.missing else "uptake on both tracers"
    return writer.reasons.missing(f"needed: {lacking}", f"lesion/{lesion.id}")


def _certainty(writer: _Writer, lesion: Lesion) -> Cell:
    return cell(Phrase(certainty(writer.known, lesion), (f"lesion/{lesion.id}",)))


def _flags(writer: _Writer, lesion: Lesion) -> Cell:
    return Cell("PV" if _small(writer.known, lesion) else "none", "", (f"lesion/{lesion.id}",))


def _small(known: Known, lesion: Lesion) -> bool:
    found = size_of(known, lesion)
    on_pet = any(known.view.done(kind) for kind in _PET)
    return on_pet and found is not None and not found.on_pet and found.axes_mm[0] < SMALL_MM


def _why(known: Known, lesion: Lesion, name: str, kinds: tuple[ExamKind, ...]) -> str:
    """Why there is no value: not done, not seen, outside the images, or what the measurement says."""
    done = [kind for kind in kinds if known.view.done(kind)]
    exams = " and ".join(vocabulary().exams[kind] for kind in done)
    looked = [one for kind in done if (one := known.view.looked(lesion, kind)) is not None]
    for one in looked:
        measurement = one.measurements.get(name)
        if measurement is not None and measurement.state is State.MISSING:
            return f"not assessable because {measurement.missing_because}"
    if looked and all(one.visibility is Visibility.NOT_SEEN for one in looked):
        return f"not seen on {exams}"
    for one in looked:
        if one.because:
            return f"not assessable on {vocabulary().exams[one.kind]} because {one.because}"
    return f"not measured on {exams}" if done else "the exam was not done"
