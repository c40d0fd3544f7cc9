"""How far the lesions of a patient differ: spread of each property, and groups of lesions that are alike.

Groups: agglomerative clustering by Ward's criterion (scipy.cluster.hierarchy) of properties that were made comparable:
logarithm where ratios count, median taken off, divided by the spread between lesions (1.4826 x median absolute
deviation) or by what repeated measurement allows, whichever is larger, so that noise alone makes no groups. From the
top of the tree a branch is split in two when the mean silhouette of the two parts (Rousseeuw 1987) shows a reasonable
structure and exceeds what one normal cloud of the same size and covariance shows by chance (as Kimes 2017, Biometrics
73:811, recall, with the silhouette in place of the cluster index).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from isletscope.lesions.heterogeneity.within import heterogeneity_rules
from isletscope.model import Clusters, Join, Measurement, derived, missing

_MAD_TO_SD = 1.4826
_FURTHEST = 4.0
_SEED = 20260101
FloatArray = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


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
    lacking = [one for one in lesions if one not in feature.values]
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


def _variation(title: str, known: FloatArray, said: str, lacking: Sequence[str]) -> Measurement:
    name = f"{title}, coefficient of variation between lesions"
    least = heterogeneity_rules().number("between.smallest_number_cov")
    if len(known) < least:
        return missing(name, f"{len(known)} lesions with a value are fewer than {least:g}")
    if known.mean() <= 0 or known.min() < 0:
        return missing(name, "the property has no zero point above which all lesions lie")
    limitation = f"not counted, without a value: {', '.join(lacking)}" if lacking else None
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
    links = scipy.cluster.hierarchy.linkage(points, method="ward", optimal_ordering=True)
    labels, highest, needed = _split(points, links)
    order = [int(leaf) for leaf in scipy.cluster.hierarchy.leaves_list(links)]
    joins = [Join(first=int(a), second=int(b), height=float(h), size=int(n)) for a, b, h, n in links]
    method = (
        f"Ward's clustering of {', '.join(one.title for one in used)}, each over its spread between lesions or its "
        "measurement error, the larger one; a branch is split where the silhouette of its parts exceeds that of one "
        "cloud without groups"
    )
    found = {
        "features": [one.name for one in used],
        "lesions": kept,
        "joins": joins,
        "silhouette": mean_silhouette(_distances(points), labels) if len(set(labels)) > 1 else highest,
        "left_out": left_out,
        "method": method,
    }
    if len(set(labels)) < 2:
        because = f"no groups stand out (silhouette of the best two {highest:.2f}, below {needed:.2f})"
        return Clusters.model_validate({**found, "because": because})
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


def _split(points: FloatArray, links: FloatArray) -> tuple[Labels, float, float]:
    """Labels of the branch of these points, the silhouette of its first split, and what that must exceed."""
    rules = heterogeneity_rules()
    labels = _two_parts(links)
    if len(np.unique(labels)) < 2:
        return np.zeros(len(points), dtype=np.int64), 0.0, rules.number("between.silhouette")
    highest = mean_silhouette(_distances(points), labels)
    needed = max(rules.number("between.silhouette"), by_chance(points))
    if highest < needed:
        return np.zeros(len(points), dtype=np.int64), highest, needed
    found, next_label = np.zeros(len(points), dtype=np.int64), 0
    for label in (1, 2):
        inside = labels == label
        part, own = points[inside], np.zeros(np.count_nonzero(inside), dtype=np.int64)
        if len(part) >= rules.number("between.smallest_branch") and np.any(part != part[0]):
            own = _split(part, scipy.cluster.hierarchy.linkage(part, method="ward"))[0]
        found[inside] = own + next_label
        next_label += int(own.max()) + 1
    return found, highest, needed


def _two_parts(links: FloatArray) -> Labels:
    return np.asarray(scipy.cluster.hierarchy.fcluster(links, 2, criterion="maxclust"), dtype=np.int64)


def _distances(points: FloatArray) -> FloatArray:
    return np.asarray(scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(points)))


def mean_silhouette(distances: FloatArray, labels: Labels) -> float:
    """Mean over points of (b - a) / max(a, b): a to the own group, b to the nearest other; 0 for a group of one."""
    groups, own = np.unique(labels, return_inverse=True)
    member = own[:, None] == np.arange(len(groups))
    sizes = member.sum(axis=0)
    sums = distances @ member
    rows = np.arange(len(labels))
    single = sizes[own] == 1
    within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[rows, own] = np.inf
    beside = others.min(axis=1)
    widest = np.maximum(within, beside)
    values = np.where(single | (widest == 0), 0.0, (beside - within) / np.where(widest == 0, 1.0, widest))
    return float(values.mean())


def by_chance(points: FloatArray) -> float:
    """The silhouette of the best two parts of one cloud without groups: 99th percentile over normal clouds like this.

    As many points with the same covariance, clustered and cut alike; always the same draws.
    """
    rules = heterogeneity_rules()
    draws = np.random.default_rng(_SEED)
    covariance = np.atleast_2d(np.cov(points, rowvar=False))
    found = []
    for _ in range(int(rules.number("between.draws"))):
        cloud = draws.multivariate_normal(np.zeros(points.shape[1]), covariance, size=len(points), method="eigh")
        labels = _two_parts(scipy.cluster.hierarchy.linkage(cloud, "ward"))
        found.append(mean_silhouette(_distances(cloud), labels) if len(np.unique(labels)) > 1 else 0.0)
    return float(np.percentile(found, 100.0 * rules.number("between.chance")))
