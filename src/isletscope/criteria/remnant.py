"""Future liver remnant: two ratios, each with its own minimum by the state of the liver."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, Cited, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, at_least
from isletscope.model import Conclusion

Background = Literal["normal", "treated", "fibrosis", "fibrosis_icg_raised", "unknown"]
_STATES = {
    "normal": "Normal",
    "treated": "Treated",
    "fibrosis": "Fibrotic",
    "fibrosis_icg_raised": "Fibrotic (raised ICG retention)",
    "unknown": "Not characterised",
}
CLASSES = ("adequate", "borderline", "insufficient")
Volume = Annotated[float | None, Field(ge=0, le=20000)]


class Minimum(Cited):
    """Least sFLR and rFLR in percent."""

    sflr: float
    rflr: float


class RemnantBook(Book):
    """Minima by the state of the liver."""

    minima: dict[Background, Minimum]


BOOK = load_book("remnant", RemnantBook)


class RemnantInput(CriterionInput):
    """Volumes in mL. ``background`` treated: chemotherapy above 3 months, steatosis, embolisation, SIRT or PRRT."""

    remnant_ml: Volume = None
    expected_liver_ml: Annotated[float | None, Field(gt=0, le=20000)] = None
    measured_liver_ml: Annotated[float | None, Field(gt=0, le=20000)] = None
    tumour_ml: Volume = None
    weight_kg: Annotated[float | None, Field(gt=0, le=400)] = None
    background: Background = "unknown"
    policy: Literal["worse", "sflr", "rflr"] = "worse"

    @model_validator(mode="after")
    def _tumour_inside_liver(self) -> RemnantInput:
        liver, tumour = self.measured_liver_ml, self.tumour_ml
        if liver is not None and tumour is not None and tumour >= liver:
            raise ValueError("the tumour volume is not below that of the measured liver, which includes it")
        return self


def remnant_class(value_percent: float, minimum_percent: float) -> str:
    """adequate, borderline (up to 5 points below) or insufficient."""
    if at_least(value_percent, minimum_percent):
        return "adequate"
    return "borderline" if at_least(value_percent, minimum_percent - BOOK.limit("band")) else "insufficient"


def assess(given: RemnantInput) -> Conclusion:
    """adequate, borderline or insufficient; provisional when one of two ratios is missing."""
    reasoning = Reasoning(BOOK)
    if given.remnant_ml is None:
        return reasoning.not_assessable("remnant volume")
    reasoning.note("functional remnant", given.remnant_ml, "mL")
    ratios = _ratios(reasoning, given, given.remnant_ml)
    _weight(reasoning, given, given.remnant_ml)
    wanted = {"worse": ("sflr", "rflr"), "sflr": ("sflr",), "rflr": ("rflr",)}[given.policy]
    read = {name: ratios[name] for name in wanted if name in ratios}
    if not read:
        return reasoning.not_assessable(*_lacking(given, wanted))
    if given.background == "unknown":
        reasoning.flag("BACKGROUND_UNKNOWN")
    minimum = BOOK.minima[given.background]
    limits = {"sflr": minimum.sflr, "rflr": minimum.rflr}
    classes = {name: remnant_class(value, limits[name]) for name, value in read.items()}
    for name, ratio in read.items():
        for limit in (limits[name], limits[name] - BOOK.limit("band")):
            reasoning.near(_title(name), ratio, limit, BOOK.limit("error"), "%")
    if len(set(classes.values())) > 1:
        reasoning.flag("METHODS_DISAGREE", **classes)
    value = max(classes.values(), key=CLASSES.index)
    rule = "both" if len(read) == 2 else next(iter(read))
    words = {"sflr": ratios.get("sflr", 0), "rflr": ratios.get("rflr", 0), "smin": minimum.sflr, "rmin": minimum.rflr}
    reasoning.fire(rule, state=_STATES[given.background], value=value, **words)
    branch = reasoning.branches[-1]
    branch.support, branch.sources = minimum.support, list(minimum.cite)
    parts = {name: f"{ratio:.3f}" for name, ratio in ratios.items()}
    if len(read) < len(wanted):
        reasoning.flag("RFLR_ONLY" if "rflr" in read else "SFLR_ONLY")
        reasoning.lack(*_lacking(given, wanted))
    return reasoning.conclude(value, parts=parts, provisional=len(read) < len(wanted))


def _title(name: str) -> str:
    return {"sflr": "sFLR", "rflr": "rFLR"}[name]


def _ratios(reasoning: Reasoning, given: RemnantInput, remnant: float) -> dict[str, float]:
    ratios: dict[str, float] = {}
    if given.expected_liver_ml is not None:
        reasoning.note("expected liver volume", given.expected_liver_ml, "mL")
        ratios["sflr"] = 100 * remnant / given.expected_liver_ml
    if given.measured_liver_ml is not None and given.tumour_ml is not None:
        reasoning.note("measured liver volume", given.measured_liver_ml, "mL")
        reasoning.note("tumour volume in the liver", given.tumour_ml, "mL")
        ratios["rflr"] = 100 * remnant / (given.measured_liver_ml - given.tumour_ml)
    for name, value in ratios.items():
        reasoning.note(_title(name), value, "%")
    return ratios


def _weight(reasoning: Reasoning, given: RemnantInput, remnant: float) -> None:
    if given.weight_kg is None:
        return
    ratio = 100 * remnant / (1000 * given.weight_kg)
    reasoning.note("remnant to body weight", ratio, "%")
    if not at_least(ratio, BOOK.limit("to_weight")):
        reasoning.flag("LOW_FOR_WEIGHT", ratio=f"{ratio:.3f}")


def _lacking(given: RemnantInput, wanted: tuple[str, ...]) -> list[str]:
    lacking = []
    if "sflr" in wanted and given.expected_liver_ml is None:
        lacking.append("expected liver volume (weight and height)")
    if "rflr" in wanted:
        lacking += ["measured liver volume"] if given.measured_liver_ml is None else []
        lacking += ["tumour volume in the liver"] if given.tumour_ml is None else []
    return lacking


CRITERION = Criterion(BOOK, RemnantInput, assess)
