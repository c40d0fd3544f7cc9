"""One line for each score: its result, and why, from the inputs over the branch that fired to the source."""

from __future__ import annotations

import re
from collections.abc import Iterable

from isletscope.criteria import all_criteria
from isletscope.model import Conclusion, Evidence, State, Support
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import WHY_WORDS, word_count
from isletscope.report.narrative.known import DERIVED, Known, name_key
from isletscope.report.narrative.parts import ScoreLine
from isletscope.report.narrative.phrases import counted, listed
from isletscope.report.narrative.step_07 import volume_words
from isletscope.report.narrative.step_09 import tnm_words
from isletscope.report.narrative.vocabulary import vocabulary

_ARROW = " → "
_KEYS = 3
_NAMES = 6
_WITH_OUTCOME = ("surveillance", "cytoreduction_fit", "resectability_nccn", "resectability_net", "liver_pattern")


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
    if len(ordered) <= 3:
        return [_line(one) for one in ordered]
    known = [one for one in ordered if one.value is not None]
    groups: dict[str, list[str]] = {}
    for one in ordered:
        groups.setdefault(_result(one), []).append(subject_words(one))
    noun = "vessel" if "/" in ordered[0].subject or ordered[0].name == "vessel_signs" else "lesion"
    result = "; ".join(f"{_names(names, noun)}: {value}" for value, names in groups.items())
    first = known[0] if known else ordered[0]
    keys = _keys(known or ordered)
    shown = _why([f"{subject_words(first)}: {text}" for text in _inputs(first)], _rule(first), "as listed", first, keys)
    return [
        ScoreLine(
            first.name,
            first.title,
            result,
            shown,
            DERIVED if known else "",
            tuple(f"conclusion/{one.name}/{one.subject}" for one in ordered),
            keys,
        )
    ]


def _names(names: list[str], noun: str = "lesion") -> str:
    return str(listed(names)) if len(names) <= _NAMES else counted(len(names), noun)


def subject_words(one: Conclusion) -> str:
    """What a conclusion is about: a lesion, a vessel, a tracer."""
    name = one.subject
    for part in name.split("/"):
        if part in vocabulary().vessels:
            return vocabulary().vessel(part)
    return {kind.value: words for kind, words in vocabulary().tracers.items()}.get(name, name)


def _line(one: Conclusion) -> ScoreLine:
    title = f"{one.title}, {subject_words(one)}" if one.subject else one.title
    keys = _keys([one])
    result = _result(one)
    why = _why(_inputs(one), _rule(one), result, one, keys)
    mark = DERIVED if one.state is not State.MISSING else ""
    reference = f"conclusion/{one.name}/{one.subject}" if one.subject else f"conclusion/{one.name}"
    return ScoreLine(one.name, title, result, why, mark, (reference,), keys)


def _result(one: Conclusion) -> str:
    if one.value is None:
        if one.possible and len(one.possible) <= 4:
            return f"possible: {', '.join(vocabulary().outcome(one.name, value) for value in one.possible)}"
        return "not assessable"
    if one.name == "tnm":
        group = one.parts.get("stage", "")
        return f"{tnm_words(one)}, stage {group}" if group else tnm_words(one)
    if one.name == "tumour_volume":
        return volume_words(one.value, one.parts)
    if one.name == "recist":
        return f"RECIST 1.1: {one.value}"
    if one.name == "liver_volume":
        return f"{fmt.number(float(one.value), 0)}{fmt.NO_BREAK}mL"
    if one.name == "operations":
        return ", ".join(vocabulary().outcome("operations", part.strip()) for part in one.value.split(","))
    if one.name in vocabulary().outcomes:
        return vocabulary().outcome(one.name, one.value)
    return one.value.replace("_", " ")


def _inputs(one: Conclusion) -> list[str]:
    """The evidence in words; for scores of many lesions the references and the lesions by their result."""
    if one.evidence:
        return [_evidence(piece) for piece in one.evidence]
    if not one.lesions:
        return []
    shared = [_evidence(piece) for piece in one.lesions[0].evidence if _is_reference(piece)]
    groups: dict[str, list[str]] = {}
    for lesion in sorted(one.lesions, key=lambda lesion: name_key(lesion.subject)):
        groups.setdefault(lesion.value or "open", []).append(lesion.subject)
    return [*shared, *(f"{_names(names)}: {value.replace('_', ' ')}" for value, names in sorted(groups.items()))]


