"""How far the lesions of a patient differ: spread of each property, and groups of lesions that are alike.

Groups: agglomerative clustering by Ward's criterion (scipy.cluster.hierarchy) of properties that were made comparable:
logarithm where ratios count, median taken off, divided by the spread between lesions (1.4826 x median absolute
deviation) or by what repeated measurement allows, whichever is larger, so that noise alone makes no groups. The number
of groups is that of the highest mean silhouette (Rousseeuw 1987), if it shows at least a reasonable structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from isletscope.lesions.heterogeneity.within import heterogeneity_rules
from isletscope.model import Clusters, Join, Measurement, derived, missing

_MAD_TO_SD = 1.4826
_FURTHEST = 4.0
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """A property of the lesions: known values by lesion, its unit, and how it is compared.

    ``error``: relative change that repeated measurement allows (0.33 for 33 %). ``as_ratio``: compared by logarithm.
    """

    name: str
    title: str
    unit: str
    values: Mapping[str, float]
    error: float
    as_ratio: bool = True


def spread_of(feature: Features, lesions: Sequence[str]) -> dict[str, Measurement]:
    """Number, least, most, median, quartiles and coefficient of variation of a property, under ``<name>_<figure>``."""
    known = np.array([feature.values[one] for one in lesions if one in feature.values], dtype=np.float64)
    prefix, title = feature.name, feature.title
    lacking = len(lesions) - len(known)
    said = f"known in {len(known)} of {len(lesions)} lesions"
    found = {f"{prefix}_count": derived(f"{title}: lesions with a value", float(len(known)), method=said)}
    figures = {
        "lowest": ("lowest", 0.0),
        "lower_quartile": ("lower quartile", 25.0),
        "median": ("median", 50.0),
        "upper_quartile": ("upper quartile", 75.0),
        "highest": ("highest", 100.0),
    }
    for key, (words, share) in figures.items():
        name = f"{title}, {words}"
        if len(known) == 0:
            found[f"{prefix}_{key}"] = missing(name, "no lesion has a value", feature.unit)
        else:
            found[f"{prefix}_{key}"] = derived(name, float(np.percentile(known, share)), feature.unit, method=said)
    found[f"{prefix}_cov"] = _variation(title, known, said, lacking)
    return found


def _variation(title: str, known: FloatArray, said: str, lacking: int) -> Measurement:
    name = f"{title}, coefficient of variation between lesions"
    least = heterogeneity_rules().number("between.smallest_number_cov")
    if len(known) < least:
        return missing(name, f"{len(known)} lesions with a value are fewer than {least:g}")
    if known.mean() <= 0 or known.min() < 0:
        return missing(name, "the property has no zero point above which all lesions lie")
    limitation = f"{lacking} lesions without a value are not counted" if lacking else None
    value = float(known.std(ddof=1) / known.mean())
    return derived(name, value, method=f"sample standard deviation over mean, {said}", limitation=limitation)


def clusters_of(features: Sequence[Features], lesions: Sequence[str]) -> Clusters:
    """Groups of lesions that are alike in several properties, or why there are none."""
    rules = heterogeneity_rules()
    least, needed = (rules.number(f"between.smallest_number_{name}") for name in ("clusters", "features"))
    if len(lesions) < least:
        return Clusters(because=f"{len(lesions)} lesions are fewer than {least:g}")
    share = rules.number("between.feature_known_share")
    used = [one for one in features if sum(name in one.values for name in lesions) >= share * len(lesions)]
    used = [one for one in used if not one.as_ratio or all(value > 0 for value in one.values.values())]
    if len(used) < needed:
        named = ", ".join(one.title for one in used) or "none"
        return Clusters(because=f"fewer than {needed:g} properties are known in most lesions ({named})")
    left_out = {
        name: "not known: " + ", ".join(one.title for one in used if name not in one.values)
        for name in lesions
        if any(name not in one.values for one in used)
    }
    kept = [name for name in lesions if name not in left_out]
    if len(kept) < least:
        because = f"{len(kept)} lesions with all of {', '.join(one.title for one in used)} are fewer than {least:g}"
        return Clusters(because=because, left_out=left_out)
    return _grouped(used, kept, left_out)


def _grouped(used: Sequence[Features], kept: list[str], left_out: dict[str, str]) -> Clusters:
    points = np.stack([_comparable(one, kept) for one in used], axis=1)
    if not np.any(points):
        return Clusters(because="all lesions have the same values", left_out=left_out)
    links = hierarchy.linkage(points, method="ward", optimal_ordering=True)
    labels, silhouette = _best_cut(points, links)
    order = [int(leaf) for leaf in hierarchy.leaves_list(links)]
    joins = [Join(first=int(a), second=int(b), height=float(h), size=int(n)) for a, b, h, n in links]
    rules = heterogeneity_rules()
    bar = rules.number("between.silhouette")
    method = (
        f"Ward's clustering of {', '.join(one.title for one in used)}, each over its spread between lesions or its "
        f"measurement error, the larger one; the number of groups of the highest mean silhouette, at least {bar:g}"
    )
    found = {
        "features": [one.name for one in used],
        "lesions": kept,
        "joins": joins,
        "silhouette": silhouette,
        "left_out": left_out,
        "method": method,
    }
    if silhouette is None or silhouette < bar:
        shown = "" if silhouette is None else f" (highest mean silhouette {silhouette:.2f}, below {bar:g})"
        return Clusters.model_validate({**found, "because": f"no groups stand out{shown}"})
    numbers: dict[int, int] = {}
    for leaf in order:
        numbers.setdefault(int(labels[leaf]), len(numbers) + 1)
    return Clusters.model_validate({**found, "group_of": {n: numbers[int(labels[i])] for i, n in enumerate(kept)}})


def _comparable(feature: Features, lesions: Sequence[str]) -> FloatArray:
    """Values with median 0 and the larger of spread and measurement error as unit, at most 4 units from the median."""
    values = np.array([feature.values[name] for name in lesions], dtype=np.float64)
    shown = np.log(values) if feature.as_ratio else values
    centred = shown - np.median(shown)
    error = float(np.log1p(feature.error)) if feature.as_ratio else feature.error
    scale = max(_MAD_TO_SD * float(np.median(np.abs(centred))), error)
    return np.clip(centred / scale, -_FURTHEST, _FURTHEST)


def _best_cut(points: FloatArray, links: FloatArray) -> tuple[npt.NDArray[np.int32], float | None]:
    """Labels of the cut with the highest mean silhouette and that silhouette; None when no cut has two groups."""
    distances = squareform(pdist(points))
    most = min(int(heterogeneity_rules().number("between.most_groups")), len(points) - 1)
    best, chosen = None, np.ones(len(points), dtype=np.int32)
    for count in range(2, most + 1):
        labels = np.asarray(hierarchy.fcluster(links, count, criterion="maxclust"), dtype=np.int32)
        if len(np.unique(labels)) < 2:
            continue
        value = mean_silhouette(distances, labels)
        if best is None or value > best + 1e-9:
            best, chosen = value, labels
    return chosen, best


def mean_silhouette(distances: FloatArray, labels: npt.NDArray[np.int32]) -> float:
    """Mean over points of (b - a) / max(a, b): a to the own group, b to the nearest other; 0 for a group of one."""
    groups = np.unique(labels)
    values = np.zeros(len(labels))
    for index, label in enumerate(labels):
        own = labels == label
        if np.count_nonzero(own) == 1:
            continue
        within = distances[index, own].sum() / (np.count_nonzero(own) - 1)
        beside = min(float(distances[index, labels == other].mean()) for other in groups if other != label)
        widest = max(within, beside)
        values[index] = 0.0 if widest == 0 else (beside - within) / widest
    return float(values.mean())
