"""The named vessels about pancreas and liver on contrast CT, each with its checks, or why it is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from isletscope.anatomy.found import Found, not_found
from isletscope.anatomy.organs import Organs
from isletscope.anatomy.shapes import Bool3D
from isletscope.anatomy.vessels.arteries import ARTERIES, ArterialTree, arterial_courses
from isletscope.anatomy.vessels.checks import implausible, orphans, wrong_together
from isletscope.anatomy.vessels.courses import Course, Tree
from isletscope.anatomy.vessels.gallbladder import find_gallbladder
from isletscope.anatomy.vessels.great import great_vessel
from isletscope.anatomy.vessels.in_liver import (
    HEPATIC_VEINS,
    PORTAL_BRANCHES,
    LiverVeins,
    liver_veins,
    region_checks,
    region_mask,
)
from isletscope.anatomy.vessels.levels import Blood, arterial_blood, venous_blood
from isletscope.anatomy.vessels.lumen import Tube, laid, measured_tube
from isletscope.anatomy.vessels.scene import RULES, Scene, scene_of
from isletscope.anatomy.vessels.veins import PORTAL_SYSTEM, VenousTree, portal_courses
from isletscope.errors import InputError
from isletscope.model import Role
from isletscope.spatial import Geometry, Volume

AORTA, CAVA = "aorta", "inferior_vena_cava"
IN_LIVER = (*PORTAL_BRANCHES, *HEPATIC_VEINS)
GALLBLADDER = "gallbladder"
VESSEL_NAMES = (AORTA, *ARTERIES, *PORTAL_SYSTEM, CAVA, *IN_LIVER, GALLBLADDER)
_ON_PORTAL = (AORTA, CAVA, *PORTAL_SYSTEM, *IN_LIVER, GALLBLADDER)
_PHASE_WORDS = {Role.CT_ARTERIAL: "late arterial CT", Role.CT_PORTAL_VENOUS: "portal venous CT"}
_GREAT_ROUNDNESS = {AORTA: 1.25, CAVA: 1.8}


@dataclass
class _Search:
    """What is found on the way: lumens, the phase that each was measured on, and reasons why others are missing."""

    tubes: dict[str, Tube] = field(default_factory=dict)
    phases: dict[str, Role] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    tree: VenousTree | None = None
    in_liver: LiverVeins | None = None

    def refuse(self, names: Collection[str], because: str) -> None:
        for name in names:
            self.reasons.setdefault(name, because)

    def drop(self, refused: Mapping[str, str]) -> None:
        for name, because in refused.items():
            self.tubes.pop(name, None)
            self.reasons[name] = because


def find_named_vessels(
    series: Mapping[Role, Volume],
    organs: Organs,
    *,
    wanted: Collection[str] | None = None,
    onto: Geometry | None = None,
    finer: Mapping[Role, Volume] | None = None,
) -> dict[str, Found]:
    """Named vessels and the gallbladder of one contrast CT, from its images alone.

    ``series``: phases of one exam in one frame of reference (HU); arteries are looked for on the late arterial, veins
    on the portal venous one. ``organs``: what :func:`isletscope.anatomy.find_image_organs` found on it, or given
    organs. ``wanted``: names out of :data:`VESSEL_NAMES` (default all). ``onto``: grid of the masks [k, j, i] (default
    that of the finest of ``series``); ``finer``: a finer reconstruction of a phase about a part of the body, measured
    where it reaches. Every name wanted has an entry: a mask with source and confidence, or why there is none.
    Raises InputError for a name that is not known.
    """
    names = tuple(VESSEL_NAMES if wanted is None else wanted)
    unknown = sorted(set(names) - set(VESSEL_NAMES))
    if unknown:
        raise InputError("no such vessel", found=", ".join(unknown), expected=", ".join(VESSEL_NAMES))
    grid = onto or _finest(series)
    if grid is None:
        return {name: not_found("no CT series was given") for name in names}
    found = _Search()
    arterial = _scene(Role.CT_ARTERIAL, series, organs, finer or {}, (AORTA, *ARTERIES), found)
    portal = _scene(Role.CT_PORTAL_VENOUS, series, organs, finer or {}, _ON_PORTAL, found)
    arteries = _find_arteries(arterial, organs, found) if arterial is not None else Blood()
    if portal is not None:
        _find_veins(portal, organs, arteries, found)
    found.drop(wrong_together(found.tubes))
    while lost := orphans(found.tubes):
        found.drop(lost)
    _find_in_liver(found)
    masks = _masks(found.tubes, grid)
    _add_regions(masks, found, grid)
    results = {name: _as_found(name, masks, found) for name in names if name != GALLBLADDER}
    if GALLBLADDER in names:
        results[GALLBLADDER] = _gallbladder(portal, found, grid)
    return results


def _finest(series: Mapping[Role, Volume]) -> Geometry | None:
    grids = [volume.geometry for volume in series.values()]
    return min(grids, key=lambda grid: grid.voxel_volume_ml) if grids else None


def _scene(
    role: Role,
    series: Mapping[Role, Volume],
    organs: Organs,
    finer: Mapping[Role, Volume],
    names: Collection[str],
    found: _Search,
) -> Scene | None:
    """The scene of one phase; without it the reason is noted for the vessels that it would show."""
    if role not in series:
        found.refuse(names, f"there is no {_PHASE_WORDS[role]}")
        return None
    shown = {one: volume for one, volume in series.items() if one in _PHASE_WORDS}
    scene = scene_of(role, shown, organs, finer)
    if scene is None:
        found.refuse(names, "no liver, spleen or kidney was found that tells where to look")
    return scene


def _find_arteries(scene: Scene, organs: Organs, found: _Search) -> Blood:
    blood = arterial_blood(scene)
    if blood.because:
        found.refuse((AORTA, *ARTERIES), blood.because)
        return blood
    aorta = _great(AORTA, scene, organs, blood.level, found)
    if aorta is None:
        found.refuse(ARTERIES, f"the aorta, from which they leave, is missing: {found.reasons[AORTA]}")
        return blood
    tree = ArterialTree(scene, aorta, blood.level, blood.tissue)
    _measure(arterial_courses(tree), tree, found)
    return blood


def _find_veins(scene: Scene, organs: Organs, arteries: Blood, found: _Search) -> None:
    blood = venous_blood(scene)
    if blood.because:
        found.refuse(_ON_PORTAL, blood.because)
        return
    aorta = found.tubes.get(AORTA) or _great(AORTA, scene, organs, blood.level, found)
    cava = _great(CAVA, scene, organs, blood.level, found)
    if aorta is None:
        found.refuse(
            (*PORTAL_SYSTEM, *IN_LIVER, GALLBLADDER),
            f"the aorta, the landmark beside them, is missing: {found.reasons[AORTA]}",
        )
        return
    arterial = None
    if Role.CT_ARTERIAL in scene.phases and arteries.level:
        arterial = 0.5 * (arteries.level + arteries.tissue)
    found.tree = VenousTree(scene, aorta, cava, blood.level, blood.tissue, arterial)
    _measure(portal_courses(found.tree), found.tree, found)


def _find_in_liver(found: _Search) -> None:
    """Portal branches and hepatic veins; both need the portal vein, which tells them apart."""
    portal, cava = found.tubes.get("portal_vein"), found.tubes.get(CAVA)
    if portal is None or found.tree is None:
        found.refuse(IN_LIVER, "the portal vein, which tells portal from hepatic venous blood, was not found")
        return
    if cava is None:
        found.refuse(HEPATIC_VEINS, f"the vena cava, to which they lead, is missing: {found.reasons[CAVA]}")
    found.in_liver = liver_veins(found.tree, portal, cava)
    for name, because in region_checks(found.in_liver, found.tree, portal, cava).items():
        found.refuse([name], because)


def _great(name: str, scene: Scene, organs: Organs, level: float, found: _Search) -> Tube | None:
    """Aorta or vena cava measured anew; noted as found or with the reason."""
    found.reasons.pop(name, None)
    if not organs.known(name):
        found.reasons[name] = organs.finding(name).missing_because or "the organ finder did not find it"
        return None
    tube = great_vessel(organs, name, scene.phase, RULES.bounds(f"{name}.radius_mm"), level, _GREAT_ROUNDNESS[name])
    low, high = RULES.bounds(f"{name}.diameter_mm")
    if tube is None or not low <= tube.diameter_mm <= high:
        width = "no course" if tube is None else f"{tube.diameter_mm:.0f} mm"
        found.reasons[name] = f"what was followed has {width}; expected {low:g} to {high:g} mm"
        return None
    found.tubes[name], found.phases[name] = tube, scene.role
    return tube


def _measure(courses: Mapping[str, Course], tree: Tree, found: _Search) -> None:
    """Lumens along courses, each with its checks."""
    for name, course in courses.items():
        if len(course.points) < 2:
            found.refuse([name], course.because or "what was followed is a single point")
            continue
        radius = RULES.bounds(f"{name}.radius_mm")
        tube = measured_tube(tree.scene.phase, course.points, radius, tree.level)
        refusal = implausible(name, tube, tree)
        if refusal:
            found.refuse([name], refusal)
        else:
            found.tubes[name], found.phases[name] = tube, tree.scene.role


def _masks(tubes: Mapping[str, Tube], grid: Geometry) -> dict[str, Bool3D]:
    """Masks on the grid; where lumens overlap a voxel belongs to that in which it lies more inside."""
    parts = {name: placed for name, tube in tubes.items() if (placed := laid(tube, grid)) is not None}
    if not parts:
        return {}
    start = np.min([[axis.start for axis in box] for box, _ in parts.values()], axis=0)
    stop = np.max([[axis.stop for axis in box] for box, _ in parts.values()], axis=0)
    best = np.ones(tuple(stop - start), dtype=np.float32)
    owner = np.zeros(best.shape, dtype=np.uint8)
    for number, (box, share) in enumerate(parts.values(), start=1):
        near = tuple(slice(axis.start - a, axis.stop - a) for axis, a in zip(box, start, strict=True))
        inside = share < best[near]
        owner[near][inside] = number
        best[near][inside] = share[inside]
    masks = {}
    for number, name in enumerate(parts, start=1):
        mask = np.zeros(grid.shape, dtype=bool)
        mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = owner == number
        masks[name] = mask
    return masks


def _gallbladder(scene: Scene | None, found: _Search, grid: Geometry) -> Found:
    if scene is None or AORTA not in found.tubes or GALLBLADDER in found.reasons:
        return not_found(found.reasons.get(GALLBLADDER, "the aorta, the landmark beside it, was not found"))
    return find_gallbladder(scene, found.tubes[AORTA], grid)


def _add_regions(masks: dict[str, Bool3D], found: _Search, grid: Geometry) -> None:
    """Adds the veins of the liver, where no lumen lies yet."""
    if found.in_liver is None or found.tree is None:
        return
    for name in IN_LIVER:
        placed = None if name in found.reasons else region_mask(found.in_liver, name, found.tree, grid)
        if placed is None:
            continue
        box, inside = placed
        for other in masks.values():
            inside &= ~other[box]
        mask = np.zeros(grid.shape, dtype=bool)
        mask[box] = inside
        masks[name] = mask


def _as_found(name: str, masks: Mapping[str, Bool3D], found: _Search) -> Found:
    if name in found.reasons or (name not in found.tubes and name not in masks):
        return not_found(found.reasons.get(name, "it was not looked for"))
    mask = masks.get(name)
    if mask is None or not mask.any():
        return not_found("its mask is empty on this grid")
    if name in IN_LIVER:
        told = Role.CT_ARTERIAL in found.phases.values()
        source = f"blood of the liver on {_PHASE_WORDS[Role.CT_PORTAL_VENOUS]}, told by where it leads"
        source += ", and by its grey on late arterial CT" if told else ""
        return Found(mask, source, "moderate" if told else "low")
    tube = found.tubes[name]
    source = (
        f"followed on {_PHASE_WORDS[found.phases[name]]}, {tube.diameter_mm:.1f} mm wide over {tube.length_mm:.0f} mm"
    )
    return Found(mask, source, "moderate" if tube.diameter_mm >= RULES.number("check.sure_mm") else "low")
