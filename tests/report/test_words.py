"""Words: every coded value has one, and the ones never used are found."""

from __future__ import annotations

import pytest

from isletscope.model import Verdict
from isletscope.report.words import forbidden_words, words


def test_every_coded_value_has_its_word() -> None:
    known = words()
    for field in ("verdicts", "tracers", "roles", "severities", "supports", "entries"):
        mapping = getattr(known, field)
        kinds = {type(key) for key in mapping}
        assert len(kinds) == 1
        assert set(mapping) == set(kinds.pop()), field


def test_verdicts_use_the_allowed_phrases() -> None:
    assert words().verdicts[Verdict.TUMOUR] == "suspicious for tumour"
    assert words().verdicts[Verdict.UNSURE] == "indeterminate"
    assert words().verdicts[Verdict.PHYSIOLOGIC] == "unlikely to represent tumour; fits physiologic uptake"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The liver is unremarkable.", ["unremarkable"]),
        ("Several hot spots", ["several", "hot"]),
        ("cN0 by imaging", []),
        ("N0", ["N0"]),
        ("a hot-spot map, handsome", []),
        ("of\ncourse", ["of course"]),
        ("Some lesions must be followed", ["some", "must"]),
    ],
)
def test_forbidden_words_are_found_as_whole_words(text: str, found: list[str]) -> None:
    assert forbidden_words(text) == found


def test_an_unknown_site_keeps_its_code() -> None:
    assert words().site("left_adrenal") == "left adrenal"
    assert words().site("") == "site not given"
