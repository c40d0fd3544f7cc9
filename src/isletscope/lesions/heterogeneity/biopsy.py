"""The biopsy target: which lesion, where in it, why, and what would change the proposal.

The lesion is the one that the criterion ``phenotype_histology`` names as the most informative site, so that items,
alerts and this proposal agree. Where the criterion names none, a lesion whose map shows a part with FDG alone that
stays under every shift of the alignment is proposed. Sentences and sources stand in ``biopsy.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from isletscope.anatomy import Threshold
from isletscope.assessment import LesionsAssessed, View, samples_of
from isletscope.criteria import MISMATCH, REPEATABILITY_BOOK
from isletscope.lesions.heterogeneity.over_time import labels_at
from isletscope.lesions.heterogeneity.place import FDG_ONLY, SamplePlace, place_to_sample
from isletscope.lesions.heterogeneity.tracer_map import TracerClasses
from isletscope.model import (
    BiopsyTarget,
    Conclusion,
    Evidence,
    ExamKind,
    Lesion,
    LesionChange,
    State,
    Support,
    TracerClass,
    TracerMap,
)
from isletscope.yaml_text import read_yaml

_SITE = "most informative site if sampling is discussed"
_CRITERION = "phenotype_histology"
_SIZES = ("ct_size", "mri_size")
_NAMED_MOST = 6
_REAL = ("likely_real", "definite")


class _Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    support: Support
    cite: tuple[str, ...]


class _Book(BaseModel):
    """The file ``biopsy.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    source: str
    smallest_part_ml: Threshold
    steps: dict[str, _Step]
    sentences: dict[str, str]

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled."""
        return self.sentences[name].format(**words)


@cache
def biopsy_book() -> _Book:
    """The rule's data."""
    text = files("isletscope.lesions.heterogeneity").joinpath("biopsy.yaml").read_text(encoding="utf-8")
    return _Book.model_validate(read_yaml(text))


@dataclass(frozen=True)
class Findings:
    """What a time point offers for the choice: conclusions, maps of the lesions with the place in each, changes."""

    assessed: LesionsAssessed
    maps: Mapping[str, TracerMap]
    places: Mapping[str, SamplePlace]
    changes: Sequence[LesionChange]

    @property
    def view(self) -> View:
        """The time point."""
        return self.assessed.view

    @property
    def sampled(self) -> set[str]:
        """Lesions that a sample was taken from."""
        return {one.lesion.id for one in samples_of(self.view) if one.lesion is not None}

    def suv(self, lesion: Lesion, kind: ExamKind) -> float | None:
        """SUVmax on that PET, g/mL."""
        found = self.view.find(lesion, "suv_max", (kind,))
        return None if found is None else found.value

    def alone_ml(self, name: str) -> tuple[float, float, float] | None:
        """Volume with FDG alone and its interval, mL; None without a map."""
        found = self.maps.get(name)
        volume = found.classes.get(FDG_ONLY) if found is not None else None
        return None if volume is None else (volume.volume_ml, volume.low_ml, volume.high_ml)


def sample_place(classes: TracerClasses) -> SamplePlace | None:
    """The place to sample in a lesion, with the smallest part of ``biopsy.yaml``; None without a map."""
    return place_to_sample(classes, biopsy_book().smallest_part_ml.value or 0.0)


def propose_biopsy(found: Findings) -> BiopsyTarget:
    """The target at a time point, or why none is proposed."""
    book, view = biopsy_book(), found.view
    for kind, why in ((ExamKind.FDG_PET, "no_fdg"), (ExamKind.SSTR_PET, "no_sstr")):
        if not view.done(kind):
            return BiopsyTarget(because=book.says(why))
    if not view.lesions:
        return BiopsyTarget(because=book.says("no_lesion"))
    name = _named_by_criterion(found) or _with_part_alone(found)
    chosen = next((one for one in view.lesions if one.id == name), None)
    if chosen is None:
        return BiopsyTarget(because=_none(found), would_change=_unknown(found))
    step = _step(found, chosen)
    place, series, part = _place(found, chosen)
    return BiopsyTarget(
        lesion=chosen.id,
        because=book.says("proposed", lesion=chosen.id, step=book.steps[step].text),
        step=step,
        reasons=_reasons(found, chosen),
        series_key=series if place is not None else "",
        point_lps_mm=place.point_lps_mm if place is not None else None,
        ball_radius_mm=place.ball_radius_mm if place is not None and place.ball_radius_mm > 0 else None,
        part=part,
        would_change=[*_next(found, chosen), *_unknown(found), *_no_map(found, chosen)],
        remarks=_remarks(found, chosen),
        citations=list(book.steps[step].cite),
        support=book.steps[step].support,
    )


