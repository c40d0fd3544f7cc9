"""Lesions of a case from the foci of all its readings: placed in the reference frame, matched, named for life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from isletscope.lesions import (
    LETTERS,
    Chronicle,
    CourseStep,
    KnownLesion,
    LesionTrack,
    MatchedLesion,
    Matching,
    MomentGroup,
    PairPrices,
    PlacedFocus,
    leading_focus,
    match_foci,
    matching_rules,
    next_names,
    recognised,
    site_focus,
    tracking_uid_of,
)
from isletscope.model import Case, Compartment, Course, Fate, Focus, FocusLink, Lesion, UnmatchedFocus, Verdict
from isletscope.reading.case_folder import CaseFolder
from isletscope.reading.lesion_verdict import lesion_verdict, rests_on
from isletscope.reading.open_items import listed
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
    ``time_points``, ``readings``, ``image_readings`` and ``alignments``. Verdicts are those by rule;
    :func:`override_lesions` puts a reader's on top. Raises GeometryError when a label map does not fit the grid of its
    series.
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


def renew_courses(folder: CaseFolder, case: Case, transforms: Mapping[str, Transform]) -> None:
    """Tell the course of every lesion again, after foci were added to the readings and to ``focus_ids`` of lesions.

    Which foci are one lesion stays as it is, and so do mergers and splits where the lesion is still not seen alone.
    Raises GeometryError as :func:`match_lesions`.
    """
    placed, sights = place_foci(folder, case, transforms)
    by_id = {focus.focus_id: focus for focus in placed}
    tracks = _tracks_again(case, by_id)
    explained = [focus for focus in placed if focus.verdict is Verdict.PHYSIOLOGIC]
    names = {track: lesion.id for lesion, track in zip(case.lesions, tracks, strict=True)}
    chronicle = Chronicle(tracks, range(len(case.time_points)), sights, explained, PairPrices(matching_rules()))
    for lesion, track in zip(case.lesions, tracks, strict=True):
        lesion.course = _course(case, chronicle.steps(track), names)
        if lesion.course and lesion.course[-1].fate is not Fate.MERGED:
            lesion.merged_into = ""


def _tracks_again(case: Case, placed: Mapping[str, PlacedFocus]) -> list[LesionTrack]:
    """Tracks of the lesions as the case holds them, in their order."""
    moments = {point.name: number for number, point in enumerate(case.time_points)}
    tracks = {}
    for lesion in case.lesions:
        seen: dict[int, MomentGroup] = {}
        for focus in (placed[focus_id] for focus_id in lesion.focus_ids):
            seen.setdefault(focus.moment, MomentGroup([])).foci.append(focus)
        tracks[lesion.id] = LesionTrack(seen)
    for lesion in case.lesions:
        track, host = tracks[lesion.id], tracks.get(lesion.merged_into)
        gone = [moments[step.time_point] for step in lesion.course if step.fate is Fate.MERGED]
        track.merged = {moment: host for moment in gone if host is not None and moment not in track.seen}
        whole = tracks.get(lesion.split_from)
        if whole is not None and whole.first < track.first and track.first in whole.seen:
            track.split_from = whole
            whole.parts.setdefault(track.first, []).append(track)
    return list(tracks.values())


@dataclass(frozen=True)
class _Name:
    name: str
    tracking_uid: str


def _named(case: Case, matching: Matching, foci: Mapping[str, Focus], earlier: Case | None) -> dict[LesionTrack, _Name]:
    """Name and tracking UID of every lesion."""
    tracks = [lesion.track for lesion in matching.lesions]
    leading = [foci[leading_focus(track, matching_rules()).focus_id] for track in tracks]
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


def _site_focus(track: LesionTrack, foci: Mapping[str, Focus]) -> Focus:
    return foci[site_focus(track.foci(), matching_rules().looks).focus_id]


def _lesion(
    case: Case, matched: MatchedLesion, names: Mapping[LesionTrack, _Name], foci: Mapping[str, Focus]
) -> Lesion:
    track, own = matched.track, names[matched.track]
    site = _site_focus(track, foci)
    merged = track.merged.get(max(track.merged)) if track.merged and max(track.merged) > max(track.seen) else None
    ordered = [site.id, *(link.focus.focus_id for link in matched.links if link.focus.focus_id != site.id)]
    return Lesion(
        id=own.name,
        tracking_uid=own.tracking_uid,
        site=site.site,
        compartment=_COMPARTMENTS.get(site.site_code, Compartment.OTHER),
        verdict=lesion_verdict(matched, foci),
        focus_ids=ordered,
        links=_links(matched, names, foci, site),
        course=_course(case, matched.steps, {one: name.name for one, name in names.items()}),
        split_from=_name(track.split_from, names),
        merged_into=_name(merged, names),
    )


def _course(case: Case, steps: Iterable[CourseStep], names: Mapping[LesionTrack, str]) -> list[Course]:
    return [
        Course(
            time_point=case.time_points[step.moment].name,
            fate=step.fate,
            because=step.because.format(others=listed([names[other] for other in step.others if other in names])),
            focus_ids=list(step.focus_ids),
        )
        for step in steps
    ]


def _name(track: LesionTrack | None, names: Mapping[LesionTrack, _Name]) -> str:
    return names[track].name if track is not None and track in names else ""


def _links(
    matched: MatchedLesion, names: Mapping[LesionTrack, _Name], foci: Mapping[str, Focus], site: Focus
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
            said.append(f"its outline covers {listed([names[other].name for other in link.covered])} too")
        said += rests_on(link.focus, matched, foci)
        if link.pieces:
            said.append(f"one mass with {listed(list(link.pieces))} on these images")
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
