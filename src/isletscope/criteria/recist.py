"""RECIST 1.1 at one follow-up: targets, non-target lesions, new lesions, overall response."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from isletscope.criteria.book import Book, load_book
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.open_inputs import Inputs, Value, Way, settle
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("recist", Book)
NonTarget = Literal["none", "CR", "non-CR/non-PD", "NE", "PD"]
_STATES = ("none", "CR", "non-CR/non-PD", "NE", "PD")
_NEEDED = {"non_target": "response of the non-target lesions", "new": "whether there is a new lesion"}
_SUMS = {"baseline_sum": "baseline sum", "nadir": "smallest sum so far", "sum": "sum"}
Length = Annotated[float, Field(ge=0, le=500)]


class RecistTarget(CriterionInput):
    """A target lesion: baseline and present diameter in mm (short axis for a node).

    ``current_mm`` is 0 when it has vanished and None when it was not measured. ``too_small``: seen, yet too small to
    measure.
    """

    id: Annotated[str, Field(min_length=1)]
    nodal: bool = False
    baseline_mm: Annotated[float, Field(gt=0, le=500)]
    current_mm: Length | None = None
    too_small: bool = False

    @property
    def counted_mm(self) -> float | None:
        """The diameter that enters the sum."""
        return BOOK.limit("too_small") if self.too_small else self.current_mm


class RecistNewLesion(CriterionInput):
    """A lesion that was not there at baseline.

    ``unequivocal`` and ``fdg_negative_baseline`` are None when not known; the latter says that FDG PET of the same
    region was done at baseline and negative. ``confirmed_on_ct_mri``: up to now. ``matches_stable_known_lesion``: a PET
    focus on a lesion known on CT or MRI that does not grow.
    """

    id: Annotated[str, Field(min_length=1)]
    seen_on: Literal["ct_mri", "fdg", "sstr"]
    unequivocal: bool | None = None
    fdg_negative_baseline: bool | None = None
    confirmed_on_ct_mri: bool = False
    matches_stable_known_lesion: bool = False
    region_scanned_at_baseline: bool = True


class RecistInput(CriterionInput):
    """One follow-up scan.

    ``earlier_sums_mm``: sums of all follow-up scans before this one. ``earlier_complete``: the targets had a CR before.
    ``new_lesions`` is empty when there is none, and None when nobody looked.
    """

    targets: tuple[RecistTarget, ...] = ()
    earlier_sums_mm: tuple[Length, ...] = ()
    earlier_complete: bool = False
    non_target: NonTarget | None = None
    new_lesions: tuple[RecistNewLesion, ...] | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> RecistInput:
        names = [target.id for target in self.targets]
        if len(set(names)) != len(names):
            raise ValueError("two targets share one id")
        return self


def assess(given: RecistInput) -> Conclusion:
    """CR, PR, SD, PD, NE or non-CR/non-PD, with the parts that led there."""
    reasoning = Reasoning(BOOK)
    target = _target_response(reasoning, given)
    new = _new_lesion(reasoning, given.new_lesions)
    known: dict[str, Value | None] = {"target": target, "non_target": given.non_target, "new": new}
    if target == "none" and given.non_target == "none" and new is False:
        return reasoning.not_assessable("any lesion at baseline")
    outcome = settle(_overall, known, {"non_target": _STATES[1:] if target == "none" else _STATES})
    parts = {"target": target, "non_target": given.non_target or "not known", "new": _new_word(new)}
    parts |= {
        f"{name}_mm": f"{item.value:g}" for item in reasoning.evidence for name in _SUMS if item.text == _SUMS[name]
    }
    if not outcome.settled:
        lacking = [_NEEDED[name] for name in outcome.needed]
        return reasoning.not_assessable(*lacking, possible=outcome.values, parts=parts)
    for way in outcome.ways:
        reasoning.fire(way.rule)
    if outcome.insensitive:
        reasoning.flag("INSENSITIVE_TO_MISSING", missing=", ".join(_NEEDED[name] for name in outcome.insensitive))
    return reasoning.conclude(outcome.values[0], parts=parts)


def _new_word(new: bool | None) -> str:
    return "not known" if new is None else "yes" if new else "no"


def _target_response(reasoning: Reasoning, given: RecistInput) -> str:
    if not given.targets:
        return "none"
    for target in sorted(given.targets, key=lambda one: one.id):
        reasoning.note(f"{target.id}: baseline", target.baseline_mm, "mm")
        if target.counted_mm is None:
            reasoning.note(f"{target.id}: not measured")
        else:
            reasoning.note(f"{target.id}: now", target.counted_mm, "mm")
        if target.too_small:
            reasoning.flag("TOO_SMALL", lesion=target.id)
    _flag_mixed(reasoning, given.targets)
    baseline = sum(target.baseline_mm for target in given.targets)
    nadir = min([baseline, *given.earlier_sums_mm])
    measured = [target.counted_mm for target in given.targets if target.counted_mm is not None]
    now = sum(measured)
    reasoning.note("baseline sum", baseline, "mm")
    reasoning.note("smallest sum so far", nadir, "mm")
    if len(measured) == len(given.targets):
        reasoning.note("sum", now, "mm")
        reasoning.note("change from baseline", percent(now, baseline), "%")
        return _classify(reasoning, given, now, baseline, nadir)
    if progressed(now, nadir):
        change = percent(now, nadir) if nadir else "∞"
        reasoning.fire("target_pd_measured", now=now, nadir=nadir, change=change)
        return "PD"
    reasoning.fire("target_ne")
    return "NE"


def _flag_mixed(reasoning: Reasoning, targets: tuple[RecistTarget, ...]) -> None:
    """Flag targets of one patient that grow while others shrink."""
    changes = {
        target.id: percent(target.counted_mm, target.baseline_mm)
        for target in sorted(targets, key=lambda one: one.id)
        if target.counted_mm is not None
    }
    larger = [name for name, change in changes.items() if at_least(change, BOOK.limit("progression"))]
    smaller = [name for name, change in changes.items() if at_least(-change, BOOK.limit("partial"))]
    if larger and smaller:
        reasoning.flag("MIXED_RESPONSE", larger=", ".join(larger), smaller=", ".join(smaller))


def progressed(now_mm: float, nadir_mm: float) -> bool:
    """At least 20 % and at least 5 mm above the smallest sum."""
    factor = 1 + BOOK.limit("progression") / 100
    return at_least(now_mm, factor * nadir_mm) and at_least(now_mm - nadir_mm, BOOK.limit("progression_floor"))


def percent(now: float, before: float) -> float:
    """Change in percent. ``before`` must not be 0."""
    return 100 * (now - before) / before


def _classify(reasoning: Reasoning, given: RecistInput, now: float, baseline: float, nadir: float) -> str:
    extranodal = [target.counted_mm or 0 for target in given.targets if not target.nodal]
    nodes = [target.counted_mm or 0 for target in given.targets if target.nodal]
    if not any(above(size, 0) for size in extranodal) and not any(
        at_least(size, BOOK.limit("node_normal")) for size in nodes
    ):
        reasoning.fire("target_cr")
        return "CR"
    if given.earlier_complete and any(above(size, 0) for size in extranodal):
        reasoning.fire("target_pd_return")
        reasoning.flag("review_previous_cr")
        return "PD"
    rise = percent(now, nadir) if nadir else None
    if rise is not None:
        reasoning.note("change from the smallest sum", rise, "%")
    shown = "∞" if rise is None else rise
    if progressed(now, nadir):
        reasoning.fire("target_pd", now=now, nadir=nadir, change=shown, difference=now - nadir)
        return "PD"
    change = percent(now, baseline)
    if at_least((1 - BOOK.limit("partial") / 100) * baseline, now):
        reasoning.fire("target_pr", now=now, baseline=baseline, change=change)
        return "PR"
    reasoning.fire("target_sd", now=now, baseline=baseline, change=change, rise=shown, nadir=nadir)
    return "SD"


def _new_lesion(reasoning: Reasoning, lesions: tuple[RecistNewLesion, ...] | None) -> bool | None:
    """Whether there is a new lesion that means progression; None when nobody looked or it is not known."""
    if lesions is None:
        return None
    answers: list[bool | None] = []
    for lesion in sorted(lesions, key=lambda one: one.id):
        counts, doubt = _counts(lesion)
        answers.append(counts)
        reasoning.note(f"new lesion {lesion.id} on {lesion.seen_on.replace('_', ' or ').upper()}")
        if doubt:
            reasoning.flag("possible_new_lesion", lesion=lesion.id, reason=doubt)
        if counts and not lesion.region_scanned_at_baseline:
            reasoning.flag("NEW_IN_UNSCANNED_REGION", lesion=lesion.id)
    if True in answers:
        return True
    return None if None in answers else False


def _counts(lesion: RecistNewLesion) -> tuple[bool | None, str]:
    """Whether a new lesion means progression, and the doubt when it does not yet."""
    if lesion.matches_stable_known_lesion and lesion.seen_on != "ct_mri":
        return False, ""
    if lesion.confirmed_on_ct_mri:
        return True, ""
    if lesion.seen_on == "sstr":
        return False, "seen on SSTR PET only"
    if lesion.seen_on == "fdg" and lesion.fdg_negative_baseline is False:
        return False, "seen on FDG PET only, without a negative FDG PET at baseline"
    if lesion.unequivocal is False:
        return False, "equivocal"
    if lesion.seen_on == "fdg" and lesion.fdg_negative_baseline is None:
        return None, "FDG PET at baseline is not stated"
    if lesion.unequivocal is None:
        return None, "its certainty is not stated"
    return True, ""


def _overall(inputs: Inputs) -> Way:
    target = inputs.word("target")
    if target == "PD":
        return Way("PD", "pd_target")
    if inputs.flag("new"):
        return Way("PD", "pd_new")
    rest = inputs.word("non_target")
    if rest == "PD":
        return Way("PD", "pd_nontarget")
    if target == "none":
        ways = {"CR": Way("CR", "cr_nontarget"), "NE": Way("NE", "ne_nontarget")}
        return ways.get(rest, Way("non-CR/non-PD", "noncr_nonpd"))
    if target == "CR":
        return Way("CR", "cr") if rest in ("CR", "none") else Way("PR", "pr_residual")
    return Way(target, {"PR": "pr", "SD": "sd", "NE": "ne"}[target])


CRITERION = Criterion(BOOK, RecistInput, assess)
