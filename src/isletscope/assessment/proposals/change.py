"""Step 8, change since the earlier exam: growth of the primary, response of the disease."""

from __future__ import annotations

from datetime import date
from typing import Any

from isletscope.assessment.proposals.known import Known, Proposer, propose, unassessable
from isletscope.assessment.view import ANATOMICAL
from isletscope.model import Answer, Conclusion

_RESPONSES = {
    "recist": "recist",
    "choi": "choi",
    "mrecist": "mrecist",
    "percist": "percist",
    "eortc": "eortc",
    "sstr_change": "sstr",
    "growth_rate": "tgr",
}
_VALUES = ("CR", "PR", "SD", "PD", "NE")
NO_EARLIER = "the case holds no earlier exam to compare with"


def _growth(known: Known) -> Answer | None:
    """Growth of the largest primary between the two time points, with rate and doubling time where they were asked."""
    primary, earlier = known.primary, known.view.earlier
    if primary is None:
        return None
    if earlier is None:
        return unassessable(NO_EARLIER, "growth_rate")
    time = _of_primary(known, "doubling_time", primary.id)
    rate = _of_primary(known, "growth_rate", primary.id)
    value: dict[str, Any] = {}
    references = []
    if time is not None:
        value |= _numbers(time, {"growth_mm_per_year": "mm_per_year", "doubling_time_days": "doubling_days"})
        references += ["conclusion/doubling_time" + (f"/{time.subject}" if time.subject else ""), *time.rests_on]
    if rate is not None and (rate.subject or len(known.view.lesions) == 1):
        value |= _numbers(rate, {"rate_percent_per_month": "tgr_percent_month"})
        references += ["conclusion/growth_rate" + (f"/{rate.subject}" if rate.subject else ""), *rate.rests_on]
    if "mm_per_year" not in value:
        linear = _linear(known)
        if linear is None:
            return None
        value["mm_per_year"], more = linear
        references += more
    because = time.because if time is not None else f"{primary.id} on two dates"
    return propose(value, "growth_rate" if rate is not None else "doubling_time", because, references)


def _of_primary(known: Known, criterion: str, name: str) -> Conclusion | None:
    return known.conclusion(criterion, name) or known.conclusion(criterion)


def _numbers(found: Conclusion, names: dict[str, str]) -> dict[str, float]:
    return {part: float(found.parts[name]) for name, part in names.items() if name in found.parts}


def _linear(known: Known) -> tuple[float, list[str]] | None:
    """Change of the long axis in mm per year, on the same kind of images."""
    primary, earlier = known.primary, known.view.earlier
    if primary is None or earlier is None:
        return None
    for kind in ANATOMICAL:
        for name in ("largest_diameter", "long_axis"):
            before, after = earlier.find(primary, name, (kind,)), known.view.find(primary, name, (kind,))
            if before is None or after is None:
                continue
            days = (date.fromisoformat(known.view.point.date) - date.fromisoformat(earlier.point.date)).days
            if days > 0:
                rate = (after.value - before.value) / days * 365.25
                return round(rate, 1), [before.reference, after.reference]
    return None


def _response(known: Known) -> Answer | None:
    """RECIST when it gives a response, else the first other criterion that does, with those that say the same."""
    if known.view.earlier is None:
        return unassessable(NO_EARLIER, "recist")
    found = {name: one for name in _RESPONSES if (one := known.conclusion(name)) is not None}
    leading = [one for one in found.values() if one.value in _VALUES]
    asked = known.gathered.get("recist")
    if not leading:
        if asked is None:
            return None
        return unassessable(f"RECIST 1.1 lacks: {', '.join(asked.missing)}", "recist", ["conclusion/recist"])
    first = leading[0]
    value = "mixed" if "MIXED_RESPONSE" in first.flag_codes() and first.value in ("SD", "NE") else first.value
    agreeing = [_RESPONSES[name] for name, one in found.items() if one is first or one.value == first.value]
    references = [f"conclusion/{name}" for name in found]
    because = f"{first.title}: {first.because}"
    return propose({"value": value, "criteria": list(agreeing)}, first.name, because, references)


PROPOSERS: dict[str, Proposer] = {"PRI.growth": _growth, "SUM.response": _response}
