"""The item catalogue: read from its YAML, checked as a whole, and asked for items by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from isletscope.criteria import all_criteria, citations
from isletscope.errors import InputError
from isletscope.items.condition import Comparison, Condition, comparisons_of, parse_condition
from isletscope.items.entry import AnswerPart, Item, Kind, Step, Template, Vocabulary
from isletscope.yaml_text import read_yaml

ROOM = "isletscope.items"
STEPS = 10

_ORDERED = {">=", "<=", ">", "<"}


@dataclass(frozen=True)
class Catalogue:
    """All steps with their items, the words that conditions may use, and the templates.

    Made by :func:`build_catalogue`, which refuses a catalogue that contradicts itself.
    """

    steps: tuple[Step, ...]
    vocabulary: Vocabulary
    templates: Mapping[str, Template]

    @cached_property
    def items(self) -> dict[str, Item]:
        """Every item by its id, in the order of the reading."""
        return {item.id: item for step in self.steps for item in step.items}

    @cached_property
    def step_of(self) -> dict[str, int]:
        """Number of the step in which each item stands."""
        return {item.id: step.number for step in self.steps for item in step.items}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """The conditions of the items that have one."""
        return {
            item.id: parse_condition(item.when, subject=item.id)
            for item in self.items.values()
            if item.when is not None
        }

    def find(self, item_id: str) -> Item:
        """The item of that id. Raises InputError with the closest ids when there is none."""
        if item_id in self.items:
            return self.items[item_id]
        raise unknown_name("item", item_id, self.items, "`isletscope items list` shows all.")

    def exams_for(self, item: Item) -> tuple[str, ...]:
        """Exams of which any can answer the item, groups spelled out; empty when no exam is needed."""
        return self.spelled_out(item.exams)

    def spelled_out(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names of exams with every group replaced by its exams."""
        groups = self.vocabulary.groups
        return tuple(dict.fromkeys(exam for name in names for exam in groups.get(name, (name,))))

    def part(self, reference: str) -> tuple[Item, str, AnswerPart] | None:
        """Item, name of the part and part that a condition refers to; None when there is no such item or part.

        An item alone stands for its first part: ``PRI.seen`` is ``PRI.seen.value``.
        """
        if reference in self.items:
            item = self.items[reference]
            name = next(iter(item.answer))
            return item, name, item.answer[name]
        item_id, _, name = reference.rpartition(".")
        if item_id in self.items and name in self.items[item_id].answer:
            return self.items[item_id], name, self.items[item_id].answer[name]
        return None


@cache
def catalogue() -> Catalogue:
    """The item catalogue of the report."""
    return build_catalogue(
        [_yaml(f"step_{number:02}.yaml") for number in range(1, STEPS + 1)],
        _yaml("vocabulary.yaml"),
        _yaml("templates.yaml"),
    )


def build_catalogue(steps: Iterable[Any], vocabulary: Any, templates: Any) -> Catalogue:
    """A catalogue from the content of its files. Raises InputError that names the item which does not fit."""
    try:
        built = Catalogue(
            tuple(Step.model_validate(step) for step in steps),
            Vocabulary.model_validate(vocabulary),
            {name: Template.model_validate(template) for name, template in templates.items()},
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{place} does not fit its schema", subject="item catalogue", found=str(first["msg"])
        ) from error
    _check_names(built)
    for item_id, condition in built.conditions.items():
        for comparison in comparisons_of(condition):
            _check_comparison(built, item_id, comparison)
    _check_order(built)
    return built


def unknown_name(
    what: str, name: str, known: Iterable[str], remedy: str, *, subject: str = "item catalogue"
) -> InputError:
    """The error for a name that does not exist, with the closest ones that do."""
    names = list(known)
    by_small_letters = {candidate.lower(): candidate for candidate in names}
    close = [
        by_small_letters[hit] for hit in difflib.get_close_matches(name.lower(), by_small_letters, n=1, cutoff=0.5)
    ]
    hint = f"Did you mean {close[0]}?" if close else remedy
    return InputError(f"no {what} is named {name}", subject=subject, remedy=hint)


