"""One lesion in words: place, size, volume, uptake, pattern on both tracers, certainty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from isletscope.assessment import ANATOMICAL, Found, samples_of
from isletscope.criteria import TNM_BOOK, Syndrome
from isletscope.model import Compartment, ExamKind, Lesion, Observation, Verdict, Visibility
from isletscope.report import format as fmt
from isletscope.report.narrative.known import ENTERED, Known
from isletscope.report.narrative.phrases import NOTHING, Phrase, counted
from isletscope.report.narrative.vocabulary import vocabulary

PET = (ExamKind.SSTR_PET, ExamKind.FDG_PET, ExamKind.EXENDIN_PET, ExamKind.FDOPA_PET)
_VERTEBRA = re.compile(r"[CTLS]\d{1,2}")
_AXES = ("long_axis", "short_axis", "craniocaudal")
SMALL_MM = 12.0


@dataclass(frozen=True)
class Size:
    """The axes of a lesion in one exam, largest first, mm; ``on_pet`` for an extent of uptake."""

    axes_mm: tuple[float, ...]
    references: tuple[str, ...]
    kind: ExamKind

    @property
    def on_pet(self) -> bool:
        """Whether it is the extent of uptake."""
        return self.kind in PET


def size_of(known: Known, lesion: Lesion) -> Size | None:
    """The axes in the exam that the rules take, CT before MRI before PET; None when nothing was measured."""
    for kind in (*ANATOMICAL, *PET):
        one = known.view.looked(lesion, kind)
        if one is None or one.visibility is not Visibility.SEEN or one.number("long_axis") is None:
            continue
        found = [(axis, one.number(axis)) for axis in _AXES]
        axes = [(axis, value) for axis, value in found if value is not None]
        references = tuple(f"lesion/{lesion.id}/{one.reference}/{axis}" for axis, _ in axes)
        return Size(tuple(sorted((value for _, value in axes), reverse=True)), references, kind)
    return None


def unmatched(known: Known, lesions: Sequence[Lesion]) -> bool:
    """Whether some were seen on an exam where nobody looked for the others, so that one lesion may count twice."""
    if len(lesions) < 2:
        return False
    looked = [{kind for kind in known.kinds if known.view.looked(one, kind) is not None} for one in lesions]
    return any(not one & other for one in looked for other in looked)


def how_many(known: Known, lesions: Sequence[Lesion], noun: str, plural: str = "") -> str:
    """The count with its noun; "up to" where foci of different exams were not matched."""
    count = counted(len(lesions), noun, plural)
    return f"up to {count}" if unmatched(known, lesions) else count


def size(known: Known, lesion: Lesion) -> Phrase:
    """All axes: "34 × 31 × 28 mm", "PET extent 14 mm"; nothing when none was measured."""
    found = size_of(known, lesion)
    if found is None:
        return NOTHING
    text = f"{fmt.axes(found.axes_mm, vocabulary().limits_mm(lesion.compartment))}{fmt.NO_BREAK}mm"
    return Phrase(f"PET extent {text}" if found.on_pet else text, found.references, _size_items(lesion))


def longest(known: Known, lesion: Lesion) -> Phrase:
    """The longest axis alone: "34 mm"."""
    found = size_of(known, lesion)
    if found is None:
        return NOTHING
    text = f"{fmt.length(found.axes_mm[0], vocabulary().limits_mm(lesion.compartment))}{fmt.NO_BREAK}mm"
    return Phrase(f"PET extent {text}" if found.on_pet else text, found.references[:1], _size_items(lesion))


def _size_items(lesion: Lesion) -> tuple[str, ...]:
    items = {Compartment.PANCREAS: ("PRI.size",), Compartment.NODE: ("LN.regional",), Compartment.LIVER: ("LIV.size",)}
    return items.get(lesion.compartment, ("SUR.extrahepatic",))


def volume(known: Known, lesion: Lesion) -> Phrase:
    """The outlined volume on CT or MRI: "15.5 mL", "~0.52 mL" under a limitation."""
    found = known.view.find(lesion, "volume", ANATOMICAL)
    if found is None:
        return NOTHING
    return Phrase(f"{near(found)}{fmt.volume(found.value)}{fmt.NO_BREAK}mL", (found.reference,), _size_items(lesion))


def near(found: Found) -> str:
    """The mark of a value that was measured under a limitation."""
    return "~" if found.measurement.limitation else ""


def place(lesion: Lesion, *, short: bool = False) -> str:
    """Where a lesion lies: "uncinate process", "segment 7", "along the splenic artery (station 11)"; the site else."""
    region = lesion.place.region
    if lesion.compartment is Compartment.PANCREAS and region in vocabulary().pancreas:
        words = vocabulary().pancreas[region]
        return words.short if short else words.long
    if lesion.compartment is Compartment.LIVER and region:
        return f"{'seg' if short else 'segment'} {region}"
    if lesion.compartment is Compartment.NODE and region in TNM_BOOK.stations:
        station = TNM_BOOK.stations[region]
        if short and station.jps:
            return f"station {station.jps}"
        return f"{station.words} (station {station.jps})" if station.jps else station.words
    if lesion.compartment is Compartment.LIVER and lesion.site in ("", "liver"):
        return "segment not known"
    if lesion.compartment is Compartment.PANCREAS and short:
        return (region or lesion.site).removeprefix("region of the pancreatic ") or "site not given"
    if lesion.compartment is Compartment.BONE and _VERTEBRA.fullmatch(region):
        return f"vertebra {region}"
    return region or lesion.site or "site not given"


def named(known: Known, lesion: Lesion) -> Phrase:
    """Name, place and size at first mention: "P1 (uncinate, 34 × 31 × 28 mm)"."""
    found = size(known, lesion)
    short = lesion.compartment is not Compartment.LIVER
    inside = ", ".join(filter(None, [place(lesion, short=short), found.text]))
    return Phrase(f"{lesion.id} ({inside})", found.rests_on, found.items)


def uptake(known: Known, lesion: Lesion, kind: ExamKind) -> Phrase:
    """SUVmax with its tracer: "SSTR SUVmax 42.0"; nothing where none was measured."""
    found = known.view.find(lesion, "suv_max", (kind,))
    if found is None:
        return NOTHING
    tracer = vocabulary().tracers[kind]
    return Phrase(f"{tracer} SUVmax {near(found)}{fmt.suv(found.value)}", (found.reference,), ())


def observed(known: Known, lesion: Lesion, kind: ExamKind) -> Observation | None:
    """What the exam shows when it shows the lesion."""
    one = known.view.looked(lesion, kind)
    return one if one is not None and one.visibility is Visibility.SEEN else None


def krenning(known: Known, lesion: Lesion) -> int | None:
    """The lesion's Krenning score; None when it is open."""
    value = known.value("krenning", lesion.id)
    return int(value) if value is not None and value.isdigit() else None


