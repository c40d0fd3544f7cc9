"""Case folders to send from: a small assessed case with everything, its printed report as stand-in files."""

from __future__ import annotations

from pathlib import Path

from isletscope.model import Case, Signature, content_sha256, missing
from isletscope.reading import CaseFolder
from tests.report.narrated_cases import whole


def kept(case: Case, path: Path) -> CaseFolder:
    """A case folder with a printed report."""
    folder = CaseFolder.prepare(path)
    folder.save(case)
    folder.report_folder.mkdir()
    (folder.report_folder / "report.pdf").write_bytes(b"%PDF-1.7 stand-in")
    (folder.report_folder / "report.html").write_text("<!DOCTYPE html><html><body>stand-in</body></html>")
    return folder


def signed(case: Case, by: str = "A. Reader", at: str = "2026-05-20T10:00:00+02:00") -> Case:
    """The case with one more signature, whatever is still open in it."""
    return case.model_copy(
        update={"signatures": [*case.signatures, Signature(by=by, at=at, sha256=content_sha256(case))]}
    )


def with_a_gap() -> Case:
    """The whole case; one number of its first lesion is missing."""
    case = whole().model_copy(deep=True)
    look = case.lesions[0].observations[0]
    look.measurements["hu_portal_venous"] = missing("density, portal phase", "no portal phase", "[hnsf'U]")
    return case
