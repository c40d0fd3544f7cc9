"""What the commands share: words on the terminal, progress bars, JSON, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any

import rich.console
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from isletscope.reading import Progress as ProgressCall

_WIDTH_WITHOUT_TERMINAL = 132


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    DONE_WITH_REFUSALS = 1
    NOT_USABLE = 2
    NOTHING_READABLE = 3
    INTERRUPTED = 130  # Ctrl-C, as shells count it
    FAULT = 70  # EX_SOFTWARE of sysexits.h: a fault of Isletscope itself


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print more: every reason, and details of faults.")]


class Console:
    """Text for people on standard output, progress and errors on standard error."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json
        width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
        self._out = rich.console.Console(highlight=False, soft_wrap=True, width=width)
        self._error = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str, *, error: bool = False) -> None:
        """Print a line; errors and everything beside a JSON document go to standard error."""
        if self.quiet and not error:
            return
        target = self._error if error or self.as_json else self._out
        target.print(text, markup=False)

    def show(self, renderable: Any) -> None:
        """Print a table or other rich object, unless JSON was asked for."""
        if not self.as_json:
            self._out.print(renderable)

    def document(self, value: Any) -> None:
        """Print a JSON document on standard output."""
        sys.stdout.write(json.dumps(value, indent=1, default=str) + "\n")

    @contextmanager
    def progress(self) -> Iterator[ProgressCall]:
        """A progress bar on standard error; silent with --quiet, --json, or when nobody watches."""
        if self.quiet or self.as_json or not self._error.is_terminal:
            yield _silent
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, TimeElapsedColumn(), console=self._error, transient=True) as bars:
            task = bars.add_task("Starting", total=None)

            def report(stage: str, done: int, total: int) -> None:
                bars.update(task, description=stage, completed=done, total=total or None)

            yield report


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
