"""What may be done to a liver full of metastases: anatomical resections, wedges and ablations, in voxels.

Surgery rules SURG-601 (sets of procedures), SURG-403 (ablation) and SURG-502 (names). The liver without its tumours is
cut into parts, each taken by the same procedures, so that margins that overlap are taken once. Volumes: voxel counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from isletscope.criteria import ablation
from isletscope.model import Conclusion
from isletscope.spatial import Box, Geometry, Mask, cropped_geometry, distance_to_mm, extent_3d_mm
from isletscope.surgery.liver_map import LiverMap, Region
from isletscope.surgery.near_liver import Site, Surroundings, ball, lesion_sites
from isletscope.surgery.programme import Combination, Limits, Plan, Procedure, ProcedureKind, Task
from isletscope.surgery.resections import Resection, resection_rules, resections

# A resection follows a tumour over the border of its segments by up to this share of the tumour.
OVERHANG = 0.02
_SEGMENTS = 8


@dataclass(frozen=True)
class Offered:
    """What a surgeon lets the plan choose from, and margins in mm."""

    resections: bool = True
    wedges: bool = True
    ablations: bool = True
    wedge_margin_mm: float = field(default_factory=lambda: resection_rules().wedge_margin_mm.value)
    ablation_margin_mm: float = field(default_factory=lambda: resection_rules().ablation_margin_mm.value)
    tool: ablation.Tool = "MWA"

    def with_margin(self, margin_mm: float) -> Offered:
        """The same with another margin of wedges."""
        return replace(self, wedge_margin_mm=margin_mm)


@dataclass(frozen=True)
class LocalProcedure:
    """A wedge or an ablation: the lesions it clears, and the voxels it takes within a box of the liver's grid."""

    name: str
    kind: ProcedureKind
    lesions: tuple[str, ...]
    box: Box
    region: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Choices:
    """All procedures that are offered on one liver, and the parts that they cut it into.

    ``local``: wedges and ablations, after the eight segments in the order of the programme. ``parts``: number of the
    part of every voxel [k, j, i], -1 for tumour and outside the liver. ``ways``: the resections offered. ``refused``:
    lesion -> way of clearing it -> why it is not offered. ``notes``: lesion -> what limits a way that is offered.
    """

    liver: LiverMap
    offered: Offered
    sites: tuple[Site, ...]
    local: tuple[LocalProcedure, ...]
    ways: tuple[Resection, ...]
    parts: npt.NDArray[np.int32]
    part_ml: tuple[float, ...]
    procedures: tuple[Procedure, ...]
    joint: tuple[tuple[int, frozenset[int]], ...]
    refused: Mapping[str, Mapping[str, str]]
    notes: Mapping[str, tuple[str, ...]]

    @property
    def lesions(self) -> tuple[str, ...]:
        """Tumours in the liver, in the order of the programme."""
        return tuple(site.lesion for site in self.sites)

    def task(self, weights: Mapping[str, float], limits: Limits) -> Task:
        """The programme for these weights of lesions (a lesion without one counts nothing)."""
        return Task(
            lesion_weights=tuple(weights.get(name, 0.0) for name in self.lesions),
            part_ml=self.part_ml,
            procedures=self.procedures,
            limits=limits,
            combinations=tuple(Combination(_members(one), len(one.names)) for one in self.ways),
            joint=self.joint,
        )

    def resection(self, plan: Plan) -> Resection | None:
        """The anatomical part of a plan."""
        return None if plan.combination is None else self.ways[plan.combination]

    def done_locally(self, plan: Plan) -> list[LocalProcedure]:
        """Wedges and ablations of a plan."""
        return [self.local[number - _SEGMENTS] for number in plan.chosen if number >= _SEGMENTS]

    def taken(self, plan: Plan) -> Region:
        """Voxels that a plan takes, tumours that go with them included."""
        taken = np.zeros(self.parts.shape, dtype=bool)
        resection = self.resection(plan)
        if resection is not None:
            taken |= np.isin(self.liver.segments, list(resection.segments))
        for one in self.done_locally(plan):
            taken[one.box.slices] |= one.region
        return taken & self.liver.liver.array


