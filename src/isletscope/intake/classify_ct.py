"""CT: unenhanced, arterial, portal venous, delayed, low-dose CT of a PET, or unknown."""

from __future__ import annotations

from isletscope.intake import values
from isletscope.intake.evidence import SeriesEvidence
from isletscope.intake.role_table import role_table
from isletscope.model import Role


def classify_ct(series: SeriesEvidence) -> tuple[Role, str]:
    """Role of a CT series and why. Words of the description first, then dose beside a PET, then contrast delay."""
    rules = role_table().ct
    by_words = _phase_in_words(series)
    low_dose_words = series.worded(rules.low_dose.words)
    if low_dose_words and (series.with_pet or by_words is None):
        return Role.CT_LOW_DOSE, low_dose_words
    if by_words is not None:
        return by_words
    agent, delay = series.agent, series.contrast_delay_s
    exposure = values.number(series.header, "Exposure")
    if series.with_pet and not agent and exposure is not None and exposure <= rules.low_dose.exposure_limit_mas:
        return Role.CT_LOW_DOSE, (
            f"it shares its frame of reference with a PET, Exposure (0018,1152) is {exposure:g} mAs and no contrast "
            "agent is named"
        )
    if agent and delay is not None:
        for phase in rules.delays_s:
            if phase.from_s <= delay <= phase.to_s:
                return phase.role, (
                    f"acquired {delay:.0f} s after Contrast/Bolus Start Time (0018,1042), agent {agent!r}"
                )
    said = f"a contrast agent is named ({agent!r})" if agent else "no contrast agent is named"
    return Role.CT_PHASE_UNKNOWN, f"{said}, and neither description nor times tell the phase; the reader can enter it"


def _phase_in_words(series: SeriesEvidence) -> tuple[Role, str] | None:
    if series.worded(role_table().ct.whole_protocol_words, protocol=False):
        return None
    for protocol in (False, True):
        if protocol and series.worded(role_table().ct.whole_protocol_words):
            return None
        hits = [
            (phase.role, why)
            for phase in role_table().ct.phases
            if (why := series.worded(phase.words, protocol=protocol)) is not None
        ]
        if len(hits) == 1:
            return hits[0]
        if len(hits) > 1 and not protocol:
            return _preferred(hits)
    return None


def _preferred(hits: list[tuple[Role, str]]) -> tuple[Role, str] | None:
    """Of several phases named in one description none is taken, but for 'late arterial' and 'late venous' pairs."""
    roles = {role for role, _ in hits}
    if roles == {Role.CT_DELAYED, Role.CT_PORTAL_VENOUS}:
        return hits[0]
    return None
