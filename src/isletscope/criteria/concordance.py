"""Whether SSTR and FDG agree, lesion by lesion, and how much of the disease is mismatched."""

from __future__ import annotations

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.dual_tracer import Signs, lack_levels, note_levels, scans_missing, signs_by_book
from isletscope.criteria.fdg_uptake import level_of
from isletscope.criteria.krenning import score_lesion
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import TOLERANCE, Reasoning
from isletscope.model import Conclusion


class ConcordanceBook(Book):
    """The book with the printed labels."""

    labels: dict[str, str]


BOOK = load_book("concordance", ConcordanceBook)
MISMATCH = "mismatch"


def label_of(signs: Signs) -> str:
    """The label's key for a lesion whose two levels are known."""
    high = signs.sstr >= BOOK.limit("sstr_high")
    if signs.mismatch:
        return MISMATCH
    if signs.both:
        return "concordant_high" if high else "concordant_low"
    if signs.sstr_positive:
        return "receptor_only" if high else "receptor_low"
    return "double_negative"


def labels_of(lesion: LesionFinding, given: LesionsInput) -> list[str]:
    """Every label that the known inputs leave possible."""
    return list(dict.fromkeys(label_of(signs) for signs in signs_by_book(lesion, given, BOOK)))


def concordance(given: LesionsInput) -> Conclusion:
    """Label of every lesion; for the patient the number and the FDG volume of mismatched lesions."""
    steps = Reasoning(BOOK)
    if scans_missing(given, steps):
        return steps.not_assessable()
    note_levels(given, steps)
    labelled = [label_lesion(lesion, given) for lesion in given.tumours]
    if not labelled:
        return steps.not_assessable("a lesion")
    options = [labels_of(lesion, given) for lesion in given.tumours]
    sure = [lesion for lesion, one in zip(given.tumours, options, strict=True) if one == [MISMATCH]]
    maybe = [lesion for lesion, one in zip(given.tumours, options, strict=True) if MISMATCH in one]
    counts = {BOOK.labels[key]: sum(one == [key] for one in options) for key in BOOK.labels}
    parts = {f"{label}": str(count) for label, count in counts.items() if count}
    lack_levels(given, steps)
    if len(maybe) > len(sure):
        possible = [_value(count, len(labelled)) for count in range(len(sure), len(maybe) + 1)]
        return steps.not_assessable(possible=possible, parts=parts, lesions=labelled)
    volume = _volumes(given, sure)
    parts.update(volume)
    words = f"; mismatched FDG volume {volume['mismatch volume (mL)']} mL" if volume else ""
    steps.fire("patient", mismatch=len(sure), count=len(labelled), volume=words)
    value = _value(len(sure), len(labelled))
    return steps.conclude(value, parts=parts, provisional=bool(steps.lacking), lesions=labelled)


def _value(mismatched: int, count: int) -> str:
    return f"{mismatched} of {count} mismatched"


def _volumes(given: LesionsInput, mismatched: list[LesionFinding]) -> dict[str, str]:
    """FDG volume of mismatched lesions and its share of all FDG volume (mL, %); empty where a volume is not known."""
    volumes = {lesion.id: lesion.fdg.volume_ml for lesion in given.tumours if lesion.fdg and lesion.fdg.volume_ml}
    if any(lesion.id not in volumes for lesion in mismatched):
        return {}
    wrong = sum(volumes[lesion.id] or 0.0 for lesion in mismatched)
    total = sum(volume or 0.0 for volume in volumes.values())
    parts = {"mismatch volume (mL)": number(wrong)}
    if total > TOLERANCE:
        parts["share of measurable FDG volume (%)"] = number(100 * wrong / total)
    return parts


def label_lesion(lesion: LesionFinding, given: LesionsInput) -> Conclusion:
    """The label of one lesion with its reasons."""
    steps = Reasoning(BOOK, subject=lesion.id)
    for result, name in ((score_lesion(lesion, given), "Krenning"), (level_of(lesion, given), "FDG level")):
        steps.note(f"{name} {result.value or 'not known'}")
        steps.lack(*result.missing)
    found = labels_of(lesion, given)
    if len(found) > 1:
        return steps.not_assessable(possible=[BOOK.labels[key] for key in found])
    steps.fire(found[0])
    if steps.lacking:
        steps.flag("INSENSITIVE_TO_MISSING", missing=", ".join(steps.lacking))
    return steps.conclude(BOOK.labels[found[0]])


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=concordance)
