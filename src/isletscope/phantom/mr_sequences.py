"""The MR protocol from ``mr_sequences.yaml``: breath-holds, images, contrast agents, and each vendor's series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from isletscope.errors import InputError
from isletscope.phantom.appearance import MR_PHASES
from isletscope.phantom.mr_physics import Excitation
from isletscope.phantom.mr_rule import AGENTS, SEQUENCES, MrRule
from isletscope.phantom.tables import read_table
from isletscope.phantom.tracers import Code

ADC_IMAGE = "adc"
_SUBJECT = "phantom/mr_sequences.yaml"
_ORDERS = ("images", "down", "slices")
_BEFORE_CONTRAST = "unenhanced"


@dataclass(frozen=True)
class Hold:
    """One breath-hold: images on one grid. Sizes in mm; ``parts``: odd number of samples across a slice.

    ``columns`` and ``slice_mm`` by size of output; ``acquired``: acquired over stored pixel size.
    """

    key: str
    columns: dict[str, int]
    slice_mm: dict[str, float]
    parts: int
    acquired: float
    breathing_mm: float
    drift_mm: float
    bandwidth_hz: float
    echo_train: int


@dataclass(frozen=True)
class MrImage:
    """One image of the protocol; times in s from the start of the exam.

    ``phase``: None where contrast agent plays no part in the picture, 'unenhanced', or one of MR_PHASES. ``snr``:
    signal of unenhanced liver (b 0) over the noise's deviation in one channel, for one average.
    """

    key: str
    hold: str
    excitation: Excitation
    phase: str | None
    snr: float
    averages: float
    start_s: float
    lasts_s: float

    @property
    def noise_factor(self) -> float:
        """Noise deviation relative to the signal of unenhanced liver."""
        return 1.0 / (self.snr * math.sqrt(self.averages))


@dataclass(frozen=True)
class Agent:
    """A contrast agent: dose mmol/kg, concentration mmol/mL, flow mL/s; ``rates`` scale the tissues' gadolinium."""

    key: str
    name: str
    code: Code
    dose_mmol_kg: float
    mmol_ml: float
    flow_ml_s: float
    rates: dict[str, float]


@dataclass(frozen=True)
class SeriesLayout:
    """How one vendor writes some images as one series. ``types``: full Image Type by image."""

    key: str
    images: tuple[str, ...]
    description: str
    name: str
    sequence: tuple[str, ...]
    variant: tuple[str, ...]
    options: tuple[str, ...]
    dimension: str
    order: str
    types: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class MrVendor:
    """One vendor's habits in MR. ``full_scale``: the largest stored value it aims at; ``bits``: Bits Stored.

    ``slope_per_slice``: every slice is stored with a rescale slope of its own.
    """

    model: str
    coil: str
    software: str
    full_scale: int
    signed: bool
    bits: int
    slope_per_slice: bool
    series: tuple[SeriesLayout, ...]


@dataclass(frozen=True)
class Protocol:
    """The whole table. Heights in mm of the average adult; ``adc_from``: images that the ADC is fitted to.

    ``adc_floor``: voxels whose first image is below this part of unenhanced liver bear no ADC. ``together``:
    breath-holds that are painted in one pass, by size of output.
    """

    field_strength_t: float
    injection_s: float
    lowest_mm: float
    highest_mm: float
    dome_xy_mm: tuple[float, float]
    margin_mm: float
    bias_strength: float
    adc_from: tuple[str, ...]
    adc_floor: float
    together: dict[str, tuple[tuple[str, ...], ...]]
    holds: dict[str, Hold]
    images: dict[str, MrImage]
    agents: dict[str, Agent]
    vendors: dict[str, MrVendor]

    def chosen(self, rule: MrRule) -> tuple[MrImage, ...]:
        """Images of a rule's sequences. An extracellular agent has no hepatobiliary phase."""
        rates = self.agents[rule.agent].rates
        images = [image for image in self.images.values() if image.hold in rule.sequences]
        return tuple(i for i in images if i.phase in (None, _BEFORE_CONTRAST) or i.phase in rates)

    def passes(self, rule: MrRule, size: str) -> list[list[Hold]]:
        """Breath-holds that a rule needs, those that are painted together at this size in one list."""
        left = [key for key in self.holds if key in rule.sequences]
        found = [[key for key in group if key in left] for group in self.together[size]]
        joined = {key for group in found for key in group}
        groups = [group for group in found if group] + [[key] for key in left if key not in joined]
        return [[self.holds[key] for key in group] for group in groups]

    def gadolinium_factor(self, image: MrImage, rule: MrRule) -> float:
        """What a tissue's added relaxation rate is multiplied with; 0 without contrast agent."""
        return self.agents[rule.agent].rates[image.phase] if image.phase in MR_PHASES else 0.0

    def layouts(self, vendor: str, rule: MrRule) -> tuple[SeriesLayout, ...]:
        """The vendor's series of a rule's sequences, in the order of the exam."""
        keys = {image.key for image in self.chosen(rule)}
        if set(self.adc_from) <= keys:
            keys.add(ADC_IMAGE)
        return tuple(s for s in self.vendors[vendor].series if set(s.images) <= keys)


