"""Lesion tables, physiologic uptake and totals."""

from __future__ import annotations

from isletscope.model import Focus, Measurement, State, Verdict
from isletscope.report import format as fmt
from isletscope.report import keys
from isletscope.report.content.document import Cell, Column, Table
from isletscope.report.content.notes import NOT_IN_DOCUMENT, Notes, Printer
from isletscope.report.content.overview import NamedFocus, PetView
from isletscope.report.words import words


def pet_volume(value_ml: float) -> str:
    """A volume measured on PET, in mL."""
    return fmt.volume(value_ml, pet=True)


def lesion_table(view: PetView) -> Table | None:
    """The lesions of one PET, suspicious for tumour first; None when there are none."""
    if not view.shown:
        return None
    notes = Notes()
    regions = _ratio_regions(view)
    derived = _derived_columns(view)
    rows = [_lesion_row(item, regions, derived, notes) for item in view.shown]
    for key in derived:
        example = next(v for item in view.shown if (v := keys.value_of(item.focus, key)) and v.state is State.DERIVED)
        notes.derive(example.name, example.method)
    tracer = view.tracer
    columns = [
        Column("ID", 10),
        Column("Site, what it is held to be, and why"),
        Column("Long × short axis, mm", 17.5, "right"),
        Column(_marked("Volume, mL", keys.VOLUME, derived), 13, "right"),
    ]
    group = f"{tracer.name} SUV, g/mL"
    for head, key in (("max", keys.SUV_MAX), ("peak", keys.SUV_PEAK), ("mean", keys.SUV_MEAN)):
        columns.append(Column(_marked(head, key, derived), 12, "right", group))
    for region in regions:
        head = _marked(words().region(region), keys.ratio_key(region), derived)
        columns.append(Column(head, 12, "right", f"{tracer.name} SUVmax ÷ mean of"))
    columns.append(Column(_marked(f"{tracer.uptake}, mL·SUV", keys.TOTAL_UPTAKE, derived), 15, "right"))
    return Table(f"Lesions on {view.title}", tuple(columns), tuple(rows), notes.lines(), view.reading.tracer_class)


def _marked(head: str, key: str, derived: tuple[str, ...]) -> str:
    return f"{head}†" if key in derived else head


def _ratio_regions(view: PetView) -> list[str]:
    present: dict[str, Measurement] = {}
    for item in view.shown:
        present.update(item.focus.measurements)
    return keys.shown_ratios(present)


def _derived_columns(view: PetView) -> tuple[str, ...]:
    """Columns whose known values are all derived by a rule: the mark then stands in the heading."""
    found = []
    for key in (keys.VOLUME, keys.TOTAL_UPTAKE, *(keys.ratio_key(region) for region in keys.REGIONS)):
        known = [v for item in view.shown if (v := keys.value_of(item.focus, key)) and v.value is not None]
        if known and all(value.state is State.DERIVED for value in known):
            found.append(key)
    return tuple(found)


def _lesion_row(item: NamedFocus, regions: list[str], derived: tuple[str, ...], notes: Notes) -> tuple[Cell, ...]:
    focus = item.focus

    def cell(key: str, printer: Printer) -> Cell:
        return notes.cell(keys.value_of(focus, key), printer, item.name, mark_derived=key not in derived)

    unsure = focus.verdict is Verdict.UNSURE
    return (
        Cell(f"{item.name}{' ?' if unsure else ''}", strong=True, tone="unsure" if unsure else ""),
        Cell(focus.site, more=_why(focus)),
        Cell(axes_text(focus, notes, item.name)),
        cell(keys.VOLUME, pet_volume),
        cell(keys.SUV_MAX, fmt.suv),
        cell(keys.SUV_PEAK, fmt.suv),
        cell(keys.SUV_MEAN, fmt.suv),
        *(cell(keys.ratio_key(region), fmt.ratio) for region in regions),
        cell(keys.TOTAL_UPTAKE, fmt.total_uptake),
    )


def _why(focus: Focus) -> tuple[str, ...]:
    verdict = words().verdicts[focus.verdict]
    if focus.computed_verdict is not None:
        verdict = f"{verdict}§; by rule {words().verdicts[focus.computed_verdict]}"
    because = _inside_a_sentence(focus.assessment.because)
    lines = [f"{verdict}: {because}" if because else verdict]
    if focus.flags:
        lines.append(f"flags: {'; '.join(focus.flags)}")
    return tuple(lines)


def _inside_a_sentence(text: str) -> str:
    """A sentence without its full stop and, unless it begins with an abbreviation, without its capital."""
    text = text.rstrip(".")
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def axes_text(focus: Focus, notes: Notes, subject: str) -> str:
    """Long × short axis in mm with one set of marks, or n/a with its letter."""
    long, short = keys.value_of(focus, keys.LONG_AXIS), keys.value_of(focus, keys.SHORT_AXIS)
    if long is None or long.value is None:
        return notes.text(long, fmt.length, subject)
    if short is None or short.value is None:
        return notes.text(long, fmt.length, subject)
    short_value = short.value
    return notes.text(long, lambda value: fmt.axes([value, short_value]), subject)


def physiologic_table(view: PetView) -> Table | None:
    """Foci that a rule holds to be physiologic: few columns, small; None when there are none."""
    foci = view.of(Verdict.PHYSIOLOGIC)
    if not foci:
        return None
    notes = Notes()
    rows = tuple(
        (
            Cell(item.focus.id),
            Cell(item.focus.site),
            notes.cell(keys.value_of(item.focus, keys.SUV_MAX), fmt.suv, item.focus.id),
            Cell(_physiologic_because(item.focus)),
        )
        for item in foci
    )
    columns = (
        Column("Focus", 20),
        Column("Site", 42),
        Column(f"{view.tracer.name} SUVmax, g/mL", 20, "right"),
        Column(f"{words().verdicts[Verdict.PHYSIOLOGIC].capitalize()}, because"),
    )
    caption = f"{view.title}: {fmt.counted(len(foci), 'focus', 'foci')} held to be physiologic"
    return Table(caption, columns, rows, notes.lines(), view.reading.tracer_class)


