"""Signatures of a case: who signed which content, and whether it is still that content."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from isletscope.model.knowledge import Document

if TYPE_CHECKING:
    from isletscope.model.case import Case


class Signature(Document):
    """A reader signs the case as it stands; what was signed is told by its SHA-256 (:func:`content_sha256`)."""

    by: str = Field(min_length=1)
    at: str = Field(min_length=10, description="ISO date-time with its offset from UTC")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Standing(StrEnum):
    """Whether what stands in a case was signed."""

    DRAFT = "draft"
    FINAL = "final"
    AMENDED = "amended"
    CHANGED = "changed after it was signed"


def content_sha256(case: Case) -> str:
    """SHA-256 of everything in a case but its signatures, in a form that does not depend on the order of keys.

    Values that are their default are left out, so that a field which a later version adds breaks no signature.
    """
    plain = case.model_dump(mode="json", exclude_none=True, exclude_defaults=True, exclude={"signatures"})
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def standing(case: Case) -> Standing:
    """Whether a case is a draft, signed once, signed again after a change, or changed since it was signed."""
    if not case.signatures:
        return Standing.DRAFT
    if case.signatures[-1].sha256 != content_sha256(case):
        return Standing.CHANGED
    return Standing.FINAL if len(case.signatures) == 1 else Standing.AMENDED
