"""Organ masks that the user gives: which file holds which organ, brought onto a PET grid."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from isletscope.errors import InputError, IsletscopeError
from isletscope.intake import SeriesFiles, read_regions
from isletscope.spatial import Mask, Volume
from isletscope.yaml_text import read_yaml


@cache
def organ_names() -> dict[str, str]:
    """Organ of each known region name (lower case, words joined by one space)."""
    table = read_yaml(resources.files("isletscope.reading").joinpath("organ_names.yaml").read_text())
    return {name: organ for organ, names in table["organs"].items() for name in [organ, *names]}


def organ_of(name: str) -> str | None:
    """The organ that a region or file name stands for; None when it is not known."""
    words = re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
    return organ_names().get(words) or organ_names().get(words.replace(" ", "_"))


def digest_of_files(paths: Sequence[Path]) -> str:
    """Hash over the contents of the given files."""
    total = hashlib.sha256()
    for path in paths:
        try:
            total.update(path.read_bytes())
        except OSError as error:
            raise InputError("cannot be opened", subject=str(path), found=error.strerror or str(error)) from error
    return total.hexdigest()


class GivenAnatomy:
    """The files given with ``--anatomy``; ``limits`` tells what could not be used."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.limits: list[str] = []

    def masks_for(self, files: SeriesFiles, pet: Volume) -> dict[str, Mask]:
        """Organ masks on the grid of ``pet``; regions with an unknown name or another place are named in ``limits``."""
        self.limits = []
        found: dict[str, Mask] = {}
        for path in self._paths:
            try:
                given = read_regions(path, files)
            except IsletscopeError as error:
                self.limits.append(f"Given anatomy not used. {error}")
                continue
            self.limits += [f"Given anatomy, {path.name}: {note}" for note in given.notes]
            for mask in given.masks:
                organ = organ_of(mask.name) or organ_of(path.name.split(".")[0])
                if organ is None:
                    self.limits.append(f"Given anatomy not used: {path.name}, region {mask.name!r} is no known organ.")
                elif organ in found:
                    joined = np.logical_or(found[organ].array, mask.array)
                    found[organ] = Mask(joined, pet.geometry, pet.frame_of_reference_uid, organ)
                else:
                    found[organ] = mask
        return found
