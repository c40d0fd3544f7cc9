"""Whole-body tumour volume and total uptake, with the published cut-offs made by the same outlining rule."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isletscope.criteria.book import Book, Cited, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion, Support

VOLUME_NAMES = {"sstr": "SSTR-TV", "fdg": "MTV"}
TOTAL_NAMES = {"sstr": "TLSRE", "fdg": "TLG"}


class CutOff(Cited):
    """A published limit of volume; ``percent`` of SUVmax that outlined lesions there, None where not known."""

    name: str
    percent: float | None
    limit_ml: float = Field(gt=0)
    including: bool

    def reached(self, volume_ml: float) -> bool:
        """Whether a volume lies on the unfavourable side."""
        return at_least(volume_ml, self.limit_ml) if self.including else above(volume_ml, self.limit_ml)


class VolumeBook(Book):
    """The book with its cut-offs."""

    cut_offs: tuple[CutOff, ...]


BOOK = load_book("tumour_volume", VolumeBook)


class OutlinedLesion(CriterionInput):
    """One lesion outlined on PET; SUV by the type of the input. None: could not be measured."""

    id: str = Field(min_length=1)
    volume_ml: float | None = Field(default=None, ge=0)
    suv_mean_g_ml: float | None = Field(default=None, ge=0)
    suv_max_g_ml: float | None = Field(default=None, ge=0)


class VolumeInput(CriterionInput):
    """All outlined lesions on one PET. ``lesions`` None: the scan was not done or not outlined."""

    tracer: Literal["sstr", "fdg"]
    lesions: tuple[OutlinedLesion, ...] | None = None
    percent_of_maximum: float | None = Field(default=None, gt=0, le=100, description="outlining rule, % of SUVmax")
    rule: str = Field(default="", description="another outlining rule, in words")
    suv_type: Literal["body_weight", "lean_body_mass"] = "body_weight"
    liver_mean_g_ml: float | None = Field(default=None, gt=0)
    gep_primary: bool | None = None
    unsure: tuple[str, ...] = Field(default=(), description="ids of lesions there that may or may not be tumour")


def volume_of_voxels_ml(voxels: int, spacing_mm: tuple[float, float, float]) -> float:
    """Volume in mL of a number of voxels of that spacing (mm)."""
    return voxels * spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / 1000


def outline_limits_g_ml(
    tracer: Literal["sstr", "fdg"], suv_max_g_ml: float, liver: tuple[float, float] | None = None
) -> dict[str, float]:
    """Outlining limits of one lesion by rule, g/mL; ``liver`` is mean and standard deviation."""
    share = BOOK.limit(f"{tracer}_fraction")
    limits = {f"{number(100 * share)} % of SUVmax": share * suv_max_g_ml}
    if tracer == "sstr":
        limits["fixed SUV 4"] = BOOK.limit("sstr_fixed_suv")
    elif liver is not None:
        limits["PERCIST"] = BOOK.limit("percist_factor") * liver[0] + BOOK.limit("percist_sd") * liver[1]
    return limits


def tumour_volume(given: VolumeInput) -> Conclusion:
    """Sums of volume and of volume × SUVmean; lower bounds, provisional, where a lesion could not be measured."""
    steps = Reasoning(BOOK)
    if given.lesions is None:
        return steps.not_assessable(f"outlined lesions on {given.tracer.upper()} PET")
    names = (VOLUME_NAMES[given.tracer], _total_name(given))
    if not given.lesions:
        if given.unsure:
            return _nothing_sure(given, names, steps)
        steps.fire("none")
        return steps.conclude(f"{names[0]} 0 mL", parts={f"{names[0]} (mL)": "0", f"{names[1]} (mL·SUV)": "0"})
    rule = _rule(given)
    if not rule:
        steps.lack("rule of outlining")
    volumes = {one.id: one.volume_ml for one in given.lesions if one.volume_ml is not None}
    if not volumes:
        return steps.not_assessable("volume of every lesion")
    _note(given, steps)
    volume_ml = sum(volumes[name] for name in sorted(volumes))
    products = {
        one.id: one.volume_ml * one.suv_mean_g_ml
        for one in given.lesions
        if one.volume_ml is not None and one.suv_mean_g_ml is not None
    }
    total = sum(products[name] for name in sorted(products)) if products else None
    _lack_lesions(given, steps)
    shown_total = "not known" if total is None else number(total)
    steps.fire("sum", count=len(volumes), rule=rule or "an unnamed rule", volume=volume_ml, total=shown_total)
    parts = {f"{names[0]} (mL)": number(volume_ml)}
    if total is not None:
        parts[f"{names[1]} (mL·SUV)"] = number(total)
        if len(products) == len(given.lesions) and volume_ml > 0:
            parts["mean uptake (g/mL)"] = f"{total / volume_ml:.3f}"
    _flag_lesions(given, steps)
    if given.tracer == "sstr":
        _cut_offs(given, volume_ml, steps)
    return steps.conclude(f"{names[0]} {number(volume_ml)} mL", parts=parts, provisional=bool(steps.lacking))


def _nothing_sure(given: VolumeInput, names: tuple[str, str], steps: Reasoning) -> Conclusion:
    """No lesion is held to be tumour, but some may be: 0 mL is the least, and says so."""
    ids = ", ".join(sorted(given.unsure))
    steps.lack(f"verdict on {ids}")
    steps.fire("none_sure", lesions=ids)
    parts = {f"{names[0]} at least (mL)": "0", f"{names[1]} at least (mL·SUV)": "0"}
    return steps.conclude(f"{names[0]} at least 0 mL, {ids} unsure", parts=parts, provisional=True)


def _total_name(given: VolumeInput) -> str:
    return TOTAL_NAMES[given.tracer] + ("_SUL" if given.suv_type == "lean_body_mass" else "")


def _rule(given: VolumeInput) -> str:
    return f"{number(given.percent_of_maximum)} % of SUVmax" if given.percent_of_maximum else given.rule


def _note(given: VolumeInput, steps: Reasoning) -> None:
    for one in sorted(given.lesions or (), key=lambda lesion: lesion.id):
        if one.volume_ml is not None:
            steps.note(f"{one.id}: volume", one.volume_ml, "mL")
        if one.suv_mean_g_ml is not None:
            steps.note(f"{one.id}: SUVmean", one.suv_mean_g_ml, "g/mL")


def _lack_lesions(given: VolumeInput, steps: Reasoning) -> None:
    lesions = sorted(given.lesions or (), key=lambda lesion: lesion.id)
    steps.lack(*(f"volume of {one.id}" for one in lesions if one.volume_ml is None))
    if any(one.volume_ml is None for one in lesions):
        steps.flag("lower_bound")
    steps.lack(*(f"SUVmean of {one.id}" for one in lesions if one.volume_ml is not None and one.suv_mean_g_ml is None))


def _flag_lesions(given: VolumeInput, steps: Reasoning) -> None:
    liver = given.liver_mean_g_ml
    small, bulky, faint = [], [], []
    for one in sorted(given.lesions or (), key=lambda lesion: lesion.id):
        if one.volume_ml is not None and not at_least(one.volume_ml, BOOK.limit("minimum_ml")):
            small.append(one.id)
        if liver is None or one.suv_max_g_ml is None:
            continue
        contrast = one.suv_max_g_ml / liver
        if one.volume_ml is not None and above(one.volume_ml, BOOK.limit("bulk_ml")):
            bulky += [one.id] if above(contrast, BOOK.limit("bulk_over_liver")) else []
        if not at_least(contrast, BOOK.limit("fdg_over_liver")):
            faint.append(one.id)
    if small:
        steps.flag("below_min_volume", lesions=", ".join(small))
    if bulky and given.tracer == "sstr":
        steps.flag("bulk", lesions=", ".join(bulky))
    if faint and given.tracer == "fdg":
        steps.flag("below_threshold", lesions=", ".join(faint))


def _cut_offs(given: VolumeInput, volume_ml: float, steps: Reasoning) -> None:
    """Print the cut-offs made with the same rule, or with a rule not known here."""
    complete = not any(one.volume_ml is None for one in given.lesions or ())
    for cut in BOOK.cut_offs:
        if cut.percent is not None and cut.percent != given.percent_of_maximum:
            continue
        reached = cut.reached(volume_ml)
        if not reached and not complete:
            continue
        word = ("at least" if cut.including else "above") if reached else ("below" if cut.including else "at most")
        recalled = cut.support is Support.RECALL
        percent = "not known here" if cut.percent is None else number(cut.percent) + (" %" if recalled else "")
        steps.other(
            cut.name,
            f"{word} {number(cut.limit_ml)} mL",
            "cut_off_recalled" if recalled else "cut_off",
            volume=volume_ml,
            limit=cut.limit_ml,
            percent=percent,
        )
    if given.gep_primary:
        steps.flag("cohort_figure")


CRITERION = Criterion(book=BOOK, input_model=VolumeInput, run=tumour_volume)
