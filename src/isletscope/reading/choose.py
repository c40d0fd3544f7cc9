"""Which series of an exam are read together: one PET per acquisition, and the CT that lies on it."""

from __future__ import annotations

from isletscope.model import Exam, QualityFinding, Role, Series, Severity

_CT_PREFERENCE = (
    Role.CT_LOW_DOSE,
    Role.CT_UNENHANCED,
    Role.CT_PORTAL_VENOUS,
    Role.CT_PHASE_UNKNOWN,
    Role.CT_DELAYED,
    Role.CT_ARTERIAL,
)


def pets_to_read(exam: Exam) -> list[Series]:
    """The quantified PET series of an exam, one for each tracer and acquisition.

    Of several reconstructions the one with the longest coverage, then the finer voxels, is read; the others get a
    finding that says so: SUVs of different reconstructions are never mixed.
    """
    chosen: dict[tuple[object, ...], Series] = {}
    for series in exam.series:
        if not (series.role is Role.PET and series.usable and series.quantification):
            continue
        if not series.quantification.quantified:
            continue
        acquisition = (series.tracer.name if series.tracer else "", series.quantification.injection_time, _hour(series))
        best = chosen.get(acquisition)
        if best is None:
            chosen[acquisition] = series
            continue
        winner, other = (series, best) if _rank(series) > _rank(best) else (best, series)
        chosen[acquisition] = winner
        other.findings.append(
            QualityFinding(
                code="other_reconstruction",
                severity=Severity.INFO,
                problem=f"not read: another reconstruction of the same PET is read instead ({winner.key})",
                found=other.description,
                expected="one reconstruction for each PET, so that SUVs are comparable",
            )
        )
    return list(chosen.values())


def ct_on_pet(exam: Exam, pet: Series) -> Series | None:
    """The CT that shares the PET's frame of reference, the attenuation CT first; None when there is none."""
    candidates = [
        series
        for series in exam.series
        if series.usable
        and series.role in _CT_PREFERENCE
        and series.frame_of_reference_uid
        and series.frame_of_reference_uid == pet.frame_of_reference_uid
    ]
    return min(candidates, key=lambda ct: (_CT_PREFERENCE.index(ct.role), -ct.instance_count), default=None)


def _hour(series: Series) -> str:
    return (series.acquired or "")[:13]


def _rank(series: Series) -> tuple[float, float, str]:
    grid = series.grid
    assert grid is not None  # usable series have a grid
    length_mm = grid.shape_kji[0] * grid.spacing_kji_mm[0]
    return length_mm, -grid.spacing_kji_mm[1], series.series_uid
