"""Whether imaging supports a discussion of PRRT, with warnings; it never prescribes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import Field, field_validator

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.dual_tracer import fold, lack_levels, names, note_levels, signs_by_book
from isletscope.criteria.fdg_uptake import ABOVE_LIVER, fdg_levels
from isletscope.criteria.krenning import sstr_scores
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion


class PrrtBook(Book):
    """The book with its fixed wording."""

    outcomes: dict[str, str]
    red_flags: dict[str, str]


BOOK = load_book("prrt", PrrtBook)


class PrrtInput(LesionsInput):
    """Lesions, grade, age of the scan, laboratory values and findings that a reader must print. None: not known."""

    sstr_scan_age_days: int | None = Field(default=None, ge=0)
    ki67_percent: float | None = Field(default=None, ge=0, le=100)
    cycle: int = Field(default=1, ge=1, le=12, description="the cycle under discussion")
    egfr_ml_min: float | None = Field(default=None, ge=0, le=200, description="estimated; read only without clearance")
    creatinine_clearance_ml_min: float | None = Field(default=None, ge=0, le=300)
    platelets_10e9_l: float | None = Field(default=None, ge=0, le=2000)
    haemoglobin_g_l: float | None = Field(default=None, ge=20, le=250)
    white_cells_10e9_l: float | None = Field(default=None, ge=0, le=200)
    bilirubin_times_uln: float | None = Field(default=None, ge=0)
    albumin_g_l: float | None = Field(default=None, ge=5, le=80)
    red_flags: tuple[str, ...] = ()

    @field_validator("red_flags")
    @classmethod
    def _known_flags(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in given if name not in BOOK.red_flags]
        if unknown:
            raise ValueError(f"no red flag is named {', '.join(unknown)}; known are {', '.join(BOOK.red_flags)}")
        return given


@dataclass(frozen=True)
class Seen:
    """What has been seen over lesions: relevant ones by score, and discordant ones."""

    high: bool = False
    middle: bool = False
    low: bool = False
    cold: bool = False
    discordant: bool = False

    def add(self, kind: str) -> Seen:
        """With one more lesion of a kind; ``left_out`` changes nothing."""
        return self if kind == "left_out" else replace(self, **{kind: True})

    @property
    def rule(self) -> str:
        """The rule that fires; empty without any relevant lesion."""
        if self.discordant or (self.cold and (self.high or self.middle)):
            return "discordant"
        if self.low or self.cold:
            return "mixed" if self.high or self.middle else "too_low"
        if self.middle:
            return "borderline"
        return "supports" if self.high else ""

    @property
    def outcome(self) -> str:
        """The outcome's key."""
        return "borderline" if self.rule == "mixed" else self.rule


def kinds_of(lesion: LesionFinding, given: LesionsInput) -> list[str]:
    """Every kind that the known inputs of a lesion leave possible; without FDG PET none is discordant by FDG.

    ``cold``: suspicious on CT or MRI without SSTR uptake. Beside lesions with uptake it is discordant; where no lesion
    takes up the tracer there is nothing it could be discordant with.
    """
    fdg_known = given.done("fdg")
    kinds = []
    for signs in signs_by_book(lesion, given, BOOK):
        if signs.mismatch and fdg_known:
            kinds.append("discordant")
        elif signs.sstr == 0 and lesion.anatomy_suspicious:
            kinds.append("cold")
        elif not _relevant(lesion):
            kinds.append("left_out")
        elif signs.sstr >= BOOK.limit("high_score"):
            kinds.append("high")
        else:
            kinds.append("middle" if signs.sstr_positive else "low")
    return list(dict.fromkeys(kinds))


def _relevant(lesion: LesionFinding) -> bool:
    small = lesion.extent_mm is not None and not at_least(lesion.extent_mm, BOOK.limit("relevant_mm"))
    return not small or lesion.anatomical_correlate is not False


def prrt(given: PrrtInput) -> Conclusion:
    """The outcome in its fixed wording, or every outcome that remains possible; warnings never change it."""
    steps = Reasoning(BOOK)
    _warn(given, steps)
    if not given.done("sstr"):
        return steps.not_assessable("SSTR PET")
    if given.sstr_scan_age_days is not None and above(given.sstr_scan_age_days, BOOK.limit("scan_age_days")):
        steps.fire("too_old", days=given.sstr_scan_age_days)
        return steps.not_assessable("SSTR PET of the last 6 months")
    note_levels(given, steps)
    kinds = {lesion.id: kinds_of(lesion, given) for lesion in given.tumours}
    seen = fold(Seen(), kinds.values(), Seen.add)
    rules = sorted({one.rule for one in seen})
    if rules == [""]:
        return steps.not_assessable("a relevant lesion")
    outcomes = list(dict.fromkeys(BOOK.outcomes[one.outcome] for one in seen if one.rule))
    if not given.done("fdg"):
        steps.lack("FDG PET")
    if len(rules) > 1:
        lack_levels(given, steps)
    if "" in rules:
        return steps.not_assessable("a relevant lesion")
    if len(outcomes) > 1:
        return steps.not_assessable(possible=sorted(outcomes))
    rule = next(one.rule for one in seen if one.rule)
    _explain(rule, kinds, given, steps)
    _wording(kinds, given, steps)
    return steps.conclude(outcomes[0], parts={"rule": rule}, provisional=bool(steps.lacking))


