"""Phenotype of the example case: a value, a value read with care, a reason, and a picture."""

from __future__ import annotations

from isletscope.model import Phenotype, Shown, measured, missing


def example_phenotype() -> Phenotype:
    """The lesion P1 at baseline."""
    return Phenotype(
        lesion="P1",
        time_point="baseline",
        cells={
            "sstr_suv_max": measured("SSTR SUVmax", 30.0, "g/mL"),
            "hu_portal_venous": measured(
                "CT number, portal venous", 96.0, "[hnsf'U]", limitation="partial volume: 12 mm on slices of 8.0 mm"
            ),
            "adc_mean": missing("ADC, mean", "no MRI at this time point", "10-6.mm2/s"),
        },
        labels={"concordance": "receptor-only", "clearest_on": "sstr"},
        shown=[
            Shown(
                column="ct_portal_venous", series_key="ct-1", centre_lps_mm=(1.0, 2.0, 3.0),
                outlines_mm=[[(0.0, 0.0), (4.0, 0.0), (2.0, 3.0), (0.0, 0.0)]], carried=True,
            )
        ],
    )  # fmt: skip
