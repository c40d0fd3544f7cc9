"""The command line: one module per command.

Exit codes: 0 done, 1 done with refusals, 2 the command was not usable as given, 3 nothing readable in the input.
"""

from isletscope.cli.app import main

__all__ = ["main"]
