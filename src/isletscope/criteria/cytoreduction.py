"""Share of the tumour volume that a plan clears, by volume and number, with bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("cytoreduction", Book)
LABELS = ("suboptimal", "accepted_70", "optimal_90", "complete")
Length = Annotated[float, Field(gt=0, le=500)]


class PlannedLesion(CriterionInput):
    """One lesion and what the plan does with it; volume in mL, diameters in mm (used when there is no volume).

    ``sstr_volume_ml`` and ``fdg_volume_ml``: volumes on PET. ``in_liver``: False for the primary, nodes and other
    disease. ``indeterminate``: may not be a metastasis.
    """

    id: Annotated[str, Field(min_length=1)]
    plan: Literal["resect", "ablate", "leave"] | None = None
    volume_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    diameters_mm: tuple[Length, Length, Length] | None = None
    sstr_volume_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    fdg_volume_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    in_liver: bool = True
    indeterminate: bool = False

    @property
    def known_ml(self) -> float | None:
        """Measured volume, or that of the ellipsoid."""
        if self.volume_ml is not None or self.diameters_mm is None:
            return self.volume_ml
        return math.pi / 6 * math.prod(self.diameters_mm) / 1000


class CytoreductionInput(CriterionInput):
    """All lesions, and whether the liver alone or the whole tumour load counts."""

    lesions: tuple[PlannedLesion, ...]
    scope: Literal["liver_only", "total"] = "liver_only"

    @model_validator(mode="after")
    def _names_differ(self) -> CytoreductionInput:
        names = [lesion.id for lesion in self.lesions]
        if len(set(names)) != len(names):
            raise ValueError("two lesions share one id")
        return self


def cleared_label(fraction_percent: float, all_cleared: bool) -> str:
    """complete, optimal_90, accepted_70 or suboptimal. ``all_cleared``: no known lesion is left."""
    if all_cleared:
        return "complete"
    if at_least(fraction_percent, BOOK.limit("optimal")):
        return "optimal_90"
    return "accepted_70" if at_least(fraction_percent, BOOK.limit("accepted")) else "suboptimal"


def fraction_bounds(cleared_ml: float, left_ml: float, error_percent: float) -> tuple[float, float]:
    """Least and largest cleared share in percent when every volume may be off by ``error_percent``."""
    low, high = 1 - error_percent / 100, 1 + error_percent / 100
    if not above(cleared_ml + left_ml, 0):
        return 0.0, 100.0
    return (
        100 * cleared_ml * low / (cleared_ml * low + left_ml * high),
        100 * cleared_ml * high / (cleared_ml * high + left_ml * low),
    )


def assess(given: CytoreductionInput) -> Conclusion:
    """The label by volume; ``parts`` hold fractions by volume and number, bounds, and the total when it differs."""
    reasoning = Reasoning(BOOK)
    reasoning.flag("RETROSPECTIVE")
    inside = [one for one in given.lesions if one.in_liver or given.scope == "total"]
    lesions = sorted(inside, key=lambda one: one.id)
    if not lesions:
        return reasoning.not_assessable("lesions in the scope of the plan")
    undecided = [one.id for one in lesions if one.plan is None]
    unmeasured = [one.id for one in lesions if one.known_ml is None]
    _flag(reasoning, lesions)
    if undecided or unmeasured:
        return _open(reasoning, lesions, undecided, unmeasured)
    cleared = [one for one in lesions if one.plan != "leave"]
    total, removed = _sum(lesions), _sum(cleared)
    if not above(total, 0):
        return reasoning.not_assessable("a lesion volume above 0 mL")
    fraction = 100 * removed / total
    all_cleared = len(cleared) == len(lesions)
    by_count = 100 * len(cleared) / len(lesions)
    for text, value in (("tumour volume", total), ("cleared volume", removed)):
        reasoning.note(text, value, "mL")
    least, most = fraction_bounds(removed, total - removed, BOOK.limit("volume_error"))
    parts = {
        "by_volume_percent": f"{fraction:.2f}",
        "by_count_percent": f"{by_count:.1f}",
        "bounds_percent": f"{least:.1f} to {most:.1f}",
    }
    parts |= _by_tracer(lesions, cleared)
    label = cleared_label(fraction, all_cleared)
    if label != cleared_label(by_count, all_cleared):
        reasoning.flag("COUNT_DISCORDANT", count=by_count, fraction=fraction)
    _flag_limits(reasoning, fraction, label)
    _without_indeterminate(reasoning, lesions, label)
    reasoning.fire(label, **({"count": len(lesions)} if label == "complete" else {"fraction": fraction}))
    return reasoning.conclude(label, parts=parts)


def _by_tracer(lesions: list[PlannedLesion], cleared: list[PlannedLesion]) -> dict[str, str]:
    """Cleared share of the volume on each tracer, where every lesion has one; the label stays that of CT or MRI."""
    found = {}
    for name in ("sstr", "fdg"):
        volumes = {one.id: getattr(one, f"{name}_volume_ml") for one in lesions}
        if None not in volumes.values() and above(sum(volumes.values()), 0):
            removed = sum(volumes[one.id] for one in cleared)
            found[f"by_{name}_percent"] = f"{100 * removed / sum(volumes.values()):.1f}"
    return found


def _sum(lesions: Sequence[PlannedLesion]) -> float:
    return sum(one.known_ml or 0 for one in lesions)


def _flag(reasoning: Reasoning, lesions: list[PlannedLesion]) -> None:
    if any(one.diameters_mm and at_least(max(one.diameters_mm), BOOK.limit("large_lesion")) for one in lesions):
        reasoning.flag("LESION_GE_50")
    guessed = [one.id for one in lesions if one.volume_ml is None and one.diameters_mm is not None]
    if guessed:
        reasoning.flag("VOLUME_FROM_DIAMETERS", lesions=", ".join(guessed))


def _flag_limits(reasoning: Reasoning, fraction: float, label: str) -> None:
    if label != "complete":
        for limit in ("accepted", "optimal"):
            reasoning.near("Cleared share", fraction, BOOK.limit(limit), BOOK.limit("fraction_error"), "%")


def _without_indeterminate(reasoning: Reasoning, lesions: list[PlannedLesion], label: str) -> None:
    sure = [one for one in lesions if not one.indeterminate]
    if len(sure) == len(lesions) or not above(_sum(sure), 0):
        return
    cleared = [one for one in sure if one.plan != "leave"]
    other = cleared_label(100 * _sum(cleared) / _sum(sure), len(cleared) == len(sure))
    if other != label:
        reasoning.flag("DIFFERENT_WITHOUT_INDETERMINATE", value=other)


def _open(
    reasoning: Reasoning, lesions: list[PlannedLesion], undecided: list[str], unmeasured: list[str]
) -> Conclusion:
    """Labels that remain: a lesion without volume may weigh nothing or everything, one without plan go either way."""
    surely_left = [one for one in lesions if one.plan == "leave"]
    surely_cleared = [one for one in lesions if one.plan in ("resect", "ablate")]
    left_least, cleared_least = _sum(surely_left), _sum(surely_cleared)
    unknown_left = any(one.known_ml is None for one in lesions if one.plan in ("leave", None))
    unknown_cleared = any(one.known_ml is None for one in lesions if one.plan != "leave")
    free = _sum([one for one in lesions if one.plan is None])
    worst = 0.0 if unknown_left else _share(cleared_least, left_least + free)
    best = 100.0 if unknown_cleared else _share(cleared_least + free, left_least)
    low = LABELS.index(cleared_label(worst, not surely_left and not undecided))
    high = LABELS.index(cleared_label(best, not surely_left))
    plans = [f"plan for {name}" for name in undecided]
    if len(undecided) == len(lesions):
        plans = ["a plan: which lesions are resected, ablated or left"]
    lacking = plans + [f"volume of {name}" for name in unmeasured]
    possible = LABELS[low : high + 1]
    parts = {"bounds_percent": f"{worst:.1f} to {best:.1f}"}
    if len(possible) > 1:
        return reasoning.not_assessable(*lacking, possible=possible, parts=parts)
    reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(lacking))
    label = possible[0]
    shown = f"{worst:.1f} to {best:.1f}"
    reasoning.fire(label, **({"count": len(lesions)} if label == "complete" else {"fraction": shown}))
    return reasoning.conclude(label, parts=parts)


def _share(cleared: float, left: float) -> float:
    return 100 * cleared / (cleared + left) if above(cleared + left, 0) else 0.0


CRITERION = Criterion(BOOK, CytoreductionInput, assess)