def _named_by_criterion(found: Findings) -> str:
    """The lesion that the criterion names; empty when it names none."""
    conclusion = found.assessed.gathered.get(_CRITERION)
    return conclusion.parts.get(_SITE, "").partition(",")[0] if conclusion is not None else ""


def _with_part_alone(found: Findings) -> str:
    """The lesion with the largest part with FDG alone, by its least volume under all shifts; empty if all are small."""
    least = biopsy_book().smallest_part_ml.value or 0.0
    volumes = {one.id: found.alone_ml(one.id) for one in found.view.lesions if one.id not in found.sampled}
    lows = {name: volume[1] for name, volume in volumes.items() if volume is not None and volume[1] >= least}
    return max(sorted(lows), key=lambda name: lows[name], default="")


def _none(found: Findings) -> str:
    book = biopsy_book()
    unknown = _unknown_lesions(found)
    if unknown:
        return book.says("open", lesions=_named(unknown))
    least = book.smallest_part_ml.value or 0.0
    discordant = [one.id for one in found.view.lesions if (found.alone_ml(one.id) or (0.0, 0.0, 0.0))[1] >= least]
    return book.says("all_sampled" if discordant else "no_discordance")


def _step(found: Findings, lesion: Lesion) -> str:
    """Which step of the rule the lesion fulfils; the first that holds."""
    label = labels_at(found.assessed).get(lesion.id)
    if label is not None and label.value is not None and MISMATCH in label.value:
        return "mismatch"
    if not _named_by_criterion(found):
        return "part"
    levels = _levels(found, lesion)
    return "dominant" if levels is not None and levels[1] > levels[0] else "avid"


def _conclusion_on(found: Findings, name: str, lesion: Lesion) -> Conclusion | None:
    whole = found.assessed.gathered.get(name)
    one = next((one for one in whole.lesions if one.subject == lesion.id), None) if whole is not None else None
    return None if one is None or one.state is State.MISSING else one


def _levels(found: Findings, lesion: Lesion) -> tuple[int, int] | None:
    """Krenning score and FDG level; None unless both are known."""
    sstr, fdg = (_conclusion_on(found, name, lesion) for name in ("krenning", "fdg_uptake"))
    if sstr is None or fdg is None or not (sstr.value or "").isdigit() or not (fdg.value or "").isdigit():
        return None
    return int(str(sstr.value)), int(str(fdg.value))


def _reasons(found: Findings, lesion: Lesion) -> list[Evidence]:
    book = biopsy_book()
    reasons = []
    label, levels = labels_at(found.assessed).get(lesion.id), _levels(found, lesion)
    if label is not None and label.value:
        reasons.append(Evidence(text=book.says("label", label=label.value)))
    if levels is not None:
        reasons.append(Evidence(text=book.says("levels", sstr=levels[0], fdg=levels[1])))
    fdg, sstr = found.suv(lesion, ExamKind.FDG_PET), found.suv(lesion, ExamKind.SSTR_PET)
    if fdg is not None:
        others = [found.suv(one, ExamKind.FDG_PET) or 0.0 for one in found.view.lesions if one.id not in found.sampled]
        text = book.says("highest_fdg" if fdg >= max(others, default=0.0) else "fdg")
        reasons.append(Evidence(text=text, value=fdg, unit="g/mL"))
    if sstr is not None:
        reasons.append(Evidence(text=book.says("sstr"), value=sstr, unit="g/mL"))
    alone = found.alone_ml(lesion.id)
    if alone is not None and alone[0] > 0:
        text = book.says("part_volume", low=f"{alone[1]:.1f}", high=f"{alone[2]:.1f}")
        reasons.append(Evidence(text=text, value=alone[0], unit="mL"))
    return [*reasons, *_from_adc(found, lesion), *_from_growth(found, lesion)]


def _from_adc(found: Findings, lesion: Lesion) -> list[Evidence]:
    """Its ADC where it is the lowest of at least two."""
    known = {
        one.id: adc.value for one in found.view.lesions if (adc := found.view.find(one, "adc_mean", (ExamKind.MRI,)))
    }
    if len(known) < 2 or known.get(lesion.id) != min(known.values()):
        return []
    return [Evidence(text=biopsy_book().says("lowest_adc"), value=known[lesion.id], unit="10-6.mm2/s")]