def _check_names(built: Catalogue) -> None:
    listed = [item.id for step in built.steps for item in step.items]
    twice = sorted({item_id for item_id in listed if listed.count(item_id) > 1})
    if twice:
        raise InputError("an item stands twice", subject="item catalogue", found=", ".join(twice), expected="one")
    if [step.number for step in built.steps] != list(range(1, len(built.steps) + 1)):
        raise InputError("the steps are not in their order", subject="item catalogue")
    exams = {*built.vocabulary.exams, *built.vocabulary.groups}
    for item in built.items.values():
        _each_known("exam", item.exams, exams, item.id)
        _each_known("citation", item.cite, citations(), item.id)
        if item.proposal and item.proposal.criterion:
            _each_known("criterion", [item.proposal.criterion], all_criteria(), item.id)
    for name, template in built.templates.items():
        _each_known("exam", template.exams, exams, name)
        _each_known("citation", template.cite, citations(), name)
        for wanted in template.elements.values():
            _each_known("item", wanted, built.items, name)


def _each_known(what: str, names: Iterable[str], known: Iterable[str], subject: str) -> None:
    allowed = list(known)
    for name in names:
        if name not in allowed:
            raise unknown_name(what, name, allowed, "Names are those of the catalogue.", subject=subject)


def _check_comparison(built: Catalogue, item_id: str, comparison: Comparison) -> None:
    room, _, name = comparison.reference.partition(".")
    if room in ("exam", "fact"):
        known = {*built.vocabulary.exams, *built.vocabulary.groups} if room == "exam" else set(built.vocabulary.facts)
        _each_known(room, [name], known, item_id)
        if comparison.relation != "holds":
            raise InputError(f"{comparison.reference} is true or not, and compared with nothing", subject=item_id)
        return
    found = built.part(comparison.reference)
    if found is None:
        raise unknown_name("item or part", comparison.reference, built.items, "", subject=item_id)
    part = found[2]
    if part.optional or part.unless:
        raise InputError(
            f"{comparison.reference} may be left out, so that no condition can rest on it", subject=item_id
        )
    allowed = {
        "is": (Kind.CHOICE, Kind.YES_NO),
        "is not": (Kind.CHOICE,),
        "in": (Kind.CHOICE,),
        "has": (Kind.CHOICES,),
        "holds": (),
    }.get(comparison.relation, (Kind.NUMBER, Kind.INTEGER))
    if part.kind not in allowed:
        raise InputError(
            f"{comparison.reference} holds a {part.kind} and cannot be compared by '{comparison.relation}'",
            subject=item_id,
        )
    if comparison.relation not in _ORDERED:
        values = ("yes", "no") if part.kind is Kind.YES_NO else part.values
        _each_known("value", comparison.values, values, item_id)


def _check_order(built: Catalogue) -> None:
    """Refuse conditions that run in a circle."""
    wanted = {item_id: _asks_for(built, condition) for item_id, condition in built.conditions.items()}
    settled: set[str] = set()

    def visit(item_id: str, path: tuple[str, ...]) -> None:
        if item_id in path:
            circle = " asks for ".join((*path[path.index(item_id) :], item_id))
            raise InputError("conditions run in a circle", subject=item_id, found=circle)
        if item_id not in settled:
            for other in wanted.get(item_id, ()):
                visit(other, (*path, item_id))
            settled.add(item_id)

    for item_id in wanted:
        visit(item_id, ())


def _asks_for(built: Catalogue, condition: Condition) -> list[str]:
    """Ids of the items whose answers decide a condition."""
    found = [built.part(comparison.reference) for comparison in comparisons_of(condition)]
    return list(dict.fromkeys(part[0].id for part in found if part is not None))


def _yaml(name: str) -> Any:
    return read_yaml((files(ROOM) / name).read_text(encoding="utf-8"))