def choices(liver: LiverMap, around: Surroundings, offered: Offered) -> Choices:
    """Everything that may be done to this liver under the rules."""
    sites = lesion_sites(liver, around)
    refused: dict[str, dict[str, str]] = {site.lesion: {} for site in sites}
    notes: dict[str, list[str]] = {site.lesion: [] for site in sites}
    local = _worth_while([*_wedges(liver, sites, offered, refused), *_ablations(liver, sites, offered, refused, notes)])
    parts, held = _parts(liver, local)
    spread = _spread(sites)
    index = {site.lesion: number for number, site in enumerate(sites)}
    procedures = [
        Procedure(
            f"segment {segment}",
            ProcedureKind.RESECTION,
            frozenset(number for number, lies in enumerate(spread) if lies == {segment}),
            frozenset(part for part, (at, _) in enumerate(held) if at == segment),
        )
        for segment in range(1, _SEGMENTS + 1)
    ]
    procedures += [
        Procedure(
            one.name,
            one.kind,
            frozenset(index[lesion] for lesion in one.lesions),
            frozenset(part for part, (_, by) in enumerate(held) if number in by),
        )
        for number, one in enumerate(local)
    ]
    volumes = np.bincount(parts[parts >= 0], minlength=len(held)) * liver.liver.geometry.voxel_volume_ml
    return Choices(
        liver=liver,
        offered=offered,
        sites=tuple(sites),
        local=tuple(local),
        ways=tuple(one for one in resections() if one.segments) if offered.resections else (),
        parts=parts,
        part_ml=tuple(float(volume) for volume in volumes),
        procedures=tuple(procedures) if offered.resections else tuple(_never(procedures)),
        joint=tuple(
            (number, frozenset(segment - 1 for segment in lies))
            for number, lies in enumerate(spread)
            if len(lies) > 1 and offered.resections
        ),
        refused=refused,
        notes={lesion: tuple(found) for lesion, found in notes.items() if found},
    )


def _members(resection: Resection) -> frozenset[int]:
    return frozenset(segment - 1 for segment in resection.segments)


def _never(procedures: Sequence[Procedure]) -> list[Procedure]:
    """The segments without anything to clear: nothing makes a plan take them."""
    return [
        Procedure(one.name, one.kind, frozenset(), one.takes) if number < _SEGMENTS else one
        for number, one in enumerate(procedures)
    ]


def _spread(sites: Sequence[Site]) -> list[set[int]]:
    """Segments that hold each tumour but for an overhang."""
    found = []
    for site in sites:
        kept = {segment for segment, share in site.shares.items() if share > OVERHANG}
        found.append(kept or set(site.shares))
    return found


def _wedges(
    liver: LiverMap, sites: Sequence[Site], offered: Offered, refused: dict[str, dict[str, str]]
) -> list[LocalProcedure]:
    """A wedge around each tumour that allows one, and one around each group of them whose margins meet."""
    if not offered.wedges:
        return []
    allowed = []
    for site in sites:
        because = _no_wedge(site, offered.wedge_margin_mm)
        if because:
            refused[site.lesion]["wedge"] = because
        else:
            allowed.append(site)
    single = [_wedge(liver, [site], offered.wedge_margin_mm) for site in allowed]
    groups = _groups(liver, allowed, single)
    return [*single, *(_wedge(liver, group, offered.wedge_margin_mm) for group in groups)]


def _no_wedge(site: Site, margin_mm: float) -> str:
    rules = resection_rules()
    if site.diameter_mm > rules.largest_wedge_mm.value:
        return f"{site.diameter_mm:.0f} mm across, above {rules.largest_wedge_mm.value:.0f} mm"
    if site.pedicle_mm is not None and site.pedicle_mm <= rules.pedicle_mm.value:
        return f"{site.pedicle_mm:.1f} mm from a portal pedicle, not above {rules.pedicle_mm.value:.0f} mm"
    if site.deepest_mm + margin_mm > rules.deepest_wedge_mm.value:
        return f"{site.deepest_mm:.0f} mm below the capsule, above {rules.deepest_wedge_mm.value - margin_mm:.0f} mm"
    return ""


def _united(sites: Sequence[Site], margin_mm: float, geometry: Geometry) -> tuple[Box, npt.NDArray[np.bool_]]:
    """Tumours together, in a box with a margin around them."""
    box = _around([site.box for site in sites]).grown(margin_mm, geometry)
    tumour = np.zeros([b - a for a, b in zip(box.start, box.stop, strict=True)], dtype=bool)
    for site in sites:
        inner = [slice(a - low, b - low) for a, b, low in zip(site.box.start, site.box.stop, box.start, strict=True)]
        tumour[inner[0], inner[1], inner[2]] |= site.mask
    return box, tumour