def _from_growth(found: Findings, lesion: Lesion) -> list[Evidence]:
    grown = [
        one
        for one in found.changes
        if one.lesion == lesion.id and one.quantity in _SIZES and one.verdict in _REAL and (one.change_percent or 0) > 0
    ]
    if not grown:
        return []
    text = biopsy_book().says("growing", since=grown[0].since)
    return [Evidence(text=text, value=grown[0].change_percent, unit="%")]


def _place(found: Findings, lesion: Lesion) -> tuple[SamplePlace | None, str, str]:
    """The point, the series in whose frame it lies, and the part in words."""
    book = biopsy_book()
    place, shown = found.places.get(lesion.id), found.maps.get(lesion.id)
    if place is not None and shown is not None:
        return place, shown.sstr_series_key, book.says("in_fdg_only" if place.part == FDG_ONLY else "in_hot")
    reading = found.view.reading(TracerClass.FDG)
    foci = [one for one in reading.foci if one.id in lesion.focus_ids] if reading is not None else []
    if reading is None or not foci:
        return None, "", ""
    hottest = max(foci, key=lambda one: _maximum(one.measurements))
    return SamplePlace(hottest.maximum_lps_mm, 0.0, ""), reading.series_key, book.says("at_maximum")


def _maximum(measurements: Mapping[str, object]) -> float:
    value = getattr(measurements.get("suv_max"), "value", None)
    return float(value) if value is not None else 0.0


def _next(found: Findings, chosen: Lesion) -> list[str]:
    """The lesion that comes next among those not sampled, by FDG SUVmax."""
    others = [one for one in found.view.lesions if one.id not in (*found.sampled, chosen.id)]
    labels = labels_at(found.assessed)

    def order(one: Lesion) -> tuple[bool, float, str]:
        label = labels.get(one.id)
        mismatch = label is not None and MISMATCH in (label.value or "")
        return (not mismatch, -(found.suv(one, ExamKind.FDG_PET) or 0.0), one.id)

    following = min((one for one in others if found.suv(one, ExamKind.FDG_PET) is not None), key=order, default=None)
    if following is None:
        return []
    label = labels.get(following.id)
    first, second = (found.suv(one, ExamKind.FDG_PET) for one in (chosen, following))
    words = label.value if label is not None and label.value else ""
    values = ", ".join(filter(None, [f"FDG SUVmax {second:.1f}", words]))
    mine = labels.get(chosen.id)
    same = mine is not None and mine.value == words and first and second
    alike = same and not REPEATABILITY_BOOK.limits["fdg_suv"][0].exceeded(first or 0.0, second or 0.0)
    return [biopsy_book().says("alike" if alike else "next", lesion=following.id, values=values, first=chosen.id)]


def _named(lesions: Sequence[str]) -> str:
    """Names; of a long list the number and the first ones."""
    if len(lesions) <= _NAMED_MOST:
        return ", ".join(lesions)
    return f"{len(lesions)} lesions ({', '.join(lesions[:_NAMED_MOST])} and others)"


def _unknown_lesions(found: Findings) -> list[str]:
    labels = labels_at(found.assessed)
    return [one.id for one in found.view.lesions if (label := labels.get(one.id)) is None or not label.value]


def _unknown(found: Findings) -> list[str]:
    """Lesions not known on both tracers, and FDG foci beside lesions that no lesion holds."""
    unknown = _unknown_lesions(found)
    told = [biopsy_book().says("unknown", lesions=_named(unknown))] if unknown else []
    return [*told, *(one.doubt for one in found.maps.values() if one.doubt)]


def _no_map(found: Findings, lesion: Lesion) -> list[str]:
    shown = found.maps.get(lesion.id)
    if shown is None or shown.classes:
        return []
    return [biopsy_book().says("map_missing", because=shown.because)]


def _remarks(found: Findings, chosen: Lesion) -> list[str]:
    book = biopsy_book()
    remarks = [book.says("access"), book.says("belongs")]
    least = book.smallest_part_ml.value or 0.0
    for name in sorted(found.sampled - {chosen.id}):
        alone = found.alone_ml(name)
        if alone is not None and alone[1] >= least:
            remarks.append(book.says("sampled_part", lesion=name, volume=f"{alone[0]:.1f}"))
    return [*remarks, book.says("decided")]
