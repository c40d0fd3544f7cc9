"""The picture of a vessel beside a tumour: what it says, and that it is not mirrored."""

from __future__ import annotations

import re

import numpy as np

from isletscope.report.content.document import Figure
from isletscope.report.figures.vessel_contact import vessel_contact_figure
from isletscope.spatial import HOUNSFIELD, Geometry, Mask, Volume
from isletscope.surgery import contact_view
from isletscope.surgery.vessel_contact import VesselContact, vessel_contact

GRID = Geometry((40, 44, 44), (1.0, 1.0, 1.0), (-21.5, -21.5, -19.5))
CONTACT_INK = "#D6261B"


def drawn(centre: tuple[float, float], *, image: bool = False) -> tuple[Figure, VesselContact]:
    """A vessel along the body, and a ball with its centre at x (to the left) and y (to the back) of it."""
    points = GRID.to_lps(np.moveaxis(np.indices(GRID.shape), 0, -1))
    lumen = np.hypot(points[..., 0], points[..., 1]) < 4
    ball = np.linalg.norm(points - np.array([*centre, 0.0]), axis=-1) < 9
    tumour = Mask(ball & ~lumen, GRID)
    found = vessel_contact(Mask(lumen, GRID), tumour, name="superior_mesenteric_vein")
    assert isinstance(found, VesselContact)
    ct = Volume(np.where(lumen, 180.0, 40.0).astype(np.float32), GRID, HOUNSFIELD) if image else None
    view = contact_view(found, tumour, image=ct, window=(-60.0, 240.0))
    return vessel_contact_figure(view, title="SMV beside P1", width_mm=170), found


def middle_of_contact(figure: Figure) -> tuple[float, float]:
    """Mean place of the line of contact in the section, as fractions of its edge."""
    data = " ".join(re.findall(rf'<path d="([^"]+)"[^>]*stroke="{CONTACT_INK}"', figure.svg))
    numbers = np.array([float(one) for one in re.findall(r"-?[\d.]+", data)]).reshape(-1, 2)
    return float((numbers[:, 0].mean() - 124) / 46), float((numbers[:, 1].mean() - 7) / 46)


def test_contact_lies_on_the_side_of_the_tumour() -> None:
    right, back = drawn((-11.0, 0.0))[0], drawn((0.0, 11.0))[0]
    x, y = middle_of_contact(right)
    assert x < 0.42
    assert abs(y - 0.5) < 0.05
    x, y = middle_of_contact(back)
    assert abs(x - 0.5) < 0.05
    assert y > 0.58


def test_the_picture_tells_angle_interval_and_category() -> None:
    figure, found = drawn((-11.0, 0.0), image=True)
    low, high = found.spread.degrees
    assert f"{found.contact.degrees_max:.0f}° at 1.0 mm" in figure.svg
    assert f"95 %: {low:.0f} to {high:.0f}°" in figure.svg
    assert "Abutment" in figure.svg
    assert "abutment" in figure.alt
    assert "towards the " in figure.svg
    for letter in "RALP":
        assert f">{letter}</text>" in figure.svg


def test_a_mirrored_patient_gives_the_mirrored_picture() -> None:
    (figure, found), (mirrored, turned) = drawn((-8.0, 7.0)), drawn((8.0, 7.0))
    (x, y), (u, v) = middle_of_contact(figure), middle_of_contact(mirrored)
    assert abs(x + u - 1.0) < 0.02
    assert abs(y - v) < 0.02
    assert abs(found.contact.degrees_max - turned.contact.degrees_max) < 3.0
