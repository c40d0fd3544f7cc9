"""Items that ask for heterogeneity take what was measured, and stay open where nothing was."""

from __future__ import annotations

import pytest

from isletscope.assessment import assess
from isletscope.model import (
    Answer,
    BiopsyTarget,
    Case,
    Heterogeneity,
    LesionChange,
    TracerMap,
    VolumeInterval,
    WithinLesion,
    derived,
    measured,
)
from tests.assessment.cases import case, lesion, seen

CLINICAL = {"histology": {"sample": "biopsy of the primary", "ki67_percent": 8, "differentiation": "well"}}


def answers(found: Heterogeneity | None) -> dict[str, Answer]:
    pets = (seen("sstr_pet", suv_max=30.0, uptake_visible="yes"), seen("fdg_pet", suv_max=5.0, uptake_visible="yes"))
    lesions = [lesion(name, seen("ct", long_axis=30.0), *pets) for name in ("P1", "L1")]
    given: Case = case(*lesions, clinical=CLINICAL)
    given.heterogeneity = [found] if found is not None else []
    return assess(given).assessments[-1].answers


def spread(cov: float, uniform: float) -> WithinLesion:
    values = {"fdg_cov": measured("spread", cov, method="SD over mean"), "fdg_cov_uniform": derived("floor", uniform)}
    return WithinLesion(lesion="P1", time_point="baseline", measurements=values)


def parts(alone_low: float) -> TracerMap:
    classes = {
        "receptor_only": VolumeInterval(volume_ml=3, low_ml=2, high_ml=4),
        "fdg_only": VolumeInterval(volume_ml=3, low_ml=alone_low, high_ml=4),
    }
    return TracerMap(lesion="L1", classes=classes)


def test_the_primary_gets_its_coefficient_of_variation() -> None:
    found = answers(Heterogeneity(time_point="baseline", within=[spread(0.47, 0.24)]))["PRI.hetero"]
    assert found.value == {"method": "cov", "value": 0.47}
    assert "FDG PET" in found.because
    assert "PRI.hetero" not in answers(None)


@pytest.mark.parametrize(("cov", "uneven"), [(0.24, False), (0.25, True)])
def test_spread_beyond_a_uniform_lesion_is_heterogeneity_inside(cov: float, uneven: bool) -> None:
    value = answers(Heterogeneity(time_point="baseline", within=[spread(cov, 0.24)]))["SUM.hetero"].value
    assert isinstance(value, dict)
    assert ("within" in value["value"]) is uneven


@pytest.mark.parametrize(("low_ml", "uneven"), [(0.99, False), (1.0, True)])
def test_parts_of_both_kinds_are_heterogeneity_inside(low_ml: float, uneven: bool) -> None:
    value = answers(Heterogeneity(time_point="baseline", maps=[parts(low_ml)]))["SUM.hetero"].value
    assert isinstance(value, dict)
    assert ("within" in value["value"]) is uneven
    assert not uneven or value["lesions"] == "L1"


def test_a_flip_is_heterogeneity_over_time() -> None:
    flip = LesionChange(lesion="L1", quantity="label", since="earlier", verdict="flipped")
    value = answers(Heterogeneity(time_point="baseline", changes=[flip]))["SUM.hetero"].value
    assert value == {"value": ["over_time"], "lesions": "L1"}


def test_the_next_step_names_the_target_that_was_proposed() -> None:
    target = BiopsyTarget(lesion="L1", because="its part", part="middle of the part with FDG alone")
    value = answers(Heterogeneity(time_point="baseline", biopsy=target)).get("SUM.next")
    assert value is None or value.value["biopsy_target"].startswith("L1, liver")  # type: ignore[index, call-overload]
