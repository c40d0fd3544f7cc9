"""SSTR-RADS 1.0 of each lesion, and the overall category over at most five targets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

from isletscope.criteria.book import Book, Cited, load_book
from isletscope.criteria.krenning import sstr_scores
from isletscope.criteria.lesion_input import LesionFinding, LesionsInput, Typicality
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning
from isletscope.model import Conclusion

Level = Literal["none", "1", "2", "3"]
LEVEL_OF_SCORE: dict[int, Level] = {0: "none", 1: "1", 2: "2", 3: "3", 4: "3"}
TYPICALITIES: tuple[Typicality, ...] = ("typical", "not_atypical", "atypical", "highly_atypical")
NO_CATEGORY = "no category"


class Category(Cited):
    """What the source says about a category."""

    meaning: str
    work_up: str
    prrt: str


class SstrRadsBook(Book):
    """The book with its categories and their order."""

    max_targets: int
    max_targets_per_organ: int
    order: tuple[str, ...]
    categories: dict[str, Category]


BOOK = load_book("sstr_rads", SstrRadsBook)


@dataclass(frozen=True)
class Facts:
    """What decides the category of one lesion, all known."""

    proven_benign: bool
    level: Level
    bone: bool
    typicality: Typicality
    correlate: bool
    suspicious: bool


def rule_for(facts: Facts) -> tuple[str, str]:
    """Category and rule of one lesion whose facts are all known."""
    usual = facts.typicality in ("typical", "not_atypical")
    if facts.proven_benign:
        return ("1A", "benign_cold") if facts.level in ("none", "1") else ("1B", "benign_warm")
    if facts.level == "none":
        return ("3D", "suspicious_cold") if facts.suspicious else (NO_CATEGORY, "nothing")
    if facts.level == "3":
        if not usual:
            return ("3C", "intense_highly_atypical" if facts.typicality == "highly_atypical" else "intense_atypical")
        return ("5", "intense_correlate") if facts.correlate else ("4", "intense_alone")
    if usual:
        return ("3B", "low_bone") if facts.bone else ("3A", "low_soft")
    return ("2", "low_atypical" if facts.level == "1" else "outside_table")


def possible_facts(lesion: LesionFinding, given: LesionsInput) -> list[Facts]:
    """All facts that the known inputs leave possible."""
    levels = list(dict.fromkeys(LEVEL_OF_SCORE[score] for score in sstr_scores(lesion, given)))
    places = TYPICALITIES if lesion.typicality is None else (lesion.typicality,)
    either = (False, True)
    correlates = either if lesion.anatomical_correlate is None else (lesion.anatomical_correlate,)
    suspicions = either if lesion.anatomy_suspicious is None else (lesion.anatomy_suspicious,)
    return [
        Facts(lesion.proven_benign, level, lesion.site == "bone", place, correlate, suspicious)
        for level, place, correlate, suspicious in product(levels, places, correlates, suspicions)
    ]


def categories_of(lesion: LesionFinding, given: LesionsInput) -> list[str]:
    """Every category that remains possible, in the order of the system."""
    found = {rule_for(facts)[0] for facts in possible_facts(lesion, given)}
    return sorted(found, key=_rank)


def sstr_rads(given: LesionsInput) -> Conclusion:
    """The category of every lesion, and the overall one."""
    steps = Reasoning(BOOK)
    if not given.done("sstr"):
        return steps.not_assessable("SSTR PET")
    lesions = sorted(given.lesions, key=lambda lesion: lesion.id)
    rated = [rate(lesion, given) for lesion in lesions]
    for one in rated:
        steps.lack(*(f"{lack} ({one.subject})" for lack in one.missing))
    _alerts(rated, steps)
    targets = [lesion for lesion in choose_targets(given) if categories_of(lesion, given) != [NO_CATEGORY]]
    if not targets:
        steps.flag("no_lesion")
        return steps.not_assessable("a lesion", lesions=rated)
    overall = {NO_CATEGORY}
    for lesion in targets:
        overall = {max(one, other, key=_rank) for one in overall for other in categories_of(lesion, given)}
    possible = sorted(overall, key=_rank)
    if len(possible) > 1:
        return steps.not_assessable(possible=possible, lesions=rated)
    names = ", ".join(sorted(lesion.id for lesion in targets))
    steps.fire("overall", count=len(targets), targets=names, category=possible[0])
    if steps.lacking:
        steps.flag("INSENSITIVE_TO_MISSING", missing=", ".join(steps.lacking))
    return steps.conclude(possible[0], parts={"targets": names}, lesions=rated)


def choose_targets(given: LesionsInput) -> list[LesionFinding]:
    """The reader's targets, else the most avid lesions, then the largest: at most five, three per organ."""
    chosen = [lesion for lesion in given.lesions if lesion.target]
    if chosen:
        return sorted(chosen, key=lambda lesion: lesion.id)
    by_uptake = sorted(given.lesions, key=_avidity)
    taken: list[LesionFinding] = []
    for lesion in by_uptake:
        same_organ = sum(other.site == lesion.site for other in taken)
        if len(taken) < BOOK.max_targets and same_organ < BOOK.max_targets_per_organ:
            taken.append(lesion)
    return taken


