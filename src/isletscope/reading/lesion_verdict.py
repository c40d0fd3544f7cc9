"""The verdict of a lesion by rule, from all looks that show it together, and what it rests on beside its own foci."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isletscope.lesions import MatchedLesion, PlacedFocus, rule_book, verdict_of
from isletscope.model import Compartment, Focus, Verdict
from isletscope.reading.open_items import listed
from isletscope.reading.overrides import by_rule

_ORGANS = (Compartment.PANCREAS.value, Compartment.LIVER.value)
_SHOWS_ANATOMY = ("ct", "mri")


def lesion_verdict(matched: MatchedLesion, foci: Mapping[str, Focus]) -> Verdict:
    """Tumour where a look says so, where its uptake has run together with a tumour's, or where looks settle a doubt."""
    together = [by_rule(foci[cover.focus_id]) for cover in matched.run_together]
    settled = [Verdict.TUMOUR for _ in _settled(matched.track.foci(), foci)]
    return verdict_of([*(by_rule(foci[one.focus_id]) for one in matched.track.foci()), *together, *settled])


def rests_on(focus: PlacedFocus, matched: MatchedLesion, foci: Mapping[str, Focus]) -> list[str]:
    """What makes this focus tumour beside its own look, for people; nothing for most."""
    said = []
    if matched.run_together:
        said.append(f"lies in uptake that has run together ({listed([one.focus_id for one in matched.run_together])})")
    for uptake, correlate in _settled(matched.track.foci(), foci):
        if uptake is focus:
            organ = foci[correlate.focus_id].site_code
            said.append(f"what it may be is settled by {correlate.focus_id}: a candidate of the {organ} at its place")
    return said


def _settled(placed: Sequence[PlacedFocus], foci: Mapping[str, Focus]) -> list[tuple[PlacedFocus, PlacedFocus]]:
    """Uptake of which a rule doubts only whether a correlate exists, each with the correlate on CT or MR."""
    rules = {rule.id for rule in (*rule_book().sstr, *rule_book().fdg) if rule.settled_by_correlate}
    doubted = [one for one in placed if foci[one.focus_id].assessment.rule in rules]
    shown = [one for one in placed if one.kind in _SHOWS_ANATOMY and foci[one.focus_id].site_code in _ORGANS]
    return [
        (uptake, next(one for one in shown if one.moment == uptake.moment))
        for uptake in doubted
        if any(one.moment == uptake.moment for one in shown)
    ]
