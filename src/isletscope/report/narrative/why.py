"""The why line of a score: inputs → rule and branch → result [source key], within its limit of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from isletscope.model import Conclusion, Evidence, Support
from isletscope.report import format as fmt
from isletscope.report.narrative.fitting import WHY_WORDS, word_count
from isletscope.report.narrative.known import name_key
from isletscope.report.narrative.phrases import counted, listed
from isletscope.report.narrative.vocabulary import vocabulary

_ARROW = " → "
_KEYS = 3
_NAMES = 6
_FREE = "contact 0°"
_UNIMPORTANT = ("smooth wall", ": open", "no thrombus", "narrowing 0.0")
_NO_PREFIX = ("netpet", "karfis", "zidan", "prrt", "concordance", "phenotype_histology")
_EVERY_LEVEL = re.compile(r", FDG level 0 or 1 or 2 or 3 or 4|Krenning 0 or 1 or 2 or 3 or 4, ")
_NEAR = re.compile(r"lies within (?P<error>.+) of the threshold (?P<limit>.+)\.$")
_LONG_NUMBER = re.compile(r"(\d+\.\d+) (mm\b|g/mL|degrees)")
_UNIT_NAMES = {"g/mL": "", "d": "days", "mo": "months", "%/mo": "%/month", "mm/a": "mm/y", "deg": "°", "a": "y"}
_WHOLE_UNITS = ("deg", "[hnsf'U]", "d", "a", "kg", "cm")


def why(one: Conclusion, result: str, about: str = "") -> str:
    """The line of a conclusion whose result is printed as ``result``; ``about`` names its lesion or vessel."""
    inputs = [f"{about}: {text}" if about else text for text in inputs_of(one)]
    rule = tidy(rule_of(one))
    keys = keys_of([one])
    sources = f" [{', '.join(keys)}]" if keys else ""
    mark = {**vocabulary().supports, Support.COMPUTED: "(computed)"}.get(one.support, "")
    tail = f"{sources} {mark}".rstrip() if mark or sources else " (conv.)"
    tail = f"{near_threshold(one)}{tail}"
    same = rule.lower() == result.lower() or rule.lower().endswith(f": {result.lower()}")
    steps = [rule] if same else [rule, result]
    shown = list(inputs)
    while True:
        hidden = len(inputs) - len(shown)
        more = f"; {hidden} more input{'s' if hidden > 1 else ''}" if hidden else ""
        text = _ARROW.join(filter(None, ["; ".join(shown) + more if shown else "", *steps]))
        line = f"why: {text}{tail}"
        if word_count(line) <= WHY_WORDS or not shown:
            return line
        shown.pop()


def tidy(text: str) -> str:
    """Lengths and uptake in a rule's own sentence with one decimal, angles whole, as the report prints them."""
    text = re.sub(r"(?<=\d)%", f"{fmt.NO_BREAK}%", text)
    return _LONG_NUMBER.sub(lambda hit: f"{fmt.number(float(hit[1]), 0 if hit[2] == 'degrees' else 1)} {hit[2]}", text)


def near_threshold(one: Conclusion) -> str:
    """Thresholds that lie within the error of a value: "; NEAR_THRESHOLD 20 mm, error 2 mm"."""
    found = [_NEAR.search(flag.text) for flag in one.flags if flag.code == "NEAR_THRESHOLD"]
    return "".join(f"; NEAR_THRESHOLD {hit['limit']}, error {hit['error']}" for hit in found if hit)


