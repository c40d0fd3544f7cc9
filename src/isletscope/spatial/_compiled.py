"""Numba with types: compiled on first use, kept on disk, and free of the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function as machine code; float arithmetic is as written (no fast-math)."""
    return cast("Function", numba.njit(cache=True, nogil=True)(function))
