"""Writes docs/commands.md from the program's own help texts.

python scripts/commands.py            writes it
python scripts/commands.py --check    exit code 1 when it is stale
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import re
import sys
from pathlib import Path

from isletscope.cli import main as isletscope

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "commands.md"

HEAD = """# Commands

Written by `make docs` from the program's own help; do not edit.

Exit codes: 0 done; 1 done, and something was refused (it is named); 2 the command or its input cannot be used;
3 nothing readable was found; 70 a fault of Isletscope itself; 130 interrupted.

Results go to standard output, progress and errors to standard error.
"""


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    page = commands_page()
    if not parser.parse_args().check:
        PAGE.write_text(page)
    elif not PAGE.is_file() or PAGE.read_text() != page:
        print("docs/commands.md is stale; renew it with `make docs`")
        return 1
    return 0


def commands_page() -> str:
    """The text of docs/commands.md."""
    sections = [f"## {name}\n\n```text\n{help_text(name)}\n```\n" for name in command_names()]
    return "\n".join([HEAD, *sections])


@functools.cache
def command_names() -> tuple[str, ...]:
    """The commands that the program lists, in its order."""
    listed = help_text().split("Commands:\n")[1]
    return tuple(re.findall(r"^  ([a-z-]+) ", listed, flags=re.MULTILINE))


def help_text(*command: str) -> str:
    """What ``isletscope COMMAND --help`` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        isletscope([*command, "--help"])
    # The program is named here by the file that runs it.
    text = re.sub(
        r"^Usage: .*?(?= (?:\[OPTIONS\]|[a-z-]+ \[OPTIONS\]))", "Usage: isletscope", printed.getvalue().strip()
    )
    return "\n".join(line.rstrip() for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
