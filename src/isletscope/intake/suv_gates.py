"""Weight, height, sex, injected activity and half-life: taken, converted with a warning, or refused (decisions 12).

Each function returns the value to use, or None when there is none, and tells ``notes`` why. ``needed`` says whether the
SUV of this series depends on the value.
"""

from __future__ import annotations

from isletscope.intake.suv_entries import Entered
from isletscope.intake.suv_header import PetHeader, Radiopharmaceutical
from isletscope.intake.suv_notes import Notes
from isletscope.intake.suv_tables import Nuclide, suv_tables
from isletscope.model import EntrySubject

_POUND_KG = 0.45359237


def weight_kg(header: PetHeader, entered: Entered, notes: Notes, *, needed: bool) -> float | None:
    """Body weight in kg."""
    gate, found, shown = suv_tables().weight, header.weight, _shown(header.weight, "kg", header.weight_text)
    entry = entered.positive(EntrySubject.WEIGHT_KG, "Patient's Weight (0010,1030)", "kg", shown)
    if entry is not None or EntrySubject.WEIGHT_KG in entered:
        return entry
    if found is None or found == 0:
        notes.say("weight_missing", found=shown, needed=needed)
        return None
    kilograms = found / 1000.0 if found > gate.grams_above else found
    if not gate.least_kg <= kilograms < gate.most_kg:
        hint = ""
        if header.size is not None and found < 3 < header.size:
            hint = f"Weight and size ({header.size:g}) look exchanged. "
        elif found <= gate.grams_above and gate.most_kg <= found < gate.most_kg / _POUND_KG:
            hint = f"It may be in pounds ({found * _POUND_KG:.1f} kg). "
        notes.say("weight_implausible", f"{found:g}", needed=needed, least=gate.least_kg, most=gate.most_kg, hint=hint)
        return None
    if kilograms != found:
        notes.say("weight_in_grams", f"{found:g}", kilograms=kilograms)
        notes.saw("Patient's Weight (0010,1030), assumed to be in grams", kilograms, "kg")
    else:
        notes.saw("Patient's Weight (0010,1030)", kilograms, "kg")
    return kilograms


def size_m(header: PetHeader, entered: Entered, notes: Notes, *, needed: bool) -> float | None:
    """Body height in m."""
    gate, found, shown = suv_tables().size, header.size, _shown(header.size, "m", header.size_text)
    entry = entered.positive(EntrySubject.SIZE_M, "Patient's Size (0010,1020)", "m", shown)
    if entry is not None or EntrySubject.SIZE_M in entered:
        return entry
    if found is None or found == 0:
        notes.say("size_missing", found=shown, needed=needed)
        return None
    if not gate.least_m <= found <= gate.most_m:
        hint = "It looks like centimetres. " if gate.least_m <= found / 100.0 <= gate.most_m else ""
        notes.say("size_implausible", f"{found:g}", needed=needed, least=gate.least_m, most=gate.most_m, hint=hint)
        return None
    notes.saw("Patient's Size (0010,1020)", found, "m")
    return found


def sex(header: PetHeader, entered: Entered, notes: Notes, *, needed: bool) -> str | None:
    """M, F or O."""
    entry = entered.choice(EntrySubject.SEX, "Patient's Sex (0010,0040)", "MFO", header.sex or "no value")
    if entry is not None or EntrySubject.SEX in entered:
        return entry
    if header.sex not in ("M", "F", "O"):
        notes.say("sex_missing", found=header.sex or "no value", needed=needed)
        return None
    notes.saw(f"Patient's Sex (0010,0040) {header.sex}")
    return header.sex


def radiopharmaceutical(
    header: PetHeader, entered: Entered, notes: Notes, *, needed: bool
) -> Radiopharmaceutical | None:
    """The one item of the sequence, an empty one when there is none or entries replace several; None when refused."""
    items = header.radiopharmaceuticals
    if len(items) == 1:
        return items[0]
    replaced = all(
        subject in entered
        for subject in (EntrySubject.INJECTED_ACTIVITY_MBQ, EntrySubject.INJECTION_TIME, EntrySubject.HALF_LIFE_S)
    )
    if items and not replaced:
        notes.say("several_radiopharmaceuticals", " / ".join(item.description for item in items), needed=needed)
        return None
    return Radiopharmaceutical()


