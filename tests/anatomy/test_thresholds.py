"""Thresholds are data with a source each."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from isletscope.anatomy import Thresholds, load_thresholds


def test_shipped_thresholds_load() -> None:
    rules = load_thresholds("isletscope.anatomy", "rules.yaml")
    assert rules.number("reference.liver_diameter_mm") == 30
    assert rules.bounds("liver.volume_ml")[0] < rules.bounds("liver.volume_ml")[1]


@pytest.mark.parametrize(
    "entry",
    [
        {"value": 1, "unit": "mm", "support": "convention"},
        {"unit": "mm", "support": "convention", "source": "none given"},
        {"value": 1, "range": [1, 2], "unit": "mm", "support": "convention", "source": "both given"},
        {"range": [2, 1], "unit": "mm", "support": "convention", "source": "backwards"},
        {"value": 1, "unit": "mm", "support": "rumour", "source": "unknown support"},
    ],
)
def test_faulty_entries_are_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Thresholds.model_validate({"group": {"name": entry}})


def test_a_range_is_no_number() -> None:
    rules = load_thresholds("isletscope.anatomy", "rules.yaml")
    with pytest.raises(KeyError):
        rules.number("liver.volume_ml")
    with pytest.raises(KeyError):
        rules.bounds("reference.liver_diameter_mm")
