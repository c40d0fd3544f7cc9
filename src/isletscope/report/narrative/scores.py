"""One line for each score: its result, and why."""

from __future__ import annotations

from dataclasses import replace

from isletscope.criteria import all_criteria
from isletscope.model import Conclusion, State
from isletscope.report import format as fmt
from isletscope.report.narrative.known import DERIVED, Known, name_key
from isletscope.report.narrative.parts import ScoreLine, Sentence
from isletscope.report.narrative.phrases import tell
from isletscope.report.narrative.step_07 import volume_words
from isletscope.report.narrative.step_09 import tnm_words
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.report.narrative.why import keys_of, names, why

_ONE_BY_ONE = 3
_OPEN = "not assessable"


def scores(known: Known) -> tuple[ScoreLine, ...]:
    """All scores in the order of the list of criteria; those that lack the same thing share a line."""
    lines: list[ScoreLine] = []
    for name in all_criteria():
        asked = [one for one in known.assessed.conclusions if one.name == name]
        whole = [one for one in asked if not one.subject]
        lines += [_line(one) for one in whole]
        single = [one for one in asked if one.subject]
        if single and not whole:
            lines += _by_subject(single)
    return tuple(_shared(lines))


def _by_subject(found: list[Conclusion]) -> list[ScoreLine]:
    """A criterion asked of single lesions, vessels or tracers: one line each up to three, else one for all."""
    ordered = sorted(found, key=lambda one: name_key(one.subject))
    if len(ordered) <= _ONE_BY_ONE:
        return [_line(one) for one in ordered]
    groups: dict[str, list[str]] = {}
    for one in ordered:
        groups.setdefault(result_words(one), []).append(subject_words(one))
    noun = {"vessel_signs": "vessel", "repeatability": "quantity"}.get(ordered[0].name, "lesion")
    parts = sorted(groups.items(), key=lambda group: (group[0] in ("none", _OPEN), group[0]))
    result = "; ".join(f"{names(members, noun)}: {value}" for value, members in parts)
    standing = [one for one in ordered if one.value is not None]
    first = max(standing or ordered, key=_weight)
    line = _line(first)
    return [
        replace(
            line,
            title=_capital(vocabulary().title(first.name)),
            result=result,
            why=why(first, f"{subject_words(first)}: {result_words(first)}", subject_words(first)),
            mark=DERIVED if standing else "",
            rests_on=tuple(_reference(one) for one in ordered),
            sources=keys_of(ordered),
        )
    ]


def _weight(one: Conclusion) -> tuple[float, str]:
    """The conclusion that shows most: the largest value in its evidence, then by name."""
    return (max((piece.value or 0.0 for piece in one.evidence), default=0.0), one.subject)


def subject_words(one: Conclusion) -> str:
    """What a conclusion is about: a lesion, a vessel, a tracer."""
    for part in one.subject.replace("/", " ").split():
        if part in vocabulary().vessels:
            return vocabulary().vessel(part)
    words = one.subject.replace("/", " ").replace("_", " ")
    tracers = {kind.value: name for kind, name in vocabulary().tracers.items()}
    for coded, printed in vocabulary().quantities.items():
        words = words.replace(coded, printed)
    return tracers.get(one.subject, words)


def _reference(one: Conclusion) -> str:
    return f"conclusion/{one.name}/{one.subject}" if one.subject else f"conclusion/{one.name}"


def _line(one: Conclusion) -> ScoreLine:
    title = _capital(vocabulary().title(one.name))
    result = result_words(one)
    mark = DERIVED if one.state is not State.MISSING else ""
    shown = f"{title}, {subject_words(one)}" if one.subject else title
    return ScoreLine(one.name, shown, result, why(one, result), mark, (_reference(one),), keys_of([one]), _others(one))


def _capital(title: str) -> str:
    """The first letter large, unless it belongs to an abbreviation such as mRECIST."""
    return title if title[1:2].isupper() else title[:1].upper() + title[1:]


def _others(one: Conclusion) -> str:
    """What other editions or systems say, for the criteria whose editions are in use side by side."""
    if one.name not in vocabulary().with_others:
        return ""
    return "; ".join(f"{other.system}: {other.value.replace('cN0', 'cN0 by imaging')}" for other in one.alternatives)


def score_notes(known: Known) -> tuple[Sentence, ...]:
    """Flags that a reader wants beside the scores: other limits, open laboratory values, cohort figures."""
    found: dict[str, Sentence] = {}
    for one in known.assessed.conclusions:
        for flag in one.flags:
            if flag.code in vocabulary().printed_flags:
                sources = f" [{', '.join(flag.sources[:2])}]" if flag.sources else ""
                text = f"{flag.text.rstrip('.')}{sources}"
                title = _capital(vocabulary().title(one.name))
                found.setdefault(text, tell("scores.note", _reference(one), title=title, text=text))
    return tuple(found.values())


def result_words(one: Conclusion) -> str:
    """The result as printed; what remains possible, or that it is not assessable, for a missing one."""
    words = vocabulary()
    if one.value is None:
        left = words.remaining(one.name, one.possible) if one.possible else _OPEN
        return _OPEN if left == "open" else left
    special = _special(one)
    if special:
        return special
    if one.name in words.outcomes:
        return words.outcome(one.name, one.value)
    return one.value.replace("_", " ")


def _special(one: Conclusion) -> str:
    """Results that are made of several parts; empty for all others."""
    value = one.value or ""
    if one.name == "tnm":
        group, edition = one.parts.get("stage", ""), one.parts.get("edition", "")
        return f"{tnm_words(one)}, {edition} stage {group}" if group else tnm_words(one)
    if one.name == "tumour_volume":
        return volume_words(value, one.parts)
    if one.name in ("recist", "recist_best"):
        return f"RECIST 1.1: {value}"
    if one.name == "liver_burden":
        percent = float(one.parts.get("percent", "nan"))
        band = vocabulary().outcome("liver_burden", value)
        return f"{fmt.percent(percent, table=True)}, band {band}" if percent == percent else band
    if one.name == "growth_rate":
        rate = next((piece.value for piece in one.evidence if piece.text == "growth rate"), None)
        word = f", {value}" if value in ("high", "low") else ""
        return f"{fmt.number(rate, 1, signed=True)}{fmt.NO_BREAK}%/month{word}" if rate is not None else value
    if one.name == "liver_volume":
        return f"{fmt.number(float(value), 0)}{fmt.NO_BREAK}mL"
    if one.name == "operations":
        return ", ".join(vocabulary().outcome("operations", part.strip()) for part in value.split(","))
    return ""


def _shared(lines: list[ScoreLine]) -> list[ScoreLine]:
    """Lines that are not assessable for the same reason become one, at the place of the first."""
    found: list[ScoreLine] = []
    places: dict[str, int] = {}
    for line in lines:
        needed = _needed(line)
        if line.result != _OPEN or needed not in places:
            if line.result == _OPEN:
                places[needed] = len(found)
            found.append(line)
            continue
        first = found[places[needed]]
        titles = dict.fromkeys([*first.title.split("; "), line.title])
        found[places[needed]] = replace(first, title="; ".join(titles), rests_on=(*first.rests_on, *line.rests_on))
    return found


def _needed(line: ScoreLine) -> str:
    """What a line lacks; plans are one thing whatever they decide."""
    needed = line.why.partition("needed: ")[2].partition(" → ")[0]
    return "a plan" if needed.startswith("a plan") else needed
