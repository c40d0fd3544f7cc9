"""The section "Course" of the report: response over all time points, figures of the course, change tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from isletscope.assessment import View, views
from isletscope.criteria import REPEATABILITY_BOOK
from isletscope.lesions import ChangeRow, ResponsePoint, change_rows, followed, response_points, treatment_spans
from isletscope.model import Case, Lesion, Verdict
from isletscope.report import format as fmt
from isletscope.report.content.course_tables import change_tables
from isletscope.report.content.course_words import course_words
from isletscope.report.content.document import Figure, Section
from isletscope.report.figures.course_axes import day_of
from isletscope.report.figures.course_images import key_images
from isletscope.report.figures.course_spider import spider_figure
from isletscope.report.figures.course_timeline import timeline_figure
from isletscope.report.figures.course_waterfall import waterfall_figure
from isletscope.report.images import ImageSource

_WIDTH_MM = 178.0
_SIZES = ("ct_size", "mri_size", "sstr_volume", "fdg_volume")
_MOST_PICTURED = 8
_UPTAKES = ("sstr_suv_max", "fdg_suv_max")


def course_section(case: Case, images: ImageSource) -> Section | None:
    """The course of a case with two time points or more; None with fewer."""
    if len(case.time_points) < 2:
        return None
    points = views(case)
    rows = change_rows(points)
    responses = response_points(points)
    dates = [view.point.date for view in points]
    lesions = followed(points)
    return Section(
        key="course",
        title=course_words().title,
        text=_text(points, responses, len(lesions), rows),
        figures=(*_figures(points, rows, responses), *_pictures(points, rows, lesions, responses[-1].targets, images)),
        tables=change_tables(rows, dates, lesions, responses[-1].targets),
        notes=_notes(points, rows),
    )


def _text(
    points: Sequence[View], responses: Sequence[ResponsePoint], lesions: int, rows: Sequence[ChangeRow]
) -> tuple[str, ...]:
    told = course_words()
    dates = [fmt.day(view.point.date) for view in points]
    words = {"points": fmt.counted_exactly(len(points), "time point"), "first": dates[0], "last": dates[-1]}
    said = [told.intro.format(**words, lesions=fmt.counted(lesions, "lesion"))]
    for date, one in zip(dates[1:], responses[1:], strict=True):
        said.append(
            told.baseline.format(date=date, because=one.because) if one.because else told.no_baseline.format(date=date)
        )
    known = [day_of(view.point.date) for view in points]
    if None in known:
        said.append(told.undated)
    elif len(set(known)) < len(known):
        said.append(told.same_date)
    if not any(row.changes for row in rows):
        said.append(told.no_common)
    return tuple(said)


def _figures(
    points: Sequence[View], rows: Sequence[ChangeRow], responses: Sequence[ResponsePoint]
) -> tuple[Figure, ...]:
    told = course_words()
    dates = [view.point.date for view in points]
    targets, spans = responses[-1].targets, treatment_spans(points)
    summed = any(point.sum is not None for point in responses)
    found = [_captioned(timeline_figure(responses, spans, _WIDTH_MM), told.sums if summed else "")]
    size = next((own for own in (_of(rows, name) for name in _SIZES) if any(row.changes for row in own)), [])
    if size:
        band, words = _noise(size[0])
        guides = told.guides if size[0].measure.value == "diameter" else ""
        figure = spider_figure(size, dates, targets, spans, _WIDTH_MM, band)
        found.append(_captioned(figure, told.spider.format(band=words, guides=guides)))
        found.append(waterfall_figure(size, targets, len(points), _WIDTH_MM))
    for name in _UPTAKES:
        own = _of(rows, name)
        if any(row.changes for row in own):
            found.append(waterfall_figure(own, targets, len(points), _WIDTH_MM))
    return tuple(figure for figure in found if figure is not None)


def _pictures(
    points: Sequence[View],
    rows: Sequence[ChangeRow],
    lesions: Sequence[Lesion],
    targets: Sequence[str],
    images: ImageSource,
) -> tuple[Figure, ...]:
    """Key images of the targets and of the lesions that change most, the caption under the last one."""
    chosen = sorted(lesions, key=lambda lesion: _interest(lesion, rows, targets))[:_MOST_PICTURED]
    found = key_images(points, chosen, rows, images, _WIDTH_MM)
    return (*found[:-1], replace(found[-1], caption=(course_words().images,))) if found else ()


def _interest(lesion: Lesion, rows: Sequence[ChangeRow], targets: Sequence[str]) -> tuple[bool, bool, float]:
    """Targets first, then tumours before unsure ones, each by the largest change."""
    shares = [one.percent for row in rows if row.lesion == lesion.id for one in row.changes if one.percent is not None]
    appears = any(
        one.percent is None and one.absolute > 0 for row in rows if row.lesion == lesion.id for one in row.changes
    )
    largest = max((abs(share) for share in shares), default=0.0)
    return lesion.id not in targets, lesion.verdict is not Verdict.TUMOUR, -(1000.0 if appears else largest)


def _of(rows: Sequence[ChangeRow], name: str) -> list[ChangeRow]:
    return [row for row in rows if row.measure.name == name]


def _captioned(figure: Figure | None, text: str) -> Figure | None:
    return None if figure is None else replace(figure, caption=(text,) if text else ())


def _noise(row: ChangeRow) -> tuple[tuple[float, float] | None, str]:
    """The band of the first limit of a measure, and its words; a limit that depends on size has none."""
    choices = row.measure.limits
    if len(choices) != 1:
        return None, ""
    limit = REPEATABILITY_BOOK.limits[choices[0].quantity][0]
    least = f", at least {fmt.number(limit.least, 0)} mm" if limit.least else ""
    return (limit.fall, limit.rise), f" ({fmt.number(limit.rise, 0)} %{least})"


def _notes(points: Sequence[View], rows: Sequence[ChangeRow]) -> tuple[str, ...]:
    told, said = course_words(), []
    courses = points[-1].clinical.courses or ()
    undrawn = [one.drug or one.kind.value.replace("_", " ") for one in courses if one.started_on is None]
    if undrawn:
        said.append(told.treatments_undrawn.format(treatments=", ".join(undrawn)))
    parts = sorted({row.lesion for row in rows if row.part_of})
    if parts:
        said.append(told.split.format(lesions=", ".join(parts)))
    return tuple(said)