def names(found: Sequence[str], noun: str = "lesion") -> str:
    """Up to six names, else their number."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return str(listed(found)) if len(found) <= _NAMES else counted(len(found), noun, plural)


def keys_of(found: Iterable[Conclusion]) -> tuple[str, ...]:
    """Keys of the deciding branches first, at most three."""
    keys: dict[str, None] = {}
    for one in found:
        deciding = [key for branch in reversed(one.branches) for key in branch.sources]
        keys |= dict.fromkeys((*deciding, *one.sources))
    return tuple(keys)[:_KEYS]


def rule_of(one: Conclusion) -> str:
    """The branch that decided, without its full stop; for a missing result what is needed."""
    if one.value is None:
        more = f" and {len(one.missing) - 3} more" if len(one.missing) > 3 else ""
        return f"needed: {vocabulary().needed(one.missing, 3)}{more}"
    if one.name == "tnm":
        told = [branch for branch in one.branches if not branch.rule.startswith("tnm.stage")]
        return "; ".join(branch.text.rstrip(".") for branch in told)
    if one.name == "tumour_volume":
        return one.because.partition(":")[0].rstrip(".")
    if one.name == "liver_burden":
        return "tumour over whole liver, lesions included"
    if one.name == "operations":
        gate = [branch.text.rstrip(".") for branch in one.branches if branch.rule == "operations.enucleation"]
        return gate[0] if gate else one.because.rstrip(".")
    if len(one.lesions) == 1 and one.lesions[0].branches:
        return one.lesions[0].branches[-1].text.rstrip(".")
    return one.branches[-1].text.rstrip(".") if one.branches else one.because.rstrip(".")


def inputs_of(one: Conclusion) -> list[str]:
    """The evidence in words; equal findings of several lesions together, vessels that are touched first."""
    if one.name == "tumour_volume":
        return []
    if not one.evidence:
        return _by_lesion(one)
    texts = [evidence_words(piece) for piece in one.evidence]
    if one.name.startswith("resectability"):
        return _vessels(texts)
    return _grouped(texts)


def _by_lesion(one: Conclusion) -> list[str]:
    """References that all lesions share, then lesions by their result."""
    if not one.lesions:
        return []
    shared = [
        evidence_words(piece)
        for piece in one.lesions[0].evidence
        if piece.text.startswith(("blood pool", "liver SUV", "spleen"))
    ]
    groups: dict[str, list[str]] = {}
    for lesion in sorted(one.lesions, key=lambda lesion: name_key(lesion.subject)):
        groups.setdefault(lesion.value or "open", []).append(lesion.subject)
    return [*shared, *(f"{names(found)}: {value.replace('_', ' ')}" for value, found in sorted(groups.items()))]


def _grouped(texts: list[str]) -> list[str]:
    """ "L1: Krenning 4" of several lesions becomes one text with all names; conventions come last."""
    groups: dict[str, list[str]] = {}
    order: list[tuple[str, str]] = []
    for text in texts:
        name, _, rest = text.partition(": ")
        if re.fullmatch(r"[A-Z][A-Za-z]?\d+(\.\d+)?", name) and rest.startswith(("Krenning", "FDG level")):
            tail = _EVERY_LEVEL.sub("", rest)
            if tail not in groups:
                order.append(("group", tail))
            groups.setdefault(tail, []).append(name)
        else:
            order.append(("text", text))
    found = [text if kind == "text" else f"{names(groups[text])}: {text}" for kind, text in order]
    return sorted(found, key=lambda text: text.endswith("(convention)"))


def _vessels(texts: list[str]) -> list[str]:
    """Vessels that are touched first; what is normal only as a number."""
    free = [text for text in texts if text.endswith(_FREE)]
    kept = [text for text in texts if text not in free and not any(word in text for word in _UNIMPORTANT)]
    shown = [text for text in kept if "contact" in text or "thromb" in text]
    others = [text for text in kept if text not in shown]
    return [*shown, *([f"{counted(len(free), 'vessel')} {_FREE}"] if free else []), *others]


def evidence_words(piece: Evidence) -> str:
    """One input with its value and unit; a value that the text already holds is not printed twice."""
    text = piece.text.replace("ki67", "Ki-67").replace("zone3", "zone 3")
    if piece.value is None or re.search(rf"(?<![\d.]){piece.value:g}(?![\d.])", piece.text):
        return text
    on_pet = any(word in piece.text for word in ("SSTR", "FDG", "PET", "MTV"))
    return f"{text} {quantity(piece.value, piece.unit or '1', on_pet=on_pet)}"


def quantity(value: float, unit: str, *, on_pet: bool = False) -> str:
    """A value of evidence under the rounding of its quantity, with its unit."""
    name = _UNIT_NAMES.get(unit, "" if unit in ("/(2.mm2)", "1") else fmt.unit(unit))
    shown = _rounded(value, unit, on_pet=on_pet)
    if unit == "deg":
        return f"{shown}{name}"
    return f"{shown}{fmt.NO_BREAK}{name}" if name else shown


def _rounded(value: float, unit: str, *, on_pet: bool) -> str:
    whole = float(value).is_integer()
    if unit == "10-6.mm2/s":
        return fmt.diffusion(value)
    if unit == "mL":
        return fmt.volume(value, pet=on_pet) if value else "0"
    if unit in _WHOLE_UNITS:
        return fmt.number(value, 0)
    if unit in ("g/mL", "%"):
        return fmt.number(value, 0 if whole and unit == "%" else 1)
    if unit in ("%/mo", "mm/a"):
        return fmt.number(value, 1, signed=True)
    if unit == "mo":
        return fmt.number(value, 2)
    return fmt.number(value, 0 if whole else 1 if unit == "mm" else 2)
