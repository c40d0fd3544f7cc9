from __future__ import annotations

from typing import Any

from isletscope.model import Exam, GridDescription, PetQuantification, Role, Series, Tracer, TracerClass
from isletscope.reading.choose import ct_on_pet, pets_to_read


def series(key: str, role: Role, slices: int = 100, spacing_mm: float = 4.0, **more: Any) -> Series:
    values: dict[str, Any] = {
        "key": key,
        "series_uid": f"1.2.{key}",
        "modality": "PT" if role is Role.PET else "CT",
        "role": role,
        "role_because": "test",
        "instance_count": slices,
        "frame_of_reference_uid": "1.9",
        "fingerprint": key,
        "grid": GridDescription(
            shape_kji=(slices, 10, 10),
            spacing_kji_mm=(3.0, spacing_mm, spacing_mm),
            origin_lps_mm=(0, 0, 0),
            axes_lps=((0, 0, 1), (0, 1, 0), (1, 0, 0)),
        ),
    }
    if role is Role.PET:
        values["tracer"] = Tracer(tracer_class=TracerClass.SSTR, name="68Ga-DOTATATE", because="test")
        values["quantification"] = PetQuantification(quantified=True, unit_in="BQML", branch="test", factor=1.0)
    return Series.model_validate(values | more)


def exam(*members: Series) -> Exam:
    return Exam(key="exam-1", study_uid="1", patient_id="P", title="PET/CT", series=list(members))


def test_of_two_reconstructions_one_is_read_and_the_other_says_so() -> None:
    coarse, fine = series("pet-1", Role.PET, spacing_mm=4.0), series("pet-2", Role.PET, spacing_mm=2.0)
    assert [one.key for one in pets_to_read(exam(coarse, fine))] == ["pet-2"]
    assert "another reconstruction of the same PET is read instead (pet-2)" in coarse.findings[0].problem


def test_the_longer_coverage_wins_over_finer_voxels() -> None:
    whole, part = series("pet-1", Role.PET, slices=300), series("pet-2", Role.PET, slices=60, spacing_mm=1.0)
    assert [one.key for one in pets_to_read(exam(whole, part))] == ["pet-1"]


def test_early_and_late_images_of_one_injection_are_both_read() -> None:
    early = series("pet-1", Role.PET, acquired="2026-03-02T09:30:00")
    late = series("pet-2", Role.PET, acquired="2026-03-02T11:30:00")
    assert len(pets_to_read(exam(early, late))) == 2


def test_a_pet_without_suv_is_not_read() -> None:
    refused = PetQuantification(quantified=False, unit_in="CNTS", branch="none")
    assert pets_to_read(exam(series("pet-1", Role.PET, quantification=refused))) == []


def test_the_attenuation_ct_goes_before_a_diagnostic_one() -> None:
    pet = series("pet-1", Role.PET)
    members = [pet, series("ct-1", Role.CT_PORTAL_VENOUS), series("ct-2", Role.CT_LOW_DOSE)]
    found = ct_on_pet(exam(*members), pet)
    assert found is not None
    assert found.key == "ct-2"


def test_a_ct_of_another_frame_of_reference_does_not_lie_on_the_pet() -> None:
    pet = series("pet-1", Role.PET)
    assert ct_on_pet(exam(pet, series("ct-1", Role.CT_LOW_DOSE, frame_of_reference_uid="1.8")), pet) is None
    assert ct_on_pet(exam(pet, series("ct-1", Role.CT_LOW_DOSE, frame_of_reference_uid=None)), pet) is None
