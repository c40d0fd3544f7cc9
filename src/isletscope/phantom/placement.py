"""From a scenario's rules to tumours and mimics at known places in one person, in their first state.

Every lesion draws from a random source of its own (by rule and number), so that one never shifts another's figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from isletscope.errors import InputError
from isletscope.phantom.body import Body
from isletscope.phantom.constraints import Problem, solve
from isletscope.phantom.inner_parts import inner_parts
from isletscope.phantom.lesions import Thrombus, Tumour, draw_lobes, scaled
from isletscope.phantom.liver_pattern import (
    LiverFill,
    draw_diameters,
    lobes_of,
    needs_overlap,
    scaled_to_burden,
)
from isletscope.phantom.pose import Pose
from isletscope.phantom.regions import LEFT_SEGMENTS, RIGHT_SEGMENTS, STEP_MM, Regions, region_names
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_lesions import LesionRule
from isletscope.phantom.shapes import Array
from isletscope.phantom.tube_map import TubeMap
from isletscope.phantom.tumour_appearance import Level, default_nature, draw_appearance, natures
from isletscope.phantom.visit import random_source

_TRIES = 400
_LETTERS = {"pancreas": "P", "node": "N", "liver": "L", "bone": "O"}
# Uptake given as a multiple refers to this tissue around the site.
_BACKGROUNDS = {"pancreas": "pancreas", "liver": "liver", "node": "cavity_fat", "bone": "marrow", "lung": "lung"}
_SOLID_SITES = ("pancreas", "liver", "bone")
_SOFT_TISSUE_HU = 42.0
_OLD_OFFSET_HU = -8.0
_SAMPLES = 400
# Vessels whose contact decides on surgery: a place clear of them is preferred when the rule does not ask for contact.
_PREFER_CLEAR = ("superior_mesenteric_artery", "celiac_artery", "common_hepatic_artery", "aorta", "portal_vein",
                 "superior_mesenteric_vein", "inferior_vena_cava")  # fmt: skip
_CLEAR_MM = 2.0
_OVERLAP_COST = 3.0
# Half of the draws insist on such a place, the others take what there is.
_INSISTING = 0.5


class NoRoom(InputError):
    """A lesion found no room among those placed before it: another draw may have some."""


@dataclass(frozen=True)
class Lesion:
    """A placed lesion with the rule that made it."""

    rule: LesionRule
    tumour: Tumour


@dataclass
class Placer:
    """Places lesions one by one, keeping them apart."""

    scenario: Scenario
    body: Body
    pose: Pose
    seed: int
    regions: Regions = field(init=False)
    tubes: TubeMap = field(init=False)
    placed: list[Lesion] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.regions = Regions.of(self.body, self.pose)
        self.tubes = TubeMap(self.body.tubes, self.regions.pose)

    @cached_property
    def fill(self) -> LiverFill:
        """The liver's room, with what was placed before."""
        fill = LiverFill(self.regions, random_source(self.seed, self.scenario.name, "liver"))
        for lesion in self.placed:
            fill.add(lesion.tumour)
        return fill

    def run(self, rules: Sequence[LesionRule]) -> list[Lesion]:
        """Place all lesions of the rules: solved and given places first, then by size."""
        drawn = [
            (n, m, rule, float(diameter))
            for n, rule in enumerate(rules)
            for m, diameter in enumerate(self._sizes(rule, n))
        ]
        for n, m, rule, diameter in sorted(drawn, key=_order):
            rng = random_source(self.seed, self.scenario.name, rule.mimic or "tumour", n, m)
            self._place(rule, diameter, rng, self._sides(rule, n)[m])
        for n, rule in enumerate(rules):
            if rule.burden_percent is not None and needs_overlap(rule):
                self._reach_burden(rule, n)
        return self.placed

    def _sizes(self, rule: LesionRule, n: int) -> Array:
        """Diameters (mm) of a rule's lesions. Without count and with a burden: as many as it takes."""
        rng = random_source(self.seed, self.scenario.name, rule.mimic or "tumour", n, "sizes")
        low, high = rule.count or (1, 1)
        count = int(rng.integers(low, high + 1))
        if rule.burden_percent is None:
            return self._diameters(rule, count, rng)
        wanted = self.fill.volume_ml * rule.burden_percent / 100
        if rule.count is None:
            many = self._diameters(rule, 400, rng)
            volumes = np.cumsum(np.pi / 6000 * many**3)
            count = int(np.searchsorted(volumes, wanted * (1.25 if needs_overlap(rule) else 1.0))) + 1
            if count > 250:
                raise self.scenario.refuse(
                    rule.line,
                    f"a burden of {rule.burden_percent:g} % would need more than 250 lesions of this size",
                    f"{self.fill.volume_ml:.0f} mL of liver, median diameter {np.median(many):.0f} mm",
                    "larger lesions or a smaller burden",
                )
            return many[:count] if needs_overlap(rule) else self._fitted(rule, many[:count])
        return self._fitted(rule, self._diameters(rule, count, rng))

    def _diameters(self, rule: LesionRule, count: int, rng: np.random.Generator) -> Array:
        if rule.size_law:
            return draw_diameters(rule.size_law, count, rng)
        return rng.uniform(*rule.diameter_mm, count)

    def _fitted(self, rule: LesionRule, diameters: Array) -> Array:
        assert rule.burden_percent is not None
        fitted = scaled_to_burden(diameters, self.fill.volume_ml, rule.burden_percent, rule.diameter_mm)
        reached = 100 * float((np.pi / 6000 * fitted**3).sum()) / self.fill.volume_ml
        if abs(reached - rule.burden_percent) > 0.02 * rule.burden_percent and not needs_overlap(rule):
            raise self.scenario.refuse(
                rule.line,
                f"a burden of {rule.burden_percent:g} % cannot be reached by {len(fitted)} lesions of this size",
                f"{reached:.1f} % of {self.fill.volume_ml:.0f} mL",
                "another count, or wider limits of the diameter",
            )
        return fitted

    def _sides(self, rule: LesionRule, n: int) -> list[str | None]:
        rng = random_source(self.seed, self.scenario.name, rule.mimic or "tumour", n, "sides")
        return lobes_of(rule, 300 if rule.count is None else max(rule.count[1], 1), rng)

    def _place(self, rule: LesionRule, diameter_mm: float, rng: np.random.Generator, side: str | None) -> None:
        """Shape, place and keep one lesion. Raises InputError when there is no room or a constraint fails."""
        tumour = self._shaped(rule, diameter_mm, rng)
        tumour, region = self._located(rule, tumour, rng, side)
        tumour = replace(tumour, organ=region)
        nature = natures()[rule.nature or default_nature(rule.site)]
        tumour = replace(tumour, inner=inner_parts(rule, nature, tumour, self.body.tissues, rng))
        tumour = replace(tumour, spared=self.spared(tumour, rule))
        self._keep(rule, replace(tumour, thrombus=self._thrombus(rule, tumour)))

    def _keep(self, rule: LesionRule, tumour: Tumour) -> None:
        self.placed.append(Lesion(rule, tumour))
        if "fill" in self.__dict__:
            self.fill.add(tumour)

    def _name(self, rule: LesionRule) -> str:
        taken = {lesion.tumour.id for lesion in self.placed}
        if rule.id is not None:
            if rule.id in taken:
                raise self.scenario.refuse(rule.line, "two lesions bear the same id", rule.id)
            return rule.id
        letter = "M" if rule.mimic else _LETTERS.get(rule.site, "X")
        reserved = taken | {other.id for other in (*self.scenario.lesions, *self.scenario.mimics) if other.id}
        while True:
            self._numbers[letter] = self._numbers.get(letter, 0) + 1
            if f"{letter}{self._numbers[letter]}" not in reserved:
                return f"{letter}{self._numbers[letter]}"

    def _shaped(self, rule: LesionRule, diameter_mm: float, rng: np.random.Generator) -> Tumour:
        """A lesion of its shape and appearance at the origin."""
        radius = diameter_mm / 2
        axes = np.full(3, radius)
        if rule.shape != "round":
            axes = axes * np.exp(rng.normal(0, 0.13, 3))
            axes *= radius / axes.prod() ** (1 / 3)
        turned = rng.uniform(-40, 40, 3)
        lobes = draw_lobes(rng) if rule.shape == "lobulated" else np.zeros((0, 4))
        name = rule.nature or default_nature(rule.site)
        background = self.body.tissues[_BACKGROUNDS.get(rule.site, "cavity_fat")].uptake
        given = dict(rule.levels)
        if rule.hu_offset is not None or (rule.nature is None and "unenhanced" not in given.get("hu", {})):
            given["hu"] = {"unenhanced": self._plain_level(rule), **given.get("hu", {})}
        return Tumour(
            id=self._name(rule),
            site=rule.site,
            organ="",
            centre_personal_mm=(0.0, 0.0, 0.0),
            semi_axes_mm=(float(axes[0]), float(axes[1]), float(axes[2])),
            turned_degrees=(float(turned[0]), float(turned[1]), float(turned[2])),
            appearance=draw_appearance(natures()[name], rule.site, self.body.tissues, rng, given, background),
            lobes=lobes,
            nature=name,
            mimic=rule.mimic,
            line=rule.line,
        )

    def _plain_level(self, rule: LesionRule) -> Level:
        """CT number before contrast: host's (or soft tissue's) plus the rule's offset."""
        tissue = _BACKGROUNDS.get(rule.site, "cavity_fat")
        around = self.body.tissues[tissue].hu if rule.site in _SOLID_SITES else _SOFT_TISSUE_HU
        value = around + (_OLD_OFFSET_HU if rule.hu_offset is None else rule.hu_offset)
        return Level(value, value)

    def _located(
        self, rule: LesionRule, tumour: Tumour, rng: np.random.Generator, side: str | None
    ) -> tuple[Tumour, str]:
        place = rule.place
        if place.region is not None and place.region not in region_names():
            raise self.scenario.refuse(
                place.line, "the place is not known", f"'{place.region}'", ", ".join(region_names())
            )
        if place.constrained:
            return self._solved(rule, tumour), place.region or rule.site
        if place.at is not None:
            return moved(tumour, self._given(rule, tumour.diameter_mm / 2)), "given place"
        if place.beside is not None:
            return self._beside(rule, tumour, rng), self._lesion(place.beside, rule).organ
        if place.exophytic is not None:
            return self._exophytic(rule, tumour, rng), str(place.region)
        if place.region == "liver":
            return self._in_liver(rule, tumour, side), "liver"
        return self._in_region(rule, tumour, rng)

    def _solved(self, rule: LesionRule, tumour: Tumour) -> Tumour:
        place = rule.place
        asked = [(touch.vessel, touch.line) for touch in place.touches]
        asked += [(place.near_duct.duct, place.near_duct.line)] if place.near_duct else []
        asked += [(name, place.line) for name, _ in place.clear_of]
        for name, line in asked:
            if name not in self.body.tubes:
                raise self.scenario.refuse(
                    line, "there is no such vessel or duct", f"'{name}'", ", ".join(self.body.tubes)
                )
        towards = self.regions.centre(place.region or ("pancreas" if rule.site == "pancreas" else "pancreas_head"))
        found = solve(
            tumour,
            Problem(
                place,
                self.body.tubes,
                self.regions.pose,
                towards,
                cost=lambda moved_to: self.cost(rule, moved_to),
                gap=self.tubes.gap,
                stray=lambda moved_to: self._stray_mm(rule, moved_to),
                lumina=lambda moved_to: [self.body.tubes[name] for name in self.spared(moved_to, rule)],
            ),
        )
        if found.miss > 1:
            wanted = [
                f"{t.vessel} {t.degrees:g} degrees" + ("" if t.length_mm is None else f" for {t.length_mm:g} mm")
                for t in place.touches
            ]
            if place.near_duct:
                wanted.append(f"{place.near_duct.duct} at {place.near_duct.distance_mm:g} mm")
            raise self.scenario.refuse(
                place.line,
                f"the place cannot be met by a tumour of {tumour.diameter_mm:.0f} mm: {', '.join(wanted)}",
                f"best reached: {found.reached}",
                "another diameter, angle, length or direction",
            )
        stray_mm = self._stray_mm(rule, found.tumour)
        if stray_mm > tumour.diameter_mm / 2:
            raise self.scenario.refuse(
                place.line,
                f"what is asked cannot be met in {place.region}",
                f"the centre of the nearest such tumour lies {stray_mm:.0f} mm outside it ({found.reached})",
                "another structure under 'in', or a vessel or duct nearer to it",
            )
        if self.cost(rule, found.tumour) >= _OVERLAP_COST:
            raise self._no_room(rule, tumour)
        return found.tumour

    def cost(self, rule: LesionRule, tumour: Tumour) -> float:
        """Penalty of a place: over other organs or tumours, outside its own organ, at vessels it should spare."""
        place = rule.place
        points = _inside_points(tumour)
        labels = self.regions.labels_at(points)
        own = self.regions.organ_labels(place.region or rule.site)
        own |= self.regions.organ_labels("pancreas") if rule.site == "pancreas" else set()
        neutral = {0, *(self.body.tissues[tube.tissue].label for tube in self.body.tubes.values())}
        foreign = float((~np.isin(labels, list(own | neutral))).mean())
        penalty = 6 * max(foreign - 0.03, 0.0)
        if own and place.exophytic is None:
            penalty += 2 * max(0.35 - float(np.isin(labels, list(own)).mean()), 0.0)
        for other in (lesion.tumour for lesion in self.placed):
            apart = float(np.linalg.norm(np.subtract(tumour.centre_personal_mm, other.centre_personal_mm)))
            penalty += _OVERLAP_COST if apart < tumour.reach_mm + other.reach_mm + min(rule.margin_mm, 2.0) else 0.0
        penalty += self._stray_mm(rule, tumour) / tumour.reach_mm
        touched = {touch.vessel for touch in place.touches}
        for name, distance in place.clear_of:
            penalty += 5.0 if self.tubes.gap(tumour, name) < distance else 0.0
        return penalty + 0.6 * sum(name not in touched for name in self._deciding_near(tumour))

    def _deciding_near(self, tumour: Tumour) -> list[str]:
        """Vessels that decide on surgery and come too near to a tumour that is not asked to touch them."""
        present = (name for name in _PREFER_CLEAR if name in self.body.tubes)
        return [name for name in present if self.tubes.gap(tumour, name) < _CLEAR_MM]

    def _stray_mm(self, rule: LesionRule, tumour: Tumour) -> float:
        """How far a tumour's centre lies outside the structure of its place; 0 where none is named."""
        region = rule.place.region
        if region is None or not self.regions.organ_labels(region):
            return 0.0
        return max(self.regions.distance_mm(region, np.asarray(tumour.centre_personal_mm)) - STEP_MM, 0.0)

    def _given(self, rule: LesionRule, radius: float) -> Array:
        anatomical = np.array([rule.place.at])
        if self.body.depth(anatomical)[0] > -radius:
            raise self.scenario.refuse(
                rule.line, "the tumour would not lie inside the body", f"at {rule.place.at}, radius {radius:.0f} mm"
            )
        return np.asarray(self.pose.from_anatomical(anatomical)[0])

    def _lesion(self, name: str, rule: LesionRule) -> Tumour:
        for lesion in self.placed:
            if lesion.tumour.id == name:
                return lesion.tumour
        known = ", ".join(lesion.tumour.id for lesion in self.placed)
        raise self.scenario.refuse(rule.place.line, "there is no lesion of that id placed before", f"'{name}'", known)

    def _beside(self, rule: LesionRule, tumour: Tumour, rng: np.random.Generator) -> Tumour:
        """Next to another lesion, ``gap_mm`` between the outlines, the best of many directions."""
        other = self._lesion(str(rule.place.beside), rule)
        directions = rng.normal(size=(40, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        best: tuple[float, Tumour] | None = None
        start = np.asarray(other.centre_personal_mm)
        for direction in directions:
            candidate = moved(tumour, start + _spacing(other, tumour, direction, rule.place.gap_mm) * direction)
            organ = self.regions.labels_at(_inside_points(candidate))
            home = self.regions.labels_at(start[None])[0]
            penalty = 1 - float((organ == home).mean()) + self._crowding(candidate, rule, besides=other.id)
            if best is None or penalty < best[0]:
                best = (penalty, candidate)
        assert best is not None
        return best[1]

    def _crowding(self, tumour: Tumour, rule: LesionRule, besides: str = "") -> float:
        gaps = [
            float(np.linalg.norm(np.subtract(tumour.centre_personal_mm, lesion.tumour.centre_personal_mm)))
            - lesion.tumour.reach_mm
            - tumour.reach_mm
            - rule.margin_mm
            for lesion in self.placed
            if lesion.tumour.id != besides
        ]
        return 10.0 if gaps and min(gaps) < 0 else 0.0

    def _exophytic(self, rule: LesionRule, tumour: Tumour, rng: np.random.Generator) -> Tumour:
        """Growing out of an organ: the asked share of the volume lies outside, where there is room."""
        place = rule.place
        assert place.exophytic is not None
        region = place.region or rule.site
        points, depth = self.regions.volume_points(region, place.side, place.segments)
        own = list(self.regions.organ_labels(region))
        surface = points[depth <= 2.0]
        best: tuple[float, Tumour] | None = None
        for start in surface[rng.permutation(len(surface))[:60]]:
            near = points[np.linalg.norm(points - start, axis=1) < 14.0]
            outward = start - near.mean(axis=0)
            if float(np.linalg.norm(outward)) < 1.0:
                continue
            outward = outward / np.linalg.norm(outward)
            low, high = -tumour.reach_mm, tumour.reach_mm + 8.0
            for _ in range(10):
                middle = (low + high) / 2
                labels = self.regions.labels_at(_inside_points(moved(tumour, start + middle * outward)))
                outside = 1 - float(np.isin(labels, own).mean())
                low, high = (middle, high) if outside < place.exophytic else (low, middle)
            candidate = moved(tumour, start + (low + high) / 2 * outward)
            penalty = self.cost(rule, candidate) + self._crowding(candidate, rule)
            if best is None or penalty < best[0]:
                best = (penalty, candidate)
        if best is None or best[0] >= _OVERLAP_COST:
            raise self._no_room(rule, tumour)
        return best[1]

    def _in_liver(self, rule: LesionRule, tumour: Tumour, side: str | None) -> Tumour:
        segments = rule.place.segments or {"right": RIGHT_SEGMENTS, "left": LEFT_SEGMENTS, None: ()}[side]
        for margin in (rule.margin_mm, min(rule.margin_mm, 1.0)):
            centre = self.fill.place(tumour, segments, margin, overlap=needs_overlap(rule))
            if centre is not None:
                return moved(tumour, centre)
        raise self._no_room(rule, tumour)

    def _in_region(self, rule: LesionRule, tumour: Tumour, rng: np.random.Generator) -> tuple[Tumour, str]:
        place, radius = rule.place, tumour.diameter_mm / 2
        for attempt in range(_TRIES):
            point, exact = self.regions.draw(
                str(place.region), rng, radius, attempt / _TRIES, place.side, place.segments
            )
            candidate = moved(tumour, point)
            if self._crowding(candidate, rule) > 0:
                continue
            if rule.site != "pancreas" or attempt > _INSISTING * _TRIES or not self._deciding_near(candidate):
                return candidate, exact
        raise self._no_room(rule, tumour)

    def _no_room(self, rule: LesionRule, tumour: Tumour) -> NoRoom:
        return NoRoom(
            f"no room was found in '{rule.place.region or rule.site}' for a tumour of {tumour.diameter_mm:.0f} mm",
            subject=f"{self.scenario.path}, line {rule.line}",
            found=f"{len(self.placed)} tumours placed before it, {rule.margin_mm:g} mm to keep from each",
            expected="fewer or smaller tumours, or a smaller margin_mm",
        )

    def spared(self, tumour: Tumour, rule: LesionRule) -> tuple[str, ...]:
        """The tubes painted over a tumour: all vessels that come near it, and ducts that its place refers to."""
        if rule.spares is not None:
            unknown = [name for name in rule.spares if name not in self.body.tubes]
            if unknown:
                raise self.scenario.refuse(
                    rule.line, "there is no such vessel or duct", unknown[0], ", ".join(self.body.tubes)
                )
            return rule.spares
        named = {touch.vessel for touch in rule.place.touches}
        if rule.place.near_duct:
            named.add(rule.place.near_duct.duct)
        return self.tubes.spared_by(tumour, named)

    def _thrombus(self, rule: LesionRule, tumour: Tumour) -> Thrombus | None:
        asked = rule.thrombus
        if asked is None:
            return None
        for name in (asked.vein, asked.towards or asked.vein):
            if name not in self.body.tubes:
                raise self.scenario.refuse(asked.line, "there is no such vein", f"'{name}'", ", ".join(self.body.tubes))
        course, problem = self.tubes.thrombus_course(tumour, asked.vein, asked.length_mm, asked.towards)
        if course is None:
            raise self.scenario.refuse(
                asked.line, f"no thrombus of {asked.length_mm:g} mm can grow into {asked.vein}", problem,
                "a tumour that touches the vein (place: touches), or a shorter thrombus",
            )  # fmt: skip
        return Thrombus(asked.vein, course)

    def _reach_burden(self, rule: LesionRule, n: int) -> None:
        """Grow or shrink a rule's overlapping lesions together until the union fills the share asked for."""
        assert rule.burden_percent is not None
        mine = [k for k, lesion in enumerate(self.placed) if lesion.rule is rule]
        original = [self.placed[k] for k in mine]
        low, high = 0.4, 2.2
        for _ in range(9):
            factor = float(np.sqrt(low * high))
            for k, lesion in zip(mine, original, strict=True):
                self.placed[k] = Lesion(rule, scaled(lesion.tumour, factor))
            reached = self.fill.covered_percent(lesion.tumour for lesion in self.placed)
            low, high = (factor, high) if reached < rule.burden_percent else (low, factor)
        for k in mine:
            tumour = self.placed[k].tumour
            self.placed[k] = Lesion(rule, replace(tumour, spared=self.spared(tumour, rule)))
        self.__dict__.pop("fill", None)
        if abs(reached - rule.burden_percent) > 1.0:
            raise self.scenario.refuse(
                rule.line, f"a burden of {rule.burden_percent:g} % cannot be reached",
                f"{reached:.1f} % with {len(mine)} lesions", "more or larger lesions",
            )  # fmt: skip


def _order(item: tuple[int, int, LesionRule, float]) -> tuple[int, float, int, int]:
    n, m, rule, diameter = item
    place = rule.place
    kind = 0 if place.constrained else 1 if place.at is not None else 3 if place.beside is not None else 2
    return kind, -diameter, n, m


def moved(tumour: Tumour, centre: Array) -> Tumour:
    """The tumour at another centre (personal mm)."""
    return replace(tumour, centre_personal_mm=(float(centre[0]), float(centre[1]), float(centre[2])))


def _inside_points(tumour: Tumour) -> Array:
    """Personal points spread through a tumour."""
    reach = tumour.reach_mm
    cloud = np.random.default_rng(7).uniform(-reach, reach, (2 * _SAMPLES, 3))
    return np.asarray(cloud[tumour.distance(cloud) <= 0] + tumour.centre_personal_mm)


def _spacing(first: Tumour, second: Tumour, direction: Array, gap_mm: float) -> float:
    """Distance of two centres along ``direction`` that leaves ``gap_mm`` between the outlines on that line."""
    steps = np.arange(0.0, max(first.reach_mm, second.reach_mm) + 2.0, 0.05)
    one = steps[first.distance(steps[:, None] * direction) <= 0].max()
    two = steps[second.distance(-steps[:, None] * direction) <= 0].max()
    return float(one + two + gap_mm)
