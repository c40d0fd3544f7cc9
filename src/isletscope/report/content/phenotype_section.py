"""The section "Phenotype" of the report: one table for each time point, and the main tumours on all images."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from isletscope.criteria import CONCORDANCE_BOOK, MISMATCH
from isletscope.model import Case, Compartment, Lesion, Measurement, Phenotype, TimePoint, Verdict, Visibility
from isletscope.report import format as fmt
from isletscope.report.content.document import Cell, Column, Figure, Section, Table
from isletscope.report.content.notes import Notes
from isletscope.report.content.phenotype_words import PhenotypeColumn, PictureColumn, phenotype_words
from isletscope.report.figures.kept import kept_figures
from isletscope.report.figures.lesion_strip import columns_of, lesion_strip, windows_text
from isletscope.report.images import ImageSource

_WIDTH_MM = 178.0
_NUMBER = re.compile(r"\d+(\.\d+)?")
_NOT_SEEN = "○"
_PRINTERS: dict[str, Callable[[float], str]] = {
    "hounsfield": fmt.hounsfield,
    "two": lambda value: fmt.number(value, 2),
    "diffusion": fmt.diffusion,
    "suv": fmt.suv,
    "ratio": fmt.ratio,
}


def phenotype_section(case: Case, images: ImageSource) -> Section | None:
    """Tables and pictures; None where no phenotype was measured."""
    if not case.phenotypes:
        return None
    told = phenotype_words()
    tables = tuple(table for point in case.time_points if (table := _table(case, point)) is not None)
    if not tables:
        return None
    figures, columns = _pictures(case, images)
    text = (told.intro.strip(), *((_pictures_note(columns),) if figures else ()))
    return Section("phenotype", told.title, text, figures, tables, (told.legend,))


def shown_rows(case: Case, point: TimePoint) -> list[Phenotype]:
    """The rows of lesions that some image of the time point shows, in the order of the case."""
    lesions = {one.id: one for one in case.lesions}
    return [
        row
        for row in case.phenotypes
        if row.time_point == point.name and row.lesion in lesions and _seen(lesions[row.lesion], point)
    ]


def _seen(lesion: Lesion, point: TimePoint) -> bool:
    return any(one.visibility is Visibility.SEEN and one.exam_key in point.exam_keys for one in lesion.observations)


def most_telling(case: Case, rows: Sequence[Phenotype], most: int) -> list[Phenotype]:
    """At most so many rows: pancreas, mismatched, the largest of each place, then the largest; in the given order."""
    lesions = {one.id: one for one in case.lesions}
    unsure = {one.id for one in case.lesions if one.verdict is not Verdict.TUMOUR}
    by_size = sorted(rows, key=lambda row: (row.lesion in unsure, -(row.number("volume") or 0.0)))
    pancreas = [row for row in by_size if lesions[row.lesion].compartment is Compartment.PANCREAS]
    label = CONCORDANCE_BOOK.labels[MISMATCH]
    mismatched = [row for row in by_size if row.labels.get("concordance") == label and row.lesion not in unsure]
    places: dict[Compartment, Phenotype] = {}
    for row in by_size:
        if row.lesion not in unsure:
            places.setdefault(lesions[row.lesion].compartment, row)
    ordered = {row.lesion: row for row in [*pancreas[:1], *mismatched, *places.values(), *by_size]}
    kept = set(list(ordered)[:most])
    return [row for row in rows if row.lesion in kept]


def _table(case: Case, point: TimePoint) -> Table | None:
    told = phenotype_words()
    rows = shown_rows(case, point)
    if not rows:
        return None
    shown = most_telling(case, rows, told.most_rows)
    columns, dropped = _columns(shown)
    notes = Notes()
    lesions = {one.id: one for one in case.lesions}
    body = tuple(_row(lesions[row.lesion], row, columns, notes) for row in shown)
    heads = (
        Column("Lesion", 19),
        Column("Size, mm", 12.5, "right"),
        Column("Volume, mL", 10.5, "right"),
        *(Column(one.head, one.width_mm, "right", one.group) for one in columns),
        Column("SSTR and FDG", 19),
    )
    lines = [*notes.lines()]
    if dropped:
        lines.insert(0, told.dropped.format(columns="; ".join(dropped)))
    if len(shown) < len(rows):
        lines.insert(0, told.left_out.format(shown=len(shown), count=len(rows)))
    return Table(told.table_title.format(date=fmt.day(point.date)), heads, body, tuple(lines), dense=True)


def _columns(rows: Sequence[Phenotype]) -> tuple[list[PhenotypeColumn], list[str]]:
    """Columns that hold a value for some lesion; and the others by name with the one reason that all share."""
    kept, dropped = [], []
    for column in phenotype_words().columns:
        found = [row.cells.get(column.cell) for row in rows]
        reasons = {one.missing_because for one in found if one is not None and one.value is None}
        if any(one is not None and one.value is not None for one in found) or len(reasons) > 1:
            kept.append(column)
        elif reasons:
            name = f"{column.group.split(',')[0]} {column.head}".strip()
            dropped.append(f"{name} ({_rounded(reasons.pop() or '')})")
    return kept, dropped


def _row(lesion: Lesion, row: Phenotype, columns: Sequence[PhenotypeColumn], notes: Notes) -> tuple[Cell, ...]:
    unsure = lesion.verdict is Verdict.UNSURE
    return (
        Cell(
            f"{lesion.id}{' ?' if unsure else ''}", more=(place_words(lesion),), strong=True,
            tone="unsure" if unsure else "",
        ),
        Cell(_size(row, notes)),
        _cell(row.cells.get("volume"), fmt.volume, notes, row.lesion),
        *(_column_cell(row, column, notes) for column in columns),
        _concordance(row, notes),
    )  # fmt: skip


def place_words(lesion: Lesion) -> str:
    """Compartment with region or segment, in few words."""
    if not lesion.place.region:
        return lesion.compartment.value if lesion.compartment is not Compartment.OTHER else lesion.site
    if lesion.compartment is Compartment.LIVER:
        return f"liver, segment {lesion.place.region}"
    region = lesion.place.region.replace("_", " ")
    return f"{lesion.compartment.value}, {region}" if lesion.compartment is Compartment.PANCREAS else region


def _size(row: Phenotype, notes: Notes) -> str:
    long, short = row.cells.get("long_axis"), row.number("short_axis")
    if long is None or long.value is None or short is None:
        return _text(long, fmt.length, notes, row.lesion)
    return _text(long, lambda value: fmt.axes([value, short]), notes, row.lesion)


def _column_cell(row: Phenotype, column: PhenotypeColumn, notes: Notes) -> Cell:
    found = row.cells.get(column.cell)
    printer = _PRINTERS[column.print]
    tracer = column.cell.split("_")[0]
    not_seen = row.labels.get(tracer) == "not seen"
    below = row.number(column.below) if column.below else None
    small = (printer(below),) if below is not None and found is not None and found.value is not None else ()
    text = _text(found, printer, notes, row.lesion, at_its_place=not_seen)
    mark = _NOT_SEEN if not_seen and found is not None and found.value is not None else ""
    return Cell(f"{mark}{text}", more=small)


def _cell(found: Measurement | None, printer: Callable[[float], str], notes: Notes, subject: str) -> Cell:
    return Cell(_text(found, printer, notes, subject))


def _text(
    found: Measurement | None,
    printer: Callable[[float], str],
    notes: Notes,
    subject: str,
    *,
    at_its_place: bool = False,
) -> str:
    """A value with its mark, or a dash with the letter of its reason; reasons that differ in numbers alone are one."""
    if found is None or found.value is None:
        because = (found.missing_because if found is not None else None) or "not measured"
        return f"—\u00a0{notes.letter(_rounded(because), subject)}"
    limit = None if at_its_place or found.limitation is None else _rounded(found.limitation)
    plain = found.model_copy(update={"limitation": limit})
    return notes.text(plain, printer, subject, mark_derived=False)


def _rounded(text: str) -> str:
    """A reason without its numbers, and without the keys of series."""
    return _NUMBER.sub("…", re.sub(r" \((?:pet|ct|mr)-\d+\)", "", text))


def _concordance(row: Phenotype, notes: Notes) -> Cell:
    label = row.labels.get("concordance", "")
    if label:
        tone = "open" if label == CONCORDANCE_BOOK.labels[MISMATCH] else ""
        return Cell(label, tone=tone)
    return Cell(f"—\u00a0{notes.letter(_rounded(row.labels.get('concordance_because', 'not assessable')), row.lesion)}")


def _pictures(case: Case, images: ImageSource) -> tuple[tuple[Figure, ...], list[PictureColumn]]:
    """The rows of pictures of the last time point that has some, and their columns."""
    lesions = {one.id: one for one in case.lesions}
    for point in reversed(case.time_points):
        rows = [row for row in case.phenotypes if row.time_point == point.name and row.shown and row.lesion in lesions]
        columns = columns_of(rows)
        figures = [figure for row in rows for figure in _strip(lesions[row.lesion], row, columns, images)]
        if figures:
            return tuple(figures), columns
    return (), []


def _strip(lesion: Lesion, row: Phenotype, columns: list[PictureColumn], images: ImageSource) -> list[Figure]:
    """The row of pictures of a lesion, kept while its row of the table stays the same; empty where none is there."""
    title = _heading(lesion, row)

    def draw() -> list[Figure]:
        strip = lesion_strip(lesion, row, columns, title, images, _WIDTH_MM)
        return [] if strip is None else [strip]

    names = [one.column for one in columns]
    return kept_figures(images, ["phenotype", lesion.id, title, names, row.model_dump(mode="json")], draw)


def _heading(lesion: Lesion, row: Phenotype) -> str:
    facts = [place_words(lesion)]
    long, short = row.number("long_axis"), row.number("short_axis")
    if long is not None and short is not None:
        facts.append(f"{fmt.axes([long, short])}{fmt.NO_BREAK}mm")
    if row.labels.get("concordance"):
        facts.append(row.labels["concordance"])
    return f"{lesion.id}: {', '.join(facts)}"


def _pictures_note(columns: list[PictureColumn]) -> str:
    told = phenotype_words()
    field = f"{fmt.length(told.field.smallest_mm)}{fmt.NO_BREAK}mm wide or more"
    return f"{told.pictures_title}. {told.pictures_note.strip().format(field=field, windows=windows_text(columns))}"
