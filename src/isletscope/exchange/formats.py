"""The formats that a case can be written in, by name; the code behind each is loaded when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from isletscope.errors import CaseError, InputError
from isletscope.exchange.signing import checked_standing
from isletscope.exchange.written import Written
from isletscope.model import Standing
from isletscope.reading import CaseFolder

Writer = Callable[[CaseFolder, Path], Written]


@dataclass(frozen=True)
class Format:
    """One format: its name on the command line, what it is, and the function that writes it."""

    name: str
    about: str
    module: str
    function: str

    def write(self, folder: CaseFolder, out: Path) -> Written:
        """Write the case in this format into ``out``. Raises CaseError, OutputError."""
        writer = cast("Writer", getattr(import_module(f"isletscope.exchange.{self.module}"), self.function))
        return writer(folder, out)


_ALL = (
    Format("html", "the report for the screen", "printed", "write_html"),
    Format("pdf", "the report for print", "printed", "write_pdf"),
    Format("text", "the written report as plain text, to paste into a RIS", "text", "write_plain_text"),
    Format("fhir", "a FHIR R4 transaction bundle", "fhir", "write_fhir"),
    Format("mrrt", "IHE MRRT report templates, empty and filled", "mrrt", "write_mrrt"),
    Format("hl7v2", "an HL7 v2.5.1 ORU^R01 message", "hl7v2", "write_hl7v2"),
    Format("csv", "tables of lesions, phenotypes and every number", "tables", "write_tables"),
)

FORMATS = {one.name: one for one in _ALL}
"""Every format by its name, in the order in which they are written."""


def refuse_draft(folder: CaseFolder, *, allowed: bool) -> None:
    """Raises CaseError when an unsigned case is to be sent and nobody said that a draft may go."""
    if checked_standing(folder.case, str(folder.path)) is Standing.DRAFT and not allowed:
        raise CaseError(
            "is a draft: nobody signed it, and it is not sent",
            subject=str(folder.path),
            remedy="Say --allow-draft to send it as preliminary.",
        )


def chosen_formats(names: Iterable[str]) -> tuple[Format, ...]:
    """The formats of those names in the order of the table, each once. Raises InputError for an unknown one."""
    wanted = [name.strip().lower() for name in names if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise InputError(
            f"no format is named {', '.join(unknown)}" if unknown else "no format was named",
            subject="--to",
            expected=f"one or more of {', '.join(FORMATS)}",
        )
    return tuple(one for name, one in FORMATS.items() if name in wanted)
