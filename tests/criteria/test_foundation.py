from __future__ import annotations

import re
import string
from importlib.resources import files

import pytest
from pydantic import ValidationError

from isletscope.criteria import all_criteria, citations, find_criterion
from isletscope.criteria.book import Book, Cited, cited_keys, common_flags, load_book, number, printed_citation
from isletscope.criteria.registry import MODULES
from isletscope.criteria.result import Reasoning, above, at_least, weakest
from isletscope.errors import InputError
from isletscope.model import Conclusion, State, Support

ROOM = files("isletscope.criteria")


def example_book() -> Book:
    return Book.model_validate(
        {
            "name": "example",
            "title": "An example",
            "version": "1",
            "group": "grade",
            "about": "answers nothing, for tests only",
            "rules": {
                "plain": {"text": "It is {value} %.", "support": "verified", "cite": ["AJCC8"]},
                "weak": {"text": "It is taken so.", "support": "convention"},
            },
            "flags": {"odd": {"text": "This is odd: {what}."}},
        }
    )


def test_a_conclusion_gathers_what_was_said() -> None:
    steps = Reasoning(example_book())
    steps.note("Ki-67", 3.0, "%")
    steps.fire("plain", value=3.0)
    steps.fire("weak")
    steps.flag("odd", what="x")
    steps.flag("odd", what="x")
    steps.near("size", 20.5, 20, 2, "mm")
    steps.near("size", 25, 20, 2, "mm")
    result = steps.conclude("A", parts={"T": "T1"})
    assert result.because == "It is 3 %. It is taken so."
    assert result.rule == "example.weak"
    assert result.support is Support.CONVENTION
    assert [branch.support for branch in result.branches] == [Support.VERIFIED, Support.CONVENTION]
    assert [flag.code for flag in result.flags] == ["odd", "NEAR_THRESHOLD"]
    assert result.flags[1].text == "size 20.5 mm lies within 2 mm of the threshold 20 mm."
    assert result.citations == [printed_citation("AJCC8")]
    assert Conclusion.model_validate_json(result.model_dump_json()) == result


def test_a_missing_conclusion_names_what_it_lacks() -> None:
    result = Reasoning(example_book()).not_assessable("size", possible=["A", "B"])
    assert result.state is State.MISSING
    assert (result.missing, result.possible) == (["size"], ["A", "B"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "derived", "value": "A", "possible": ["A", "B"]},
        {"state": "missing", "missing": ["x"], "possible": ["A"]},
        {"state": "derived", "value": "A", "provisional": True},
        {"state": "missing", "missing": ["x"], "provisional": True},
        {"state": "missing"},
    ],
)
def test_contradictory_conclusions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Conclusion.model_validate({"name": "x", **wrong})


def test_what_is_verified_names_a_source() -> None:
    with pytest.raises(ValidationError, match="names its source"):
        Cited.model_validate({"support": "verified"})


def test_comparison_counts_rounding_error_as_equal() -> None:
    assert at_least((8 - 5.6) / 8, 0.3)
    assert not above(100 * (1 - 10.8 / 12), 10)
    assert above(10.0001, 10)


def test_the_weakest_mark_counts() -> None:
    assert weakest([Support.VERIFIED, Support.RECALL, Support.COMPUTED]) is Support.RECALL
    assert weakest([]) is Support.CONVENTION


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (2.95, "2.95"), (-0.001, "0"), (-1.5, "−1.5"), (20, "20")])
def test_numbers_as_printed(value: float, text: str) -> None:
    assert number(value) == text


def test_every_book_has_its_module_and_its_citations() -> None:
    assert len(MODULES) == len(set(MODULES))
    known = set(citations())
    for path in ROOM.iterdir():
        if path.name.endswith(".yaml") and path.name != "citations.yaml":
            import yaml

            assert set(cited_keys(yaml.safe_load(path.read_text(encoding="utf-8")))) <= known, path.name
    for module, (name, criterion) in zip(MODULES, all_criteria().items(), strict=True):
        assert module == name == criterion.name
        assert (ROOM / f"{module}.yaml").is_file()


def test_every_citation_is_used() -> None:
    import yaml

    used: set[str] = set()
    for path in ROOM.parent.rglob("*.yaml"):
        if path.name != "citations.yaml":
            used.update(cited_keys(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert sorted(set(citations()) - used) == []


@pytest.mark.parametrize("name", MODULES)
def test_sentences_are_sentences(name: str) -> None:
    book = all_criteria()[name].book
    for entry in [*book.rules.values(), *book.flags.values(), *common_flags().values()]:
        assert entry.text[0].isupper() or entry.text[0] in "{TNM"
        assert entry.text.endswith(".")
        assert all(field is None or field.isidentifier() for _, field, _, _ in string.Formatter().parse(entry.text))


NEVER_PRINTED = re.compile(
    r"\b(unremarkable|grossly normal|clinical correlation|cannot be excluded|obviously|clearly|of course|tiny|huge|"
    r"some|several|numerous|multiple|significant|cured?|candidate|must|should|recommend\w*|needs surgery|responders?|"
    r"responding|inoperable|MX|lights up|today|recently|life expectancy)\b"
)


@pytest.mark.parametrize("name", MODULES)
def test_printed_sentences_hold_no_word_that_reports_never_use(name: str) -> None:
    book = all_criteria()[name].book
    texts = [entry.text for entry in [*book.rules.values(), *book.flags.values()]]
    assert [text for text in texts if NEVER_PRINTED.search(text)] == []


def test_an_unknown_name_is_answered_with_the_closest() -> None:
    with pytest.raises(InputError, match="no criterion is named"):
        find_criterion("netpot")


def test_a_book_under_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isletscope.criteria.book._yaml", lambda name: example_book().model_dump(mode="json"))
    with pytest.raises(ValueError, match="citations not in the registry"):
        load_book("other", Book)
