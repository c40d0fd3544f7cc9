"""C39 and C40: length, phrases of certainty, words never used, nothing prescribed; what every report says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isletscope.report.checks.fault import Fault, check_list
from isletscope.report.checks.material import Material, Placed
from isletscope.report.checks.tokens import words_of
from isletscope.report.words import forbidden_words

_QUOTED = re.compile(r"“[^”]*”")
# Names of published cohorts are printed as they were published.
_COHORT = re.compile(r"metastatic or unresectable GEP-NEN")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z“])")
_FIRST_PERSON = re.compile(r"\b(?:I|we|our|my|you|your)\b")
_ABBREVIATION = re.compile(r"\b(?:conv|vs|approx|ed|et al|No|min|max)\.$")


def c39(material: Material) -> Iterator[Fault]:
    """Lengths, certainty, forbidden words, imperative."""
    yield from _lengths(material)
    for placed in material.placed:
        if placed.where.startswith(("clinical question", "header", "open")):
            continue  # the reader's words, and the questions of the catalogue
        text = _COHORT.sub(" ", _QUOTED.sub(" ", placed.text))
        for word in forbidden_words(text):
            yield Fault("C39", placed.where, f"“{word}”", "a word that is allowed (1.11)")
        for word in check_list().conditional_certainty:
            if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE):
                yield Fault("C39", placed.where, f"“{word}”", "a phrase of certainty of the list")
        if _FIRST_PERSON.search(
            re.sub(r"\bI(?=[,.) ]|$)", " ", text) if re.search(r"[Ss]tage|[Tt]ype|Michels", text) else text
        ):
            yield Fault("C39", placed.where, "first person or address", "what the exams show")
        yield from _stacked(placed, text)
        yield from _prescribing(placed, text)
    for score in material.narrative.scores:
        for word in forbidden_words(re.sub(r"\bN0\b", "cN0", score.why)):  # the category as the rule names it
            yield Fault("C39", f"score {score.title}", f"“{word}”", "a word that is allowed (1.11)")


def _stacked(placed: Placed, text: str) -> Iterator[Fault]:
    """Two phrases of certainty in one statement; "favours X over Y" belongs to its own phrase."""
    for statement in re.split(r"[.;]\s|;|\band\b|,", text):
        found = [phrase for phrase in check_list().certainty if re.search(rf"\b{re.escape(phrase)}\b", statement)]
        if len(found) > 1:
            yield Fault("C39", placed.where, " + ".join(found), "one phrase of certainty to a statement")


def _prescribing(placed: Placed, text: str) -> Iterator[Fault]:
    for sentence in _SENTENCE_END.split(text):
        for verb in check_list().prescribing:
            starts = re.match(rf"(?:\d+\. )?{re.escape(verb)}\b", sentence, re.IGNORECASE)
            phrase = " " in verb and re.search(rf"\b{re.escape(verb)}\b", sentence, re.IGNORECASE)
            if (starts and " " not in verb) or phrase:
                yield Fault("C39", placed.where, f"“{sentence[:40]}”", "nothing prescribed (1.10)")


def _lengths(material: Material) -> Iterator[Fault]:
    limits = check_list().limits
    told = material.narrative
    if len(told.summary) > limits.summary_lines:
        yield Fault("C39", "summary", f"{len(told.summary)} lines", f"at most {limits.summary_lines}")
    if len(told.impression) > limits.impression_items:
        yield Fault("C39", "impression", f"{len(told.impression)} items", f"at most {limits.impression_items}")
    for placed in material.findings:
        part = placed.where.partition(" ")[0]
        limit = {"summary": limits.summary_line_words, "impression": limits.impression_item_words}.get(part)
        if placed.sentence.alert:
            limit = limits.alert_words
        words = words_of(placed.text)
        if limit and words > limit:
            yield Fault("C39", placed.where, f"{words} words", f"at most {limit}")
        if not placed.sentence.alert:
            yield from _long_sentences(placed, limits.sentence_words)
    for step in told.steps:
        words = sum(words_of(sentence.text) for sentence in step.sentences if not sentence.alert)
        limit = limits.first_step_words if step.number == 1 else limits.step_words
        if words > limit:
            yield Fault("C39", f"step {step.number}", f"{words} words", f"at most {limit}")
    for score in told.scores:
        if words_of(score.why) > limits.why_words:
            yield Fault("C39", f"score {score.title}", f"{words_of(score.why)} words", f"at most {limits.why_words}")
    words = sum(words_of(line.text) for line in told.footer)
    if words > limits.footer_words:
        yield Fault("C39", "footer", f"{words} words", f"at most {limits.footer_words}")


def _long_sentences(placed: Placed, limit: int) -> Iterator[Fault]:
    for sentence in _SENTENCE_END.split(placed.text):
        if words_of(sentence) > limit and not _ABBREVIATION.search(sentence):
            yield Fault("C39", placed.where, f"a sentence of {words_of(sentence)} words", f"at most {limit}")


def c40(material: Material) -> Iterator[Fault]:
    """The nodal caveat in step 4, the parts of the footer, and draft or signed in the header."""
    nodal = " ".join(placed.text for placed in material.within("step 4"))
    if not re.search(r"[Ii]maging does not exclude (?:further )?nodal disease", nodal):
        yield Fault("C40", "step 4", "no nodal caveat", "“Imaging does not exclude nodal disease ...”")
    footer = " ".join(line.text for line in material.narrative.footer)
    for name, pattern in check_list().footer.items():
        if name == "definition of SUV" and not any(kind.value.endswith("_pet") for kind in material.view.kinds):
            continue
        if not re.search(pattern, footer):
            yield Fault("C40", "footer", f"no {name}", name)
    angles = material.narrative.vessels is not None and material.narrative.vessels.rows
    if angles and not re.search(r"tolerance", footer):
        yield Fault("C40", "footer", "no tolerance of contact", "the tolerance of contact, 0.5, 1.0 and 1.5 mm")
    header = " ".join([material.state, *(line.text for line in material.narrative.header)])
    if not re.search(r"\b(?:[Dd]raft|[Ss]igned|[Pp]reliminary)\b", header):
        yield Fault("C40", "header", "no state", "draft or signed")
