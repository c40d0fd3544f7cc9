"""Inner parts of a tumour from its rule: the other half, a dead core, fluid, calcium."""

from __future__ import annotations

import numpy as np

from isletscope.phantom.appearance import Appearance
from isletscope.phantom.constraints import direction_of
from isletscope.phantom.lesions import InnerPart, Tumour
from isletscope.phantom.scenario_lesions import Half, LesionRule
from isletscope.phantom.shapes import Array
from isletscope.phantom.tissues import Tissues
from isletscope.phantom.tumour_appearance import Levels, Nature, draw_appearance, natures

_RIM_MM = 1.0
_FLECKS = 5
_SAMPLES = 40_000


def inner_parts(
    rule: LesionRule, nature: Nature, tumour: Tumour, tissues: Tissues, rng: np.random.Generator
) -> tuple[InnerPart, ...]:
    """The parts that a rule, or its nature, asks for, in painting order."""
    parts = []
    if rule.half:
        parts.append(_other_half(rule.half, rule, nature, tumour, tissues, rng))
    if rule.necrotic_core:
        parts.append(dead_core(rule.necrotic_core, tumour, tissues, rng))
    preset = nature.shape.get("cystic", {}).get("wall_mm")
    wall = rule.cystic_wall_mm if rule.cystic_wall_mm is not None else preset
    if wall is not None and wall < 0.9 * min(tumour.semi_axes_mm):
        look = draw_appearance(natures()["cyst_fluid"], rule.site, tissues, rng)
        parts.append(InnerPart("fluid", "eroded", look, np.array([wall])))
    if rule.calcified:
        look = draw_appearance(natures()["calcium"], rule.site, tissues, rng)
        parts.append(_calcium(rule.calcified, look, tumour, rng))
    return tuple(parts)


def dead_core(share: float, tumour: Tumour, tissues: Tissues, rng: np.random.Generator) -> InnerPart:
    """A necrotic core of a share of the volume: the outline shrunk about the centre."""
    look = draw_appearance(natures()["necrosis"], tumour.site, tissues, rng)
    return InnerPart("necrotic_core", "scaled", look, np.array([float(np.cbrt(share))]))


def _other_half(
    half: Half, rule: LesionRule, nature: Nature, tumour: Tumour, tissues: Tissues, rng: np.random.Generator
) -> InnerPart:
    """The part beyond a plane: the rule's own appearance with what the half changes."""
    levels: Levels = half.levels if half.nature else _merged(rule.levels, half.levels)
    look = draw_appearance(natures()[half.nature] if half.nature else nature, rule.site, tissues, rng, levels)
    if half.towards:
        normal = direction_of(half.towards)
    else:
        normal = rng.normal(size=3)
        normal = normal / np.linalg.norm(normal)
    return InnerPart("half", "half", look, np.array([*normal, _plane_offset(tumour, normal, half.share)]))


def _merged(first: Levels, second: Levels) -> Levels:
    return {group: {**first.get(group, {}), **second.get(group, {})} for group in {*first, *second}}


def _plane_offset(tumour: Tumour, normal: Array, share: float) -> float:
    """Distance of a plane from the centre beyond which lies a share of the volume."""
    reach = tumour.reach_mm
    points = np.random.default_rng(1).uniform(-reach, reach, (_SAMPLES, 3))
    along = points[tumour.distance(points) <= 0] @ normal
    if share == 0.5 and not tumour.lobes.size:
        return 0.0
    from scipy import optimize  # loads slowly, and few lesions need it

    return float(optimize.brentq(lambda offset: float((along > offset).mean()) - share, -reach, reach, xtol=1e-3))


def _calcium(kind: str, look: Appearance, tumour: Tumour, rng: np.random.Generator) -> InnerPart:
    """A calcified rim just under the surface, or some flecks spread through the inner two thirds."""
    least = min(tumour.semi_axes_mm)
    if kind == "rim":
        thickness = min(_RIM_MM, 0.3 * least)
        return InnerPart("calcification", "shell", look, np.array([0.8 * thickness, thickness]))
    places = rng.normal(size=(_FLECKS, 3))
    places *= (rng.uniform(0.1, 0.65, _FLECKS) * least / np.linalg.norm(places, axis=1))[:, None]
    return InnerPart(
        "calcification", "balls", look, np.column_stack([places, rng.uniform(0.06, 0.14, _FLECKS) * least])
    )
