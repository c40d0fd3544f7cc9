"""Lines of the terminal: a zero beside unsure foci is no all-clear."""

from __future__ import annotations

import pytest

from isletscope.cli.tables import totals_lines
from isletscope.model import ReadingOfPet, TracerClass, measured


@pytest.mark.parametrize(("unsure", "line"), [(2.0, "  MTV: at least 0.0 mL"), (0.0, "  MTV: 0.0 mL")])
def test_no_volume_is_the_least_where_foci_are_unsure(unsure: float, line: str) -> None:
    totals = {
        "mtv": measured("MTV", 0.0, "mL"),
        "count_tumour": measured("foci held to be tumour", 0.0, "1"),
        "count_unsure": measured("foci left unsure", unsure, "1"),
    }
    reading = ReadingOfPet(series_key="pt-1", tracer_class=TracerClass.FDG, totals=totals)
    assert line in totals_lines(reading)
