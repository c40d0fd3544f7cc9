"""MR: T1 and its variants, T2, diffusion, ADC, dynamic and hepatobiliary phases."""

from __future__ import annotations

from isletscope.intake.diffusion import b_value_with_source
from isletscope.intake.evidence import SeriesEvidence
from isletscope.intake.role_table import role_table
from isletscope.intake.wording import contains, simplify
from isletscope.model import Role

Answer = tuple[Role, str]


def classify_mr(series: SeriesEvidence) -> Answer:
    """Role of an MR series and why: diffusion first, then contrast phases, Dixon images, and weighting."""
    for rule in (_fat_image, _diffusion, _maps, _hepatobiliary, _dynamic, _dixon, _weighting):
        answer = rule(series)
        if answer is not None:
            return answer
    return Role.MR_OTHER, "neither Image Type, description nor echo and repetition time tell the sequence"


def _fat_image(series: SeriesEvidence) -> Answer | None:
    rules = role_table().mr
    why = series.typed(rules.fat) or series.worded(rules.fat.words, protocol=False)
    return (Role.MR_OTHER, f"fat image of a Dixon series: {why}") if why else None


def _diffusion(series: SeriesEvidence) -> Answer | None:
    rules = role_table().mr
    typed = series.typed(rules.adc) or series.worded(rules.adc.words, protocol=False)
    if typed:
        return Role.MR_ADC, typed
    b_value = b_value_with_source(series.instance)
    contrast = series.frame_text("MRImageFrameTypeSequence", "AcquisitionContrast")
    if contrast == "DIFFUSION":
        return Role.MR_DWI, "Acquisition Contrast (0008,9209) is DIFFUSION"
    typed = series.typed(rules.diffusion)
    worded = series.worded(rules.diffusion.words)
    in_part = "b =" in (series.part or "")
    if b_value is not None and (b_value[0] > 0 or typed or worded or in_part):
        return Role.MR_DWI, f"b = {b_value[0]:g} s/mm2 in {b_value[1]}"
    if typed or (worded and _echo_planar(series)):
        return Role.MR_DWI, typed or worded or ""
    return None


def _echo_planar(series: SeriesEvidence) -> bool:
    sequence = series.text("ScanningSequence").split("\\")
    return "EP" in sequence or series.frame_text("MRPulseSequenceSequence", "EchoPlanarPulseSequence") == "YES"


def _maps(series: SeriesEvidence) -> Answer | None:
    why = series.typed(role_table().mr.other_maps) or series.worded(role_table().mr.other_maps.words, protocol=False)
    return (Role.MR_OTHER, f"a map or special image: {why}") if why else None


def _hepatobiliary(series: SeriesEvidence) -> Answer | None:
    rules = role_table().mr.hepatobiliary
    worded = series.worded(rules.words, protocol=False)
    if worded and not series.worded(role_table().mr.t2.words, protocol=False):
        return Role.MR_HEPATOBILIARY, worded
    agent = simplify(series.agent)
    delay = series.contrast_delay_s
    late = [name for name in rules.agents if contains(agent, name) and (delay or 0) >= 60 * rules.from_minutes[name]]
    if late and delay is not None and _is_t2(series) is None:
        return Role.MR_HEPATOBILIARY, f"{delay / 60:.0f} min after {series.agent!r} (0018,0010)"
    return None


def _dynamic(series: SeriesEvidence) -> Answer | None:
    rules = role_table().mr.dynamic
    if _is_t2(series) is not None:
        return None
    before = series.worded(rules.before_words, protocol=False)
    worded = series.worded(rules.words, protocol=False)
    if series.phase is not None:
        number, count = series.phase
        return Role.MR_DYNAMIC, f"moment {number} of {count} at the same positions"
    if worded and not before:
        return Role.MR_DYNAMIC, worded
    return None