def _is_reference(piece: Evidence) -> bool:
    return piece.text.startswith(("blood pool", "liver", "spleen"))


def _evidence(piece: Evidence) -> str:
    if piece.value is None or re.search(rf"(?<![\d.]){piece.value:g}(?![\d.])", piece.text):
        return piece.text
    on_pet = any(word in piece.text for word in ("SSTR", "FDG", "PET", "MTV"))
    return f"{piece.text} {quantity(piece.value, piece.unit or '1', on_pet=on_pet)}"


def quantity(value: float, unit: str, *, on_pet: bool = False) -> str:
    """A value of evidence under the rounding of its quantity, with its unit."""
    shown = {
        "mm": lambda: fmt.number(value, 0 if float(value).is_integer() else 1),
        "mL": lambda: fmt.volume(value, pet=on_pet) if value else "0",
        "g/mL": lambda: fmt.suv(value),
        "%": lambda: fmt.number(value, 1),
        "deg": lambda: fmt.number(value, 0),
        "[hnsf'U]": lambda: fmt.hounsfield(value),
        "d": lambda: fmt.number(value, 0),
        "mo": lambda: fmt.number(value, 2),
        "%/mo": lambda: fmt.number(value, 1, signed=True),
        "mm/a": lambda: fmt.growth(value),
    }.get(unit, lambda: fmt.number(value, 0 if float(value).is_integer() else 2))()
    names = {"g/mL": "", "d": "days", "mo": "months", "%/mo": "%/month", "mm/a": "mm/y", "deg": "°"}
    name = names.get(unit, fmt.unit(unit))
    if unit in ("/(2.mm2)", "1"):
        name = ""
    return f"{shown}{name}" if unit == "deg" else f"{shown}{fmt.NO_BREAK}{name}" if name else shown


def _rule(one: Conclusion) -> str:
    """The branch that decided, without its full stop; for a missing result what is needed."""
    if one.value is None:
        more = f" and {len(one.missing) - 3} more" if len(one.missing) > 3 else ""
        return f"needed: {', '.join(one.missing[:3])}{more}"
    if one.name == "tnm":
        return "; ".join(branch.text.rstrip(".") for branch in one.branches)
    if len(one.lesions) == 1 and one.lesions[0].branches:
        return one.lesions[0].branches[-1].text.rstrip(".")
    return one.branches[-1].text.rstrip(".") if one.branches else one.because.rstrip(".")


def _keys(found: Iterable[Conclusion]) -> tuple[str, ...]:
    """Keys of the deciding branches first, at most three."""
    keys: dict[str, None] = {}
    for one in found:
        deciding = [key for branch in reversed(one.branches) for key in branch.sources]
        keys |= dict.fromkeys((*deciding, *one.sources))
    return tuple(keys)[:_KEYS]


def _why(inputs: list[str], rule: str, result: str, one: Conclusion, keys: tuple[str, ...]) -> str:
    """Inputs → rule → result [keys] (mark), within the limit of words: inputs leave first."""
    sources = f" [{', '.join(keys)}]" if keys else ""
    marks = {**vocabulary().supports, Support.COMPUTED: "(computed)"}
    mark = marks.get(one.support, "")
    tail = f"{sources} {mark}".rstrip() if mark else sources or " (conv.)"
    shown = list(inputs)
    while True:
        more = f"; {len(inputs) - len(shown)} more inputs" if len(shown) < len(inputs) else ""
        text = _ARROW.join(filter(None, ["; ".join(shown) + more if shown else "", rule, result]))
        text = f"why: {text}{tail}"
        if word_count(text) <= WHY_WORDS or not shown:
            return text
        shown.pop()


def _shared(lines: list[ScoreLine]) -> list[ScoreLine]:
    """Neighbouring lines that are not assessable for the same reason become one."""
    found: list[ScoreLine] = []
    for line in lines:
        last = found[-1] if found else None
        if last is not None and line.result == last.result == "not assessable" and _needed(line) == _needed(last):
            found[-1] = ScoreLine(
                last.name,
                f"{last.title}; {line.title}",
                last.result,
                last.why,
                "",
                (*last.rests_on, *line.rests_on),
                last.sources,
            )
        else:
            found.append(line)
    return found


def _needed(line: ScoreLine) -> str:
    return line.why.partition("needed: ")[2].partition(_ARROW)[0]
