"""Assess a case again, write its report anew (HTML, PDF, tables), and send it on in other formats; no image is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from isletscope.cli.console import Console, ExitCode, Json, Quiet, Verbose

NAME = "report"


def run(
    case: Annotated[Path, typer.Argument(help="Case folder made by read.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMATS",
            help="Write these formats too, with commas between; an unknown name is refused with the list of all.",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for these formats. Default: CASE/exchange.", show_default=False)
    ] = None,
    mllp: Annotated[
        str,
        typer.Option(
            "--mllp", metavar="HOST:PORT", help="Send the hl7v2 message there; an answer other than accept is an error."
        ),
    ] = "",
    allow_draft: Annotated[
        bool, typer.Option("--allow-draft", help="Send a case that nobody signed, as preliminary.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Carry out ``isletscope report``."""
    # The rooms behind a command are loaded when it runs: help and --version answer at once.
    from isletscope.assessment import assess
    from isletscope.cli.reporting import fault_documents, show_report, write_case_report
    from isletscope.exchange import Written, chosen_formats, parse_place, refuse_draft, send_mllp
    from isletscope.reading import CaseFolder

    console = Console(quiet=quiet, verbose=verbose, as_json=as_json)
    formats = chosen_formats(to.split(",")) if to or out else ()
    folder = CaseFolder.open(case)
    place = parse_place(mllp) if mllp else None
    if place:
        formats = chosen_formats([*(one.name for one in formats), "hl7v2"])
        refuse_draft(folder, allowed=allow_draft)
    if not folder.case.signatures:  # what was signed stays as it was signed
        folder.save(assess(folder.case))
    with console.progress() as progress:
        files = write_case_report(folder, progress=progress, anew=True)
        target = out or folder.path / "exchange"
        written: dict[str, Written] = {}
        for done, one in enumerate(formats):
            progress(one.name, done, len(formats))
            written[one.name] = one.write(folder, target)
    sent = None
    if place:
        sent = send_mllp(written["hl7v2"].files[0].read_bytes().decode("utf-8"), *place)
    if as_json:
        told: dict[str, Any] = {"html": str(files.html), "pdf": str(files.pdf), "report_checks": fault_documents(files)}
        if formats:
            told["formats"] = {
                name: {"files": [str(path) for path in made.files], "left_out": list(made.left_out)}
                for name, made in written.items()
            }
        if sent:
            told["mllp"] = {"to": mllp, "answer": sent.code, "text": sent.text, "tries": sent.tries}
        console.document(told)
        return ExitCode.DONE
    show_report(console, files)
    for name, made in written.items():
        for path in made.files:
            console.say(f"{name:<9}{path}")
        for left in made.left_out:
            console.say(f"{'':<9}not in it: {left}")
    if sent:
        console.say(f"Sent     to {mllp}: accepted ({sent.code})")
    return ExitCode.DONE
