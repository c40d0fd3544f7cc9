"""The section "Heterogeneity" of the report: inside lesions, between them, over time, and the biopsy target."""

from __future__ import annotations

from collections.abc import Sequence

from isletscope.assessment import View, views
from isletscope.model import (
    BiopsyTarget,
    Case,
    Evidence,
    Heterogeneity,
    Lesion,
    ReadingOfImages,
    ReadingOfPet,
    Role,
    TracerClass,
    TracerMap,
    WithinLesion,
)
from isletscope.reading import CARRIED, liver_limit, map_of
from isletscope.report import format as fmt
from isletscope.report.content.document import Figure, Section, Table
from isletscope.report.content.heterogeneity_tables import (
    between_table,
    growth_table,
    printed,
    tracer_table,
    within_table,
)
from isletscope.report.content.heterogeneity_words import heterogeneity_words
from isletscope.report.figures.heterogeneity_course import Panel, trajectory_figure
from isletscope.report.figures.heterogeneity_map import MapImages, Target, map_figure, target_figure
from isletscope.report.figures.heterogeneity_scatter import Dot, scatter_figure
from isletscope.report.figures.heterogeneity_tree import tree_figure
from isletscope.report.figures.kept import kept_figures
from isletscope.report.images import ImageSource
from isletscope.spatial import Volume, points_between

_WIDTH_MM = 178.0
_LOW_DOSE_FIRST = (Role.CT_LOW_DOSE, Role.CT_PORTAL_VENOUS, Role.CT_ARTERIAL, Role.CT_UNENHANCED)
_REAL = ("likely_real", "definite")
_LEAST_MIXED_ML = 1.0
_PANELS = (("sstr_suv_max", "SSTR SUVmax, g/mL"), ("fdg_suv_max", "FDG SUVmax, g/mL"), ("long_axis", "Long axis, mm"))
_REAL_OF = {
    "sstr_suv_max": ("sstr_suv_max",),
    "fdg_suv_max": ("fdg_suv_max",),
    "long_axis": ("ct_size", "mri_size", "sstr_volume", "fdg_volume"),
}
_BY_CONTOURS = ("receptor_only", "both", "fdg_only")


def heterogeneity_section(case: Case, images: ImageSource) -> Section | None:
    """The section for the last time point that has lesions, with the course before it; None without any."""
    found = [one for one in case.heterogeneity if one.profiles]
    if not found:
        return None
    last = found[-1]
    view = next((one for one in views(case) if one.point.name == last.time_point), None)
    if view is None:
        return None
    tables = [tracer_table(last), within_table(last), between_table(last), growth_table(last)]
    return Section(
        key="heterogeneity",
        title=heterogeneity_words().title,
        text=tuple(_text(view, last)),
        figures=tuple(_figures(case, view, last, images)),
        tables=tuple(table for table in tables if isinstance(table, Table)),
        notes=tuple(_notes(last)),
    )


def _text(view: View, found: Heterogeneity) -> list[str]:
    told = heterogeneity_words()
    labels = {one.lesion: one.label for one in found.profiles}
    mismatch = [name for name, label in labels.items() if "mismatch" in label]
    words = {"date": fmt.day(view.point.date), "count": fmt.counted(len(labels), "lesion")}
    said = [
        told.says("discordant", **words, mismatch=len(mismatch), names=_listed(mismatch))
        if mismatch
        else told.says("no_discordant", **words)
    ]
    unknown = [one for one in found.profiles if not one.label]
    if unknown:
        reasons = dict.fromkeys(one.because for one in unknown if one.because)
        said.append(told.says("unlabelled", names=_listed([o.lesion for o in unknown]), because="; ".join(reasons)))
    said += [told.says("doubt", doubt=one.doubt) for one in found.maps if one.doubt]
    said += [_share(found), *_uneven(found.within), *_groups(found), *_flips(found)]
    if found.biopsy is None:
        return said
    doubts = {one.doubt for one in found.maps}
    changing = [one for one in found.biopsy.would_change if one not in doubts]
    return [*said, *_target(found.biopsy.model_copy(update={"would_change": changing}))]


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def _share(found: Heterogeneity) -> str:
    told, share = heterogeneity_words(), found.between.get("mismatch_share")
    if share is None or share.value is None:
        because = share.missing_because if share is not None else "not measured"
        return told.says("share_missing", because=because)
    values = {name: one.value or 0.0 for name, one in found.between.items()}
    volumes = {"alone": "fdg_only_volume", "low": "fdg_only_volume_low", "high": "fdg_only_volume_high"}
    shares = {"share": "mismatch_share", "share_low": "mismatch_share_low", "share_high": "mismatch_share_high"}
    limitation = f" {share.limitation[0].upper()}{share.limitation[1:]}." if share.limitation else ""
    return (
        told.says(
            "share",
            **{key: fmt.volume(values[name], pet=True) for key, name in volumes.items()},
            **{key: fmt.percent(values[name]) for key, name in shares.items()},
        )
        + limitation
    )


