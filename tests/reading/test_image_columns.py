"""Which series stands for which column: words, moments in order, what cannot be told, b-values."""

from __future__ import annotations

import pytest

from isletscope.model import Exam, ExamKind, GridDescription, Role, Series
from isletscope.reading.image_columns import columns_of, diffusion_of

GRID = GridDescription(
    shape_kji=(10, 20, 20),
    spacing_kji_mm=(3.0, 1.0, 1.0),
    origin_lps_mm=(0.0, 0.0, 0.0),
    axes_lps=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
)


def _series(key: str, role: Role, **parts: object) -> Series:
    base = {"series_uid": f"2.25.{key}", "modality": "MR", "role_because": "test", "instance_count": 1}
    return Series.model_validate(base | {"key": key, "role": role, "fingerprint": key, "grid": GRID} | parts)


def _columns(*series: Series, kind: ExamKind = ExamKind.MRI) -> dict[str, str]:
    exam = Exam(key="exam-1", study_uid="1", patient_id="A", title="MR", series=list(series))
    return {column: found[0].key for column, found in columns_of(exam, kind).items()}


@pytest.mark.parametrize(
    ("description", "column"),
    [
        ("t1_vibe_fs_tra_bh_art", "mr_late_arterial"),
        ("Ax LAVA late arterial", "mr_late_arterial"),
        ("t1_vibe_fs_tra_bh_pv", "mr_portal_venous"),
        ("THRIVE portal venous", "mr_portal_venous"),
        ("t1_vibe_fs_tra_bh_delayed_3min", "mr_delayed"),
        ("t1 arterial portal", ""),
        ("t1_vibe_dyn", ""),
    ],
)
def test_phases_by_words(description: str, column: str) -> None:
    found = _columns(_series("mr-1", Role.MR_DYNAMIC, description=description))
    assert found == ({column: "mr-1"} if column else {})


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (["09:03:00", "09:04:32", "09:05:10", "09:07:00"], True),
        (["09:03:00", "09:04:32", "09:04:36", "09:07:00"], False),
        (["09:03:00", "09:04:32", "09:05:10"], False),
    ],
)
def test_moments_by_their_times(times: list[str], told: bool) -> None:
    parts = [
        _series(f"mr-{n}", Role.MR_DYNAMIC, series_uid="2.25.7", part=f"phase {n}", acquired=f"2026-01-02T{time}")
        for n, time in enumerate(times, 1)
    ]
    expected = {"mr_t1": "mr-1", "mr_late_arterial": "mr-2", "mr_portal_venous": "mr-3", "mr_delayed": "mr-4"}
    assert _columns(*parts) == (expected if told else {})


def test_the_thinner_slices_and_the_better_weighting_come_first() -> None:
    thick = GRID.model_copy(update={"spacing_kji_mm": (8.0, 1.0, 1.0)})
    found = _columns(
        _series("mr-1", Role.MR_T2),
        _series("mr-2", Role.MR_T2_FAT_SATURATED, grid=thick),
        _series("mr-3", Role.MR_T2_FAT_SATURATED),
    )
    assert found == {"mr_t2": "mr-3"}


def test_b_values_of_one_set() -> None:
    parts = [_series(f"mr-{b}", Role.MR_DWI, series_uid="2.25.9", b_value_s_mm2=float(b)) for b in (800, 0, 50)]
    assert list(diffusion_of(parts)) == [0.0, 50.0, 800.0]


def test_a_ct_of_unknown_phase_stands_for_no_phase() -> None:
    columns = _columns(_series("ct-1", Role.CT_PHASE_UNKNOWN), kind=ExamKind.CT)
    assert columns == {"ct_phase_unknown": "ct-1"}