def fdg_level(known: Known, lesion: Lesion) -> int | None:
    """The lesion's FDG level, 0 for FDG-negative; None when it is open."""
    value = known.value("fdg_uptake", lesion.id)
    return int(value) if value is not None and value.isdigit() else None


def pattern(known: Known, lesion: Lesion) -> str:
    """The lesion on both tracers: a key of the vocabulary's patterns; empty when it is not known."""
    value = known.value("concordance", lesion.id)
    kind = vocabulary().concordance_labels.get(value or "", "")
    if kind != "both":
        return kind
    sstr, fdg = krenning(known, lesion), fdg_level(known, lesion)
    if sstr is None or fdg is None:
        return ""
    return "equal" if fdg == sstr else "fdg_lower" if fdg < sstr else "fdg_higher"


def sampled(known: Known, lesion: Lesion) -> bool:
    """Whether histology is of that very lesion."""
    if known.conclusion("who_grade") is None:
        return False
    return any(one.lesion is not None and one.lesion.id == lesion.id for one in samples_of(known.view))


def certainty(known: Known, lesion: Lesion) -> str:
    """The level of certainty by rule: proven, typical, suspicious, indeterminate or unlikely."""
    if lesion.verdict is Verdict.PHYSIOLOGIC:
        return "unlikely"
    if lesion.verdict is Verdict.UNSURE:
        return "indeterminate"
    if sampled(known, lesion):
        return "proven"
    if _agrees_with_pathognomonic(known, lesion):
        return "typical"
    category = known.value("sstr_rads", lesion.id)
    if category == "3D" or (fdg_level(known, lesion) or 0) > 0:
        return "suspicious" if category != "5" else "typical"
    return vocabulary().sstr_rads_certainty.get(category or "", "suspicious")


def _agrees_with_pathognomonic(known: Known, lesion: Lesion) -> bool:
    """Whether the tracer that names the hormone's tumour and CT or MRI both show the lesion."""
    hormone = known.view.clinical.hormones.syndrome
    kind = vocabulary().pathognomonic.get(hormone.value if hormone else "")
    if kind is None or lesion.compartment is not Compartment.PANCREAS:
        return False
    return observed(known, lesion, kind) is not None and any(observed(known, lesion, one) for one in ANATOMICAL)


def tumour_word(known: Known, lesion: Lesion) -> str:
    """What the lesion would be: NET, insulinoma, metastasis."""
    if lesion.compartment is not Compartment.PANCREAS:
        return vocabulary().tumour_of["other"]
    hormone = known.view.clinical.hormones.syndrome
    if hormone is None or hormone is Syndrome.NONE:
        return vocabulary().tumour_of["pancreas"]
    return vocabulary().tumour_of_hormone.get(hormone.value, vocabulary().tumour_of["pancreas"])


def judged(known: Known, lesion: Lesion) -> Phrase:
    """The certainty in its only allowed words: "typical of metastasis", "indeterminate"."""
    level = certainty(known, lesion)
    grade = known.conclusion("who_grade")
    if level == "proven" and grade is not None:
        found = grade_proven(known)
        if lesion.compartment is Compartment.PANCREAS:
            return found
        return Phrase(f"a metastasis of {found}", found.rests_on, found.items)
    template = vocabulary().certainty[level]
    other = vocabulary().explained.get(lesion.explained_by, lesion.explained_by.replace("_", " "))
    text = template.format(what=tumour_word(known, lesion) if level != "unlikely" else "tumour", other=other)
    behind = [f"lesion/{lesion.id}/{one.reference}" for one in known.view.seen(lesion)]
    if known.conclusion("sstr_rads", lesion.id) is not None:
        behind.append(f"conclusion/sstr_rads/{lesion.id}")
    return Phrase(text, tuple(behind), ("PRI.conf",) if lesion.compartment is Compartment.PANCREAS else ())


def grade_proven(known: Known) -> Phrase:
    """Grade with the date of its sample: "NET G2, proven (histology, 2026-04-02)"."""
    grade = known.value("who_grade") or ""
    told = known.told("CTX.histology", "date")
    sampled_on = known.view.clinical.histology.sampled_on
    date = str(told.value) if told else sampled_on.isoformat() if sampled_on else ""
    mark = told.mark if told else ENTERED
    source = f"histology, {fmt.day(date)}{mark}" if date else f"histology, date not given{ENTERED}"
    return Phrase(f"{grade}, proven ({source})", ("conclusion/who_grade",), ("CTX.histology",))
