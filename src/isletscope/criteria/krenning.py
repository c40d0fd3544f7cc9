"""Krenning score of each lesion: modified on PET, visual on planar images and SPECT."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput, ReferenceUptake, Uptake
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import TOLERANCE, Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("krenning", Book)
ALL_SCORES = (0, 1, 2, 3, 4)


def sstr_scores(lesion: LesionFinding, given: LesionsInput) -> tuple[int, ...]:
    """Every score that the known inputs leave possible, rising; one when the score is known."""
    uptake = lesion.sstr
    if uptake is None:
        return ALL_SCORES
    if uptake.reader_score is not None:
        return (uptake.reader_score,)
    if given.sstr_method != "pet":
        return (0,) if uptake.discernible is False else ALL_SCORES
    return scores_by_suv(uptake.suv_max_g_ml, uptake, given.sstr_reference)


def scores_by_suv(value: float | None, uptake: Uptake, reference: ReferenceUptake) -> tuple[int, ...]:
    """Scores by one SUV statistic; a reference that is missing is tried on both sides of the value."""
    if uptake.discernible is False:
        return (0,)
    if value is None:
        return ALL_SCORES if uptake.discernible is None else ALL_SCORES[1:]
    found = _scores_when_discernible(value, reference)
    return tuple(sorted({0, *found})) if uptake.discernible is None else found


def _scores_when_discernible(value: float, reference: ReferenceUptake) -> tuple[int, ...]:
    blood, liver, spleen = reference.blood_pool_mean_g_ml, reference.liver_mean_g_ml, reference.spleen_mean_g_ml
    if blood is not None and not above(value, blood):
        return (1,)
    low = (1, 2) if blood is None else (2,)
    if reference.spleen_present is False:
        high: tuple[int, ...] = (3,)
    elif spleen is None:
        high = (3, 4)
    else:
        high = (4,) if above(value, spleen) else (3,)
    if liver is None:
        return low + high
    return high if above(value, liver) else low


def krenning(given: LesionsInput) -> Conclusion:
    """The score of every lesion, and highest, lowest and shares for the patient."""
    if not given.done("sstr"):
        return Reasoning(BOOK).not_assessable("SSTR scan")
    scored = [score_lesion(lesion, given) for lesion in given.tumours]
    steps = Reasoning(BOOK)
    if not scored:
        steps.fire("no_lesion")
        return steps.not_assessable("a lesion")
    options = [sstr_scores(lesion, given) for lesion in given.tumours]
    for lesion in scored:
        steps.lack(*(f"{lack} ({lesion.subject})" for lack in lesion.missing))
    combined = _highest_and_lowest(options)
    if len(combined) > 1:
        return steps.not_assessable(possible=combined, lesions=scored)
    if steps.lacking:
        steps.flag("INSENSITIVE_TO_MISSING", missing=", ".join(steps.lacking))
    highest, lowest = max(max(one) for one in options), min(min(one) for one in options)
    parts = {"highest": str(highest), "lowest": str(lowest), **_shares(given, options)}
    high = sum(min(one) >= BOOK.limit("high_score") for one in options)
    share = 100 * high / len(scored)
    steps.fire("patient", count=len(scored), highest=highest, lowest=lowest, high=high, share=round(share))
    return steps.conclude(combined[0], parts=parts, lesions=scored)


def _highest_and_lowest(options: Sequence[tuple[int, ...]]) -> list[str]:
    """All pairs of highest and lowest score that the lesions' possible scores allow."""
    states = {(one, one) for one in options[0]}
    for scores in options[1:]:
        states = {(max(high, one), min(low, one)) for high, low in states for one in scores}
    return [f"{high} highest, {low} lowest" for high, low in sorted(states, reverse=True)]


def _shares(given: LesionsInput, options: Sequence[tuple[int, ...]]) -> dict[str, str]:
    """Share of lesions and of SSTR volume at 3 or 4; a share is left out where it is not known."""
    limit = BOOK.limit("high_score")
    if any(min(one) < limit <= max(one) for one in options):
        return {}
    high = [min(one) >= limit for one in options]
    parts = {"share of lesions at 3 or 4 (%)": number(100 * sum(high) / len(high))}
    volumes = [lesion.sstr.volume_ml if lesion.sstr else None for lesion in given.tumours]
    known = [volume for volume in volumes if volume is not None]
    if len(known) == len(volumes) and sum(known) > TOLERANCE:
        kept = sum(volume for volume, one in zip(known, high, strict=True) if one)
        parts["share of volume at 3 or 4 (%)"] = number(100 * kept / sum(known))
    return parts


