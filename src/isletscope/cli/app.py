"""The ``isletscope`` program: its commands, and how errors become sentences and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from isletscope import __version__
from isletscope.cli import (
    advise,
    anatomy,
    assess,
    check,
    compare,
    contact,
    criteria,
    demo,
    explain,
    items,
    measure,
    outline,
    phantom,
    phantom_case,
    phantom_check,
    plan,
    radiomics,
    read,
    report,
    schema,
)
from isletscope.cli.console import Console, ExitCode
from isletscope.errors import IsletscopeError, NothingReadable

app = typer.Typer(
    name="isletscope",
    help="From the scans of a patient with a pancreatic neuroendocrine tumour to one standardized report. "
    "Research use; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_INTERRUPTED = "Interrupted. Finished steps are kept: the same command goes on from there."

_READING = (demo, read, check, measure, anatomy, outline, contact, assess, compare, plan, explain, report, radiomics)
_KNOWLEDGE = (advise, schema, criteria, items)

for command in (*_READING, *_KNOWLEDGE, phantom, phantom_case, phantom_check):
    app.command(command.NAME, help=command.__doc__)(command.run)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"isletscope {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code. Every failure is a sentence on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = int(app(args=given, standalone_mode=False) or ExitCode.DONE)
        if code == ExitCode.INTERRUPTED:
            Console().say(_INTERRUPTED, error=True)
        return code
    except typer.TyperException as error:
        _show(error)
        return ExitCode.NOT_USABLE
    except IsletscopeError as error:
        Console().say(str(error), error=True)
        return ExitCode.NOTHING_READABLE if isinstance(error, NothingReadable) else ExitCode.NOT_USABLE
    except Exception as error:  # noqa: BLE001 - the last resort: a user gets a sentence, the developer asks for more
        Console().say(f"Isletscope stopped at an error it does not know: {type(error).__name__}: {error}.", error=True)
        if any(flag in given for flag in ("-v", "--verbose")):
            traceback.print_exc()
        else:
            Console().say("Run again with -v for the details that a bug report needs.", error=True)
        return ExitCode.FAULT


def _show(error: typer.TyperException) -> None:
    """Tell of a command line that was not understood, in the words of the parser."""
    show = getattr(error, "show", None)
    if show is None:
        Console().say(str(error), error=True)
    else:
        show()
