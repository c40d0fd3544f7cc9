"""The section on alignment: refusals in words, figures of quality, a check picture of what may be used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isletscope.model import Alignment, AlignmentKind, Case, measured
from isletscope.report.content.alignment_section import alignment_section
from isletscope.report.images import NoImages
from isletscope.spatial import Transform, Volume
from tests.report.cases import two_tracer_case
from tests.spatial.bodies import body_on, grid_around


class Bodies(NoImages):
    """The same body in every series."""

    def volume(self, series_key: str) -> Volume | None:
        return body_on(grid_around((0, 0, 0), (300, 240, 340), 10.0))

    def transforms(self) -> Mapping[str, Transform]:
        return {"other": Transform.identity()}


def aligned(*, usable: bool) -> tuple[Case, str]:
    case = two_tracer_case()[0].model_copy(deep=True)
    first, second = (exam.series[0].key for exam in case.exams[:2])
    case.alignments = [
        Alignment(
            exam_key=case.exams[0].key,
            frame_of_reference_uid="1",
            series_key=first,
            series_keys=[first],
            kind=AlignmentKind.REFERENCE,
            usable=True,
            matrix=np.eye(4).tolist(),
        ),
        Alignment(
            exam_key=case.exams[1].key,
            frame_of_reference_uid="2",
            series_key=second,
            series_keys=[second],
            kind=AlignmentKind.DEFORMABLE if usable else AlignmentKind.FAILED,
            usable=usable,
            because="" if usable else "they may show different parts of the body",
            uncertainty_mm=2.4 if usable else None,
            quality={"overlap_liver": measured("overlap of liver", 0.93)},
        ),
    ]
    return case, second


def test_nothing_is_said_of_one_frame() -> None:
    case, _ = aligned(usable=True)
    case.alignments = case.alignments[:1]
    assert alignment_section(case, NoImages()) is None


def test_a_usable_pair_has_figures_and_a_picture() -> None:
    case, key = aligned(usable=True)
    images = Bodies()
    images.transforms = lambda: {key: Transform.identity()}  # type: ignore[method-assign]
    section = alignment_section(case, images)
    assert section is not None
    assert [cell.text for cell in section.tables[0].rows[0]][2:4] == ["2.4", "liver 0.93"]
    assert len(section.figures) == 1
    assert section.figures[0].svg.count("<image") == 2


def test_a_refused_pair_says_why_and_has_no_picture() -> None:
    case, _ = aligned(usable=False)
    section = alignment_section(case, Bodies())
    assert section is not None
    assert "they may show different parts of the body" in " ".join(section.text)
    assert section.figures == ()