def _wedge(liver: LiverMap, sites: Sequence[Site], margin_mm: float) -> LocalProcedure:
    """Tumours with a margin, and the way from each to the nearest capsule as wide as the tumour with its margin."""
    geometry = liver.liver.geometry
    box, tumour = _united(sites, margin_mm, geometry)
    taken = np.zeros(geometry.shape, dtype=bool)
    taken[box.slices] = distance_to_mm(Mask(tumour, cropped_geometry(geometry, box))) <= margin_mm
    ways = [_way_out(site, margin_mm, geometry) for site in sites]
    for way_box, way in ways:
        taken[way_box.slices] |= way
    whole = _around([box, *(way_box for way_box, _ in ways)])
    names = tuple(site.lesion for site in sites)
    inside = taken[whole.slices] & liver.liver.array[whole.slices]
    return LocalProcedure(f"wedge {', '.join(names)}", ProcedureKind.WEDGE, names, whole, inside)


def _around(boxes: Sequence[Box]) -> Box:
    start = np.min([box.start for box in boxes], axis=0).tolist()
    stop = np.max([box.stop for box in boxes], axis=0).tolist()
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _way_out(site: Site, margin_mm: float, geometry: Geometry) -> tuple[Box, npt.NDArray[np.bool_]]:
    """A cylinder from the middle of a tumour to the nearest capsule: its box, and its voxels there."""
    centre = np.asarray(geometry.to_lps(site.centre + np.asarray(site.box.start)))
    way = site.surface_lps_mm - centre
    length = float(np.linalg.norm(way))
    along = way / length if length > 0 else np.zeros(3)
    lesion = geometry.to_lps(np.argwhere(site.mask) + np.asarray(site.box.start)) - centre
    radius = float(np.linalg.norm(lesion - np.outer(lesion @ along, along), axis=1).max()) + margin_mm
    ends = geometry.to_index(np.stack([centre, site.surface_lps_mm]))
    low, high = np.floor(ends.min(axis=0)).astype(int), np.ceil(ends.max(axis=0)).astype(int) + 1
    low, high = np.clip(low, 0, geometry.shape), np.clip(high, 0, geometry.shape)
    (k0, j0, i0), (k1, j1, i1) = low.tolist(), high.tolist()
    box = Box((k0, j0, i0), (k1, j1, i1)).grown(radius, geometry)
    index = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(box.start, box.stop, strict=True)), indexing="ij"), -1
    )
    offset = geometry.to_lps(index.reshape(-1, 3)) - centre
    passed = offset @ along
    aside = np.linalg.norm(offset - np.outer(passed, along), axis=1)
    inside = (passed >= 0) & (passed <= length) & (aside <= radius)
    return box, inside.reshape(index.shape[:3])


def _groups(liver: LiverMap, sites: Sequence[Site], wedges: Sequence[LocalProcedure]) -> list[list[Site]]:
    """Tumours whose margins meet, pairs and whole groups, as far as they are no wider than the largest wedge."""
    pairs = [
        (one, other)
        for one in range(len(sites))
        for other in range(one + 1, len(sites))
        if _meet(wedges[one], wedges[other])
    ]
    if not pairs:
        return []
    rows, columns = zip(*pairs, strict=True)
    links = csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(sites), len(sites)))
    _, labels = connected_components(links, directed=False)
    wanted = {frozenset(pair) for pair in pairs}
    wanted |= {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels[list(rows)].tolist())}
    found = [[sites[number] for number in sorted(group)] for group in sorted(wanted, key=sorted)]
    most = resection_rules().largest_wedge_mm.value
    return [group for group in found if _width_mm(liver, group) <= most]


def _width_mm(liver: LiverMap, group: Sequence[Site]) -> float:
    box, tumour = _united(group, 0.0, liver.liver.geometry)
    return extent_3d_mm(Mask(tumour, cropped_geometry(liver.liver.geometry, box)))


def _meet(one: LocalProcedure, other: LocalProcedure) -> bool:
    shared = _shared(one, other)
    return shared is not None and bool(shared.any())


def _ablations(
    liver: LiverMap,
    sites: Sequence[Site],
    offered: Offered,
    refused: dict[str, dict[str, str]],
    notes: dict[str, list[str]],
) -> list[LocalProcedure]:
    """A spherical zone around each tumour that the rule on ablation allows; it clears what lies whole in its middle.

    Above the size at which ablation is standard, a wedge goes first where one is possible.
    """
    if not offered.ablations:
        return []
    found = []
    for site in sites:
        judged = ablation.assess(_ablation_input(site, offered))
        possible = [judged.value] if judged.value is not None else list(judged.possible)
        if set(possible) == {"no"}:
            refused[site.lesion]["ablation"] = _why_not(site, judged)
            continue
        if site.diameter_mm > ablation.BOOK.limit("size_ok") and offered.wedges and "wedge" not in refused[site.lesion]:
            refused[site.lesion]["ablation"] = f"{site.diameter_mm:.0f} mm across, and a wedge is possible"
            continue
        notes[site.lesion] += [f"{one} is not known" for one in judged.missing if judged.value is None]
        notes[site.lesion] += ["a vessel of 3 mm or more is near"] if _touching(site) else []
        found.append(_zone(liver, sites, site, offered.ablation_margin_mm))
    return found