def _of_kind(kinds: dict[str, list[str]], wanted: Sequence[str]) -> list[str]:
    return [name for name, found in kinds.items() if all(kind in wanted for kind in found)]


def _explain(rule: str, kinds: dict[str, list[str]], given: PrrtInput, steps: Reasoning) -> None:
    discordant = _of_kind(kinds, ["discordant", "cold"])
    relevant = _of_kind(kinds, ["high", "middle", "low", "cold"])
    ratio = _lowest_ratio(given)
    words: dict[str, dict[str, object]] = {
        "supports": {"count": len(relevant)},
        "too_low": {"count": len(relevant)},
        "borderline": {
            "count": len(relevant),
            "low": len(_of_kind(kinds, ["middle"])),
            "ratio": "not known" if ratio is None else number(ratio),
        },
        "mixed": {"count": len(relevant), "low": len(_of_kind(kinds, ["low", "cold"]))},
        "discordant": {"lesions": names(lesion for lesion in given.tumours if lesion.id in discordant)},
    }
    steps.fire(rule, **words[rule])
    if rule == "discordant" and len(discordant) == 1:
        steps.flag("single_discordant", lesions=discordant[0])
    if rule == "borderline" and ratio is not None:
        equal = at_least(ratio, BOOK.limit("equal_to_liver"))
        steps.flag("equals_liver" if equal else "below_liver", ratio=ratio)
    left_out = _of_kind(kinds, ["left_out"])
    if left_out:
        steps.flag("not_relevant", lesions=", ".join(left_out))
    by_liver = [
        lesion.id
        for lesion in given.tumours
        if min(fdg_levels(lesion, given)) >= ABOVE_LIVER and given.done("fdg") and _at_most_liver(lesion, given)
    ]
    if by_liver and rule != "discordant":
        steps.flag("threshold_dependent", lesions=", ".join(by_liver))


def _at_most_liver(lesion: LesionFinding, given: PrrtInput) -> bool:
    return max(sstr_scores(lesion, given)) < BOOK.limit("high_score")


def _lowest_ratio(given: PrrtInput) -> float | None:
    """Lowest SUVmax over liver SUVmean of the relevant lesions; None where one is not known."""
    liver = given.sstr_reference.liver_mean_g_ml
    values = [lesion.sstr.suv_max_g_ml if lesion.sstr else None for lesion in given.tumours if _relevant(lesion)]
    known = [value for value in values if value is not None]
    if liver is None or not known or len(known) < len(values):
        return None
    return min(known) / liver


def _wording(kinds: dict[str, list[str]], given: PrrtInput, steps: Reasoning) -> None:
    """Print beside the outcome what the label's and the trials' wording of uptake says, where every lesion is known."""
    if any(len(one) > 1 for one in kinds.values()):
        return
    found = {kind for one in kinds.values() for kind in one}
    if found & {"low", "cold", "discordant"}:
        label = "not met"
    elif "middle" not in found:
        label = "met"
    else:
        ratio = _lowest_ratio(given)
        label = "not known"
        if ratio is not None:
            label = "met" if at_least(ratio, BOOK.limit("equal_to_liver")) else "not met"
    steps.other("EU label and NETTER-1, uptake", label, "label")
    steps.other("NETTER-2, uptake", "met" if found <= {"high", "left_out"} else "not met", "netter2")


def _warn(given: PrrtInput, steps: Reasoning) -> None:
    """Flags of grade, laboratory and findings; each shows its value and limit."""
    if given.grade == "NEC":
        steps.flag("outside_trial_population", reason="neuroendocrine carcinoma")
    if given.ki67_percent is not None and above(given.ki67_percent, BOOK.limit("ki67_percent")):
        steps.flag("outside_trial_population", reason=f"Ki-67 {number(given.ki67_percent)} % above 55 %")
    platelets = "marrow_platelets" if given.cycle == 1 else "withhold_platelets"
    lower_limits = {
        "creatinine_clearance_ml_min": "renal",
        "platelets_10e9_l": platelets,
        "haemoglobin_g_l": "haemoglobin",
        "white_cells_10e9_l": "white_cells",
        "albumin_g_l": "albumin",
    }
    for name, flag in lower_limits.items():
        value = getattr(given, name)
        if value is not None and not at_least(value, BOOK.limit(name)):
            steps.flag(flag, value=value, cycle=given.cycle)
    estimated = given.egfr_ml_min if given.creatinine_clearance_ml_min is None else None
    if estimated is not None and not at_least(estimated, BOOK.limit("creatinine_clearance_ml_min")):
        steps.flag("renal_estimated", value=estimated)
    bilirubin = given.bilirubin_times_uln
    if bilirubin is not None and above(bilirubin, BOOK.limit("bilirubin_times_uln")):
        steps.flag("bilirubin", value=bilirubin)
    for name in sorted(set(given.red_flags)):
        steps.flag("red_flag", finding=BOOK.red_flags[name])
    shown = {"creatinine_clearance_ml_min": "creatinine clearance", "platelets_10e9_l": "platelets"}
    absent = [words for name, words in shown.items() if getattr(given, name) is None]
    if estimated is not None:
        absent.remove("creatinine clearance")
    if absent:
        steps.flag("laboratory_open", values=", ".join(absent))


CRITERION = Criterion(book=BOOK, input_model=PrrtInput, run=prrt)
