"""Change over time points: the same lesions in columns by date, targets and their sum marked."""

from __future__ import annotations

from isletscope.model import Lesion, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.cells import Reasons
from isletscope.report.narrative.known import DERIVED, Known, name_key
from isletscope.report.narrative.lesion_words import place, size_of
from isletscope.report.narrative.parts import Cell, NarrativeTable, Row
from isletscope.report.narrative.phrases import listed, tell
from isletscope.report.narrative.step_08 import changes, gone_lesions, new_lesions
from isletscope.report.narrative.vocabulary import vocabulary

_LONGEST = 30


def time_points(known: Known) -> list[Known]:
    """This time point and all before it, oldest first."""
    found: list[Known] = []
    one: Known | None = known
    while one is not None:
        found.insert(0, one)
        one = one.earlier
    return found


def change_table(known: Known) -> NarrativeTable | None:
    """Longest diameters over all time points; None at the first."""
    points = time_points(known)
    if len(points) < 2:
        return None
    reasons = Reasons()
    lesions = {lesion.id: lesion for point in points for lesion in point.tumours}
    names = sorted(lesions, key=name_key)
    targets = _targets(known)
    rows = [_row(reasons, known, points, lesions[name], targets) for name in names[:_LONGEST]]
    sums = _sum_row(reasons, points, targets)
    columns = ("ID", "site", *(f"{fmt.day(one.view.point.date)} mm" for one in points), "change", "RECIST 1.1")
    notes = [*reasons.notes(), tell("tables.longest", *(f"lesion/{name}" for name in names))]
    return NarrativeTable("change", "Change over time", columns, (*rows, *([sums] if sums else [])), tuple(notes))


def _targets(known: Known) -> dict[str, tuple[float | None, float | None]]:
    """Baseline and present size of every RECIST target, as the rule counted them."""
    found = known.asked("recist")
    targets: dict[str, tuple[float | None, float | None]] = {}
    for one in found.evidence if found else []:
        name, _, what = one.text.partition(": ")
        if what == "baseline":
            targets[name] = (one.value, None)
        elif what == "now" and name in targets:
            targets[name] = (targets[name][0], one.value)
    return targets


def _row(
    reasons: Reasons,
    known: Known,
    points: list[Known],
    lesion: Lesion,
    targets: dict[str, tuple[float | None, float | None]],
) -> Row:
    sizes = [_size(reasons, point, lesion) for point in points]
    role = Cell("target", DERIVED, ("conclusion/recist",)) if lesion.id in targets else Cell("non-target")
    cells = (
        Cell(lesion.id, "", (f"lesion/{lesion.id}",)),
        Cell(place(lesion, short=True)),
        *sizes,
        _change(reasons, known, lesion),
        role if targets else reasons.missing("RECIST 1.1 has no targets yet", f"lesion/{lesion.id}"),
    )
    return Row(lesion.id, cells)


def _size(reasons: Reasons, point: Known, lesion: Lesion) -> Cell:
    found = size_of(point, lesion)
    if found is not None:
        text = fmt.length(found.axes_mm[0], vocabulary().limits_mm(lesion.compartment))
        return Cell(f"PET {text}" if found.on_pet else text, "", found.references[:1])
    looked = [one for kind in point.kinds if (one := point.view.looked(lesion, kind)) is not None]
    behind = [f"lesion/{lesion.id}/{one.reference}" for one in looked]
    if looked and all(one.visibility is Visibility.NOT_SEEN for one in looked):
        return Cell("not seen", "", tuple(behind))
    return reasons.missing("not measured on the exams of that date", *(behind or [f"lesion/{lesion.id}"]))


def _change(reasons: Reasons, known: Known, lesion: Lesion) -> Cell:
    new, first = new_lesions(known)
    behind = (f"lesion/{lesion.id}",)
    if lesion in new:
        return Cell("new", "", behind)
    if lesion in first:
        return Cell("first seen", "", behind)
    if lesion in gone_lesions(known):
        return Cell("not seen any more", "", behind)
    parts = [one.id for one in known.tumours if one.split_from == lesion.id]
    if parts or lesion.split_from:
        return Cell(f"now {listed(parts)}" if parts else f"part of {lesion.split_from}", "", behind)
    if lesion.merged_into and lesion not in known.tumours:
        return Cell(f"part of {lesion.merged_into}", "", behind)
    for one in changes(known):
        if one.lesion.id == lesion.id:
            return Cell(one.word, "", one.references)
    now = size_of(known, lesion)
    if now is not None and now.on_pet:
        return reasons.missing("extents on PET follow uptake and threshold and are not compared", *behind)
    return reasons.missing("not comparable because the lesion was not measured on the same kind of images", *behind)


def _sum_row(
    reasons: Reasons, points: list[Known], targets: dict[str, tuple[float | None, float | None]]
) -> Row | None:
    """The sum of the targets at the first and the last date, as the rule has it."""
    if not targets:
        return None
    now = [value for _, value in targets.values()]
    baseline = [value for value, _ in targets.values()]
    behind = ("conclusion/recist",)
    between = [_earlier_sum(point, reasons) for point in points[1:-1]]
    cells = [
        Cell("sum of targets"),
        Cell("all"),
        Cell(fmt.number(sum(value or 0.0 for value in baseline), 0), DERIVED, behind),
        *between,
        Cell(fmt.number(sum(value or 0.0 for value in now), 0), DERIVED, behind)
        if None not in now
        else reasons.missing("not every target was measured", *behind),
    ]
    result = points[-1].value("recist")
    last = Cell(f"RECIST 1.1: {result}", DERIVED, behind) if result else reasons.missing("RECIST 1.1 is open", *behind)
    return Row("all", (*cells, last, Cell("sum")))


def _earlier_sum(point: Known, reasons: Reasons) -> Cell:
    found = point.conclusion("recist")
    value = next((one.value for one in found.evidence if one.text == "sum"), None) if found else None
    if value is None:
        return reasons.missing("not every target was measured", "conclusion/recist")
    return Cell(fmt.number(value, 0), DERIVED, ("conclusion/recist",))