def _dixon(series: SeriesEvidence) -> Answer | None:
    rules = role_table().mr
    typed = series.typed(rules.opposed_phase)
    if typed:
        return Role.MR_T1_OPPOSED_PHASE, typed
    typed = series.typed(rules.in_phase)
    if typed:
        return Role.MR_T1_IN_PHASE, typed
    opposed = series.worded(rules.opposed_phase.words, protocol=False)
    in_phase = series.worded(rules.in_phase.words, protocol=False)
    if series.worded(rules.both_phases.words) or (opposed and in_phase):
        return _by_echo_time(series)
    if opposed:
        return Role.MR_T1_OPPOSED_PHASE, opposed
    if in_phase:
        return Role.MR_T1_IN_PHASE, in_phase
    water = series.typed(rules.water) or series.worded(rules.water.words, protocol=False)
    if water and _is_t2(series) is None:
        return Role.MR_T1_FAT_SATURATED, f"water image of a Dixon series: {water}"
    return None


def _by_echo_time(series: SeriesEvidence) -> Answer | None:
    """In or opposed phase by echo time and field strength, for series described as both."""
    rules = role_table().mr
    echo, field = _echo_time_ms(series), series.number("MagneticFieldStrength")
    if not echo or not field:
        return None
    cycles = echo * field / rules.half_cycle_ms_tesla
    nearest = round(cycles)
    if nearest < 1 or abs(cycles - nearest) > rules.half_cycle_within:
        return None
    role = Role.MR_T1_IN_PHASE if nearest % 2 == 0 else Role.MR_T1_OPPOSED_PHASE
    return role, f"Echo Time (0018,0081) {echo:g} ms at {field:g} T"


def _echo_time_ms(series: SeriesEvidence) -> float | None:
    return series.frame_number("MREchoSequence", "EffectiveEchoTime") or series.number("EchoTime")


def _fat_saturated(series: SeriesEvidence) -> str | None:
    rules = role_table().mr.fat_saturation
    for option in series.text("ScanOptions").upper().split("\\"):
        if option.strip() in rules.scan_options:
            return f"Scan Options (0018,0022) hold {option.strip()}"
    technique = series.frame_text("MRModifierSequence", "SpectrallySelectedSuppression")
    if technique in ("FAT", "FAT_AND_WATER"):
        return f"Spectrally Selected Suppression (0018,9025) is {technique}"
    return series.worded(rules.words)


def _is_t2(series: SeriesEvidence) -> str | None:
    rules = role_table().mr.t2
    contrast = series.frame_text("MRImageFrameTypeSequence", "AcquisitionContrast")
    if contrast in ("T2", "FLAIR", "STIR"):
        return f"Acquisition Contrast (0008,9209) is {contrast}"
    t1_words = series.worded(role_table().mr.t1.words, protocol=False)
    worded = series.worded(rules.words, protocol=False)
    if worded and not t1_words:
        return worded
    echo = _echo_time_ms(series)
    if not t1_words and echo is not None and echo >= rules.shortest_echo_time_ms:
        return f"Echo Time (0018,0081) {echo:g} ms"
    return None


def _is_t1(series: SeriesEvidence) -> str | None:
    rules = role_table().mr.t1
    if series.frame_text("MRImageFrameTypeSequence", "AcquisitionContrast") == "T1":
        return "Acquisition Contrast (0008,9209) is T1"
    worded = series.worded(rules.words)
    if worded:
        return worded
    echo = _echo_time_ms(series)
    repetition = series.frame_number("MRTimingAndRelatedParametersSequence", "RepetitionTime")
    if echo is None or repetition is None:
        return None
    if echo <= rules.longest_echo_time_ms and repetition <= rules.longest_repetition_time_ms:
        return f"Echo Time (0018,0081) {echo:g} ms and Repetition Time (0018,0080) {repetition:g} ms"
    return None


def _weighting(series: SeriesEvidence) -> Answer | None:
    fat = _fat_saturated(series)
    t2 = _is_t2(series)
    if t2:
        return (Role.MR_T2_FAT_SATURATED, f"{t2}; {fat}") if fat else (Role.MR_T2, t2)
    t1 = _is_t1(series)
    if t1:
        return (Role.MR_T1_FAT_SATURATED, f"{t1}; {fat}") if fat else (Role.MR_T1, t1)
    return None
