"""What was measured of heterogeneity, for the items that ask for it: inside lesions, and over time."""

from __future__ import annotations

from isletscope.assessment.proposals.known import Known, Proposer, propose
from isletscope.assessment.proposals.rules import rules
from isletscope.model import Answer, BiopsyTarget, Heterogeneity, TracerMap

_TRACERS = {"sstr": "SSTR", "fdg": "FDG"}


def measured_at(known: Known) -> Heterogeneity | None:
    """Heterogeneity of this time point; None where it was not measured."""
    return next((one for one in known.view.case.heterogeneity if one.time_point == known.view.point.name), None)


def uneven_inside(known: Known) -> list[str]:
    """Lesions with parts of both kinds under every shift of the alignment, or more spread than a uniform lesion."""
    found = measured_at(known)
    if found is None:
        return []
    names = [one.lesion for one in found.maps if _mixed(one)]
    for one in found.within:
        for kind in _TRACERS:
            cov, uniform = (one.measurements.get(f"{kind}_{name}") for name in ("cov", "cov_uniform"))
            if cov is not None and uniform is not None and (cov.value or 0.0) > (uniform.value or float("inf")):
                names.append(one.lesion)
    shown = {lesion.id for lesion in known.view.lesions}
    return [name for name in dict.fromkeys(names) if name in shown]


def _mixed(one: TracerMap) -> bool:
    least = rules().smallest_part_ml
    low = {name: volume.low_ml for name, volume in one.classes.items()}
    return low.get("fdg_only", 0.0) >= least and low.get("receptor_only", 0.0) + low.get("both", 0.0) >= least


def flipped(known: Known) -> list[str]:
    """Lesions whose concordance changed since the time point before."""
    found = measured_at(known)
    return [one.lesion for one in found.changes if one.verdict == "flipped"] if found is not None else []


def proposed_target(known: Known) -> BiopsyTarget | None:
    """The biopsy target of this time point, if one was proposed."""
    found = measured_at(known)
    target = found.biopsy if found is not None else None
    return target if target is not None and target.lesion else None


def _inside_primary(known: Known) -> Answer | None:
    """Coefficient of variation of the primary on the PET where it is higher."""
    found, primary = measured_at(known), known.primary
    if found is None or primary is None:
        return None
    within = next((one for one in found.within if one.lesion == primary.id), None)
    values = {
        kind: (one.value, one.method)
        for kind in _TRACERS
        if within is not None and (one := within.measurements.get(f"{kind}_cov")) is not None and one.value is not None
    }
    if not values:
        return None
    kind = max(values, key=lambda name: values[name][0])
    value, method = values[kind]
    uniform = within.measurements.get(f"{kind}_cov_uniform") if within is not None else None
    floor = f"; a uniform lesion would show at most {uniform.value:.2f}" if uniform and uniform.value else ""
    because = f"{primary.id}, {_TRACERS[kind]} PET: {method}{floor}"
    return propose({"method": "cov", "value": round(value, 3)}, "heterogeneity", because, [f"lesion/{primary.id}"])


PROPOSERS: dict[str, Proposer] = {"PRI.hetero": _inside_primary}