@lru_cache(maxsize=1)
def mr_protocol() -> Protocol:
    """The checked table. Raises InputError when it is not complete or names something that is not there."""
    table: dict[str, Any] = read_table("mr_sequences.yaml")
    try:
        protocol = _protocol(table)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("the table of MR sequences is not complete", subject=_SUBJECT, found=repr(error)) from error
    _check(protocol)
    return protocol


def _protocol(table: dict[str, Any]) -> Protocol:
    field = table["field"]
    return Protocol(
        field_strength_t=float(table["field_strength_t"]),
        injection_s=float(table["injection_s"]),
        lowest_mm=float(field["lowest_mm"]),
        highest_mm=float(field["highest_mm"]),
        dome_xy_mm=(float(field["dome_xy_mm"][0]), float(field["dome_xy_mm"][1])),
        margin_mm=float(field["margin_mm"]),
        bias_strength=float(table["bias_strength"]),
        adc_from=tuple(table["adc"]["from"]),
        adc_floor=float(table["adc"]["floor"]),
        together={size: tuple(tuple(group) for group in groups) for size, groups in table["together"].items()},
        holds={key: Hold(key=key, **row) for key, row in table["holds"].items()},
        images={key: _image(key, dict(row)) for key, row in table["images"].items()},
        agents={key: _agent(key, row) for key, row in table["agents"].items()},
        vendors={key: _vendor(row) for key, row in table["vendors"].items()},
    )


def _image(key: str, row: dict[str, Any]) -> MrImage:
    own = {name: row.pop(name) for name in ("hold", "snr", "start_s", "lasts_s")}
    phase, averages = row.pop("phase", None), row.pop("averages", 1)
    return MrImage(key=key, phase=phase, averages=float(averages), excitation=Excitation(**row), **own)


def _agent(key: str, row: dict[str, Any]) -> Agent:
    value, scheme, meaning = row["code"]
    return Agent(key=key, **{**row, "code": (str(value), str(scheme), str(meaning))})


def _vendor(row: dict[str, Any]) -> MrVendor:
    series = tuple(_layout(item) for item in row["series"])
    return MrVendor(**{**row, "series": series})


def _layout(row: dict[str, Any]) -> SeriesLayout:
    types = row["types"] if isinstance(row["types"], dict) else dict.fromkeys(row["images"], row["types"])
    whole = {
        image: tuple(kept if kept[0] in ("ORIGINAL", "DERIVED") else ["ORIGINAL", "PRIMARY", *kept])
        for image, kept in types.items()
    }
    lists = {name: tuple(row[name]) for name in ("images", "sequence", "variant", "options")}
    return SeriesLayout(**{**row, **lists, "types": whole})


def _check(protocol: Protocol) -> None:
    """Raise InputError where the table contradicts itself."""
    problems = [f"hold of {i.key}" for i in protocol.images.values() if i.hold not in protocol.holds]
    problems += [
        f"phase of {i.key}" for i in protocol.images.values() if i.phase not in (None, "unenhanced", *MR_PHASES)
    ]
    problems += [f"parts of {hold.key}" for hold in protocol.holds.values() if hold.parts % 2 == 0]
    problems += [f"adc: {name}" for name in protocol.adc_from if name not in protocol.images]
    known = {*protocol.images, ADC_IMAGE}
    for name, vendor in protocol.vendors.items():
        for layout in vendor.series:
            wrong = set(layout.images) - known or layout.order not in _ORDERS or set(layout.types) != set(layout.images)
            problems += [f"series {layout.key} of {name}"] if wrong else []
    if set(protocol.holds) != set(SEQUENCES) or set(protocol.agents) != set(AGENTS):
        problems.append("names of holds or agents")
    if problems:
        raise InputError("the table of MR sequences contradicts itself", subject=_SUBJECT, found=", ".join(problems))
