"""Real limbs: a deliberate motion of 20 mm and 10 degrees is undone, and images of two patients are not aligned."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from isletscope.intake import load_volume, scan
from isletscope.reading.alignment_pair import PairFit, fit_pair
from isletscope.reading.alignment_rules import alignment_rules
from isletscope.spatial import RegistrationImage, Volume, prepare
from isletscope.spatial.register import inverse
from scripts.accept.alignment_real import moved_copy

pytestmark = pytest.mark.real_data


@cache
def volumes(folder: Path) -> dict[str, Volume]:
    wanted = ("CT", "MR", "PT")
    return {f.record.modality: load_volume(f) for f in scan([folder]).series if f.record.modality in wanted}


def fitted(reference: Volume, onto: str, volume: Volume, kind: str) -> PairFit:
    rules = alignment_rules()

    def ready(step_mm: float) -> tuple[RegistrationImage, RegistrationImage]:
        windows = rules.windows
        return prepare(reference, windows[onto].window(), step_mm), prepare(volume, windows[kind].window(), step_mm)

    return fit_pair(*ready(rules.step_mm), lambda: ready(rules.narrow.step_mm))


@pytest.mark.parametrize("patient", ["STS_002", "STS_003", "STS_025"])
def test_a_moved_mr_of_a_limb_is_brought_back_to_its_ct(test_data: Path, patient: str) -> None:
    images = volumes(test_data / "petctmr_sts" / patient)
    moved, motion = moved_copy(images["MR"])
    still, found = (fitted(images["CT"], "CT", one, "MR") for one in (images["MR"], moved))
    assert not found.why_not
    grid = images["MR"].geometry
    corners = grid.to_lps(np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(grid.shape) - 1))
    there = corners @ motion[:3, :3].T + motion[:3, 3]
    home, without = inverse(found.transform.matrix), inverse(still.transform.matrix)
    apart = (there @ home[:3, :3].T + home[:3, 3]) - (corners @ without[:3, :3].T + without[:3, 3])
    assert np.linalg.norm(apart, axis=1).max() < 2.0


@pytest.mark.parametrize(("ct_of", "mr_of"), [("STS_002", "STS_025"), ("STS_025", "STS_003"), ("STS_003", "STS_002")])
def test_limbs_of_two_patients_are_not_aligned(test_data: Path, ct_of: str, mr_of: str) -> None:
    ct, mr = (volumes(test_data / "petctmr_sts" / one) for one in (ct_of, mr_of))
    fit = fitted(ct["CT"], "CT", mr["MR"], "MR")
    assert "nor does a search by local structure" in fit.why_not
