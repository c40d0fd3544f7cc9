"""Texts of the alerts and notes, and one alert made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from isletscope.criteria import Cited, citations
from isletscope.model import Alert, AlertKind, Lesion
from isletscope.yaml_text import read_yaml

LESION_NAME = re.compile(r"\b[A-Z]\d+(?:\.\d+)?\b")
LONGEST_LIST = 6
"""Names printed of a long list, as alerts are short."""


class AlertText(Cited):
    """The four sentences of one kind of alert; gaps in braces are filled."""

    kind: AlertKind
    step: Annotated[int, Field(ge=1, le=10)]
    finding: str
    against: str
    meaning: str
    settled_by: str


@cache
def alert_texts() -> dict[str, AlertText]:
    """The file ``alerts.yaml``, in its order. Raises ValueError when it cites what the registry lacks."""
    content = read_yaml((files("isletscope.assessment") / "alerts.yaml").read_text(encoding="utf-8"))
    texts = {code: AlertText.model_validate(entry) for code, entry in content.items()}
    unknown = sorted({key for text in texts.values() for key in text.cite} - set(citations()))
    if unknown:
        raise ValueError(f"alerts.yaml: citations not in the registry: {', '.join(unknown)}")
    return texts


def make_alert(code: str, /, *, lesions: Iterable[str] = (), rests_on: Sequence[str] = (), **words: object) -> Alert:
    """An alert of that code, its gaps filled; ``lesions`` are names, also printed where the text asks for them."""
    text = alert_texts()[code]
    found = sorted(set(lesions), key=by_name)
    shown = {"lesions": listed(found), **words}
    return Alert(
        code=code,
        kind=text.kind,
        step=text.step,
        finding=text.finding.format(**shown),
        against=text.against.format(**shown),
        meaning=text.meaning.format(**shown),
        settled_by=text.settled_by.format(**shown),
        lesions=found,
        support=text.support,
        sources=list(text.cite),
        rests_on=list(dict.fromkeys(rests_on)),
    )


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Alerts first, then notes, each in the order of the file."""
    order = list(alert_texts())
    return sorted(alerts, key=lambda one: (one.kind is AlertKind.NOTE, order.index(one.code), one.lesions))


def by_name(name: str) -> tuple[str, list[int]]:
    """L2 before L10, L3 before its part L3.1."""
    return name[:1], [int(digits) for digits in re.findall(r"\d+", name)]


def listed(names: Sequence[str]) -> str:
    """Names; of a long list the number and the first ones."""
    if len(names) <= LONGEST_LIST:
        return joined(names)
    return f"{len(names)} lesions ({', '.join(names[:LONGEST_LIST])} and others)"


def joined(words: Sequence[str]) -> str:
    """``CT``, ``CT and MRI``, ``CT, MRI and SSTR PET``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def names_of(lesions: Iterable[Lesion]) -> list[str]:
    """Names of lesions."""
    return [lesion.id for lesion in lesions]
