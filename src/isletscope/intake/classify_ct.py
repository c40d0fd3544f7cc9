"""CT: unenhanced, arterial, portal venous, delayed, low-dose CT of a PET, or unknown."""

from __future__ import annotations

from isletscope.intake.evidence import SeriesEvidence
from isletscope.intake.role_table import role_table
from isletscope.intake.wording import contains, simplify
from isletscope.model import Role


def classify_ct(series: SeriesEvidence) -> tuple[Role, str]:
    """Role of a CT series and why.

    Words of the description first, then dose beside a PET, then the phase that the header states, then contrast delay.
    """
    by_words = _phase_in_words(series)
    low_dose_words = series.worded(role_table().ct.low_dose.words)
    if low_dose_words and (series.with_pet or by_words is None):
        return Role.CT_LOW_DOSE, low_dose_words
    if by_words is not None:
        return by_words
    low_dose = _low_dose_beside_pet(series)
    if low_dose is not None:
        return low_dose
    stated, delayed = _phase_stated(series), _phase_by_delay(series)
    if stated and delayed and stated[0] is not delayed[0]:
        both = f"{stated[1]}, but it was {delayed[1]}"
        return Role.CT_PHASE_UNKNOWN, f"{both}: they do not go together; the reader can enter the phase"
    agent = series.agent
    if stated:
        return stated
    if delayed:
        return delayed[0], f"{delayed[1]}, agent {agent!r}"
    said = f"a contrast agent is named ({agent!r})" if agent else "no contrast agent is named"
    return Role.CT_PHASE_UNKNOWN, f"{said}, and neither description nor times tell the phase; the reader can enter it"


def _low_dose_beside_pet(series: SeriesEvidence) -> tuple[Role, str] | None:
    limit = role_table().ct.low_dose.exposure_limit_mas
    places = (
        (series.number("Exposure"), "Exposure (0018,1152)"),
        (series.frame_number("CTExposureSequence", "ExposureInmAs"), "Exposure in mAs (0018,9332)"),
    )
    for exposure, where in places:
        if series.with_pet and not series.agent and exposure is not None and exposure <= limit:
            return Role.CT_LOW_DOSE, (
                f"it shares its frame of reference with a PET, {where} is {exposure:g} mAs and no contrast agent is "
                "named"
            )
    return None


def _phase_stated(series: SeriesEvidence) -> tuple[Role, str] | None:
    """The phase that Contrast/Bolus Usage states; an enhanced phase without any agent given is none."""
    phase = series.contrast.phase
    role = role_table().ct.stated_phases.get(phase)
    if role is None or (series.contrast.withheld and role is not Role.CT_UNENHANCED):
        return None
    return role, f"Contrast/Bolus Agent Phase (0018,9344) is {phase}"


def _phase_by_delay(series: SeriesEvidence) -> tuple[Role, str] | None:
    delay = series.contrast_delay_s
    if not series.agent or delay is None:
        return None
    for phase in role_table().ct.delays_s:
        if phase.from_s <= delay <= phase.to_s:
            return phase.role, f"acquired {delay:.0f} s after Contrast/Bolus Start Time (0018,1042)"
    return None


def _phase_in_words(series: SeriesEvidence) -> tuple[Role, str] | None:
    if series.worded(role_table().ct.whole_protocol_words, protocol=False):
        return None
    for protocol in (False, True):
        if protocol and series.worded(role_table().ct.whole_protocol_words):
            return None
        hits = _phases_named(series, protocol=protocol)
        if len(hits) == 1:
            return hits[0]
        if len(hits) > 1 and not protocol:
            return _preferred(hits)
    return None


def _phases_named(series: SeriesEvidence, *, protocol: bool) -> list[tuple[Role, str]]:
    """Phases whose words a description holds; words within a longer term of another phase do not count for their own.

    So 'late venous' is not also 'venous', and 'artériel tardif' not also 'tardif'.
    """
    held = {
        phase.role: found
        for phase in role_table().ct.phases
        if (found := series.words_found(phase.words, protocol=protocol)) is not None
    }
    hits = []
    for role, (why, words) in held.items():
        longer = [simplify(term) for other, (_, terms) in held.items() if other is not role for term in terms]
        if not all(any(contains(term, word) for term in longer) for word in words):
            hits.append((role, why))
    return hits


def _preferred(hits: list[tuple[Role, str]]) -> tuple[Role, str] | None:
    """Of several phases named in one description none is taken, but for 'delayed venous'."""
    roles = {role for role, _ in hits}
    if roles == {Role.CT_DELAYED, Role.CT_PORTAL_VENOUS}:
        return hits[0]
    return None
