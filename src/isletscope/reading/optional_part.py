"""Optional parts of Isletscope that run as programs of their own, in a Python that has them."""

from __future__ import annotations

import subprocess

from isletscope.errors import InputError

__all__ = ["require_package"]

LOOK_SECONDS = 60


def require_package(package: str, *, python: str, extra: str, subject: str, otherwise: str = "") -> None:
    """Sees that a package is installed for a Python, without loading it.

    Parameters
    ----------
    package
        Name of the distribution, as the package index has it.
    python
        Interpreter that would run it.
    extra
        Optional part of Isletscope that brings it.
    subject
        What the user asked for, for the message.
    otherwise
        Sentence on what else would serve, put behind the remedy.

    Raises
    ------
    InputError
        The interpreter cannot be run, or lacks the package; the message says how to install it.
    """
    look = f"from importlib.metadata import version; version({package!r})"
    try:
        found = subprocess.run([python, "-c", look], capture_output=True, check=False, timeout=LOOK_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            "cannot be run", subject=python, found=str(error), expected=f"a Python with {package}"
        ) from error
    if found.returncode != 0:
        part = f"isletscope[{extra}]"
        remedy = f"Install it with: pip install '{part}', or name a Python that has it with --python."
        raise InputError(
            f"{package} is not installed",
            subject=subject,
            found=f"no package {package} for {python}",
            expected=f"the optional part {part}",
            remedy=f"{remedy} {otherwise}".strip(),
        )
