"""Numbers in a sentence with the unit they carry; names, codes and dates that hold digits are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

UNITS = {
    "mm": "mm",
    "mm/y": "mm/y",
    "cm": "cm",
    "mL": "mL",
    "mL·SUV": "mL·SUV",
    "g/mL": "g/mL",
    "HU": "HU",
    "%": "%",
    "%/month": "%/month",
    "°": "°",
    "MBq": "MBq",
    "min": "min",
    "kg": "kg",
    "m²": "m²",
    "mmol/L": "mmol/L",
    "× 10⁻³ mm²/s": "× 10⁻³ mm²/s",
    "days": "days",
    "day": "days",
    "months": "months",
    "month": "months",
    "years": "years",
    "y": "years",
    "times": "times",
}
_UNIT = "|".join(re.escape(name).replace(r"\ ", r"[ \u00a0]") for name in sorted(UNITS, key=len, reverse=True))
_NUMBER = r"[+−-]?\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"(?<![\w.⁻])(?P<number>{_NUMBER})(?:[ \u00a0]?(?P<unit>{_UNIT})(?![\w/·]))?(?![\w])")
# What joins the numbers of one quantity, whose unit stands after the last: "34 × 31 × 28 mm", "11 and 8 mm".
_JOINED = re.compile(r"^[ \u00a0]*(?:×|to|and|or|against|/|,|\(|\()[ \u00a0]*(?:±[ \u00a0]*)?$")
_NO_QUANTITY = r"(?![\d.]|[ \u00a0](?:×|mm|mL))"
_MASKED = tuple(
    re.compile(pattern)
    for pattern in (
        r"“[^”]*”",
        r"\[[^\]]*\]",
        r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?",
        r"\b\d+[A-Z][a-z]?-[\w-]+",
        r"\b(?:AJCC|UICC|ENETS|NCCN|ASPEN|WHO)[ \u00a0]?(?:TNM )?(?:v|version )?\d[\w.]*",
        r"\b(?:PERCIST|RECIST|mRECIST)[ \u00a0]\d\.\d",
        r"\bSSTR-RADS(?:[ \u00a0]\d\.\d)?(?:[ \u00a0]\d[A-D]?)?(?:(?: or |, | and )\d[A-D]\b)*",
        r"\b[Kk]renning(?: scores?)?(?:[ \u00a0]\d(?!\d|\.\d))?(?:(?:[ \u00a0](?:to|or|and)|,)[ \u00a0]\d(?!\d|\.\d))*",
        r"\b(?:lowest|highest)(?: score)?[ \u00a0]\d\b",
        r"\b\d[ \u00a0](?:lowest|highest)\b",
        r"\bZidan(?: class)?[ \u00a0]\d",
        r"\b(?:NETPET[ \u00a0])?P\d[ab]?\b",
        r"\bC\d\b",
        r"\bc?[TNM]\d[abc]?\b",
        r"\bG\d\b",
        r"\b[Tt]ype[ \u00a0]I+\b",
        r"\bKi-67(?! index)",
        r"\bT\d\b",
        r"\b(?:CA|HT|FT|Michels|b)[ \u00a0]\d[\d/]*\b",
        r"\b\d(?:\.\d)?[ \u00a0]T\b",
        r"\b(?:per[ \u00a0])?2[ \u00a0]mm²",
        rf"\b[Ss]eg(?:ments?|\.)?[ \u00a0]\d(?:(?: to |, | and |/)\d{_NO_QUANTITY})*",
        rf"\b[Ss]tations?[ \u00a0]\d+[a-z]?(?:(?: to |, | and |/)\d+[a-z]?{_NO_QUANTITY})*",
        r"\b[Ss]tep[ \u00a0]\d+",
        r"\b[Pp]lan[ \u00a0]\d+",
        r"\b(?:vertebra |vertebral body )?[CTLS]\d{1,2}\b",
        r"\b[A-Z]{3,}-\d+\b",
        r"\b10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+",
        r"\b\d[ \u00a0]cm sphere",
        r"\b(?:exam|pet|ct|mr)-\d+\b",
        r"\b\d+(?:st|nd|rd|th)\b",
        r"\bversion[ \u00a0]\d[\w.]*",
    )
)


@dataclass(frozen=True)
class Token:
    """A number as printed, with its decimals, its unit ("" without one) and what stands before it."""

    text: str
    value: float
    decimals: int
    unit: str
    before: str

    @property
    def printed(self) -> str:
        """Number and unit."""
        return f"{self.text} {self.unit}".strip()

    def prints(self, value: float) -> bool:
        """Whether a stored value, rounded half away from zero at these decimals, gives this number."""
        step = 0.5 * 10.0**-self.decimals
        return abs(abs(value) - abs(self.value)) <= step * (1 + 1e-9)


_DIGIT = re.compile(r"\d")


@cache
def _whole_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text with names, codes and dates blanked, each at its length."""
    whole_words = [_whole_word(name) for name in names if name in text]
    for pattern in (*whole_words, *_MASKED):
        text = pattern.sub(lambda found: " " * len(found.group()), text)
    return text


def tokens(text: str, names: Iterable[str] = ()) -> tuple[Token, ...]:
    """The numbers of a text in order. Numbers of one quantity share the unit that stands after the last."""
    return _tokens(text, tuple(names)) if _DIGIT.search(text) else ()


# The same sentences and names of sources are looked at by many checks and on behalf of many statements.
@lru_cache(maxsize=4096)
def _tokens(text: str, names: tuple[str, ...]) -> tuple[Token, ...]:
    shown = masked(text, names)
    found = list(_TOKEN.finditer(shown))
    unit_after = ""
    reversed_tokens: list[Token] = []
    end_of_next = None
    for match in reversed(found):
        unit = UNITS.get((match["unit"] or "").replace("\u00a0", " "), "")
        between = "" if end_of_next is None else shown[match.end() : end_of_next]
        if not unit and end_of_next is not None and _JOINED.match(between):
            unit = unit_after
        number = match["number"]
        decimals = len(number.partition(".")[2])
        value = float(number.replace("−", "-"))
        reversed_tokens.append(Token(number, value, decimals, unit, shown[: match.start()]))
        unit_after, end_of_next = unit, match.start()
    return tuple(reversed(reversed_tokens))


def words_of(text: str) -> int:
    """Number of words of a text; a number with its unit, a multiplication sign and a citation do not add to them."""
    counted = re.sub(r"\[[^\]]*\]", " ", text).replace("\u00a0", "_")
    return sum(1 for word in counted.split() if re.search(r"\w", word))
