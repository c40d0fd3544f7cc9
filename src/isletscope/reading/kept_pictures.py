"""What the pictures of contacts show, kept in the case folder as contact/<lesion>_<exam>_<vessel or scene>.npz.

The report draws them from there; nothing is measured again. Every reading and every edit of a verdict writes all of
them, so that none is left of a contact that is no longer told.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from isletscope.reading.writing import output_errors, whole_file
from isletscope.surgery import ContactScene, ContactView

FOLDER = "contact"
SCENE = "scene"
_TOLD = "told"


def picture_name(lesion: str, vessel: str, exam_key: str) -> str:
    """Name of the file of a picture, without its folder and ending."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", f"{lesion}_{exam_key}_{vessel}")


def packed(view: ContactView | ContactScene) -> bytes:
    """A view as the bytes of an .npz file; the same view always gives the same bytes."""
    values = {one.name: getattr(view, one.name) for one in fields(view)}
    arrays: dict[str, Any] = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    told = {name: value for name, value in values.items() if name not in arrays}
    arrays[_TOLD] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def keep_pictures(case: Path, pictures: Mapping[str, bytes]) -> None:
    """Write the pictures of a case and remove all others. Raises OutputError."""
    folder = case / FOLDER
    if not pictures and not folder.is_dir():
        return
    for name, content in pictures.items():
        path = folder / f"{name}.npz"
        if path.is_file() and path.read_bytes() == content:
            continue
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
    with output_errors(folder):
        for path in folder.glob("*.npz"):
            if path.stem not in pictures:
                path.unlink(missing_ok=True)


def kept_picture(case: Path, lesion: str, vessel: str, exam_key: str) -> ContactView | None:
    """The view that is kept of a contact; None where there is none that can be read."""
    stored = _stored(case, picture_name(lesion, vessel, exam_key))
    with suppress(TypeError):
        return None if stored is None else ContactView(**stored)
    return None


def kept_scene(case: Path, lesion: str, exam_key: str) -> ContactScene | None:
    """The scene that is kept of a lesion; None where there is none that can be read."""
    stored = _stored(case, picture_name(lesion, SCENE, exam_key))
    with suppress(TypeError):
        return None if stored is None else ContactScene(**stored)
    return None


def _stored(case: Path, name: str) -> dict[str, Any] | None:
    path = case / FOLDER / f"{name}.npz"
    with suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile), np.load(path) as stored:
        told: dict[str, Any] = json.loads(stored[_TOLD].tobytes().decode())
        return told | {one: stored[one] for one in stored.files if one != _TOLD}
    return None
