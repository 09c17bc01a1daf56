"""Compile a function with numba where it is installed; its cache is kept where a folder can be written."""

from __future__ import annotations

from typing import Any

try:
    import numba
    from numba.extending import intrinsic
except ImportError:  # the same functions run uncompiled
    numba = None


def jit(function: Any) -> Any:
    """Return the compiled function, without the interpreter's lock; the function itself where numba is missing."""
    if numba is None:
        return function
    options = {"nogil": True, "boundscheck": False}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to cache in: compile in each process
        return numba.njit(**options)(function)


def _ones(x: int) -> int:
    """Return how many bits of a number, not negative, are set."""
    return int(x).bit_count()


def _one_instruction(_: Any, x: Any) -> Any:
    return x(x), lambda context, builder, signature, given: builder.ctpop(given[0])


ones = _ones if numba is None else intrinsic(_one_instruction)
