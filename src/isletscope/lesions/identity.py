"""The identity of a focus: the same whatever number, name or verdict it has."""

from __future__ import annotations

import uuid

from isletscope.model import Focus

_NAMESPACE = uuid.UUID("6f2dd5f0-6a5b-5f0e-9a0c-1f6a44d0c0de")


def tracking_uid_of(focus: Focus) -> str:
    """The identity of a focus on its series: the place of its maximum, whatever its number or verdict."""
    place = ",".join(f"{v:.1f}" for v in focus.maximum_lps_mm)
    return f"2.25.{uuid.uuid5(_NAMESPACE, f'{focus.series_key}|{place}').int}"