def injected_activity_mbq(
    header: PetHeader, item: Radiopharmaceutical, entered: Entered, notes: Notes, *, needed: bool
) -> float | None:
    """Activity as injected, in MBq. Classic PET holds Bq, enhanced PET holds MBq; the other unit is told apart."""
    gate, found, unit = suv_tables().activity, item.activity, header.activity_unit
    shown = _shown(found, unit, item.activity_text)
    entry = entered.positive(EntrySubject.INJECTED_ACTIVITY_MBQ, "Radionuclide Total Dose (0018,1074)", "MBq", shown)
    if entry is not None or EntrySubject.INJECTED_ACTIVITY_MBQ in entered:
        return entry
    if found is None or found == 0:
        notes.say("activity_missing", found=shown, needed=needed, unit=unit)
        return None
    if header.enhanced:
        megabecquerel = found if 1.0 <= found < gate.mbq_below else None
    elif gate.mbq_from <= found < gate.mbq_below:
        megabecquerel = found
        notes.say("activity_in_mbq", f"{found:g}", megabecquerel=found)
    else:
        megabecquerel = found / 1e6 if found >= gate.bq_from else None
    if megabecquerel is None:
        notes.say("activity_ambiguous", f"{found:g}", needed=needed, unit=unit, hint=_activity_hint(found))
        return None
    if not gate.usual_least_mbq <= megabecquerel <= gate.usual_most_mbq:
        shown = f"{megabecquerel:g} MBq"
        notes.say("activity_unusual", shown, least=gate.usual_least_mbq, most=gate.usual_most_mbq)
    notes.saw("Radionuclide Total Dose (0018,1074)", megabecquerel, "MBq")
    return megabecquerel


def _activity_hint(found: float) -> str:
    gate = suv_tables().activity
    if 1.0 <= found < gate.mbq_from:
        return f"It may be {found:g} MBq, or {found:g} mCi = {found * 37:g} MBq. "
    if found >= gate.bq_from:
        return f"It looks like Bq ({found / 1e6:g} MBq). "
    return ""


def nuclide_of(item: Radiopharmaceutical) -> Nuclide | None:
    """The nuclide by its code, else by the words of the codes or of the radiopharmaceutical's name."""
    nuclides = suv_tables().nuclides
    for nuclide in nuclides:
        if any(code in nuclide.codes for code in item.nuclide_codes):
            return nuclide
    for text in item.texts:
        named = [nuclide for nuclide in nuclides if nuclide.named_in(text)]
        if len(named) == 1:
            return named[0]
    return None


def half_life_s(
    item: Radiopharmaceutical, nuclide: Nuclide | None, entered: Entered, notes: Notes, *, needed: bool
) -> float | None:
    """Half-life in s: the header's when it fits the coded nuclide, the table's when the header has none."""
    found, shown = item.half_life_s or None, _shown(item.half_life_s, "s", item.half_life_text)
    entry = entered.positive(EntrySubject.HALF_LIFE_S, "Radionuclide Half Life (0018,1075)", "s", shown)
    if entry is not None or EntrySubject.HALF_LIFE_S in entered:
        return entry
    if nuclide is None:
        if found is None:
            notes.say("half_life_missing", found=shown, needed=needed)
        else:
            notes.say("half_life_unchecked", f"{found:g} s")
            notes.saw("Radionuclide Half Life (0018,1075)", found, "s")
        return found
    if found is None:
        notes.say("half_life_from_nuclide", f"{shown}; {nuclide.half_life_s:g} s of {nuclide.name} is assumed")
        notes.saw(f"Half-life of {nuclide.name} ({nuclide.source}), assumed", nuclide.half_life_s, "s")
        return nuclide.half_life_s
    tolerance = suv_tables().half_life_tolerance.value
    if abs(found / nuclide.half_life_s - 1.0) > tolerance:
        notes.say(
            "half_life_conflict",
            f"{found:g} s with the nuclide {nuclide.name}",
            needed=needed,
            expected_s=nuclide.half_life_s,
            percent=100 * tolerance,
            nuclide=nuclide.name,
            hint=_half_life_hint(found, nuclide),
        )
        return None
    notes.saw(f"Radionuclide Half Life (0018,1075), fits {nuclide.name}", found, "s")
    return found


def _half_life_hint(found: float, nuclide: Nuclide) -> str:
    tables = suv_tables()
    tolerance = tables.half_life_tolerance.value
    if abs(found * 60.0 / nuclide.half_life_s - 1.0) <= tolerance:
        return "It looks like minutes. "
    for other in tables.nuclides:
        if abs(found / other.half_life_s - 1.0) <= tolerance:
            return f"It fits {other.name}. "
    return ""


def _shown(value: float | None, unit: str, text: str) -> str:
    if value is not None:
        return f"{value:g} {unit}"
    return f"'{text}', which is no number" if text else "no value"
