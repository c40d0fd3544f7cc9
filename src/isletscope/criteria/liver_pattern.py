"""Pattern of liver metastases: single, one-sided, bulk with satellites, or disseminated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("liver_pattern", Book)
Percent = Annotated[float | None, Field(ge=0, le=100)]


class LiverMetastasis(CriterionInput):
    """One liver metastasis. ``cluster`` names a group in touching segments with gaps up to 10 mm."""

    id: Annotated[str, Field(min_length=1)]
    side: Literal["right", "left", "caudate"] | None = None
    volume_ml: Annotated[float | None, Field(ge=0, le=20000)] = None
    cluster: str | None = None


class LiverPatternInput(CriterionInput):
    """All liver metastases, and the tumour share of each hemiliver in percent of its volume.

    ``lesions`` is empty when none is seen, and None when nobody looked. ``clusters_named``: groups were looked for.
    """

    lesions: tuple[LiverMetastasis, ...] | None = None
    clusters_named: bool = True
    right_burden_percent: Percent = None
    left_burden_percent: Percent = None

    @model_validator(mode="after")
    def _names_differ(self) -> LiverPatternInput:
        names = [lesion.id for lesion in self.lesions or ()]
        if len(set(names)) != len(names):
            raise ValueError("two lesions share one id")
        return self


@dataclass(frozen=True)
class _Range:
    """A share in percent that lies between two bounds."""

    least: float
    most: float


def assess(given: LiverPatternInput) -> Conclusion:
    """I, I-unilobar, II or III; ``none`` without lesions. Missing sides or volumes leave what they still allow."""
    reasoning = Reasoning(BOOK)
    if given.lesions is None:
        return reasoning.not_assessable("an exam that shows the liver")
    lesions = sorted(given.lesions, key=lambda one: one.id)
    count = len(lesions)
    reasoning.note("liver metastases", count, "1")
    if count == 0:
        reasoning.fire("none")
        return reasoning.conclude("none")
    reasoning.flag("COUNT_LOWER_BOUND")
    parts = {"count": str(count) if count <= BOOK.limit("count_shown") else f">20 ({count})"}
    if count == 1:
        reasoning.fire("single")
        return reasoning.conclude("I", parts=parts)
    caudate = [lesion.id for lesion in lesions if lesion.side == "caudate"]
    if caudate:
        reasoning.flag("CAUDATE", lesions=", ".join(caudate))
    return _several(reasoning, given, lesions, parts)


def _several(
    reasoning: Reasoning, given: LiverPatternInput, lesions: list[LiverMetastasis], parts: dict[str, str]
) -> Conclusion:
    sides = {lesion.side for lesion in lesions}
    both = {"right", "left"} <= sides
    unknown = sum(lesion.side is None for lesion in lesions)
    can_be_both = both or len(sides & {"right", "left"}) + unknown > 1
    can_be_one = not both
    cluster, side = _shares(lesions)
    possible: dict[str, str] = {}
    if can_be_one:
        possible["I-unilobar"] = "unilobar"
    if can_be_both:
        possible |= _bilobar(given, cluster, side)
    parts["bilobar"] = "yes" if both else "not known" if can_be_both else "no"
    if cluster.least == cluster.most:
        reasoning.note("largest lesion or cluster, share of the tumour volume", cluster.least, "%")
    values = tuple(possible)
    if len(values) > 1:
        return reasoning.not_assessable(*_lacking(given, lesions), possible=values, parts=parts)
    rule = possible[values[0]]
    if rule == "diffuse" and not given.clusters_named:
        reasoning.flag("CLUSTERS_NOT_NAMED")
    words = {"cluster": round(cluster.least), "side": round(side.least)}
    reasoning.fire(rule, count=len(lesions), **words if rule in ("bulk", "diffuse") else {})
    return reasoning.conclude(values[0], parts=parts)


def _bilobar(given: LiverPatternInput, cluster: _Range, side: _Range) -> dict[str, str]:
    """What bilobar disease can be, type to rule."""
    limit = BOOK.limit("burden")
    burdens = (given.right_burden_percent, given.left_burden_percent)
    replaced = all(burden is not None and above(burden, limit) for burden in burdens)
    can_be_replaced = all(burden is None or above(burden, limit) for burden in burdens)
    if replaced:
        return {"III": "replaced"}
    bulk, hemiliver = BOOK.limit("bulk_share"), BOOK.limit("hemiliver_share")
    is_bulk = at_least(cluster.least, bulk) or at_least(side.least, hemiliver)
    can_be_bulk = at_least(cluster.most, bulk) or at_least(side.most, hemiliver)
    found: dict[str, str] = {}
    if can_be_bulk:
        found["II"] = "bulk"
    if not is_bulk:
        found["III"] = "diffuse"
    elif can_be_replaced:
        found["III"] = "replaced"
    return found


def _shares(lesions: list[LiverMetastasis]) -> tuple[_Range, _Range]:
    """Share of the largest lesion or cluster, and of the fuller hemiliver, in percent of the tumour volume."""
    if any(lesion.volume_ml is None for lesion in lesions):
        return _Range(0, 100), _Range(0, 100)
    volumes = {lesion.id: lesion.volume_ml or 0 for lesion in lesions}
    total = sum(volumes.values())
    if not above(total, 0):
        return _Range(0, 100), _Range(0, 100)
    groups: dict[str, float] = {}
    for lesion in lesions:
        name = f"cluster {lesion.cluster}" if lesion.cluster else f"lesion {lesion.id}"
        groups[name] = groups.get(name, 0) + volumes[lesion.id]
    largest = 100 * max(groups.values()) / total
    by_side = {
        side: sum(volumes[lesion.id] for lesion in lesions if lesion.side == side) for side in ("right", "left", None)
    }
    known = max(by_side["right"], by_side["left"])
    unknown = by_side[None]
    return _Range(largest, largest), _Range(100 * known / total, 100 * (known + unknown) / total)


def _lacking(given: LiverPatternInput, lesions: list[LiverMetastasis]) -> list[str]:
    lacking = [f"side of {lesion.id}" for lesion in lesions if lesion.side is None]
    lacking += [f"volume of {lesion.id}" for lesion in lesions if lesion.volume_ml is None]
    if all(lesion.volume_ml == 0 for lesion in lesions):
        lacking.append("a tumour volume above 0 mL")
    for name, burden in (("right", given.right_burden_percent), ("left", given.left_burden_percent)):
        if burden is None:
            lacking.append(f"tumour share of the {name} hemiliver")
    return lacking


CRITERION = Criterion(BOOK, LiverPatternInput, assess)
