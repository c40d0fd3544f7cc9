"""Marking what a case concludes against what a scenario says by hand: item by item, time point by time point.

Reads the case document as plain JSON, as a stranger does; which conclusion answers which item stands as data in
``expected_found.yaml``. Nothing of the statements is computed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from isletscope.phantom.tables import read_table

Json = dict[str, Any]
Outcome = Literal["equal", "differs", "missing"]
_REASONS_SHOWN = 3
_SIZE_LIMIT = re.compile(r"lesions of (\d+) mm and more")


@dataclass(frozen=True)
class ExpectedMark:
    """One statement and what the case says. ``because``: why the case says nothing, or what the statement rests on."""

    time_point: str
    item: str
    expected: str
    found: str
    outcome: Outcome
    because: str


class _Missing(Exception):
    """The case has no answer, and why."""


@lru_cache(maxsize=1)
def _table() -> Json:
    return read_table("expected_found.yaml")


def mark_expected(truth: Json, case: Json) -> tuple[ExpectedMark, ...]:
    """Marks of all statements of the truth's ``expected``, with other systems (``also``) and remarks (``flags``).

    A time point of the case is found by its name, or by exams of the same studies.
    """
    marks: list[ExpectedMark] = []
    for name, statements in (truth.get("expected") or {}).items():
        point = _point(truth, case, statements["exams"], name)
        for item, statement in statements.items():
            if item != "exams":
                marks += _marks(name, item, statement, point)
    return tuple(marks)


def expected_lines(marks: tuple[ExpectedMark, ...]) -> list[str]:
    """A table for people: how many statements the case agrees with, and the others with what it says instead."""
    if not marks:
        return []
    counts = {outcome: sum(mark.outcome == outcome for mark in marks) for outcome in ("equal", "differs", "missing")}
    lines = [
        f"Statements of the scenario: {counts['equal']} of {len(marks)} agreed with, {counts['differs']} differ, "
        f"{counts['missing']} not answered"
    ]
    others = [mark for mark in marks if mark.outcome != "equal"]
    wide = max((len(f"{mark.time_point}, {mark.item}") for mark in others), default=0)
    for mark in others:
        found = f"found {mark.found}" if mark.outcome == "differs" else f"missing: {_short(mark.because)}"
        lines.append(f"{f'{mark.time_point}, {mark.item}':<{wide}}  expected {mark.expected}; {found}")
    return [*lines, ""]


def _short(text: str) -> str:
    """The first reasons, and how many more there are."""
    reasons = text.split(", ")
    more = len(reasons) - _REASONS_SHOWN
    return f"{', '.join(reasons[:_REASONS_SHOWN])} and {more} more" if more > 0 else text


@dataclass(frozen=True)
class _Point:
    """A time point of the case: its assessment and the lesions it sees."""

    assessed: Json
    lesions: list[Json]
    exam_keys: list[str]

    def conclusion(self, criterion: str, ending: str = "") -> Json:
        """The conclusion of a criterion, for the patient or else the first lesion (whose subject has that ending).

        Raises _Missing when it was not asked or has no answer.
        """
        named = [one for one in self.assessed.get("conclusions", []) if one["name"] == criterion]
        whole = [one for one in named if not one.get("subject")]
        chosen = whole or [one for one in named if one["subject"].endswith(ending)]
        if not chosen:
            raise _Missing(f"{criterion} was not asked")
        if chosen[0]["state"] == "missing":
            raise _Missing(", ".join(chosen[0].get("missing", [])))
        found: Json = chosen[0]
        return found

    def seen(self, lesion: Json) -> list[Json]:
        """What the exams of this time point show of a lesion."""
        there = [one for one in lesion.get("observations", []) if one["exam_key"] in self.exam_keys]
        return [one for one in there if one["visibility"] == "seen"]

    def tumours(self, compartment: str) -> list[Json]:
        """Tumours of a compartment that are seen."""
        return [
            lesion
            for lesion in self.lesions
            if lesion["verdict"] == "tumour" and lesion.get("compartment") == compartment and self.seen(lesion)
        ]

    def long_axis_mm(self, lesion_id: str) -> float | None:
        """Long axis (mm) of a lesion on the first exam that measured it."""
        for lesion in self.lesions:
            if lesion["id"] == lesion_id:
                for one in self.seen(lesion):
                    value = one.get("measurements", {}).get("long_axis", {}).get("value")
                    if value is not None:
                        return float(value)
        return None


def _point(truth: Json, case: Json, exams: list[str], name: str) -> _Point | None:
    """The time point of the case with that name, or else with an exam of one of those studies."""
    studies = {exam["study_uid"] for exam in truth["exams"] if exam["name"] in exams}
    keys = {exam["key"] for exam in case.get("exams", []) if exam["study_uid"] in studies}
    points = case.get("time_points", [])
    chosen = [one for one in points if one["name"] == name and keys & set(one["exam_keys"])]
    chosen = chosen or [one for one in points if keys & set(one["exam_keys"])]
    for one in chosen:
        for assessed in case.get("assessments", []):
            if assessed["time_point"] == one["name"]:
                return _Point(assessed, case.get("lesions", []), one["exam_keys"])
    return None


def _marks(name: str, item: str, statement: Json, point: _Point | None) -> list[ExpectedMark]:
    rule: Json = _table()["items"][item]
    least = [match for flag in statement.get("flags", []) if (match := _SIZE_LIMIT.fullmatch(flag))]
    asked = {**rule, "least_mm": float(least[0][1]) if least else 0.0, "wanted": statement["value"]}
    marks = [
        _mark(
            name, item, statement["value"], statement["why"], point, lambda there: _READERS[rule["read"]](there, asked)
        )
    ]
    for system, value in statement.get("also", {}).items():
        reader = _also_reader(rule, system)
        marks.append(_mark(name, f"{item}, {system}", value, statement["why"], point, reader))
    remarks = [flag for flag in statement.get("flags", []) if not _SIZE_LIMIT.fullmatch(flag)]
    return marks + [
        _mark(name, f"{item}, remark", flag, statement["why"], point, _flag_reader(rule, flag)) for flag in remarks
    ]


def _mark(
    name: str, item: str, expected: Any, why: str, point: _Point | None, read: Callable[[_Point], Any]
) -> ExpectedMark:
    try:
        if point is None:
            raise _Missing("the case has no assessed time point with these exams")
        found = read(point)
    except _Missing as lack:
        return ExpectedMark(name, item, _printed(expected), "", "missing", str(lack))
    same = _agree(item, expected, found)
    return ExpectedMark(name, item, _printed(expected), _printed(found), "equal" if same else "differs", why)


def _agree(item: str, expected: Any, found: Any) -> bool:
    tolerance = _table()["tolerance"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return set(expected) == set(found) and all(_agree(item, expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return sorted(expected) == sorted(found)
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, float | int) and isinstance(found, float):
        within = tolerance["sizes"] if item == "recist_targets" else tolerance.get(item, tolerance["number"])
        return bool(abs(expected - found) <= within)
    return str(expected) == str(found)


def _printed(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_printed(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(_printed(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _worded(value: Any, rule: Json) -> Any:
    words: Json = rule.get("words", {})
    return words.get(value, value) if isinstance(value, str) else value


def _asked(point: _Point, rule: Json) -> Json | None:
    """The conclusion; None when it is missing and the statement expects just that."""
    try:
        return point.conclusion(rule["criterion"], rule.get("subject", ""))
    except _Missing:
        if "missing" in rule and rule["wanted"] == rule["missing"]:
            return None
        raise


def _value(point: _Point, rule: Json) -> Any:
    conclusion = _asked(point, rule)
    return rule["missing"] if conclusion is None else _worded(conclusion["value"], rule)


def _part(point: _Point, rule: Json) -> Any:
    conclusion = _asked(point, rule)
    if conclusion is None:
        return rule["missing"]
    value = conclusion.get("parts", {}).get(rule["part"], conclusion["value"] if "words" in rule else None)
    if value is None:
        raise _Missing(f"{rule['criterion']} does not state {rule['part']}")
    return _number(_worded(value, rule), rule["wanted"])


def _number(value: Any, wanted: Any) -> Any:
    """A printed number as a number where the statement holds one."""
    if isinstance(wanted, float | int) and not isinstance(wanted, bool) and isinstance(value, str):
        match = re.search(r"\((-?\d+(?:\.\d+)?)\)", value) or re.match(r"(-?\d+(?:\.\d+)?)", value)
        return float(match[1]) if match else value
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _vessels(point: _Point, rule: Json) -> dict[str, str]:
    """The word for each vessel that the statement names; of several lesions the one that is not 'none' counts."""
    found = {}
    for vessel in rule["wanted"]:
        words = []
        for one in point.assessed.get("conclusions", []):
            if one["name"] == rule["criterion"] and one.get("subject", "").split(" ")[-1] == vessel:
                value = one.get("parts", {}).get(rule["part"]) if "part" in rule else one.get("value")
                words += [value] if value is not None else []
        if not words:
            raise _Missing(f"nothing is said of {vessel}")
        found[vessel] = next((word for word in words if word != "none"), "none")
    return found


def _lesions(point: _Point, rule: Json) -> dict[str, int]:
    conclusion = point.conclusion(rule["criterion"])
    scores = []
    for one in conclusion.get("lesions", []):
        size = point.long_axis_mm(one["subject"])
        if one["state"] != "missing" and (size is None or size >= rule["least_mm"]):
            scores.append(int(one["value"]))
    if not scores:
        raise _Missing("no lesion has a result")
    wanted = rule["wanted"]
    if len(scores) == 1 and wanted["lowest"] <= scores[0] <= wanted["highest"]:
        # One lesion: the statement gives the bounds of its result.
        return dict(wanted)
    return {"lowest": min(scores), "highest": max(scores)}


def _targets(point: _Point, rule: Json) -> dict[str, float]:
    """Sizes (mm) of the target lesions, from the evidence of the follow-up or of the choice of targets."""
    try:
        conclusion = point.conclusion(rule["criterion"])
    except _Missing:
        conclusion = point.conclusion(rule["else_criterion"])
    ids = {lesion["id"] for lesion in point.lesions}
    found = {}
    for entry in conclusion.get("evidence", []):
        name, _, rest = entry["text"].partition(":")
        if name.strip() in ids and entry.get("value") is not None and "before" not in rest and "baseline" not in rest:
            found[name.strip()] = float(entry["value"])
    if not found:
        raise _Missing("no target lesion is named")
    return found


def _regions(point: _Point, rule: Json) -> str:
    regions = [str(lesion.get("place", {}).get("region", "")) for lesion in point.tumours("pancreas")]
    if not regions or not all(regions):
        raise _Missing("the place of a tumour of the pancreas is not known" if regions else "no tumour of the pancreas")
    named = list(dict.fromkeys(_worded(region, rule) for region in regions))
    return "multifocal" if len(named) > 1 else str(named[0])


def _uptake(point: _Point, rule: Json) -> str:
    looked = [
        one
        for lesion in point.lesions
        if lesion["verdict"] == "tumour"
        for one in lesion.get("observations", [])
        if one["exam_key"] in point.exam_keys and one["kind"] == rule["kind"]
    ]
    if not looked:
        raise _Missing(f"no tumour was looked for on {rule['kind']}")
    return "positive" if any(one["visibility"] == "seen" for one in looked) else "negative"


def _mimics(point: _Point, rule: Json) -> list[str]:
    named = [
        one.get("explained_by", "") for one in point.lesions if one["verdict"] == "physiologic" and point.seen(one)
    ]
    if not named:
        raise _Missing("no look-alike is named")
    return [str(_worded(one, rule)) for one in named]


def _texts(point: _Point, rule: Json) -> list[str]:
    value = str(point.conclusion(rule["criterion"])["value"])
    texts = [str(_worded(one.strip(), rule)) for one in value.split(",")]
    more: Json | None = rule.get("add_on")
    if more and any(
        one["name"] == more["criterion"] and one.get("value") == more["value"] for one in point.assessed["conclusions"]
    ):
        texts = [f"{text} {more['text']}" if text == more["to"] else text for text in texts]
    return list(dict.fromkeys(texts))


def _also_reader(rule: Json, system: str) -> Callable[[_Point], Any]:
    """How the result by another system is read: a part, the main result in other words, or a printed alternative."""
    how: Json = _table()["also"][system]

    def read(point: _Point) -> Any:
        conclusion = point.conclusion(rule["criterion"])
        if "part" in how:
            return conclusion.get("parts", {}).get(how["part"])
        if "words" in how:
            return how["words"].get(conclusion["value"], conclusion["value"])
        pattern = rule.get("pattern", "(.*)")
        for other in conclusion.get("alternatives", []):
            if other["system"] == how["system"] and (match := re.search(pattern, other["value"])):
                return match[1]
        return conclusion.get("parts", {}).get(rule.get("part", ""), conclusion["value"])

    return read


def _flag_reader(rule: Json, flag: str) -> Callable[[_Point], Any]:
    codes: list[str] = _table()["flags"][flag]

    def read(point: _Point) -> str:
        conclusion = point.conclusion(rule["criterion"])
        there = {one["code"] for part in (conclusion, *conclusion.get("lesions", [])) for one in part.get("flags", [])}
        if not there & set(codes):
            raise _Missing(f"{rule['criterion']} bears no such remark")
        return flag

    return read


_READERS: dict[str, Callable[[_Point, Json], Any]] = {
    "value": _value,
    "part": _part,
    "vessels": _vessels,
    "lesions": _lesions,
    "targets": _targets,
    "regions": _regions,
    "uptake": _uptake,
    "mimics": _mimics,
    "texts": _texts,
}
