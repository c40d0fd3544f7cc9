"""From the case and its pixels to the report document."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from isletscope.model import Case, Verdict
from isletscope.report import format as fmt
from isletscope.report import keys
from isletscope.report.content import closing, exam_tables, lesion_tables
from isletscope.report.content import summary as summary_part
from isletscope.report.content.document import Figure, ReportDocument, SliceGroup, SlicePart, Table, Where, Written
from isletscope.report.content.given_regions import given_regions_table
from isletscope.report.content.notes import Notes
from isletscope.report.content.overview import NamedFocus, PetView, pet_views
from isletscope.report.content.sections import sections
from isletscope.report.figures.kept import kept_figures
from isletscope.report.figures.projections import projection_figures
from isletscope.report.figures.settings import display
from isletscope.report.figures.slices import NO_CT, SliceImages, colour_legend, slice_figure
from isletscope.report.images import ImageSource
from isletscope.report.words import words
from isletscope.spatial import Volume

TEXT_WIDTH_MM = 178.0
# Characters that no reader can see and no PDF may hold; a line break is kept.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class _Pixels:
    """The PET volumes that the image source could give."""

    pets: list[tuple[PetView, Volume]]
    lacking: list[PetView]


def build(case: Case, images: ImageSource, tick: Tick, written: Written | None = None) -> ReportDocument:
    """The whole report. ``tick(done, total)`` is called as figures are finished.

    ``written`` is the narrative's part; without it the summary is made of the PET readings alone.
    """
    views = pet_views(case)
    pixels = _pixels(views, images)
    total = len(pixels.pets) + sum(len(view.shown) for view, _ in pixels.pets)
    where = _where(pixels)
    tick(len(pixels.pets), total)
    slices = _slice_groups(case, pixels, images, tick, total)
    parts = _parts(case, views, pixels, where, slices) | {"written": written, "sections": sections(case, images)}
    draft = ReportDocument(**parts, methods=())
    notes = _figure_notes(pixels)
    methods = closing.methods(case, views, notes, "\n".join(all_text(draft)))
    document: ReportDocument = printable(ReportDocument(**parts, methods=methods))
    return document


def _parts(
    case: Case, views: list[PetView], pixels: _Pixels, where: Where, slices: tuple[SliceGroup, ...]
) -> dict[str, Any]:
    no_pet = () if views else ("No PET was read: no attenuation-corrected PET series with SUV is in the input.",)
    refused = closing.refused_table(case)
    lesions = _tables(lesion_tables.lesion_table(view) for view in views)
    return {
        "language": "en",
        "title": f"Report of patient {case.patient.id}",
        "header": summary_part.header(case),
        "summary": summary_part.summary(case, views),
        "where": where,
        "exams": exam_tables.exam_parts(case),
        "exams_text": tuple(exam_tables.finding_text(finding) for finding in case.findings) or _no_exams(case),
        "supplements": _tables([exam_tables.supplements_table(case)]),
        "quantification": exam_tables.quantification_tables(case),
        "quantification_text": () if _has_pet(case) else ("Not applicable because the input holds no PET series.",),
        "references": _tables(exam_tables.reference_table(view) for view in views),
        "references_text": no_pet or _without(views, lambda view: not view.reading.references, "no reference region"),
        "lesions": lesions,
        "lesions_text": no_pet or _no_lesions(views),
        "slices": slices,
        "slices_text": no_pet or _no_slices(views, pixels),
        "physiologic": _tables(lesion_tables.physiologic_table(view) for view in views),
        "physiologic_text": no_pet
        or _without(views, lambda view: not view.of(Verdict.PHYSIOLOGIC), "no focus held to be physiologic"),
        "given_regions": _tables(given_regions_table(view) for view in views),
        "totals": _tables(lesion_tables.totals_table(view) for view in views),
        "totals_text": no_pet or _no_totals(views),
        "open_items": tuple(case.open_items) or ("None.",),
        "entries": closing.entries_tables(case),
        "entries_text": ()
        if case.entries or case.overrides or case.same_patient
        else ("None. No value was entered or overridden.",),
        "refused": (refused,) if refused else (),
        "refused_text": () if refused else ("None. Every input was used or is listed under Exams and quality.",),
        "footer": (words().research_use,),
    }


def _tables(found: Any) -> tuple[Table, ...]:
    return tuple(table for table in found if table is not None)


def _has_pet(case: Case) -> bool:
    return any(series.quantification is not None for exam in case.exams for series in exam.series)


def _no_exams(case: Case) -> tuple[str, ...]:
    return () if case.exams else ("The input holds no exam that could be read; see Refused inputs.",)


def _without(views: list[PetView], lacks: Callable[[PetView], bool], what: str) -> tuple[str, ...]:
    return tuple(f"{view.title}: {what}." for view in views if lacks(view))


def _no_lesions(views: list[PetView]) -> tuple[str, ...]:
    return tuple(
        f"{view.title}: no focus suspicious for tumour and none indeterminate is seen within the field of view."
        for view in views
        if not view.shown
    )


def _no_totals(views: list[PetView]) -> tuple[str, ...]:
    return tuple(_no_total(view) for view in views if not view.of(Verdict.TUMOUR))


def _no_total(view: PetView) -> str:
    unsure, tracer = len(view.of(Verdict.UNSURE)), view.tracer
    if not unsure:
        return (
            f"{view.title}: {tracer.volume} 0 mL and {tracer.uptake} 0 mL·SUV, no lesion suspicious for tumour; "
            "mean lesion uptake not applicable because there is no lesion."
        )
    with_them = keys.total_volume(view.reading, with_unsure=True)
    upper = "" if with_them is None or with_them.value is None else f", at most {fmt.volume(with_them.value)} mL"
    verb = "lesion is" if unsure == 1 else "lesions are"
    return (
        f"{view.title}: {tracer.volume} at least 0 mL{upper}: no lesion is suspicious for tumour, {unsure} {verb} "
        "indeterminate; mean lesion uptake waits for the reader's verdict."
    )


def _pixels(views: list[PetView], images: ImageSource) -> _Pixels:
    pets, lacking = [], []
    for view in views:
        volume = images.volume(view.series.key)
        if volume is None:
            lacking.append(view)
        else:
            pets.append((view, volume))
    return _Pixels(pets, lacking)


def _absent(view: PetView) -> str:
    return (
        f"{view.title}: pictures not shown because the images of {view.series.key} are not in the case folder. "
        "Run isletscope read again to restore them."
    )


def _where(pixels: _Pixels) -> Where:
    absent = tuple(_absent(view) for view in pixels.lacking)
    if not pixels.pets and not absent:
        absent = ("No projection because no PET was read.",)
    figures = projection_figures(pixels.pets, TEXT_WIDTH_MM)
    legend = ("Circle: suspicious for tumour. Dashed diamond and “?”: indeterminate.",) if figures else ()
    return Where(figures, legend, absent)


def _slice_groups(case: Case, pixels: _Pixels, images: ImageSource, tick: Tick, total: int) -> tuple[SliceGroup, ...]:
    groups = []
    done = len(pixels.pets)
    left = display().most_rows
    for view, volume in pixels.pets:
        if not view.shown:
            continue
        source = SliceImages(case, view, images)
        chosen = _strongest(view.shown, left)
        left -= len(chosen)
        parts = []
        for item in chosen:
            parts.append(_slice_part(item, view, _kept_slices(item, view, volume, source, images, case)))
            done += 1
            tick(done, total)
        lacking_ct = [part.heading for part in parts if part.figure and part.figure.caption[0].startswith(NO_CT)]
        omitted = len(view.shown) - len(chosen)
        text = ["Planes through the voxel of highest uptake; the hairs at the edges point to it."]
        if lacking_ct:
            named = "any lesion" if len(lacking_ct) == len(parts) else ", ".join(lacking_ct)
            text.append(f"CT not shown for {named} because no CT of that place lies in the PET's frame of reference.")
        if omitted:
            text.append(f"{omitted} foci of lower SUVmax are not pictured; they stand in the lesion table.")
        legend = colour_legend(view.reading.tracer_class, view.tracer.name, TEXT_WIDTH_MM)
        groups.append(SliceGroup(view.title, view.reading.tracer_class, tuple(parts), legend, tuple(text)))
    return tuple(groups)


def _kept_slices(
    item: NamedFocus, view: PetView, volume: Volume, source: SliceImages, images: ImageSource, case: Case
) -> Figure:
    """The key slices of a focus, kept while the focus, its name, and the exam's series stay the same."""
    exam = case.exam_of(view.series.key)
    series = [one.model_dump(mode="json", exclude={"findings"}) for one in exam.series]
    shows = ["slices", item.name, item.focus.model_dump(mode="json"), view.title, view.reading.tracer_class, series]
    return kept_figures(images, shows, lambda: [slice_figure(item, volume, source, TEXT_WIDTH_MM)])[0]


