"""The base of all criteria's inputs: small frozen models; None means not known, and never normal."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class CriterionInput(BaseModel):
    """What a criterion is asked with. Unknown keys, NaN and infinity are refused; lengths are mm, volumes mL."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
