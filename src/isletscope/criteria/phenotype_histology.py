"""Alarms where PET and histology disagree, the site to sample if that is discussed, and the imaging's grade hint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.dual_tracer import lack_levels, note_levels, scans_missing, signs_by_book
from isletscope.criteria.fdg_uptake import fdg_levels
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.krenning import sstr_scores
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

LONGEST_LIST = 6
GRADES = ("G1", "G2", "G3", "NEC")


class PhenotypeBook(Book):
    """The book with the printed hints."""

    hints: dict[str, str]


BOOK = load_book("phenotype_histology", PhenotypeBook)


class SampledGrade(CriterionInput):
    """The grade of one tissue sample and the lesion it was taken from."""

    lesion: str = Field(min_length=1, description="name of the lesion, e.g. P1")
    grade: Literal["G1", "G2", "G3", "NEC"]
    sampled: date | None = None


class PhenotypeInput(LesionsInput):
    """Lesions on both tracers, and the grades of all samples."""

    samples: tuple[SampledGrade, ...] = ()


@dataclass(frozen=True)
class Findings:
    """Lesions by what PET shows of them; each kind holds only lesions for which it is certain."""

    mismatch: list[LesionFinding]
    dominant: list[LesionFinding]
    high_fdg: list[LesionFinding]
    receptor_low: list[LesionFinding]
    all_quiet: bool
    any_fdg: bool
    open: bool


def phenotype_histology(given: PhenotypeInput) -> Conclusion:
    """``discordant`` with its alarms, ``concordant``, or what is missing to compare."""
    steps = Reasoning(BOOK)
    if not given.samples:
        steps.lack("grade of a tissue sample")
    scans_missing(given, steps)
    if not (given.done("sstr") and given.done("fdg")) or not given.tumours:
        return steps.not_assessable(*([] if given.tumours else ["a lesion"]))
    note_levels(given, steps)
    found = findings_of(given)
    hint = _hint(found)
    parts = {"grade hint": hint}
    if found.mismatch:
        steps.flag("tracer_discordance", lesions=_listed(found.mismatch))
    if found.receptor_low:
        steps.flag("receptor_loss", lesions=_listed(found.receptor_low))
    steps.flag("not_histology")
    _flag_samples(given, found, steps)
    site = informative_site(given)
    if site is not None and (found.mismatch or found.dominant or found.high_fdg):
        parts["most informative site if sampling is discussed"] = _described(site)
    if not given.samples:
        return steps.not_assessable(parts=parts)
    discordant = _alarms(given, found, site, steps)
    if found.open:
        lack_levels(given, steps)
    if discordant:
        return steps.conclude("discordant", parts=parts, provisional=False)
    if found.open:
        return steps.not_assessable(possible=["concordant", "discordant"], parts=parts)
    grade, sampled = _top_sample(given, GRADES)
    steps.fire("agrees", grade=grade, sampled=sampled)
    return steps.conclude("concordant", parts=parts)


def findings_of(given: PhenotypeInput) -> Findings:
    """What is certain about every lesion."""
    mismatch, dominant, high_fdg, receptor_low = [], [], [], []
    quiet, still_open, any_fdg = True, False, False
    for lesion in given.tumours:
        signs = signs_by_book(lesion, given, BOOK)
        suv = lesion.fdg.suv_max_g_ml if lesion.fdg else None
        positive = all(one.fdg_positive for one in signs)
        any_fdg = any_fdg or positive
        if all(one.mismatch for one in signs):
            mismatch.append(lesion)
        elif all(one.both for one in signs) and _fdg_dominant(lesion, given):
            dominant.append(lesion)
        elif positive and suv is not None and above(suv, BOOK.limit("fdg_suv")):
            high_fdg.append(lesion)
        elif len({(one.sstr_positive, one.fdg_positive) for one in signs}) > 1:
            still_open = True
        large = lesion.extent_mm is not None and at_least(lesion.extent_mm, BOOK.limit("receptor_loss_mm"))
        if large and all(one.sstr < BOOK.limit("sstr_high") for one in signs):
            receptor_low.append(lesion)
        quiet = quiet and all(one.sstr >= BOOK.limit("sstr_high") and not one.fdg_positive for one in signs)
    return Findings(mismatch, dominant, high_fdg, receptor_low, quiet, any_fdg, still_open)


def _fdg_dominant(lesion: LesionFinding, given: PhenotypeInput) -> bool:
    if lesion.relation is not None:
        return lesion.relation == "fdg_higher"
    return min(fdg_levels(lesion, given)) > max(sstr_scores(lesion, given))


def informative_site(given: PhenotypeInput) -> LesionFinding | None:
    """The lesion that a sample would tell most from: FDG without SSTR, highest FDG, lowest SSTR; not sampled before."""
    sampled = {sample.lesion for sample in given.samples}
    open_to = [lesion for lesion in given.tumours if lesion.id not in sampled]

    def order(lesion: LesionFinding) -> tuple[bool, int, int, float, float, str]:
        mismatch = all(one.mismatch for one in signs_by_book(lesion, given, BOOK))
        suv = (lesion.fdg.suv_max_g_ml or 0.0) if lesion.fdg else 0.0
        size = lesion.extent_mm or 0.0
        return (not mismatch, -min(fdg_levels(lesion, given)), max(sstr_scores(lesion, given)), -suv, -size, lesion.id)

    return min(open_to, key=order, default=None)


def _hint(found: Findings) -> str:
    if found.mismatch or found.dominant or found.high_fdg:
        return BOOK.hints["high"]
    if found.any_fdg:
        return BOOK.hints["intermediate"]
    return BOOK.hints["low" if found.all_quiet else "insufficient"]


def _alarms(given: PhenotypeInput, found: Findings, site: LesionFinding | None, steps: Reasoning) -> bool:
    """Fire every alarm; whether there was one."""
    where = site.id if site else "a further lesion"
    low = [sample for sample in given.samples if sample.grade in ("G1", "G2")]
    if low:
        grade, sampled = _top_sample(given, ("G1", "G2"))
        for rule, lesions in (
            ("mismatch", found.mismatch),
            ("fdg_dominant", found.dominant),
            ("high_fdg", found.high_fdg),
        ):
            if lesions and not _graded_high(given, lesions):
                words = {"lesions": _listed(lesions), "suv": _highest_suv(lesions), "site": where}
                steps.fire(rule, grade=grade, sampled=sampled, **words)
    elif found.all_quiet:
        grade, sampled = _top_sample(given, GRADES)
        steps.fire("high_grade_quiet", grade=grade, sampled=sampled, count=len(given.tumours), site=where)
    return bool(steps.branches)


def _graded_high(given: PhenotypeInput, lesions: list[LesionFinding]) -> bool:
    """Whether each of these lesions was itself sampled and is known to be of high grade."""
    high = {sample.lesion for sample in given.samples if sample.grade in ("G3", "NEC")}
    return all(lesion.id in high for lesion in lesions)


def _flag_samples(given: PhenotypeInput, found: Findings, steps: Reasoning) -> None:
    known = {lesion.id for lesion in given.lesions}
    for name in sorted({sample.lesion for sample in given.samples} - known):
        steps.flag("sample_not_among_lesions", site=name)
    sampled = {sample.lesion for sample in given.samples}
    itself = [lesion for lesion in found.mismatch if lesion.id in sampled]
    if itself:
        steps.flag("sampled_itself", lesions=_listed(itself))


def _top_sample(given: PhenotypeInput, among: tuple[str, ...]) -> tuple[str, str]:
    """The highest grade among those given, and where and when it was sampled."""
    samples = [sample for sample in given.samples if sample.grade in among]
    top = max(samples, key=lambda sample: (GRADES.index(sample.grade), str(sample.sampled or ""), sample.lesion))
    when = f" ({top.sampled.isoformat()})" if top.sampled else ""
    return top.grade, f"{top.lesion}{when}"


def _listed(lesions: list[LesionFinding]) -> str:
    """Names; of a long list the number and the first ones, as alerts are short."""
    found = sorted(lesion.id for lesion in lesions)
    if len(found) <= LONGEST_LIST:
        return ", ".join(found)
    return f"{len(found)} lesions ({', '.join(found[:LONGEST_LIST])} and others)"


def _highest_suv(lesions: list[LesionFinding]) -> str:
    values = [lesion.fdg.suv_max_g_ml for lesion in lesions if lesion.fdg and lesion.fdg.suv_max_g_ml is not None]
    return f" (FDG SUVmax up to {max(values):.1f})" if values else ""


def _described(site: LesionFinding) -> str:
    size = f", {number(round(site.longest_mm))} mm" if site.longest_mm else ""
    suv = site.fdg.suv_max_g_ml if site.fdg else None
    return f"{site.id}, {site.site}{size}{f', FDG SUVmax {suv:.1f}' if suv is not None else ''}"


CRITERION = Criterion(book=BOOK, input_model=PhenotypeInput, run=phenotype_histology)
