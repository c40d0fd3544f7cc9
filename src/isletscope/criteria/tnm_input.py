"""What TNM is asked with: the primary, nodes by station, distant sites, and what was not examined."""

from __future__ import annotations

import difflib
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from isletscope.criteria.inputs import CriterionInput
from isletscope.criteria.tnm_book import BOOK

Metastasis = Literal["liver", "bone", "lung", "peritoneum", "ovary", "brain", "distant_node", "other", "unnamed"]


def _known_structure(name: str) -> str:
    return _known(name, list(BOOK.invasion), "structure")


def _known(name: str, names: list[str], what: str) -> str:
    if name in names:
        return name
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
    raise ValueError(f"no {what} is named {name!r}; {hint}")


StructureName = Annotated[str, AfterValidator(_known_structure)]


class NodeFinding(CriterionInput):
    """Suspicious or proven nodes of one station, by name or by the Japanese number."""

    station: str = ""
    jps: int | None = None
    count: int | None = Field(default=1, ge=1, description="None: involved, number not given")

    @model_validator(mode="after")
    def _one_place(self) -> NodeFinding:
        if self.jps is not None and BOOK.station_of_jps(self.jps) is None:
            raise ValueError(f"no station has the number {self.jps}")
        if self.jps is None:
            _known(self.station, list(BOOK.stations), "station")
        elif self.station and BOOK.station_of_jps(self.jps) != self.station:
            raise ValueError(f"station {self.station} does not have the number {self.jps}")
        return self

    @property
    def place(self) -> str:
        """Name of the station."""
        return self.station or str(BOOK.station_of_jps(self.jps or 0))


class TnmInput(CriterionInput):
    """Findings of one patient. None always means not known; an empty list means looked at, and nothing there."""

    histology: Literal["net", "nec", "minen", "unknown"] = "unknown"
    grade: Literal["G1", "G2", "G3"] | None = None
    diagnosed: date | None = Field(default=None, description="ISO date; from 2024 on AJCC Version 9 is used")
    edition: Literal["auto", "ajcc8", "ajcc9", "uicc8", "enets"] = "auto"
    basis: Literal["clinical", "pathological"] = "clinical"
    primary_found: bool | None = Field(default=None, description="false: looked for and not found")
    in_situ: bool = False
    site: Literal["head", "neck", "uncinate", "body", "tail"] | None = None
    size_mm: float | None = Field(default=None, gt=0, le=300, description="largest dimension of the largest tumour, mm")
    size_from: str = Field(default="", description="exam and axis that the size was taken from, as printed")
    tumours: int | Literal["m"] = Field(default=1, description="number of primaries, or m for several")
    unmatched: tuple[str, ...] = Field(
        default=(), description="primaries not matched between exams: their number is a lower bound"
    )
    invades: tuple[StructureName, ...] | None = Field(default=None, description="structures the tumour grows into")
    encased: tuple[StructureName, ...] = Field(default=(), description="of these, judged from contact over 180 degrees")
    touches: tuple[StructureName, ...] = Field(default=(), description="vessels in contact, wall not invaded")
    nodes: tuple[NodeFinding, ...] | None = Field(default=None, description="involved nodes; None: nodes not assessed")
    unplaced_nodes: tuple[str, ...] = Field(default=(), description="involved nodes whose station is not known")
    unsure: tuple[str, ...] = Field(default=(), description="lesions left unsure, which are not counted")
    unsure_nodes: tuple[str, ...] = Field(default=(), description="nodes among the lesions left unsure")
    unsure_distant: tuple[str, ...] = Field(default=(), description="lesions left unsure that would be distant spread")
    metastases: tuple[Metastasis, ...] | None = Field(default=None, description="None: distant sites not assessed")
    metastasis_proven: bool = Field(default=False, description="distant spread proven by tissue: printed as pM1")
    not_examined: tuple[str, ...] = Field(default=(), description="regions no exam covered, e.g. bone")

    @model_validator(mode="after")
    def _consistent(self) -> TnmInput:
        if self.primary_found is False and (self.size_mm is not None or self.invades):
            raise ValueError("a primary that was not found has no size and grows into nothing")
        if self.in_situ and self.histology not in ("nec", "minen"):
            raise ValueError("in_situ exists in the exocrine table only; histology must be nec or minen")
        if isinstance(self.tumours, int) and self.tumours < 1:
            raise ValueError("tumours is 1 or more; use primary_found: false where none was found")
        return self

    @property
    def nothing_known(self) -> bool:
        """Whether T, N and M are all unknown."""
        no_primary = self.size_mm is None and not self.invades and self.primary_found is not False and not self.in_situ
        return no_primary and self.nodes is None and self.metastases is None and not self.unplaced_nodes
