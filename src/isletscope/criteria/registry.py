"""All criteria by name: listed, described, and run on a JSON document."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from pydantic import JsonValue, ValidationError

from isletscope.criteria.book import Book
from isletscope.criteria.inputs import CriterionInput
from isletscope.errors import InputError
from isletscope.model import Conclusion

# Each module holds ``CRITERION`` and lies beside the YAML of the same name. The order is that of the list.
MODULES: tuple[str, ...] = (
    "who_grade",
    "tnm",
    "krenning",
    "sstr_rads",
    "fdg_uptake",
    "netpet",
    "karfis",
    "zidan",
    "concordance",
    "phenotype_histology",
    "tumour_volume",
    "prrt",
    "hereditary_size",
    "surveillance",
    "vessel_signs",
    "resectability_net",
    "resectability_nccn",
    "resectability_systems",
    "vein_reconstruction",
    "operations",
    "lymphadenectomy",
    "liver_pattern",
    "liver_burden",
    "extrahepatic",
    "transplant_screen",
    "cytoreduction_fit",
    "cytoreduction",
    "debulking_priority",
    "ablation",
    "liver_volume",
    "remnant",
    "hypertrophy",
    "recist_targets",
    "recist",
    "recist_best",
    "choi",
    "mrecist",
    "percist",
    "eortc",
    "sstr_change",
    "growth_rate",
    "doubling_time",
    "repeatability",
)

InputType = TypeVar("InputType", bound=CriterionInput)


@dataclass(frozen=True)
class Criterion(Generic[InputType]):
    """A clinical criterion: its book, the model of its input, and the function that answers."""

    book: Book
    input_model: type[InputType]
    run: Callable[[InputType], Conclusion]

    @property
    def name(self) -> str:
        """Name on the command line, e.g. who_grade."""
        return self.book.name

    @property
    def title(self) -> str:
        """Printed name."""
        return self.book.title

    @property
    def version(self) -> str:
        """Version of its rules."""
        return self.book.version

    def described(self) -> dict[str, JsonValue]:
        """What it answers and the JSON Schema of its input."""
        return {
            "name": self.name,
            "title": self.title,
            "version": self.version,
            "group": self.book.group,
            "about": self.book.about,
            "notes": list(self.book.notes),
            "input": self.input_model.model_json_schema(),
        }

    def run_document(self, document: JsonValue, *, subject: str = "") -> Conclusion:
        """Answer a JSON document. Raises InputError that names the entry which does not fit the input model."""
        try:
            given = self.input_model.model_validate(document)
        except ValidationError as error:
            raise _input_error(error, self, subject or self.name) from error
        return self.run(given)


@cache
def all_criteria() -> dict[str, Criterion[CriterionInput]]:
    """Every criterion by name, in the order of the list."""
    found = [importlib.import_module(f"isletscope.criteria.{module}").CRITERION for module in MODULES]
    return {criterion.name: criterion for criterion in found}


def find_criterion(name: str) -> Criterion[CriterionInput]:
    """The criterion of that name. Raises InputError with the closest names when there is none."""
    known = all_criteria()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=3, cutoff=0.5)
    raise InputError(
        f"no criterion is named {name}",
        expected=", ".join(close or known),
        remedy="`isletscope criteria list` shows all.",
    )


def _input_error(error: ValidationError, criterion: Criterion[InputType], subject: str) -> InputError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the document"
    if first["type"] == "extra_forbidden":
        known = _known_keys(criterion.input_model.model_json_schema())
        close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        return InputError(
            f"the criterion {criterion.name} does not know the key {place}",
            subject=subject,
            remedy=f"Did you mean {close[0]}?" if close else "`isletscope criteria list --verbose` shows the keys.",
        )
    if first["type"] == "missing":
        return InputError(f"{place} is missing; the criterion {criterion.name} needs it", subject=subject)
    found = first.get("input")
    return InputError(
        f"{place} does not fit the input of the criterion {criterion.name}",
        subject=subject,
        found=repr(found) if isinstance(found, str | int | float | bool) or found is None else type(found).__name__,
        expected=str(first["msg"]).removeprefix("Value error, "),
    )


def _known_keys(schema: dict[str, JsonValue]) -> list[str]:
    """Names of all properties in a JSON Schema, those of its parts included."""
    keys: list[str] = []
    parts = schema.get("$defs")
    for part in [schema, *(parts.values() if isinstance(parts, dict) else ())]:
        properties = part.get("properties") if isinstance(part, dict) else None
        if isinstance(properties, dict):
            keys.extend(properties)
    return keys
