"""Step 7, phenotype and heterogeneity: patterns on both tracers, scores, volumes, grade hint, site to sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from isletscope.model import Compartment, ExamKind
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import Ranked, word_count
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.lesion_words import observed, pattern
from isletscope.report.narrative.phrases import Phrase, counted, joined, listed, number_word, tell
from isletscope.report.narrative.vocabulary import vocabulary

_PATTERNS = ("fdg_only", "fdg_higher", "equal", "fdg_lower", "sstr_only", "neither")
_NAMED = 4
_HINT_WORDS = 12
SITE = "most informative site if sampling is discussed"


def step_07(known: Known) -> Iterator[Ranked]:
    """The sentences of the step, without the alerts."""
    yield from _patterns(known)
    yield from _krenning(known)
    yield from _volumes(known)
    yield from _insulinoma(known)
    yield from _missing_pet(known)
    yield from _hint(known)
    yield from _site(known)


def pattern_counts(known: Known) -> Counter[str]:
    """Number of tumours by pattern on both tracers."""
    return Counter(found for lesion in known.tumours if (found := pattern(known, lesion)))


def _patterns(known: Known) -> Iterator[Ranked]:
    counts = pattern_counts(known)
    if not counts:
        return
    parts = []
    for name in _PATTERNS:
        if not counts[name]:
            continue
        lesions = [one for one in known.tumours if pattern(known, one) == name]
        words = vocabulary().patterns[name]
        names = f" ({listed(one.id for one in lesions)})" if len(lesions) <= _NAMED else ""
        parts.append(f"{counted(len(lesions), 'lesion')} {words}{names}")
    behind = [f"conclusion/concordance/{one.id}" for one in known.tumours]
    if len(known.tumours) == 1:
        only = known.tumours[0]
        words = vocabulary().patterns[pattern(known, only)]
        yield Ranked(tell("phenotype.single", *behind, lesion=only.id, pattern=words), 0)
        return
    yield Ranked(tell("phenotype.pattern", *behind, counts=joined(parts, "; ")), 0)


def _krenning(known: Known) -> Iterator[Ranked]:
    score = known.value("krenning")
    if score is None:
        return
    found = [one for lesion in known.tumours if (one := known.view.find(lesion, "suv_max", (ExamKind.SSTR_PET,)))]
    yield Ranked(tell("phenotype.krenning", "conclusion/krenning", scores=krenning_words(known)), 1)
    values = sorted(one.value for one in found)
    if len(values) > 1 and values[0] > 0 and values[-1] / values[0] >= 2:
        behind = [one.reference for one in found]
        low, high = fmt.suv(values[0]), fmt.suv(values[-1])
        ratio = fmt.ratio(values[-1] / values[0])
        yield Ranked(tell("phenotype.range", *behind, low=low, high=high, ratio=ratio), 3)


def krenning_words(known: Known) -> str:
    """Highest and lowest score of the patient: "4 highest, 3 lowest", "4 in all eight lesions", "0"."""
    found = known.conclusion("krenning")
    if found is None:
        return ""
    high, low = found.parts.get("highest", ""), found.parts.get("lowest", "")
    if high != low or not high:
        return found.value or ""
    count = len(found.lesions)
    if count >= fmt.COUNT_EXACT_BELOW:
        return f"{high} in all lesions"
    return high if count < 2 else f"{high} in {'both' if count == 2 else f'all {number_word(count)}'} lesions"


def _volumes(known: Known) -> Iterator[Ranked]:
    parts = []
    for conclusion in known.assessed.conclusions:
        if conclusion.name == "tumour_volume" and conclusion.value:
            reference = f"conclusion/tumour_volume/{conclusion.subject}".rstrip("/")
            parts.append(Phrase(volume_words(conclusion.value, conclusion.parts), (reference,)))
    if parts:
        yield Ranked(tell("phenotype.volumes", volumes=joined(parts, "; ")), 2)


def volume_words(value: str, parts: dict[str, str]) -> str:
    """A whole-body volume with its total uptake under the rounding of the report."""
    shown = []
    for name, text in parts.items():
        title, _, unit = name.partition(" (")
        number = _number(text)
        if number is None:
            continue
        if unit == "mL)":
            volume = fmt.volume(number, pet=True) if number else "0"
            shown.append(f"{title} {volume}{fmt.NO_BREAK}mL")
        elif unit == "mL·SUV)":
            shown.append(f"{title} {fmt.total_uptake(number)}{fmt.NO_BREAK}mL·SUV")
    return ", ".join(shown) or value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _insulinoma(known: Known) -> Iterator[Ranked]:
    """Exendin positive with SSTR at most 2: a known pattern of benign insulinoma, worded as a report of others."""
    hormone = known.view.clinical.hormones.syndrome
    for lesion in known.view.of(Compartment.PANCREAS):
        positive = observed(known, lesion, ExamKind.EXENDIN_PET) is not None
        score = known.value("krenning", lesion.id)
        if hormone is not None and hormone.value == "insulin" and positive and score in ("0", "1", "2"):
            behind = [f"conclusion/krenning/{lesion.id}", "clinical/hormones/syndrome"]
            yield Ranked(tell("phenotype.insulinoma", *behind), 2)
            return


def _missing_pet(known: Known) -> Iterator[Ranked]:
    missing = [kind for kind in (ExamKind.SSTR_PET, ExamKind.FDG_PET) if not known.view.done(kind)]
    behind = [f"exam/{exam.key}" for exam in known.view.exams]
    if len(missing) == 2:
        yield Ranked(tell("phenotype.no_pet", *behind), 1)
    elif missing:
        yield Ranked(tell("phenotype.no_fdg", *behind, exam=vocabulary().exams[missing[0]]), 1)


def _hint(known: Known) -> Iterator[Ranked]:
    told = known.told("SUM.gradehint")
    if told is None:
        return
    drivers = known.told("SUM.gradehint", "drivers")
    words = told.words()
    why = str(drivers.value).replace("Not histology.", "").strip().rstrip(".") if drivers else ""
    text = f"{words} ({why})" if why and word_count(why) <= _HINT_WORDS else words.text
    yield Ranked(tell("phenotype.hint", hint=Phrase(text, words.rests_on, words.items)), 2)


def sampling_site(known: Known) -> Phrase:
    """The most informative site if sampling is discussed, as a rule or a reader names it; may be empty."""
    told = known.told("SUM.next", "biopsy_target")
    if told is not None:
        return told.phrase(str(told.value))
    found = known.asked("phenotype_histology")
    site = found.parts.get(SITE, "") if found else ""
    return Phrase(site, ("conclusion/phenotype_histology",) if site else (), ("SUM.next",) if site else ())


def _site(known: Known) -> Iterator[Ranked]:
    site = sampling_site(known)
    if site:
        yield Ranked(tell("phenotype.site", site=site), 1)
