"""Numba with types: compiled on first use, kept on disk, and free of the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code; float arithmetic is as written (no fast-math).

    Numba is loaded at the first call, because loading it takes longer than many commands do. A compiled function
    cannot call another one.
    """
    made: list[Callable[..., Any]] = []
    making = Lock()

    @wraps(function)
    def call(*arguments: Any) -> Any:
        with making:
            if not made:
                import numba

                made.append(numba.njit(cache=True, nogil=True)(function))
        return made[0](*arguments)

    return cast("Function", call)
