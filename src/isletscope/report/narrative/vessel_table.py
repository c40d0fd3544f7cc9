"""The tumour-vessel table: contact at three tolerances, length, narrowing, contour, thrombus, distance."""

from __future__ import annotations

from isletscope.model import Compartment, Lesion, State, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.narrative.cells import Reasons
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.vessel_words import TRIPLE, contact, reference, touched, vessels_of
from isletscope.report.narrative.vocabulary import vocabulary

_COLUMNS = (
    "contact ° at 0.5 / 1.0 / 1.5 mm",
    "length mm",
    "narrowing %",
    "contour",
    "thrombus",
    "distance mm",
)
_LONGEST = 24


def vessel_table(known: Known) -> NarrativeTable | None:
    """The table; None when no vessel was judged. With several primaries, untouched vessels beside the largest only."""
    primaries = known.of(Compartment.PANCREAS)
    found = [(lesion, one) for lesion in primaries for one in vessels_of(known, lesion)]
    if len(primaries) > 1:
        found = [(lesion, one) for lesion, one in found if touched(one) or lesion is primaries[0]]
    if not found:
        return None
    reasons = Reasons()
    several = len(primaries) > 1
    rows = tuple(_row(reasons, lesion, one, several) for lesion, one in found[:_LONGEST])
    names = ", ".join(dict.fromkeys(lesion.id for lesion, _ in found))
    first = "tumour, vessel" if several else "vessel"
    return NarrativeTable("vessels", f"Tumour-vessel table ({names})", (first, *_COLUMNS), rows, reasons.notes())


def _row(reasons: Reasons, lesion: Lesion, one: VesselFinding, several: bool) -> Row:
    name = vocabulary().vessel(one.vessel)
    cells = (
        Cell(f"{lesion.id}, {name}" if several else name, "", (reference(one),)),
        _contact(reasons, one),
        _whole(reasons, one, "contact_length"),
        _whole(reasons, one, "narrowing"),
        _word(reasons, one, "contour"),
        _word(reasons, one, "thrombus"),
        _distance(reasons, one),
    )
    return Row(f"{lesion.id}/{one.vessel}", cells)


def _contact(reasons: Reasons, one: VesselFinding) -> Cell:
    values = [contact(one, tolerance) for tolerance in TRIPLE]
    if all(value is None for value in values):
        return reasons.missing("contact was not measured", reference(one))
    shown = " / ".join("n/a" if value is None else fmt.number(value, 0) for value in values)
    return Cell(shown, "", tuple(reference(one, f"contact_deg/{key}") for key in TRIPLE if key in one.contact_deg))


def _whole(reasons: Reasons, one: VesselFinding, name: str) -> Cell:
    found = one.measurements.get(name)
    if found is not None and found.value is not None:
        mark = "~" if found.limitation else ""
        return Cell(fmt.number(found.value, 0), mark, (reference(one, name),))
    if found is not None and found.state is State.MISSING:
        return reasons.missing(f"not assessable because {found.missing_because}", reference(one, name))
    if contact(one) == 0 and name == "contact_length":
        return Cell("0", "", (reference(one, "contact_deg/1.0"),))
    return reasons.missing("not measured", reference(one))


def _word(reasons: Reasons, one: VesselFinding, name: str) -> Cell:
    if name == "contour" and one.features.get("occlusion") == "yes":
        return Cell("occluded", "", (reference(one, "occlusion"),))
    word = one.features.get(name)
    return Cell(word, "", (reference(one, name),)) if word else reasons.missing("not judged", reference(one))


def _distance(reasons: Reasons, one: VesselFinding) -> Cell:
    found = one.measurements.get("distance")
    if found is None or found.value is None:
        because = f"not assessable because {found.missing_because}" if found is not None else "not measured"
        return reasons.missing(because, reference(one))
    return Cell(fmt.number(found.value, 1), "~" if found.limitation else "", (reference(one, "distance"),))
