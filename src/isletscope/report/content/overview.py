"""Plain facts about a case that more than one part of the report needs."""

from __future__ import annotations

from dataclasses import dataclass

from isletscope.model import Case, Exam, Focus, Lesion, ReadingOfPet, Series, TracerClass, Verdict
from isletscope.report import keys
from isletscope.report.format import day
from isletscope.report.words import TracerWords, words

_TRACER_ORDER = list(TracerClass)
# Letters of lesion names in print order; D: one of many pancreatic tumours in hereditary disease, H: liver.
_COMPARTMENTS = "PDNLHOX"


@dataclass(frozen=True)
class NamedFocus:
    """A focus under the name of the lesion it belongs to; its own id where no lesion names it."""

    name: str
    focus: Focus
    lesion: Lesion | None


@dataclass(frozen=True)
class PetView:
    """One PET reading with its series, exam and the words of its tracer."""

    reading: ReadingOfPet
    series: Series
    exam: Exam
    tracer: TracerWords
    named: tuple[NamedFocus, ...]

    @property
    def title(self) -> str:
        """Tracer and date: "68Ga-DOTATATE PET, 2026-05-11"."""
        name = self.series.tracer.name if self.series.tracer else self.tracer.name
        return f"{name} PET, {day(self.series.acquired or self.exam.date)}"

    def of(self, verdict: Verdict) -> list[NamedFocus]:
        """Foci of that verdict, in the order of their lesions."""
        return [named for named in self.named if named.focus.verdict is verdict]

    @property
    def shown(self) -> list[NamedFocus]:
        """Foci that a reader must look at: suspicious for tumour first, then indeterminate."""
        return self.of(Verdict.TUMOUR) + self.of(Verdict.UNSURE)


def pet_views(case: Case) -> list[PetView]:
    """The PET readings of a case: SSTR first, then FDG and the others, each by date."""
    owner = {focus_id: lesion for lesion in case.lesions for focus_id in lesion.focus_ids}
    order = _print_order(case.lesions)
    views = []
    for reading in case.readings:
        named = [
            NamedFocus(owner[focus.id].id if focus.id in owner else focus.id, focus, owner.get(focus.id))
            for focus in reading.foci
        ]
        named.sort(key=lambda item: (order.get(item.name, len(order)), item.focus.label))
        views.append(
            PetView(
                reading=reading,
                series=case.series(reading.series_key),
                exam=case.exam_of(reading.series_key),
                tracer=words().tracer(reading.tracer_class),
                named=tuple(named),
            )
        )
    return sorted(
        views,
        key=lambda view: (
            _TRACER_ORDER.index(view.reading.tracer_class),
            view.series.acquired or view.exam.date or "",
            view.series.key,
        ),
    )


def _print_order(lesions: list[Lesion]) -> dict[str, int]:
    """Place of each lesion name in print: by compartment (primary, nodes, liver, bone, other), then as numbered."""

    def rank(pair: tuple[int, Lesion]) -> tuple[int, int]:
        index, lesion = pair
        compartment = _COMPARTMENTS.find(lesion.id[:1])
        return (compartment if compartment >= 0 else len(_COMPARTMENTS), index)

    ordered = sorted(enumerate(lesions), key=rank)
    return {lesion.id: place for place, (_, lesion) in enumerate(ordered)}


def highest(foci: list[NamedFocus], key: str) -> NamedFocus | None:
    """The focus with the highest known value of a measurement; None when none is known."""
    known = [(value, item) for item in foci if (value := keys.number_of(item.focus, key)) is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None
