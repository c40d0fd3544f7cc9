"""Foci of all looks and time points to lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isletscope.lesions.matching.costs import ALONE, Pair
from isletscope.lesions.matching.course import Chronicle, CourseStep, covering
from isletscope.lesions.matching.moment import MomentGroup, PairPrices, lesions_of_moment
from isletscope.lesions.matching.parts import with_parts
from isletscope.lesions.matching.placed import PlacedFocus, Sight
from isletscope.lesions.matching.rules import Rules, matching_rules
from isletscope.lesions.matching.tracks import LesionTrack, follow, price_between
from isletscope.model import Verdict


@dataclass(frozen=True)
class Link:
    """Why a focus belongs to its lesion. ``runner_up``: the lesion that fits nearly as well.

    ``covered``: other lesions in its outline; ``pieces``: other foci of its look that are the same mass.
    """

    focus: PlacedFocus
    partner: PlacedFocus | None
    pair: Pair
    runner_up: LesionTrack | None = None
    covered: tuple[LesionTrack, ...] = ()
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatchedLesion:
    """One lesion: its track, the link of every focus, its course, and outlines of other lesions that cover it."""

    track: LesionTrack
    links: tuple[Link, ...]
    steps: tuple[CourseStep, ...]

    @property
    def run_together(self) -> tuple[PlacedFocus, ...]:
        """Outlines of uptake that has run together over many lesions, this one among them."""
        return tuple(cover for group in self.track.seen.values() for cover in group.run_together)


@dataclass(frozen=True)
class Doubt:
    """A focus that is no lesion of its own, and why; ``track``: the lesion that the reason speaks of."""

    focus: PlacedFocus
    because: str
    track: LesionTrack | None = None


@dataclass(frozen=True)
class Matching:
    """All lesions in order of first sight, and foci that stand alone."""

    lesions: tuple[MatchedLesion, ...]
    doubts: tuple[Doubt, ...] = ()


def match_foci(
    foci: Sequence[PlacedFocus],
    sights: Sequence[Sight] = (),
    moments: Sequence[int] | None = None,
    rules: Rules | None = None,
) -> Matching:
    """Lesions from the foci of all looks of all time points; the order of foci and looks does not matter.

    ``sights``: what each look covers; without them no lesion is said to be new or to have vanished. ``moments``: the
    numbers of all time points in order (default: those of foci and sights). Foci held physiologic form no lesion.
    """
    prices = PairPrices(rules or matching_rules())
    kept = [focus for focus in foci if focus.verdict is not Verdict.PHYSIOLOGIC]
    numbers = sorted({focus.moment for focus in kept} | {sight.moment for sight in sights} | set(moments or ()))
    groups = {
        moment: with_parts(lesions_of_moment([focus for focus in kept if focus.moment == moment], prices), prices.rules)
        for moment in numbers
    }
    tracks = follow(groups, prices)
    explained = [focus for focus in foci if focus.verdict is Verdict.PHYSIOLOGIC]
    doubted = {track: reason for track in tracks if (reason := _doubt(track, explained, sights, prices))}
    tracks = sorted((track for track in tracks if track not in doubted), key=lambda one: _place(one, prices.rules))
    chronicle = Chronicle(tracks, numbers, sights, explained, prices)
    lesions = tuple(
        MatchedLesion(
            track,
            tuple(_links(track, tracks, prices)),
            chronicle.steps(track),
        )
        for track in tracks
    )
    doubts = [Doubt(focus, reason) for track, reason in doubted.items() for focus in track.foci()]
    doubts += _conflicts(foci, tracks, prices)
    return Matching(lesions, tuple(sorted(doubts, key=lambda doubt: doubt.focus.focus_id)))


def leading_focus(track: LesionTrack, rules: Rules) -> PlacedFocus:
    """The focus that names a lesion: of its first time point, on the most reliable look, the largest."""
    return min(
        track.seen[track.first].foci,
        key=lambda one: (rules.looks.rank(one.kind), one.look, -one.volume_ml, one.focus_id),
    )


def _place(track: LesionTrack, rules: Rules) -> tuple[int, int, str, int, str]:
    """Order of lesions: time of first sight, reliability of the look, its place in the look's own list."""
    lead = leading_focus(track, rules)
    series, _, number = lead.focus_id.rpartition("/")
    return track.first, rules.looks.rank(lead.kind), series, int(number) if number.isdigit() else 0, number


