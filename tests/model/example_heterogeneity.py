"""Heterogeneity of the example case: every field of its parts, of invented facts."""

from __future__ import annotations

from isletscope.model import (
    BiopsyTarget,
    Clusters,
    Evidence,
    Heterogeneity,
    Join,
    LesionChange,
    LesionProfile,
    Support,
    TracerMap,
    VolumeInterval,
    WithinLesion,
    derived,
    measured,
)

MAP = TracerMap(
    lesion="P1",
    sstr_series_key="pet-1",
    fdg_series_key="pet-2",
    sstr_threshold=derived("SSTR threshold", 5.6, "g/mL"),
    fdg_threshold=derived("FDG threshold", 2.8, "g/mL"),
    uncertainty_mm=3.0,
    classes={"fdg_only": VolumeInterval(volume_ml=18.3, low_ml=14.9, high_ml=23.1)},
    by_contours={"fdg_only": VolumeInterval(volume_ml=24.6, low_ml=22.7, high_ml=29.3)},
    centre_sstr_lps_mm=(26.7, -12.7, 175.8),
    centre_fdg_lps_mm=(35.2, -23.3, 165.7),
    method="above liver mean + 2 SD on each PET",
    doubt="an FDG focus held to be physiologic overlaps it",
    limits=["invented"],
)
CLUSTERS = Clusters(
    features=["sstr_suv_max", "fdg_suv_max"],
    lesions=["P1", "L1"],
    joins=[Join(first=0, second=1, height=2.5, size=2)],
    group_of={"P1": 1, "L1": 2},
    silhouette=0.8,
    left_out={"L2": "not known: ADC"},
    method="Ward's clustering",
    because="invented",
)
CHANGES = [
    LesionChange(
        lesion="P1", quantity="ct_size", since="baseline", before=25.0, after=31.5, unit="mm", change_percent=26.0,
        verdict="likely_real", because="beyond 10 %", growth_percent_per_month=12.1,
    ),
    LesionChange(
        lesion="P1", quantity="label", since="baseline", before_label="receptor-only",
        after_label="discordant (mismatch)", verdict="flipped", because="SSTR-negative, FDG-positive.",
    ),
]  # fmt: skip
TARGET = BiopsyTarget(
    lesion="P1",
    because="P1 is FDG-positive and SSTR-negative",
    step="mismatch",
    reasons=[Evidence(text="FDG SUVmax", value=12.6, unit="g/mL")],
    series_key="pet-1",
    point_lps_mm=(24.9, -3.5, 166.8),
    ball_radius_mm=9.3,
    part="middle of the part with FDG alone",
    would_change=["L1 is alike"],
    remarks=["A proposal, to be decided by the tumour board."],
    citations=["Chan2022"],
    support=Support.VERIFIED,
)


def example_heterogeneity() -> Heterogeneity:
    """One time point with every part."""
    return Heterogeneity(
        time_point="baseline",
        within=[
            WithinLesion(
                lesion="P1", time_point="baseline", measurements={"fdg_cov": measured("coefficient of variation", 0.47)}
            )
        ],
        maps=[MAP, TracerMap(lesion="L1", because="neither PET has an outline of it")],
        profiles=[
            LesionProfile(
                lesion="P1",
                label="discordant (mismatch)",
                because="SSTR-negative, FDG-positive.",
                values={"fdg_suv_max": measured("FDG SUVmax", 12.6, "g/mL")},
            )
        ],
        between={"mismatch_share": derived("volume with FDG alone", 35.4, "%")},
        clusters=CLUSTERS,
        changes=CHANGES,
        biopsy=TARGET,
        limits=["invented"],
    )
