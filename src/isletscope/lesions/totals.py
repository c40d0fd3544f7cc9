"""Totals over the foci of one PET, and the sentences about methods and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isletscope.lesions.delineation_rules import delineation_rules
from isletscope.lesions.uptake_words import PEAK_METHOD, TOTAL_UNIT, tracer_word
from isletscope.model import (
    Code,
    Focus,
    Measurement,
    ReferenceRegion,
    State,
    Tracer,
    TracerClass,
    Verdict,
    derived,
    missing,
)
from isletscope.spatial import Volume

if TYPE_CHECKING:
    from isletscope.anatomy import Organs, Thresholds

_MTV = Code(value="126032", scheme="DCM", meaning="Metabolic Volume")
_TLG = Code(value="126033", scheme="DCM", meaning="Total Lesion Glycolysis")
_SSTR_TV = Code(value="sstr_tv", scheme="99ISLET", meaning="Somatostatin receptor expressing tumour volume")
_TLSRE = Code(value="tlsre", scheme="99ISLET", meaning="Total lesion somatostatin receptor expression")
_RULE = "sum over foci held to be tumour, each by its default outline"
_RULE_UNSURE = "sum over foci held to be tumour and foci left unsure, each by its default outline"


def total_names(tracer_class: TracerClass) -> tuple[str, str, str, str]:
    """Keys and printed names of total volume and total uptake for a tracer: key, name, key, name."""
    if tracer_class is TracerClass.SSTR:
        return "sstr_tv", "SSTR-TV", "tlsre", "TLSRE"
    if tracer_class is TracerClass.FDG:
        return "mtv", "MTV", "tlg", "TLG"
    word = tracer_word(tracer_class)
    return "tracer_volume", f"{word} volume", "total_uptake", f"{word} total uptake"


def totals_of(foci: list[Focus], tracer_class: TracerClass) -> dict[str, Measurement]:
    """Total volume, total uptake, mean uptake and counts; tumour alone, and with unsure foci.

    No focus gives zero volume and an undefined mean uptake. Foci without a volume are named in the limitation.
    """
    tumours = [focus for focus in foci if focus.verdict is Verdict.TUMOUR]
    unsure = [focus for focus in foci if focus.verdict is Verdict.UNSURE]
    totals = _sums(tumours, tracer_class, "", _RULE)
    totals |= _sums(tumours + unsure, tracer_class, "_with_unsure", _RULE_UNSURE)
    counts = {
        "count_tumour": ("foci held to be tumour", len(tumours)),
        "count_unsure": ("foci left unsure", len(unsure)),
        "count_physiologic": ("foci held to be physiologic", len(foci) - len(tumours) - len(unsure)),
    }
    for key, (name, count) in counts.items():
        totals[key] = derived(name, float(count), method="count of foci by verdict")
    return totals


def _sums(foci: list[Focus], tracer_class: TracerClass, suffix: str, rule: str) -> dict[str, Measurement]:
    volume_key, volume_name, uptake_key, uptake_name = total_names(tracer_class)
    codes = {"sstr_tv": _SSTR_TV, "tlsre": _TLSRE, "mtv": _MTV, "tlg": _TLG}
    ending = " with unsure foci" if suffix else ""
    known = [f for f in foci if f.measurements["volume"].value is not None]
    lacking = len(foci) - len(known)
    limitation = f"{lacking} of {len(foci)} foci have no volume and are not in the sum" if lacking else None
    volume = sum(f.measurements["volume"].value or 0.0 for f in known)
    uptake = sum(f.measurements["total_uptake"].value or 0.0 for f in known)
    mean_name = f"mean uptake{ending}"
    totals: dict[str, Measurement] = {}
    if foci and not known:
        because = f"none of {len(foci)} foci has a volume"
        totals[volume_key + suffix] = missing(volume_name + ending, because, "mL", code=codes.get(volume_key))
        totals[uptake_key + suffix] = missing(uptake_name + ending, because, TOTAL_UNIT, code=codes.get(uptake_key))
    else:
        totals[volume_key + suffix] = derived(
            volume_name + ending, volume, "mL", code=codes.get(volume_key), method=rule, limitation=limitation
        )
        totals[uptake_key + suffix] = derived(
            uptake_name + ending, uptake, TOTAL_UNIT, code=codes.get(uptake_key), method=rule, limitation=limitation
        )
    if volume > 0:
        totals["mean_uptake" + suffix] = derived(
            mean_name, uptake / volume, "g/mL", method=f"{uptake_name} / {volume_name}", limitation=limitation
        )
    else:
        because = "there is no focus with a volume, so the mean is not defined"
        totals["mean_uptake" + suffix] = missing(mean_name, because, "g/mL")
    return totals


def no_totals(tracer_class: TracerClass, because: str) -> dict[str, Measurement]:
    """All totals missing for one reason: nothing could be read."""
    volume_key, volume_name, uptake_key, uptake_name = total_names(tracer_class)
    return {
        volume_key: missing(volume_name, because, "mL"),
        uptake_key: missing(uptake_name, because, TOTAL_UNIT),
        "mean_uptake": missing("mean uptake", because, "g/mL"),
    }


def method_sentences(tracer_class: TracerClass, thresholds: Thresholds) -> list[str]:
    """What was done, with the thresholds, as sentences for the report."""
    rules = delineation_rules()
    share = rules.percentage.of(tracer_class)
    shell = rules.shell
    detection = {name: thresholds.number(f"detection.{name}") for name in ("smoothing_fwhm_mm", "contrast")}
    return [
        f"Foci are uptake maxima of the PET smoothed to {detection['smoothing_fwhm_mm']:g} mm (FWHM) that reach "
        f"{detection['contrast']:g} times their surroundings and "
        f"{thresholds.number('detection.noise_deviations'):g} SD of the image's noise above them; inside liver and "
        f"spleen {thresholds.number('detection.organ_deviations'):g} SD (in ratios) above the organ's median and "
        f"{thresholds.number('detection.organ_contrast'):g} times it (convention).",
        "A focus counts when it stands out: SUVmax above mean + "
        f"{rules.discernible.standard_deviations.value:g} SD of the shell {shell.inner_mm.value:g} to "
        f"{shell.outer_mm.value:g} mm outside it, and SUVpeak at least "
        f"{rules.discernible.peak_over_shell.value:g} times the shell mean (convention).",
        f"Outline: background + {share.value:.0%} of (SUVmax − background), background = mean of that shell "
        f"({share.support.value}; {share.source}). Other rules are given as a sensitivity range.",
        f"SUVpeak: {PEAK_METHOD}.",
        "Ratios: SUVmax of the focus over SUVmean of the reference region.",
        "Tumour, physiologic or unsure is decided by the first fitting rule for the tracer; the reader decides.",
    ]


def limit_sentences(pet: Volume, organs: Organs, references: list[ReferenceRegion], tracer: Tracer) -> list[str]:
    """What could not be done, and why."""
    limits = []
    if tracer.tracer_class is TracerClass.UNKNOWN:
        limits.append(
            f"The tracer is not known ({tracer.because}): foci are listed as unsure. A reader may enter tracer_class."
        )
    elif tracer.tracer_class not in (TracerClass.SSTR, TracerClass.FDG):
        limits.append(
            f"No rules of physiologic uptake are written for {tracer.name}: foci outside organs "
            "of excretion are unsure."
        )
    if organs.ct_on_pet is None:
        limits.append("No CT lies with this PET: organs are found by uptake alone, lungs and bone are not known.")
    limits += [
        f"Reference region {region.name.replace('_', ' ')}: missing, because {region.missing_because}."
        for region in references
        if region.state is State.MISSING
    ]
    if pet.missing_slices:
        planes = ", ".join(str(k) for k in pet.missing_slices)
        limits.append(f"Nothing is measured in missing slices ({planes}).")
    return limits
