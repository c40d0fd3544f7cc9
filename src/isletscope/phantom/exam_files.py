"""The scanner files of one exam, in the form that its rule names. Loads pydicom, which takes a while."""

from __future__ import annotations

from pathlib import Path

from isletscope.phantom.ct_series import CtSeries
from isletscope.phantom.scanner import CtScan, PetScan
from isletscope.phantom.scanner_ct import CtExam
from isletscope.phantom.visit import Visit
from isletscope.phantom.writing import FileNamer
from isletscope.phantom.writing_ct import write_bolus_tracking, write_ct, write_localizer
from isletscope.phantom.writing_enhanced import write_enhanced_ct
from isletscope.phantom.writing_enhanced_pet import write_enhanced_pet
from isletscope.phantom.writing_legacy import write_legacy_ct, write_legacy_pet
from isletscope.phantom.writing_mr import write_mr
from isletscope.phantom.writing_pet import write_pet

__all__ = ["write_ct_exam", "write_low_dose_ct", "write_mr", "write_pet_exam"]

_CT_WRITERS = {"classic": write_ct, "enhanced": write_enhanced_ct, "legacy": write_legacy_ct}
_PET_WRITERS = {"classic": write_pet, "enhanced": write_enhanced_pet, "legacy": write_legacy_pet}


def write_pet_exam(pet: PetScan, visit: Visit, folder: Path, names: FileNamer) -> None:
    """The PET of a PET/CT, and its uncorrected series where one is asked for."""
    _PET_WRITERS[visit.rule.pet_form](pet, visit, folder, names)
    if visit.rule.uncorrected_series:
        write_pet(pet, visit, folder, names, corrected=False)


def write_low_dose_ct(scan: CtScan, visit: Visit, folder: Path, names: FileNamer) -> None:
    """The CT of a PET/CT."""
    _CT_WRITERS[visit.rule.ct_form](scan, visit, folder, names)


def write_ct_exam(exam: CtExam, visit: Visit, protocol: tuple[CtSeries, ...], folder: Path, names: FileNamer) -> None:
    """Localizer, bolus tracking where contrast is given, phases and detail."""
    first = exam.scans[exam.reference]
    write_localizer(first, visit, folder, names)
    if any(series.injection for series in protocol):
        write_bolus_tracking(first, visit, folder, names, protocol)
    for series in protocol:
        scan = exam.detail.scan if series.key == "ct_detail" and exam.detail else exam.scans[str(series.phase)]
        _CT_WRITERS[visit.rule.form](scan, visit, folder, names, series)
