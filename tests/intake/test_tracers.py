"""Tracers: a code or a name decides, a nuclide alone never; contradictions stay unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from isletscope.intake import nuclide_of, tracer_table
from isletscope.intake import tracer_of as tracer_of_image
from isletscope.intake.files import Instance
from isletscope.model import Tracer, TracerClass

GALLIUM, FLUORINE, COPPER = ("C-131A3", "68Ga"), ("C-111A1", "^18^Fluorine"), ("3932008", "^64^Copper")


def tracer_of(dataset: Dataset) -> Tracer:
    return tracer_of_image(Instance(Path("x"), dataset))


def header(
    name: str = "",
    nuclide: tuple[str, str] | None = None,
    code: tuple[str, str] | None = None,
    description: str = "",
    half_life: str = "",
) -> Dataset:
    item, dataset = Dataset(), Dataset()
    if name:
        item.Radiopharmaceutical = name
    if half_life:
        item.RadionuclideHalfLife = half_life
    if nuclide:
        item.RadionuclideCodeSequence = Sequence([_code(*nuclide)])
    if code:
        item.RadiopharmaceuticalCodeSequence = Sequence([_code(*code)])
    dataset.RadiopharmaceuticalInformationSequence = Sequence([item])
    if description:
        dataset.SeriesDescription = description
    return dataset


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "SRT", meaning
    return code


@pytest.mark.parametrize(
    ("dataset", "tracer_class", "name"),
    [
        (header("FDG", FLUORINE), TracerClass.FDG, "18F-FDG"),
        (header("FDG -- fluorodeoxyglucose"), TracerClass.FDG, "18F-FDG"),
        (header(code=("35321007", "")), TracerClass.FDG, "18F-FDG"),
        (header(code=("C-B1031", "Fluorodeoxyglucose F^18^"), nuclide=FLUORINE), TracerClass.FDG, "18F-FDG"),
        (header("Ga-68 DOTATATE"), TracerClass.SSTR, "68Ga-DOTATATE"),
        (header("68GaDOTATATE", GALLIUM), TracerClass.SSTR, "68Ga-DOTATATE"),
        (header("NETSPOT", GALLIUM), TracerClass.SSTR, "68Ga-DOTATATE"),
        (header("Detectnet", COPPER), TracerClass.SSTR, "64Cu-DOTATATE"),
        (header(code=("724025002", "")), TracerClass.SSTR, "DOTATATE"),
        (header("DOTA-TOC", GALLIUM), TracerClass.SSTR, "68Ga-DOTATOC"),
        (header("Solution", GALLIUM, description="WB DOTANOC AC"), TracerClass.SSTR, "68Ga-DOTANOC"),
        (header("18F-SiTATE", FLUORINE), TracerClass.SSTR, "18F-SiTATE"),
        (header("6-F-DOPA", FLUORINE), TracerClass.DOPA, "18F-FDOPA"),
        (header(code=("C-E0241", "Fluoro-L-dopa")), TracerClass.DOPA, "18F-FDOPA"),
        (header("Ga-68 exendin-4"), TracerClass.EXENDIN, "68Ga-exendin"),
        (header("PSMA-1007", FLUORINE), TracerClass.OTHER, "18F-PSMA"),
        (header("18F-NaF", FLUORINE), TracerClass.OTHER, "18F-sodium fluoride"),
    ],
)
def test_named_tracers(dataset: Dataset, tracer_class: TracerClass, name: str) -> None:
    tracer = tracer_of(dataset)
    assert (tracer.tracer_class, tracer.name) == (tracer_class, name)
    assert "0008," in tracer.because or "(0018,0031)" in tracer.because or "(0054,0304)" in tracer.because


def test_the_sentence_names_code_or_text() -> None:
    coded = tracer_of(header(code=("724025002", "Dotatate Ga^68^")))
    assert (coded.name, coded.because) == (
        "68Ga-DOTATATE",
        "Radiopharmaceutical Code (0054,0304) is 724025002 Dotatate Ga^68^",
    )
    assert tracer_of(header("FDG")).because == "Radiopharmaceutical (0018,0031) says 'FDG'"


@pytest.mark.parametrize("nuclide", [GALLIUM, FLUORINE, COPPER, ("C-111A1", "F^18^[^18^Fluorine]")])
def test_a_nuclide_alone_does_not_decide(nuclide: tuple[str, str]) -> None:
    tracer = tracer_of(header(nuclide=nuclide, description="PET HeadNeck_0"))
    assert tracer.tracer_class is TracerClass.UNKNOWN
    assert tracer.nuclide is not None
    assert tracer.name == f"unknown {tracer.nuclide} tracer"
    assert tracer.because == (
        f"only the nuclide is named (Radionuclide Code (0054,0300) {nuclide[1]}); a nuclide alone does not say what "
        "it is bound to. The reader can enter tracer_class"
    )


def test_nothing_named() -> None:
    tracer = tracer_of(Dataset())
    assert tracer.tracer_class is TracerClass.UNKNOWN
    assert tracer.because.startswith("no radiopharmaceutical is named")


def test_a_ligand_with_a_nuclide_that_it_never_carries_is_unknown() -> None:
    tracer = tracer_of(header("FDG", GALLIUM))
    assert tracer.tracer_class is TracerClass.UNKNOWN
    assert "says 'FDG', but the nuclide is 68Ga" in tracer.because


def test_entries_that_contradict_each_other_are_unknown() -> None:
    tracer = tracer_of(header(description="DOTATATE after FDG"))
    assert tracer.tracer_class is TracerClass.UNKNOWN
    assert tracer.because.startswith("the header names different tracers: ")


def test_two_radiopharmaceuticals_are_left_to_the_reader() -> None:
    dataset = header("FDG")
    dataset.RadiopharmaceuticalInformationSequence.append(Dataset())
    assert tracer_of(dataset).because.startswith("2 radiopharmaceuticals are named")


def test_nuclide_by_half_life_comes_last() -> None:
    item = header(half_life="4057.7").RadiopharmaceuticalInformationSequence[0]
    assert nuclide_of(item) == ("68Ga", "Radionuclide Half Life (0018,1075) 4057.7 s")


def test_no_code_or_word_stands_for_two_ligands() -> None:
    table = tracer_table()
    codes = [code for ligand in table.ligands for code in ligand.codes]
    words = [word for ligand in table.ligands for word in ligand.words]
    assert len(codes) == len(set(codes))
    assert len(words) == len(set(words))
    known = {nuclide.name for nuclide in table.nuclides}
    assert all(set(ligand.nuclides) <= known for ligand in table.ligands)
