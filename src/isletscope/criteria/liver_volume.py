"""Total liver volume expected from body size, by the published formulas."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, Cited, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above
from isletscope.model import Alternative, Conclusion


class Formula(Cited):
    """Liver volume in mL: offset + per_m2 x surface ** exponent + per_kg x weight + if_male."""

    title: str
    surface: Literal["dubois", "mosteller"] | None = None
    offset: float = 0
    per_m2: float = 0
    exponent: float = 1
    per_kg: float = 0
    if_male: float = 0


class LiverVolumeBook(Book):
    """Formulas by name; the first one is the default."""

    formulas: dict[str, Formula]


BOOK = load_book("liver_volume", LiverVolumeBook)


class LiverVolumeInput(CriterionInput):
    """Body weight in kg and height in cm."""

    weight_kg: Annotated[float | None, Field(gt=0, le=400)] = None
    height_cm: Annotated[float | None, Field(ge=30, le=260)] = None
    male: bool | None = None
    cirrhosis: bool | None = None
    formula: str = "vauthey"


def dubois_m2(weight_kg: float, height_cm: float) -> float:
    """Body surface by DuBois in m2."""
    return float(0.007184 * weight_kg**0.425 * height_cm**0.725)


def mosteller_m2(weight_kg: float, height_cm: float) -> float:
    """Body surface by Mosteller in m2."""
    return math.sqrt(weight_kg * height_cm / 3600)


def expected_ml(formula: Formula, surface_m2: float, weight_kg: float, male: bool = False) -> float:
    """Liver volume in mL by one formula."""
    by_surface = formula.per_m2 * float(surface_m2**formula.exponent)
    return formula.offset + by_surface + formula.per_kg * weight_kg + (formula.if_male if male else 0)


def assess(given: LiverVolumeInput) -> Conclusion:
    """Volume in mL by the chosen formula; all others are alternatives."""
    reasoning = Reasoning(BOOK)
    if given.formula not in BOOK.formulas:
        return reasoning.not_assessable(f"a known formula (one of {', '.join(BOOK.formulas)})")
    if given.weight_kg is None or given.height_cm is None:
        lacking = {"weight": given.weight_kg, "height": given.height_cm}
        return reasoning.not_assessable(*(text for text, value in lacking.items() if value is None))
    reasoning.note("weight", given.weight_kg, "kg")
    reasoning.note("height", given.height_cm, "cm")
    surfaces = {
        "dubois": dubois_m2(given.weight_kg, given.height_cm),
        "mosteller": mosteller_m2(given.weight_kg, given.height_cm),
    }
    chosen = BOOK.formulas[given.formula]
    if chosen.if_male and given.male is None:
        return reasoning.not_assessable("sex")
    volume = expected_ml(chosen, surfaces[chosen.surface or "dubois"], given.weight_kg, bool(given.male))
    _flag(reasoning, given, chosen, surfaces)
    for name, formula in BOOK.formulas.items():
        if name == given.formula or (formula.if_male and given.male is None):
            continue
        other = expected_ml(formula, surfaces[formula.surface or "dubois"], given.weight_kg, bool(given.male))
        reasoning.alternatives.append(
            Alternative(
                system=formula.title,
                value=f"{other:.1f}",
                because=f"{other:.0f} mL.",
                support=formula.support,
                sources=list(formula.cite),
            )
        )
    shown = f"{surfaces[chosen.surface or 'dubois']:.3f}"
    reasoning.fire("estimate", volume=f"{volume:.0f}", formula=chosen.title, surface=shown)
    branch = reasoning.branches[-1]
    branch.support, branch.sources = chosen.support, list(chosen.cite)
    parts = {"dubois_m2": f"{surfaces['dubois']:.4f}", "mosteller_m2": f"{surfaces['mosteller']:.4f}"}
    return reasoning.conclude(f"{volume:.1f}", parts=parts)


def _flag(reasoning: Reasoning, given: LiverVolumeInput, chosen: Formula, surfaces: dict[str, float]) -> None:
    if given.cirrhosis:
        reasoning.flag("CIRRHOSIS")
    share = 100 * abs(surfaces["mosteller"] - surfaces["dubois"]) / surfaces["dubois"]
    if chosen.per_m2 and above(share, BOOK.limit("surface_difference")):
        other = expected_ml(chosen, surfaces["mosteller"], given.weight_kg or 0, bool(given.male))
        shown = {name: f"{value:.3f}" for name, value in surfaces.items()}
        reasoning.flag("SURFACE_FORMULAS_DIFFER", **shown, volume=f"{other:.0f}")


CRITERION = Criterion(BOOK, LiverVolumeInput, assess)
