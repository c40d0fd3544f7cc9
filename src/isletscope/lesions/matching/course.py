"""What became of a lesion from time point to time point; silence counts only where a look could have spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.lesions.matching.moment import MomentGroup, PairPrices
from isletscope.lesions.matching.placed import PlacedFocus, Sight, together
from isletscope.lesions.matching.rules import Looks
from isletscope.lesions.matching.tracks import LesionTrack
from isletscope.model import Fate


@dataclass(frozen=True)
class CourseStep:
    """One lesion at one time point. ``{others}`` in ``because`` stands for the names of ``others``."""

    moment: int
    fate: Fate
    because: str = ""
    focus_ids: tuple[str, ...] = ()
    others: tuple[LesionTrack, ...] = ()


@dataclass(frozen=True)
class Chronicle:
    """Tells the course of lesions. ``explained``: foci held physiologic or benign, which form no lesion."""

    tracks: Sequence[LesionTrack]
    moments: Sequence[int]
    sights: Sequence[Sight]
    explained: Sequence[PlacedFocus]
    prices: PairPrices

    def steps(self, track: LesionTrack) -> tuple[CourseStep, ...]:
        """The course of a lesion from the time point at which it was first seen."""
        return tuple(self._step(track, moment) for moment in self.moments if moment >= track.first)

    def _step(self, track: LesionTrack, moment: int) -> CourseStep:
        if moment == track.first:
            return self._begins(track)
        if moment in track.seen:
            return self._goes_on(track, moment)
        if moment in track.merged:
            return CourseStep(moment, Fate.MERGED, "no longer seen apart from {others}", (), (track.merged[moment],))
        return self._silent(track, moment)

    def _begins(self, track: LesionTrack) -> CourseStep:
        group, moment = track.seen[track.first], track.first
        focus_ids = _ids(group)
        if track.split_from is not None:
            return CourseStep(moment, Fate.SPLIT, "split off from {others}", focus_ids, (track.split_from,))
        before = sorted({sight.moment for sight in self.sights if sight.moment < moment})
        if not before:
            return CourseStep(moment, Fate.FIRST, "", focus_ids)
        known = [focus for number in before for focus in self._explained_at(group, number)]
        if known:
            because = f"{known[-1].look} showed a focus at its place before, held physiologic"
            return CourseStep(moment, Fate.PERSISTENT, because, focus_ids)
        kinds = {focus.kind for focus in group.foci}
        looks = self.prices.rules.looks
        silent = [sight for number in before for sight in covering(group, number, self.sights, kinds, looks)]
        if silent:
            return CourseStep(moment, Fate.NEW, f"not found before on {_covering(silent)}", focus_ids)
        if group.foci[0].frame:
            because = "these images could not be aligned with the others: whether it was there before is not known"
        else:
            because = f"no earlier {_kinds(kinds, looks)} covers its place: whether it is new is not known"
        return CourseStep(moment, Fate.FIRST, because, focus_ids)

    def _goes_on(self, track: LesionTrack, moment: int) -> CourseStep:
        focus_ids = _ids(track.seen[moment])
        if moment in track.parts:
            parts = tuple(track.parts[moment])
            return CourseStep(moment, Fate.SPLIT, "split; the other part is {others}", focus_ids, parts)
        joined = tuple(other for other in self.tracks if other.merged.get(moment) is track)
        if joined:
            return CourseStep(moment, Fate.PERSISTENT, "{others} merged into it", focus_ids, joined)
        known = max(number for number in (*track.seen, *track.merged) if number < moment)
        because = "" if known == moment - 1 else "seen again after a time point without it"
        return CourseStep(moment, Fate.PERSISTENT, because, focus_ids)

    def _silent(self, track: LesionTrack, moment: int) -> CourseStep:
        group, looks = track.last_before(moment), self.prices.rules.looks
        held = self._explained_at(group, moment)
        if held:
            because = f"{held[0].look} shows a focus at its place and holds it for physiologic: a reader must decide"
            return CourseStep(moment, Fate.PERSISTENT, because)
        shown = {focus.kind for focus in track.foci() if focus.moment < moment}
        instead = {other for kind in shown for other in looks.stands_in_for.get(kind, [])}
        found = covering(group, moment, self.sights, shown | instead, looks)
        if found:
            return CourseStep(moment, Fate.VANISHED, f"not found on {_covering(found)}")
        others = {sight.kind for sight in covering(group, moment, self.sights, None, looks)}
        frames = {sight.frame for sight in self.sights if sight.moment == moment}
        if others:
            because = f"its place was covered only by {_kinds(others, looks)}, which had not shown it"
        elif frames - {group.foci[0].frame}:
            because = "images of this time point could not be aligned with those that show it"
        else:
            because = "no image of this time point that was searched for lesions covers its place"
        return CourseStep(moment, Fate.NOT_IMAGED, because)

    def _explained_at(self, group: MomentGroup, moment: int) -> list[PlacedFocus]:
        """Foci of a time point that are held physiologic and lie at a lesion's place, on a kind that shows it."""
        return [
            focus
            for focus in self.explained
            if focus.moment == moment
            and any(view.kind == focus.kind and self.prices.same_place(focus, view) for view in group.views())
        ]


def covering(
    group: MomentGroup, moment: int, sights: Sequence[Sight], kinds: set[str] | None, looks: Looks
) -> list[Sight]:
    """Looks of a time point that cover a lesion's place and were searched there; ``kinds`` None: of all kinds."""
    frame, centre = group.foci[0].frame, together(group.foci).centre_mm
    site = min(group.foci, key=lambda focus: (looks.rank(focus.kind), focus.focus_id)).site_code
    return [
        sight
        for sight in sights
        if (sight.moment, sight.frame) == (moment, frame)
        and (kinds is None or sight.kind in kinds)
        and (sight.sites is None or site in sight.sites)
        and sight.covers(centre)
    ]


def _ids(group: MomentGroup) -> tuple[str, ...]:
    return tuple(sorted(focus.focus_id for focus in group.foci))


def _covering(sights: Sequence[Sight]) -> str:
    names = sorted({sight.look for sight in sights})
    return f"{', '.join(names)}, which {'covers' if len(names) == 1 else 'cover'} its place"


def _kinds(kinds: set[str], looks: Looks) -> str:
    return " and ".join(sorted(looks.names[kind] for kind in kinds))
