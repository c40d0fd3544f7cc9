"""Words of descriptions: case, punctuation, joins and accents do not count."""

from __future__ import annotations

import unicodedata

import pytest

from isletscope.intake import classify
from isletscope.intake.role_table import role_table
from isletscope.intake.wording import contains, simplify, spellings
from isletscope.model import Role
from tests.intake.test_series_roles import evidence, role_of


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("18F-FDG", " 18 f fdg "),
        ("Abd portalvenös 3.0", " abd portalvenos 3 0 "),
        ("artériel tardif", " arteriel tardif "),
        ("ÉQUILIBRE", " equilibre "),
        ("⁶⁸Ga-DOTATATE", " 68 ga dotatate "),
        ("Maß Œdème Ø", " mass oedeme o "),
        ("", "  "),
    ],
)
def test_simplified(said: str, plain: str) -> None:
    assert simplify(said) == plain
    assert simplify(unicodedata.normalize("NFD", said)) == plain


@pytest.mark.parametrize("said", ["spät", "SPÄT", "spaet", "spat", "Spa\u0308t", "Abd_spät_3.0"])
def test_a_word_with_an_umlaut_stands_for_all_its_spellings(said: str) -> None:
    assert contains(simplify(said), "spät")


def test_a_word_without_umlaut_is_itself_only() -> None:
    assert not contains(simplify("venoes"), "venos")
    assert not contains(simplify("spätphase"), "spät")


@pytest.mark.parametrize(
    ("description", "role"),
    [
        ("Abd portalvenös 3.0 Br40", Role.CT_PORTAL_VENOUS),
        ("Abd portalvenoes", Role.CT_PORTAL_VENOUS),
        ("Abd venös", Role.CT_PORTAL_VENOUS),
        ("Abd spät 3.0 Br40", Role.CT_DELAYED),
        ("Spätphase", Role.CT_DELAYED),
        ("spätvenös", Role.CT_DELAYED),
        ("Abd arteriell", Role.CT_ARTERIAL),
        ("Früharteriell Leber", Role.CT_ARTERIAL),
        ("spätarteriell", Role.CT_ARTERIAL),
        ("Temps artériel", Role.CT_ARTERIAL),
        ("Phase artérielle", Role.CT_ARTERIAL),
        ("Artériel tardif", Role.CT_ARTERIAL),
        ("Temps veineux portal", Role.CT_PORTAL_VENOUS),
        ("Phase veineuse", Role.CT_PORTAL_VENOUS),
        ("Temps tardif", Role.CT_DELAYED),
        ("Équilibre", Role.CT_DELAYED),
        ("Sans injection", Role.CT_UNENHANCED),
        ("sans produit de contraste", Role.CT_UNENHANCED),
        ("ohne Kontrastmittel", Role.CT_UNENHANCED),
        ("Nativphase", Role.CT_UNENHANCED),
        ("CT Schwächungskorrektur", Role.CT_LOW_DOSE),
        ("TDM faible dose", Role.CT_LOW_DOSE),
        ("Spät arteriell und portalvenös", Role.CT_PHASE_UNKNOWN),
    ],
)
def test_ct_phases_in_german_and_french(description: str, role: Role) -> None:
    assert role_of("CT", SeriesDescription=description) is role


@pytest.mark.parametrize(
    ("description", "role"),
    [
        ("t1_vibe_fs arteriell", Role.MR_DYNAMIC),
        ("t1_vibe_fs portalvenös", Role.MR_DYNAMIC),
        ("T1 hepatobiliär", Role.MR_HEPATOBILIARY),
        ("T1 hépatobiliaire", Role.MR_HEPATOBILIARY),
    ],
)
def test_mr_phases_in_german_and_french(description: str, role: Role) -> None:
    said = {"EchoTime": "2.4", "RepetitionTime": "5", "ScanningSequence": "GR"}
    assert role_of("MR", SeriesDescription=description, **said) is role


@pytest.mark.parametrize(
    "description", ["PET ohne Schwächungskorrektur", "PET nicht schwächungskorrigiert", "TEP non corrigée"]
)
def test_uncorrected_pet_in_german_and_french(description: str) -> None:
    assert role_of("PT", SeriesDescription=description) is Role.PET_UNCORRECTED


def test_the_sentence_shows_the_description_as_it_stands() -> None:
    _, because = classify(evidence("CT", SpecificCharacterSet="ISO_IR 192", SeriesDescription="Abd spät"))
    assert because == "Series Description (0008,103E) is 'Abd spät'"


def test_no_word_names_two_phases() -> None:
    phases = [{spelling for word in phase.words for spelling in spellings(word)} for phase in role_table().ct.phases]
    assert sum(len(phase) for phase in phases) == len(set.union(*phases))