def _physiologic_because(focus: Focus) -> str:
    because = _inside_a_sentence(focus.assessment.because) or NOT_IN_DOCUMENT
    if focus.computed_verdict is None:
        return because
    return f"verdict of a reader§; by rule {words().verdicts[focus.computed_verdict]}: {because}"


def totals_table(view: PetView) -> Table | None:
    """Total volume and uptake of the lesions suspicious for tumour, with the totals that other rules give."""
    foci = [item.focus for item in view.of(Verdict.TUMOUR)]
    if not foci:
        return None
    notes = Notes()
    volume, uptake = keys.total_volume(view.reading), keys.total_uptake(view.reading)
    default_ml = volume.value if volume else None
    rows: list[tuple[Cell, ...]] = [
        (
            Cell("default rule", more=("each lesion by its own threshold; see Methods",), strong=True),
            notes.cell(volume, pet_volume, mark_derived=False),
            Cell(_share(foci, [keys.value_of(focus, keys.VOLUME) for focus in foci])),
            Cell("reference"),
        )
    ]
    rows += _unsure_rows(view, default_ml, notes)
    rows += [_other_rule_row(rule, foci, default_ml, notes) for rule in _rules(foci)]
    columns = (
        Column("Rule"),
        Column(f"{view.tracer.volume}, mL", 24, "right"),
        Column("Lesions with a volume", 26, "right"),
        Column("Against default", 26, "right"),
    )
    total = notes.text(uptake, fmt.total_uptake, mark_derived=False)
    lines = (f"{view.tracer.uptake} by the default rule: {total} mL·SUV.", *notes.lines())
    caption = f"{view.tracer.volume} on {view.title}, {fmt.counted(len(foci), 'lesion')} suspicious for tumour"
    return Table(caption, columns, tuple(rows), lines, view.reading.tracer_class)


def _unsure_rows(view: PetView, default_ml: float | None, notes: Notes) -> list[tuple[Cell, ...]]:
    """The total with the indeterminate foci, where there are such."""
    volume = keys.total_volume(view.reading, with_unsure=True)
    if volume is None or not view.of(Verdict.UNSURE):
        return []
    shown = [item.focus for item in view.shown]
    known = volume.value is not None
    return [
        (
            Cell("default rule, indeterminate foci too"),
            notes.cell(volume, pet_volume, mark_derived=False),
            Cell(_share(shown, [keys.value_of(focus, keys.VOLUME) for focus in shown])),
            Cell(_difference(volume.value or 0.0, default_ml) if known else notes.absent("no volume is known")),
        )
    ]


def _other_rule_row(rule: str, foci: list[Focus], default_ml: float | None, notes: Notes) -> tuple[Cell, ...]:
    values = [focus.other_delineations.get(rule) for focus in foci]
    known = [value.value for value in values if value is not None and value.value is not None]
    lacking = f"not comparable because the rule gives no volume for {fmt.counted(len(foci) - len(known), 'lesion')}"
    if not known:
        return Cell(_rule_name(rule), more=_rule_reasons(values)), *(Cell(notes.absent(lacking)) for _ in range(3))
    complete = len(known) == len(foci)
    return (
        Cell(_rule_name(rule), more=_rule_reasons(values)),
        Cell(pet_volume(sum(known))),
        Cell(_share(foci, values)),
        Cell(_difference(sum(known), default_ml) if complete else notes.absent(lacking)),
    )


def rule_range(view: PetView) -> tuple[float, float] | None:
    """Smallest and largest total volume in mL over all rules that give every lesion a volume; None below two rules."""
    foci = [item.focus for item in view.of(Verdict.TUMOUR)]
    volume = keys.total_volume(view.reading)
    totals = [volume.value] if volume and volume.value is not None else []
    for rule in _rules(foci):
        values = [focus.other_delineations.get(rule) for focus in foci]
        known = [value.value for value in values if value is not None and value.value is not None]
        if len(known) == len(foci):
            totals.append(sum(known))
    return (min(totals), max(totals)) if len(totals) > 1 else None


def _rules(foci: list[Focus]) -> list[str]:
    return list(dict.fromkeys(rule for focus in foci for rule in focus.other_delineations))


def _rule_name(rule: str) -> str:
    return words().rules.get(rule, rule.replace("_", " "))


def _rule_reasons(values: list[Measurement | None]) -> tuple[str, ...]:
    """The rule's numbers where they are the same for all lesions, and why it gave the first lesion none."""
    known = [value for value in values if value is not None]
    methods = list(dict.fromkeys(value.method for value in known if value.method and value.value is not None))
    reasons = list(dict.fromkeys(value.missing_because for value in known if value.missing_because))[:1]
    return (*(methods if len(methods) == 1 else ()), *(f"no volume: {reason}" for reason in reasons))


def _share(foci: list[Focus], values: list[Measurement | None]) -> str:
    known = sum(1 for value in values if value is not None and value.value is not None)
    return f"{known} of {len(foci)}"


def _difference(total_ml: float, default_ml: float | None) -> str:
    if not default_ml:
        return "not applicable"
    change = 100.0 * (total_ml - default_ml) / default_ml
    return f"{fmt.number(change, 0, signed=True)}{fmt.NO_BREAK}%"
