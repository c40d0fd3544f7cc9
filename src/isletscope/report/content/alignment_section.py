"""The section "Alignment" of the report: how every exam was brought to the reference, how well, and a picture of it."""

from __future__ import annotations

from isletscope.model import Alignment, AlignmentKind, Case, Measurement, ReadingOfImages, ReadingOfPet
from isletscope.report.content.alignment_words import alignment_words
from isletscope.report.content.document import Cell, Column, Figure, Section, Table
from isletscope.report.figures.alignment import LIVER, Pair, alignment_figure, middle_of_liver
from isletscope.report.figures.kept import kept_figures
from isletscope.report.images import ImageSource

_WIDTH_MM = 86.0


def alignment_section(case: Case, images: ImageSource) -> Section | None:
    """The section; None where the case has fewer than two frames of reference."""
    reference = next((one for one in case.alignments if one.kind is AlignmentKind.REFERENCE), None)
    if reference is None or len(case.alignments) < 2:
        return None
    words = alignment_words()
    others = [one for one in case.alignments if one is not reference]
    text = [words.says("reference", reference=_exam(case, reference))]
    text += [
        words.says("refused", exam=_exam(case, one), because=one.because.rstrip("."))
        for one in others
        if not one.usable
    ]
    return Section(
        key="alignment",
        title=words.title,
        text=tuple(text),
        figures=tuple(_kept(case, reference, others, images)),
        tables=(_table(case, others),),
        notes=(words.says("note"), *dict.fromkeys(limit for one in others for limit in one.limits)),
    )


def _kept(case: Case, reference: Alignment, others: list[Alignment], images: ImageSource) -> list[Figure]:
    """The checkerboards, kept while exams, series and found livers stay the same."""
    used = [reference, *others]
    readings: list[ReadingOfImages | ReadingOfPet] = [*case.image_readings, *case.readings]
    shows = [
        [(_exam(case, one), case.series(one.series_key).model_dump(mode="json", exclude={"findings"})) for one in used],
        [(reading.series_key, organ.label) for reading in readings for organ in reading.organs if organ.name == LIVER],
    ]
    return kept_figures(images, ["alignment", *shows], lambda: _figures(case, reference, others, images))


def _figures(case: Case, reference: Alignment, others: list[Alignment], images: ImageSource) -> tuple[Figure, ...]:
    """A checkerboard of the reference and each exam; of pairs whose pixels are there and that may be used."""
    first = images.volume(reference.series_key)
    transforms = images.transforms()
    if first is None:
        return ()
    centre = middle_of_liver(case, reference, images)
    figures = []
    for one in others:
        second, transform = images.volume(one.series_key), transforms.get(one.series_key)
        if second is None or transform is None:
            continue
        pair = Pair(first, second, transform, case.series(reference.series_key), case.series(one.series_key), centre)
        figures.append(alignment_figure(pair, one.exam_key, _exam(case, reference), _exam(case, one), _WIDTH_MM))
    return tuple(figures)


def _within(one: Alignment) -> tuple[str, ...]:
    """The distance that 95 % of points are expected to lie within, where it is known."""
    bound = one.quality.get("error_95")
    if bound is None or bound.value is None:
        return ()
    return (alignment_words().says("within", bound=f"{bound.value:.1f}"),)


def _table(case: Case, alignments: list[Alignment]) -> Table:
    words = alignment_words()
    names = ("exam", "kind", "uncertainty", "overlap", "consistency", "stretch", "gain")
    widths = (None, 30.0, 20.0, 44.0, 20.0, 22.0, 20.0)
    rows = []
    for one in alignments:
        kind = words.kinds[one.kind.value]
        rows.append(
            (
                Cell(_exam(case, one)),
                Cell(kind, more=(words.says("hardware"),) if one.usable and not one.quality else ()),
                Cell("" if one.uncertainty_mm is None else f"{one.uncertainty_mm:.1f}", strong=True, more=_within(one)),
                Cell(_overlaps(one)),
                Cell(_number(one.quality.get("inverse_consistency"), 1)),
                Cell(_range(one)),
                Cell(_number(one.quality.get("information_gain"), 2)),
            )
        )
    columns = tuple(Column(words.columns[name], width) for name, width in zip(names, widths, strict=True))
    return Table(caption=words.title, columns=columns, rows=tuple(rows), caption_shown=False)


def _overlaps(alignment: Alignment) -> str:
    """Overlap of every organ that both exams have, the body first."""
    found = []
    for organ, name in alignment_words().organs.items():
        measured = alignment.quality.get(f"overlap_{organ}")
        if measured is not None and measured.value is not None:
            found.append(f"{name} {measured.value:.2f}")
    return ", ".join(found)


def _range(alignment: Alignment) -> str:
    low, high = (alignment.quality.get(f"jacobian_{end}") for end in ("smallest", "largest"))
    return f"{_number(low, 2)} to {_number(high, 2)}" if low is not None and high is not None else ""


def _number(measured: Measurement | None, digits: int) -> str:
    return "" if measured is None or measured.value is None else f"{measured.value:.{digits}f}"


def _exam(case: Case, alignment: Alignment) -> str:
    exam = case.exam(alignment.exam_key)
    return f"{exam.title}, {exam.date}" if exam.date else exam.title