def _avidity(lesion: LesionFinding) -> tuple[bool, float, float, str]:
    suv = lesion.sstr.suv_max_g_ml if lesion.sstr and lesion.sstr.suv_max_g_ml is not None else 0.0
    return (lesion.proven_benign, -suv, -(lesion.extent_mm or 0.0), lesion.id)


def _rank(category: str) -> int:
    return -1 if category == NO_CATEGORY else BOOK.order.index(category)


def _alerts(rated: list[Conclusion], steps: Reasoning) -> None:
    for category, flag in (("3C", "alert_3c"), ("3D", "alert_3d")):
        names = [one.subject for one in rated if one.value == category]
        if names:
            steps.flag(flag, lesions=", ".join(names))


def rate(lesion: LesionFinding, given: LesionsInput) -> Conclusion:
    """The category of one lesion with its reasons."""
    steps = Reasoning(BOOK, subject=lesion.id)
    options = possible_facts(lesion, given)
    levels = list(dict.fromkeys(facts.level for facts in options))
    if lesion.sstr is not None and lesion.sstr.suv_max_g_ml is not None:
        steps.note("SSTR SUVmax", lesion.sstr.suv_max_g_ml, "g/mL")
    steps.note(f"uptake level {' or '.join(levels)}; {lesion.site}; place {lesion.typicality or 'not rated'}")
    found = list(dict.fromkeys(rule_for(facts) for facts in options))
    categories = categories_of(lesion, given)
    if len(categories) > 1:
        return _open(lesion, options, categories, steps)
    steps.fire(found[0][1], level=levels[0])
    if categories[0] == NO_CATEGORY:
        return steps.conclude(NO_CATEGORY)
    if found[0][1] == "intense_atypical":
        steps.flag("needs_reader")
    if found[0][1] == "outside_table":
        steps.flag("outside_table")
    if categories[0] == "3A" and lesion.anatomical_correlate and lesion.anatomy_suspicious:
        steps.flag("suspicious_low_uptake")
    entry = BOOK.categories[categories[0]]
    return steps.conclude(
        categories[0],
        parts={"meaning": entry.meaning, "work-up in the source": entry.work_up, "PRRT in the source": entry.prrt},
    )


def _open(lesion: LesionFinding, options: list[Facts], categories: list[str], steps: Reasoning) -> Conclusion:
    """Name the inputs that are not known and can change the category."""
    unknown = {
        "SSTR uptake level": len({facts.level for facts in options}) > 1,
        "how usual the place is for a NET": lesion.typicality is None,
        "whether CT or MRI shows a definite correlate": lesion.anatomical_correlate is None,
        "whether CT or MRI is suspicious": lesion.anatomy_suspicious is None,
    }
    fields = dict(zip(unknown, ("level", "typicality", "correlate", "suspicious"), strict=True))
    for what, open_now in unknown.items():
        if open_now and _matters(options, fields[what]):
            steps.lack(what)
    return steps.not_assessable(possible=categories)


def _matters(options: list[Facts], name: str) -> bool:
    """Whether two sets of facts that differ in one input alone give different categories."""
    for facts in options:
        rest = {field: value for field, value in vars(facts).items() if field != name}
        alike = [one for one in options if all(getattr(one, field) == value for field, value in rest.items())]
        if len({rule_for(one)[0] for one in alike}) > 1:
            return True
    return False


CRITERION = Criterion(book=BOOK, input_model=LesionsInput, run=sstr_rads)
