from __future__ import annotations

import copy
from importlib.resources import files
from typing import Any

import pytest
import yaml
from pydicom.sr import _concepts_dict

from isletscope.criteria import all_criteria, citations
from isletscope.errors import InputError
from isletscope.items import AnswerPart, Catalogue, Item, Kind, build_catalogue, catalogue
from isletscope.model import Need

# What a reader must look for and report, by section.
SECTIONS = {
    "context": "CTX.question CTX.hormone CTX.syndrome CTX.histology CTX.treatment CTX.renal CTX.allergy CTX.prior "
    "CTX.quality CTX.technique",
    "primary": "PRI.seen PRI.number PRI.site PRI.size PRI.growth PRI.margin PRI.composition PRI.calc PRI.enh_art "
    "PRI.enh_port PRI.enh_del PRI.HU PRI.T1T2 PRI.DWI PRI.SSTR PRI.SSTR_pattern PRI.FDG PRI.dual PRI.hetero PRI.exend "
    "PRI.DOPA PRI.diff PRI.conf",
    "ducts": "MPD.cal MPD.transition MPD.dist MPD.invade PAR.atrophy PAR.pancreatitis CBD.cal CBD.intra",
    "vessels": "VES.coeliac VES.SMA VES.CHA VES.splenicA VES.PV VES.SMV VES.splenicV VES.collaterals VES.variant "
    "VES.thrombus_uptake",
    "organs and nodes": "ADJ.duodenum ADJ.stomach ADJ.spleen ADJ.colon ADJ.adrenal ADJ.kidney LN.regional LN.uptake "
    "LN.distant LN.caveat",
    "liver": "LIV.count LIV.lobes LIV.burden LIV.size LIV.pattern LIV.well LIV.SSTR LIV.FDG LIV.discord LIV.remnant "
    "LIV.benign LIV.missed",
    "other": "PER.nod BON.les BON.typ LNG.nod ADR.hyper THY PIT PTH KID CNS BOW GB BRN INC",
    "PET and summary": "PET.bg PET.Kren PET.RADS PET.NETPET PET.vol PET.timing SUM.TNM SUM.resect SUM.response "
    "SUM.hetero SUM.gradehint SUM.next SUM.critical",
}
SURGEON = [f"R{number:02}" for number in range(1, 34)]
SURGEON_OPTIONAL = {"R05", "R32"}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_item_of_the_section_is_there(section: str) -> None:
    assert [name for name in SECTIONS[section].split() if name not in catalogue().items] == []


def test_every_other_item_is_for_the_surgeon() -> None:
    listed = set(" ".join(SECTIONS.values()).split())
    others = [item for item in catalogue().items.values() if item.id not in listed]
    assert all(item.id.startswith("SUR.") and item.surgeon for item in others)


@pytest.mark.parametrize("entry", SURGEON)
def test_every_entry_of_the_surgeons_list_is_answered(entry: str) -> None:
    items = [item for item in catalogue().items.values() if entry in item.surgeon]
    assert items
    if entry not in SURGEON_OPTIONAL:
        assert any(item.need is not Need.OPTIONAL for item in items)


def test_optional_are_the_ones_that_may_be_left_out() -> None:
    optional = {item.id for item in catalogue().items.values() if item.need is Need.OPTIONAL}
    of_sections = {"PRI.enh_del", "PRI.hetero", "LIV.well", "GB", "SUM.gradehint"}
    assert optional == of_sections | {"SUR.exophytic", "SUR.vessels_other", "SUR.operations"}


def test_ten_steps_each_with_items() -> None:
    titles = [step.title for step in catalogue().steps]
    assert titles == [
        "Exams and quality", "Primary tumour", "Ducts and vessels", "Nodes", "Liver", "Peritoneum, bone, other",
        "Phenotype and heterogeneity", "Change since the prior exam", "Synthesis", "Sign and send",
    ]  # fmt: skip
    assert all(step.items for step in catalogue().steps)


def every_part(item: Item) -> list[AnswerPart]:
    return [inner for part in item.answer.values() for inner in (part, *part.columns.values())]


@pytest.mark.parametrize("item", catalogue().items.values(), ids=lambda item: item.id)
def test_texts_sources_and_codes_of_an_item(item: Item) -> None:
    assert item.question[0].isupper()
    assert item.help[0].isupper()
    assert item.help.endswith(".")
    assert set(item.cite) <= set(citations())
    if item.proposal and item.proposal.criterion:
        assert item.proposal.criterion in all_criteria()
    for code in filter(None, (item.code, item.site, *(part.code for part in every_part(item)))):
        assert code.scheme in ("SCT", "DCM", "LN", "RADLEX")
        if code.scheme in ("SCT", "DCM"):
            known = {value for meanings in _concepts_dict.concepts[code.scheme].values() for value in meanings}
            assert code.value in known, f"{code.value} is not in the subset that DICOM uses"
    for part in every_part(item):
        if part.minimum is not None and part.maximum is not None:
            assert part.minimum < part.maximum
        assert part.kind is not Kind.CHOICE or len(part.values) > 1


