"""MR of a whole body: ADC, water and fat, contrast phases, and what is recorded of each breath-hold."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from scipy import ndimage

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.body import build_body, draw_person
from isletscope.phantom.lesions import Tumour
from isletscope.phantom.mr_physics import signal
from isletscope.phantom.mr_rule import MrRule
from isletscope.phantom.mr_sequences import mr_protocol
from isletscope.phantom.pose import Pose, Variation, draw_breathing
from isletscope.phantom.render import Scene
from isletscope.phantom.scanner_mr import MrExam, scan_mr
from isletscope.phantom.structures import structure_label
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.visit import random_source

METASTASIS = Appearance(
    hu={"unenhanced": 45.0},
    uptake={"sstr": 20.0, "fdg": 3.0, "exendin": 0.5},
    t1_ms=900.0,
    t2_ms=80.0,
    proton_density=0.85,
    adc=1000.0,
    gadolinium={"late_arterial": 3.5, "portal_venous": 2.0, "delayed": 1.5, "hepatobiliary": 0.3},
)
# name: anatomical centre mm, radius mm
PLACES = {
    "large": ((-70.0, -10.0, 60.0), 15.0),
    "small": ((-100.0, 20.0, 40.0), 7.5),
    "steatosis": ((-60.0, -50.0, 60.0), 13.0),
}


@cache
def scene() -> Scene:
    rng = np.random.default_rng(3)
    person = draw_person(rng, "M", 60, 176.0, 78.0)
    body = build_body(person, draw_tissues(rng), rng)
    pose = Pose(body.scale, Variation.draw(rng), (0.5, 0.3, 1.0), (3.0, -4.0, 25.0), draw_breathing(rng, 5.0))
    looks = {
        "large": METASTASIS,
        "small": replace(METASTASIS, adc=900.0),
        "steatosis": replace(body.tissues["liver"].appearance, fat_fraction=0.25),
    }
    tumours = []
    for label, (name, (centre, radius)) in enumerate(PLACES.items(), start=1):
        x, y, z = pose.from_anatomical(np.array([centre]))[0]
        tumours.append(
            Tumour(
                id=name,
                site="liver",
                organ="liver",
                centre_personal_mm=(float(x), float(y), float(z)),
                semi_axes_mm=(radius,) * 3,
                turned_degrees=(0.0, 0.0, 0.0),
                appearance=looks[name],
                label=label,
            )
        )
    return Scene(body, pose, tuple(tumours))


@cache
def exam(sequence: str, size: str, snr: float | None) -> MrExam:
    return scan_mr(scene(), MrRule(sequences=(sequence,), snr=snr), size, partial(random_source, 7, "test"))


def inside(made: MrExam, key: str, name: str, rim: int = 1) -> np.ndarray:
    """Voxels of a lesion in an image, less its rim."""
    label = list(PLACES).index(name) + 1
    mask = made.holds[made.series[key].hold].lesions == label
    values = made.series[key].image[ndimage.binary_erosion(mask, iterations=rim)]
    assert values.size >= 5
    return values


def shown(key: str, tissue: Appearance) -> float:
    image = mr_protocol().images[key]
    factor = mr_protocol().gadolinium_factor(image, MrRule())
    return abs(signal(tissue, image.excitation, tissue.gadolinium.get(image.phase or "", 0.0) * factor))


@pytest.mark.parametrize(("snr", "within"), [(None, 0.02), (1.0, 0.05)])
def test_adc_of_lesions_of_15_mm_and_more(snr: float | None, within: float) -> None:
    made = exam("dwi", "full", snr)
    for tumour in scene().tumours:
        assert inside(made, "adc", tumour.id).mean() == pytest.approx(tumour.appearance.adc, rel=within)


def test_adc_is_fitted_to_the_noisy_images() -> None:
    made = exam("dwi", "full", 1.0)
    b = np.array([50.0, 400.0, 800.0])
    logs = np.log([inside(made, f"dwi_b{int(v)}", "large") for v in b])
    slope = -np.polyfit(b, logs, 1)[0] * 1e6
    assert np.allclose(slope, inside(made, "adc", "large"), rtol=1e-3)


def test_opposed_phase_signal_drops_as_theory_says() -> None:
    made = exam("dual_echo", "full", None)
    look = scene().tumours[2].appearance
    measured = inside(made, "t1_opposed_phase", "steatosis", 3) / inside(made, "t1_in_phase", "steatosis", 3)
    expected = shown("t1_opposed_phase", look) / shown("t1_in_phase", look)
    assert float(measured.mean()) == pytest.approx(expected, rel=0.02)
    assert expected < 0.6


def test_a_dark_line_runs_between_water_and_fat_in_opposed_phase_only() -> None:
    """Along rows through the flank: from fat to muscle the opposed-phase signal passes near zero."""
    made = exam("dual_echo", "full", None)
    opposed, in_phase = (made.series[key].image for key in ("t1_opposed_phase", "t1_in_phase"))
    row = opposed.shape[1] // 2
    for k in range(10, opposed.shape[0] - 10, 10):
        lit = np.flatnonzero(in_phase[k, row] > 150)
        window = slice(lit[0] + 2, lit[0] + 40)
        assert opposed[k, row, window].min() < 0.35 * in_phase[k, row, window].min()


def test_hepatobiliary_phase_shows_bright_liver_and_dark_metastasis() -> None:
    before, late = exam("dynamic", "small", None), exam("hepatobiliary", "small", None)
    liver = scene().body.tissues["liver"].appearance
    assert shown("t1_hepatobiliary", liver) > 2.0 * shown("t1_hepatobiliary", METASTASIS)
    image, hold = late.series["t1_hepatobiliary"].image, late.holds["hepatobiliary"]
    inner = ndimage.binary_erosion(hold.lesions == 1)
    around = ndimage.binary_dilation(hold.lesions == 1, iterations=3) & ~ndimage.binary_dilation(hold.lesions > 0)
    assert image[inner].mean() < 0.55 * np.median(image[around])
    arterial = before.series["t1_late_arterial"].image
    mask = before.holds["dynamic"].lesions == 1
    ring = ndimage.binary_dilation(mask, iterations=3) & ~ndimage.binary_dilation(before.holds["dynamic"].lesions > 0)
    assert arterial[ndimage.binary_erosion(mask)].mean() > 1.2 * np.median(arterial[ring])


def test_noise_is_as_stated() -> None:
    noisy, clean = exam("dwi", "full", 1.0), exam("dwi", "full", None)
    for key in ("dwi_b0", "dwi_b800"):
        stated = noisy.series[key].noise
        difference = inside(noisy, key, "large", 1) - inside(clean, key, "large", 1)
        assert difference.std() == pytest.approx(stated, rel=0.2)
        assert clean.series[key].noise == 0.0


def test_movement_of_each_breath_hold_is_recorded_and_repeats() -> None:
    first, again = (
        scan_mr(scene(), MrRule(sequences=("dwi",)), "small", partial(random_source, 7, "test")) for _ in "ab"
    )
    assert np.array_equal(first.series["adc"].image, again.series["adc"].image)
    hold, limits = first.holds["dwi"], mr_protocol().holds["dwi"]
    assert np.array(hold.pose.shift_mm) == pytest.approx(np.array(scene().pose.shift_mm) + hold.shift_mm)
    assert len(hold.pose.bumps) == len(scene().pose.bumps) + 3
    assert max(map(abs, hold.shift_mm)) <= limits.drift_mm
    assert abs(hold.breathing_mm) <= limits.breathing_mm
    label = hold.lesions == 1
    centre = hold.pose.to_scanner(np.array([scene().tumours[0].centre_personal_mm]))[0]
    middle = hold.geometry.to_lps(np.argwhere(label).mean(axis=0))
    assert np.linalg.norm(middle - centre) < 1.5
    assert hold.as_json()["extra_breathing_mm"] == hold.breathing_mm


def test_the_field_holds_the_whole_liver_and_trunk() -> None:
    hold = exam("dwi", "full", None).holds["dwi"]
    liver = np.isin(hold.structures, [structure_label(f"liver_segment_{n}") for n in range(1, 9)])
    assert liver.any(axis=(1, 2)).sum() > 20
    assert not liver[0].any()
    assert not liver[-1].any()
    for side in (hold.structures[:, 0], hold.structures[:, -1], hold.structures[:, :, 0], hold.structures[:, :, -1]):
        assert not side.any()
