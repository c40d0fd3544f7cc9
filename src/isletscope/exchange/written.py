"""What writing one format gave: the files, and what of the case is not in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Written:
    """The files that a format wrote, and what had to be left out.

    ``files``: whole files, in the order in which they should be sent. ``left_out``: one sentence for each part of the
    case that the files do not hold, with the reason.
    """

    files: tuple[Path, ...]
    left_out: tuple[str, ...] = ()
