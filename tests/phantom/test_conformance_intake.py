"""Our own intake on the written exams: the right role and values for every vendor and form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isletscope.intake import load_suv, load_volume, quantify, scan
from isletscope.intake.files import SeriesFiles
from isletscope.model import Role
from isletscope.phantom.appearance import CT_PHASES
from isletscope.phantom.ct_series import ct_protocol
from isletscope.phantom.writing_ct import write_bolus_tracking, write_localizer
from tests.phantom import tiny
from tests.phantom.products import CT_WRITERS, PET_WRITERS, VENDORS, ct_visit, products

ROLES = {
    "unenhanced": Role.CT_UNENHANCED,
    "late_arterial": Role.CT_ARTERIAL,
    "portal_venous": Role.CT_PORTAL_VENOUS,
    "delayed": Role.CT_DELAYED,
}
FORMS = tuple(CT_WRITERS)
every = pytest.mark.parametrize(("vendor", "form"), [(vendor, form) for vendor in VENDORS for form in FORMS])


def scanned(folder: Path) -> dict[str, SeriesFiles]:
    """Series of a folder by their UID."""
    inventory = scan([folder])
    assert not inventory.refused
    return {files.record.series_uid: files for files in inventory.series}


def write_phases(vendor: str, form: str, folder: Path, *, silent: bool) -> dict[str, str]:
    """Write all phases; phase by series UID."""
    visit = ct_visit(vendor)
    phases = {}
    for series in ct_protocol(visit, CT_PHASES, silent=silent):
        CT_WRITERS[form](tiny.ct_scan(), visit, folder, tiny.name_of, series)
        phases[visit.uid(series.key, "series")] = str(series.phase)
    return phases


@every
def test_each_phase_is_known_by_its_description(vendor: str, form: str, tmp_path: Path) -> None:
    phases = write_phases(vendor, form, tmp_path, silent=False)
    found = scanned(tmp_path)
    assert {uid: files.record.role for uid, files in found.items()} == {uid: ROLES[p] for uid, p in phases.items()}


@every
def test_contrast_phases_are_known_by_times_alone(vendor: str, form: str, tmp_path: Path) -> None:
    phases = write_phases(vendor, form, tmp_path, silent=True)
    found = scanned(tmp_path)
    told = {phase: found[uid].record.role for uid, phase in phases.items() if phase != "unenhanced"}
    assert told == {phase: ROLES[phase] for phase in told}


@every
def test_hounsfield_units_come_through(vendor: str, form: str, tmp_path: Path) -> None:
    write_phases(vendor, form, tmp_path, silent=False)
    for files in scanned(tmp_path).values():
        volume = load_volume(files)
        assert volume.geometry.shape == tiny.GRID.shape
        assert np.allclose(volume.geometry.origin_lps_mm, tiny.GRID.origin_lps_mm)
        assert np.array_equal(volume.array, tiny.ct_scan().image)


@every
def test_suv_comes_through(vendor: str, form: str, tmp_path: Path) -> None:
    products(vendor, "explicit")[f"pet {form} True"].write(tmp_path)
    _suv_is_right(tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_suv_comes_through_where_ge_opened_the_series_before_the_scan(form: str, tmp_path: Path) -> None:
    early = replace(tiny.visit("ge"), series_lead_s=95)
    PET_WRITERS[form](tiny.pet_scan(), early, tmp_path, tiny.name_of)
    _suv_is_right(tmp_path)


def _suv_is_right(folder: Path) -> None:
    (files,) = scanned(folder).values()
    assert files.record.role == Role.PET
    volume = load_suv(files, quantify(files))
    truth = tiny.pet_scan().image
    assert np.abs(volume.array - truth).max() <= truth.max() / 32767 + 2e-4 * truth.max()


@every
def test_pet_without_attenuation_correction_gets_no_suv(vendor: str, form: str, tmp_path: Path) -> None:
    products(vendor, "explicit")[f"pet {form} False"].write(tmp_path)
    (files,) = scanned(tmp_path).values()
    assert files.record.role == Role.PET_UNCORRECTED


@pytest.mark.parametrize("vendor", VENDORS)
def test_localizer_and_bolus_tracking_are_set_aside(vendor: str, tmp_path: Path) -> None:
    visit, ct = ct_visit(vendor), tiny.ct_scan()
    write_localizer(ct, visit, tmp_path, tiny.name_of)
    write_bolus_tracking(ct, visit, tmp_path, tiny.name_of, ct_protocol(visit, CT_PHASES))
    roles = {uid: files.record.role for uid, files in scanned(tmp_path).items()}
    assert roles == {
        visit.uid("ct_localizer", "series"): Role.LOCALIZER,
        visit.uid("ct_tracking", "series"): Role.OTHER,
    }
