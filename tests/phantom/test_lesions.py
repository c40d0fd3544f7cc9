"""Shapes, parts and painting of tumours: volumes by closed forms, vessels spared, channels alike."""

from __future__ import annotations

import numpy as np
import pytest

from isletscope.phantom.appearance import CT_PHASES, Appearance
from isletscope.phantom.lesion_truth import lesion_truth, lesion_truths, size_of
from isletscope.phantom.lesions import InnerPart, Thrombus, Tumour, draw_lobes, scaled
from isletscope.phantom.tissues import draw_tissues
from isletscope.phantom.tubes import Tube
from isletscope.phantom.tumour_appearance import MR_FIGURES, Level, draw_appearance, mimic_kinds, natures
from isletscope.phantom.tumour_paint import paint_tumour
from tests.phantom.person import person
from tests.phantom.test_contact import ball

LOOK = Appearance(hu=dict.fromkeys(CT_PHASES, 100.0), uptake={"sstr": 20.0, "fdg": 2.0, "exendin": 1.0})
DARK = Appearance(hu=dict.fromkeys(CT_PHASES, 10.0), uptake={"sstr": 1.0, "fdg": 1.0, "exendin": 1.0})


def tumour(radius: float = 10.0, **changes: object) -> Tumour:
    return ball(30.0, radius, appearance=LOOK, **changes)


def painted(lesion: Tumour, channels: int = 1, step: float = 1.0) -> tuple[np.ndarray, object]:
    body, pose = person()
    images = np.zeros((channels, 80, 80, 80), dtype=np.float32)
    contrasts = [lambda look, _, n=n: look.hu["unenhanced"] * (n + 1) for n in range(channels)]
    centre = pose.to_scanner(np.asarray(lesion.centre_personal_mm)[None])[0]
    origin = np.round(centre - 39.3 * step, 3)
    cover = paint_tumour(lesion, pose, contrasts, images, origin, np.full(3, step), step, body)
    return images, cover


@pytest.mark.parametrize("radius", [2.5, 6.0, 15.0])
def test_painted_volume_is_the_analytic_one(radius: float) -> None:
    lesion = tumour(radius)
    images, cover = painted(lesion)
    assert images.sum() / 100 / 1000 == pytest.approx(lesion.volume_ml, rel=0.004)
    assert cover.lesion.sum() / 1000 == pytest.approx(lesion.volume_ml, rel=0.004)  # type: ignore[attr-defined]


def test_channels_differ_by_their_contrast_only() -> None:
    lesion = tumour(9.0, inner=(InnerPart("core", "scaled", DARK, np.array([0.6])),))
    images, _ = painted(lesion, 3)
    assert np.allclose(images[1], 2 * images[0], atol=1e-3)
    assert np.allclose(images[2], 3 * images[0], atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "figures", "share"),
    [
        ("scaled", [0.3 ** (1 / 3)], 0.3),
        ("eroded", [3.0], (12 / 15) ** 3),
        ("half", [0.0, 0.0, 1.0, 0.0], 0.5),
        ("shell", [2.0, 2.0], (14**3 - 12**3) / 15**3),
        ("balls", [[0.0, 0.0, 0.0, 5.0]], (5 / 15) ** 3),
    ],
)
def test_inner_parts_have_their_share(kind: str, figures: list[float], share: float) -> None:
    body, pose = person()
    lesion = tumour(15.0, inner=(InnerPart("part", kind, DARK, np.array(figures)),))
    size = size_of(lesion, pose, body)
    assert size.parts_ml["part"] / size.volume_ml == pytest.approx(share, rel=0.01)
    assert size.volume_ml == pytest.approx(lesion.volume_ml, rel=0.003)


def test_axes_of_an_ellipsoid() -> None:
    body, pose = person()
    lesion = tumour(10, semi_axes_mm=(14.0, 9.0, 20.0))
    size = size_of(lesion, pose, body)
    assert size.long_axis_mm == pytest.approx(28, abs=0.1)
    assert size.short_axis_mm == pytest.approx(18, abs=0.1)
    assert size.largest_mm == pytest.approx(40, abs=0.2)


def test_a_lobulated_tumour_keeps_its_nominal_volume() -> None:
    body, pose = person()
    lobed = tumour(15.0, lobes=draw_lobes(np.random.default_rng(5)), spared=("aorta",))
    assert size_of(lobed, pose, body).volume_ml == pytest.approx(lobed.volume_ml, rel=0.004)


