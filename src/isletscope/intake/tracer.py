"""Which tracer a PET series was made with: by code or name; a nuclide alone never decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydicom.dataset import Dataset

from isletscope.intake import values
from isletscope.intake.files import Instance
from isletscope.intake.frames import image_items, image_words
from isletscope.intake.vocabulary import Table, read_table
from isletscope.intake.wording import contains, simplify, spellings
from isletscope.model import Tracer, TracerClass

_SUBSTRING_FROM = 6
_HALF_LIFE_WITHIN = 0.015

Text = Annotated[str, BeforeValidator(str)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nuclide(_Row):
    """A PET nuclide: codes of CID 4020, words in headers, physical half-life."""

    name: str
    codes: frozenset[Text]
    words: tuple[str, ...]
    half_life_s: float = Field(gt=0)


class Ligand(_Row):
    """What the nuclide is bound to, its class, and the nuclides it is sold or published with (empty: any)."""

    printed: str
    tracer_class: TracerClass
    nuclides: tuple[str, ...]
    codes: frozenset[Text]
    words: tuple[str, ...]


class TracerTable(Table):
    """Nuclides and ligands."""

    nuclides: tuple[Nuclide, ...]
    ligands: tuple[Ligand, ...]


@cache
def tracer_table() -> TracerTable:
    """The table tracers.yaml."""
    return read_table("tracers", TracerTable)


@dataclass(frozen=True)
class _Said:
    """One header entry that may name the tracer."""

    where: str
    shown: str
    code: str = ""

    @property
    def sentence(self) -> str:
        """The entry and its value, for the reader."""
        return (
            f"{self.where} is {self.code} {self.shown}".rstrip() if self.code else f"{self.where} says {self.shown!r}"
        )


def _names(said: str, word: str) -> bool:
    """Whether a simplified text names a ligand; long names also inside other words ('68gadotatate')."""
    joined = said.replace(" ", "")
    return contains(said, word) or any(
        len(spelling) >= _SUBSTRING_FROM and spelling.replace(" ", "") in joined for spelling in spellings(word)
    )


def tracer_of(instance: Instance) -> Tracer:
    """The tracer that the header of a PET image names.

    Order: radiopharmaceutical code, radiopharmaceutical name, then descriptions of series, protocol and study. The
    class stays UNKNOWN when only a nuclide is named, when entries contradict each other, or when the ligand does not
    exist with the nuclide named; the reader can then enter it.
    """
    items = image_items(instance, "RadiopharmaceuticalInformationSequence")
    if len(items) > 1:
        return _unknown(None, f"{len(items)} radiopharmaceuticals are named; the reader must say which one this is")
    item = items[0] if items else Dataset()
    nuclide, nuclide_because = nuclide_of(item)
    for entries, by_code in (
        (_code_entries(item), True),
        (_name_entries(item), False),
        (_descriptions(instance), False),
    ):
        found = _ligands(entries, by_code)
        classes = {ligand.tracer_class for ligand, _ in found}
        if len(classes) > 1:
            shown = " and ".join(said.sentence for _, said in found)
            return _unknown(nuclide, f"the header names different tracers: {shown}")
        if found:
            ligand, said = found[0]
            return _judged(ligand, said, nuclide or _nuclide_in(entries), nuclide_because)
    if nuclide:
        return _unknown(
            nuclide,
            f"only the nuclide is named ({nuclide_because}); a nuclide alone does not say what it "
            "is bound to. The reader can enter tracer_class",
        )
    return _unknown(
        None,
        "no radiopharmaceutical is named: Radiopharmaceutical (0018,0031) and its code (0054,0304) "
        "are empty. The reader can enter tracer_class",
    )


def nuclide_of(item: Dataset) -> tuple[str | None, str]:
    """Nuclide named by an item of Radiopharmaceutical Information, and which entry said so.

    Code first, then its meaning, then the name of the radiopharmaceutical, then the half-life (within 1.5 %).
    """
    codes = values.items(item, "RadionuclideCodeSequence")
    if codes:
        value, meaning = values.words(codes[0], "CodeValue"), values.words(codes[0], "CodeMeaning")
        for nuclide in tracer_table().nuclides:
            if value in nuclide.codes or _names_nuclide(meaning, nuclide):
                return nuclide.name, f"Radionuclide Code (0054,0300) {meaning or value!s}"
    name = values.words(item, "Radiopharmaceutical")
    for nuclide in tracer_table().nuclides:
        if name and _names_nuclide(name, nuclide):
            return nuclide.name, f"Radiopharmaceutical (0018,0031) {name!r}"
    half_life = values.number(item, "RadionuclideHalfLife")
    for nuclide in tracer_table().nuclides:
        if half_life and abs(half_life / nuclide.half_life_s - 1) < _HALF_LIFE_WITHIN:
            return nuclide.name, f"Radionuclide Half Life (0018,1075) {half_life:g} s"
    return None, ""


def _names_nuclide(said: str, nuclide: Nuclide) -> bool:
    plain = simplify(said)
    return any(contains(plain, word) for word in nuclide.words)


def _nuclide_in(entries: list[_Said]) -> str | None:
    for entry in entries:
        for nuclide in tracer_table().nuclides:
            if _names_nuclide(entry.shown, nuclide):
                return nuclide.name
    return None


def _code_entries(item: Dataset) -> list[_Said]:
    return [
        _Said("Radiopharmaceutical Code (0054,0304)", values.words(code, "CodeMeaning"), values.text(code, "CodeValue"))
        for code in values.items(item, "RadiopharmaceuticalCodeSequence")
    ]


def _name_entries(item: Dataset) -> list[_Said]:
    codes = values.items(item, "RadiopharmaceuticalCodeSequence")
    said = [_Said("Radiopharmaceutical (0018,0031)", values.words(item, "Radiopharmaceutical"))]
    said += [_Said("Radiopharmaceutical Code (0054,0304)", values.words(code, "CodeMeaning")) for code in codes]
    return [entry for entry in said if entry.shown]


def _descriptions(instance: Instance) -> list[_Said]:
    places = (
        ("SeriesDescription", "Series Description (0008,103E)"),
        ("ProtocolName", "Protocol Name (0018,1030)"),
        ("StudyDescription", "Study Description (0008,1030)"),
    )
    return [_Said(where, said) for keyword, where in places if (said := image_words(instance, keyword))]


def _ligands(entries: list[_Said], by_code: bool) -> list[tuple[Ligand, _Said]]:
    found: list[tuple[Ligand, _Said]] = []
    for entry in entries:
        plain = simplify(entry.shown)
        for ligand in tracer_table().ligands:
            hit = entry.code in ligand.codes if by_code else any(_names(plain, word) for word in ligand.words)
            if hit:
                found.append((ligand, entry))
    return found


def _judged(ligand: Ligand, said: _Said, nuclide: str | None, nuclide_because: str) -> Tracer:
    if nuclide and ligand.nuclides and nuclide not in ligand.nuclides:
        return _unknown(
            nuclide,
            f"{said.sentence}, but the nuclide is {nuclide} ({nuclide_because}): they do not go "
            "together. The reader can enter tracer_class",
        )
    if nuclide is None and len(ligand.nuclides) == 1:
        nuclide = ligand.nuclides[0]
    name = f"{nuclide}-{ligand.printed}" if nuclide else ligand.printed
    return Tracer(tracer_class=ligand.tracer_class, name=name, nuclide=nuclide, because=said.sentence)


def _unknown(nuclide: str | None, because: str) -> Tracer:
    name = f"unknown {nuclide} tracer" if nuclide else "unknown tracer"
    return Tracer(tracer_class=TracerClass.UNKNOWN, name=name, nuclide=nuclide, because=because)