def _ablation_input(site: Site, offered: Offered) -> ablation.AblationInput:
    """Done in the open abdomen, as part of a debulking; the number in one session is a limit of the whole plan."""
    return ablation.AblationInput(
        diameter_mm=site.diameter_mm,
        margin_mm=offered.ablation_margin_mm,
        duct_distance_mm=site.pedicle_mm,
        vessel_touching=_touching(site),
        neighbour_distance_mm=site.neighbour_mm,
        lesions_in_session=1,
        tool=offered.tool,
        open_approach=True,
    )


def _touching(site: Site) -> bool | None:
    return None if site.vessel_mm is None else site.vessel_mm < ablation.BOOK.limit("margin_least")


def _why_not(site: Site, judged: Conclusion) -> str:
    reasons = []
    if site.diameter_mm > ablation.BOOK.limit("size_mwa"):
        reasons.append(f"{site.diameter_mm:.0f} mm across")
    if site.pedicle_mm is not None and site.pedicle_mm <= ablation.BOOK.limit("duct_least"):
        reasons.append(f"{site.pedicle_mm:.1f} mm from a portal pedicle")
    return " and ".join(reasons) or judged.because


def _zone(liver: LiverMap, sites: Sequence[Site], site: Site, margin_mm: float) -> LocalProcedure:
    box, region, radius = ball(site, margin_mm, liver.liver.geometry)
    spacing = np.asarray(liver.liver.geometry.spacing_mm)
    centre = site.centre + np.asarray(site.box.start)

    def covered(other: Site) -> bool:
        offsets = (np.argwhere(other.mask) + other.box.start - centre) * spacing
        return bool(np.linalg.norm(offsets, axis=1).max() + margin_mm <= radius)

    names = tuple(other.lesion for other in sites if other is site or covered(other))
    inside = region & liver.liver.array[box.slices]
    return LocalProcedure(f"ablation {', '.join(names)}", ProcedureKind.ABLATION, names, box, inside)


def _parts(
    liver: LiverMap, local: Sequence[LocalProcedure]
) -> tuple[npt.NDArray[np.int32], list[tuple[int, frozenset[int]]]]:
    """Parts of the liver without its tumours [k, j, i], -1 elsewhere; the segment and the local procedures of each."""
    parts = np.where(liver.tumour, 0, liver.segments).astype(np.int32) - 1
    held: list[tuple[int, frozenset[int]]] = [(segment, frozenset()) for segment in range(1, _SEGMENTS + 1)]
    for number, one in enumerate(local):
        here = parts[one.box.slices]
        within = one.region & (here >= 0)
        renamed = np.arange(len(held), dtype=np.int32)
        for part in np.unique(here[within]).tolist():
            renamed[part] = len(held)
            segment, by = held[part]
            held.append((segment, by | {number}))
        here[within] = renamed[here[within]]
    return parts, held


def _worth_while(local: Sequence[LocalProcedure]) -> list[LocalProcedure]:
    """Of a wedge and an ablation that clear the same lesions the one that takes less, the wedge when both do."""
    least: dict[frozenset[str], LocalProcedure] = {}
    for one in local:
        known = least.get(frozenset(one.lesions))
        if known is None or int(one.region.sum()) < int(known.region.sum()):
            least[frozenset(one.lesions)] = one
    return list(least.values())


def _shared(one: LocalProcedure, other: LocalProcedure) -> npt.NDArray[np.bool_] | None:
    """Voxels of both, where their boxes overlap; None where they do not."""
    low = np.maximum(one.box.start, other.box.start)
    high = np.minimum(one.box.stop, other.box.stop)
    if np.any(low >= high):
        return None
    parts = []
    for procedure in (one, other):
        inner = [slice(a - s, b - s) for a, b, s in zip(low, high, procedure.box.start, strict=True)]
        parts.append(procedure.region[inner[0], inner[1], inner[2]])
    return np.asarray(parts[0] & parts[1])
