"""The tumour-vessel table: contact at three tolerances, length, free course, narrowing, contour, thrombus, distance."""

from __future__ import annotations

from isletscope.model import Compartment, Lesion, State, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.narrative.cells import Reasons
from isletscope.report.narrative.known import Known
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.phrases import tell
from isletscope.report.narrative.vessel_words import TRIPLE, contact, reference, touched, vessels_of
from isletscope.report.narrative.vocabulary import vocabulary

_COLUMNS = (
    "contact ° at 0.5 / 1.0 / 1.5 mm",
    "95 % interval at 1.0 mm",
    "length mm",
    "free below / above mm",
    "narrowing %",
    "contour",
    "thrombus",
    "distance mm",
)
# Only contact that was measured from masks has these.
_BY_MASKS = ("95 % interval at 1.0 mm", "free below / above mm")
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
    by_masks = any(one.number("followed_length") is not None for _, one in found)
    several = len(primaries) > 1
    rows = tuple(_row(reasons, lesion, one, several, by_masks) for lesion, one in found[:_LONGEST])
    names = ", ".join(dict.fromkeys(lesion.id for lesion, _ in found))
    first = "tumour, vessel" if several else "vessel"
    columns = _COLUMNS if by_masks else tuple(one for one in _COLUMNS if one not in _BY_MASKS)
    notes = (*reasons.notes(), *([tell("tables.free_course")] if by_masks else []))
    return NarrativeTable("vessels", f"Tumour-vessel table ({names})", (first, *columns), rows, notes)


def _row(reasons: Reasons, lesion: Lesion, one: VesselFinding, several: bool, by_masks: bool) -> Row:
    name = vocabulary().vessel(one.vessel)
    cells = (
        Cell(f"{lesion.id}, {name}" if several else name, "", (reference(one),)),
        _contact(reasons, one),
        *([_interval(reasons, one)] if by_masks else []),
        _whole(reasons, one, "contact_length"),
        *([_free(reasons, one)] if by_masks else []),
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


def _interval(reasons: Reasons, one: VesselFinding) -> Cell:
    low, high = one.number("contact_low"), one.number("contact_high")
    if low is not None and high is not None:
        behind = (reference(one, "contact_low"), reference(one, "contact_high"))
        return Cell(f"{fmt.number(low, 0)} to {fmt.number(high, 0)}", "", behind)
    value = contact(one)
    because = "no interval is worked out for a vessel that lies apart" if value == 0 else "contact was not measured"
    return reasons.missing(because, reference(one))


def _free(reasons: Reasons, one: VesselFinding) -> Cell:
    """Course without contact on either side, or the whole course where nothing touches it."""
    whole = one.number("followed_length")
    below, above = one.number("clean_below"), one.number("clean_above")
    if whole is not None and contact(one) == 0:
        return Cell(f"all of {fmt.number(whole, 0)}", "", (reference(one, "followed_length"),))
    if below is None or above is None:
        return reasons.missing("the course was not followed", reference(one))
    behind = (reference(one, "clean_below"), reference(one, "clean_above"))
    return Cell(f"{fmt.number(below, 0)} / {fmt.number(above, 0)}", "", behind)


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