def _strongest(foci: list[NamedFocus], most: int) -> list[NamedFocus]:
    if len(foci) <= most:
        return foci
    ordered = sorted(foci, key=lambda item: -(keys.number_of(item.focus, keys.SUV_MAX) or 0.0))[: max(most, 0)]
    names = {item.focus.id for item in ordered}
    return [item for item in foci if item.focus.id in names]


def _slice_part(item: NamedFocus, view: PetView, figure: Any) -> SlicePart:
    notes = Notes()
    unsure = item.focus.verdict is Verdict.UNSURE
    maximum = keys.number_of(item.focus, keys.SUV_MAX)
    volume = keys.number_of(item.focus, keys.VOLUME)
    facts = [item.focus.site, *([words().verdicts[Verdict.UNSURE]] if unsure else [])]
    axes = keys.number_of(item.focus, keys.LONG_AXIS)
    if axes is not None:
        facts.append(f"{lesion_tables.axes_text(item.focus, notes, item.name)}{fmt.NO_BREAK}mm")
    if volume is not None:
        facts.append(f"{lesion_tables.pet_volume(volume)}{fmt.NO_BREAK}mL")
    if maximum is not None:
        facts.append(f"{view.tracer.name} SUVmax {fmt.suv(maximum)}")
    return SlicePart(
        heading=f"{item.name}{' ?' if unsure else ''}",
        text=", ".join(facts),
        figure=figure,
        tracer=view.reading.tracer_class,
    )


