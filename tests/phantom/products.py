"""Every kind of CT and PET object that the reference patient's scanners write, for tests that go through them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.ct_series import ct_protocol, thick_series
from isletscope.phantom.scenario import Scenario
from isletscope.phantom.scenario_exams import ExamRule
from isletscope.phantom.visit import Visit, draw_visit
from isletscope.phantom.writing_ct import write_bolus_tracking, write_ct, write_localizer
from isletscope.phantom.writing_enhanced import write_enhanced_ct
from isletscope.phantom.writing_enhanced_pet import write_enhanced_pet
from isletscope.phantom.writing_legacy import write_legacy_ct, write_legacy_pet
from isletscope.phantom.writing_pet import uncorrected_image, write_pet
from tests.phantom import tiny

VENDORS = ("siemens", "ge", "philips")
SYNTAXES = ("explicit", "implicit", "deflated", "rle", "jpeg2000", "jpegls", "jpeg")
CT_WRITERS = {"classic": write_ct, "enhanced": write_enhanced_ct, "legacy": write_legacy_ct}
PET_WRITERS = {"classic": write_pet, "enhanced": write_enhanced_pet, "legacy": write_legacy_pet}


@dataclass(frozen=True)
class Product:
    """One object or series: where it is written, and the values (HU or SUVbw [k, j, i]) it was made from."""

    write: Callable[[Path], list[Path]]
    modality: str
    form: str
    values: npt.NDArray[np.float32] | npt.NDArray[np.int16] | None
    visit: Visit
    corrected: bool = True


def ct_visit(vendor: str, syntax: str = "explicit") -> Visit:
    """A three-phase CT exam with an unenhanced spiral, without tracer."""
    exam = ExamRule(
        "staging ct",
        None,
        dt.date(2026, 8, 28),
        dt.time(10, 5),
        vendor=vendor,
        transfer_syntax=syntax,
        kind="ct",
        phases=CT_PHASES,
    )
    return draw_visit(Scenario("tiny", "Tiny", (exam,)), exam, tiny.PERSON, 3, "small")


def products(vendor: str, syntax: str) -> dict[str, Product]:
    """All products of one vendor, by name; beyond the plain transfer syntax one contrast phase stands for all."""
    exam, pet_visit = ct_visit(vendor, syntax), tiny.visit(vendor, transfer_syntax=syntax)
    ct, pet = tiny.ct_scan(), tiny.pet_scan()
    protocol = ct_protocol(exam, CT_PHASES, detail_phase="portal_venous")
    made: dict[str, Product] = {}
    for form, write in CT_WRITERS.items():
        for series in protocol if syntax == "explicit" else protocol[1:2]:
            made[f"{series.key} {form}"] = Product(
                lambda folder, write=write, series=series: write(ct, exam, folder, tiny.name_of, series),
                "CT",
                form,
                ct.image,
                exam,
            )
        made[f"low dose {form}"] = Product(
            lambda folder, write=write: write(ct, pet_visit, folder, tiny.name_of), "CT", form, ct.image, pet_visit
        )
    for form, write_one in PET_WRITERS.items():
        for corrected, image in ((True, pet.image), (False, uncorrected_image(pet))):
            made[f"pet {form} {corrected}"] = Product(
                lambda folder, write_one=write_one, corrected=corrected: write_one(
                    pet, pet_visit, folder, tiny.name_of, corrected=corrected
                ),
                "PT",
                form,
                image,
                pet_visit,
                corrected,
            )
    thick = thick_series(exam, protocol[1], 9)
    extras: dict[str, Callable[[Path], list[Path]]] = {
        "thick": lambda folder: write_ct(ct, exam, folder, tiny.name_of, thick),
        "localizer": lambda folder: write_localizer(ct, exam, folder, tiny.name_of),
        "tracking": lambda folder: write_bolus_tracking(ct, exam, folder, tiny.name_of, protocol),
    }
    for name, call in extras.items():
        made[name] = Product(call, "CT", "classic", ct.image if name == "thick" else None, exam)
    return made
