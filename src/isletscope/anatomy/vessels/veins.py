"""Portal, splenic and superior mesenteric vein on portal venous CT.

The cheapest way through venous blood from the hilum of the spleen into the liver follows splenic and portal vein. The
mesenteric vein joins it from below, right of the aorta; where it joins is the confluence. In the liver the portal vein
ends where the ways to its right and to its left part part.
"""

from __future__ import annotations

import numpy as np

from isletscope.anatomy.shapes import depth_mm, dilated
from isletscope.anatomy.vessels.courses import Course, Tree, closed_organs, fork_of, no_course, share_of
from isletscope.anatomy.vessels.lumen import Tube
from isletscope.anatomy.vessels.scene import RULES, Scene
from isletscope.anatomy.vessels.ways import Index
from isletscope.model import Role

MESENTERIC_VEIN, SPLENIC_VEIN, PORTAL = "superior_mesenteric_vein", "splenic_vein", "portal_vein"
PORTAL_SYSTEM = (MESENTERIC_VEIN, SPLENIC_VEIN, PORTAL)

_LIVER_RIM_MM, _INSIDE_MM = 4.0, 3.0


class VenousTree(Tree):
    """Ways through venous blood on the portal venous phase, outside aorta, vena cava, kidneys and bone.

    ``tissue``: HU of the liver, ``level`` of the portal vein; ``arterial``: HU above which blood is arterial on the
    arterial phase, None without that phase.
    """

    def __init__(
        self, scene: Scene, aorta: Tube, cava: Tube | None, level: float, tissue: float, arterial: float | None
    ) -> None:
        closed = closed_organs(scene) | (share_of(scene, aorta) <= 1.1)
        if cava is not None:
            closed |= share_of(scene, cava) <= 1.05
        if arterial is not None:
            closed |= scene.phases[Role.CT_ARTERIAL].values > arterial
        super().__init__(scene, closed, level, tissue + RULES.number("vein.grey_share") * (level - tissue), aorta)
        self.tissue = tissue
        at = tuple(self.ways.voxels.T)
        self.depth = depth_mm(scene.organs["liver"], scene.spacing_mm)[at]
        self.in_liver = dilated(scene.organs["liver"], _LIVER_RIM_MM, scene.spacing_mm)[at]


def portal_courses(tree: VenousTree) -> dict[str, Course]:
    """Courses of the portal system: towards the liver for all but the mesenteric vein, which runs down."""
    if not tree.scene.has("spleen"):
        return dict.fromkeys(PORTAL_SYSTEM, no_course("the spleen, from which the splenic vein leads, was not found"))
    deep = np.flatnonzero(tree.depth > RULES.number("vein.into_liver_mm"))
    back = tree.reached(tree.ways.spread(deep), "spleen")
    if back is None:
        return dict.fromkeys(PORTAL_SYSTEM, no_course("no bright way leads from the spleen into the liver"))
    trunk = back[::-1]
    mesenteric = _mesenteric(tree, trunk)
    if mesenteric is None:
        reason = no_course("no bright way runs down from splenic and portal vein, so that the confluence is unknown")
        return dict.fromkeys(PORTAL_SYSTEM, reason)
    confluence = int(np.flatnonzero(trunk == mesenteric[0])[0])
    return {
        SPLENIC_VEIN: tree.course(trunk[: confluence + 1]),
        MESENTERIC_VEIN: tree.course(mesenteric),
        PORTAL: _portal(tree, trunk[confluence]),
    }


def _mesenteric(tree: VenousTree, trunk: Index) -> Index | None:
    """The way down from the trunk, right of the aorta's left border and before it."""
    x, y, z = tree.points.T
    middle_x, middle_y = tree.aorta_at(z)
    right, left = RULES.bounds("vein.mesenteric_beside_mm")
    window = (x - middle_x > right) & (x - middle_x < left) & (y < middle_y - 5)
    window &= y > middle_y - RULES.number("vein.mesenteric_ahead_mm")
    lowest = float(tree.points[trunk, 2].min())
    heights = np.arange(lowest - RULES.number("vein.mesenteric_start_mm"), z.min(), -max(3.0, tree.scene.spacing_mm[0]))
    return tree.downwards(trunk, window, heights)


def _portal(tree: VenousTree, confluence: np.intp) -> Course:
    """The portal vein from the confluence to where the ways into the right and the left half of the liver part."""
    spread = tree.ways.spread(np.array([confluence]))
    start = tree.points[confluence]
    x, y, _ = tree.points.T
    inside = (tree.depth > _INSIDE_MM) & (tree.ways.brightness > RULES.number("vein.branch_brightness"))
    right_of = inside & (x < start[0] - RULES.number("vein.right_branch_mm"))
    left_of = inside & (x > start[0] - RULES.number("vein.left_branch_mm"))
    left_of &= y < start[1] - RULES.number("vein.left_branch_ahead_mm")
    ends = [spread.nearest(np.flatnonzero(where)) for where in (right_of, left_of)]
    if ends[0] is None or ends[1] is None:
        return no_course("no bright way leads from the confluence into both halves of the liver")
    right, left = spread.path(ends[0]), spread.path(ends[1])
    fork = fork_of(tree.points[left], tree.points[right], RULES.number("vein.fork_mm"))
    return tree.course(right[: fork + 1])