def score_lesion(lesion: LesionFinding, given: LesionsInput) -> Conclusion:
    """The score of one lesion with its reasons."""
    steps = Reasoning(BOOK, subject=lesion.id)
    uptake = lesion.sstr
    if uptake is None:
        return steps.not_assessable("SSTR uptake")
    _note(lesion, uptake, given.sstr_reference, steps)
    if given.sstr_method != "pet":
        steps.flag("not_comparable_with_pet", method=given.sstr_method)
    scores = sstr_scores(lesion, given)
    if uptake.reader_score is not None:
        return _read_by_eye(uptake, given, steps)
    if len(scores) > 1:
        _lack(uptake, given, steps)
        return steps.not_assessable(possible=[str(score) for score in scores])
    score = scores[0]
    value = uptake.suv_max_g_ml
    _fire(score, "SSTR SUVmax", value, given.sstr_reference, steps)
    if score and value is not None:
        _flag_borderline(value, given.sstr_reference, steps)
        _other_statistics(score, uptake, given.sstr_reference, steps)
    if score and lesion.extent_mm is not None and not at_least(lesion.extent_mm, BOOK.limit("small_mm")):
        steps.flag("score_may_be_underestimated", size=lesion.extent_mm)
    if score and given.sstr_reference.liver_mean_g_ml is None:
        steps.flag("liver_reference_missing")
    return steps.conclude(str(score))


def _note(lesion: LesionFinding, uptake: Uptake, reference: ReferenceUptake, steps: Reasoning) -> None:
    shown = (
        ("SSTR SUVmax", uptake.suv_max_g_ml, "g/mL"),
        ("SSTR SUVpeak", uptake.suv_peak_g_ml, "g/mL"),
        ("SSTR SUVmean", uptake.suv_mean_g_ml, "g/mL"),
        ("blood pool SUVmean", reference.blood_pool_mean_g_ml, "g/mL"),
        ("liver SUVmean", reference.liver_mean_g_ml, "g/mL"),
        ("spleen SUVmean", reference.spleen_mean_g_ml, "g/mL"),
        ("longest diameter", lesion.longest_mm, "mm"),
    )
    for text, value, unit in shown:
        if value is not None:
            steps.note(text, value, unit)
    if uptake.discernible is not None:
        steps.note("stands out from its surroundings" if uptake.discernible else "does not stand out")


def _read_by_eye(uptake: Uptake, given: LesionsInput, steps: Reasoning) -> Conclusion:
    steps.fire(f"reader_{uptake.reader_score}")
    if given.sstr_method == "pet":
        computed = scores_by_suv(uptake.suv_max_g_ml, uptake, given.sstr_reference)
        if len(computed) == 1 and computed[0] != uptake.reader_score:
            steps.flag("reader_differs", reader=uptake.reader_score, computed=computed[0])
    return steps.conclude(str(uptake.reader_score))


def _lack(uptake: Uptake, given: LesionsInput, steps: Reasoning) -> None:
    reference = given.sstr_reference
    if given.sstr_method != "pet":
        steps.lack("the reader's visual score")
        return
    if uptake.discernible is None:
        steps.lack("whether it stands out from its surroundings")
    if uptake.suv_max_g_ml is None:
        steps.lack("SSTR SUVmax")
        return
    value = uptake.suv_max_g_ml
    if reference.liver_mean_g_ml is None:
        steps.lack("liver reference")
        steps.flag("liver_reference_missing")
    if reference.blood_pool_mean_g_ml is None and not _above_known(value, reference.liver_mean_g_ml):
        steps.lack("blood pool reference")
    if reference.spleen_mean_g_ml is None and reference.spleen_present is not False:
        steps.lack("spleen reference")


def _above_known(value: float, limit: float | None) -> bool:
    return limit is not None and above(value, limit)


def _fire(score: int, statistic: str, value: float | None, reference: ReferenceUptake, steps: Reasoning) -> None:
    words = _words(statistic, value, reference)
    if score == 3 and reference.spleen_present is False:
        steps.fire("capped", **words)
        steps.flag("capped_no_spleen")
    else:
        steps.fire(f"score_{score}", **words)


def _words(statistic: str, value: float | None, reference: ReferenceUptake) -> dict[str, str]:
    def shown(mean: float | None) -> str:
        return "not known" if mean is None else number(mean)

    return {
        "statistic": statistic,
        "value": shown(value),
        "blood": shown(reference.blood_pool_mean_g_ml),
        "liver": shown(reference.liver_mean_g_ml),
        "spleen": shown(reference.spleen_mean_g_ml),
    }


def _flag_borderline(value: float, reference: ReferenceUptake, steps: Reasoning) -> None:
    references = (
        ("blood pool", reference.blood_pool_mean_g_ml),
        ("liver", reference.liver_mean_g_ml),
        ("spleen", reference.spleen_mean_g_ml),
    )
    for name, limit in references:
        if limit is not None and not above(abs(value - limit), BOOK.limit("borderline_fraction") * limit):
            steps.flag("borderline", value=value, reference=name, limit=limit)


def _other_statistics(score: int, uptake: Uptake, reference: ReferenceUptake, steps: Reasoning) -> None:
    """Print the score by SUVpeak and by the SUVmean of the volume where it differs."""
    for name, value in (("SUVpeak", uptake.suv_peak_g_ml), ("SUVmean of the volume", uptake.suv_mean_g_ml)):
        if value is None:
            continue
        scores = scores_by_suv(value, uptake, reference)
        if len(scores) == 1 and scores[0] != score:
            capped = scores[0] == 3 and reference.spleen_present is False
            rule = "capped" if capped else f"score_{scores[0]}"
            steps.other(f"by {name}", str(scores[0]), rule, **_words(f"SSTR {name}", value, reference))
            steps.flag("statistic_matters")


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=krenning)
