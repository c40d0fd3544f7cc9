"""Settings of a reading: the thresholds of detection and measuring."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import ValidationError

from isletscope.anatomy import Thresholds, load_thresholds
from isletscope.errors import InputError
from isletscope.yaml_text import read_yaml


def _shipped() -> Thresholds:
    return load_thresholds("isletscope.lesions", "detection.yaml")


@dataclass(frozen=True)
class Settings:
    """Thresholds by group and name, as in ``detection.yaml``; the shipped ones unless given."""

    thresholds: Thresholds = field(default_factory=_shipped)

    @classmethod
    def from_yaml(cls, path: Path) -> Settings:
        """Shipped thresholds with those of a file laid over them. Raises InputError when the file does not fit."""
        try:
            given = Thresholds.model_validate(read_yaml(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise InputError(
                "is no settings file",
                subject=str(path),
                found=str(error).splitlines()[0],
                expected="groups of thresholds, each with value or range, unit, source and support",
            ) from error
        shipped = _shipped().root
        for group, entries in given.root.items():
            unknown = set(entries) - set(shipped.get(group, {}))
            if unknown:
                raise InputError(
                    "names thresholds that do not exist",
                    subject=str(path),
                    found=", ".join(f"{group}.{name}" for name in sorted(unknown)),
                    remedy="See detection.yaml for the names.",
                )
        return cls(Thresholds({group: {**entries, **given.root.get(group, {})} for group, entries in shipped.items()}))
