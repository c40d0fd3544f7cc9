"""What a scenario may say of an MR exam: sequences, contrast agent, mosaic, noise. Checked line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isletscope.phantom.yaml_node import Node

SEQUENCES = ("dual_echo", "dynamic", "t2_fat_sat", "dwi", "hepatobiliary")
MR_FORMS = ("classic", "enhanced", "legacy")
MOSAIC_VENDOR = "siemens"
AGENTS = ("hepatobiliary", "extracellular")


@dataclass(frozen=True)
class MrRule:
    """What a scenario asks of an MR exam. ``snr``: multiple of the usual signal-to-noise ratio; None is noise-free.

    ``mosaic``: diffusion images are written as one mosaic per b-value (Siemens, classic).
    """

    sequences: tuple[str, ...] = SEQUENCES
    agent: str = "hepatobiliary"
    mosaic: bool = False
    snr: float | None = 1.0


def _sequences(node: Node) -> tuple[str, ...]:
    names = [item.choice(SEQUENCES) for item in node.items()]
    if not names or len(set(names)) < len(names):
        raise node.refuse(f"{node.what} must name each sequence once", found=", ".join(names) or "nothing")
    return tuple(name for name in SEQUENCES if name in names)


def _snr(node: Node) -> float | None:
    return None if node.value() == "noise_free" else node.number(0.1, 10)


# What a scenario may say of an MR exam, beside what holds for every exam.
MR_READERS: dict[str, Callable[[Node], Any]] = {
    "sequences": _sequences,
    "agent": lambda node: node.choice(AGENTS),
    "mosaic": Node.flag,
    "snr": _snr,
}
MR_KEYS = tuple(MR_READERS)


def read_mr_rule(entries: dict[str, Node]) -> MrRule:
    """The MR keys among an exam's entries. Raises InputError naming file and line.

    A hepatobiliary phase that is asked for by name needs the hepatobiliary agent, and a mosaic the vendor and form
    that know it.
    """
    values = {key: MR_READERS[key](node) for key, node in entries.items() if key in MR_READERS}
    rule = MrRule(**values)
    vendor, form = (entries[key].value() if key in entries else None for key in ("vendor", "form"))
    if rule.mosaic and (vendor != MOSAIC_VENDOR or form in ("enhanced", "legacy")):
        raise entries["mosaic"].refuse(
            "only one vendor's classic images come as mosaics",
            found=f"vendor {vendor or 'drawn'}, form {form or 'classic'}",
            expected=f"vendor: {MOSAIC_VENDOR}, form: classic",
        )
    if "sequences" in entries and "hepatobiliary" in rule.sequences and rule.agent != "hepatobiliary":
        raise entries["sequences"].refuse(
            "a hepatobiliary phase needs an agent that the liver takes up", rule.agent, "agent: hepatobiliary"
        )
    return rule
