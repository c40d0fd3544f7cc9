"""Whole-body tumour volume and total uptake on each tracer, with the rule that outlined the lesions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from isletscope.assessment.asking import Asking
from isletscope.assessment.gathered import Gathered
from isletscope.assessment.primary import gep_primary
from isletscope.assessment.view import KIND_OF_TRACER, View
from isletscope.model import Lesion, Observation, State, TracerClass, Visibility

TRACERS = {"sstr": TracerClass.SSTR, "fdg": TracerClass.FDG}
_PERCENT = re.compile(r"^(\d+(?:\.\d+)?) ?% of SUVmax\b(?!.*above background)")
_NUMBERS = re.compile(r"(?<=SUVmax) \d+(?:\.\d+)?")


def assess_volumes(view: View, gathered: Gathered) -> None:
    """Ask for the volume on every tracer whose PET was done; the subject names the PET, e.g. sstr_pet."""
    for name, tracer in TRACERS.items():
        kind = KIND_OF_TRACER[tracer]
        if not view.done(kind):
            continue
        asking = Asking("tumour_volume", kind.value)
        asking.put("tracer", name, *(f"exam/{key}" for key in view.kinds[kind]))
        outlined = [found for lesion in view.lesions if (found := _outlined(asking, view, lesion, tracer)) is not None]
        asking.put("lesions", outlined)
        asking.put("unsure", sorted(lesion.id for lesion in view.unsure if _is_seen(view, lesion, tracer)))
        _put_rule(asking, view, tracer)
        liver = view.reference(tracer, "liver")
        reading = view.reading(tracer)
        if liver is not None and reading is not None:
            asking.put("liver_mean_g_ml", liver.mean, f"reference/{reading.series_key}/liver")
        asking.put("gep_primary", *gep_primary(view))
        gathered.add(asking.conclude())


def _outlined(asking: Asking, view: View, lesion: Lesion, tracer: TracerClass) -> dict[str, Any] | None:
    """A lesion's volume and uptake; None for one that the PET does not show, which adds no volume.

    A lesion nobody looked for on this PET, or outside it, is there without a volume: the sum is a lower bound.
    """
    one = view.looked(lesion, KIND_OF_TRACER[tracer])
    if one is not None and not _takes_up(one):
        return None
    found: dict[str, Any] = {"id": lesion.id}
    names = {"volume": "volume_ml", "suv_mean": "suv_mean_g_ml", "suv_max": "suv_max_g_ml"}
    for name, key in names.items():
        value = one.number(name) if one is not None else None
        if one is not None and value is not None:
            found[key] = value
            asking.rest_on(f"lesion/{lesion.id}/{one.reference}/{name}")
    return found


def _is_seen(view: View, lesion: Lesion, tracer: TracerClass) -> bool:
    one = view.looked(lesion, KIND_OF_TRACER[tracer])
    return one is not None and one.visibility is Visibility.SEEN and _takes_up(one)


def _takes_up(one: Observation) -> bool:
    return one.visibility is not Visibility.NOT_SEEN and one.features.get("uptake_visible") != "no"


def _put_rule(asking: Asking, view: View, tracer: TracerClass) -> None:
    """The outlining rule in words; a plain percentage of SUVmax also as a number, which decides on cut-offs."""
    rules = sorted({_NUMBERS.sub("", rule) for lesion in view.lesions for rule in _rules(view, lesion, tracer)})
    if len(rules) == 1 and (match := _PERCENT.match(rules[0])):
        asking.put("percent_of_maximum", float(match[1]))
    if rules:
        asking.put("rule", "; ".join(rules))


def _rules(view: View, lesion: Lesion, tracer: TracerClass) -> Iterator[str]:
    """How the lesion was outlined on that PET: by its foci, else by the method of its volume."""
    reading = view.reading(tracer)
    foci = [focus.delineation for focus in reading.foci if focus.id in lesion.focus_ids] if reading else []
    one = view.looked(lesion, KIND_OF_TRACER[tracer])
    volume = one.measurements.get("volume") if one is not None else None
    if foci:
        yield from foci
    elif volume is not None and volume.state is not State.MISSING and volume.method:
        yield volume.method
