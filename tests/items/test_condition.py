from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isletscope.errors import InputError
from isletscope.items import Truth, evaluate, parse_condition

T, F, OPEN, C = Truth.TRUE, Truth.FALSE, Truth.OPEN, Truth.CLOSED


def value(text: str, **known: Truth) -> Truth:
    return evaluate(parse_condition(text), lambda comparison: known[comparison.reference])


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("a and b", {"a": T, "b": T}, T),
        ("a and b", {"a": F, "b": OPEN}, F),
        ("a and b", {"a": T, "b": OPEN}, OPEN),
        ("a and b", {"a": C, "b": OPEN}, OPEN),
        ("a and b", {"a": C, "b": T}, C),
        ("a or b", {"a": T, "b": OPEN}, T),
        ("a or b", {"a": F, "b": F}, F),
        ("a or b", {"a": F, "b": C}, C),
        ("a or b", {"a": OPEN, "b": C}, OPEN),
        ("not a", {"a": F}, T),
        ("not a", {"a": OPEN}, OPEN),
        ("not a and b", {"a": F, "b": F}, F),
        ("not (a and b)", {"a": F, "b": F}, T),
        ("a or b and c", {"a": T, "b": F, "c": F}, T),
        ("(a or b) and c", {"a": T, "b": F, "c": F}, F),
    ],
)
def test_words_bind_as_in_logic(text: str, known: dict[str, Truth], expected: Truth) -> None:
    assert value(text, **known) is expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "found its end"),
        ("a and", "found its end"),
        ("a b", "found 'b'"),
        ("(a", "found its end"),
        ("a is and", "found 'and'"),
        ("a in b", "found 'b'"),
        ("a in (b c)", "found 'c'"),
        ("a >= many", "found 'many'"),
        ("a == b", "found '== b'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, found: str) -> None:
    with pytest.raises(InputError) as error:
        parse_condition(text, subject="X.y")
    assert found in str(error.value)
    assert str(error.value).startswith("X.y: ")


CONDITIONS = ("a and b", "a or b", "not a or b and c", "not (a or not b) and (c or d)", "a and not (b and c) or d")


@given(st.sampled_from(CONDITIONS), st.lists(st.sampled_from(list(Truth)), min_size=4, max_size=4), st.integers(0, 3))
def test_what_becomes_unknown_never_decides(text: str, truths: list[Truth], taken: int) -> None:
    known = dict(zip("abcd", truths, strict=True))
    before = value(text, **known)
    after = value(text, **{**known, "abcd"[taken]: OPEN})
    assert after in (before, OPEN)


def test_without_unknowns_it_is_plain_logic() -> None:
    for a, b in itertools.product((True, False), repeat=2):
        known = {"a": T if a else F, "b": T if b else F}
        assert value("a and b", **known) is (T if a and b else F)
        assert value("not a or b", **known) is (T if not a or b else F)
