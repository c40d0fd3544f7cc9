"""Signing a case, and the check before anything leaves: what is sent as signed is what was signed."""

from __future__ import annotations

from datetime import datetime

from isletscope.errors import CaseError, InputError
from isletscope.model import Case, Signature, Standing, content_sha256, standing
from isletscope.report import Level, checked_narrative


def signed_case(case: Case, by: str, at: str, *, subject: str = "case.json") -> Case:
    """The case with one more signature: of a case signed before, an amendment.

    ``at``: ISO date-time with its offset from UTC. Raises CaseError for a case never assessed or with open items or
    faults that block signing, or where nothing changed since the last signature; InputError for a bad time.
    """
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise InputError("is no date-time", subject="time of signature", found=at) from error
    if moment.tzinfo is None:
        raise InputError("has no offset from UTC", subject="time of signature", found=at, expected="e.g. ...+01:00")
    narrative, faults = checked_narrative(case)
    if narrative is None:
        raise CaseError("holds no assessed time point", subject=subject, remedy="Run `isletscope assess CASE`.")
    done = case.assessments[-1].completeness
    blocking = [status.id for status in done.blocking] if done else []
    blocking += [f"check {fault.check}" for fault in faults if fault.level is Level.BLOCKS_SIGNING]
    if blocking:
        raise CaseError("cannot be signed", subject=subject, found=f"open: {', '.join(blocking)}")
    if standing(case) in (Standing.FINAL, Standing.AMENDED):
        raise CaseError("is signed already, and nothing changed since", subject=subject)
    signature = Signature(by=by, at=at, sha256=content_sha256(case))
    return case.model_copy(update={"signatures": [*case.signatures, signature]})


def checked_standing(case: Case, subject: str) -> Standing:
    """Draft, final or amended. Raises CaseError when the content is not what was signed."""
    found = standing(case)
    if found is Standing.CHANGED:
        last = case.signatures[-1]
        raise CaseError(
            f"was changed after {last.by} signed it at {last.at}, and is not sent on",
            subject=subject,
            found=f"SHA-256 {content_sha256(case)}",
            expected=last.sha256,
            remedy="Sign it again as an amendment, or bring the signed case back.",
        )
    return found
