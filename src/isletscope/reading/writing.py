"""Files are written whole or not at all; a full disk or a missing permission becomes a sentence."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isletscope.errors import OutputError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another folder."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or choose another folder."),
    errno.EACCES: ("there is no permission to write", "Choose a folder that you may write to."),
    errno.EPERM: ("there is no permission to write", "Choose a folder that you may write to."),
    errno.EROFS: ("the disk is read-only", "Choose a folder on a disk that can be written."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose another folder."),
    errno.EEXIST: ("a file of that name is in the way", "Choose another folder."),
    errno.ENAMETOOLONG: ("the path is too long", "Choose a shorter path."),
}


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn an OSError met while writing ``path`` into an OutputError that says what to do."""
    try:
        yield
    except OSError as error:
        problem, remedy = _REASONS.get(error.errno or 0, (error.strerror or str(error), "Choose another folder."))
        raise OutputError(f"cannot be written: {problem}", subject=str(path), remedy=remedy) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it into place only when the block ends without an error.

    Raises OutputError when the disk is full or the folder cannot be written; no part of the file stays behind.
    """
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffixes stay at the end: writers such as nibabel choose the format by them.
        handle, name = tempfile.mkstemp(prefix=".part-", suffix=f"-{path.name}", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all. Raises OutputError."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
