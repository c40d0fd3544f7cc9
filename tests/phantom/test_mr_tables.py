"""The tables of MR sequences and tissues, and what a scenario may ask of an MR exam."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
import yaml

from isletscope.errors import InputError
from isletscope.phantom.appearance import MR_PHASES, Appearance
from isletscope.phantom.mr_rule import MR_KEYS, MrRule, read_mr_rule
from isletscope.phantom.mr_sequences import ADC_IMAGE, mr_protocol
from isletscope.phantom.tissues_mr import draw_mr_values, mr_tissue_table, mr_values
from isletscope.phantom.yaml_node import Node


def rule_of(text: str) -> MrRule:
    node = Node(yaml.compose(text, Loader=yaml.SafeLoader), "case.yaml", "exam")
    return read_mr_rule(node.mapping((), (*MR_KEYS, "vendor", "form")))


def test_every_vendor_writes_every_image_once() -> None:
    protocol = mr_protocol()
    wanted = sorted([*protocol.images, ADC_IMAGE])
    for vendor in protocol.vendors.values():
        assert sorted(key for series in vendor.series for key in series.images) == wanted
        assert len(vendor.coil) <= 16


def test_every_tissue_of_the_body_has_mr_properties() -> None:
    text = resources.files("isletscope.phantom").joinpath("tissues.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)["tissues"]) <= set(mr_tissue_table())


def test_drawn_values_make_an_appearance_and_follow_like() -> None:
    drawn = draw_mr_values(np.random.default_rng(5))
    table = mr_tissue_table()
    for name, entry in table.items():
        tissue = Appearance(**mr_values(drawn, name))
        assert entry["t1"][0] <= tissue.t1_ms <= entry["t1"][1]
        assert set(tissue.gadolinium) == set(MR_PHASES)
    assert drawn["aorta"]["t1_ms"] == drawn["portal_vein"]["t1_ms"] == drawn["blood"]["t1_ms"]
    assert drawn["aorta"]["gadolinium"] != drawn["portal_vein"]["gadolinium"]
    assert mr_values(drawn, "not listed") == drawn["other"]


def test_rules_choose_images() -> None:
    protocol = mr_protocol()
    keys = {image.key for image in protocol.chosen(MrRule(agent="extracellular"))}
    assert "t1_hepatobiliary" not in keys
    assert "t1_delayed" in keys
    assert [s.key for s in protocol.layouts("ge", MrRule(sequences=("dwi",)))] == ["dwi", "adc"]
    assert [[h.key for h in group] for group in protocol.passes(MrRule(), "full")] == [[key] for key in protocol.holds]
    assert len(protocol.passes(MrRule(), "small")) == 2


def test_what_a_scenario_may_say() -> None:
    assert rule_of("{}") == MrRule()
    rule = rule_of("{sequences: [dwi, dual_echo], snr: 2.5, vendor: siemens, mosaic: true}")
    assert rule == MrRule(sequences=("dual_echo", "dwi"), snr=2.5, mosaic=True)
    assert rule_of("{snr: noise_free}").snr is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{\nsequences: [dwi, flair]}", "line 2"),
        ("{sequences: [dwi, dwi]}", "each sequence once"),
        ("{agent: extracellular,\n sequences: [hepatobiliary]}", "agent that the liver takes up"),
        ("{mosaic: true, vendor: ge}", "mosaics"),
        ("{mosaic: true, vendor: siemens, form: enhanced}", "mosaics"),
        ("{mosaic: true, vendor: siemens, form: legacy}", "mosaics"),
        ("{snr: 0}", "out of range"),
    ],
)
def test_a_wrong_rule_names_line_and_reason(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        rule_of(text)
    assert words in str(caught.value)
    assert "case.yaml, line" in str(caught.value)
