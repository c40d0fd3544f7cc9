"""One exam against another, where it changes whether a tumour is found, its stage or its local class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from isletscope.assessment.alert_book import joined, make_alert, names_of
from isletscope.assessment.anatomy import ENCASEMENT_DEG, TOLERANCE_MM
from isletscope.assessment.primary import Size, largest_dimension, largest_primary, primaries
from isletscope.assessment.view import ANATOMICAL, View
from isletscope.criteria import TNM_BOOK, above
from isletscope.model import Alert, Compartment, ExamKind, Lesion, VesselFinding, Visibility

PRINTED = {
    ExamKind.CT: "CT",
    ExamKind.MRI: "MRI",
    ExamKind.SSTR_PET: "SSTR PET",
    ExamKind.FDG_PET: "FDG PET",
    ExamKind.EXENDIN_PET: "exendin PET",
    ExamKind.FDOPA_PET: "FDOPA PET",
}
SIZE_ERROR_MM, SIZE_ERROR_SHARE = 2.0, 0.1
"""Measurement error of a diameter, the larger of the two (software convention)."""
_SETTLES = {
    Compartment.LIVER: "liver MRI with hepatobiliary phase and diffusion",
    Compartment.NODE: "endoscopic ultrasound with sampling where the node can be reached",
    Compartment.BONE: "MRI of these bones",
}


def exam_alerts(view: View) -> list[Alert]:
    """Every alert of one exam against another."""
    return [*_primary_alerts(view), *_spread_alerts(view), *_size_alerts(view), *_contact_alerts(view)]


def kinds_that(view: View, lesion: Lesion) -> tuple[list[ExamKind], list[ExamKind]]:
    """Kinds of exam that show a lesion, and those that were looked at and do not."""
    seen, not_seen = [], []
    for kind in PRINTED:
        one = view.looked(lesion, kind)
        if one is None:
            continue
        if one.visibility is Visibility.SEEN and one.features.get("uptake_visible") != "no":
            seen.append(kind)
        elif one.visibility in (Visibility.NOT_SEEN, Visibility.SEEN):
            not_seen.append(kind)
    return seen, not_seen


def _primary_alerts(view: View) -> Iterator[Alert]:
    """A primary that CT, MRI or exendin PET does not show while others do; FDG-negative is the rule in a NET."""
    groups: dict[tuple[tuple[ExamKind, ...], tuple[ExamKind, ...]], list[Lesion]] = defaultdict(list)
    for lesion in primaries(view):
        seen, not_seen = kinds_that(view, lesion)
        missed = [kind for kind in not_seen if kind in (*ANATOMICAL, ExamKind.EXENDIN_PET)]
        if seen and missed:
            groups[tuple(seen), tuple(missed)].append(lesion)
    for (seen_on, missed_on), lesions in groups.items():
        yield make_alert(
            "primary_against_exam",
            lesions=names_of(lesions),
            rests_on=_observed(view, lesions, (*seen_on, *missed_on)),
            seen=joined([PRINTED[kind] for kind in seen_on]),
            not_seen=joined([PRINTED[kind] for kind in missed_on]),
        )


def _spread_alerts(view: View) -> Iterator[Alert]:
    """Nodes or distant spread of which CT or MRI shows no single lesion although it was looked for."""
    for compartment in Compartment:
        lesions = view.of(compartment)
        if compartment is Compartment.PANCREAS or not lesions:
            continue
        kinds = [kinds_that(view, lesion) for lesion in lesions]
        missed = [kind for kind in ANATOMICAL if all(kind in not_seen for _, not_seen in kinds)]
        seen_on = [kind for kind in PRINTED if any(kind in seen for seen, _ in kinds)]
        if missed and seen_on:
            yield make_alert(
                "spread_against_exam",
                lesions=names_of(lesions),
                rests_on=_observed(view, lesions, (*seen_on, *missed)),
                where=compartment.value,
                seen=joined([PRINTED[kind] for kind in seen_on]),
                not_seen=joined([PRINTED[kind] for kind in missed]),
                exam=_SETTLES.get(compartment, "biopsy of the lesion that is easiest to reach"),
            )


def _observed(view: View, lesions: list[Lesion], kinds: tuple[ExamKind, ...]) -> list[str]:
    found = [(lesion, one) for lesion in lesions for kind in kinds if (one := view.looked(lesion, kind)) is not None]
    return [f"lesion/{lesion.id}/{one.reference}" for lesion, one in found]


def _size_alerts(view: View) -> Iterator[Alert]:
    """The largest primary, whose T by size differs between CT and MRI beyond measurement error."""
    lesion = largest_primary(view)
    if lesion is None:
        return
    sizes = {kind: size for kind in ANATOMICAL if (size := largest_dimension(view, lesion, (kind,))) is not None}
    for (one_kind, one), (other_kind, other) in combinations(sizes.items(), 2):
        if _t(one) != _t(other) and differs_mm(one.value_mm, other.value_mm):
            yield make_alert(
                "size_against_exam",
                lesions=[lesion.id],
                rests_on=[one.reference, other.reference],
                one=PRINTED[one_kind],
                other=PRINTED[other_kind],
                one_mm=f"{one.value_mm:.0f}",
                other_mm=f"{other.value_mm:.0f}",
                one_t=_t(one),
                other_t=_t(other),
            )


def _t(size: Size) -> str:
    return TNM_BOOK.t_of_size(size.value_mm, "ajcc8")


def differs_mm(one_mm: float, other_mm: float) -> bool:
    """Whether two diameters differ beyond measurement error."""
    return above(abs(one_mm - other_mm), max(SIZE_ERROR_MM, SIZE_ERROR_SHARE * min(one_mm, other_mm)))


def _contact_alerts(view: View) -> Iterator[Alert]:
    """A vessel whose contact falls into another class on another exam.

    Contact at 0.5 and 1.5 mm is its measurement error: where both ranges overlap, the exams do not contradict.
    """
    groups: dict[tuple[str, str], list[VesselFinding]] = defaultdict(list)
    for finding in view.point.vessels:
        contact = finding.contact_deg.get(TOLERANCE_MM)
        if contact is not None and contact.value is not None:
            groups[finding.lesion, finding.vessel].append(finding)
    known = {lesion.id for lesion in primaries(view)}
    for (name, vessel), findings in groups.items():
        for one, other in combinations(findings, 2):
            one_deg, other_deg = _degrees(one), _degrees(other)
            differ = _class(one_deg) != _class(other_deg) and not _overlap(one, other)
            if name in known and one.exam_key != other.exam_key and differ:
                yield make_alert(
                    "contact_against_exam",
                    lesions=[name],
                    rests_on=[f"vessel/{name}/{vessel}/{finding.exam_key}" for finding in (one, other)],
                    vessel=vessel.replace("_", " "),
                    one_deg=f"{one_deg:.0f}",
                    other_deg=f"{other_deg:.0f}",
                    one=_exam_title(view, one.exam_key),
                    other=_exam_title(view, other.exam_key),
                )


def _degrees(finding: VesselFinding) -> float:
    contact = finding.contact_deg[TOLERANCE_MM].value
    assert contact is not None
    return contact


def _overlap(one: VesselFinding, other: VesselFinding) -> bool:
    """Whether the ranges of contact from the tight to the wide tolerance overlap."""
    ranges = []
    for finding in (one, other):
        values = [found.value for found in finding.contact_deg.values() if found.value is not None]
        ranges.append((min(values), max(values)))
    return ranges[0][0] <= ranges[1][1] and ranges[1][0] <= ranges[0][1]


def _class(degrees: float) -> int:
    """No contact, contact up to half the circumference, more."""
    return 0 if degrees <= 0 else 2 if above(degrees, ENCASEMENT_DEG) else 1


def _exam_title(view: View, key: str) -> str:
    kinds = [PRINTED[kind] for kind, keys in view.kinds.items() if key in keys]
    return kinds[0] if kinds else key
