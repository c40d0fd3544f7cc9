"""Lesions of a case from the foci of all its readings: placed in the reference frame, matched, named for life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isletscope.lesions import tracking_uid_of
from isletscope.lesions.matching import (
    KnownLesion,
    MatchedLesion,
    Matching,
    Track,
    leading_focus,
    match_foci,
    next_names,
    recognised,
    shipped_rules,
    site_focus,
    verdict_of,
)
from isletscope.lesions.naming import LETTERS
from isletscope.model import Case, Compartment, Course, Focus, FocusLink, Lesion, UnmatchedFocus
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.placing import all_readings, place_foci
from isletscope.spatial import Transform

_OTHER_LETTER = "X"
_COMPARTMENTS = {one.value: one for one in Compartment}


def match_lesions(
    folder: CaseFolder, case: Case, transforms: Mapping[str, Transform], earlier: Case | None = None
) -> None:
    """Set the lesions of a case, their links and course, and the foci that stand alone.

    ``transforms``: of every series whose alignment is usable; series without one are matched only with series of the
    same DICOM frame of reference. ``earlier``: the reading that the folder held before; its lesions are recognised by
    the series and place of maximum of their foci and keep name and tracking UID, whatever exams were added. Needs
    ``time_points``, ``readings``, ``image_readings`` and ``alignments``; verdicts by rule, before a reader's
    overrides. Raises GeometryError when a label map does not fit the grid of its series.
    """
    foci = {focus.id: focus for reading in all_readings(case) for focus in reading.foci}
    placed, sights = place_foci(folder, case, transforms)
    matching = match_foci(placed, sights, range(len(case.time_points)))
    names = _named(case, matching, foci, earlier)
    case.lesions = [_lesion(case, lesion, names, foci) for lesion in matching.lesions]
    case.unmatched = [
        UnmatchedFocus(
            focus_id=doubt.focus.focus_id,
            because=doubt.because.format(lesion=names[doubt.track].name if doubt.track else ""),
        )
        for doubt in matching.doubts
    ]


@dataclass(frozen=True)
class _Name:
    name: str
    tracking_uid: str


def _named(case: Case, matching: Matching, foci: Mapping[str, Focus], earlier: Case | None) -> dict[Track, _Name]:
    """Name and tracking UID of every lesion."""
    tracks = [lesion.track for lesion in matching.lesions]
    leading = [foci[leading_focus(track, shipped_rules()).focus_id] for track in tracks]
    ours = [
        [_identity(case, lead), *(_identity(case, foci[one.focus_id]) for one in track.foci())]
        for lead, track in zip(leading, tracks, strict=True)
    ]
    known = _known(earlier) if earlier else []
    found = recognised(ours, known)
    letters = {
        number: LETTERS.get(_site_focus(track, foci).site_code, _OTHER_LETTER)
        for number, track in enumerate(tracks)
        if number not in found
    }
    taken = [lesion.name for lesion in known] + (earlier.retired_names if earlier else [])
    fresh = next_names(letters, taken)
    return {
        track: _Name(found[number].name, found[number].tracking_uid)
        if number in found
        else _Name(fresh[number], tracking_uid_of(leading[number]))
        for number, track in enumerate(tracks)
    }


def _identity(case: Case, focus: Focus) -> tuple[str, str, str]:
    """The same for a focus in every reading of the same images, whatever keys the series have."""
    series = case.series(focus.series_key)
    return series.series_uid, series.part or "", ",".join(f"{value:.1f}" for value in focus.maximum_lps_mm)


def _known(earlier: Case) -> list[KnownLesion]:
    """Lesions of the earlier reading, and those that a reader's override took off the list."""
    foci = {focus.id: focus for reading in all_readings(earlier) for focus in reading.foci}
    by_uid = {tracking_uid_of(focus): _identity(earlier, focus) for focus in foci.values()}
    known = [
        KnownLesion(
            lesion.id,
            lesion.tracking_uid,
            frozenset(_identity(earlier, foci[one]) for one in lesion.focus_ids if one in foci),
            by_uid.get(lesion.tracking_uid),
        )
        for lesion in earlier.lesions
    ]
    present = {lesion.tracking_uid for lesion in earlier.lesions}
    for item in earlier.overrides:
        if item.tracking_uid and item.tracking_uid not in present and item.tracking_uid in by_uid:
            identity = by_uid[item.tracking_uid]
            known.append(KnownLesion(item.lesion, item.tracking_uid, frozenset({identity}), identity))
    return known


def _site_focus(track: Track, foci: Mapping[str, Focus]) -> Focus:
    return foci[site_focus(track.foci(), shipped_rules().looks).focus_id]


def _lesion(case: Case, matched: MatchedLesion, names: Mapping[Track, _Name], foci: Mapping[str, Focus]) -> Lesion:
    track, own = matched.track, names[matched.track]
    site = _site_focus(track, foci)
    merged = track.merged.get(max(track.merged)) if track.merged and max(track.merged) > max(track.seen) else None
    ordered = [site.id, *(link.focus.focus_id for link in matched.links if link.focus.focus_id != site.id)]
    return Lesion(
        id=own.name,
        tracking_uid=own.tracking_uid,
        site=site.site,
        compartment=_COMPARTMENTS.get(site.site_code, Compartment.OTHER),
        verdict=verdict_of([foci[one].verdict for one in ordered]),
        focus_ids=ordered,
        links=_links(matched, names, foci, site),
        course=[
            Course(
                time_point=case.time_points[step.moment].name,
                fate=step.fate,
                because=step.because.format(
                    others=_listed([names[other].name for other in step.others if other in names])
                ),
                focus_ids=list(step.focus_ids),
            )
            for step in matched.steps
        ],
        split_from=_name(track.split_from, names),
        merged_into=_name(merged, names),
    )


def _name(track: Track | None, names: Mapping[Track, _Name]) -> str:
    return names[track].name if track is not None and track in names else ""


def _links(
    matched: MatchedLesion, names: Mapping[Track, _Name], foci: Mapping[str, Focus], site: Focus
) -> list[FocusLink]:
    """Why each focus belongs to the lesion, with what a reader should look at again."""
    links = []
    for link in matched.links:
        said = []
        if link.partner is None:
            said.append(_alone(link.focus.frame, len(matched.links)))
        else:
            said.append(f"nearest {link.partner.focus_id} ({link.partner.look})")
        if link.runner_up is not None:
            said.append(f"ambiguous: {names[link.runner_up].name} fits nearly as well")
        if link.covered:
            said.append(f"its outline covers {_listed([names[other].name for other in link.covered])} too")
        own = foci[link.focus.focus_id]
        if own.site_code != site.site_code:
            said.append(f"placed in {own.site} here, in {site.site} on the look that tells its site")
        links.append(
            FocusLink(
                focus_id=link.focus.focus_id,
                distance_mm=round(link.pair.distance_mm, 2),
                overlap=min(1.0, round(link.pair.overlap, 3)),
                cost=round(link.pair.cost, 3),
                because="; ".join(said),
            )
        )
    return links


def _alone(frame: str, count: int) -> str:
    said = "the only focus of it" if count == 1 else "first seen here"
    return f"{said}; its images could not be aligned with the others" if frame else said


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}"
