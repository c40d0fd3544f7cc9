"""The least liver that must stay: the larger of two minima, each with its own whole (surgery rule SURG-405)."""

from __future__ import annotations

from isletscope.criteria import liver_volume, remnant
from isletscope.errors import InputError
from isletscope.model import LeastRemnant
from isletscope.surgery.liver_map import Body, LiverMap


def expected_volume_ml(body: Body) -> float | None:
    """Expected volume of the whole liver by the formula; None without height or weight, or with cirrhosis."""
    found = liver_volume.assess(
        liver_volume.LiverVolumeInput(
            weight_kg=body.weight_kg,
            height_cm=body.height_cm,
            male=body.male,
            cirrhosis=True if body.background.startswith("fibrosis") else None,
            formula=body.formula,
        )
    )
    return None if found.value is None else float(found.value)


def least_remnant(
    liver: LiverMap, body: Body, rflr_percent: float | None = None, sflr_percent: float | None = None
) -> LeastRemnant:
    """Minima by the state of the liver, or those given (percent). A ratio whose whole is unknown is left out, and said.

    Raises InputError when the liver is cut off by the field of view, or when neither whole is known.
    """
    if liver.truncated:
        raise InputError(
            "the liver is cut off by the field of view",
            subject="liver",
            expected="the whole liver, of which a share has to stay",
            remedy="Plan on a series that shows all of it.",
        )
    minima = remnant.BOOK.minima[body.background]
    notes = []
    if body.background == "unknown":
        notes.append("the state of the liver is not known: the minimum of a treated liver is taken")
    rflr = minima.rflr if rflr_percent is None else rflr_percent
    sflr = minima.sflr if sflr_percent is None else sflr_percent
    given = (("rFLR", rflr_percent, minima.rflr), ("sFLR", sflr_percent, minima.sflr))
    notes += [f"least {name} given: {one:g} % for {usual:g} %" for name, one, usual in given if one is not None]
    measured = None if body.previous_hepatectomy else rflr / 100 * liver.functional_ml
    if measured is None:
        notes.append("earlier hepatectomy: the measured liver is no whole liver, rFLR is left out")
    expected = expected_volume_ml(body)
    standard = None if expected is None else sflr / 100 * expected
    if standard is None:
        lacking = "height or weight" if body.weight_kg is None or body.height_cm is None else "a formula for this liver"
        notes.append(f"{lacking} is missing: sFLR is left out")
    known = [value for value in (measured, standard) if value is not None]
    if not known:
        raise InputError(
            "the least remnant is not known",
            subject="liver",
            found="; ".join(notes),
            expected="a whole liver, or height and weight",
            remedy="Enter height and weight.",
        )
    return LeastRemnant(
        least_ml=max(known),
        background=body.background,
        rflr_percent=None if measured is None else rflr,
        rflr_ml=measured,
        sflr_percent=None if standard is None else sflr,
        sflr_ml=standard,
        notes=notes,
    )