def test_a_spared_vessel_takes_back_its_volume() -> None:
    body, pose = person()
    vein = body.tubes["superior_mesenteric_vein"]
    place = pose.from_anatomical(vein.sample(1.0).points[40:41])[0]
    whole = tumour(14.0, centre_personal_mm=tuple(place))
    cut = tumour(14.0, centre_personal_mm=tuple(place), spared=(vein.name,))
    cloud = np.random.default_rng(2).uniform(-14, 14, (400_000, 3))
    inside = cloud[whole.distance(cloud) <= 0] + place
    outside_vein = float((vein.distance(pose.to_anatomical(inside)) > 0).mean())
    assert size_of(cut, pose, body).volume_ml == pytest.approx(outside_vein * whole.volume_ml, rel=0.005)
    _, cover = painted(cut, step=0.6)
    assert cover.lesion.sum() * 0.6**3 / 1000 == pytest.approx(outside_vein * whole.volume_ml, rel=0.01)  # type: ignore[attr-defined]


def test_a_thrombus_counts_as_tumour() -> None:
    body, pose = person()
    vein = body.tubes["portal_vein"]
    course = vein.segment(5.0, 25.0)
    place = pose.from_anatomical(course[:1, :3])[0]
    lesion = tumour(8.0, centre_personal_mm=tuple(place - [8.0, 0.0, 0.0]), thrombus=Thrombus("portal_vein", course))
    truth = lesion_truth(lesion, pose, body)
    parts = {part["name"]: part["volume_ml"] for part in truth["parts"]}
    along = pose.from_anatomical(course[:, :3])
    low, high = along.min(axis=0) - 9, along.max(axis=0) + 9
    cloud = np.random.default_rng(1).uniform(low, high, (300_000, 3))
    share = float((Tube("rod", course, "blood").distance(pose.to_anatomical(cloud)) < 0).mean())
    assert parts["thrombus"] == pytest.approx(share * float(np.prod(high - low)) / 1000, rel=0.015)
    assert truth["volume_ml"] == pytest.approx(parts["main"] + parts["thrombus"], abs=1e-4)
    assert truth["thrombus_in"] == "portal_vein"


def test_what_lies_under_a_later_lesion_is_not_counted_twice() -> None:
    body, pose = person()
    first = tumour(10.0)
    second = tumour(10.0, id="P2", centre_personal_mm=(40.0, 0.0, 0.0))
    truths = lesion_truths([first, second], pose, body)
    lens = 2 * np.pi / 3 * 5**2 * (30 - 5) / 1000
    assert truths["P2"]["volume_ml"] == pytest.approx(second.volume_ml, rel=0.003)
    assert truths["P1"]["volume_ml"] == pytest.approx(first.volume_ml - lens, rel=0.004)


def test_contact_is_told_of_lesions_of_the_pancreas() -> None:
    body, pose = person()
    primary, node = tumour(10.0), tumour(10.0, id="N1", site="node", centre_personal_mm=(40.0, 0.0, 0.0))
    truths = lesion_truths([primary, node], pose, body)
    assert truths["P1"]["vessel_contact"]
    assert "vessel_contact" not in truths["N1"]
    assert "vessel_contact" not in lesion_truths([primary], pose, body, contact=False)["P1"]


def test_growth_keeps_walls_and_scales_parts() -> None:
    parts = (
        InnerPart("fluid", "eroded", DARK, np.array([3.0])),
        InnerPart("half", "half", DARK, np.array([0, 0, 1.0, 2.0])),
    )
    grown = scaled(tumour(10.0, inner=parts), 1.5)
    assert grown.semi_axes_mm == (15.0, 15.0, 15.0)
    assert grown.inner[0].figures[0] == 3.0
    assert grown.inner[1].figures[3] == 3.0
    assert [part.name for part in scaled(grown, 0.2).inner] == ["half"]


def test_every_nature_gives_a_whole_appearance() -> None:
    tissues = draw_tissues(np.random.default_rng(1))
    for name, nature in natures().items():
        look = draw_appearance(nature, "liver", tissues, np.random.default_rng(2))
        assert set(look.hu) == set(CT_PHASES), name
        assert all(0 <= value < 200 for value in look.uptake.values()), name
        assert all(getattr(look, figure) >= 0 for figure in MR_FIGURES), name
    assert set(mimic_kinds()) <= set(natures())


def test_an_override_leaves_the_other_figures_alone() -> None:
    tissues = draw_tissues(np.random.default_rng(1))
    nature = natures()["hypervascular_net"]
    plain = draw_appearance(nature, "pancreas", tissues, np.random.default_rng(2))
    given = {"hu": {"late_arterial": Level(110, 110)}, "mr": {"adc": Level(900, 900)}}
    other = draw_appearance(nature, "pancreas", tissues, np.random.default_rng(2), given)
    assert (other.hu["late_arterial"], other.adc) == (110, 900)
    assert other.hu["portal_venous"] == plain.hu["portal_venous"]
    assert other.uptake == plain.uptake
    assert plain.hu["late_arterial"] > tissues["pancreas"].appearance.hu["late_arterial"] + 40
