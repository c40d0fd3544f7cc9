"""Atlas bodies: coarse label maps of reference patients, and the plan that they are written by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from isletscope.model import Document
from isletscope.spatial import Geometry
from isletscope.yaml_text import read_yaml

_PACKAGE = "isletscope.anatomy.images"


class AtlasBody(Document):
    """A person that the reference patient's generator paints; the seed belongs to no test patient."""

    name: str
    sex: Literal["F", "M"]
    seed: int
    age_years: int
    height_cm: float
    weight_kg: float


class AtlasCode(Document):
    """One value of an atlas: its usual CT number before contrast (HU), and the generator's structures under it."""

    code: int = Field(ge=0, le=254)
    hu: float
    structures: list[str] = Field(default_factory=list)


class AtlasPlan(Document):
    """Bodies, codes by name, and lower bounds in HU of what is no named structure."""

    step_mm: float
    bodies: list[AtlasBody]
    codes: dict[str, AtlasCode]
    by_hu: dict[str, float]


def _plan() -> AtlasPlan:
    text = resources.files(_PACKAGE).joinpath("atlases.yaml").read_text(encoding="utf-8")
    return AtlasPlan.model_validate(read_yaml(text))


PLAN = _plan()
OUTSIDE = 31
CODES: dict[str, int] = {name: code.code for name, code in PLAN.codes.items()}


@dataclass(frozen=True)
class Atlas:
    """Labels uint8 [k, j, i] (codes of :data:`PLAN`) of one body at rest, on a grid along z, y, x."""

    body: AtlasBody
    labels: npt.NDArray[np.uint8]
    geometry: Geometry

    @cached_property
    def framed(self) -> npt.NDArray[np.intp]:
        """The labels with one voxel around: air beside the body, :data:`OUTSIDE` above and below the atlas."""
        framed = np.pad(self.labels.astype(np.intp), 1, constant_values=CODES["air"])
        framed[[0, -1]] = OUTSIDE
        return framed

    def painted(self, values: dict[str, float]) -> npt.NDArray[np.float32]:
        """An image of the body: each code gets the value under its name."""
        table = np.zeros(256, dtype=np.float32)
        for name, code in CODES.items():
            table[code] = values[name]
        return np.asarray(table[self.labels])


@cache
def load_atlases() -> tuple[Atlas, ...]:
    """All atlas bodies that ship with the program."""
    return tuple(_load(body) for body in PLAN.bodies)


def _load(body: AtlasBody) -> Atlas:
    path = resources.files(_PACKAGE).joinpath("atlases", f"{body.name}.npz")
    with path.open("rb") as stream, np.load(stream) as stored:
        labels = np.asarray(stored["labels"], dtype=np.uint8)
        x, y, z = (float(v) for v in stored["origin_lps_mm"])
        step = float(stored["step_mm"])
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    return Atlas(body, labels, Geometry(shape, (step, step, step), (x, y, z)))