def raw() -> tuple[list[Any], Any, Any]:
    room = files("isletscope.items")
    steps = [yaml.safe_load((room / f"step_{number:02}.yaml").read_text()) for number in range(1, 11)]
    others = [yaml.safe_load((room / name).read_text()) for name in ("vocabulary.yaml", "templates.yaml")]
    return steps, others[0], others[1]


RAW = raw()


def rebuilt(item_id: str, **changes: object) -> Catalogue:
    """The catalogue with one item changed."""
    steps, vocabulary, templates = copy.deepcopy(RAW)
    for step in steps:
        for item in step["items"]:
            if item["id"] == item_id:
                item.update(changes)
    return build_catalogue(steps, vocabulary, templates)


NEVER = {"need": "conditional", "otherwise": "it is not so"}


@pytest.mark.parametrize(
    ("item_id", "changes", "said"),
    [
        (
            "PRI.margin",
            {"when": "PRI.sen is seen"},
            "PRI.margin: no item or part is named PRI.sen. Did you mean PRI.seen?",
        ),
        ("PRI.margin", {"when": "PRI.seen is maybe"}, "PRI.margin: no value is named maybe"),
        ("PRI.margin", {"when": "PRI.seen >= 3"}, "PRI.seen holds a choice and cannot be compared by '>='"),
        ("PRI.margin", {"when": "PRI.number.count is 3"}, "cannot be compared by 'is'"),
        ("PRI.margin", {"when": "fact.surgery"}, "no fact is named surgery. Did you mean surgery_considered?"),
        ("PRI.margin", {"when": "exam.ct is seen"}, "exam.ct is true or not"),
        ("PRI.margin", {"when": "exam.pett"}, "no exam is named pett. Did you mean pet?"),
        ("PRI.margin", {"when": "PRI.size.volume_ml > 3"}, "may be left out, so that no condition can rest on it"),
        ("PRI.margin", {"when": "PRI.margin is lobulated"}, "conditions run in a circle"),
        ("PRI.seen", {**NEVER, "when": "PRI.site.region is tail"}, "conditions run in a circle"),
        ("PRI.margin", {"cite": ["Nobody1900"]}, "PRI.margin: no citation is named Nobody1900"),
        ("PRI.margin", {"cite": []}, "cite does not fit its schema"),
        ("PRI.margin", {"exams": ["cta"]}, "no exam is named cta"),
        ("PRI.margin", {"proposal": {"criterion": "nettpet"}}, "no criterion is named nettpet. Did you mean netpet?"),
        ("PRI.margin", {"id": "PRI.seen"}, "an item stands twice; found PRI.seen"),
        ("PRI.margin", {"need": "mandatory"}, "an item with a condition is conditional or optional"),
        ("PRI.seen", {"need": "conditional"}, "says under which condition it is asked"),
        ("PRI.margin", {"otherwise": None}, "says under 'otherwise' why"),
        ("PRI.calc", {"every_exam": True}, "one exam alone is not needed together"),
        ("PRI.margin", {"support": "sure"}, "support does not fit its schema"),
        ("PRI.margin", {"colour": "red"}, "colour does not fit its schema"),
        (
            "PRI.calc",
            {
                "answer": {
                    "value": {"label": "seen", "kind": "yes_no"},
                    "size": {"label": "size", "kind": "number", "unit": "mm", "unless": {"value": ["none"]}},
                }
            },
            "value has no value none",
        ),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(item_id: str, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        rebuilt(item_id, **changes)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"kind": "choice"}, "a choice has a value set"),
        ({"kind": "number"}, "a number has a unit"),
        ({"kind": "text", "minimum": 1}, "only a number has limits"),
        ({"kind": "table"}, "a table has columns"),
    ],
)
def test_a_part_fits_its_kind(part: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        rebuilt("PRI.margin", answer={"value": {"label": "margin", **part}})


def test_templates_name_items_that_exist() -> None:
    steps, vocabulary, templates = copy.deepcopy(RAW)
    templates["pdac_expert"]["elements"]["size"] = ["PRI.sise"]
    with pytest.raises(InputError, match=r"pdac_expert: no item is named PRI.sise. Did you mean PRI.size\?"):
        build_catalogue(steps, vocabulary, templates)


def test_an_item_is_found_by_its_id_only() -> None:
    assert catalogue().find("PRI.size").need is Need.CONDITIONAL
    with pytest.raises(InputError, match=r"Did you mean PRI.size\?"):
        catalogue().find("pri.sizes")
