"""The reference patient's own images, measured by code that shares nothing with their generator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from isletscope.yaml_text import read_yaml
from scripts.accept.claims import Claim
from scripts.accept.program import ROOT, Result, isletscope
from tests.phantom.measuring import figures
from tests.phantom.measuring.figures import Figure, MadePatient

IMAGES = "Images of the reference patient, measured from the scanner files"
PLAN = ROOT / "tests" / "phantom" / "measuring" / "measured.yaml"
SCENARIOS = ROOT / "src" / "isletscope" / "phantom" / "scenarios"
VESSEL = "superior_mesenteric_vein"
# Scenarios whose first tumour touches a vessel of 6 mm and more, and the vessel; contact is measured on a 0.5 mm CT.
CONTACTS = {
    "head-smv-100": "superior_mesenteric_vein",
    "head-smv-220": "superior_mesenteric_vein",
    "head-sma-90": "superior_mesenteric_artery",
    "head-sma-200": "superior_mesenteric_artery",
    "portal-thrombus": "superior_mesenteric_vein",
    "tail-resectable": "splenic_vein",
    "liver-unilobar": "splenic_vein",
    "liver-bilobar-45": "splenic_vein",
    "bone-nodes": "splenic_vein",
    "men1": "splenic_vein",
}
DETAIL = {"around": "P1", "field_mm": 72}


def measure_images(size: str, work: Path) -> Result:
    """Make the patient that is meant for measuring, and measure it."""
    made = isletscope("phantom", work / "patient", "--scenario", PLAN, "--seed", "1", "--size", size)
    if made.exit_code:
        return {"failed": made.errors.strip()[-500:]}
    patient = MadePatient(work / "patient")
    return {
        "seconds_made": made.seconds,
        "volume 30 mm": _pair(figures.volume(patient, "ct_30", "L1")),
        "volume 15 mm": _pair(figures.volume(patient, "ct_15", "L2")),
        "volume 10 mm": _pair(figures.volume(patient, "ct_10", "L3")),
        "volume head": _pair(figures.volume_between_tissues(patient, "ct_head", "P1")),
        "contact": _by_tolerance(figures.contact_degrees(patient, "ct_head", "P1", VESSEL)),
        **{f"recovery {name}": _pair(figures.recovery(patient, "pet", name)) for name in ("L1", "L2", "L3")},
        "adc clean": _pair(figures.adc(patient, "mr_clean", "L1")),
        "adc noisy": _pair(figures.adc(patient, "mr_noisy", "L1")),
        "adc fitted here": _pair(figures.adc_from_images(patient, "mr_noisy", "L1")),
        "landmarks": max(figures.landmark_errors_mm(patient)),
    }


def measure_contacts(work: Path) -> Result:
    """Make the CT of each scenario of vessel contact, and measure the contact on its detail.

    The detail is the same at every size of output, and the other exams of a scenario do not move its tumour. A CT
    without a detail gets one, which changes nothing else.
    """
    measured: Result = {}
    for name, vessel in CONTACTS.items():
        plan = read_yaml((SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"))
        plan["exams"] = [{"detail": DETAIL} | exam for exam in plan["exams"] if exam.get("kind") == "ct"]
        del plan["expected"]
        given = work / f"{name}.yaml"
        given.write_text(yaml.safe_dump(plan), encoding="utf-8")
        made = isletscope("phantom", work / name, "--scenario", given, "--seed", "1", "--size", "small")
        if made.exit_code:
            return {"failed": made.errors.strip()[-500:]}
        patient = MadePatient(work / name)
        measured[name] = _by_tolerance(figures.contact_degrees(patient, "ct", "P1", vessel))
    return measured


def contact_claims(result: Result) -> Iterator[Claim]:
    """The bar on each measured contact, at every tolerance of the truth."""
    if "failed" in result:
        yield Claim(IMAGES, "the scenarios of vessel contact are made", "made", result["failed"], False)
        return
    for name, vessel in CONTACTS.items():
        yield _contact_claim(f"{name}: contact with the {vessel.replace('_', ' ')}", result[name])


def _contact_claim(what: str, pairs: Mapping[str, Sequence[float]]) -> Claim:
    figures_at = {tolerance: Figure(*pair) for tolerance, pair in pairs.items()}
    text = ", ".join(f"{figure.measured:.1f} for {figure.true:.1f}" for figure in figures_at.values()) + " degrees"
    claim = f"{what}, 0.5 mm CT, tolerance {', '.join(figures_at)} mm"
    holds = all(abs(figure.off) <= 3.0 for figure in figures_at.values())
    return Claim(IMAGES, claim, "± 3 degrees", text, holds)


def _by_tolerance(found: Mapping[str, Figure]) -> dict[str, list[float]]:
    return {tolerance: _pair(figure) for tolerance, figure in found.items()}


def _pair(figure: Figure) -> list[float]:
    return [float(figure.measured), float(figure.true)]


def reference_image_claims(result: Result) -> Iterator[Claim]:
    """The bars on the images, each beside what was measured."""
    if "failed" in result:
        yield Claim(IMAGES, "the patient for measuring is made", "made", result["failed"], False)
        return
    for claim, key, bar in (
        ("CT volume of 30 mm in the liver, 1.5 mm slices", "volume 30 mm", 3.0),
        ("CT volume of 15 mm in the liver, 1.5 mm slices", "volume 15 mm", 3.0),
        ("CT volume of 10 mm in the liver, 3 mm slices", "volume 10 mm", 10.0),
        ("CT volume of 32 mm in the head of the pancreas, between several tissues", "volume head", 3.0),
        ("PET recovery of 30 mm against the closed form", "recovery L1", 3.0),
        ("PET recovery of 15 mm against the closed form", "recovery L2", 3.0),
        ("PET recovery of 10 mm against the closed form", "recovery L3", 3.0),
        ("ADC on the map without noise", "adc clean", 2.0),
        ("ADC on the map with noise", "adc noisy", 5.0),
        ("ADC fitted to the images with noise", "adc fitted here", 5.0),
    ):
        figure = Figure(*result[key])
        text = f"{figure.measured:.4g} for {figure.true:.4g}, {figure.percent:+.2f} %"
        yield Claim(IMAGES, claim, f"± {bar:g} %", text, abs(figure.percent) <= bar)
    yield _contact_claim("contact angle", result["contact"])
    worst = float(result["landmarks"])
    text = f"at most {worst:.3f} mm"
    yield Claim(IMAGES, "lesions carried from exam to exam by the written fields", "≤ 0.1 mm", text, worst <= 0.1)
