"""The plugin's loops for sums over neighbours, on arrays that the caller owns."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import openmm

from cgbridge.openmm._loading import cpu_library

#: What can be computed: the sums, slopes of vectors from those of the sums, rates of sums from velocities.
SUMS, PULL_BACK, PUSH_FORWARD = range(3)


@cache
def _function() -> Any:
    found = cpu_library().cgbridgeNeighborSums
    whole, address = ctypes.c_int64, ctypes.c_void_p
    found.argtypes = [*[ctypes.c_int] * 5, ctypes.c_double, *[whole] * 3, *[address] * 5]
    found.restype = ctypes.c_int
    return found


def neighbor_sums(
    what: int,
    *,
    double: bool,
    functions: int,
    degree: int,
    types: int,
    cutoff: float,
    centers: tuple[int, int, int],
    addresses: tuple[int, int, int, int, int],
) -> None:
    """Run the loops of ``CpuNeighborSums.h`` for ``centers`` (all, first, last + 1).

    ``addresses`` are those of the offsets of the pairs of every centre, of the types of the neighbours (0:
    there is one), of the vectors, the input (0: none) and the output: contiguous arrays of int64, and of
    double or float.

    Raises:
        MemoryError: if there is no memory to work with.
        openmm.OpenMMException: if CGBRIDGE_CPU_ISA is not a set of instructions of this machine.
    """
    result = _function()(what, double, functions, degree, types, cutoff, *centers, *addresses)
    if result == _NO_MEMORY:
        raise MemoryError("no memory for sums over neighbours")
    if result:
        raise openmm.OpenMMException("this machine cannot run what CGBRIDGE_CPU_ISA names")


#: What the function returns where memory does not suffice; 0 if all is well.
_NO_MEMORY = 2
