"""Which CT and MR series of an exam are read together, and what is left out with a reason."""

from __future__ import annotations

from isletscope.model import Exam, ExamKind, Role, Series
from isletscope.model.exam import GridDescription
from isletscope.reading.images import images_to_read


def _series(key: str, modality: str, role: Role, frame: str | None = "1.2", slices: int = 40) -> Series:
    grid = GridDescription(
        shape_kji=(slices, 64, 64),
        spacing_kji_mm=(4.0, 2.0, 2.0),
        origin_lps_mm=(0.0, 0.0, 0.0),
        axes_lps=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    )
    return Series(
        key=key,
        series_uid=f"1.2.{abs(hash(key)) % 1000}",
        modality=modality,
        frame_of_reference_uid=frame,
        role=role,
        role_because="made",
        instance_count=slices,
        grid=grid,
        fingerprint=key,
    )


def _exam(*series: Series) -> Exam:
    return Exam(key="exam-1", study_uid="1", patient_id="p", title="made", series=list(series))


def test_phases_of_one_frame_are_read_together_and_mr_apart() -> None:
    tasks = images_to_read(
        _exam(
            _series("ct-1", "CT", Role.CT_ARTERIAL),
            _series("ct-2", "CT", Role.CT_PORTAL_VENOUS),
            _series("mr-1", "MR", Role.MR_DYNAMIC, "1.3"),
            _series("mr-2", "MR", Role.MR_DWI, "1.3"),
        )
    )
    assert [(task.kind, [one.key for one in task.series]) for task in tasks] == [
        (ExamKind.CT, ["ct-1", "ct-2"]),
        (ExamKind.MRI, ["mr-1", "mr-2"]),
    ]
    assert len({task.inputs_hash for task in tasks}) == 2


def test_other_frames_of_reference_are_tasks_of_their_own() -> None:
    tasks = images_to_read(
        _exam(_series("ct-1", "CT", Role.CT_ARTERIAL), _series("ct-2", "CT", Role.CT_PORTAL_VENOUS, "1.9"))
    )
    assert [task.series[0].key for task in tasks] == ["ct-1", "ct-2"]


def test_low_dose_ct_and_a_few_slices_are_left_out_with_the_reason() -> None:
    assert images_to_read(_exam(_series("ct-1", "CT", Role.CT_LOW_DOSE))) == []
    (task,) = images_to_read(
        _exam(
            _series("ct-1", "CT", Role.CT_LOW_DOSE),
            _series("ct-2", "CT", Role.CT_PORTAL_VENOUS),
            _series("ct-3", "CT", Role.CT_ARTERIAL, slices=1),
        )
    )
    assert [one.key for one in task.series] == ["ct-2"]
    assert "attenuation correction" in task.left_out[0]
    assert "1 slices" in task.left_out[1]
