"""RECIST 1.1 at baseline: which lesions are measurable, which become targets, and their sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("recist_targets", Book)
Nature = Literal[
    "solid",
    "cystic_metastasis",
    "simple_cyst",
    "bone_blastic",
    "bone_lytic_or_mixed",
    "ascites_or_effusion",
    "lymphangitis",
    "leptomeningeal",
]
_NEVER = {
    "bone_blastic": "a blastic bone lesion",
    "ascites_or_effusion": "ascites or effusion",
    "lymphangitis": "lymphangitic spread",
    "leptomeningeal": "leptomeningeal disease",
}
Length = Annotated[float | None, Field(ge=0, le=500)]


class RecistBaselineLesion(CriterionInput):
    """One lesion on the baseline CT or MRI; lengths in mm.

    ``nodal``: lymph node, judged by its short axis. ``progressed_since_local_therapy``: needed when
    ``locally_treated``. ``soft_tissue_mm``: soft-tissue part of a bone lesion.
    """

    id: Annotated[str, Field(min_length=1)]
    organ: Annotated[str, Field(min_length=1)]
    nodal: bool = False
    nature: Nature = "solid"
    longest_mm: Length = None
    short_axis_mm: Length = None
    soft_tissue_mm: Length = None
    slice_mm: Annotated[float | None, Field(gt=0, le=50)] = None
    reproducible: bool = True
    locally_treated: bool | None = None
    progressed_since_local_therapy: bool | None = None

    @property
    def size_mm(self) -> float | None:
        """The diameter that counts: short axis of a node, soft-tissue part of bone, else longest diameter."""
        if self.nodal:
            return self.short_axis_mm
        return self.soft_tissue_mm if self.nature == "bone_lytic_or_mixed" else self.longest_mm

    @property
    def axis(self) -> str:
        """Printed name of that diameter."""
        if self.nodal:
            return "short axis"
        return "soft-tissue part" if self.nature == "bone_lytic_or_mixed" else "longest diameter"


class RecistBaselineInput(CriterionInput):
    """All lesions of the baseline scan, and its age at the start of treatment in days."""

    lesions: tuple[RecistBaselineLesion, ...]
    days_before_treatment: Annotated[float | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _names_differ(self) -> RecistBaselineInput:
        names = [lesion.id for lesion in self.lesions]
        if len(set(names)) != len(names):
            raise ValueError("two lesions share one id")
        return self


@dataclass(frozen=True)
class Measurability:
    """What a lesion is at baseline; ``role`` measurable, non_target, normal or unknown (``lacking`` says why)."""

    role: Literal["measurable", "non_target", "normal", "unknown"]
    rule: str = ""
    words: tuple[tuple[str, object], ...] = ()
    lacking: tuple[str, ...] = ()


def measurability(lesion: RecistBaselineLesion) -> Measurability:
    """Whether a lesion can be measured at baseline."""
    if lesion.nature == "simple_cyst":
        return Measurability("normal", "cyst")
    if lesion.nature in _NEVER:
        return Measurability("non_target", "never", (("kind", _NEVER[lesion.nature]),))
    by_size = _by_size(lesion)
    if by_size.role != "measurable":
        return by_size
    if lesion.locally_treated and lesion.progressed_since_local_therapy is False:
        return Measurability("non_target", "pretreated")
    lacking = []
    if lesion.locally_treated is None:
        lacking.append(f"whether {lesion.id} was treated locally before")
    elif lesion.locally_treated and lesion.progressed_since_local_therapy is None:
        lacking.append(f"whether {lesion.id} progressed after its local therapy")
    return Measurability("unknown", lacking=tuple(lacking)) if lacking else by_size


def _by_size(lesion: RecistBaselineLesion) -> Measurability:
    size = lesion.size_mm
    if size is None:
        return Measurability("unknown", lacking=(f"{lesion.axis} of {lesion.id}",))
    words = (("axis", lesion.axis), ("size", size))
    if lesion.nodal:
        if at_least(size, BOOK.limit("node_target")):
            return Measurability("measurable", "target", (*words, ("limit", BOOK.limit("node_target"))))
        normal = not at_least(size, BOOK.limit("node_normal"))
        rule = "node_normal" if normal else "node_nontarget"
        return Measurability("normal" if normal else "non_target", rule, words)
    smallest = BOOK.limit("soft_tissue" if lesion.nature == "bone_lytic_or_mixed" else "longest")
    rule = "bone" if lesion.nature == "bone_lytic_or_mixed" else "too_small"
    if not at_least(size, smallest):
        return Measurability("non_target", rule, (*words, ("limit", smallest)))
    if lesion.slice_mm is None:
        return Measurability("unknown", lacking=(f"slice thickness for {lesion.id}",))
    thick = above(lesion.slice_mm, BOOK.limit("slice"))
    limit = max(smallest, BOOK.limit("slice_factor") * lesion.slice_mm) if thick else smallest
    if not at_least(size, limit):
        return Measurability("non_target", "too_small", (*words, ("limit", limit)))
    return Measurability("measurable", "target", (*words, ("limit", limit)))


def choose_targets(lesions: Iterable[RecistBaselineLesion]) -> list[RecistBaselineLesion]:
    """At most five of the measurable lesions: reproducible and large, each organ once before any twice."""
    ranked = sorted(lesions, key=lambda one: (not one.reproducible, -(one.size_mm or 0), one.id))
    turns: dict[int, list[RecistBaselineLesion]] = {}
    seen: dict[str, int] = {}
    for lesion in ranked:
        organ = "nodes" if lesion.nodal else lesion.organ.strip().lower()
        turns.setdefault(seen.get(organ, 0), []).append(lesion)
        seen[organ] = seen.get(organ, 0) + 1
    rounds = range(int(BOOK.limit("per_organ")))
    return [lesion for turn in rounds for lesion in turns.get(turn, [])][: int(BOOK.limit("targets"))]


def assess(given: RecistBaselineInput) -> Conclusion:
    """The targets by name and the baseline sum; each lesion's role stands in ``parts`` and ``lesions``.

    Not assessable while a lesion's measurability is unknown, since it could replace a target.
    """
    reasoning = Reasoning(BOOK)
    states = {lesion.id: measurability(lesion) for lesion in given.lesions}
    measurable = [lesion for lesion in given.lesions if states[lesion.id].role == "measurable"]
    chosen = choose_targets(measurable)
    names = [lesion.id for lesion in chosen]
    each = [_one(lesion, states[lesion.id], lesion.id in names) for lesion in sorted(given.lesions, key=_name)]
    if given.days_before_treatment is not None:
        reasoning.note("age of the baseline scan at the start of treatment", given.days_before_treatment, "d")
        if above(given.days_before_treatment, BOOK.limit("baseline_age")):
            reasoning.flag("BASELINE_OLD", days=given.days_before_treatment)
    for lesion in chosen:
        reasoning.note(f"{lesion.id}: {lesion.axis}", lesion.size_mm, "mm")
        if lesion.nature == "cystic_metastasis":
            reasoning.flag("CYSTIC_TARGET", lesion=lesion.id)
    unknown = [lack for lesion in sorted(given.lesions, key=_name) for lack in states[lesion.id].lacking]
    if unknown:
        return reasoning.not_assessable(*unknown, lesions=each)
    if not chosen:
        reasoning.fire("none")
        return reasoning.conclude("no target", parts={"targets": "none"}, lesions=each)
    total = sum(lesion.size_mm or 0 for lesion in chosen)
    reasoning.fire("sum", count=len(chosen), sum=total)
    parts = {"targets": ", ".join(names), "baseline_sum_mm": f"{total:g}"}
    return reasoning.conclude(", ".join(names), parts=parts, lesions=each)


def _name(lesion: RecistBaselineLesion) -> str:
    return lesion.id


def _one(lesion: RecistBaselineLesion, state: Measurability, chosen: bool) -> Conclusion:
    reasoning = Reasoning(BOOK, subject=lesion.id)
    if lesion.size_mm is not None:
        reasoning.note(lesion.axis, lesion.size_mm, "mm")
    if lesion.slice_mm is not None:
        reasoning.note("slice thickness", lesion.slice_mm, "mm")
    if state.role == "unknown":
        return reasoning.not_assessable(*state.lacking)
    if state.role == "measurable" and not chosen:
        reasoning.fire("spare")
        return reasoning.conclude("non_target")
    reasoning.fire(state.rule, **dict(state.words))
    return reasoning.conclude("target" if state.role == "measurable" else state.role)


CRITERION = Criterion(BOOK, RecistBaselineInput, assess)