def _no_slices(views: list[PetView], pixels: _Pixels) -> tuple[str, ...]:
    lacking = [_absent(view) for view in pixels.lacking]
    return (*lacking, *(f"{view.title}: no lesion to show." for view, _ in pixels.pets if not view.shown))


def _figure_notes(pixels: _Pixels) -> tuple[str, ...]:
    settings = display()
    notes = []
    for view, _ in pixels.pets:
        tracer = settings.tracers[view.reading.tracer_class]
        notes.append(
            f"{view.tracer.name} pictures: projection 0 to {fmt.significant(tracer.projection)} g/mL, slices 0 to "
            f"{fmt.significant(tracer.slice)} g/mL, fusion above {fmt.percent(settings.fusion.begin * 100)} of the "
            f"window [{words().supports[settings.support]}]."
        )
    return tuple(dict.fromkeys(notes))


def printable(part: Any) -> Any:
    """The same document part with every control character in its texts replaced by a replacement mark."""
    if isinstance(part, str):
        return type(part)(_CONTROL.sub("\ufffd", part)) if _CONTROL.search(part) else part
    if isinstance(part, tuple):
        return tuple(printable(item) for item in part)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{f.name: printable(getattr(part, f.name)) for f in fields(part) if f.name != "svg"})
    return part


def all_text(part: Any) -> list[str]:
    """Every printed text in a document part, pictures left out."""
    if isinstance(part, str):
        return [part]
    if isinstance(part, tuple | list):
        return [text for item in part for text in all_text(item)]
    if is_dataclass(part) and not isinstance(part, type):
        return [text for f in fields(part) if f.name != "svg" for text in all_text(getattr(part, f.name))]
    return []
