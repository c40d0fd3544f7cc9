"""Signs of one vessel beside the tumour: contact band, narrowing, teardrop, contour, thrombus."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isletscope.criteria.book import Book, load_book, number
from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.registry import Criterion
from isletscope.criteria.result import Reasoning, above, at_least
from isletscope.model import Conclusion

BOOK = load_book("vessel_signs", Book)
Angle = Annotated[float | None, Field(ge=0, le=360)]
Length = Annotated[float | None, Field(ge=0, le=300)]
UNKNOWN = "not known"


class VesselSignsInput(CriterionInput):
    """Measurements of one vessel, lengths in mm and contacts in degrees.

    ``contact_deg`` at a tolerance of 1.0 mm, ``contact_tight_deg`` at 0.5, ``contact_wide_deg`` at 1.5.
    ``cusp_ratio``: wall radius towards the tumour over the mean radius elsewhere; ``axis_ratio``: minor over major.
    ``defect_*``: filling defect in the lumen, with enhancement or expansion, or SSTR uptake. ``narrowing_percent``,
    ``contour_irregular``, ``occluded`` and ``thrombus`` are findings that were already judged; they stand where the
    measurements behind them are not given.
    """

    name: str = ""
    contact_deg: Angle = None
    contact_tight_deg: Angle = None
    contact_wide_deg: Angle = None
    contact_length_mm: Length = None
    truncated: bool = False
    reference_diameter_mm: Annotated[float | None, Field(gt=0, le=60)] = None
    reference_one_sided: bool = False
    smallest_diameter_mm: Length = None
    cusp_ratio: Annotated[float | None, Field(ge=0)] = None
    axis_ratio: Annotated[float | None, Field(ge=0, le=1)] = None
    cusp_planes: Annotated[int | None, Field(ge=0)] = None
    cusp_length_mm: Length = None
    wall_step_mm: Length = None
    defect: bool | None = None
    defect_touches_tumour: bool | None = None
    defect_enhances_or_expands: bool | None = None
    defect_sstr_positive: bool | None = None
    narrowing_percent: Annotated[float | None, Field(ge=0, le=100)] = None
    contour_irregular: bool | None = None
    occluded: bool | None = None
    thrombus: Literal["none", "bland", "tumour"] | None = None


def contact_band(contact_deg: float) -> str:
    """none, abutment (up to 180 degrees) or encasement."""
    if not above(contact_deg, 0):
        return "none"
    return "encasement" if above(contact_deg, BOOK.limit("half_turn")) else "abutment"


def lu_grade(contact_deg: float) -> int:
    """Grade of Lu by circumference: 0 none, then quarters of the circumference."""
    quarter = BOOK.limit("quarter")
    if not above(contact_deg, 0):
        return 0
    if not at_least(contact_deg, quarter):
        return 1
    return 2 + sum(above(contact_deg, turns * quarter) for turns in (2, 3))


def narrowing_percent(reference_mm: float, smallest_mm: float) -> float:
    """Narrowing in percent of the reference diameter, at least 0."""
    return max(0.0, 100 * (1 - smallest_mm / reference_mm))


def narrowing_grade(percent: float) -> int:
    """0 below 10 %, 1 below 50 %, 2 below 100 %, 3 occluded."""
    if at_least(percent, 100):
        return 3
    return sum(at_least(percent, BOOK.limit(name)) for name in ("narrowing_1", "narrowing_2"))


def length_band(length_mm: float) -> str:
    """Band of the contact length in mm."""
    if not above(length_mm, BOOK.limit("length_short")):
        return "<=5"
    return ">20" if above(length_mm, BOOK.limit("length_long")) else ">5-20"


def assess(given: VesselSignsInput) -> Conclusion:
    """none, abutment or encasement; the signs stand in ``parts``, each ``not known`` when its inputs are missing."""
    reasoning = Reasoning(BOOK, subject=given.name)
    parts = {
        "narrowing_grade": UNKNOWN,
        "teardrop": UNKNOWN,
        "irregular": UNKNOWN,
        "thrombus": _thrombus(given),
        "length_band": UNKNOWN if given.contact_length_mm is None else length_band(given.contact_length_mm),
    }
    grade = _narrowing(reasoning, given, parts)
    parts["teardrop"] = _teardrop(reasoning, given, grade)
    signs = _irregular(given, grade, parts)
    if given.reference_one_sided:
        reasoning.flag("ONE_SIDED_REF")
    if given.truncated:
        reasoning.flag("TRUNCATED")
    if given.contact_length_mm is not None:
        reasoning.note("contact length", given.contact_length_mm, "mm")
    if given.contact_deg is None:
        return reasoning.not_assessable("contact angle", parts=parts)
    reasoning.note("contact", given.contact_deg, "deg")
    band = contact_band(given.contact_deg)
    parts["lu_grade"] = str(lu_grade(given.contact_deg))
    _tolerance(reasoning, given, band)
    shown = "No contact" if band == "none" else f"{band.capitalize()}, {number(given.contact_deg)} degrees"
    if grade == 3:
        reasoning.fire("occluded", contact=shown)
    else:
        words = {"contact": shown, "grade": parts["narrowing_grade"]}
        reasoning.fire("irregular" if signs else "smooth", **words, **({"signs": ", ".join(signs)} if signs else {}))
    return reasoning.conclude(band, parts=parts)


def _narrowing(reasoning: Reasoning, given: VesselSignsInput, parts: dict[str, str]) -> int | None:
    if given.occluded:
        percent = 100.0
    elif given.reference_diameter_mm is not None and given.smallest_diameter_mm is not None:
        percent = narrowing_percent(given.reference_diameter_mm, given.smallest_diameter_mm)
    elif given.narrowing_percent is not None:
        percent = given.narrowing_percent
    else:
        return None
    reasoning.note("narrowing", percent, "%")
    grade = narrowing_grade(percent)
    parts |= {"narrowing_grade": str(grade), "narrowing_percent": f"{percent:.1f}"}
    return grade


def _teardrop(reasoning: Reasoning, given: VesselSignsInput, grade: int | None) -> str:
    if grade == 3:
        return "not assessable (occluded)"
    ratio, axes, planes, length = given.cusp_ratio, given.axis_ratio, given.cusp_planes, given.cusp_length_mm
    shaped = [
        None if ratio is None else at_least(ratio, BOOK.limit("teardrop_ratio")),
        None if axes is None else at_least(BOOK.limit("teardrop_axes"), axes),
    ]
    seen = [
        None if planes is None else planes >= BOOK.limit("teardrop_planes"),
        None if length is None else at_least(length, BOOK.limit("teardrop_length")),
    ]
    if all(shaped) and planes == 1:
        reasoning.flag("SINGLE_PLANE_CUSP")
    answers = [*shaped, *seen]
    if False in answers:
        return "absent"
    return UNKNOWN if None in answers else "present"


def _irregular(given: VesselSignsInput, grade: int | None, parts: dict[str, str]) -> list[str]:
    """Signs of an irregular wall; also sets the part, not known unless one holds or all are ruled out."""
    step, reference = given.wall_step_mm, given.reference_diameter_mm
    stepped: bool | None = None
    if step is not None:
        by_share = reference is not None and at_least(step, BOOK.limit("wall_step_share") / 100 * reference / 2)
        stepped = at_least(step, BOOK.limit("wall_step")) or by_share
    checks: dict[str, bool | None] = {
        "narrowing of 10 % or more": None if grade is None else grade > 0,
        "teardrop": {"present": True, UNKNOWN: None}.get(parts["teardrop"], False),
        "inward step of the wall": stepped,
    }
    if given.contour_irregular is not None:
        checks = {name: bool(holds) for name, holds in checks.items()}
        checks["irregular contour"] = given.contour_irregular
    signs = [name for name, holds in checks.items() if holds]
    parts["irregular"] = "yes" if signs else UNKNOWN if None in checks.values() else "no"
    return signs


def _thrombus(given: VesselSignsInput) -> str:
    """none, tumour, bland or not known."""
    if given.defect is None:
        return given.thrombus or UNKNOWN
    if not given.defect:
        return "none"
    grows = given.defect_enhances_or_expands
    if given.defect_sstr_positive or (given.defect_touches_tumour and grows):
        return "tumour"
    if grows is False and given.defect_sstr_positive is not None:
        return "bland"
    return UNKNOWN


def _tolerance(reasoning: Reasoning, given: VesselSignsInput, band: str) -> None:
    angles = [given.contact_tight_deg, given.contact_deg, given.contact_wide_deg]
    known = [angle for angle in angles if angle is not None]
    if any(contact_band(angle) != band for angle in known):
        shown = ", ".join(UNKNOWN if angle is None else number(angle) for angle in angles)
        reasoning.flag("TOL_SENSITIVE", angles=shown)


CRITERION = Criterion(BOOK, VesselSignsInput, assess)
