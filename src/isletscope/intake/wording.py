"""Words in descriptions and names, compared without case, punctuation, word joins and accents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart into a base letter and an accent.
_WHOLE_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@lru_cache(maxsize=4096)
def simplify(said: str) -> str:
    """Lower case without accents, words and numbers apart, single spaces: '18F-FDG' becomes ' 18 f fdg '."""
    plain = said.lower() if said.isascii() else _without_accents(said)
    apart = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", plain)
    return f" {' '.join(re.sub(r'[^a-z0-9]+', ' ', apart).split())} "


def _without_accents(said: str) -> str:
    apart = unicodedata.normalize("NFKD", said.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_WHOLE_LETTERS)


@lru_cache(maxsize=4096)
def spellings(word: str) -> tuple[str, ...]:
    """A word of a table, simplified; one with umlauts also as written out ('spät': 'spat', 'spaet')."""
    composed = unicodedata.normalize("NFC", word.casefold())
    both = (simplify(composed).strip(), simplify(composed.translate(_UMLAUTS)).strip())
    return tuple(dict.fromkeys(both))


def contains(said: str, word: str) -> bool:
    """Whether a simplified text holds a word of a table, in any of its spellings, as a word of its own."""
    return any(f" {spelling} " in said for spelling in spellings(word))