def _uneven(within: Sequence[WithinLesion]) -> list[str]:
    """Lesions whose spread exceeds that of a uniform lesion of their size and contrast."""
    told, listed = heterogeneity_words(), []
    for one in within:
        for kind, tracer in (("sstr", "SSTR"), ("fdg", "FDG")):
            cov, uniform = one.measurements.get(f"{kind}_cov"), one.measurements.get(f"{kind}_cov_uniform")
            if cov is None or uniform is None or cov.value is None or uniform.value is None:
                continue
            if cov.value > uniform.value:
                figures = {"cov": fmt.number(cov.value, 2), "uniform": fmt.number(uniform.value, 2)}
                listed.append(told.says("uneven_one", lesion=one.lesion, tracer=tracer, **figures))
    return [told.says("uneven", lesions="; ".join(listed))] if listed else []


def _groups(found: Heterogeneity) -> list[str]:
    told, clusters = heterogeneity_words(), found.clusters
    if clusters is None:
        return []
    if not clusters.group_of:
        return [told.says("no_groups", because=clusters.because)]
    members: dict[int, list[str]] = {}
    for name, number in clusters.group_of.items():
        members.setdefault(number, []).append(name)
    listed = "; ".join(f"{number}: {_listed(names)}" for number, names in sorted(members.items()))
    silhouette = fmt.number(clusters.silhouette or 0.0, 2)
    return [told.says("groups", groups=len(members), silhouette=silhouette, listed=listed)]


def _flips(found: Heterogeneity) -> list[str]:
    told = heterogeneity_words()
    flips = [
        told.says("flip", lesion=o.lesion, before=o.before_label, after=o.after_label, since=fmt.day(o.since))
        for o in found.changes
        if o.verdict == "flipped"
    ]
    return [told.says("flips", listed="; ".join(flips))] if flips else []


def _target(target: BiopsyTarget) -> list[str]:
    told = heterogeneity_words()
    changes = [told.says("would_change", listed="; ".join(target.would_change))] if target.would_change else []
    if not target.lesion:
        return [told.says("no_target", because=target.because), *changes]
    said = [told.says("target", lesion=target.lesion, because=target.because)]
    if target.reasons:
        said.append(told.says("reasons", reasons="; ".join(_reason(one) for one in target.reasons)))
    if target.point_lps_mm is not None:
        x, y, z = (fmt.number(value, 0) for value in target.point_lps_mm)
        ball = told.says("ball", radius=fmt.length(target.ball_radius_mm)) if target.ball_radius_mm else ""
        said.append(told.says("place", part=target.part, x=x, y=y, z=z, series=target.series_key, ball=ball))
    return [*said, *changes, told.says("remarks", listed=" ".join(target.remarks))]


def _reason(one: Evidence) -> str:
    if one.value is None:
        return one.text
    if one.unit == "10-6.mm2/s":
        return f"{one.text} {fmt.diffusion(one.value)} × 10⁻³ mm²/s"
    if one.unit == "mL":
        part, _, shifted = one.text.partition(" (")
        return f"{part} {fmt.volume(one.value, pet=True)} mL ({shifted}"
    unit = "" if one.unit == "g/mL" else f" {fmt.unit(one.unit or '1')}"
    return f"{one.text} {fmt.suv(one.value)}{unit}".rstrip()


def _figures(case: Case, view: View, found: Heterogeneity, images: ImageSource) -> list[Figure]:
    figures: list[Figure | None] = []
    mixed = most_mixed(found) or next((one for one in found.maps if one.doubt), None)
    target = found.biopsy if found.biopsy is not None and found.biopsy.lesion else None
    for name in dict.fromkeys([mixed.lesion if mixed else "", target.lesion if target else ""]):
        lesion = next((one for one in view.lesions if one.id == name), None)
        if lesion is not None:
            figures += _kept_pictures(case, view, lesion, images, mixed, target)
    figures += [_scatter(view, found), _tree(found), _trajectories(case)]
    return [figure for figure in figures if figure is not None]


def most_mixed(found: Heterogeneity) -> TracerMap | None:
    """The lesion with the most of both, FDG alone and SSTR uptake; None where no lesion has 1 mL of each."""

    def mixed(one: TracerMap) -> float:
        parts = {name: volume.volume_ml for name, volume in one.classes.items()}
        return min(parts.get("fdg_only", 0.0), parts.get("receptor_only", 0.0) + parts.get("both", 0.0))

    best = max(found.maps, key=mixed, default=None)
    return best if best is not None and mixed(best) >= _LEAST_MIXED_ML else None


def _kept_pictures(
    case: Case,
    view: View,
    lesion: Lesion,
    images: ImageSource,
    mixed: TracerMap | None,
    target: BiopsyTarget | None,
) -> list[Figure]:
    """The pictures of a lesion, kept while it, its foci and what is told of them stay the same."""
    readings: list[ReadingOfPet | ReadingOfImages] = [*case.readings, *case.image_readings]
    foci = [focus for reading in readings for focus in reading.foci if focus.id in lesion.focus_ids]
    told = [lesion, *foci, *[one for one in (mixed, target) if one is not None]]
    series = [one.model_dump(mode="json", exclude={"findings"}) for exam in case.exams for one in exam.series]
    shows = ["heterogeneity", view.point.name, [one.model_dump(mode="json") for one in told], series]

    def draw() -> list[Figure]:
        pictures = _pictures(case, view, lesion, images, mixed, target)
        return [figure for figure in pictures if figure is not None]

    return kept_figures(images, shows, draw)


