"""PERCIST 1.0: comparability of two FDG scans, measurability, and metabolic response by SUL peak."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("percist", Book)
Uptake = Annotated[float | None, Field(ge=0, le=500)]


class FdgScan(CriterionInput):
    """One FDG scan: SUL peak of the hottest lesion and references in g/mL, TLG in g, times in minutes."""

    sul_peak_g_ml: Uptake = None
    liver_mean_g_ml: Uptake = None
    liver_sd_g_ml: Uptake = None
    blood_mean_g_ml: Uptake = None
    blood_sd_g_ml: Uptake = None
    tlg_g: Annotated[float | None, Field(ge=0)] = None
    uptake_min: Annotated[float | None, Field(gt=0, le=600)] = None
    activity_mbq: Annotated[float | None, Field(gt=0, le=2000)] = None


class PercistInput(CriterionInput):
    """Two scans. ``uptake_above_background`` and ``lesion_grew`` are asked of the present scan."""

    baseline: FdgScan
    current: FdgScan
    liver_diseased: bool = False
    same_scanner: bool | None = None
    new_lesion: bool | None = None
    uptake_above_background: bool | None = None
    lesion_grew: bool | None = None


def assess(given: PercistInput) -> Conclusion:
    """CMR, PMR, SMD or PMD; not assessable when the scans are not comparable or the lesion is not measurable."""
    reasoning = Reasoning(BOOK)
    if given.new_lesion:
        reasoning.fire("new")
        return reasoning.conclude("PMD")
    blocking = [*_measurable(reasoning, given), *_comparable(reasoning, given)]
    if given.current.sul_peak_g_ml is None:
        blocking.append("SUL peak of the hottest lesion now")
    if blocking:
        return reasoning.not_assessable(*blocking)
    return _respond(reasoning, given)


def _measurable(reasoning: Reasoning, given: PercistInput) -> list[str]:
    scan = given.baseline
    place = "blood pool" if given.liver_diseased else "liver"
    mean = scan.blood_mean_g_ml if given.liver_diseased else scan.liver_mean_g_ml
    deviation = scan.blood_sd_g_ml if given.liver_diseased else scan.liver_sd_g_ml
    needed = {"SUL peak at baseline": scan.sul_peak_g_ml, f"{place} mean at baseline": mean}
    needed[f"{place} standard deviation at baseline"] = deviation
    lacking = [text for text, value in needed.items() if value is None]
    if scan.sul_peak_g_ml is None or mean is None or deviation is None:
        return lacking
    factor = BOOK.limit("blood_factor" if given.liver_diseased else "liver_factor")
    limit = factor * mean + BOOK.limit("deviations") * deviation
    reasoning.note("SUL peak at baseline", scan.sul_peak_g_ml, "g/mL")
    reasoning.note("least measurable SUL peak", limit, "g/mL")
    if given.liver_diseased:
        reasoning.flag("BLOOD_POOL_VARIANT", limit=factor * mean)
    if not at_least(scan.sul_peak_g_ml, limit):
        return [f"a measurable lesion (SUL peak {number(scan.sul_peak_g_ml)} below {number(limit)} g/mL)"]
    return []


def _comparable(reasoning: Reasoning, given: PercistInput) -> list[str]:
    """What blocks the comparison; warnings become flags."""
    before, now = given.baseline, given.current
    blocking: list[str] = []
    if before.liver_mean_g_ml is None or now.liver_mean_g_ml is None:
        blocking.append("liver mean on both scans")
    else:
        blocking += _liver_steady(reasoning, before.liver_mean_g_ml, now.liver_mean_g_ml)
    if before.uptake_min is None or now.uptake_min is None:
        blocking.append("uptake times of both scans")
    else:
        blocking += _uptake_times(reasoning, before.uptake_min, now.uptake_min)
    if before.activity_mbq is not None and now.activity_mbq is not None:
        change = 100 * abs(now.activity_mbq - before.activity_mbq) / before.activity_mbq
        if above(change, BOOK.limit("dose_change")):
            reasoning.flag("DOSE", change=change)
    if given.same_scanner is False:
        reasoning.flag("OTHER_SCANNER")
    return blocking


def _liver_steady(reasoning: Reasoning, before: float, now: float) -> list[str]:
    reasoning.note("liver mean at baseline", before, "g/mL")
    reasoning.note("liver mean now", now, "g/mL")
    difference = abs(now - before)
    relative = 100 * difference / max(before, now, 1e-9)
    over = above(difference, BOOK.limit("liver_change_sul")) or above(relative, BOOK.limit("liver_change"))
    text = f"comparable scans (liver mean changed by {number(difference)} g/mL, {relative:.1f} % of the larger value)"
    return [text] if over else []


def _uptake_times(reasoning: Reasoning, before: float, now: float) -> list[str]:
    blocking = []
    for minutes in (before, now):
        reasoning.note("uptake time", minutes, "min")
        if not at_least(minutes, BOOK.limit("uptake_earliest")):
            blocking.append(f"comparable scans (scanned {number(minutes)} min after injection, before 50 min)")
        elif above(minutes, BOOK.limit("uptake_latest")):
            reasoning.flag("UPTAKE_TIME", minutes=minutes)
    if above(abs(before - now), BOOK.limit("uptake_difference")):
        blocking.append(f"comparable scans (uptake times differ by {number(abs(before - now))} min)")
    return blocking


def _respond(reasoning: Reasoning, given: PercistInput) -> Conclusion:
    before, now = given.baseline.sul_peak_g_ml or 0, given.current.sul_peak_g_ml or 0
    difference = now - before
    change = 100 * difference / before
    reasoning.note("SUL peak now", now, "g/mL")
    reasoning.note("change of SUL peak", change, "%")
    if not above(abs(abs(change) - BOOK.limit("change")), BOOK.limit("boundary")):
        reasoning.flag("boundary", name="Change of SUL peak", reading="30 % or more for PMR, above 30 % for PMD")
    rise = _tlg_rise(reasoning, given)
    if rise is not None and above(rise, BOOK.limit("tlg_rise")):
        reasoning.fire("progression_tlg", change=rise)
        return reasoning.conclude("PMD")
    words = {"change": change, "difference": difference}
    if above(change, BOOK.limit("change")) and above(difference, BOOK.limit("change_sul")):
        reasoning.fire("progression", **words)
        return reasoning.conclude("PMD")
    return _without_progression(reasoning, given, words)


def _tlg_rise(reasoning: Reasoning, given: PercistInput) -> float | None:
    before, now = given.baseline.tlg_g, given.current.tlg_g
    if not before or now is None:
        return None
    reasoning.note("change of total lesion glycolysis", 100 * (now - before) / before, "%")
    return 100 * (now - before) / before


def _without_progression(reasoning: Reasoning, given: PercistInput, words: dict[str, float]) -> Conclusion:
    """Complete, partial or stable; open questions leave what they can still change."""
    fell = at_least(-words["change"], BOOK.limit("change")) and at_least(-words["difference"], BOOK.limit("change_sul"))
    now, liver = given.current.sul_peak_g_ml or 0, given.current.liver_mean_g_ml or 0
    can_be_complete = above(liver, now) and given.uptake_above_background is not True
    complete = can_be_complete and given.uptake_above_background is False
    value = "CMR" if complete else "PMR" if fell and not given.lesion_grew else "SMD"
    doubts = {
        "whether there is a new FDG lesion": ("PMD", given.new_lesion is None),
        "whether uptake stands above background now": ("CMR", can_be_complete and not complete),
        "whether a lesion grew": ("SMD", fell and not complete and given.lesion_grew is None),
    }
    lacking = [text for text, (_, is_open) in doubts.items() if is_open]
    possible = [result for result, is_open in doubts.values() if is_open]
    if lacking:
        return reasoning.not_assessable(*lacking, possible=tuple(dict.fromkeys([value, *possible])))
    if complete:
        reasoning.fire("complete", now=now, liver=liver)
    elif fell and given.lesion_grew:
        reasoning.fire("grown", change=-words["change"])
    else:
        reasoning.fire("partial" if value == "PMR" else "stable", **words)
    return reasoning.conclude(value)


CRITERION = Criterion(BOOK, PercistInput, assess)
