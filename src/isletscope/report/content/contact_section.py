"""The section on contact with vessels, for the surgeon: each deciding vessel that is touched, pictured and told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib import resources

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from isletscope.criteria import contact_band
from isletscope.model import Case, Support, TimePoint, VesselFinding
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure, Section
from isletscope.report.figures.contact_scene import contact_scene_figure
from isletscope.report.figures.kept import kept_figures
from isletscope.report.figures.vessel_contact import vessel_contact_figure
from isletscope.report.images import ImageSource
from isletscope.report.narrative.vessel_words import contact, touched
from isletscope.report.narrative.vocabulary import vocabulary
from isletscope.surgery import ContactScene, ContactView
from isletscope.yaml_text import read_yaml

_WIDTH_MM = 178.0
_SAME_DEG = 1e-6


class ContactSectionWords(BaseModel):
    """The content of ``contact.yaml``; sentences have gaps in braces."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    support: Support
    title: str
    most_pictures: int
    sentences: Mapping[str, str]

    def says(self, name: str, /, **words: object) -> str:
        """A sentence with its gaps filled. Raises KeyError."""
        return self.sentences[name].format(**words)


@cache
def _words() -> ContactSectionWords:
    text = resources.files("isletscope.report.content").joinpath("contact.yaml").read_text(encoding="utf-8")
    return ContactSectionWords.model_validate(read_yaml(text))


def contact_section(case: Case, images: ImageSource) -> Section | None:
    """Contacts of the last time point whose vessels were measured; None where none was."""
    point = next((one for one in reversed(case.time_points) if _measured(one)), None)
    if point is None:
        return None
    words, decisive = _words(), vocabulary().decisive_vessels
    found = [one for one in point.vessels if one.vessel in decisive and touched(one) and contact(one) is not None]
    found.sort(key=lambda one: (-severity(one), decisive.index(one.vessel), one.lesion))
    shown, more = found[: words.most_pictures], found[words.most_pictures :]
    views = [(one, _view(one, images)) for one in shown]
    text = [_told(one) for one in shown] if found else [words.says("none")]
    if more:
        text.append(words.says("more", vessels=_listed(more)))
    lost = [one for one, view in views if view is None]
    if lost:
        text.append(words.says("lost", vessels=_listed(lost)))
    figures = (*(_figure(one, view) for one, view in views if view is not None), *_scenes(shown, images))
    legend = (words.says("legend"),) if figures else ()
    notes = (*legend, words.says("tolerances"), words.says("interval_note")) if found else ()
    return Section("vessel-contact", words.title, tuple(text), figures, notes=notes)


def severity(one: VesselFinding) -> float:
    """Degrees of contact at the tolerance that decides; a closed vessel is worse than any angle."""
    return 400.0 if one.features.get("occlusion") == "yes" else contact(one) or 0.0


def _measured(point: TimePoint) -> bool:
    """Whether contact was measured from masks at a time point, not only told by a reader."""
    return any(one.number("followed_length") is not None for one in point.vessels)


def _view(one: VesselFinding, images: ImageSource) -> ContactView | None:
    """The picture of this very measurement: one of another angle is not shown."""
    view = images.contact_view(one.lesion, one.vessel, one.exam_key)
    degrees = contact(one)
    if view is None or degrees is None or abs(view.degrees_max - degrees) > _SAME_DEG:
        return None
    return view


def _figure(one: VesselFinding, view: ContactView) -> Figure:
    title = f"{one.lesion}, {_name(one)}"
    return vessel_contact_figure(view, title=title, width_mm=_WIDTH_MM, name=f"{one.lesion}-{one.vessel}")


def _scenes(shown: list[VesselFinding], images: ImageSource) -> Iterator[Figure]:
    """Each lesion of the shown contacts with the vessels about it in space."""
    for lesion, exam_key in dict.fromkeys((one.lesion, one.exam_key) for one in shown):
        scene = images.contact_scene(lesion, exam_key)
        if scene is not None:
            title, name = f"{lesion} and the vessels about it", f"contact-scene-{lesion}"
            stamp = [_hash(one) for one in (scene.tumour, scene.arteries, scene.veins)]
            yield from kept_figures(images, [name, title, *stamp], partial(_scene, scene, title, name))


def _scene(scene: ContactScene, title: str, name: str) -> list[Figure]:
    return [contact_scene_figure(scene, title=title, name=name)]


def _hash(array: npt.NDArray[np.uint8]) -> str:
    """A hash over the values of an array."""
    return hashlib.sha256(array.tobytes()).hexdigest()


def _told(one: VesselFinding) -> str:
    """One paragraph: angle, length, free course, calibre, what to take care of."""
    words = _words()
    degrees = contact(one) or 0.0
    low, high = one.number("contact_low"), one.number("contact_high")
    interval = "" if low is None or high is None else words.says("interval", low=_whole(low), high=_whole(high))
    others = [
        words.says("other", angle=_whole(value), tolerance=tolerance)
        for tolerance in ("0.5", "1.5")
        if (value := contact(one, tolerance)) is not None
    ]
    category = "occluded" if one.features.get("occlusion") == "yes" else contact_band(degrees)
    angle = words.says(
        "angle",
        lesion=one.lesion,
        vessel=_name(one),
        category=category,
        angle=_whole(degrees),
        interval=interval,
        others=", ".join(others),
    )
    parts = [angle, _length(one), _course(one), _calibre(one), _notes(one)]
    return " ".join(part for part in parts if part)


def _length(one: VesselFinding) -> str:
    words, length = _words(), one.number("contact_length")
    if length is None:
        return ""
    longer = {
        key: words.says(key, length=_whole(value)) if (value := one.number(f"contact_length_{key}")) else ""
        for key in ("over_90", "over_180")
    }
    return words.says("length", length=_whole(length), **longer)


def _course(one: VesselFinding) -> str:
    values = [one.number(key) for key in ("clean_below", "clean_above", "followed_length")]
    if any(value is None for value in values):
        return ""
    below, above, followed = (_whole(value) for value in values if value is not None)
    return _words().says("course", below=below, above=above, followed=followed)


def _calibre(one: VesselFinding) -> str:
    narrowing = one.number("narrowing")
    if narrowing is None:
        return ""
    contour = one.features.get("contour")
    drawn = ", drawn to a teardrop" if one.features.get("teardrop") == "yes" else ""
    thrombus = ", no thrombus" if one.features.get("thrombus") == "none" and one.vessel in vocabulary().veins else ""
    wall = f", {contour} wall" if contour else ""
    return _words().says("narrowing", percent=fmt.percent(narrowing), contour=wall + drawn, thrombus=thrombus)


def _notes(one: VesselFinding) -> str:
    """What the measurement itself says of its limits, beside its interval, which is told."""
    said = one.contact_deg["1.0"].limitation or ""
    parts = [part for part in said.split("; ") if part and not part.startswith("95 % interval")]
    return _words().says("notes", words="; ".join(parts)) if parts else ""


def _listed(found: list[VesselFinding]) -> str:
    return ", ".join(f"{one.lesion} {_name(one)}" for one in found)


def _name(one: VesselFinding) -> str:
    return vocabulary().vessel(one.vessel)


def _whole(value: float) -> str:
    return fmt.number(value, 0)
