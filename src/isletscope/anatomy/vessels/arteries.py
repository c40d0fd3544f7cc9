"""Coeliac axis, its branches and the superior mesenteric artery on late arterial CT.

The splenic artery is the cheapest way from the front of the aorta to the spleen, the hepatic arteries the cheapest way
from there to the liver; both leave the aorta as one, the coeliac axis, and part where it ends. The superior mesenteric
artery leaves the front of the aorta below it and runs down before it.
"""

from __future__ import annotations

import numpy as np

from isletscope.anatomy.vessels.courses import Course, Tree, closed_organs, fork_of, no_course, share_of
from isletscope.anatomy.vessels.lumen import Tube
from isletscope.anatomy.vessels.scene import RULES, Scene
from isletscope.anatomy.vessels.ways import Index, Spread

COELIAC, HEPATIC, SPLENIC = "celiac_artery", "common_hepatic_artery", "splenic_artery"
GASTRODUODENAL, MESENTERIC = "gastroduodenal_artery", "superior_mesenteric_artery"
ARTERIES = (COELIAC, HEPATIC, SPLENIC, GASTRODUODENAL, MESENTERIC)
_COELIAC_SYSTEM = ARTERIES[:4]
_LIVER_MM = 4.0


class ArterialTree(Tree):
    """Ways through blood outside the aorta on the late arterial phase. ``tissue``: HU of the liver there."""

    def __init__(self, scene: Scene, aorta: Tube, level: float, tissue: float) -> None:
        self.share = share_of(scene, aorta)
        closed = closed_organs(scene) | (self.share <= 1.0)
        grey = tissue + RULES.number("artery.grey_share") * (level - tissue)
        super().__init__(scene, closed, level, grey, aorta)

    def front(self, low_mm: float, high_mm: float) -> Index:
        """Nodes on the front of the aorta between two heights (LPS z)."""
        x, y, z = self.points.T
        middle_x, middle_y = self.aorta_at(z)
        near = self.share[tuple(self.ways.voxels.T)] < RULES.number("artery.front_share")
        angle = np.degrees(np.arctan2(np.abs(x - middle_x), middle_y - y))
        within = (z > low_mm) & (z < high_mm) & (angle < RULES.number("artery.front_degrees"))
        return np.flatnonzero(near & within)


def arterial_courses(tree: ArterialTree) -> dict[str, Course]:
    """Courses of all arteries, each from its root."""
    z = tree.aorta.course[:, 2]
    front = tree.front(float(z.min()), float(z.max()))
    if not len(front):
        return {name: no_course("no bright vessel leaves the front of the aorta") for name in ARTERIES}
    splenic = _to_spleen(tree, tree.ways.spread(front))
    if isinstance(splenic, Course):
        return dict.fromkeys(_COELIAC_SYSTEM, splenic) | {MESENTERIC: _mesenteric(tree, None)}
    courses = _coeliac(tree, splenic)
    root = courses[COELIAC].points
    courses[MESENTERIC] = _mesenteric(tree, float(root[0, 2]) if len(root) else None)
    return courses


def _to_spleen(tree: ArterialTree, spread: Spread) -> Index | Course:
    if not tree.scene.has("spleen"):
        return no_course("the spleen, to which the splenic artery leads, was not found")
    path = tree.reached(spread, "spleen")
    return no_course("no bright way leads from the aorta to the spleen") if path is None else path


def _coeliac(tree: ArterialTree, splenic: Index) -> dict[str, Course]:
    """Coeliac axis, common hepatic, splenic and gastroduodenal artery from the way to the spleen."""
    if not tree.scene.has("liver"):
        return dict.fromkeys(_COELIAC_SYSTEM, no_course("the liver, to which the hepatic artery leads, was not found"))
    spread = tree.ways.spread(splenic[:1])
    right = tree.points[:, 0] < tree.points[splenic[0], 0] - RULES.number("artery.liver_beside_mm")
    end = spread.nearest(np.intersect1d(tree.beside("liver", _LIVER_MM), np.flatnonzero(right)))
    if end is None:
        return dict.fromkeys(_COELIAC_SYSTEM, no_course("no bright way leads from the coeliac axis to the liver"))
    hepatic = spread.path(end)
    line = tree.points[hepatic]
    apart = RULES.number("artery.fork_mm")
    fork = fork_of(tree.points[splenic], line, apart)
    own = fork_of(line, tree.points[splenic], apart)
    turn = fork + int(np.argmin(line[fork:, 2]))
    duodenal, start = _gastroduodenal(tree, hepatic, fork, turn)
    if len(duodenal.points):
        turn = start
    return {
        COELIAC: tree.course(hepatic[: fork + 1]),
        SPLENIC: tree.course(splenic[own:]),
        HEPATIC: tree.course(hepatic[fork : turn + 1]),
        GASTRODUODENAL: duodenal,
    }


def _gastroduodenal(tree: ArterialTree, hepatic: Index, fork: int, turn: int) -> tuple[Course, int]:
    """The branch that runs down from the hepatic artery about its lowest point, and where it leaves that artery."""
    reach = int(np.ceil(RULES.number("artery.fork_mm") / min(tree.scene.spacing_mm))) + 2
    near = hepatic[max(fork + 2, turn - reach) : turn + reach + 1]
    if not len(near):
        return no_course("the hepatic artery is too short to show where it leaves"), turn
    start = tree.points[hepatic[turn]]
    x, y, _ = tree.points.T
    left, right = RULES.bounds("artery.gastroduodenal_beside_mm")
    front, back = RULES.bounds("artery.gastroduodenal_ahead_mm")
    window = (x - start[0] > left) & (x - start[0] < right) & (y - start[1] > front) & (y - start[1] < back)
    first, last = RULES.bounds("artery.gastroduodenal_mm")
    heights = start[2] - np.arange(first, last, tree.scene.spacing_mm[0])
    path = tree.downwards(near, window, heights)
    if path is None:
        return no_course("no bright way leads down from the hepatic artery"), turn
    return tree.course(path), int(np.flatnonzero(hepatic == path[0])[0])


def _mesenteric(tree: ArterialTree, coeliac_z: float | None) -> Course:
    """From the front of the aorta below the coeliac axis downwards, as long as the way stays bright."""
    if coeliac_z is None:
        return no_course("the coeliac axis, below which it leaves the aorta, was not found")
    low, high = RULES.bounds("artery.mesenteric_below_coeliac_mm")
    front = tree.front(coeliac_z - high, coeliac_z - low)
    if not len(front):
        return no_course(f"no bright vessel leaves the aorta {low:.0f} to {high:.0f} mm below the coeliac axis")
    x, y, z = tree.points.T
    middle_x, middle_y = tree.aorta_at(z)
    side, ahead = RULES.bounds("artery.mesenteric_window_mm")
    window = (np.abs(x - middle_x) < side) & (y < middle_y - 3) & (y > middle_y - ahead)
    heights = np.arange(coeliac_z - high - 15, float(z.min()), -max(3.0, tree.scene.spacing_mm[0]))
    path = tree.downwards(front, window, heights)
    return no_course("no bright way runs down before the aorta") if path is None else tree.course(path)
