"""The reader outranks the program: verdicts that a reader changed are put on top of the computed ones, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isletscope.errors import InputError
from isletscope.lesions import totals_of, tracking_uid_of
from isletscope.model import Case, Focus, Lesion, QualityFinding, Severity, Verdict, VerdictOverride, Withdrawal
from isletscope.reading.places import all_readings

WITHOUT_FOCUS = "override_without_focus"
"""Code of the finding that an override was not applied."""


def all_overrides(
    new: Sequence[VerdictOverride], earlier: Case | None, withdrawn: Sequence[Withdrawal] = ()
) -> list[VerdictOverride]:
    """The overrides kept in the earlier reading and the new ones; a new one replaces one on the same lesion.

    Those ``withdrawn`` are left out. Raises InputError when a lesion is named that the earlier reading does not have,
    and when a verdict is taken back that nobody gave, or that is given in the same breath.
    """
    by_focus = {item.tracking_uid: item.model_copy() for item in (earlier.overrides if earlier else [])}
    for back in withdrawn:
        _take_back(back, by_focus, new)
    named = {lesion.id: lesion.tracking_uid for lesion in (earlier.lesions if earlier else [])}
    named |= {item.lesion: item.tracking_uid for item in by_focus.values() if item.tracking_uid}
    for item in new:
        tracking_uid = named.get(item.lesion)
        if tracking_uid is None:
            raise InputError(
                "the override names a lesion that the case does not have",
                subject="--entries",
                found=item.lesion,
                expected=f"one of {', '.join(named)}" if named else "a case that was read before, with lesions",
                remedy="Read first without overrides, then name the lesions of that report.",
            )
        by_focus[tracking_uid] = item.model_copy(update={"tracking_uid": tracking_uid})
    return list(by_focus.values())


def _take_back(back: Withdrawal, by_focus: dict[str | None, VerdictOverride], new: Sequence[VerdictOverride]) -> None:
    """Leave out the override on a lesion."""
    meant = [uid for uid, item in by_focus.items() if item.lesion == back.lesion]
    if not meant or any(item.lesion == back.lesion for item in new):
        given = sorted(item.lesion for item in by_focus.values())
        raise InputError(
            "a verdict is taken back and given at once" if meant else "no verdict was given that could be taken back",
            subject="--entries",
            found=back.lesion,
            expected=f"one of {', '.join(given)}, under overrides or under withdrawn" if given else "a lesion with one",
            remedy="The report lists the overrides of the case.",
        )
    for uid in meant:
        del by_focus[uid]


def by_rule(focus: Focus) -> Verdict:
    """The verdict by rule, whatever a reader said."""
    return focus.computed_verdict or focus.verdict


def override_lesions(case: Case) -> list[QualityFinding]:
    """Set the reader's verdicts on the lesions of a matched case and on all their foci, and add up the totals again.

    A lesion that the reader holds for physiologic leaves the list of lesions; its name stays with the override. Tells
    of overrides that found no lesion. Call it after the lesions have been matched, before their names are compared.
    """
    waiting = {item.tracking_uid: item for item in case.overrides}
    foci = {focus.id: focus for reading in all_readings(case) for focus in reading.foci}
    touched: set[str] = set()
    for lesion in case.lesions:
        override = waiting.pop(lesion.tracking_uid, None)
        override = override or _of_a_focus(lesion, foci, waiting)
        if override is None:
            continue
        override.computed, lesion.verdict = lesion.verdict, override.verdict
        for focus in (foci[focus_id] for focus_id in lesion.focus_ids):
            focus.computed_verdict, focus.verdict = by_rule(focus), override.verdict
            touched.add(focus.series_key)
    case.lesions = [lesion for lesion in case.lesions if lesion.verdict is not Verdict.PHYSIOLOGIC]
    for reading in case.readings:
        if reading.series_key in touched:
            reading.totals = totals_of(reading.foci, reading.tracer_class)
    return [_without_lesion(item) for item in waiting.values()]


def _of_a_focus(
    lesion: Lesion, foci: Mapping[str, Focus], waiting: dict[str | None, VerdictOverride]
) -> VerdictOverride | None:
    """The override of a lesion of an earlier reading whose focus is part of this one now."""
    uids = (tracking_uid_of(foci[focus_id]) for focus_id in lesion.focus_ids)
    return next((waiting.pop(uid) for uid in uids if uid in waiting), None)


def _without_lesion(item: VerdictOverride) -> QualityFinding:
    return QualityFinding(
        code=WITHOUT_FOCUS,
        severity=Severity.WARNING,
        problem=f"the override of {item.lesion} was not applied: its focus is not found any more",
        found=f"verdict {item.verdict.value} by {item.who}, {item.when}",
        remedy="Check the series, and override the new name of the lesion.",
    )