def _pictures(
    case: Case,
    view: View,
    lesion: Lesion,
    images: ImageSource,
    mixed: TracerMap | None,
    target: BiopsyTarget | None,
) -> list[Figure | None]:
    """The map of the most mixed lesion, and the marked place of the target."""
    transforms = images.transforms()
    shown, classes = map_of(case, view, lesion, images, transforms)
    volumes = [images.volume(key) for key in (shown.sstr_series_key, shown.fdg_series_key) if key]
    if classes is None or len(volumes) < 2 or volumes[0] is None or volumes[1] is None:
        return []
    pixels = MapImages(volumes[0], volumes[1], _ct_beside(case, shown.sstr_series_key, images), classes)
    marked = None
    if target is not None and target.lesion == lesion.id and target.point_lps_mm is not None:
        there = points_between(
            target.point_lps_mm, transforms[shown.sstr_series_key], transforms[shown.fdg_series_key]
        )[0]
        fdg = (float(there[0]), float(there[1]), float(there[2]))
        marked = Target(target.point_lps_mm, fdg, target.ball_radius_mm)
    drawn: list[Figure | None] = []
    if mixed is not None and mixed.lesion == lesion.id:
        drawn.append(map_figure(shown, pixels, _WIDTH_MM, marked))
    if marked is not None:
        drawn.append(target_figure(lesion.id, pixels, marked, _WIDTH_MM))
    return drawn


def _ct_beside(case: Case, pet_key: str, images: ImageSource) -> Volume | None:
    """A CT of the PET's exam in its frame, the low-dose CT first as it was taken with the PET."""
    pet = case.series(pet_key)
    cts = [
        one
        for one in case.exam_of(pet_key).series
        if one.role in _LOW_DOSE_FIRST and one.usable and one.frame_of_reference_uid == pet.frame_of_reference_uid
    ]
    ordered = sorted(cts, key=lambda one: _LOW_DOSE_FIRST.index(one.role))
    return images.volume(ordered[0].key) if ordered else None


def _scatter(view: View, found: Heterogeneity) -> Figure | None:
    dots = []
    for one in found.profiles:
        sstr, fdg = (one.values.get(name) for name in ("sstr_suv_max", "fdg_suv_max"))
        if sstr is None or fdg is None or not sstr.value or not fdg.value:
            continue
        carried = any(value.method == CARRIED for value in (sstr, fdg))
        dots.append(Dot(one.lesion, sstr.value, fdg.value, "mismatch" in one.label, carried))
    if len(dots) < 2:
        return None
    limits = [liver_limit(view, tracer).value for tracer in (TracerClass.SSTR, TracerClass.FDG)]
    return scatter_figure(dots, limits[0], limits[1], _WIDTH_MM, 66.0)


def _tree(found: Heterogeneity) -> Figure | None:
    clusters = found.clusters
    if clusters is None or not clusters.joins:
        return None
    values = {one.lesion: one.values for one in found.profiles}
    cells = {name: [printed(values[name].get(feature)) for feature in clusters.features] for name in clusters.lesions}
    return tree_figure(clusters, heterogeneity_words().titles, cells, _WIDTH_MM)


def _trajectories(case: Case) -> Figure | None:
    """Lines of lesions with values at two time points or more."""
    points = case.heterogeneity
    if len(points) < 2:
        return None
    panels = []
    for key, title in _PANELS:
        lines: dict[str, list[float | None]] = {}
        for index, point in enumerate(points):
            for one in point.profiles:
                found = one.values.get(key)
                if found is not None and found.value:
                    lines.setdefault(one.lesion, [None] * len(points))[index] = found.value
        kept = {name: line for name, line in lines.items() if sum(value is not None for value in line) > 1}
        if kept:
            real = {o.lesion for o in points[-1].changes if o.quantity in _REAL_OF[key] and o.verdict in _REAL}
            panels.append(Panel(title, kept, frozenset(real)))
    dates = [point.date for point in case.time_points]
    return trajectory_figure(panels, dates, _WIDTH_MM, 70.0) if panels else None


def _notes(found: Heterogeneity) -> list[str]:
    told = heterogeneity_words()
    notes = list(found.limits)
    if found.clusters is not None and found.clusters.left_out:
        left = "; ".join(f"{name} ({why})" for name, why in found.clusters.left_out.items())
        notes.append(told.notes["left_out"].format(listed=left))
    listed = [
        f"{one.lesion} {' / '.join(fmt.volume(one.by_contours[name].volume_ml, pet=True) for name in _BY_CONTOURS)}"
        for one in found.maps
        if one.by_contours and one.by_contours != one.classes and one.classes["fdg_only"].volume_ml >= _LEAST_MIXED_ML
    ]
    if listed:
        notes.append(told.notes["contours"].format(listed="; ".join(listed)))
    return [*notes, *dict.fromkeys(limit for one in found.maps for limit in one.limits)]
