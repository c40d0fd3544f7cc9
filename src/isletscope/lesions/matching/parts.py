"""Pieces of one mass at one time point, and lesions of their own that the outline of another covers.

What one look shows apart is one mass where another look shows one outline without a waist over both, and where the look
that shows them apart is too coarse to be right, or shows them grown together: with a neck and no plane between them
(RECIST 1.1 measures lesions that touch one by one only as long as a plane can be kept between them).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from isletscope.lesions.matching.costs import is_one_body
from isletscope.lesions.matching.moment import MomentGroup
from isletscope.lesions.matching.placed import PlacedFocus
from isletscope.lesions.matching.rules import Rules


def with_parts(groups: Sequence[MomentGroup], rules: Rules) -> list[MomentGroup]:
    """Lesions of one time point with their parts; ``covered_by`` of what stays apart. The order does not matter.

    A piece joins the mass with which it shares the widest neck; pieces that hang on other pieces follow. An outline
    over many foci of a finer look is uptake that has run together: it makes none of them a part of another.
    """
    kept = sorted(groups, key=_place)
    confluent = _confluent([focus for group in groups for focus in group.foci], rules)
    while (found := _next_part(kept, rules, confluent)) is not None:
        part, whole = found
        whole.foci += part.foci
        kept = sorted((group for group in kept if group is not part), key=_place)
    for group in kept:
        covers = (_cover_beside(group, host, rules) for host in kept)
        group.covered_by += [cover for cover in covers if cover is not None]
        group.run_together += [cover for cover in group.covered_by if cover.focus_id in confluent]
    return kept


def _confluent(foci: Sequence[PlacedFocus], rules: Rules) -> frozenset[str]:
    """The outlines that hold more foci of one finer look than one tumour shows as pieces; by ``focus_id``."""
    resolution, least = rules.looks.resolution_mm, rules.number("parts.share_covered")
    most = rules.number("parts.most_pieces")
    found = set()
    for host in foci:
        finer = (one for one in foci if resolution[one.kind] < resolution[host.kind] and one.volume_ml < host.volume_ml)
        held = Counter(one.look for one in finer if one.share_inside(host) >= least)
        if max(held.values(), default=0) > most:
            found.add(host.focus_id)
    return frozenset(found)


def _place(group: MomentGroup) -> tuple[float, str]:
    """The smallest lesion first."""
    return sum(focus.volume_ml for focus in group.foci), min(focus.focus_id for focus in group.foci)


def _next_part(
    groups: Sequence[MomentGroup], rules: Rules, confluent: frozenset[str]
) -> tuple[MomentGroup, MomentGroup] | None:
    """The smallest lesion that is a part of another one, and that one."""
    for group in groups:
        hosts = [
            (neck_of(group, host, rules), n) for n, host in enumerate(groups) if _is_part(group, host, rules, confluent)
        ]
        if hosts:
            return group, groups[max(hosts)[1]]
    return None


def _is_part(group: MomentGroup, host: MomentGroup, rules: Rules, confluent: frozenset[str]) -> bool:
    """Whether a lesion is a piece of another one."""
    cover = _cover_beside(group, host, rules)
    if cover is None or cover.focus_id in confluent or not is_one_body(cover, rules):
        return False
    resolution = rules.looks.resolution_mm
    finer = all(resolution[cover.kind] < resolution[focus.kind] for focus in group.foci)
    return finer or neck_of(group, host, rules) >= rules.number("parts.neck")


def _cover_beside(group: MomentGroup, host: MomentGroup, rules: Rules) -> PlacedFocus | None:
    """The outline of another lesion over this one, where one look shows both side by side."""
    return cover_of(group, host, rules) if host is not group and group.looks & host.looks else None


def cover_of(group: MomentGroup, host: MomentGroup, rules: Rules) -> PlacedFocus | None:
    """The host's outline, of a look that does not show the group alone, in which every focus of the group lies."""
    least = rules.number("parts.share_covered")
    covers = [
        view
        for view in host.foci
        if view.look not in group.looks
        and all(focus.volume_ml < view.volume_ml and focus.share_inside(view) >= least for focus in group.foci)
    ]
    return min(covers, key=lambda view: (rules.looks.resolution_mm[view.kind], view.focus_id), default=None)


def neck_of(group: MomentGroup, host: MomentGroup, rules: Rules) -> float:
    """The widest neck between two lesions on the finest look that shows both and can tell; 0 where none does."""
    both = [focus for focus in group.foci if focus.look in host.looks and focus.kind in rules.looks.tells_necks]
    if not both:
        return 0.0
    finest = min(both, key=lambda focus: (rules.looks.resolution_mm[focus.kind], focus.look)).look
    return max(_neck(one, other) for one in both if one.look == finest for other in host.foci)


def _neck(one: PlacedFocus, other: PlacedFocus) -> float:
    return one.neck(other) if one.look == other.look else 0.0
