"""Reading a JSON or YAML document that a command is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from isletscope.errors import InputError
from isletscope.yaml_text import read_yaml


def read_document(path: Path) -> Any:
    """Content of a JSON or YAML file, by its ending. Raises InputError when there is none or it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError("does not exist", subject=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as text", subject=str(path), found=str(error)) from error
    try:
        return read_yaml(text) if path.suffix.lower() in (".yaml", ".yml") else json.loads(text)
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        kind = "YAML" if path.suffix.lower() in (".yaml", ".yml") else "JSON"
        raise InputError(f"is not {kind}", subject=str(path), found=" ".join(str(error).split())) from error
