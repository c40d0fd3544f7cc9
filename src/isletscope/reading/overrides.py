"""The reader outranks the program: verdicts that a reader changed are put on top of the computed ones, and kept."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.errors import InputError
from isletscope.lesions import totals_of, tracking_uid_of
from isletscope.model import Case, QualityFinding, Severity, VerdictOverride


def all_overrides(new: Sequence[VerdictOverride], earlier: Case | None) -> list[VerdictOverride]:
    """The overrides kept in the earlier reading and the new ones; a new one replaces one on the same lesion.

    Raises InputError when a lesion is named that the earlier reading does not have.
    """
    by_focus = {item.tracking_uid: item for item in (earlier.overrides if earlier else [])}
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


def apply_overrides(case: Case) -> list[QualityFinding]:
    """Set the reader's verdicts on the foci and add up the totals again; tells of overrides that found no focus."""
    waiting = {item.tracking_uid: item for item in case.overrides}
    for reading in case.readings:
        touched = False
        for focus in reading.foci:
            override = waiting.pop(tracking_uid_of(focus), None)
            if override is not None:
                override.computed = focus.verdict
                focus.computed_verdict, focus.verdict = focus.verdict, override.verdict
                touched = True
        if touched:
            reading.totals = totals_of(reading.foci, reading.tracer_class)
    return [
        QualityFinding(
            code="override_without_focus",
            severity=Severity.WARNING,
            problem=f"the override of {item.lesion} was not applied: its focus is not found any more",
            found=f"verdict {item.verdict.value} by {item.who}, {item.when}",
            remedy="Check the series, and override the new name of the lesion.",
        )
        for item in waiting.values()
    ]
