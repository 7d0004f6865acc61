"""Compiling of the engine's inner loops; where numba is absent they run as plain Python."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

COMPILES = find_spec("numba") is not None
"""Whether loops are compiled; without it a day plan is right but some hundred times slower."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop over arrays once for this machine, free of the interpreter's lock.

    Loops make no arrays: without counting of references (`_nrt`) a trial is 15 times as quick, as
    every tuple of arrays handed on would otherwise be counted one by one.
    """
    if not COMPILES:
        return function
    import numba

    njit: Any = numba.njit
    ready: Callable[P, R] = njit(cache=True, nogil=True, _nrt=False)(function)
    return ready