def _doubt(track: LesionTrack, explained: Sequence[PlacedFocus], sights: Sequence[Sight], prices: PairPrices) -> str:
    """Why an unsure candidate of a single CT or MR is not kept as a lesion; empty when it is."""
    foci, rules = track.foci(), prices.rules
    looks = {focus.look for focus in foci}
    if len(looks) > 1 or track.split_from is not None or track.parts or track.merged:
        return ""
    wanted = set(rules.looks.should_have_shown.get(foci[0].kind, []))
    benign = [
        one for one in explained if one.moment == track.first and any(prices.same_place(one, focus) for focus in foci)
    ]
    if wanted and benign:
        return f"seen on {foci[0].look} and unsure; {benign[0].look} holds it for physiologic or benign"
    strong = rules.number("strong_evidence.series_count")
    covers = track.seen[track.first].run_together
    if any(one.verdict is Verdict.TUMOUR for one in (*foci, *covers)) or any(
        one.series_count >= strong for one in foci
    ):
        return ""
    silent = covering(track.seen[track.first], track.first, sights, wanted, rules.looks) if wanted else []
    if not silent:
        return ""
    names = ", ".join(sorted(sight.look for sight in silent))
    return f"seen on {foci[0].look} alone and unsure; {names} covers its place and should have shown a tumour"


def _conflicts(foci: Sequence[PlacedFocus], tracks: Sequence[LesionTrack], prices: PairPrices) -> list[Doubt]:
    """Foci held physiologic at the place of a focus that another look of the same time point calls tumour."""
    found = (_conflict(focus, tracks, prices) for focus in foci if focus.verdict is Verdict.PHYSIOLOGIC)
    return [conflict for conflict in found if conflict is not None]


def _conflict(focus: PlacedFocus, tracks: Sequence[LesionTrack], prices: PairPrices) -> Doubt | None:
    for track in tracks:
        group = track.seen.get(focus.moment, MomentGroup([]))
        against = [one for one in group.foci if one.look != focus.look and one.verdict is Verdict.TUMOUR]
        held = [one for one in against if prices.same_place(focus, one)]
        if held:
            because = f"held physiologic, at the place of {{lesion}}, which {held[0].look} calls tumour"
            return Doubt(focus, f"{because}: a reader must decide", track)
    return None


def _links(track: LesionTrack, tracks: Sequence[LesionTrack], prices: PairPrices) -> list[Link]:
    links = []
    for moment in sorted(track.seen):
        group = track.seen[moment]
        before = track.last_before(moment) if moment > track.first else None
        for focus in sorted(group.foci, key=lambda one: (prices.rules.looks.rank(one.kind), one.focus_id)):
            beside = [one for one in group.foci if one.look != focus.look]
            partners = beside or (before.views() if before else [])
            covered = _covered_with(focus, track, tracks, moment)
            pieces = tuple(sorted(one.focus_id for one in group.foci if one.look == focus.look and one is not focus))
            if not partners:
                links.append(Link(focus, None, Pair(0.0, 1.0, 0.0), None, covered, pieces))
                continue
            near = min(partners, key=lambda one: (prices.pair(focus, one).cost, one.focus_id))
            paid = prices.pair(focus, near)
            runner_up = _runner_up(focus, bool(beside), paid.cost, track, tracks, moment, prices)
            links.append(Link(focus, near, paid, runner_up, covered, pieces))
    return links


def _covered_with(
    focus: PlacedFocus, track: LesionTrack, tracks: Sequence[LesionTrack], moment: int
) -> tuple[LesionTrack, ...]:
    """Other lesions that lie in this outline too."""
    return tuple(
        other
        for other in tracks
        if other is not track
        and moment in other.seen
        and any(cover.focus_id == focus.focus_id for cover in other.seen[moment].covered_by)
    )


def _runner_up(
    focus: PlacedFocus,
    beside: bool,
    paid: float,
    track: LesionTrack,
    tracks: Sequence[LesionTrack],
    moment: int,
    prices: PairPrices,
) -> LesionTrack | None:
    """The other lesion to which the focus would have come at nearly the same price."""
    within = prices.rules.number("cost.ambiguous_within")
    best: tuple[float, LesionTrack] | None = None
    for other in tracks:
        if other is track:
            continue
        if beside:
            against = [one for one in other.seen.get(moment, MomentGroup([])).foci if one.look != focus.look]
            cost = float(np.mean([prices.pair(focus, one).cost for one in against])) if against else np.inf
        elif other.first < moment:
            cost = price_between(other.last_before(moment), MomentGroup([focus]), prices) + ALONE
        else:
            continue
        if cost < ALONE and cost < paid + within and (best is None or cost < best[0]):
            best = (cost, other)
    return best[1] if best else None
